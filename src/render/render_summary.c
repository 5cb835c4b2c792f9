/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/rows.h"

#include "lib/escape.h"
#include "render/filter.h"
#include "report/fold.h"
#include "report/highlights.h"

#include <string.h>

struct render_summary {
	const struct render_options *opt;
	struct report_head head; /* valid until the end of the report */
	u32 base;
	unsigned processes;
	bool explained;   /* what "+" in a cell means */
	bool text;        /* for people: tables with headings, and what is around them */
	struct rows *all; /* of all processes */
	struct fold fold; /* the mappings of the process that is read */
	struct highlights highlights;
};

/* ---- the table of mappings */

static struct report_row summary_of(const struct render_summary *r,
				    const struct process *p, const struct fold_row *f)
{
	/* A narrow terminal shows the last part of a path. */
	bool whole = !r->text || r->opt->width >= 120;

	return (struct report_row){
		.process = p,
		.vma = &f->vma,
		.totals = &f->totals,
		.base = r->base,
		.folded = f->mappings > 1 ? f->mappings : 0,
		.what = f->what ? f->what
			: whole ? f->vma.name
				: vma_base_name(&f->vma),
	};
}

static int summary_vma_end(void *ctx, const struct process *p, const struct vma *vma,
			   const struct report_totals *t)
{
	struct render_summary *r = ctx;

	return fold_add(&r->fold, vma, t, highlights_worst(&r->highlights, vma));
}

/* Adds the mappings of @p to @rows: folded, in the order of their weight, or as they are. */
static int summary_rows(struct render_summary *r, const struct process *p,
			struct rows *rows)
{
	struct fold *f = &r->fold;
	size_t n = 0;
	int err = fold_names(f);

	for (size_t i = 0; r->opt->filter && i < f->n; i++) {
		struct report_row row = summary_of(r, p, &f->row[i]);

		if (filter_match(r->opt->filter, &row) == TRI_YES)
			f->row[n++] = f->row[i];
	}
	f->n = r->opt->filter ? n : f->n;
	if (r->text && !r->opt->verbose)
		fold_rows(f, r->opt->cut ? FOLD_NAMES : SIZE_MAX);
	for (size_t i = 0; i < f->n && !err; i++) {
		struct report_row row = summary_of(r, p, &f->row[i]);

		err = rows_add(rows, &row);
	}
	fold_deinit(f);
	return err;
}

static int summary_table(struct render_summary *r, const struct process *p,
			 const struct report_totals *t)
{
	struct render_options opt = *r->opt;
	struct report_row sum = { .process = p,
				  .totals = t,
				  .base = r->base,
				  .what = r->opt->ncolumns ? "total" : NULL };
	struct rows *rows;
	int err;

	opt.filter = NULL; /* before they are folded */
	err = rows_new(&opt, COLUMNS_MAPPING, &sum, NULL, &rows);
	if (err)
		return err;
	err = summary_rows(r, p, rows);
	if (!err)
		err = rows_end(rows, &sum);
	if (!err && rows_mixed(rows) && r->text && !r->explained) {
		r->explained = true;
		fprintf(r->opt->out,
			"(\"fast 99%% +\": fast for 99%% of the pages, something else for the rest)\n");
	}
	rows_free(rows);
	return err;
}

/* ---- below the table */

static void summary_gup(struct render_summary *r, const struct report_totals *t)
{
	FILE *out = r->opt->out;

	fprintf(out, "\nget_user_pages now, in pages of %u KiB:\n      ", r->base / 1024);
	for (unsigned w = 0; w < GUP_WORDS; w++)
		fprintf(out, " %6s", gup_kind_name(w));
	fputc('\n', out);
	for (unsigned i = 0; i < GUP_REQUESTS; i++) {
		fprintf(out, "%-6s", gup_requests[i].name);
		for (unsigned w = 0; w < GUP_WORDS; w++) {
			char text[24];
			u64 n = t->gup[i][w];

			if (n > 999999)
				columns_size(n, text, sizeof(text));
			else
				snprintf(text, sizeof(text), n ? "%llu" : "-", n);
			fprintf(out, " %*s", (int)MAX(6, strlen(gup_kind_name(w))), text);
		}
		fputc('\n', out);
	}
}

#define SUMMARY_PLACES 2 /* mappings named for each kind */

static void summary_note(FILE *out, const struct highlights *list, u8 kind)
{
	static const char *const marks[] = { " ", "-", "!", "!!" };
	u64 pages = list->pages[kind];
	char mark[8], in[40] = "";

	if (list->mappings[kind] > 1)
		snprintf(in, sizeof(in), " in %llu mappings", list->mappings[kind]);
	snprintf(mark, sizeof(mark), "%2s ", marks[highlights_rows[kind].severity]);
	render_block(out, mark, 3, "%llu page%s%s %s", pages, pages == 1 ? "" : "s", in,
		     highlights_rows[kind].text);
	for (unsigned i = 0; i < SUMMARY_PLACES && list->best[kind][i].pages; i++) {
		const struct highlight *it = &list->best[kind][i];
		const char *what = vma_what(&it->vma, NULL, NULL);

		fprintf(out, "   --explain %-16llx %s\n", it->run.addr,
			ESCAPED(what ? what : it->vma.name, VMA_NAME_MAX * 4));
	}
}

