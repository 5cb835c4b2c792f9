/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page/page_int.h"

#include "lib/pure.h"

/* Classifies a page that is not anonymous by the file that its VMA maps. */
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
		return page_has_flag(w->page, KPF_BIT(SWAPBACKED)) ? PAGE_SHMEM
								   : PAGE_FILE;
	}
}

static bool page_kind_driver(const struct page_work *w)
{
	return w->vma->has_flags && w->vma->flags & (VF(PFNMAP) | VF(MIXEDMAP));
}

/* Classifies a page by its known flags. */
static enum page_kind page_kind_flags(struct page_work *w)
{
	struct page_info *p = w->page;

	p->anon = page_has_flag(p, KPF_BIT(ANON));
	if (page_has_flag(p, KPF_BIT(HUGE)))
		return PAGE_HUGETLB;
	if (page_has_flag(p, KPF_BIT(ZERO_PAGE)))
		return page_has_flag(p, KPF_BIT(THP)) ? PAGE_HUGE_ZERO : PAGE_ZERO;
	if (p->anon && !(p->flags_known & KPF_BIT(KSM)))
		return PAGE_UNKNOWN; /* anonymous or KSM */
	if (page_has_flag(p, KPF_BIT(KSM)))
		return PAGE_KSM;
	if (p->anon)
		return PAGE_ANON;
	/* No struct page: since 6.17 its word is 0, but a mapped page has some flag. */
	if (page_has_flag(p, KPF_BIT(NOPAGE)) || (!w->has_page && !w->raw->kpageflags))
		return PAGE_SPECIAL;
	return page_kind_file(w);
}

/* Without kpageflags, by struct page and entry: the zero pages have no mapping. */
static enum page_kind page_kind_struct(struct page_work *w)
{
	struct page_info *p = w->page;
	bool special = w->has_pte && w->pte.bits & PAGE_PTE_SPECIAL;

	if (w->raw->mapping == RAW_MAPPING_NULL && !page_has_flag(p, KPF_BIT(HUGE)) &&
	    !page_has_flag(p, KPF_BIT(ZERO_PAGE))) {
		if (p->leaf == RAW_LEVEL_PMD && w->vma->fs == VMA_FS_NONE)
			return PAGE_HUGE_ZERO;
		/* vm_normal_page(): only the zero page has a special PTE. */
		if (special && p->leaf == RAW_LEVEL_PTE && w->vma->has_flags)
			return page_kind_driver(w) ? PAGE_SPECIAL : PAGE_ZERO;
		if (special || page_huge_leaf(w))
			return PAGE_UNKNOWN;
	}
	return page_kind_flags(w);
}

/* In this mapping vm_normal_page() finds a struct page for every entry but the zero pages'. */
static bool page_kind_normal(const struct vma *v)
{
	bool fs = v->fs == VMA_FS_NONE || v->fs == VMA_FS_SHMEM ||
		  vma_fs_on_disk(v->fs) || v->fs == VMA_FS_SECRETMEM;

	return fs && v->has_flags && !(v->flags & (VF(PFNMAP) | VF(MIXEDMAP)));
}

/* Classifies a page by its pagemap word and PAGEMAP_SCAN alone. */
static enum page_kind page_kind_pagemap(struct page_work *w)
{
	const struct raw_page *o = w->raw;
	const struct vma *v = w->vma;
	bool file = o->pagemap & PAGEMAP_FILE;
	bool scanned = o->has & RAW_HAS_SCAN;

	if (v->has_flags && v->flags & VF(HUGETLB)) {
		w->page->anon = !file;
		return PAGE_HUGETLB;
	}
	if (scanned && o->scan & PAGEMAP_IS_PFNZERO)
		return o->level == RAW_LEVEL_PMD ? PAGE_HUGE_ZERO : PAGE_ZERO;
	if (file &&
	    (o->level == RAW_LEVEL_PTE || (page_kind_normal(v) && v->fs != VMA_FS_NONE)))
		return page_kind_file(w);
	/* pagemap's file bit is clear: anonymous, KSM, a zero page or a special entry. */
	if (!page_kind_normal(v) || v->flags & VF(MERGEABLE) || !scanned)
		return PAGE_UNKNOWN;
	if (o->level == RAW_LEVEL_PTE ||
	    (o->level == RAW_LEVEL_PMD && v->fs == VMA_FS_NONE && !file &&
	     page_kernel(w, KFACT_SCAN_PFNZERO_HUGE) == TRI_YES)) {
		w->page->anon = true;
		return PAGE_ANON;
	}
	return PAGE_UNKNOWN;
}

