/* SPDX-License-Identifier: GPL-2.0-or-later */
/* render_all.h - --all: one row per process, as a table, JSON or OpenMetrics. */
#ifndef GUPINFO_RENDER_ALL_H
#define GUPINFO_RENDER_ALL_H

#include "render/render.h"

/* The totals of one process.  The view gets them at its end, largest resident size first. */
struct render_all_row {
	struct process process;
	struct report_totals totals;
};

extern const struct report_view render_all_view;

/* Sums are of all, whatever --filter and --top leave.  Returns 0 or -ENOMEM. */
int render_all_new(const struct render_options *opt, bool openmetrics, void **ret);
void render_all_free(void *ctx);

#endif
