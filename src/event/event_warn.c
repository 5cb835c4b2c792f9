/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The warnings of --trace, one row each.  A row checks either the pages of the call's ranges as
 * they are now (->spliced) or the runs that changed (->changed).
 */
#include "event/event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gup/predict.h"
#include "lib/pure.h"

/* What the last store to a page will do that somebody has spliced. */
enum spliced {
	SPLICED_NOT, /* it is exclusive, or not anonymous */
	SPLICED_LEAK_HUGETLB,
	SPLICED_LEAK,
	SPLICED_SAFE,
	SPLICED_UNKNOWN
};

/* Predicts a store when this is the only mapping left and the new reference is still held. */
static enum spliced spliced(const struct page_info *p, const struct kernel *kernel)
{
	struct facts f = p->facts;
	struct gup_write w;

	if (!page_is_anon(p) || p->anon_exclusive != TRI_NO)
		return SPLICED_NOT;
	fact_set(&f, F(MAPCOUNT_ONE) | F(EXTRA_REFS) | F(HELD), true);
	fact_set(&f, F(MM_SHARED) | F(REF_ONE) | F(REF_SOLE) | F(REF_IS_MAPS), false);
	predict_write(kernel, &f, &w);
	if (w.leak != TRI_YES)
		return w.leak == TRI_NO ? SPLICED_SAFE : SPLICED_UNKNOWN;
	return p->kind == PAGE_HUGETLB ? SPLICED_LEAK_HUGETLB : SPLICED_LEAK;
}

/* ---- of changed runs */

static bool leak_armed(const struct event_change *c)
{
	return event_leak(c->c.b.class) == TRI_YES && event_leak(c->c.a.class) != TRI_YES;
}

static bool leak_happened(const struct event_change *c)
{
	return c->c.b.class && event_leak(c->c.a.class) == TRI_YES &&
	       c->cause == EVENT_CAUSE_REUSED;
}

/* A reference that a batch of a CPU may have, or one to another page of the folio, reads nothing. */
static bool leak_averted(const struct event_change *c)
{
	const struct page_class *a = c->c.a.class;

	return a && c->cause == EVENT_CAUSE_COPIED && page_is_anon(&a->page) &&
	       fact_get(&a->page.facts, FACT_HELD) == TRI_YES && event_leak(a) == TRI_NO;
}

static bool pin_unshared(const struct event_change *c)
{
	return c->cause == EVENT_CAUSE_UNSHARED;
}

static bool longterm_cma(const struct event_change *c)
{
	return c->c.what & STORE_MOVED && c->c.a.class &&
	       c->c.a.class->page.migratetype_bad == TRI_YES;
}

static bool longterm_movable(const struct event_change *c)
{
	return c->c.what & STORE_MOVED && c->c.a.class && !longterm_cma(c) &&
	       c->c.a.class->page.zone == PAGE_ZONE_MOVABLE;
}

#define K_(id) BIT(EVENT_##id)
#define FAULTS (K_(WRITE_FAULT) | K_(CHANGE))
#define PINS                                                                   \
	(K_(PROCESS_VM_READV) | K_(PROCESS_VM_WRITEV) | K_(READ) | K_(WRITE) | \
	 K_(IO_URING_REGISTER))

static const struct warn_row {
	const char *id, *text; /* one %s stands for "n pages" */
	u32 kinds;             /* events for which it is checked; 0: all */
	bool leak;
	enum spliced spliced; /* pages of the call's ranges */
	bool (*changed)(const struct event_change *c);
} rows[] = {
	{ .id = "leak",
	  .text = "the store reused %s: the reference that was taken through another process's mapping reads the new bytes (leak)",
	  .kinds = FAULTS,
	  .leak = true,
	  .changed = leak_happened },
	{ .id = "leak-next-write",
	  .text = "the next store to %s will reuse it, and a reference taken through another process's mapping will see it (leak)",
	  .leak = true,
	  .changed = leak_armed },
	{ .id = "vmsplice-hugetlb",
	  .text = "vmsplice took a plain reference to %s not exclusive; hugetlb: a later write will reuse it and the pipe reader will see it (leak)",
	  .kinds = K_(VMSPLICE),
	  .leak = true,
	  .spliced = SPLICED_LEAK_HUGETLB },
	{ .id = "vmsplice-leak",
	  .text = "vmsplice took a plain reference to %s not exclusive; a later write will reuse it and the pipe reader will see it (leak)",
	  .kinds = K_(VMSPLICE),
	  .leak = true,
	  .spliced = SPLICED_LEAK },
	{ .id = "vmsplice-shared",
	  .text = "vmsplice took a plain reference to %s not exclusive; a later write will copy (safe)",
	  .kinds = K_(VMSPLICE),
	  .spliced = SPLICED_SAFE },
	{ .id = "vmsplice-unknown",
	  .text = "vmsplice took a plain reference to %s not exclusive; what a later write does is not known",
	  .kinds = K_(VMSPLICE),
	  .spliced = SPLICED_UNKNOWN },
	{ .id = "copied-safe",
	  .text = "the store got a copy of %s; the reference still reads the old bytes (safe)",
	  .kinds = FAULTS,
	  .changed = leak_averted },
	{ .id = "longterm-cma",
	  .text = "longterm pin migrated %s out of CMA",
	  .kinds = K_(IO_URING_REGISTER),
	  .changed = longterm_cma },
	{ .id = "longterm-movable",
	  .text = "longterm pin migrated %s out of ZONE_MOVABLE",
	  .kinds = K_(IO_URING_REGISTER),
	  .changed = longterm_movable },
	{ .id = "pin-unshared",
	  .text = "a pin for reading copied %s: it was not exclusive (unshared)",
	  .kinds = PINS,
	  .changed = pin_unshared },
};

