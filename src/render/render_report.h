/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * render_report.h - the first page of a report, and the findings of --lint, as text.
 *
 * Knows: which pages are the most suspicious ones, 80 columns of ASCII.
 * Never: where facts come from.  Owns: its state, between _new and _free.
 */
#ifndef GUPINFO_RENDER_REPORT_H
#define GUPINFO_RENDER_REPORT_H

#include <stdio.h>

#include "render/render.h"

#define RENDER_REPORT_PAGES 3

/* What the sections of the report say in one line each; "" when they do not. */
struct render_report_facts {
	char taint[160];
	char config[400];
};

/* The first page: verdict, kernel, configuration, taint, the three most suspicious pages. */
extern const struct report_view render_report_view;
int render_report_new(FILE *out, const struct render_report_facts *facts, void **ret);
void render_report_free(void *ctx);

/* --lint. */
extern const struct report_view render_report_lint_view;
int render_report_lint_new(const struct render_options *opt, bool json, void **ret);
void render_report_lint_free(void *ctx);
/* Findings so far: bugs, races, explainable ones (pages of the base size). */
void render_report_lint_found(void *ctx, u64 ret[3]);

/* One line of text, escaped to ASCII, folded at 80 columns with @indent blanks. */
void render_report_line(FILE *out, unsigned indent, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
