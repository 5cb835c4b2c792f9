/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page_facts_counts.c - what a page's map count and reference count say about who else uses it. */
#include "page/page_facts_int.h"

#include "kpageflags.h"
#include "page/structpage.h"

#include "lib/pure.h"

/* The swap cache holds one reference for each page of the folio. */
static s64 facts_swapcache(const struct page_info *p)
{
	return facts_flag(p, KPF_BIT(SWAPCACHE)) == TRI_YES ? (s64)(1ULL << p->order) : 0;
}

static enum tri facts_swap_shared(const struct page_info *p)
{
	return tri_from(facts_flag(p, KPF_BIT(SWAPCACHE)) == TRI_NO, false);
}

/*
 * References that batches of CPUs can hold, where it was not read in which the page is: one of the
 * LRU lists, and since 5.18 one of mlock_new_folio() or munlock_folio(), which leave PG_mlocked set
 * until the batch is drained.
 */
static s64 facts_batches(const struct page_info *p)
{
	if (p->has_batches)
		return page_batches(p);
	return facts_flag(p, KPF_BIT(MLOCKED)) == TRI_NO ? 1 : 2;
}

/*
 * Is there a reference besides those of the batches that were read?  Who isolates a page from its LRU
 * list (reclaim, migration) has one, too; a batch that adds it to a list has taken it from nobody.
 * mlock's batch has pages of both kinds (mlock_folio(), mlock_new_folio()).
 */
static enum tri facts_beside_batches(const struct page_info *p)
{
	u32 mlock = STRUCTPAGE_BATCH(STRUCTPAGE_MLOCK, 0);
	s64 rest = p->excess - page_batches(p);

	/* the LRU's batches have lower numbers than mlock's */
	if (rest != 1 || facts_flag(p, KPF_BIT(LRU)) != TRI_NO ||
	    (p->batches && (p->batches & 0xffff) < mlock))
		return tri_from(true, rest > 0);
	return tri_from(!p->batches, false);
}

/*
 * wp_can_reuse_anon_folio(): one reference must be left after it frees the swap cache and, if
 * the page is not on an LRU list, drains this CPU's batch.  On which CPU the fault will be is not
 * known.
 */
static enum tri facts_ref_sole(const struct page_info *p)
{
	enum tri lru = facts_flag(p, KPF_BIT(LRU)),
		 cached = facts_flag(p, KPF_BIT(SWAPCACHE));
	s64 rest = p->refcount - facts_swapcache(p);

	if (p->refcount == 1)
		return TRI_YES;
	if (cached == TRI_UNKNOWN || (lru == TRI_UNKNOWN && !p->order))
		return p->refcount > 3 && !p->order ? TRI_NO : TRI_UNKNOWN;
	if (p->order && p->leaf == RAW_LEVEL_PTE && p->refcount > 3)
		return TRI_NO; /* refused before the swap cache is freed */
	if (rest > 1 && (lru == TRI_YES || p->order || rest > 1 + facts_batches(p)))
		return TRI_NO;
	if (rest > 1)
		return TRI_UNKNOWN; /* it may be in another CPU's batch */
	return tri_not(facts_swap_shared(p));
}

static enum tri facts_ref_is_maps(const struct page_info *p)
{
	s64 cache = facts_swapcache(p);

	if (p->folio_mapcount < 0 || facts_flag(p, KPF_BIT(SWAPCACHE)) == TRI_UNKNOWN)
		return TRI_UNKNOWN;
	if (!cache || p->refcount - cache != p->folio_mapcount)
		return tri_from(true, p->refcount == p->folio_mapcount);
	return tri_not(facts_swap_shared(p));
}

/*
 * Is there a reference through which somebody may read?  One of a small page off the LRU lists
 * is a per-CPU batch's or isolation's; one on them may have such a one too (activation,
 * MADV_FREE).
 */
static enum tri facts_extra_refs(const struct page_info *p)
{
	enum tri lru = facts_flag(p, KPF_BIT(LRU));
	bool cached = p->kind == PAGE_ANON || p->kind == PAGE_KSM ||
		      p->kind == PAGE_FILE || p->kind == PAGE_SHMEM;

	if (p->expected < 0 && page_of_owner(p) && p->folio_mapcount >= 0)
		return tri_from(true, p->refcount > p->folio_mapcount);
	if (p->expected < 0)
		return TRI_UNKNOWN;
	if (p->excess <= 0)
		return TRI_NO;
	if (facts_large(p) == TRI_YES || !cached)
		return TRI_YES;
	if (p->has_batches)
		return facts_beside_batches(p);
	if (p->excess > facts_batches(p))
		return TRI_YES;
	return lru == TRI_NO && p->excess == 1 ? TRI_NO : TRI_UNKNOWN;
}

void page_facts_counts_maps(struct page_facts_work *w)
{
	const struct page_info *p = w->page;
	s64 n = p->folio_mapcount;

	if (page_knows(p, PAGE_F_MAPCOUNT) && n >= 0) {
		fact_set(&w->f, F(MAPCOUNT_ONE), n == 1);
	} else if (page_knows(p, PAGE_F_MAPCOUNT) &&
		   (p->maps_differ ||
		    (p->mapcount_kind == PAGE_COUNT_EXACT && p->mapcount > 1))) {
		fact_set(&w->f, F(MAPCOUNT_ONE), false);
	}
	fact_set_tri(&w->f, F(MM_SHARED), p->mm_shared);
	fact_set_tri(&w->f, F(SWAP_SHARED), facts_swap_shared(p));
}

void page_facts_counts_refs(struct page_facts_work *w)
{
	const struct page_info *p = w->page;

	if (page_knows(p, PAGE_F_PINCOUNT) && p->pincount >= 0)
		fact_set(&w->f, F(MAYBE_PINNED), p->pincount > 0);
	if (!page_knows(p, PAGE_F_REFCOUNT) || p->refcount < 0)
		return;
	fact_set(&w->f, F(REF_ONE), p->refcount == 1);
	fact_set_tri(&w->f, F(REF_SOLE), facts_ref_sole(p));
	fact_set_tri(&w->f, F(REF_IS_MAPS), facts_ref_is_maps(p));
	fact_set_tri(&w->f, F(EXTRA_REFS), facts_extra_refs(p));
}
