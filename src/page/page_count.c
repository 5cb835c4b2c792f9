/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Map counts, reference counts and pins, and the reference count that the kernel expects. */
#include "page/page_int.h"

#include "lib/text.h"

#include "lib/pure.h"

#define PAGE_PIN_BIAS 1024         /* GUP_PIN_COUNTING_BIAS */
#define PAGE_MM_IDS_SHARED BIT(63) /* FOLIO_MM_IDS_SHARED_BITNUM */

static void page_count_maps_struct(struct page_work *w, bool large)
{
	struct page_info *p = w->page;
	const struct raw_page *o = w->raw;

	if (o->has & RAW_HAS_LARGE)
		p->folio_mapcount = o->large_mapcount;
	else if (!o->order)
		p->folio_mapcount = o->mapcount;
	/* CONFIG_NO_PAGE_MAPCOUNT: the pages of a large folio have no _mapcount. */
	if (large && page_kernel(w, KFACT_KPAGECOUNT_AVERAGE) != TRI_NO) {
		page_why(w, PAGE_F_MAPCOUNT,
			 page_kernel(w, KFACT_KPAGECOUNT_AVERAGE) == TRI_YES
				 ? PAGE_WHY_NO_PAGE_MAPCOUNT
				 : PAGE_WHY_UNCALIBRATED);
		return;
	}
	if (large && page_huge_leaf(w) && raw_page_in_parts(o) &&
	    !(o->has & RAW_HAS_MAPS)) {
		page_why(w, PAGE_F_MAPCOUNT, page_why_frame(w));
		return;
	}
	p->mapcount = o->mapcount;
	p->mapcount_kind = PAGE_COUNT_EXACT;
	page_why(w, PAGE_F_MAPCOUNT, PAGE_WHY_KNOWN);
	p->counts_disagree = !p->order && p->kind != PAGE_HUGETLB &&
			     o->has & RAW_HAS_KPAGECOUNT &&
			     (s64)o->kpagecount != o->mapcount;
}

static void page_count_maps_proc(struct page_work *w, bool large)
{
	struct page_info *p = w->page;
	const struct raw_page *o = w->raw;
	enum tri average = page_kernel(w, KFACT_KPAGECOUNT_AVERAGE);

	if (p->kind == PAGE_HUGETLB && !o->kpagecount &&
	    page_kernel(w, KFACT_KPAGECOUNT_HUGETLB_ZERO) != TRI_NO) {
		page_why(w, PAGE_F_MAPCOUNT, PAGE_WHY_HUGETLB_HEAD_0);
		return;
	}
	if (!(p->flags_known & KPF_BIT(COMPOUND_TAIL)) && average != TRI_NO) {
		page_why(w, PAGE_F_MAPCOUNT, page_why_frame(w)); /* it may be large */
		return;
	}
	if (large && average == TRI_UNKNOWN) {
		page_why(w, PAGE_F_MAPCOUNT, PAGE_WHY_UNCALIBRATED);
		return;
	}
	p->mapcount = o->kpagecount;
	p->mapcount_kind =
		large && average == TRI_YES ? PAGE_COUNT_AVERAGE : PAGE_COUNT_EXACT;
	page_why(w, PAGE_F_MAPCOUNT, PAGE_WHY_KNOWN);
	if (!large && p->flags_known & KPF_BIT(COMPOUND_TAIL))
		p->folio_mapcount = p->mapcount;
}

/*
 * A process that stores to a page of a huge leaf which it shares has its PMD split, and maps the rest by
 * PTEs (__split_huge_pmd()): from then on the pages of the leaf have different map counts.
 */
static void page_count_maps_parts(struct page_work *w)
{
	struct page_info *p = w->page;
	const struct raw_page *o = w->raw;

	if (!(o->has & RAW_HAS_MAPS) || !page_knows(p, PAGE_F_MAPCOUNT) ||
	    o->maps_share == RAW_MAPS_ONE / (u64)MAX(p->mapcount, 1))
		return;
	p->maps_differ = true;
	p->maps_once = o->maps_once;
	p->maps_share = o->maps_share;
	p->mapcount = (RAW_MAPS_ONE - 1) / MAX(o->maps_share, 1) + 1;
	p->mapcount_kind = PAGE_COUNT_AVERAGE;
}

void page_count_maps(struct page_work *w)
{
	struct page_info *p = w->page;
	/* A hugetlb folio is only mapped whole: page and folio have one map count. */
	bool large = (w->head || w->tail) && p->kind != PAGE_HUGETLB;

	p->folio_mapcount = -1;
	p->mapcount = -1;
	if (!w->present || page_is_zero(p) || p->kind == PAGE_SPECIAL)
		page_why(w, PAGE_F_MAPCOUNT, PAGE_WHY_NOT_APPLICABLE);
	else if (w->has_page)
		page_count_maps_struct(w, large);
	else if (w->raw->has & RAW_HAS_KPAGECOUNT)
		page_count_maps_proc(w, large);
	else
		page_why(w, PAGE_F_MAPCOUNT, page_why_frame(w));
	page_count_maps_parts(w);
}

