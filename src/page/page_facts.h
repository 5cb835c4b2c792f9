/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page_facts.h - derives the fact word of a page from its fields, its VMA and its context. */
#ifndef GUPINFO_PAGE_FACTS_H
#define GUPINFO_PAGE_FACTS_H

#include "page/page.h"

/*
 * Fills @page->facts from the other members of @page, from @vma, @ctx and @raw, and adds what follows on every kernel (fact_infer()), so that other kernels' rules can judge the facts too.  A
 * raced page keeps only the facts of its VMA.  Facts that contradict each other stay as they
 * were read; the predictor then returns unknown.
 */
void page_facts(const struct page_context *ctx, const struct vma *vma,
		const struct raw_page *raw, struct page_info *page);

#endif
