/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page.h"

#include <string.h>

#include "kpageflags.h"
#include "page_facts.h"
#include "pagemap.h"
#include "zoneinfo.h"

#include "pure.h"

/* The order of work: each step may use what the steps before it found. */
struct page_work {
	const struct page_context *ctx;
	const struct vma *vma;
	const struct obs *obs;
	struct page *page;
	u64 base; /* bytes of a base page */
	bool present;
	bool tail, head; /* of a compound page; only when flags were read */
};

static enum tri page_kernel(const struct page_work *w, enum kfact fact)
{
	return w->ctx->kernel ? kernel_has(w->ctx->kernel, fact) : TRI_UNKNOWN;
}

static void page_know(struct page *p, enum page_field f)
{
	p->why[f] = PAGE_WHY_KNOWN;
}

static void page_lack(struct page *p, enum page_field f, enum page_why why)
{
	p->why[f] = why;
}

/* Why words about the page frame are missing. */
static enum page_why page_why_frame(const struct page_work *w)
{
	if (w->ctx->recorded)
		return PAGE_WHY_NOT_RECORDED;
	if (!(w->obs->has & OBS_HAS_PFN))
		return PAGE_WHY_PFN_HIDDEN;
	if (w->ctx->kpage_denied)
		return PAGE_WHY_KPAGE_PERM;
	return PAGE_WHY_RACED;
}

static enum page_why page_why_bpf(const struct page_work *w)
{
	if (w->ctx->recorded)
		return PAGE_WHY_NOT_RECORDED;
	return w->ctx->have_bpf ? PAGE_WHY_RACED : PAGE_WHY_NO_BPF;
}

static u64 page_leaf_size(const struct page_work *w)
{
	const struct kernel_evidence *ev = w->ctx->kernel ? &w->ctx->kernel->ev : NULL;

	if (w->vma->flags & VF(HUGETLB) && w->vma->page_size)
		return w->vma->page_size;
	if (w->obs->level == OBS_LEVEL_PMD && ev && ev->pmd_size)
		return ev->pmd_size;
	if (w->obs->level == OBS_LEVEL_PMD)
		return w->base / 8 * w->base;
	if (w->obs->level == OBS_LEVEL_PUD)
		return w->base / 8 * (w->base / 8) * w->base;
	return w->base;
}

static void page_place(struct page_work *w)
{
	struct page *p = w->page;
	const struct obs *o = w->obs;

	p->addr = o->addr;
	p->pages = o->pages;
	p->obs = *o;
	p->raced = o->has & OBS_RACED;
	p->size = page_leaf_size(w);
	p->leaf = o->has & OBS_HAS_LEVEL ? o->level : 0;
	if (!w->present && !p->leaf)
		page_lack(p, PAGE_F_LEAF, PAGE_WHY_NOT_APPLICABLE);
	else if (p->leaf)
		page_know(p, PAGE_F_LEAF);
	else
		page_lack(p, PAGE_F_LEAF,
			  w->ctx->recorded ? PAGE_WHY_NOT_RECORDED : PAGE_WHY_NO_SCAN);
	if (o->has & OBS_HAS_PFN) {
		p->pfn = o->pfn;
		page_know(p, PAGE_F_PFN);
	} else {
		page_lack(p, PAGE_F_PFN,
			  !w->present        ? PAGE_WHY_NOT_APPLICABLE
			  : w->ctx->recorded ? PAGE_WHY_NOT_RECORDED
					     : PAGE_WHY_PFN_HIDDEN);
	}
}

/* Bits of the word of a tail that are the tail's own and say nothing, before 6.10. */
#define PAGE_TAIL_OWN                                                                 \
	(KPF_BIT(LOCKED) | KPF_BIT(ERROR) | KPF_BIT(REFERENCED) | KPF_BIT(UPTODATE) | \
	 KPF_BIT(DIRTY) | KPF_BIT(LRU) | KPF_BIT(ACTIVE) | KPF_BIT(WRITEBACK) |       \
	 KPF_BIT(RECLAIM) | KPF_BIT(READAHEAD) | KPF_BIT(SWAPCACHE) |                 \
	 KPF_BIT(SWAPBACKED) | KPF_BIT(UNEVICTABLE) | KPF_BIT(IDLE) |                 \
	 (KPF_RAW_BITS & ~KPF_BIT(ANON_EXCLUSIVE)))

