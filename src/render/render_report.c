/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/render_report.h"

#include <errno.h>
#include <string.h>

#include "lib/array.h"
#include "lib/text.h"
#include "page/holders.h"
#include "render/dump_page.h"
#include "render/filter.h"
#include "render/rows.h"
#include "reportfile/record.h"

/* ---- text */

void render_report_line(FILE *out, unsigned indent, const char *fmt, ...)
{
	char raw[2000], text[8000];
	size_t n = 0, column = 0, last;

	TEXT_FORMAT(raw, sizeof(raw), fmt);
	for (const char *s = raw; *s && n + 5 < sizeof(text); s++) {
		if ((u8)*s >= 0x20 && (u8)*s < 0x7f)
			text[n++] = *s;
		else
			n += (size_t)snprintf(text + n, 5, "\\x%02x", (u8)*s);
	}
	text[n] = '\0';
	for (char *at = text; *at; at += last) {
		size_t room = RECORD_COLUMNS - indent - (column ? 2 : 0);

		last = strlen(at);
		if (last > room) {
			for (last = room;
			     last > room / 2 && at[last] != ' ' && at[last - 1] != '|';)
				last--;
			if (at[last] != ' ' && at[last - 1] != '|')
				last = room;
		}
		fprintf(out, "%*s%.*s\n", (int)(indent + (column ? 2 : 0)), "", (int)last,
			at);
		column = 1;
		while (at[last] == ' ')
			last++;
	}
	if (!*text)
		fputc('\n', out);
}

/* ---- the first page */

static int report_begin(void *ctx, const struct report_head *head)
{
	struct render_report *r = ctx;

	r->head = *head;
	r->base = r->highlights.base = kernel_page_size(&head->machine->kernel);
	r->highlights.cpus = head->machine->cpus;
	return 0;
}

static int report_process(void *ctx, const struct process *p)
{
	struct render_report *r = ctx;

	if (!r->processes++)
		r->process = *p;
	return 0;
}

static int report_row(void *ctx, const struct report_row *row)
{
	struct render_report *r = ctx;
	highlights_look(&r->highlights, row);
	if (report_page(row)->present == TRI_YES)
		r->pages += row->run.pages * (report_page(row)->size / r->base);
	return 0;
}

static void report_verdict(struct render_report *r, const struct report_totals *t,
			   const u8 *worst)
{
	char who[200];

	if (r->processes == 1)
		snprintf(who, sizeof(who), "process %d (%s)", (int)r->process.pid,
			 r->process.comm);
	else
		snprintf(who, sizeof(who), "%u processes", r->processes);
	if (worst && highlights_rows[*worst].severity > 1)
		render_report_line(r->out, 0, "Verdict: %llu page%s of %s: %s.",
				   r->highlights.pages[*worst],
				   r->highlights.pages[*worst] == 1 ? "" : "s", who,
				   highlights_rows[*worst].text);
	else
		render_report_line(
			r->out, 0,
			"Verdict: nothing suspicious among %llu present pages of %s%s.",
			r->pages, who, t->unknown ? ", as far as could be read" : "");
	if (t->unknown)
		render_report_line(
			r->out, 0,
			"         %llu pages have verdicts that an unread fact would decide.",
			t->unknown);
}

static void report_ledger(struct render_report *r, const struct highlight *s)
{
	const struct page_info *p = &s->class.page;

	if (page_knows(p, PAGE_F_REFCOUNT) && p->expected >= 0)
		render_report_line(
			r->out, 3,
			"ledger: refcount %lld = %lld of mappings and caches + %lld others%s",
			p->refcount, p->expected, p->excess,
			p->pincount > 0 ? " (pins count here)" : "");
	else
		render_report_line(r->out, 3, "ledger: refcount not known (%s)",
				   page_why_texts[p->why[PAGE_F_REFCOUNT]]);
}

static void report_holders(struct render_report *r, const struct highlight *s)
{
	for (unsigned i = 0; i < s->nholders; i++)
		render_report_line(r->out, 3, "holder: %s", s->holder[i]);
	if (s->has_ledger && s->unexplained > 0)
		render_report_line(r->out, 3, "holder: not found for %lld of them",
				   s->unexplained);
}

