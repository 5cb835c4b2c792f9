/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page/page.h"

#include <string.h>

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
	return w->ctx->have_bpf ? PAGE_WHY_RACED : PAGE_WHY_NO_BPF;
}

bool page_like(const struct page_run *page, const struct page_run *next)
{
	if (next->addr != page->addr + page->pages * page->size ||
	    page->size != next->size || page->kind != next->kind ||
	    page->leaf != next->leaf || page->anon != next->anon ||
	    page->raced != next->raced || page->flags != next->flags ||
	    page->flags_known != next->flags_known || page->pte != next->pte ||
	    page->pte_known != next->pte_known || page->pkey != next->pkey ||
	    page->order != next->order)
		return false;
	if (page->mapcount != next->mapcount ||
	    page->folio_mapcount != next->folio_mapcount ||
	    page->mapcount_kind != next->mapcount_kind ||
	    page->refcount != next->refcount || page->pincount != next->pincount ||
	    page->pincount_kind != next->pincount_kind ||
	    page->anon_exclusive != next->anon_exclusive ||
	    page->mm_shared != next->mm_shared || page->node != next->node ||
	    page->zone != next->zone || page->migratetype_bad != next->migratetype_bad ||
	    page->expected != next->expected || page->excess != next->excess)
		return false;
	if (page->swap_type != next->swap_type || page->present != next->present ||
	    page->swap_exclusive != next->swap_exclusive ||
	    memcmp(page->why, next->why, sizeof(page->why)) ||
	    memcmp(&page->facts, &next->facts, sizeof(page->facts)))
		return false;
	return true;
}

bool page_continues(const struct page_run *page, const struct page_run *next)
{
	u64 step = page->leaf > RAW_LEVEL_PTE ? BIT(page->order) : 1;

	if (page->folded || next->folded || !page_like(page, next))
		return false;
	if (page->kind == PAGE_SWAP)
		return page->swap_offset + page->pages == next->swap_offset;
	if (page->kind == PAGE_ZERO || page->kind == PAGE_HUGE_ZERO)
		return page->pfn == next->pfn;
	return !page->pfn ? !next->pfn : page->pfn + page->pages * step == next->pfn;
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

const char *page_zone_name(int zone)
{
	static const char *const names[PAGE_ZONES] = {
		[PAGE_ZONE_DMA] = "DMA",         [PAGE_ZONE_DMA32] = "DMA32",
		[PAGE_ZONE_NORMAL] = "Normal",   [PAGE_ZONE_HIGHMEM] = "HighMem",
		[PAGE_ZONE_MOVABLE] = "Movable", [PAGE_ZONE_DEVICE] = "Device",
	};

	return zone >= 0 && zone < PAGE_ZONES ? names[zone] : "?";
}

const char *page_why_text(enum page_why why)
{
	static const char *const texts[PAGE_WHYS] = {
		[PAGE_WHY_KNOWN] = "known",
		[PAGE_WHY_NOT_APPLICABLE] = "does not apply",
		[PAGE_WHY_PFN_HIDDEN] =
			"page frame numbers are hidden: needs CAP_SYS_ADMIN",
		[PAGE_WHY_KPAGE_PERM] = "/proc/kpageflags and /proc/kpagecount are not "
					"readable: needs root",
		[PAGE_WHY_NO_BPF] = "needs BPF, which is not in use",
		[PAGE_WHY_HEAD_ONLY] = "/proc/kpageflags shows the head's flag for every "
				       "page of a folio; needs BPF",
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
	};

	return texts[why];
}

const char *page_field_name(enum page_field field)
{
	static const char *const names[PAGE_FIELDS] = {
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

	return names[field];
}

const char *page_count_kind_name(enum page_count_kind kind)
{
	static const char *const names[] = {
		[PAGE_COUNT_UNKNOWN] = "unknown",
		[PAGE_COUNT_EXACT] = "exact",
		[PAGE_COUNT_AVERAGE] = "average",
		[PAGE_COUNT_ESTIMATE] = "estimate",
	};

	return names[kind];
}
