/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/render_all.h"

#include "lib/escape.h"
#include "render/js.h"
#include "render/openmetrics.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct render_all {
	struct render_options opt;
	u8 format; /* enum render_all_format */
	unsigned top;
	struct report_head head;
	u32 base;
	struct render_all_row *rows;
	size_t n, size;
};

#define AT(field) offsetof(struct report_totals, field)
#define NEVER UINT32_MAX

/* Columns after PID and COMM: sums of base pages, shown as sizes. */
static const struct all_column {
	struct table_column column;
	u32 at, plus; /* as in openmetrics.c */
	u32 unknown;
	u32 min_terminal; /* shown when the terminal is that wide */
} columns[] = {
	{ { "RSS", 5, true, false }, AT(present), NEVER, NEVER },
	{ { "EXCL", 5, true, false }, AT(exclusive), NEVER, AT(exclusive_unknown) },
	{ { "SHAR", 5, true, false }, AT(shared), NEVER, AT(shared_unknown) },
	{ { "WAIT", 5, true, false }, AT(waiting), NEVER, AT(part_unknown), 100 },
	{ { "USS", 5, true, false }, AT(uss), NEVER, AT(maps_unknown), 106 },
	{ { "PSS", 5, true, false }, AT(pss), NEVER, AT(maps_unknown) },
	{ { "LAZY", 5, true, false }, AT(lazyfree), NEVER, AT(lazyfree_unknown), 112 },
	{ { "PIN", 5, true, false }, AT(pinned), NEVER, AT(pins_unknown) },
	{ { "EXCESS", 6, true, false }, AT(excess_refs), NEVER, AT(refs_unknown) },
	{ { "UNSHARE", 7, true, false },
	  AT(gup[GUP_PIN_R][GUP_WORD_COPY]),
	  AT(gup[GUP_PIN_R][GUP_WORD_MARK]),
	  AT(gup[GUP_PIN_R][GUP_WORD_UNKNOWN]) },
	{ { "LEAK", 5, true, false }, AT(leaks), NEVER, AT(leaks_unknown) },
	{ { "SWAP", 5, true, false }, AT(swapped), NEVER, NEVER },
	{ { "HUGETLB", 7, true, false }, AT(hugetlb), NEVER, NEVER },
	{ { "THP", 5, true, false }, AT(thp), NEVER, NEVER },
};
#define COLUMNS (ARRAY_SIZE(columns) + 2)

static u64 bytes_at(const struct report_totals *t, u32 at, u32 base)
{
	return at == NEVER ? 0 : report_bytes(t, at, base);
}

/* Formats "-" for nothing, "?" for unknown, "12M+?" when there may be more. */
static const char *cell(const struct render_all *r, const struct report_totals *t,
			const struct all_column *c, char *buf, size_t size)
{
	u64 bytes = bytes_at(t, c->at, r->base) + bytes_at(t, c->plus, r->base);
	bool unknown = bytes_at(t, c->unknown, r->base);
	char number[24];

	if (!bytes)
		return unknown ? "?" : "-";
	if (r->opt.bytes)
		snprintf(number, sizeof(number), "%" PRIu64, bytes);
	else
		columns_size(bytes, number, sizeof(number));
	snprintf(buf, size, "%s%s", number, unknown ? "+?" : "");
	return buf;
}

static bool is_shown(const struct render_all *r, const struct all_column *c)
{
	return r->opt.format != TABLE_TEXT ||
	       (r->opt.width ? r->opt.width : 80) >= c->min_terminal;
}

static int table_line(struct render_all *r, struct table *t, const char *pid,
		      const char *comm, const struct report_totals *totals)
{
	char buf[ARRAY_SIZE(columns)][32];
	const char *text[COLUMNS];
	unsigned n = 0;

	text[n++] = pid;
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		if (is_shown(r, &columns[i]))
			text[n++] = cell(r, totals, &columns[i], buf[i], sizeof(buf[i]));
	text[n] = comm;
	return table_row(t, text, NULL);
}

