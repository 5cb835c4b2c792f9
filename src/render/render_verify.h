/* SPDX-License-Identifier: GPL-2.0-or-later */
/* render_verify.h - the result of --verify as text and as JSON. */
#ifndef GUPINFO_RENDER_VERIFY_H
#define GUPINFO_RENDER_VERIFY_H

#include "render/render.h"
#include "verify/verify.h"

/*
 * Writes the rows that are asked for, or the "verify" document of the interface, or in 80 columns: counts
 * by state, every wrong case, what was unknown and why.  Returns 0 or -errno.
 */
int render_verify(const struct render_options *opt, const struct report_head *head,
		  const struct verify_result *r);

#endif
