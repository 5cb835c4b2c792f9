/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/columns.h"
#include "lib/escape.h"
#include "lib/text.h"
#include "gup/predict.h"
#include "tui/tui_int.h"

/* The detail pane under construction. */
struct detail {
	const struct tui *t;
	struct tui_text *text;
	int width;
	const struct store *s;
	const struct store_process *p;
	const struct store_vma *v;
	const struct page_class *class;
	struct report_row row;
};

static void heading(struct detail *d, const char *title)
{
	char line[300] = " ";
	int n = d->width - tui_screen_width(title) - 4;

	for (; n > 0 && strlen(line) + 4 < sizeof(line); n--)
		strcat(line, "─");
	tui_text_add(d->text, TUI_TITLE, "─ %s", title);
	tui_text_more(d->text, TUI_LINE, "%s", line);
}

/* Adds "MAP 2" or "REF ?": the column's own text; "?" stands out. */
static bool value(struct detail *d, const char *label, const char *column)
{
	const char *text = COLUMNS_NAMED(column, &d->row);
	bool unknown = !strcmp(text, "?");

	tui_text_more(d->text, TUI_DIM, "%s ", label);
	tui_text_more(d->text, unknown ? TUI_S_UNKNOWN : TUI_STRONG, "%s", text);
	tui_text_more(d->text, TUI_NORMAL, "  ");
	return unknown;
}

static void add_place(struct detail *d)
{
	char name[4 * VMA_NAME_MAX];

	escape_text(name, sizeof(name), d->v->vma.name);
	tui_text_add(d->text, TUI_STRONG, "%llx ", d->t->addr);
	tui_text_more(d->text, TUI_DIM, "%s ", VMA_PERMS(&d->v->vma));
	tui_text_more(d->text, TUI_NORMAL, "%s",
		      name[0] ? name : tui_state_what(d->t, d->v));
}

static void add_facts(struct detail *d)
{
	enum tui_glyph g =
		tui_grid_glyph(d->s, d->p, d->v, store_row_at(d->v, d->t->addr),
			       d->t->addr, TUI_LENS_STATE);
	bool unknown = false;

	tui_text_add(d->text, tui_grid_letters[g].role, " %c %s",
		     tui_grid_letters[g].letter, tui_grid_letters[g].word);
	tui_text_more(d->text, TUI_NORMAL, "  ");
	if (d->class->page.kind == PAGE_NONE) {
		tui_text_more(d->text, TUI_DIM, "nothing is mapped here");
		return;
	}
	value(d, "", "KIND");
	value(d, "leaf", "LEAF");
	value(d, "", "SIZE");
	tui_text_add(d->text, TUI_NORMAL, " ");
	unknown |= value(d, "PFN", "PFN");
	value(d, "folio", "FOLIO");
	value(d, "node", "NODE");
	value(d, "", "ZONE");
	tui_text_add(d->text, TUI_NORMAL, " ");
	unknown |= value(d, "map", "MAP");
	unknown |= value(d, "ref", "REF");
	unknown |= value(d, "pin", "PIN");
	tui_text_add(d->text, TUI_NORMAL, " ");
	unknown |= value(d, "AnonExclusive", "EXCL");
	unknown |= value(d, "PTE", "PTE");
	if (d->class->page.kind == PAGE_SWAP) {
		tui_text_add(d->text, TUI_NORMAL, " ");
		value(d, "swap", "SWAP");
	}
	tui_text_add(d->text, TUI_NORMAL, " ");
	value(d, "flags", "FLAGS");
	for (unsigned f = 0; unknown && f < PAGE_FIELDS; f++)
		if (d->class->page.why[f] > PAGE_WHY_NOT_APPLICABLE) {
			tui_text_add(d->text, TUI_S_UNKNOWN, " ?");
			tui_text_more(d->text, TUI_DIM, " %s: ", page_field_names[f]);
			tui_text_wrap(d->text, TUI_DIM, 6, d->width,
				      page_why_texts[d->class->page.why[f]]);
			break;
		}
}

static void add_references(struct detail *d)
{
	const struct page_info *p = &d->class->page;

	if (!page_knows(p, PAGE_F_REFCOUNT) || p->expected < 0)
		return;
	heading(d, "references of the folio");
	tui_text_add(d->text, TUI_STRONG, " %lld", p->refcount);
	tui_text_more(d->text, TUI_DIM, " in all, ");
	tui_text_more(d->text, TUI_STRONG, "%lld", p->expected);
	tui_text_more(d->text, TUI_DIM, " by page tables and caches");
	if (p->excess > 0) {
		tui_text_add(d->text, TUI_S_EXTRA, " %lld more", p->excess);
		tui_text_more(d->text, TUI_DIM, ": pipe, pin, or an LRU batch; w asks");
	} else if (p->excess < 0) {
		tui_text_add(d->text, TUI_WARN, " %lld missing", (long long)-p->excess);
		tui_text_more(d->text, TUI_DIM, ": it changed while it was read");
	}
}