/* Memory that no row of the table can have. */
static void summary_held(const struct render_summary *r, const struct report_totals *t)
{
	if (t->held_unmapped)
		fprintf(r->opt->out,
			"Held: %s by pipes, io_urings, sockets and others of this process, mapped by nobody any more (--pins has each)\n\n",
			COLUMNS_SIZE(t->held_unmapped * r->base));
}

/* Findings stand before the table, curiosities (of severity 0) at the end. */
static void summary_notables(struct render_summary *r, bool findings)
{
	const char *title = findings ? "Worth a look:" : "Also:";
	u8 kinds[HIGHLIGHTS];
	unsigned n = highlights_found(&r->highlights, kinds);

	for (unsigned i = 0; i < n; i++) {
		if (findings != !!highlights_rows[kinds[i]].severity)
			continue;
		if (title)
			fprintf(r->opt->out, "%s%s\n", findings ? "" : "\n", title);
		title = NULL;
		summary_note(r->opt->out, &r->highlights, kinds[i]);
	}
	if (!title && findings)
		fputc('\n', r->opt->out);
}

static int summary_process_end(void *ctx, const struct process *p,
			       const struct report_totals *t)
{
	struct render_summary *r = ctx;
	int err;

	highlights_end(&r->highlights);
	if (r->all)
		return summary_rows(r, p, r->all);
	if (r->text) {
		summary_notables(r, true);
		summary_held(r, t);
	}
	err = summary_table(r, p, t);
	if (err || !r->text)
		return err;
	summary_gup(r, t);
	summary_notables(r, false);
	return 0;
}

/* ---- above the table */

static int summary_begin(void *ctx, const struct report_head *head)
{
	struct render_summary *r = ctx;
	const struct kernel *k = head->kernel;
	char proof[160];

	r->base = kernel_page_size(&k->ev);
	r->head = *head;
	r->text = r->opt->format == TABLE_TEXT && !r->opt->json;
	r->fold.few = r->text && !r->opt->verbose && !r->opt->filter;
	/* Rows of chosen columns are of all processes. */
	if (!r->text && r->opt->ncolumns)
		return rows_new(r->opt, COLUMNS_MAPPING, NULL, head, &r->all);
	if (!r->text || r->opt->noheadings)
		return 0;
	fprintf(r->opt->out, "gupinfo %s on Linux %s %s, judged as %s (%s)\n",
		r->opt->version, ESCAPED(head->machine->kernel.release, 80),
		head->machine->kernel.arch, k->model,
		kernel_proof(k, NULL) == KERNEL_EXTRAPOLATED
			? kernel_proof_text(k, proof, sizeof(proof))
			: kernel_proof_names[kernel_proof(k, NULL)]);
	return 0;
}

static int summary_process(void *ctx, const struct process *p)
{
	struct render_summary *r = ctx;

	memset(&r->highlights, 0, sizeof(r->highlights));
	r->highlights.base = r->base;
	r->highlights.cpus = r->head.machine->cpus;
	if (r->text && !r->opt->noheadings)
		fprintf(r->opt->out, "%sprocess %d %s, parent %d, %u thread%s\n\n",
			r->processes ? "\n" : "", (int)p->pid,
			ESCAPED(p->comm, sizeof(p->comm) * 4), (int)p->ppid, p->threads,
			p->threads == 1 ? "" : "s");
	r->processes++;
	return 0;
}

static int summary_row(void *ctx, const struct report_row *row)
{
	struct render_summary *r = ctx;

	highlights_look(&r->highlights, row);
	return 0;
}

/* Prints once, at the end, what could not be read. */
static int summary_end(void *ctx, const struct report_totals *t)
{
	struct render_summary *r = ctx;
	const struct source_machine *m = r->head.machine;
	bool any = false;

	if (r->all)
		return rows_end(r->all, NULL);
	if (!r->text)
		return 0;
	if (m->page.pfns_hidden) {
		fprintf(r->opt->out, "\nNot read:\n  %-12s %s\n", "PFNs",
			page_why_texts[PAGE_WHY_PFN_HIDDEN]);
		any = true;
	}
	for (unsigned i = 0; i < SOURCE_FACTS; i++) {
		const struct source_evidence *e = &m->evidence[i];

		if (e->ok)
			continue;
		fprintf(r->opt->out, "%s  %-12s %s\n", any ? "" : "\nNot read:\n",
			source_facts[i].name, ESCAPED(e->why, sizeof(e->why) * 4));
		any = true;
	}
	return 0;
}

static void summary_deinit(void *ctx)
{
	struct render_summary *r = ctx;

	rows_free(r->all);
	fold_deinit(&r->fold);
}

const struct render_view render_summary_view = {
	.report = { .begin = summary_begin,
		    .process = summary_process,
		    .row = summary_row,
		    .vma_end = summary_vma_end,
		    .process_end = summary_process_end,
		    .end = summary_end },
	.size = sizeof(struct render_summary),
	.deinit = summary_deinit,
};