/* KSM: the bit is wrong on kernels with the bug; what else excludes KSM is asked instead. */
static void page_flag_ksm(struct page_work *w)
{
	struct page *p = w->page;
	enum tri bug = page_kernel(w, KFACT_KPF_KSM_BUG);

	if (!(p->flags & KPF_BIT(KSM)) || bug == TRI_NO)
		return;
	p->flags &= ~KPF_BIT(KSM);
	/* KSM merges order-0 pages of VM_MERGEABLE areas only, and unmerges before it is cleared. */
	if (p->flags & (KPF_COMPOUND_BITS | KPF_BIT(HUGE)) ||
	    !(p->flags & KPF_BIT(ANON)) ||
	    (w->vma->has_flags && !(w->vma->flags & VF(MERGEABLE))))
		return;
	p->flags_known &= ~KPF_BIT(KSM);
}

static void page_flags_proc(struct page_work *w)
{
	struct page *p = w->page;
	u32 kv = w->ctx->kernel ? w->ctx->kernel->kv : 0;

	p->flags = kpageflags_expand(w->obs->kpageflags);
	p->flags_known =
		kpageflags_exported(kv) | KPF_BIT(READAHEAD) | w->obs->kpageflags;
	if (p->flags & KPF_BIT(ANON)) /* bit 34 is page_exclusive()'s */
		p->flags_known &= ~KPF_BIT(OWNER_2);
	p->flags &= ~KPF_BIT(ANON_EXCLUSIVE);
	w->head = p->flags & KPF_BIT(COMPOUND_HEAD);
	w->tail = p->flags & KPF_BIT(COMPOUND_TAIL);
	if (w->tail && page_kernel(w, KFACT_KPF_FOLIO_FLAGS) != TRI_YES)
		p->flags_known &= ~PAGE_TAIL_OWN;
	page_flag_ksm(w);
	p->flags &= p->flags_known;
}

static void page_flags(struct page_work *w)
{
	struct page *p = w->page;

	if (!w->present) {
		page_lack(p, PAGE_F_FLAGS, PAGE_WHY_NOT_APPLICABLE);
	} else if (w->obs->has & OBS_HAS_KPAGEFLAGS) {
		page_flags_proc(w);
		page_know(p, PAGE_F_FLAGS);
	} else {
		page_lack(p, PAGE_F_FLAGS, page_why_frame(w));
	}
}

static bool page_flag(const struct page *p, u64 bit)
{
	return p->flags & p->flags_known & bit;
}

/* A page that is not anonymous, by what its VMA maps. */
static enum page_kind page_kind_file(const struct page_work *w)
{
	switch (w->vma->fs) {
	case VMA_FS_DEVICE:
		return PAGE_DEVICE;
	case VMA_FS_SPECIAL:
	case VMA_FS_NONE:
		return PAGE_SPECIAL;
	case VMA_FS_SHMEM:
		return PAGE_SHMEM;
	case VMA_FS_HUGETLB:
		return PAGE_HUGETLB;
	default:
		return page_flag(w->page, KPF_BIT(SWAPBACKED)) ? PAGE_SHMEM : PAGE_FILE;
	}
}

static enum page_kind page_kind_flags(struct page_work *w)
{
	struct page *p = w->page;

	p->anon = page_flag(p, KPF_BIT(ANON));
	if (page_flag(p, KPF_BIT(HUGE)))
		return PAGE_HUGETLB;
	if (page_flag(p, KPF_BIT(ZERO_PAGE)))
		return page_flag(p, KPF_BIT(THP)) ? PAGE_HUGE_ZERO : PAGE_ZERO;
	if (p->anon && !(p->flags_known & KPF_BIT(KSM)))
		return PAGE_UNKNOWN; /* anon or ksm */
	if (page_flag(p, KPF_BIT(KSM)))
		return PAGE_KSM;
	return p->anon ? PAGE_ANON : page_kind_file(w);
}

/* By the pagemap word and PAGEMAP_SCAN alone. */
static enum page_kind page_kind_pagemap(struct page_work *w)
{
	const struct obs *o = w->obs;
	const struct vma *v = w->vma;
	bool file = o->pagemap & PAGEMAP_FILE;
	bool scanned = o->has & OBS_HAS_SCAN;

	if (v->flags & VF(HUGETLB)) {
		w->page->anon = !file;
		return PAGE_HUGETLB;
	}
	if (scanned && o->scan & PAGEMAP_IS_PFNZERO)
		return o->level == OBS_LEVEL_PMD ? PAGE_HUGE_ZERO : PAGE_ZERO;
	if (o->level == OBS_LEVEL_PTE && file)
		return page_kind_file(w);
	/* Not a file's: anonymous, KSM, a zero page or a special entry. */
	if (v->fs != VMA_FS_NONE || !v->has_flags ||
	    v->flags & (VF(MIXEDMAP) | VF(MERGEABLE)))
		return PAGE_UNKNOWN;
	if (o->level == OBS_LEVEL_PTE && scanned) {
		w->page->anon = true;
		return PAGE_ANON;
	}
	if (o->level == OBS_LEVEL_PMD && !file && scanned &&
	    page_kernel(w, KFACT_SCAN_PFNZERO_HUGE) == TRI_YES) {
		w->page->anon = true;
		return PAGE_ANON;
	}
	return PAGE_UNKNOWN;
}