/* ---- verdicts */

/* Adds "? huge-free, ref-one", the facts that would decide, from column @indent on. */
static void add_unknown(struct detail *d, int indent, u64 facts)
{
	char text[400] = "?";

	EACH_BIT (f, facts)
		text_add(text, sizeof(text), "%s%s", text[1] ? ", " : " ",
			 fact_rows[f].name);
	if (facts)
		tui_text_wrap(d->text, TUI_S_UNKNOWN, indent, d->width, text);
}

static void add_requests(struct detail *d)
{
	heading(d, "the six requests");
	for (unsigned i = 0; i < GUP_REQUESTS; i++) {
		const struct gup_verdict *v = &d->class->verdicts->req[i];
		bool chosen = d->t->lens == TUI_LENS_REQUEST + i;

		tui_text_add(d->text, chosen ? TUI_STRONG : TUI_NORMAL, "%s%-6s",
			     chosen ? "▸" : " ", gup_requests[i].name);
		tui_text_more(d->text, tui_grid_letters[tui_grid_of_word(v->word)].role,
			      "%-8s", gup_word_name(v->word, v->err));
		if (v->word == GUP_WORD_UNKNOWN) {
			add_unknown(d, 15, v->unknown);
			continue;
		}
		if (v->fast == TRI_YES)
			tui_text_more(d->text, TUI_DIM, "by GUP-fast");
		else if (v->fast == TRI_NO)
			tui_text_more(d->text, TUI_DIM, "%s",
				      gup_reason_names[v->fast_reason]);
		else
			tui_text_more(d->text, TUI_S_UNKNOWN, "fast?");
		if (v->fast != TRI_YES && v->slow == GUP_SLOW_OK)
			tui_text_more(d->text, TUI_DIM, " → %s, %s page",
				      v->fault == GUP_FAULT_NONE
					      ? "no fault"
					      : gup_fault_names[v->fault],
				      gup_page_names[v->page]);
	}
}

/* Adds the rules that fired, numbered; the last one decided. */
static void add_path(struct detail *d, const char *title, const struct gup_path *path,
		     const char *outcome, u8 role, u64 unknown)
{
	if (title[0])
		tui_text_add(d->text, TUI_NORMAL, " %s", title);
	for (unsigned i = 0; i < path->n && i < GUP_PATH_MAX; i++) {
		const struct predict_rule *r = path->rule[i] < predict_rules()
						       ? predict_rule(path->rule[i])
						       : NULL;
		bool last = i + 1 == path->n && !path->forked;
		char cite[200];

		if (!r)
			continue;
		tui_text_add(d->text, last ? TUI_STRONG : TUI_DIM, " %s%2u ",
			     last ? "▸" : " ", i + 1);
		tui_text_wrap(d->text, last ? TUI_STRONG : TUI_NORMAL, 5, d->width,
			      r->reason);
		tui_text_add(d->text, TUI_DIM, "      %s()",
			     kernel_function(&d->s->kernel,
					     predict_rule_func(&d->s->kernel, path, i,
							       &d->class->page.facts)));
		if (d->width >= 70)
			tui_text_more(d->text, TUI_DIM, "  %s",
				      predict_rule_cite(r, cite, sizeof(cite)));
	}
	tui_text_add(d->text, role, "    → %s", outcome);
	if (unknown) {
		tui_text_add(d->text, TUI_NORMAL, "      ");
		add_unknown(d, 6, unknown);
	}
}

static void add_request_paths(struct detail *d, enum gup_request req)
{
	const struct gup_verdict *v = &d->class->verdicts->req[req];
	char title[120], outcome[100];

	snprintf(title, sizeof(title), "%s: %s", gup_requests[req].name,
		 gup_requests[req].foll);
	heading(d, title);
	tui_text_add(d->text, TUI_DIM, " %s", gup_requests[req].users);
	snprintf(outcome, sizeof(outcome), "%s",
		 v->fast == TRI_YES  ? "GUP-fast takes the page"
		 : v->fast == TRI_NO ? "falls back to slow GUP"
				     : "unknown");
	add_path(d, "GUP-fast", &v->path_fast, outcome,
		 v->fast == TRI_YES  ? TUI_GOOD
		 : v->fast == TRI_NO ? TUI_WARN
				     : TUI_S_UNKNOWN,
		 v->fast == TRI_UNKNOWN ? v->unknown : 0);
	if (v->slow == GUP_SLOW_ERROR)
		snprintf(outcome, sizeof(outcome), "%s", gup_errno_name(v->err));
	else if (v->slow == GUP_SLOW_OK)
		snprintf(outcome, sizeof(outcome), "ok, fault: %s, page: %s",
			 gup_fault_names[v->fault], gup_page_names[v->page]);
	else
		snprintf(outcome, sizeof(outcome), "unknown");
	add_path(d, "slow GUP", &v->path_slow, outcome,
		 v->slow == GUP_SLOW_OK      ? TUI_GOOD
		 : v->slow == GUP_SLOW_ERROR ? TUI_BAD
					     : TUI_S_UNKNOWN,
		 v->slow == GUP_SLOW_UNKNOWN || v->page == GUP_PAGE_UNKNOWN ? v->unknown
									    : 0);
}

