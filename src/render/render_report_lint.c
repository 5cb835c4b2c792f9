/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --lint: one paragraph per finding and VMA, with the page's ledger. */
#include "render/render_report.h"

#include "render/dump_page.h"
#include "page/holders.h"
#include "render/filter.h"
#include "render/rows.h"

#include <errno.h>

static int report_lint_begin(void *ctx, const struct report_head *head)
{
	struct render_report_lint *l = ctx;

	l->kv = head->kernel->kv;
	l->base = kernel_page_size(&head->machine->kernel);
	l->js.out = l->opt->out;
	if (rows_asked(l->opt))
		return rows_new(l->opt, COLUMNS_FINDING, NULL, head, &l->rows);
	if (l->opt->json == RENDER_JSON_DOCUMENT) {
		render_json_head(&l->js, l->opt, head);
		js_open(&l->js, "lint", '[');
	}
	return 0;
}

static void lint_show(struct render_report_lint *l, const struct report_row *row,
		      enum lint id)
{
	const struct page_info *p = report_page(row);
	u64 pages = row->run.pages * (p->size / l->base);
	struct dump_page dump;
	FILE *out = l->opt->out;

	render_report_line(out, 0, "%s: %s: pid %d, %llx, %llu page%s (%s)",
			   lint_class_names[lint_class_of(id, row)], lint_rows[id].name,
			   (int)row->process->pid, row->run.addr, pages,
			   pages == 1 ? "" : "s",
			   row->vma->name[0] ? row->vma->name : "anonymous area");
	render_report_line(out, 2, "must hold: %s", lint_rows[id].invariant);
	render_report_line(out, 2, "because: %s", lint_rows[id].reason);
	if (p->raced)
		render_report_line(out, 2,
				   "the page changed while it was read: look again");
	dump_page(&row->run, row->raw, row->vma, l->kv, l->base, &dump);
	for (unsigned i = 0; i < dump.n; i++)
		render_report_line(out, 2, "%s", dump.line[i]);
	if (page_knows(p, PAGE_F_REFCOUNT) && p->expected >= 0)
		render_report_line(
			out, 2,
			"ledger: refcount %lld = %lld of mappings and caches + %lld others",
			p->refcount, p->expected, p->excess);
	for (unsigned i = 0; i < row->nholders; i++) {
		render_report_line(out, 2, "holder: %s", HOLDERS_TEXT(&row->holders[i]));
	}
	fputc('\n', out);
}

static void lint_json(struct render_report_lint *l, const struct report_row *row,
		      enum lint id)
{
	const struct page_info *p = report_page(row);

	render_json_item(&l->js, l->opt);
	js_str(&l->js, "name", lint_rows[id].name);
	js_str(&l->js, "class", lint_class_names[lint_class_of(id, row)]);
	js_str(&l->js, "invariant", lint_rows[id].invariant);
	js_num(&l->js, "pid", row->process->pid);
	js_num(&l->js, "pages", (s64)(row->run.pages * (p->size / l->base)));
	render_json_page_place(&l->js, "page", row, false);
	render_json_page_rest(&l->js, row);
	render_json_item_end(&l->js, l->opt);
}

/* If nobody looked for holders: references that are neither mapping, cache nor pin. */
static s64 lint_excess(const struct page_info *p)
{
	return page_knows(p, PAGE_F_REFCOUNT) && p->expected >= 0 && p->pincount <= 0
		       ? p->excess
		       : -1;
}

/* Shows that the pages of @row break the invariant @id; an area's first ones at length. */
static int lint_found(struct render_report_lint *l, const struct report_row *row, u32 id)
{
	u64 pages = row->run.pages * (report_page(row)->size / l->base);

	if (l->opt->filter && filter_match(l->opt->filter, row) != TRI_YES)
		return 0;
	l->found[lint_class_of(id, row)] += pages;
	if (l->rows)
		return rows_add(l->rows, row);
	if (l->opt->json)
		lint_json(l, row, id);
	else if (l->start[id] == row->vma->start)
		l->area[id] += pages;
	else
		lint_show(l, row, id);
	l->start[id] = row->vma->start;
	return 0;
}

static int lint_view_row(void *ctx, const struct report_row *row)
{
	struct render_report_lint *l = ctx;
	s64 unexplained =
		row->ledger ? row->ledger->unexplained : lint_excess(report_page(row));
	u64 bits = lint_row(row, unexplained);
	struct report_row finding = *row;
	int err = 0;

	for (u32 id = 0; id < LINTS && !err; id++) {
		finding.item = &id;
		if (bits & BIT(id))
			err = lint_found(l, &finding, id);
	}
	return err ? err : ferror(l->opt->out) ? -EIO : 0;
}

static int lint_vma_end(void *ctx, const struct process *p, const struct vma *vma,
			const struct report_totals *t)
{
	struct render_report_lint *l = ctx;

	for (unsigned id = 0; id < LINTS; id++) {
		if (l->area[id])
			render_report_line(
				l->opt->out, 0,
				"%s: %llu more pages of %llx-%llx; --pages --filter shows each",
				lint_rows[id].name, l->area[id], vma->start, vma->end);
		l->area[id] = l->start[id] = 0;
	}
	return 0;
}

static int lint_end(void *ctx, const struct report_totals *t)
{
	struct render_report_lint *l = ctx;

	if (l->rows)
		return rows_end(l->rows, NULL);
	if (l->opt->json == RENDER_JSON_LINES)
		return 0;
	if (l->opt->json) {
		js_close(&l->js, ']');
		for (unsigned i = 0; i < ARRAY_SIZE(l->found); i++)
			js_num_if(&l->js, lint_class_names[i], t->size_bytes,
				  (s64)l->found[i]);
		return render_json_end(&l->js, l->opt);
	}
	if (t->size_bytes) /* something was read */
		render_report_line(
			l->opt->out, 0,
			"%llu pages break an invariant, %llu raced, %llu are explainable.",
			l->found[0], l->found[1], l->found[2]);
	return ferror(l->opt->out) ? -EIO : 0;
}

const struct report_view render_report_lint_view = {
	.begin = report_lint_begin,
	.row = lint_view_row,
	.vma_end = lint_vma_end,
	.end = lint_end,
};