static enum page_kind page_kind_marker(u64 bits)
{
	if (bits & PTE_MARKER_GUARD)
		return PAGE_GUARD;
	return bits & PTE_MARKER_POISON ? PAGE_HWPOISON : PAGE_MARKER;
}

static enum page_kind page_kind_state(const struct page_work *w, enum pte_state state,
				      u64 marker)
{
	switch (state) {
	case PTE_STATE_NONE:
		return PAGE_NONE;
	case PTE_STATE_SWAP:
		return PAGE_SWAP;
	case PTE_STATE_MIGRATION:
		return PAGE_MIGRATION;
	case PTE_STATE_DEVICE:
		return PAGE_DEVICE;
	case PTE_STATE_HWPOISON:
		return PAGE_HWPOISON;
	case PTE_STATE_MARKER:
		return page_kind_marker(marker);
	default:
		return PAGE_UNKNOWN;
	}
}

/* Classifies an entry that pagemap shows as not present. */
static enum page_kind page_kind_nonpresent(struct page_work *w)
{
	struct page_info *p = w->page;
	u64 word = w->raw->pagemap;

	if (w->vma->has_flags && w->vma->flags & VF(PFNMAP))
		return PAGE_SPECIAL; /* pagemap does not walk VM_PFNMAP areas */
	if (!(word & ~PAGEMAP_SOFT_DIRTY) && !w->raw->scan)
		return PAGE_NONE;
	if ((word & PAGEMAP_GUARD && page_kernel(w, KFACT_PM_GUARD) == TRI_YES) ||
	    (w->raw->has & RAW_HAS_SCAN && w->raw->scan & PAGEMAP_IS_GUARD))
		return PAGE_GUARD;
	if (!(word & PAGEMAP_SWAP)) /* hugetlb: a marker shows its uffd-wp bit at most */
		return PAGE_UNKNOWN;
	p->swap_type = pagemap_swap_type(word);
	w->swap_offset = pagemap_swap_offset(word);
	if (!w->ctx->pte)
		return PAGE_UNKNOWN;
	return page_kind_state(w, w->ctx->pte->swap_state[p->swap_type], w->swap_offset);
}

static enum page_kind page_kind_entry(struct page_work *w)
{
	struct page_info *p = w->page;

	if (!w->entry)
		return w->vma->gate ? PAGE_SPECIAL : PAGE_UNKNOWN;
	if (w->present) {
		if (w->has_page)
			return page_kind_struct(w);
		if (p->flags_known & (KPF_BIT(ANON) | KPF_BIT(ZERO_PAGE)))
			return page_kind_flags(w);
		if (w->raw->has & RAW_HAS_PAGEMAP)
			return page_kind_pagemap(w);
		return w->vma->has_flags && w->vma->flags & VF(HUGETLB) ? PAGE_HUGETLB
		       : page_kind_driver(w)                            ? PAGE_SPECIAL
									: PAGE_UNKNOWN;
	}
	if (!w->has_pte)
		return page_kind_nonpresent(w);
	p->swap_type = w->pte.swap_type;
	w->swap_offset = w->pte.swap_offset;
	return page_kind_state(w, w->pte.state, w->pte.marker);
}

static enum page_why page_kind_why(const struct page_work *w)
{
	if (!w->entry || !w->present || w->has_page)
		return page_why_bpf(w);
	if (!(w->raw->has & RAW_HAS_KPAGEFLAGS))
		return page_why_frame(w);
	return page_kernel(w, KFACT_KPF_KSM_BUG) == TRI_UNKNOWN ? PAGE_WHY_UNCALIBRATED
								: page_why_bpf(w);
}

void page_kind_find(struct page_work *w)
{
	struct page_info *p = w->page;

	p->kind = page_kind_entry(w);
	page_why(w, PAGE_F_KIND,
		 p->kind == PAGE_UNKNOWN ? page_kind_why(w) : PAGE_WHY_KNOWN);
}
