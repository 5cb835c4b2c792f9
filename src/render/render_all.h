/* SPDX-License-Identifier: GPL-2.0-or-later */
/* render_all.h - --all: one row per process, as a table, JSON or OpenMetrics. */
#ifndef GUPINFO_RENDER_ALL_H
#define GUPINFO_RENDER_ALL_H

#include "render/render.h"

enum render_all_format { RENDER_ALL_TABLE, RENDER_ALL_JSON, RENDER_ALL_OPENMETRICS };

/* The totals of one process.  The view gets them at its end, largest resident size first. */
struct render_all_row {
	struct process process;
	struct report_totals totals;
};

extern const struct report_view render_all_view;

/* @top: only so many rows, the largest; 0: all.  Sums are over all.  Returns 0 or -ENOMEM. */
int render_all_new(const struct render_options *opt, enum render_all_format format,
		   unsigned top, void **ret);
void render_all_free(void *ctx);

#endif
