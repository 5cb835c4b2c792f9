/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page_facts_int.h - derives the fact word of a page from its fields, its VMA and its context. */
#pragma once

#include "kpageflags.h"
#include "page/page.h"

struct page_facts_work {
	const struct page_context *ctx;
	const struct vma *vma;
	const struct raw_page *raw;
	const struct page_info *page;
	enum tri present;
	struct facts f;
};

static inline enum tri tri_not(enum tri t)
{
	return t == TRI_UNKNOWN ? t : t == TRI_YES ? TRI_NO : TRI_YES;
}

static inline enum tri facts_flag(const struct page_info *p, u64 bit)
{
	return page_knows(p, PAGE_F_FLAGS)
		       ? tri_from(p->flags_known & bit, p->flags & bit)
		       : TRI_UNKNOWN;
}

static inline enum tri facts_large(const struct page_info *p)
{
	if (p->kind == PAGE_HUGETLB || p->kind == PAGE_HUGE_ZERO ||
	    p->leaf > RAW_LEVEL_PTE)
		return TRI_YES;
	if (p->kind == PAGE_ZERO || p->kind == PAGE_KSM)
		return TRI_NO;
	if (p->has_page)
		return tri_from(true, p->order);
	return facts_flag(p, KPF_COMPOUND_BITS);
}

/*
 * Fills @page->facts from the other members of @page, from @vma, @ctx and @raw, and adds what follows on every kernel (fact_infer()), so that other kernels' rules can judge the facts too.  A
 * raced page keeps only the facts of its VMA.  Facts that contradict each other stay as they
 * were read; the predictor then returns unknown.
 */
void page_facts(const struct page_context *ctx, const struct vma *vma,
		const struct raw_page *raw, struct page_info *page);

/* Sets the facts that follow from the map counts, and from the references, of w's page. */
void page_facts_counts_maps(struct page_facts_work *w);
void page_facts_counts_refs(struct page_facts_work *w);
