/* SPDX-License-Identifier: GPL-2.0-or-later */
/* render_blockers.h - --blockers: the sums of an area and the rows of what blocks. */
#pragma once

#include "render/render.h"
#include "report/blockers.h"

int render_blockers(const struct render_options *opt, const char *area,
		    struct blockers *b, const struct source_machine *m);
