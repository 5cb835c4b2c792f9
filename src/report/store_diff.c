/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "report/store.h"

#include "lib/pure.h"

/* Changes of these PTE bits are changes of state; young, dirty and soft-dirty are bookkeeping. */
#define PTE_STATE                                                                   \
	(PAGE_PTE_WRITE | PAGE_PTE_SPECIAL | PAGE_PTE_PROTNONE | PAGE_PTE_UFFD_WP | \
	 PAGE_PTE_DEVMAP | PAGE_PTE_EXEC)

static bool is_page(const struct page_class *c)
{
	return c && c->page.kind != PAGE_NONE;
}

/* Returns @what when both sides know the field and it differs, KNOWN when only one knows it. */
static u32 field_diff(const struct page_info *a, const struct page_info *b,
		      enum page_field field, bool differs, u32 what)
{
	bool ka = page_knows(a, field), kb = page_knows(b, field);

	if (ka && kb)
		return differs ? what : 0;
	return ka != kb ? STORE_KNOWN : 0;
}

/* Returns @what when two words differ, KNOWN when one of them is @unknown. */
static u32 word_diff(u8 a, u8 b, u8 unknown, u32 what)
{
	if (a == b)
		return 0;
	return a == unknown || b == unknown ? STORE_KNOWN : what;
}

static u32 tri_diff(u8 a, u8 b, u32 what)
{
	return word_diff(a, b, TRI_UNKNOWN, what);
}

static u32 page_diff(const struct page_info *a, const struct page_info *b)
{
	u16 pte = a->pte_known & b->pte_known;
	u16 changed = (a->pte ^ b->pte) & pte;
	u32 what = 0;

	what |= field_diff(a, b, PAGE_F_KIND, a->kind != b->kind || a->anon != b->anon,
			   STORE_STATE);
	what |= field_diff(a, b, PAGE_F_LEAF, a->leaf != b->leaf, STORE_STATE);
	what |= field_diff(a, b, PAGE_F_FOLIO, a->order != b->order, STORE_STATE);
	what |= field_diff(a, b, PAGE_F_ZONE, a->zone != b->zone || a->node != b->node,
			   STORE_STATE);
	what |= tri_diff(a->anon_exclusive, b->anon_exclusive, STORE_STATE);
	/* Whether others map a page of a file, too, is a count that they change. */
	what |= tri_diff(a->mm_shared, b->mm_shared,
			 a->anon || b->anon ? STORE_STATE : STORE_COUNTS);
	if (a->kind == PAGE_SWAP && b->kind == PAGE_SWAP && a->swap_type != b->swap_type)
		what |= STORE_STATE;
	if (changed & PTE_STATE)
		what |= STORE_STATE;
	if (changed & ~PTE_STATE)
		what |= STORE_MINOR;
	if (a->pte_known != b->pte_known)
		what |= STORE_KNOWN;
	what |= field_diff(a, b, PAGE_F_MAPCOUNT, a->mapcount != b->mapcount,
			   STORE_COUNTS);
	what |= field_diff(a, b, PAGE_F_REFCOUNT, a->refcount != b->refcount,
			   STORE_COUNTS);
	what |= field_diff(a, b, PAGE_F_PINCOUNT, a->pincount != b->pincount,
			   STORE_COUNTS);
	if ((a->flags ^ b->flags) & a->flags_known & b->flags_known)
		what |= STORE_MINOR;
	if (a->flags_known != b->flags_known)
		what |= STORE_KNOWN;
	return what;
}

static u32 request_diff(const struct gup_verdict *a, const struct gup_verdict *b)
{
	u32 what = tri_diff(a->fast, b->fast, STORE_VERDICT) |
		   word_diff(a->word, b->word, GUP_WORD_UNKNOWN, STORE_VERDICT);

	if (a->slow == GUP_SLOW_UNKNOWN || b->slow == GUP_SLOW_UNKNOWN)
		return what | (a->slow != b->slow ? STORE_KNOWN : 0);
	if (a->slow != b->slow || a->err != b->err || a->fast_reason != b->fast_reason)
		what |= STORE_VERDICT;
	return what | word_diff(a->fault, b->fault, GUP_FAULT_UNKNOWN, STORE_VERDICT) |
	       word_diff(a->page, b->page, GUP_PAGE_UNKNOWN, STORE_VERDICT);
}