/* An entry that is not present and not none. */
static enum page_kind page_kind_nonpresent(struct page_work *w)
{
	struct page *p = w->page;
	u64 word = w->obs->pagemap;

	if (word & PAGEMAP_GUARD && page_kernel(w, KFACT_PM_GUARD) == TRI_YES)
		return PAGE_GUARD;
	if (w->obs->has & OBS_HAS_SCAN && w->obs->scan & PAGEMAP_IS_GUARD)
		return PAGE_GUARD;
	if (!(word & PAGEMAP_SWAP))
		return PAGE_UNKNOWN; /* hugetlb: pagemap does not show what it is */
	p->swap_type = pagemap_swap_type(word);
	p->swap_offset = pagemap_swap_offset(word);
	return p->swap_type < 23 ? PAGE_SWAP : PAGE_UNKNOWN;
}

static void page_kind(struct page_work *w)
{
	struct page *p = w->page;
	const struct obs *o = w->obs;
	u64 seen = o->pagemap & ~PAGEMAP_SOFT_DIRTY;

	if (!(o->has & OBS_HAS_PAGEMAP))
		p->kind = w->vma->gate ? PAGE_SPECIAL : PAGE_UNKNOWN;
	else if (w->present)
		p->kind = o->has & OBS_HAS_KPAGEFLAGS ? page_kind_flags(w)
						      : page_kind_pagemap(w);
	else if (w->vma->has_flags && w->vma->flags & VF(PFNMAP))
		p->kind = PAGE_SPECIAL; /* pagemap does not look into VM_PFNMAP areas */
	else if (seen || o->scan)
		p->kind = page_kind_nonpresent(w);
	else
		p->kind = PAGE_NONE;
	if (p->kind != PAGE_UNKNOWN)
		page_know(p, PAGE_F_KIND);
	else if (!(o->has & OBS_HAS_PAGEMAP) || !w->present)
		page_lack(p, PAGE_F_KIND, page_why_bpf(w));
	else if (o->has & OBS_HAS_KPAGEFLAGS)
		page_lack(p, PAGE_F_KIND,
			  page_kernel(w, KFACT_KPF_KSM_BUG) == TRI_UNKNOWN
				  ? PAGE_WHY_UNCALIBRATED
				  : page_why_bpf(w));
	else
		page_lack(p, PAGE_F_KIND, page_why_frame(w));
}

static bool page_is_zero(const struct page *p)
{
	return p->kind == PAGE_ZERO || p->kind == PAGE_HUGE_ZERO;
}

static unsigned page_log2(u64 n)
{
	unsigned order = 0;

	while (n > 1) {
		n >>= 1;
		order++;
	}
	return order;
}

static void page_folio(struct page_work *w)
{
	struct page *p = w->page;

	page_know(p, PAGE_F_FOLIO);
	p->head_pfn = p->pfn;
	if (!w->present) {
		page_lack(p, PAGE_F_FOLIO, PAGE_WHY_NOT_APPLICABLE);
	} else if (p->kind == PAGE_HUGETLB || p->leaf == OBS_LEVEL_PMD ||
		   p->leaf == OBS_LEVEL_PUD) {
		p->order = page_log2(p->size / w->base);
	} else if (!(p->flags_known & KPF_BIT(COMPOUND_TAIL))) {
		page_lack(p, PAGE_F_FOLIO, page_why_frame(w));
		p->head_pfn = 0;
	} else if (w->head || w->tail) {
		page_lack(p, PAGE_F_FOLIO, page_why_bpf(w));
		p->head_pfn = w->head ? p->pfn : 0;
	}
}

