/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --all: one row per process, as a table, JSON or OpenMetrics. */
#include "render/openmetrics.h"

#include "lib/array.h"
#include "render/filter.h"
#include "render/js.h"
#include "render/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct render_all {
	const struct render_options *opt;
	const struct column *sort; /* without --sort by RSS */
	bool descending;
	struct report_head head;
	u32 base;
	struct render_all_row *rows;
	size_t n, room, seen;
};

static struct report_row all_row(const struct render_all *r,
				 const struct render_all_row *of)
{
	return (struct report_row){ .process = &of->process,
				    .totals = &of->totals,
				    .base = r->base };
}

/* The rows are filtered and sorted; columns are chosen by the sum. */
static int all_rows(struct render_all *r, size_t n, const struct report_totals *totals)
{
	struct render_options opt = *r->opt;
	struct report_row sum = { .totals = totals, .base = r->base };
	struct rows *rows = NULL;
	const char *bad;
	char text[64];
	size_t len;
	int err;

	opt.filter = NULL;
	opt.sort = NULL;
	if (opt.by_cgroup && !opt.ncolumns)
		columns_select(COLUMNS_PROCESS,
			       "RSS,EXCL,SHAR,WAIT,PSS,PIN,EXCESS,HELD,SWAP,COMM,CGROUP",
			       opt.columns, &opt.ncolumns, RENDER_COLUMNS_MAX, &bad,
			       &len);
	snprintf(text, sizeof(text), "all %zu processes", r->seen);
	sum.what = text;
	err = rows_new(&opt, COLUMNS_PROCESS, &sum, &r->head, &rows);
	for (size_t i = 0; i < n && !err; i++) {
		struct report_row row = all_row(r, &r->rows[i]);

		err = rows_add(rows, &row);
	}
	return rows_finish(rows, err, opt.format == TABLE_TEXT && r->seen ? &sum : NULL);
}

static int all_json(struct render_all *r, size_t n, const struct report_totals *sum)
{
	struct js j = { .out = r->opt->out };

	render_json_head(&j, r->opt, &r->head);
	js_open(&j, "processes", '[');
	for (size_t i = 0; i < n; i++) {
		const struct process *p = &r->rows[i].process;

		js_open(&j, NULL, '{');
		js_num(&j, "pid", p->pid);
		js_str(&j, "comm", p->comm);
		js_num(&j, "ppid", p->ppid);
		js_num(&j, "uid", p->uid);
		js_num(&j, "threads", p->threads);
		js_tri(&j, "has_pinned", p->has_pinned);
		js_str(&j, "cgroup", p->cgroup[0] ? p->cgroup : NULL);
		if (r->opt->by_cgroup) /* of which the others are of the first one */
			js_num(&j, "processes", (s64)r->rows[i].members + 1);
		render_json_totals(&j, &r->rows[i].totals, r->base);
		js_close(&j, '}');
	}
	js_close(&j, ']');
	if (r->seen) { /* nothing that was read has no sum */
		js_open(&j, "sum", '{');
		js_num(&j, "processes", (s64)r->seen);
		render_json_totals(&j, sum, r->base);
		js_close(&j, '}');
	}
	return render_json_end(&j, r->opt);
}

static int all_begin(void *ctx, const struct report_head *head)
{
	struct render_all *r = ctx;

	r->head = *head;
	r->sort = r->opt->sort ? r->opt->sort : columns_find(COLUMNS_PROCESS, "RSS", 3);
	r->descending = !r->opt->sort || r->opt->descending;
	r->base = kernel_page_size(&head->kernel->ev);
	return 0;
}

/* Adds a process to the row of its cgroup, which is named after how many it has. */
static void all_join(struct render_all *r, struct render_all_row *row,
		     const struct report_totals *t)
{
	report_add(&row->totals, t);
	row->members++;
	snprintf(row->process.comm, sizeof(row->process.comm), "%zu processes",
		 row->members + 1);
	r->seen++;
}

static int all_process_end(void *ctx, const struct process *p,
			   const struct report_totals *t)
{
	struct render_all *r = ctx;
	struct render_all_row *new;

	if (!t->size_bytes) /* a kernel thread, or it ended before it was read */
		return 0;
	for (size_t i = 0; r->opt->by_cgroup && i < r->n; i++)
		if (!strcmp(r->rows[i].process.cgroup, p->cgroup)) {
			all_join(r, &r->rows[i], t);
			return 0;
		}
	new = array_add(&r->rows, &r->n, &r->room, sizeof(*new));
	if (!new)
		return -ENOMEM;
	*new = (struct render_all_row){ .process = *p, .totals = *t };
	r->seen++;
	struct report_row row = all_row(r, new);
	if (r->opt->filter && !r->opt->by_cgroup &&
	    filter_match(r->opt->filter, &row) != TRI_YES)
		r->n--;
	return 0;
}

static int all_compare(const void *a, const void *b, void *ctx)
{
	const struct render_all *r = ctx;
	const struct render_all_row *x = a, *y = b;
	struct report_row p = all_row(r, x), q = all_row(r, y);
	int order = columns_order(r->sort, &p, &q, r->descending);

	return order ? order : x->process.pid < y->process.pid ? -1 : 1;
}

static int all_end(void *ctx, const struct report_totals *sum)
{
	struct render_all *r = ctx;
	size_t kept = 0;

	for (size_t i = 0; r->opt->filter && r->opt->by_cgroup && i < r->n; i++) {
		struct report_row row = all_row(r, &r->rows[i]);

		if (filter_match(r->opt->filter, &row) == TRI_YES)
			r->rows[kept++] = r->rows[i];
	}
	if (r->opt->filter && r->opt->by_cgroup)
		r->n = kept;
	size_t n = r->opt->top && r->opt->top < r->n ? r->opt->top : r->n;

	if (r->n)
		qsort_r(r->rows, r->n, sizeof(*r->rows), all_compare, r);
	if (r->opt->openmetrics)
		return openmetrics_write(r->opt, &r->head, r->rows, n, r->seen, sum);
	if (r->opt->json && !r->opt->ncolumns)
		return all_json(r, n, sum);
	return all_rows(r, n, sum);
}

static void all_deinit(void *ctx)
{
	free(((struct render_all *)ctx)->rows);
}

const struct render_view render_all_view = {
	.report = { .begin = all_begin, .process_end = all_process_end, .end = all_end },
	.size = sizeof(struct render_all),
	.deinit = all_deinit,
};