static u32 verdicts_diff(const struct gup_verdicts *a, const struct gup_verdicts *b)
{
	const struct gup_write *wa = &a->write, *wb = &b->write;
	u32 what = 0;

	for (unsigned i = 0; i < GUP_REQUESTS; i++)
		what |= request_diff(&a->req[i], &b->req[i]);
	return what | tri_diff(wa->seen_by_refs, wb->seen_by_refs, STORE_VERDICT) |
	       tri_diff(wa->leak, wb->leak, STORE_VERDICT) |
	       word_diff(wa->fault, wb->fault, GUP_WRITE_UNKNOWN, STORE_VERDICT) |
	       word_diff(a->fork.word, b->fork.word, GUP_FORK_UNKNOWN, STORE_VERDICT) |
	       word_diff(a->migrate.word, b->migrate.word, GUP_MIGRATE_UNKNOWN,
			 STORE_VERDICT);
}

u32 store_diff_class(const struct page_class *a, const struct page_class *b)
{
	u32 what = 0;

	if (a == b || (a && b && a->like == b->like))
		return 0;
	if (!is_page(a) && is_page(b))
		what |= STORE_APPEARED;
	if (is_page(a) && !is_page(b))
		what |= STORE_VANISHED;
	if (!a || !b)
		return what;
	return what | (is_page(a) && is_page(b) ? page_diff(&a->page, &b->page) : 0) |
	       verdicts_diff(a->verdicts, b->verdicts);
}

/* ---- the walk */

/* Like store_vma_from() and store_row_from(), but fast for ascending addresses. */
static size_t next_vma(struct store_cursor *side, u64 addr)
{
	const struct store_process *p = side->at.process;
	size_t i = side->vma_hint;

	if (i && (i > p->nvmas || p->vma[i - 1].vma.end > addr))
		i = store_vma_from(p, addr);
	for (unsigned n = 0; i < p->nvmas && p->vma[i].vma.end <= addr; i++)
		if (++n > 4) {
			i = store_vma_from(p, addr);
			break;
		}
	if (i != side->vma_hint)
		side->row_hint = 0;
	return side->vma_hint = i;
}

static size_t next_row(struct store_cursor *side, const struct store_vma *v, u64 addr)
{
	size_t i = side->row_hint, n = store_nrows(v);

	if (i > n || (i && page_end(&v->rows->row[i - 1]) > addr))
		i = store_row_from(v, addr);
	for (unsigned k = 0; i < n && page_end(&v->rows->row[i]) <= addr; i++)
		if (++k > 4) {
			i = store_row_from(v, addr);
			break;
		}
	return side->row_hint = i;
}

void store_diff_seek(struct store_cursor *side, u64 addr, u64 limit)
{
	const struct store *s = side->at.store;
	const struct store_process *p = side->at.process;
	size_t i = p ? next_vma(side, addr) : 0;

	side->at = (struct store_side){ .store = s, .process = p };
	/* a whole list of VMAs: nothing is mapped between them */
	side->covered = !p || !p->process.part;
	side->end = limit;
	if (!p || i >= p->nvmas)
		return;
	const struct store_vma *v = &p->vma[i];
	if (v->vma.start > addr) {
		side->end = MIN(limit, v->vma.start);
		return;
	}
	side->at.vma = v;
	side->end = MIN(limit, v->vma.end);
	size_t r = next_row(side, v, addr);
	if (r < store_nrows(v)) {
		const struct page_run *row = &v->rows->row[r];

		if (row->addr <= addr) {
			side->at.row = row;
			side->at.class = row->class;
			/* rows of what a report was not asked for have no kind */
			side->covered |= row->class->page.kind != PAGE_UNKNOWN;
			side->end = MIN(side->end, page_end(row));
			return;
		}
		side->end = MIN(side->end, row->addr);
	}
	side->covered = store_covers(s, v, addr);
	for (unsigned k = 0; k < s->opt.nranges; k++) {
		const struct collect_range *range = &s->opt.ranges[k];

		if (range->start > addr)
			side->end = MIN(side->end, range->start);
		else if (range->end > addr)
			side->end = MIN(side->end, range->end);
	}
}

struct report_row store_diff_row(const struct store_change *c,
				 const struct store_side *side)
{
	struct report_row ret = store_report_row(side->store, side->process, side->vma,
						 side->row, c->start, c->end);
	u64 size = report_page(&ret)->size;

	/* The next rows may go on with the run. */
	ret.run.pages = (c->end - c->start + size - 1) / size;
	return ret;
}

/* Both sides have the same row of the same classes. */
static bool same_row(const struct store_side *a, const struct store_side *b)
{
	return a->store->judge == b->store->judge && a->row && b->row &&
	       !memcmp(a->row, b->row, sizeof(*a->row));
}