static void add_what_if(struct detail *d, const struct gup_whatif *w, const char *what,
			const char *name, bool known, bool path)
{
	u8 role = known ? TUI_STRONG : TUI_S_UNKNOWN;

	tui_text_add(d->text, TUI_NORMAL, "%s", what);
	tui_text_more(d->text, role, "%s", name);
	if (path)
		add_path(d, "", &w->path, name, role, w->unknown);
}

static void add_what_ifs(struct detail *d, bool paths)
{
	const struct gup_write *w = &d->class->verdicts->write;
	const struct gup_whatif *f = &d->class->verdicts->fork,
				*m = &d->class->verdicts->migrate;
	u8 role = w->fault == GUP_WRITE_UNKNOWN ? TUI_S_UNKNOWN : TUI_STRONG;

	heading(d, "what if");
	tui_text_add(d->text, TUI_NORMAL, " it writes now: ");
	tui_text_more(d->text, role, "%s",
		      w->fault == GUP_WRITE_NONE ? "no fault"
						 : gup_write_names[w->fault]);
	if (w->leak == TRI_YES) {
		tui_text_add(d->text, TUI_S_LEAK, " LEAK");
		tui_text_more(d->text, TUI_BAD, " ");
		tui_text_wrap(d->text, TUI_BAD, 6, d->width,
			      "a reference that may be another process's sees the store");
	} else if (w->seen_by_refs == TRI_YES) {
		tui_text_more(d->text, TUI_DIM, ", seen by its own references");
	} else if (w->leak == TRI_UNKNOWN) {
		tui_text_more(d->text, TUI_S_UNKNOWN, ", leak ?");
	}
	if (paths)
		add_path(d, "", &w->path, gup_write_names[w->fault], role, w->unknown);
	add_what_if(d, f, " it forks now:  ", gup_fork_names[f->word],
		    f->word != GUP_FORK_UNKNOWN, paths);
	add_what_if(d, m, " it is migrated now: ", gup_migrate_names[m->word],
		    m->word != GUP_MIGRATE_UNKNOWN, paths);
}

static void add_raw(struct detail *d)
{
	static const char *const words[] = { "PAGEMAP", "KPAGEFLAGS", "PTEWORD",
					     "PAGEFLAGS", "HEADFLAGS" };

	heading(d, "raw words");
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
		tui_text_add(d->text, TUI_NORMAL, " ");
		value(d, words[i], words[i]);
	}
}

/* Adds the contents of a cell with many pages. */
static void add_cell(struct detail *d)
{
	const struct tui_map *m = &d->t->grid.map;
	u64 start, end;

	if (!m->cells || d->t->zoom == 0)
		return;
	tui_grid_cell_range(m, tui_grid_cell_of(m, d->t->addr), &start, &end);
	tui_text_add(d->text, TUI_DIM, " first page of a cell of %s",
		     COLUMNS_SIZE(end - start));
}

static void add_page(struct detail *d, bool full)
{
	add_cell(d);
	add_facts(d);
	if (d->class->page.raced)
		tui_text_add(d->text, TUI_WARN, " changed while it was read");
	add_references(d);
	add_requests(d);
	add_what_ifs(d, full);
	if (full) {
		for (unsigned i = 0; i < GUP_REQUESTS; i++)
			add_request_paths(d, i);
		add_raw(d);
	} else if (d->t->lens >= TUI_LENS_REQUEST && d->t->lens < TUI_LENS_WRITE) {
		add_request_paths(d, d->t->lens - TUI_LENS_REQUEST);
	} else {
		add_request_paths(d, GUP_PIN_R);
	}
}

void tui_detail_text(const struct tui *t, int width, bool full, struct tui_text *ret)
{
	struct detail d = { .t = t,
			    .text = ret,
			    .width = width,
			    .s = tui_state_store(t),
			    .p = tui_state_process(t),
			    .v = tui_state_vma(t) };

	if (!d.v) {
		tui_text_add(ret, TUI_DIM, " no page");
		return;
	}
	add_place(&d);
	const struct page_run *row = store_row_at(d.v, t->addr);
	if (!row) {
		tui_text_add(ret,
			     store_covers(d.s, d.v, t->addr) ? TUI_DIM : TUI_S_UNKNOWN,
			     store_covers(d.s, d.v, t->addr) ? " nothing is mapped here"
							     : " ? not read");
		return;
	}
	d.class = row->class;
	d.row = store_report_row(d.s, d.p, d.v, row, t->addr, t->addr + 1);
	add_page(&d, full);
}
