/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * render_all.h - --all: one row per process, as a table, JSON or OpenMetrics.
 *
 * Knows: which sums of a process are shown, sorting.  Never: how a sum is made (report.c).
 * Owns: a row per process, until render_all_free().
 */
#ifndef GUPINFO_RENDER_ALL_H
#define GUPINFO_RENDER_ALL_H

#include "render/render.h"

enum render_all_format { RENDER_ALL_TABLE, RENDER_ALL_JSON, RENDER_ALL_OPENMETRICS };

/* What was collected, when the view ends: processes sorted by resident size, largest first. */
struct render_all_row {
	struct process process;
	struct report_totals totals;
};

extern const struct report_view render_all_view;

/*
 * @top: at most that many rows, the largest; 0 means all.  Sums are over all processes anyhow.
 * Returns 0 or -ENOMEM.
 */
int render_all_new(const struct render_options *opt, enum render_all_format format,
		   unsigned top, void **ret);
void render_all_free(void *ctx);

#endif
