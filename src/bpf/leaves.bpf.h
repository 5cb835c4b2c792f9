/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * leaves.bpf.h - makes records of the leaf entries of a table, and of the struct pages behind them.
 *
 * Most leaves are like the one before: next_leaf() compares the raw words and counts, next_group() those
 * of several.  Leaves that are like an earlier one become a record that is like its: back().  Only others
 * go through leaf(), which reads the folio.
 */
#pragma once

#include "page/structpage.h"

#include "folio.bpf.h"

BPF_RECORDS(recs, struct structpage_rec, STRUCTPAGE_RECS);
BPF_RECORDS(walks, struct structpage_walk, 1);

#define TRIES 3
#define GROUP 4 /* leaves that are handled together */
#define PAGE (1ULL << call.page_shift)

/* Returns record @i of @w's buffer; never NULL, which the verifier cannot know. */
static __always_inline struct structpage_rec *record(const struct structpage_walk *w,
						     u32 i)
{
	i = (i & (STRUCTPAGE_RECS - 1)) + w->first;
	return bpf_map_lookup_elem(&recs, &i);
}

/* log2 of the bytes that an entry of @level maps. */
static __always_inline u32 level_shift(u32 level)
{
	return (call.page_shift + (call.page_shift - 3) * (level - 1)) & 63;
}

static __always_inline u64 leaf_pages(u8 level)
{
	return 1ULL << ((level_shift(level) - call.page_shift) & 63);
}

/* The verifier checks a global function once, whoever calls it: this keeps loading short. */

/* --- records */

/* @r continues @p: words of a run differ only in address and PFN. */
static __always_inline bool continues(const struct structpage_walk *w,
				      const struct structpage_rec *p,
				      const struct structpage_rec *r)
{
	u64 step = leaf_pages(r->level);

	if (p->level != r->level || p->pte != r->pte ||
	    (p->has ^ r->has) & ~STRUCTPAGE_FOLDED ||
	    p->addr + (p->pages * step << call.page_shift) != r->addr)
		return false;
	if (!(r->has & STRUCTPAGE_PRESENT))
		return true;
	if (!w->fold && p->pfn + p->pages * step != r->pfn)
		return false;
	if (p->flags != r->flags || p->head_flags != r->head_flags ||
	    p->mm_ids != r->mm_ids || p->refcount != r->refcount ||
	    p->mapcount != r->mapcount || p->type != r->type || p->entire != r->entire ||
	    p->large != r->large || p->pincount != r->pincount ||
	    p->mapping != r->mapping || p->order != r->order)
		return false;
	/* The same folio, or folios of one leaf each. */
	return p->head_pfn == r->head_pfn ||
	       (p->head_pfn == p->pfn && r->head_pfn == r->pfn &&
		(1ULL << (r->order & 63)) == step);
}

/* Accepts the record after the last, or merges it into the record before. */
__noinline int commit(struct structpage_walk *w)
{
	struct structpage_rec *r, *p;

	if (!w)
		return 0;
	r = record(w, w->n);
	p = record(w, w->n - 1);
	if (!r || !p)
		return 0;
	if (w->n > w->table_rec && w->n > w->closed && continues(w, p, r)) {
		if (r->has & STRUCTPAGE_PRESENT &&
		    p->pfn + p->pages * leaf_pages(r->level) != r->pfn)
			p->has |= STRUCTPAGE_FOLDED;
		p->pages += r->pages;
		return 0;
	}
	w->n++;
	return 0;
}

static __always_inline bool is_present(u64 e, u8 level)
{
	return e & (call.valid | call.soft_present) ||
	       (level > 1 && e & call.soft_present_hi);
}

/* Returns the PFN of @e that is valid, a table or a leaf at @level. */
static __always_inline u64 valid_pfn(u64 e, u8 level)
{
	return (e & call.pfn_mask[level & 3]) >> call.page_shift |
	       (e & call.pfn_high) << call.pfn_high_shift;
}

