/* SPDX-License-Identifier: GPL-2.0-or-later */
/* render_report.h - a report's first page and --lint's findings, in 80 columns of ASCII. */
#pragma once

#include <stdio.h>

#include "render/js.h"
#include "render/render.h"
#include "report/highlights.h"
#include "report/lint.h"

#define RENDER_REPORT_PAGES 3

/* One line from each section of the report; "" when there is none. */
struct render_report_facts {
	char taint[160];
	char config[400];
};

/* The first page: verdict, kernel, configuration, taint, the three most suspicious pages. */
struct render_report {
	FILE *out;
	struct render_report_facts facts;
	u32 base;
	struct report_head head; /* valid until the end of the report */
	unsigned processes;
	struct process process; /* the first one */
	u64 pages;
	struct highlights highlights;
};
extern const struct report_view render_report_view;

/* --lint: as text, JSON, or rows of findings. */
struct render_report_lint {
	const struct render_options *opt;
	u64 found[3];      /* base pages by enum lint_class */
	struct rows *rows; /* rows_free() */
	u32 base, kv;
	u64 area[LINTS], start[LINTS]; /* pages of this VMA after the first; its start */
	struct js js;
};
extern const struct report_view render_report_lint_view;

/* Prints one line, escaped to ASCII and folded at 80 columns with @indent blanks. */
void render_report_line(FILE *out, unsigned indent, const char *fmt, ...) PRINTF(3, 4);