static void report_suspect(struct render_report *r, unsigned number, u8 kind,
			   const struct highlight *s)
{
	const struct gup_verdicts *v = &s->verdicts;
	const struct page_info *p = &s->class.page;
	struct page_run run = s->run;
	struct dump_page dump;
	char words[200] = "";

	fputc('\n', r->out);
	render_report_line(r->out, 0, "%u. pid %d, %llx (%s, %s%s): %s", number,
			   (int)s->process.pid, run.addr,
			   s->vma.name[0] ? s->vma.name : "anonymous area",
			   page_kind_name(p->kind),
			   p->anon_exclusive == TRI_YES  ? ", exclusive"
			   : p->anon_exclusive == TRI_NO ? ", not exclusive"
							 : "",
			   highlights_rows[kind].text);
	if (s->pages > p->size / r->base)
		render_report_line(r->out, 3,
				   "and %llu more pages of this area are like it",
				   s->pages - p->size / r->base);
	run.class = &s->class;
	dump_page(&run, &s->raw, &s->vma, r->head.kernel->kv, r->base, &dump);
	for (unsigned i = 0; i < dump.n; i++)
		render_report_line(r->out, 3, "%s", dump.line[i]);
	EACH_BIT (i, s->lint)
		render_report_line(r->out, 3, "page dumped because: %s (%s)",
				   lint_rows[i].name, lint_rows[i].invariant);
	report_ledger(r, s);
	report_holders(r, s);
	for (unsigned i = 0; i < GUP_REQUESTS; i++)
		text_add(words, sizeof(words), "%s%s=%s", i ? " " : "",
			 gup_requests[i].name,
			 gup_word_name(v->req[i].word, v->req[i].err));
	render_report_line(r->out, 3, "gup: %s", words);
	render_report_line(r->out, 3,
			   "if it stores now: %s; seen by references: %s; leak: %s",
			   gup_write_names[v->write.fault],
			   gup_tri_name(v->write.seen_by_refs),
			   gup_tri_name(v->write.leak));
	render_report_line(r->out, 3, "if it forks now: %s",
			   gup_fork_names[v->fork.word]);
	render_report_line(r->out, 3, "if it is migrated now: %s",
			   gup_migrate_names[v->migrate.word]);
}

/* The largest examples of the worst kinds, each mapping once. */
static void report_suspects(struct render_report *r, const u8 *kinds, unsigned n)
{
	const struct highlight *shown[RENDER_REPORT_PAGES];
	unsigned nshown = 0;

	for (unsigned i = 0; i < n * HIGHLIGHT_BEST && nshown < RENDER_REPORT_PAGES;
	     i++) {
		u8 kind = kinds[i / HIGHLIGHT_BEST];
		const struct highlight *it =
			&r->highlights.best[kind][i % HIGHLIGHT_BEST];

		if (!it->pages || !highlights_rows[kind].severity ||
		    ARRAY_ANY(j, nshown,
			      shown[j]->process.pid == it->process.pid &&
				      shown[j]->vma.start == it->vma.start))
			continue;
		shown[nshown++] = it;
		report_suspect(r, nshown, kind, it);
	}
}

static int report_end(void *ctx, const struct report_totals *t)
{
	struct render_report *r = ctx;
	const struct kernel *k = r->head.kernel;
	const struct source_evidence *evidence = r->head.machine->evidence;
	u8 kinds[HIGHLIGHTS];
	unsigned n;

	highlights_end(&r->highlights);
	n = highlights_found(&r->highlights, kinds);
	report_verdict(r, t, n ? kinds : NULL);
	render_report_line(r->out, 0,
			   "Kernel:  %s %s %s, %u KiB pages, judged as %s (%s)",
			   k->ev.release, k->ev.arch, k->ev.version, r->base / 1024,
			   k->model, kernel_proof_names[kernel_proof(k, NULL)]);
	if (r->facts.config[0])
		render_report_line(r->out, 0, "Config:  %s", r->facts.config);
	if (r->facts.taint[0])
		render_report_line(r->out, 0, "Taint:   %s", r->facts.taint);
	for (unsigned i = 0; i < SOURCE_FACTS; i++)
		if (!evidence[i].ok)
			render_report_line(r->out, 0, "Missing: %s: %s",
					   source_facts[i].name, evidence[i].why);
	report_suspects(r, kinds, n);
	fputc('\n', r->out);
	return ferror(r->out) ? -EIO : 0;
}

const struct report_view render_report_view = {
	.begin = report_begin,
	.process = report_process,
	.row = report_row,
	.end = report_end,
};

/* ---- --lint: one paragraph per finding and VMA, with the page's ledger */

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