static __always_inline u64 pfn_of(u64 e, u8 level)
{
	return valid_pfn((e & call.valid) || !call.inverted ? e : ~e, level);
}

static __always_inline bool filtered(const struct structpage_walk *w, u64 pfn, u64 step)
{
	return w->pfn_hi && (pfn + step <= w->pfn_lo || pfn >= w->pfn_hi);
}

/* Returns the struct page of the last-level entry @e, which is valid. */
static __always_inline u64 page_of(u64 e)
{
	return page_address(valid_pfn(e, 1));
}

static __always_inline bool has_struct_page(u64 e, u64 pfn)
{
	if (pfn >= call.max_pfn)
		return false;
	return !(e & call.special) || pfn == call.zero_pfn[0] || pfn == call.zero_pfn[1];
}

/* Adds the leaves that were like the last one to its record. */
__noinline int settle(struct structpage_walk *w)
{
	struct structpage_rec *p = w ? record(w, w->n - 1) : NULL;

	if (!p)
		return 0;
	if (w->list) { /* what lies there is no record */
		w->closed = w->n;
	} else {
		p->pages += w->run;
		if (w->jump)
			p->has |= STRUCTPAGE_FOLDED;
	}
	w->list = w->run = w->jump = 0;
	w->last = ~0ULL;
	return 0;
}

/* --- leaves */

/*
 * Makes a record of leaf entry @e at @ptr.  Returns false when the entry has changed meanwhile:
 * the caller reads it again.
 */
static __always_inline bool leaf(struct structpage_walk *w, u64 addr, u64 e, u64 ptr,
				 u8 level)
{
	/* in memory, where the verifier sees no difference between paths */
	struct structpage_raw *raw = &w->now;
	struct structpage_rec *r;
	u64 again;

	settle(w);
	r = record(w, w->n);
	if (!r)
		return true;
	__builtin_memset(r, 0, sizeof(*r));
	r->addr = addr;
	r->pages = 1;
	r->level = level;
	r->pte = e;
	if (!is_present(e, level))
		return true;
	r->pfn = pfn_of(e, level);
	r->has =
		w->hugetlb ? STRUCTPAGE_PRESENT | STRUCTPAGE_HUGETLB : STRUCTPAGE_PRESENT;
	if (has_struct_page(e, r->pfn) && read_raw(page_address(r->pfn), raw, &w->words))
		read_folio(r->pfn, raw, r, &w->words);
	again = load64(ptr);
	r->pte = again & ~(call.pfn_mask[level & 3] | call.pfn_high);
	if ((again ^ e) & ~call.ignore) {
		if (++w->tries < TRIES)
			return false;
		r->has |= STRUCTPAGE_RACED;
	}
	w->tries = 0;
	if (w->table_tries >= TRIES)
		r->has |= STRUCTPAGE_RACED;
	/* Heads may have equal words and folios that differ. */
	if (level == 1 && e == again && e & call.valid && !(e & call.special) &&
	    r->has & STRUCTPAGE_PAGE && !(r->has & STRUCTPAGE_RACED) && !w->pfn_hi &&
	    !(raw->flags & lay.head_bit)) {
		w->last = e;
		w->raw = *raw;
	}
	return true;
}

/* Where leaves with the bits of entry @e and with page->flags @flags are remembered. */
static __always_inline struct structpage_like *like_of(struct structpage_walk *w, u64 e,
						       u64 flags)
{
	u64 bits = e & ~(call.pfn_mask[1] | call.pfn_high);

	return &w->like[((bits ^ flags) * 0x9e3779b97f4a7c15ULL >> 61) &
			(STRUCTPAGE_LIKES - 1)];
}

/* The records of leaves that are remembered may be discarded. */
static __always_inline void forget_likes(struct structpage_walk *w)
{
	for (u32 i = 0; i < STRUCTPAGE_LIKES; i++)
		w->like[i].e = ~0ULL;
}