static u32 sides_diff(const struct store_side *a, const struct store_side *b, u64 addr)
{
	u32 what;

	if (same_row(a, b))
		return 0;
	what = store_diff_class(a->class, b->class);
	if (!a->vma != !b->vma)
		what |= STORE_MAPPED;
	if (is_page(a->class) && is_page(b->class)) {
		const struct page_info *pa = &a->class->page, *pb = &b->class->page;
		bool differ = store_page_at(a->store, a->row, addr).pfn !=
			      store_page_at(b->store, b->row, addr).pfn;

		if (differ && page_knows(pa, PAGE_F_PFN) && page_knows(pb, PAGE_F_PFN))
			what |= STORE_MOVED;
		if (differ && pa->kind == PAGE_SWAP && pb->kind == PAGE_SWAP)
			what |= STORE_STATE;
	}
	return what;
}

/* A change that the next rows may extend. */
struct pending {
	struct store_change change;
	store_diff_cb cb;
	void *ctx;
	bool active;
};

static int pending_flush(struct pending *p)
{
	bool active = p->active;

	p->active = false;
	return active ? p->cb(p->ctx, &p->change) : 0;
}

/* @next has the class of @first, and the PFN that its run reaches at @addr. */
static bool side_continues(const struct store_side *first, const struct store_side *next,
			   u64 addr)
{
	if (first->vma != next->vma || first->class != next->class)
		return false;
	return !is_page(first->class) ||
	       store_page_at(first->store, first->row, addr).pfn ==
		       store_page_at(next->store, next->row, addr).pfn;
}

static int pending_add(struct pending *p, const struct store_side *a,
		       const struct store_side *b, u64 start, u64 end, u32 what)
{
	struct store_change *c = &p->change;
	int r;

	if (p->active && c->end == start && c->what == what &&
	    side_continues(&c->a, a, start) && side_continues(&c->b, b, start)) {
		c->end = end;
		return 0;
	}
	r = pending_flush(p);
	if (r)
		return r;
	*c = (struct store_change){
		.start = start, .end = end, .what = what, .a = *a, .b = *b
	};
	p->active = true;
	return 0;
}

/* Both have the same block of rows: one is an unchanged copy of the other. */
static bool same_rows(const struct store_side *a, const struct store_side *b)
{
	return a->store->judge == b->store->judge && a->vma && b->vma && a->vma->rows &&
	       a->vma->rows == b->vma->rows && a->vma->vma.start == b->vma->vma.start &&
	       a->vma->vma.end == b->vma->vma.end && !a->vma->dropped &&
	       a->store->opt.holes && b->store->opt.holes;
}

/* Returns the end of the run of equal rows that begins here, up to @end; 0: none. */
static u64 like_rows_end(struct store_cursor *a, struct store_cursor *b, u64 end)
{
	const struct page_run *ra = a->at.row, *rb = b->at.row;
	size_t na, nb, n = 0;

	if (!same_row(&a->at, &b->at) || !a->at.store->opt.holes ||
	    !b->at.store->opt.holes || a->at.vma->vma.end != b->at.vma->vma.end)
		return 0;
	na = store_nrows(a->at.vma) - a->row_hint;
	nb = store_nrows(b->at.vma) - b->row_hint;
	while (n + 1 < na && n + 1 < nb && ra[n + 1].addr < end &&
	       !memcmp(&ra[n + 1], &rb[n + 1], sizeof(*ra)))
		n++;
	a->row_hint += n;
	b->row_hint += n;
	return MIN(page_end(&ra[n]), a->at.vma->vma.end);
}

/* Nobody asked for the place when the side was collected. */
static bool left_out(const struct store_cursor *side)
{
	return !side->covered &&
	       (side->at.process->process.part || side->at.store->opt.nranges);
}

int store_diff(const struct store *sa, const struct store_process *pa,
	       const struct store *sb, const struct store_process *pb, u64 start, u64 end,
	       u32 mask, store_diff_cb cb, void *ctx, u64 *ret_skipped)
{
	struct store_cursor a = { .at = { .store = sa, .process = pa } };
	struct store_cursor b = { .at = { .store = sb, .process = pb } };
	struct pending pending = { .cb = cb, .ctx = ctx };
	u64 next, skipped = 0;
	int r = 0;

	for (u64 addr = start; !r && addr < end; addr = next) {
		store_diff_seek(&a, addr, end);
		store_diff_seek(&b, addr, end);
		next = MIN(a.end, b.end);
		if (same_rows(&a.at, &b.at)) {
			next = MIN(a.at.vma->vma.end, end);
			continue;
		}
		u64 like = like_rows_end(&a, &b, end);
		next = MIN(MAX(next, like), end);
		if (!a.covered || !b.covered) {
			if (!(left_out(&a) && left_out(&b)))
				skipped += a.at.vma || b.at.vma ? next - addr : 0;
			continue;
		}
		u32 what = sides_diff(&a.at, &b.at, addr);
		if (what & mask)
			r = pending_add(&pending, &a.at, &b.at, addr, next, what);
	}
	if (!r)
		r = pending_flush(&pending);
	if (ret_skipped)
		*ret_skipped += skipped;
	return r;
}