static int all_table(struct render_all *r, size_t n, const struct report_totals *sum)
{
	struct table_options opt = render_table_options(&r->opt);
	struct table_column cols[COLUMNS] = { { "PID", 7, true, false } };
	struct table *t;
	unsigned ncols = 1;
	int err;

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		if (is_shown(r, &columns[i]))
			cols[ncols++] = columns[i].column;
	cols[ncols++] = (struct table_column){ "COMM", 15, false, true };
	err = table_new(&opt, cols, ncols, &t);
	for (size_t i = 0; i < n && !err; i++) {
		char pid[16], comm[256];

		snprintf(pid, sizeof(pid), "%d", r->rows[i].process.pid);
		err = table_line(r, t, pid,
				 escape_text(comm, sizeof(comm), r->rows[i].process.comm),
				 &r->rows[i].totals);
	}
	if (!err && r->opt.format == TABLE_TEXT && r->n) {
		char text[64];

		snprintf(text, sizeof(text), "all %zu processes", r->n);
		err = table_line(r, t, "sum", text, sum);
	}
	if (!err)
		err = table_end(t, true);
	table_free(t);
	return err;
}

static int all_json(struct render_all *r, size_t n, const struct report_totals *sum)
{
	struct js j = { .out = r->opt.out };

	render_json_head(&j, &r->opt, r->head.kernel, r->head.machine);
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
		render_json_totals(&j, &r->rows[i].totals, r->base);
		js_close(&j, '}');
	}
	js_close(&j, ']');
	if (r->n) { /* nothing that was read has no sum */
		js_open(&j, "sum", '{');
		js_num(&j, "processes", (s64)r->n);
		render_json_totals(&j, sum, r->base);
		js_close(&j, '}');
	}
	return render_json_end(&j);
}

static int all_begin(void *ctx, const struct report_head *head)
{
	struct render_all *r = ctx;

	r->head = *head;
	r->base = kernel_page_size(&head->kernel->ev);
	return 0;
}

static int all_process_end(void *ctx, const struct process *p,
			   const struct report_totals *t)
{
	struct render_all *r = ctx;

	if (!t->size_bytes) /* a kernel thread, or it ended before it was read */
		return 0;
	if (r->n == r->size) {
		size_t size = r->size ? r->size * 2 : 256;
		void *rows = reallocarray(r->rows, size, sizeof(*r->rows));

		if (!rows)
			return -ENOMEM;
		r->rows = rows;
		r->size = size;
	}
	r->rows[r->n++] = (struct render_all_row){ .process = *p, .totals = *t };
	return 0;
}

static int all_compare(const void *a, const void *b)
{
	const struct render_all_row *x = a, *y = b;

	if (x->totals.present != y->totals.present)
		return x->totals.present < y->totals.present ? 1 : -1;
	return x->process.pid < y->process.pid ? -1 : 1;
}

static int all_end(void *ctx, const struct report_totals *sum)
{
	struct render_all *r = ctx;
	size_t n = r->top && r->top < r->n ? r->top : r->n;

	if (r->n)
		qsort(r->rows, r->n, sizeof(*r->rows), all_compare);
	switch (r->format) {
	case RENDER_ALL_JSON:
		return all_json(r, n, sum);
	case RENDER_ALL_OPENMETRICS:
		return openmetrics_write(&r->opt, &r->head, r->rows, n, r->n, sum);
	default:
		return all_table(r, n, sum);
	}
}

const struct report_view render_all_view = {
	.begin = all_begin,
	.process_end = all_process_end,
	.end = all_end,
};

int render_all_new(const struct render_options *opt, enum render_all_format format,
		   unsigned top, void **ret)
{
	struct render_all *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->opt = *opt;
	r->format = format;
	r->top = top;
	*ret = r;
	return 0;
}

void render_all_free(void *ctx)
{
	struct render_all *r = ctx;

	if (!r)
		return;
	free(r->rows);
	free(r);
}
