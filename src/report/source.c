/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/source.h"

#include "lib/pure.h"

const struct source_fact_row source_facts[SOURCE_FACTS] = {
	[SOURCE_PAGEMAP] = { "pagemap", "pagemap" },
	[SOURCE_KPAGEFLAGS] = { "kpageflags", "kpageflags" },
	[SOURCE_KPAGECOUNT] = { "kpagecount", "kpagecount" },
	[SOURCE_STRUCTPAGE] = { "structpage", "struct page" },
	[SOURCE_PTE] = { "pte", "page tables" },
};

u64 source_cgroup(struct source *src, const struct page_run *run, u64 at, u64 base,
		  const char **ret)
{
	const struct page_info *page = &run->class->page;
	u64 pfn = run->pfn + at * (page->size / base), n = run->pages - at, one;

	*ret = page->present == TRI_NO ? "" : NULL;
	if (!src->ops->cgroup || !page_knows(page, PAGE_F_PFN))
		return n;
	if (!page->order && page->size == base) {
		*ret = src->ops->cgroup(src, pfn, n, &n);
		return n;
	}
	/* the kernel has that of a large folio at its first page */
	pfn = ROUND_DOWN(pfn, BIT(MIN(page->order, 40)));
	*ret = src->ops->cgroup(src, pfn, 1, &one);
	return page->size > base ? 1 : n;
}
