/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * render_svg.h - --svg: one file with a picture of processes, and the report that it was drawn from.
 *
 * It needs no script and no network; the same report gives the same bytes.
 */
#pragma once

#include "render/render.h"
#include "render/svg_time.h"
#include "report/family.h"
#include "report/highlights.h"

/* Between these lines, with &, < and > escaped, is the report. */
#define RENDER_SVG_REPORT "<metadata id=\"gupinfo-report\">"

struct render_svg {
	const struct store *s;
	const struct family *f;
	const struct highlights *h; /* of all of it */
	struct svg_time *time;
	const char *version;
	/* Passes the report to @put; NULL: it is not in the file.  Returns 0 or -errno. */
	int (*report)(void *ctx, int (*put)(void *out, const char *buf, size_t len),
		      void *out);
	void *ctx;
};

/* Returns 0 or -errno. */
int render_svg(const struct render_svg *r, FILE *out);