/* Separate, because the verifier checks a global function once. */
__noinline int leaf_done(struct structpage_walk *w, u64 addr, u64 e, u64 ptr, u32 level)
{
	struct structpage_like *like;

	if (!w || !leaf(w, addr, e, ptr, level))
		return 0;
	commit(w);
	if (CAST && w->last == e && !(w->raw.head & 1)) {
		like = like_of(w, e, w->raw.flags);
		like->e = e;
		like->raw = w->raw;
		like->rec = w->n - 1;
	}
	return 1;
}

/* Adds a hole up to @next, and goes there. */
__noinline int hole(struct structpage_walk *w, u64 addr, u64 next)
{
	struct structpage_rec *r;

	if (!w)
		return 0;
	if (next > w->end)
		next = w->end;
	w->addr = next;
	settle(w);
	if (w->pfn_hi)
		return 0;
	r = record(w, w->n);
	if (!r)
		return 0;
	__builtin_memset(r, 0, sizeof(*r));
	r->addr = addr;
	r->pages = (next - addr) >> call.page_shift;
	r->level = 1;
	return commit(w);
}

/* Entry @e at @ptr and its page are like the last ones, except for the PFN. */
static __always_inline bool like_last(struct structpage_walk *w, u64 e, u64 ptr)
{
	u64 pfn = valid_pfn(e, 1);
	struct structpage_raw raw;

	return !((e ^ w->last) & ~(call.pfn_mask[1] | call.pfn_high)) &&
	       pfn < call.max_pfn && read_raw(page_address(pfn), &raw, &w->words) &&
	       same_raw(&w->raw, &raw) && load64(ptr) == e;
}

/* The leaf at w->i is like some before the last ones: makes a record that is like theirs. */
__noinline int back(struct structpage_walk *w)
{
	struct structpage_rec *r, *old;
	struct structpage_like *like;
	struct structpage_raw raw;
	u64 e, pfn;

	if (!w)
		return 0;
	e = w->pt[w->i & 511];
	pfn = valid_pfn(e, 1);
	if (!(e & call.valid) || pfn >= call.max_pfn ||
	    !read_raw(page_address(pfn), &raw, &w->words))
		return 0;
	like = like_of(w, e, raw.flags);
	if ((e ^ like->e) & ~(call.pfn_mask[1] | call.pfn_high) ||
	    !same_raw(&like->raw, &raw) || load64(w->table + w->i * 8) != e)
		return 0;
	settle(w);
	r = record(w, w->n);
	old = record(w, like->rec);
	if (!r || !old)
		return 0;
	*r = *old;
	r->has &= ~STRUCTPAGE_FOLDED;
	r->addr = w->base + w->i * PAGE;
	r->pages = 1;
	r->pfn = r->head_pfn = pfn;
	w->raw = like->raw;
	w->last = e;
	w->n++;
	w->i++;
	return 1;
}

/* Starts a run at w->i, of pages like the last but elsewhere in memory.  The caller goes on. */
__noinline int jump(struct structpage_walk *w)
{
	struct structpage_rec *r, *p;

	if (!w)
		return 0;
	r = record(w, w->n);
	p = record(w, w->list ? w->list - 1 : w->n - 1);
	if (!r || !p)
		return 0;
	p->pages += w->run;
	w->list = w->run = 0;
	*r = *p;
	r->has &= ~STRUCTPAGE_LISTED;
	r->addr = w->base + w->i * PAGE;
	r->pages = 1;
	r->pfn = r->head_pfn = valid_pfn(w->pt[w->i & 511], 1);
	w->n++;
	return 0;
}

/*
 * Takes GROUP leaves that are like the last one, elsewhere in memory: their PFNs are listed behind one
 * record, for a record of each would be twelve times as much to write, and to read on another CPU.
 */
