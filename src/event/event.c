/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "event/event.h"

#include "report/report.h"

#include "lib/array.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/pure.h"

const struct event_kind_row event_kinds[EVENTS] = {
#define EVENT(id, w, f) [EVENT_##id] = { .word = w, .flags = f },
#include "event/event.def"
#undef EVENT
};

const struct event_cause_row event_causes[EVENT_CAUSES] = {
#define CAUSE(id, w, f, t) [EVENT_CAUSE_##id] = { .word = w, .text = t, .fault = f },
#include "event/event.def"
#undef CAUSE
};

/* ---- reading a difference */

static bool is_page(const struct page_class *c)
{
	u8 kind = c ? c->page.kind : PAGE_NONE;

	return kind != PAGE_NONE && kind != PAGE_SWAP && kind != PAGE_MIGRATION &&
	       kind != PAGE_GUARD && kind != PAGE_MARKER;
}

static enum tri writable(const struct page_info *p)
{
	return tri_from(p->pte_known & PAGE_PTE_WRITE, p->pte & PAGE_PTE_WRITE);
}

/* Names the cause of another page frame at the same place. */
static enum event_cause moved(const struct page_info *a, const struct page_info *b,
			      enum tri forked)
{
	enum tri wa = writable(a), wb = writable(b);
	bool own = wa == TRI_YES || (page_is_anon(a) && a->anon_exclusive == TRI_YES);

	if (b->kind == PAGE_KSM)
		return EVENT_CAUSE_MERGED;
	if (b->order > a->order && b->leaf > a->leaf)
		return EVENT_CAUSE_COLLAPSED;
	if (!page_is_anon(b))
		return EVENT_CAUSE_OTHER;
	/*
	 * A store copies neither a page that the entry lets it write nor an exclusive one, unless a
	 * fork has taken both from it.
	 */
	if (own && forked == TRI_NO)
		return EVENT_CAUSE_MIGRATED;
	if (own && (forked == TRI_UNKNOWN || wb != TRI_YES))
		return EVENT_CAUSE_OTHER;
	if (wb == TRI_YES)
		return EVENT_CAUSE_COPIED;
	if (b->anon_exclusive == TRI_YES)
		return wb == TRI_NO ? EVENT_CAUSE_UNSHARED : EVENT_CAUSE_COPIED;
	if (page_is_anon(a) && a->anon_exclusive == TRI_NO && b->anon_exclusive == TRI_NO)
		return EVENT_CAUSE_MIGRATED;
	return EVENT_CAUSE_OTHER;
}

/* Names the cause of a change without another page frame, or with hidden frames. */
static enum event_cause stayed(const struct store_change *c)
{
	const struct page_info *a = &c->a.class->page, *b = &c->b.class->page;
	enum tri wa = writable(a), wb = writable(b);
	bool rights = a->pte_known & b->pte_known & (a->pte ^ b->pte) &
		      (PAGE_PTE_WRITE | PAGE_PTE_PROTNONE | PAGE_PTE_UFFD_WP);

	if (a->kind != PAGE_KSM && b->kind == PAGE_KSM)
		return EVENT_CAUSE_MERGED;
	if (a->leaf && b->leaf && a->leaf != b->leaf)
		return a->leaf > b->leaf ? EVENT_CAUSE_SPLIT : EVENT_CAUSE_COLLAPSED;
	if (a->anon_exclusive == TRI_YES && b->anon_exclusive == TRI_NO)
		return EVENT_CAUSE_SHARED;
	/* Memory of a fork before: nobody else maps it, and yet it is not exclusive. */
	if (page_is_anon(a) && page_is_anon(b) && report_shared(a) == TRI_NO &&
	    report_shared(b) == TRI_YES)
		return EVENT_CAUSE_SHARED;
	if (a->anon_exclusive == TRI_NO && b->anon_exclusive == TRI_YES)
		return wb == TRI_YES ? EVENT_CAUSE_REUSED : EVENT_CAUSE_MARKED;
	if (wa == TRI_NO && wb == TRI_YES && c->a.vma && c->b.vma &&
	    c->a.vma->vma.write == c->b.vma->vma.write)
		return EVENT_CAUSE_REUSED;
	if (rights)
		return EVENT_CAUSE_PROTECTED;
	if (page_knows(a, PAGE_F_PINCOUNT) && page_knows(b, PAGE_F_PINCOUNT) &&
	    !a->pincount != !b->pincount)
		return b->pincount ? EVENT_CAUSE_PINNED : EVENT_CAUSE_UNPINNED;
	if (c->what & STORE_COUNTS)
		return EVENT_CAUSE_COUNTED;
	return EVENT_CAUSE_OTHER;
}

