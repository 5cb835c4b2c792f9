/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page_facts.h - from the values of a page, its VMA and its context to the fact word.
 *
 * Knows: which value decides which fact of fact.def, and what a missing value leaves open.
 * Never: raw words beside the few that struct page does not repeat, verdicts.
 * Owns: nothing.
 */
#ifndef GUPINFO_PAGE_FACTS_H
#define GUPINFO_PAGE_FACTS_H

#include "page/page.h"

/*
 * Fills @page->facts from the other members of @page, from @vma and @ctx, and adds what follows
 * on every kernel (fact_infer()), so that the facts can be judged by other kernels' rules too.
 * A raced page keeps the facts of its VMA only.  Facts that contradict each other are left as
 * they were read; the predictor then says unknown.
 */
void page_facts(const struct page_context *ctx, const struct vma *vma,
		struct page_run *page);

#endif