__noinline int jump_group(struct structpage_walk *w)
{
	struct structpage_rec *r, *to;
	u64 e = 0, part;

	if (!w)
		return 0;
	if (!w->list) {
		jump(w);
		w->list = w->n;
		w->part = 0;
	}
	part = w->part;
	if (part >= sizeof(*to) / sizeof(u64) / GROUP)
		part = 0;
	w->part = part + 1;
	w->n += !part;
	r = record(w, w->list - 1);
	to = record(w, w->n - 1);
	if (!r || !to)
		return 0;
	r->pages = r->has & STRUCTPAGE_LISTED ? r->pages + GROUP : GROUP;
	r->has |= STRUCTPAGE_LISTED;
	for (u32 k = 0; k < GROUP; k++) {
		e = w->pt[(w->i + k) & 511];
		((u64 *)to)[part * GROUP + k] = valid_pfn(e, 1);
	}
	w->last = e;
	w->i += GROUP;
	return 0;
}

/*
 * Takes GROUP leaves that are like the last one.  Between them is no branch, so that the CPU does not
 * wait for one before the next, and the verifier has one path to follow.
 */
static __always_inline bool next_group(struct structpage_walk *w)
{
	const struct structpage_raw like = w->raw;
	u64 last = w->last, mask = call.pfn_mask[1] | call.pfn_high;
	u64 other = 0, pfns = 0, jumps = 0, heads = 0, e, page;
	u32 i = w->i;

	if (w->alone || i + GROUP > w->to) {
		w->alone -= !!w->alone;
		return false;
	}
	for (u32 k = 0; k < GROUP; k++) {
		e = w->pt[(i + k) & 511];
		other |= (e ^ last) & ~mask;
		pfns |= valid_pfn(e, 1);
		jumps |= e - last - (k + 1) * PAGE;
	}
	if (other || !last || like.head & 1 || w->pfn_hi || lay.private != ABSENT ||
	    (lay.mapcount ^ lay.refcount) & ~7U || pfns >= call.max_pfn)
		return false;
	for (u32 k = 0; k < GROUP; k++) {
		e = w->pt[(i + k) & 511];
		page = page_of(e);
		other |= load64(page + lay.flags) ^ like.flags;
		other |= load64(page + lay.mapping) ^ like.mapping;
		other |= load64(page + (lay.mapcount & ~7U)) ^ like.counts;
		heads |= load64(page + lay.head);
		other |= load64(w->table + (i + k) * 8) ^ e;
	}
	if (other || heads & 1) {
		w->alone = GROUP;
		return false;
	}
	if (jumps && !w->fold) {
		jump_group(w);
		return true;
	}
	if (w->list) { /* from here on they follow each other */
		jump(w);
		w->run--;
	}
	w->jump |= jumps;
	w->last = e;
	w->run += GROUP;
	w->i = i + GROUP;
	return true;
}

/* Only entries of some PFNs are asked for, and @e is of another. */
static __always_inline bool passed_over(const struct structpage_walk *w, u64 e)
{
	return w->pfn_hi && (!is_present(e, 1) || filtered(w, pfn_of(e, 1), 1));
}

static __always_inline bool next_leaf(struct structpage_walk *w)
{
	u32 i = w->i;
	u64 e = w->pt[i & 511], diff;

	if (w->pfn_hi) {
		if (!passed_over(w, e))
			return false;
	} else if (!e) {
		if (w->last)
			return false;
		w->run++;
	} else {
		if (!like_last(w, e, w->table + i * 8))
			return CAST && back(w);
		diff = (e - w->last) ^ PAGE;
		if (diff && !w->fold && w->raw.head & 1)
			return false;
		w->last = e;
		if ((!diff && !w->list) || w->fold) {
			w->jump |= diff;
			w->run++;
		} else {
			jump(w);
		}
	}
	w->i = i + 1;
	return true;
}

/* Handles the entry at w->i of the current table, which is not like the last. */
static __always_inline void other_leaf(struct structpage_walk *w)
{
	u32 i = w->i;
	u64 e = w->pt[i & 511], ptr = w->table + i * 8, addr = w->base + i * PAGE;

	if (!e) {
		hole(w, addr, addr + PAGE);
		w->last = 0;
	} else if (!leaf_done(w, addr, e, ptr, 1)) {
		w->pt[i & 511] = load64(ptr);
		return;
	}
	w->i = i + 1;
}