enum event_cause event_cause(const struct store_change *c, enum tri forked)
{
	const struct page_class *a = c->a.class, *b = c->b.class;
	bool was = is_page(a), is = is_page(b);

	if (was && !is)
		return b && b->page.kind == PAGE_SWAP ? EVENT_CAUSE_SWAPPED_OUT
						      : EVENT_CAUSE_GONE;
	if (!was && !is)
		return EVENT_CAUSE_OTHER;
	if (!was) {
		if (a && a->page.kind == PAGE_SWAP)
			return EVENT_CAUSE_SWAPPED_IN;
		return page_is_anon(&b->page) || writable(&b->page) == TRI_YES
			       ? EVENT_CAUSE_POPULATED
			       : EVENT_CAUSE_READ_IN;
	}
	return c->what & STORE_MOVED ? moved(&a->page, &b->page, forked) : stayed(c);
}

bool event_matters(const struct store_change *c)
{
	if (c->what & (STORE_APPEARED | STORE_VANISHED | STORE_MOVED | STORE_STATE))
		return true;
	return c->what & STORE_VERDICT &&
	       event_leak(c->a.class) != event_leak(c->b.class);
}

bool event_is_noise(const struct event *e, const struct event_change *c)
{
	if (c->cause != EVENT_CAUSE_COUNTED)
		return false;
	if (c->kind == PAGE_FILE || c->kind == PAGE_SPECIAL)
		return e->kind != EVENT_VMSPLICE;
	return c->kind == PAGE_ZERO || c->kind == PAGE_HUGE_ZERO ||
	       c->kind == PAGE_DEVICE;
}

struct comparison {
	const struct event *e;
	struct event_change *change;
	size_t n, room;
};

static int add_change(void *ctx, const struct store_change *c)
{
	struct comparison *l = ctx;
	enum event_cause cause = event_cause(c, l->e->forked);

	/* What would be done to a hole is no change of a page. */
	if ((c->what & STORE_REAL) == STORE_VERDICT && c->b.class->page.kind == PAGE_NONE)
		return 0;
	if ((l->e->since_ns && !event_matters(c)) ||
	    ((event_is_between(l->e) || l->e->looked_ns) &&
	     event_causes[cause].fault != (l->e->kind == EVENT_WRITE_FAULT)))
		return 0;
	struct event_change *new = array_add(&l->change, &l->n, &l->room, sizeof(*new));

	if (!new)
		return -ENOMEM;
	const struct page_class *a = c->a.class, *b = c->b.class;
	static const struct page_info none;
	const struct page_info *page = b ? &b->page : a ? &a->page : &none;

	*new = (struct event_change){
		.pid = c->b.process->process.pid,
		.cause = cause,
		.kind = page->kind,
		.leaks = c->what & STORE_VERDICT && a && b &&
			 event_leak(a) != event_leak(b),
		.start = c->start,
		.end = c->end,
		.pages = page->size ? (c->end - c->start + page->size - 1) / page->size
				    : 0,
		.size = page->size,
		.c = *c
	};
	return 0;
}

int event_compare(const struct event *e, struct event_change **ret, size_t *ret_n)
{
	struct comparison l = { .e = e };
	int r = 0;

	for (unsigned i = 0; i < e->nscopes && !r; i++) {
		const struct event_scope *s = &e->scope[i];
		const struct store_process *a, *b;

		a = s->before ? store_process_by_pid(s->before, s->pid) : NULL;
		b = s->after ? store_process_by_pid(s->after, s->pid) : NULL;
		if (a && b)
			r = store_diff(s->before, a, s->after, b, s->start, s->end,
				       STORE_REAL, add_change, &l, NULL);
	}
	*ret = l.change;
	*ret_n = l.n;
	return r;
}

struct event_change event_join(const struct event *e, size_t *i)
{
	struct event_change ret = e->change[*i];
	const struct store_change *c = &ret.c;

