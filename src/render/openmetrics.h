/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * openmetrics.h - --openmetrics: gauges for node_exporter's textfile collector.
 *
 * What is not known at all has no sample: a gap in a graph is honest, a 0 is not.
 */
#pragma once

#include "render/render.h"

/* The totals of one process, which --all shows as a row. */
struct render_all_row {
	struct process process; /* of --by cgroup the first of it */
	struct report_totals totals;
	size_t members; /* others in the row */
};

/* Writes gauges of @n processes, of @all (@seen processes), and "# EOF".  Returns 0 or -EIO. */
int openmetrics_write(const struct render_options *opt, const struct report_head *head,
		      const struct render_all_row *rows, size_t n, size_t seen,
		      const struct report_totals *all);

/* Parts of it: what begins each file and a metric; a sample, @p and @key may be NULL; the end. */
void openmetrics_begin(const struct render_options *opt, const struct report_head *head);
void openmetrics_head(FILE *out, const char *of, const char *name, const char *help);
void openmetrics_sample(FILE *out, const struct process *p, const char *name,
			const char *key, const char *value, u64 n);
int openmetrics_end(FILE *out);
