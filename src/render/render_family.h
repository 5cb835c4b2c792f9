/* SPDX-License-Identifier: GPL-2.0-or-later */
/* render_family.h - --family as text, JSON and OpenMetrics. */
#ifndef GUPINFO_RENDER_FAMILY_H
#define GUPINFO_RENDER_FAMILY_H

#include "render/render.h"
#include "report/family.h"

/* Rows of @of, and around them what else there is to know of the family @f of @s. */
int render_family(const struct render_options *opt, const struct store *s,
		  const struct family *f, enum columns_of of);

#endif