	for (; *i + 1 < e->nchanges; ++*i) {
		const struct event_change *next = &e->change[*i + 1];

		if (next->start != ret.end || next->pid != ret.pid ||
		    next->size != ret.size || next->c.what != c->what ||
		    store_diff_class(c->a.class, next->c.a.class) & ~STORE_MINOR ||
		    store_diff_class(c->b.class, next->c.b.class) & ~STORE_MINOR ||
		    next->c.a.vma != c->a.vma || next->c.b.vma != c->b.vma ||
		    (!c->a.class && !c->b.class)) /* of a recording */
			break;
		ret.end = next->end;
		ret.pages += next->pages;
		ret.scattered = true;
	}
	ret.c.end = ret.end;
	return ret;
}

/* ---- the family, side by side */

/* Fills @run from @addr on; false if fewer than two members have a page there. */
static bool side_by_side(const struct store_cursor c[EVENT_FAMILY], u64 addr,
			 struct event_shared *run)
{
	unsigned first = EVENT_FAMILY, holders = 0;

	run->hidden = run->shared = false;
	run->size = 0;
	for (unsigned i = 0; i < run->n; i++) {
		run->has[i] = is_page(c[i].at.class);
		run->same[i] = run->pfn_known[i] = false;
		if (!run->has[i])
			continue;
		struct page_run page = store_page_at(c[i].at.store, c[i].at.row, addr);
		const struct page_info *p = &page.class->page;

		run->pfn_known[i] = page_knows(p, PAGE_F_PFN) && page.pfn;
		/* Members may have leaves of different size: compare base pages. */
		run->pfn[i] =
			page.pfn +
			(addr - page.addr) / kernel_page_size(&c[i].at.store->kernel.ev);
		holders++;
		run->hidden |= !run->pfn_known[i];
		run->size = run->size ? MIN(run->size, p->size) : p->size;
		if (first == EVENT_FAMILY)
			first = i;
		else if (run->pfn_known[i] && run->pfn_known[first] &&
			 run->pfn[i] == run->pfn[first])
			run->same[i] = run->same[first] = run->shared = true;
	}
	run->shared |= run->hidden;
	return holders >= 2;
}

/* @next begins where @run ends and looks the same. */
static bool continues(const struct event_shared *run, const struct event_shared *next)
{
	if (run->end != next->start || run->size != next->size)
		return false;
	for (unsigned i = 0; i < run->n; i++)
		if (run->has[i] != next->has[i] || run->same[i] != next->same[i] ||
		    run->pfn_known[i] != next->pfn_known[i])
			return false;
	return true;
}

int event_family_add(const struct event *e, u64 start, u64 end, bool only_shared,
		     struct event_family *family)
{
	struct store_cursor c[EVENT_FAMILY] = { 0 };
	struct event_shared next = { .n = MIN(e->nmembers, EVENT_FAMILY) }, *last = NULL;

	for (unsigned i = 0; i < next.n; i++) {
		const struct store *now = e->member[i].now;

		c[i].at.store = now;
		c[i].at.process =
			now ? store_process_by_pid(now, e->member[i].pid) : NULL;
	}
	for (u64 addr = start; addr < end; addr = next.end) {
		next.start = addr;
		next.end = end;
		for (unsigned i = 0; i < next.n; i++) {
			store_diff_seek(&c[i], addr, end);
			next.end = MIN(next.end, c[i].end);
		}
		if (!side_by_side(c, addr, &next) || (only_shared && !next.shared))
			continue;
		if (last && continues(last, &next)) {
			last->end = next.end;
			continue;
		}
		last = array_add(&family->run, &family->n, &family->room, sizeof(*last));
		if (!last)
			return -ENOMEM;
		*last = next;
	}
	return 0;
}

int event_family_of(const struct event *e, struct event_family *family)
{
	int r = 0;

	if (e->nmembers < 2 || e->since_ns)
		return 0;
	for (unsigned i = 0; i < e->nranges && !r; i++)
		r = event_family_add(e, e->range[i].start, e->range[i].end, false,
				     family);
	if (!e->nranges && e->kind == EVENT_FORK && !e->shares_mm)
		r = event_family_add(e, 0, 1ULL << 63, true, family);
	array_sort(family->run, family->n, sizeof(*family->run));
	return r;
}