/* folio_expected_ref_count(), mm.h (6.16; before: scattered); -1 when a part is unknown. */
static s64 page_count_expected(const struct page_work *w)
{
	const struct page_info *p = w->page;
	const struct raw_page *o = w->raw;
	s64 pages = 1ll << MIN(p->order, 30), refs = p->folio_mapcount;

	if (refs < 0 || page_of_owner(p) || !page_knows(p, PAGE_F_FOLIO))
		return -1;
	if (p->anon || p->kind == PAGE_KSM) {
		if (!(p->flags_known & KPF_BIT(SWAPCACHE)))
			return -1;
		return refs + (page_has_flag(p, KPF_BIT(SWAPCACHE)) ? pages : 0);
	}
	if (p->kind != PAGE_FILE && p->kind != PAGE_SHMEM && p->kind != PAGE_HUGETLB)
		return -1; /* drivers hold any number of references */
	if (!(p->flags_known & KPF_BIT(PRIVATE)))
		return -1;
	if (o->mapping != RAW_MAPPING_NULL) {
		enum tri each = page_kernel(w, KFACT_HUGETLB_CACHE_REFS_NR);

		if (p->kind == PAGE_HUGETLB && each == TRI_UNKNOWN)
			return -1;
		refs += p->kind == PAGE_HUGETLB && each == TRI_NO ? 1 : pages;
	}
	if (p->kind == PAGE_HUGETLB)
		return refs;
	/* aio_setup_ring() keeps a reference; aio_migrate_folio() expects it, too. */
	if (w->vma->fs == VMA_FS_AIO && o->mapping != RAW_MAPPING_NULL)
		refs++;
	return refs + (page_has_flag(p, KPF_BIT(PRIVATE)) ? 1 : 0);
}

char *page_count_expected_text(const struct page_info *p, char *buf, size_t size)
{
	bool private = page_has_flag(p, KPF_BIT(PRIVATE)) && p->kind != PAGE_HUGETLB &&
		       !p->anon && p->kind != PAGE_KSM;
	s64 cache = p->expected - p->folio_mapcount - private;
	s64 context =
		p->kind == PAGE_FILE ? MAX(cache - (1ll << MIN(p->order, 30)), 0) : 0;

	buf[0] = '\0';
	if (p->expected < 0)
		return buf;
	text_add(buf, size, "%lld mapping%s", p->folio_mapcount,
		 p->folio_mapcount == 1 ? "" : "s");
	if (cache)
		text_add(buf, size, ", %lld %s cache", cache - context,
			 p->anon || p->kind == PAGE_KSM ? "swap" : "page");
	if (context)
		text_add(buf, size, ", %lld AIO context", context);
	if (private)
		text_add(buf, size, ", 1 private");
	return buf;
}

/*
 * Nobody can hold a reference through this entry: vm_normal_page() and GUP-fast find no page behind
 * a special one (mm/memory.c, mm/gup.c), and check_vma_flags() refuses VM_IO and VM_PFNMAP.
 */
static bool page_count_none(const struct page_work *w)
{
	bool driver = w->vma->has_flags && w->vma->flags & (VF(IO) | VF(PFNMAP));
	bool special = w->has_pte && w->pte.bits & PAGE_PTE_SPECIAL;

	return !w->present ||
	       (!w->has_page && (driver || w->page->kind == PAGE_SPECIAL) &&
		(special || !w->has_pte));
}

static void page_count_pins(struct page_work *w)
{
	struct page_info *p = w->page;
	const struct raw_page *o = w->raw;

	page_why(w, PAGE_F_PINCOUNT, PAGE_WHY_KNOWN);
	if (page_count_none(w)) {
		page_why(w, PAGE_F_PINCOUNT, PAGE_WHY_NOT_APPLICABLE);
	} else if (w->has_page && o->order) {
		p->pincount = o->pincount;
		p->pincount_kind = PAGE_COUNT_EXACT;
	} else if (w->has_page && !page_is_zero(p)) {
		/* GUP_PIN_COUNTING_BIAS: 1024 other references look the same as one pin. */
		p->pincount = (u32)o->refcount / PAGE_PIN_BIAS;
		p->pincount_kind = p->pincount ? PAGE_COUNT_ESTIMATE : PAGE_COUNT_EXACT;
	} else if (w->ctx->pins_anywhere == TRI_NO) {
		p->pincount = 0;
		p->pincount_kind = PAGE_COUNT_EXACT;
	} else {
		page_why(w, PAGE_F_PINCOUNT,
			 page_is_zero(p) ? PAGE_WHY_NOT_APPLICABLE : page_why_bpf(w));
	}
}

static enum tri page_count_mm_shared(const struct page_work *w)
{
	const struct page_info *p = w->page;

	if (!w->present || page_is_zero(p) || p->kind == PAGE_SPECIAL ||
	    p->folio_mapcount < 0)
		return TRI_UNKNOWN;
	if (p->folio_mapcount <= 1)
		return TRI_NO;
	if (page_knows(p, PAGE_F_FOLIO) && (!p->order || p->kind == PAGE_HUGETLB))
		return TRI_YES;
	if (w->raw->has & RAW_HAS_MM_IDS)
		return tri_from(true, w->raw->mm_ids & PAGE_MM_IDS_SHARED);
	return TRI_UNKNOWN;
}

void page_count_refs(struct page_work *w)
{
	struct page_info *p = w->page;

	p->refcount = p->pincount = p->expected = -1;
	page_count_pins(w);
	p->mm_shared = page_count_mm_shared(w);
	if (page_count_none(w)) {
		page_why(w, PAGE_F_REFCOUNT, PAGE_WHY_NOT_APPLICABLE);
		return;
	}
	if (w->has_page) {
		p->refcount = w->raw->refcount;
		page_why(w, PAGE_F_REFCOUNT, PAGE_WHY_KNOWN);
	} else {
		page_why(w, PAGE_F_REFCOUNT, page_why_bpf(w));
	}
	/* The kernel does not count references to the zero pages. */
	if (!w->has_page || page_is_zero(p))
		return;
	p->batches = w->raw->batches;
	p->expected = page_count_expected(w);
	if (p->expected >= 0)
		p->excess = p->refcount - p->expected;
}