static void add(struct event *e, const struct warn_row *row, pid_t pid, u64 addr,
		u64 pages)
{
	for (unsigned i = 0; i < e->nwarnings; i++)
		if (e->warning[i].id == row->id && e->warning[i].pid == pid) {
			e->warning[i].pages += pages;
			return;
		}
	if (e->nwarnings == EVENT_WARNINGS)
		return;
	e->warning[e->nwarnings++] = (struct event_warning){ .id = row->id,
							     .text = row->text,
							     .leak = row->leak,
							     .pid = pid,
							     .addr = addr,
							     .pages = pages };
}

/* Collects the pages of one range of the call, as they are after it. */
static void warn_range(struct event *e, const struct event_range *range,
		       const struct store *after)
{
	const struct store_process *p = store_process_by_pid(after, range->pid);

	for (size_t i = p ? store_vma_from(p, range->start) : 0; p && i < p->nvmas; i++) {
		const struct store_vma *v = &p->vma[i];

		if (v->vma.start >= range->end)
			return;
		for (size_t k = store_row_from(v, range->start); k < store_nrows(v);
		     k++) {
			const struct page_run *row = &v->rows->row[k];
			enum spliced what;

			if (row->addr >= range->end)
				break;
			what = spliced(&row->class->page, &after->kernel);
			if (what == SPLICED_NOT)
				continue;
			struct page_run part = store_report_row(after, p, v, row,
								range->start, range->end)
						       .run;
			for (unsigned w = 0; w < ARRAY_SIZE(rows); w++)
				if (rows[w].spliced == what &&
				    rows[w].kinds >> e->kind & 1)
					add(e, &rows[w], range->pid, part.addr,
					    part.pages);
		}
	}
}

/* ---- fork: what is the child's own already must have been copied, and only pins do that */

static const struct warn_row fork_pinned = {
	.id = "fork-pinned",
	.text = "fork with pinned pages: %s copied for the child",
};

/* Member 0 is the parent, 1 the child; the parent's page keeps its exclusive mark. */
static void warn_fork(struct event *e, const struct event_shared *run)
{
	const struct store *s = e->member[0].now;

	if (!run->has[0] || !run->has[1] || !run->pfn_known[0] || !run->pfn_known[1] ||
	    run->same[0] || run->same[1])
		return;
	const struct store_process *p = store_process_by_pid(s, e->member[0].pid);
	const struct store_vma *v = p ? store_vma_at(p, run->start) : NULL;
	const struct page_run *row = v ? store_row_at(v, run->start) : NULL;
	if (!row || v->vma.shared)
		return;
	const struct page_info *page = &row->class->page;
	if (page_is_anon(page) && fact_get(&page->facts, FACT_MAYBE_PINNED) == TRI_YES)
		add(e, &fork_pinned, e->child, run->start,
		    (run->end - run->start) / run->size);
}

bool event_warn_add(struct event *e, const char *id, pid_t pid, u64 addr, u64 pages)
{
	const struct warn_row *row = strcmp(id, fork_pinned.id) ? NULL : &fork_pinned;

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		if (!strcmp(id, rows[i].id))
			row = &rows[i];
	if (row)
		add(e, row, pid, addr, pages);
	return row != NULL;
}

void event_warn(struct event *e)
{
	for (const struct event_change *c = e->change; c < e->change + e->nchanges; c++)
		for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
			if (rows[i].changed &&
			    (!rows[i].kinds || rows[i].kinds >> e->kind & 1) &&
			    rows[i].changed(c))
				add(e, &rows[i], c->pid, c->start, c->pages);
	for (unsigned i = 0; i < e->nranges && e->has_ret && e->ret >= 0; i++)
		for (unsigned s = 0; s < e->nscopes; s++)
			if (e->scope[s].pid == e->range[i].pid && e->scope[s].after &&
			    e->scope[s].after->has_head) {
				warn_range(e, &e->range[i], e->scope[s].after);
				break;
			}
	if (e->kind == EVENT_FORK && !e->shares_mm && e->nmembers >= 2 &&
	    e->member[1].pid == e->child) {
		struct event pair = { .member = e->member, .nmembers = 2 };
		struct event_family family = { 0 };

		event_family_add(&pair, 0, 1ULL << 63, false, &family);
		for (size_t i = 0; i < family.n; i++)
			warn_fork(e, &family.run[i]);
		free(family.run);
	}
}

const char *event_warn_text(const struct event_warning *w, char *buf, size_t len)
{
	char pages[48];
	bool verb = strstr(w->text, "%s not exclusive");

	if (verb)
		snprintf(pages, sizeof(pages),
			 w->pages == 1 ? "a page that is" : "%llu pages that are",
			 w->pages);
	else
		snprintf(pages, sizeof(pages), w->pages == 1 ? "1 page" : "%llu pages",
			 w->pages);
	snprintf(buf, len, w->text, pages);
	return buf;
}
