/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * walk.bpf.h - walks the page tables of a process and makes records of their leaves.
 *
 * Lower tables may be freed at any time.  So every table is read whole and then the entry that points to
 * it again: when it has changed, what came from the table is discarded and read anew.  Each leaf entry is
 * read again after its page, likewise.
 */
#pragma once

#include "leaves.bpf.h"

/* Finishes the current table: did it belong to the process all the time? */
static __always_inline void table_done(struct structpage_walk *w)
{
	u64 again = load64(w->pmd_ptr);

	settle(w);
	w->table = 0;
	w->addr = w->base + w->to * PAGE;
	if ((again ^ w->pmd) & ~call.ignore) {
		if (w->table_tries < TRIES) { /* the last try is delivered as raced */
			w->table_tries++;
			w->n = w->table_rec;
			w->closed = 0;
			forget_likes(w);
			w->addr = w->base;
			return;
		}
	}
	w->table_rec = w->n;
	w->table_tries = 0;
}

/* Handles a PMD or PUD leaf. */
static __always_inline void huge_leaf(struct structpage_walk *w, u64 addr, u64 e, u64 ptr,
				      u8 level, u64 size)
{
	bool others = w->later && addr & (size - 1);

	addr &= ~(size - 1);
	if (others || (w->pfn_hi && (!is_present(e, level) ||
				     filtered(w, pfn_of(e, level), leaf_pages(level)))))
		settle(w);
	else if (!leaf_done(w, addr, e, ptr, level))
		return; /* the walk reads it again on its way down */
	w->addr = addr + size;
}

static __always_inline void open_table(struct structpage_walk *w, u64 table, u64 e,
				       u64 ptr)
{
	u64 addr = w->addr, left = (w->end - addr + PAGE - 1) >> call.page_shift;
	u32 first = addr >> call.page_shift & 511,
	    n = left < 512 - first ? left : 512 - first;

	table += (addr >> call.page_shift & (PAGE / 8 - 1)) * 8;
	barrier_var(n); /* 6.1's verifier wants to see the bound */
	if (n > 512 || bpf_probe_read_kernel(w->pt, n * 8, (void *)table)) {
		u64 size = 512 * PAGE;

		hole(w, addr, (addr & ~(size - 1)) + size);
		return;
	}
	settle(w);
	w->table = table;
	w->pmd_ptr = ptr;
	w->pmd = e;
	w->base = addr & ~(PAGE - 1);
	w->i = 0;
	w->to = n;
	w->table_rec = w->n;
	ahead(w, n);
}

/* Goes from the table at w->down to the one below; returns 1 where there is none. */
__noinline int down(struct structpage_walk *w)
{
	u32 l;
	u64 e;

	if (!w)
		return 1;
	l = w->level;
	w->down_ptr = w->down + (w->addr >> level_shift(l) & (PAGE / 8 - 1)) * 8;
	e = w->down_e = load64(w->down_ptr);
	if (!(e & call.valid) || (l <= 3 && (e & call.leaf_mask) == call.leaf))
		return 1;
	w->down = call.page_offset + (valid_pfn(e, 1) << call.page_shift);
	w->level = l - 1;
	return 0;
}

/* Walks down to w->addr's entry: a hole, a huge leaf, or a table that it copies to w->pt[]. */
static __always_inline void descend(struct structpage_walk *w)
{
	u64 addr = w->addr;
	u32 shift;

	w->down = w->pgd;
	w->level = call.levels;
	for (u32 i = 0; i < 4; i++)
		if (w->level < 2 || down(w))
			break;
	shift = level_shift(w->level);
	if (w->level < 2)
		open_table(w, w->down, w->down_e, w->down_ptr);
	else if (!w->down_e)
		hole(w, addr,
		     (addr >> shift << shift) + (empty_entries(w->down_ptr) << shift));
	else if (w->level > 3)
		hole(w, addr, (addr >> shift << shift) + (1ULL << shift));
	else
		huge_leaf(w, addr, w->down_e, w->down_ptr, w->level, 1ULL << shift);
}

/* Handles everything but one more leaf like the last.  Returns 1 when this call is done. */
__noinline int other(struct structpage_walk *w)
{
	if (!w)
		return 1;
	if (w->table) {
		if (w->i < w->to)
			other_leaf(w);
		else
			table_done(w);
		return 0;
	}
	/* A table's records must fit, so that they can be discarded together. */
	if (w->addr >= w->end || w->n + 513 > STRUCTPAGE_RECS)
		return 1;
	descend(w);
	return 0;
}

/*
 * A callback must return 0 or 1, and the verifier does not trust what a global function
 * returned.  A compiler that looks into the function (clang 19) knows that it is 0 or 1 already
 * and would drop the comparison.
 */
static __always_inline long not_zero(int r)
{
	barrier_var(r);
	return r != 0;
}

static long step(u32 i, struct structpage_walk **at)
{
	struct structpage_walk *w = *at;

	if (w->i < w->to && ((CAST && next_group(w)) || next_leaf(w)))
		return 0;
	return not_zero(other(w));
}

/* Forgets what calls before have left, and starts at w->addr. */
static __always_inline void walk_reset(struct structpage_walk *w)
{
	w->n = 0;
	w->err = 0;
	w->words.sum_head = 0;
	w->table = w->i = w->to = w->tries = 0;
	w->table_rec = w->table_tries = 0;
	w->run = w->jump = 0;
	w->list = w->closed = 0;
	w->last = ~0ULL;
	forget_likes(w);
}

/* What the call has read ends here. */
static __always_inline void walk_settle(struct structpage_walk *w)
{
	if (w->table) { /* the call ends inside a table */
		w->to = w->i;
		table_done(w);
	}
	settle(w);
}
