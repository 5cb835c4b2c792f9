/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page/page.h"

#include "page/page_int.h"

#include "lib/pure.h"

enum page_why page_why_frame(const struct page_work *w)
{
	if (w->ctx->recorded)
		return PAGE_WHY_NOT_RECORDED;
	if (!(w->raw->has & RAW_HAS_PFN))
		return PAGE_WHY_PFN_HIDDEN;
	return w->ctx->kpage_denied ? PAGE_WHY_KPAGE_PERM : PAGE_WHY_RACED;
}

enum page_why page_why_bpf(const struct page_work *w)
{
	if (w->ctx->recorded)
		return PAGE_WHY_NOT_RECORDED;
	return w->ctx->have_bpf             ? PAGE_WHY_RACED
	       : w->raw->has & RAW_HAS_PAGE ? PAGE_WHY_NO_TABLES
					    : PAGE_WHY_NO_BPF;
}

bool page_of_owner(const struct page_info *page)
{
	if (page->has_page && page->kind != PAGE_HUGETLB && !page->anon &&
	    page->kind != PAGE_KSM && page->mapping == RAW_MAPPING_NULL)
		return true;
	return page->kind == PAGE_SPECIAL || page->kind == PAGE_DEVICE;
}

/* As smaps_account() counts LazyFree (fs/proc/task_mmu.c): neither swap-backed nor dirty. */
enum tri page_lazily_free(const struct page_info *page)
{
	const u64 flags = KPF_BIT(SWAPBACKED) | KPF_BIT(DIRTY);

	if (page->kind != PAGE_ANON)
		return TRI_NO;
	if (page->flags & page->flags_known & flags ||
	    page->pte & page->pte_known & PAGE_PTE_DIRTY)
		return TRI_NO;
	return tri_from((page->flags_known & flags) == flags &&
				page->pte_known & PAGE_PTE_DIRTY,
			true);
}

void page_cut(struct page_run *run, u64 start, u64 end, u64 base)
{
	const struct page_info *p = &run->class->page;
	u64 skip = (start - run->addr) / p->size;

	run->pages = (end - run->addr + p->size - 1) / p->size - skip;
	run->addr += skip * p->size;
	if (p->kind == PAGE_SWAP)
		run->pfn += skip;
	else if (page_knows(p, PAGE_F_PFN) && !page_is_zero(p))
		run->pfn += skip * MAX(p->size / base, 1);
}

bool page_frames_continue(const struct page_run *run, const struct page_run *next,
			  u64 base)
{
	const struct page_info *p = &run->class->page;
	u64 step = MAX(p->size / base, 1);

	if (page_is_zero(p))
		return run->pfn == next->pfn;
	if (!run->pfn && p->kind != PAGE_SWAP)
		return !next->pfn;
	return run->pfn + run->pages * step == next->pfn;
}

const char *page_kind_name(enum page_kind kind)
{
	static const char *const names[PAGE_KINDS] = {
		[PAGE_NONE] = "none",
		[PAGE_ANON] = "anon",
		[PAGE_KSM] = "ksm",
		[PAGE_ZERO] = "zero",
		[PAGE_HUGE_ZERO] = "huge-zero",
		[PAGE_FILE] = "file",
		[PAGE_SHMEM] = "shmem",
		[PAGE_HUGETLB] = "hugetlb",
		[PAGE_DEVICE] = "device",
		[PAGE_SPECIAL] = "special",
		[PAGE_SWAP] = "swap",
		[PAGE_MIGRATION] = "migration",
		[PAGE_HWPOISON] = "hwpoison",
		[PAGE_GUARD] = "guard",
		[PAGE_MARKER] = "marker",
		[PAGE_UNKNOWN] = "unknown",
	};

	return names[kind];
}

const char *page_leaf_name(enum raw_level leaf)
{
	static const char *const names[] = { NULL, "pte", "pmd", "pud", "hugepd" };

	return names[leaf];
}

const char *page_zone_name(int zone)
{
	static const char *const names[PAGE_ZONES] = {
		[PAGE_ZONE_DMA] = "DMA",         [PAGE_ZONE_DMA32] = "DMA32",
		[PAGE_ZONE_NORMAL] = "Normal",   [PAGE_ZONE_HIGHMEM] = "HighMem",
		[PAGE_ZONE_MOVABLE] = "Movable", [PAGE_ZONE_DEVICE] = "Device",
	};

	return zone >= 0 && zone < PAGE_ZONES ? names[zone] : "?";
}

const char *const page_why_texts[PAGE_WHYS] = {
	[PAGE_WHY_KNOWN] = "known",
	[PAGE_WHY_NOT_APPLICABLE] = "does not apply",
	[PAGE_WHY_PFN_HIDDEN] = "page frame numbers are hidden: needs CAP_SYS_ADMIN",
	[PAGE_WHY_KPAGE_PERM] =
		"/proc/kpageflags and /proc/kpagecount are not readable: needs root of the initial user namespace",
	[PAGE_WHY_NO_TABLES] = "page tables of this architecture are not read",
	[PAGE_WHY_NO_BPF] = "needs BPF, which is not in use",
	[PAGE_WHY_HEAD_ONLY] =
		"/proc/kpageflags shows the head's flag for every page of a folio; needs BPF",
	[PAGE_WHY_NO_SCAN] = "the kernel has no PAGEMAP_SCAN (before 6.7)",
	[PAGE_WHY_RACED] = "changed while it was read",
	[PAGE_WHY_NO_PAGE_MAPCOUNT] =
		"CONFIG_NO_PAGE_MAPCOUNT: the kernel keeps an average only",
	[PAGE_WHY_HUGETLB_HEAD_0] =
		"/proc/kpagecount reads 0 for hugetlb heads on 6.9 and 6.10",
	[PAGE_WHY_KERNEL_OLD] = "this kernel does not have it",
	[PAGE_WHY_NO_ZONEINFO] = "/proc/zoneinfo does not say",
	[PAGE_WHY_NOT_RECORDED] = "the report does not hold it",
	[PAGE_WHY_UNCALIBRATED] =
		"depends on a kernel behaviour that could not be probed",
	[PAGE_WHY_NO_MMU] = "/proc/cpuinfo does not say whether the MMU is hash or radix",
};

const char *const page_field_names[PAGE_FIELDS] = {
	[PAGE_F_PFN] = "pfn",
	[PAGE_F_LEAF] = "leaf",
	[PAGE_F_FLAGS] = "flags",
	[PAGE_F_MAPCOUNT] = "mapcount",
	[PAGE_F_REFCOUNT] = "refcount",
	[PAGE_F_PINCOUNT] = "pincount",
	[PAGE_F_ANON_EXCLUSIVE] = "anon_exclusive",
	[PAGE_F_PTE] = "pte",
	[PAGE_F_ZONE] = "zone",
	[PAGE_F_FOLIO] = "folio_pages",
	[PAGE_F_KIND] = "kind",
};

const char *const page_count_kind_names[] = {
	[PAGE_COUNT_UNKNOWN] = "unknown",
	[PAGE_COUNT_EXACT] = "exact",
	[PAGE_COUNT_AVERAGE] = "average",
	[PAGE_COUNT_ESTIMATE] = "estimate",
};