static void page_mapcount(struct page_work *w)
{
	struct page *p = w->page;
	const struct obs *o = w->obs;
	bool large = w->head || w->tail;
	enum tri average = page_kernel(w, KFACT_KPAGECOUNT_AVERAGE);

	p->folio_mapcount = -1;
	p->mapcount = -1;
	p->mapcount_kind = PAGE_COUNT_UNKNOWN;
	if (!w->present || page_is_zero(p) || p->kind == PAGE_SPECIAL) {
		page_lack(p, PAGE_F_MAPCOUNT, PAGE_WHY_NOT_APPLICABLE);
		return;
	}
	if (!(o->has & OBS_HAS_KPAGECOUNT)) {
		page_lack(p, PAGE_F_MAPCOUNT, page_why_frame(w));
		return;
	}
	if (p->kind == PAGE_HUGETLB) {
		if (!o->kpagecount &&
		    page_kernel(w, KFACT_KPAGECOUNT_HUGETLB_ZERO) != TRI_NO) {
			page_lack(p, PAGE_F_MAPCOUNT, PAGE_WHY_HUGETLB_HEAD_0);
			return;
		}
		large = false; /* mapped as a whole: the average is exact */
	}
	if (large && average == TRI_UNKNOWN) {
		page_lack(p, PAGE_F_MAPCOUNT, PAGE_WHY_UNCALIBRATED);
		return;
	}
	p->mapcount = o->kpagecount;
	p->mapcount_kind =
		large && average == TRI_YES ? PAGE_COUNT_AVERAGE : PAGE_COUNT_EXACT;
	page_know(p, PAGE_F_MAPCOUNT);
	if (!large)
		p->folio_mapcount = p->mapcount;
}

/* Map counts that exclude AnonExclusive: mapped more than once. */
static bool page_mapped_more(const struct page_work *w)
{
	const struct page *p = w->page;

	if (p->mapcount_kind == PAGE_COUNT_EXACT)
		return p->mapcount > 1;
	/* Bit 56 says "this page is mapped once", unless only averages exist. */
	return page_kernel(w, KFACT_KPAGECOUNT_AVERAGE) == TRI_NO &&
	       w->obs->has & OBS_HAS_PAGEMAP && p->anon &&
	       !(w->obs->pagemap & PAGEMAP_EXCLUSIVE);
}

/* AnonExclusive of a tail that is not, or may not be, mapped by a huge leaf. */
static enum tri page_exclusive_tail(const struct page_work *w, bool bit)
{
	enum tri folio_flags = page_kernel(w, KFACT_KPF_FOLIO_FLAGS);

	if (page_mapped_more(w))
		return TRI_NO;
	if (folio_flags != TRI_NO)
		return TRI_UNKNOWN; /* the head's */
	if (bit)
		return TRI_YES;
	return w->page->leaf == OBS_LEVEL_PTE ? TRI_NO : TRI_UNKNOWN;
}

static void page_exclusive(struct page_work *w)
{
	struct page *p = w->page;
	enum tri exists = page_kernel(w, KFACT_ANON_EXCLUSIVE);
	bool bit = w->obs->kpageflags & KPF_BIT(OWNER_2);

	p->anon_exclusive = TRI_UNKNOWN;
	if (!w->present || p->kind == PAGE_SPECIAL ||
	    (p->kind != PAGE_UNKNOWN && !p->anon && p->kind != PAGE_KSM)) {
		page_lack(p, PAGE_F_ANON_EXCLUSIVE, PAGE_WHY_NOT_APPLICABLE);
		return;
	}
	if (exists != TRI_YES) {
		page_lack(p, PAGE_F_ANON_EXCLUSIVE,
			  exists == TRI_NO ? PAGE_WHY_KERNEL_OLD : PAGE_WHY_UNCALIBRATED);
		return;
	}
	if (p->kind == PAGE_KSM)
		p->anon_exclusive = TRI_NO;
	else if (!(w->obs->has & OBS_HAS_KPAGEFLAGS))
		p->anon_exclusive = page_mapped_more(w) ? TRI_NO : TRI_UNKNOWN;
	else if (w->tail && p->kind != PAGE_HUGETLB && p->leaf != OBS_LEVEL_PMD &&
		 p->leaf != OBS_LEVEL_PUD)
		p->anon_exclusive = page_exclusive_tail(w, bit);
	else
		p->anon_exclusive = tri_from(true, bit);
	if (p->anon_exclusive != TRI_UNKNOWN)
		page_know(p, PAGE_F_ANON_EXCLUSIVE);
	else
		page_lack(p, PAGE_F_ANON_EXCLUSIVE,
			  w->obs->has & OBS_HAS_KPAGEFLAGS ? PAGE_WHY_HEAD_ONLY
							   : page_why_frame(w));
	if (p->anon_exclusive != TRI_UNKNOWN) {
		p->flags_known |= KPF_BIT(ANON_EXCLUSIVE);
		p->flags |= p->anon_exclusive == TRI_YES ? KPF_BIT(ANON_EXCLUSIVE) : 0;
	}
}

static void page_zone(struct page_work *w)
{
	struct page *p = w->page;
	const struct page_span *s;

	p->node = p->zone = -1;
	p->migratetype_bad = TRI_UNKNOWN;
	if (!w->present) {
		page_lack(p, PAGE_F_ZONE, PAGE_WHY_NOT_APPLICABLE);
		return;
	}
	if (!(w->obs->has & OBS_HAS_PFN)) {
		page_lack(p, PAGE_F_ZONE, p->why[PAGE_F_PFN]);
		return;
	}
	s = zoneinfo_find(w->ctx->spans, w->ctx->nspans, p->pfn);
	if (!s || s->zone < 0) {
		page_lack(p, PAGE_F_ZONE, PAGE_WHY_NO_ZONEINFO);
		return;
	}
	page_know(p, PAGE_F_ZONE);
	p->zone = s->zone;
	p->node = s->node;
	if (!s->cma_pages)
		p->migratetype_bad = TRI_NO;
}

/* Bits of the entry that follow from other words. */
static void page_entry(struct page_work *w)
{
	struct page *p = w->page;
	const struct obs *o = w->obs;

	p->pkey = w->vma->pkey > 0 ? w->vma->pkey : 0;
	if (!w->present) {
		page_lack(p, PAGE_F_PTE, PAGE_WHY_NOT_APPLICABLE);
		return;
	}
	page_lack(p, PAGE_F_PTE, page_why_bpf(w));
	if (page_kernel(w, KFACT_PM_UFFD_WP) == TRI_YES) {
		p->pte_known |= PAGE_PTE_UFFD_WP;
		p->pte |= o->pagemap & PAGEMAP_UFFD_WP ? PAGE_PTE_UFFD_WP : 0;
	}
	if (w->ctx->soft_dirty == TRI_YES && w->vma->has_flags &&
	    !(w->vma->flags & VF(SOFTDIRTY))) {
		p->pte_known |= PAGE_PTE_SOFT_DIRTY;
		p->pte |= o->pagemap & PAGEMAP_SOFT_DIRTY ? PAGE_PTE_SOFT_DIRTY : 0;
	}
	if (w->vma->has_flags && w->vma->flags & (VF(PFNMAP) | VF(MIXEDMAP)))
		return;
	/* An entry is writable only in a VM_WRITE area, and never of a page that must be copied. */
	if (!w->vma->write || page_is_zero(p) || p->kind == PAGE_KSM ||
	    (p->anon && p->anon_exclusive == TRI_NO))
		p->pte_known |= PAGE_PTE_WRITE;
}

static void page_counts(struct page_work *w)
{
	struct page *p = w->page;

	p->refcount = p->pincount = p->expected = -1;
	p->mm_shared = TRI_UNKNOWN;
	if (!w->present) {
		page_lack(p, PAGE_F_REFCOUNT, PAGE_WHY_NOT_APPLICABLE);
		page_lack(p, PAGE_F_PINCOUNT, PAGE_WHY_NOT_APPLICABLE);
		return;
	}
	page_lack(p, PAGE_F_REFCOUNT, page_why_bpf(w));
	page_lack(p, PAGE_F_PINCOUNT, page_why_bpf(w));
	if (w->ctx->pins_anywhere == TRI_NO) {
		p->pincount = 0;
		p->pincount_kind = PAGE_COUNT_EXACT;
		page_know(p, PAGE_F_PINCOUNT);
	}
}

void page_from_obs(const struct page_context *ctx, const struct vma *vma,
		   const struct obs *obs, struct page *ret)
{
	struct page_work w = { .ctx = ctx,
			       .vma = vma,
			       .obs = obs,
			       .page = ret,
			       .present = obs->has & OBS_HAS_PAGEMAP &&
					  obs->pagemap & PAGEMAP_PRESENT };

	memset(ret, 0, sizeof(*ret));
	w.base = ctx->kernel && ctx->kernel->ev.page_size ? ctx->kernel->ev.page_size
							  : 4096;
	page_place(&w);
	page_flags(&w);
	page_kind(&w);
	page_folio(&w);
	page_mapcount(&w);
	page_exclusive(&w);
	page_zone(&w);
	page_entry(&w);
	page_counts(&w);
	page_facts(ctx, vma, ret);
}

bool page_continues(const struct page *page, const struct page *next)
{
	u64 step = page->leaf > OBS_LEVEL_PTE ? BIT(page->order) : 1;

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
	if (page->swap_type != next->swap_type ||
	    memcmp(page->why, next->why, sizeof(page->why)) ||
	    memcmp(&page->facts, &next->facts, sizeof(page->facts)))
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
