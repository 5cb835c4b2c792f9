/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interprets the raw words of a run of pages step by step. */
#include "page/page_int.h"

#include <string.h>

#include "page/page_facts_int.h"
#include "page/zoneinfo.h"

#include "lib/pure.h"

u64 page_read_leaf_size(const struct kernel_evidence *ev, const struct vma *vma,
			const struct raw_page *raw)
{
	u64 base = ev ? kernel_page_size(ev) : KERNEL_PAGE_LEAST;
	/* A page table of one base page has base / 8 entries. */
	u64 pmd = ev && ev->pmd_size ? ev->pmd_size : base / 8 * base;

	if (vma && vma->flags & VF(HUGETLB) && vma->page_size)
		return vma->page_size;
	return raw->level == RAW_LEVEL_PMD   ? pmd
	       : raw->level == RAW_LEVEL_PUD ? base / 8 * pmd
					     : base;
}

/* Decodes the entry. */
static void page_open(struct page_work *w)
{
	const struct raw_page *o = w->raw;

	w->base = w->ctx->kernel ? kernel_page_size(&w->ctx->kernel->ev)
				 : KERNEL_PAGE_LEAST;
	if (o->has & RAW_HAS_PTE && w->ctx->pte && w->ctx->pte->arch) {
		pte_decode(w->ctx->pte, o->pte, o->level, &w->pte);
		w->has_pte = w->entry = true;
		w->present = w->pte.state == PTE_STATE_PRESENT;
	} else if (o->has & RAW_HAS_PAGEMAP) {
		w->entry = true;
		w->present = o->pagemap & PAGEMAP_PRESENT;
	}
	w->has_page = w->present && o->has & RAW_HAS_PAGE;
	w->page->present = tri_from(w->entry, w->present);
	/* pagemap does not walk VM_PFNMAP areas */
	if (!w->has_pte && w->vma->has_flags && w->vma->flags & VF(PFNMAP))
		w->page->present = TRI_UNKNOWN;
	w->page->swap_exclusive = w->has_pte ? w->pte.swap_exclusive : TRI_UNKNOWN;
}

/* Returns the level of the leaf, hugepd where the kernel has these for hugetlb, or 0. */
static u8 page_level(const struct page_work *w)
{
	enum tri hugepd = TRI_NO;

	if (!(w->raw->has & RAW_HAS_LEVEL))
		return 0;
	if (w->vma->flags & VF(HUGETLB) && w->ctx->kernel)
		hugepd = kernel_has(w->ctx->kernel, KFACT_HUGEPD);
	return hugepd == TRI_NO    ? w->raw->level
	       : hugepd == TRI_YES ? RAW_LEVEL_HUGEPD
				   : 0;
}

static void page_place(struct page_work *w)
{
	struct page_info *p = w->page;
	const struct raw_page *o = w->raw;
	bool none = !w->present && (w->entry || w->vma->gate);

	p->raced = o->has & RAW_RACED;
	p->has_page = o->has & RAW_HAS_PAGE;
	p->has_batches = o->has & RAW_HAS_BATCHES;
	p->mapping = o->mapping;
	p->size = page_read_leaf_size(w->ctx->kernel ? &w->ctx->kernel->ev : NULL, w->vma,
				      o);
	p->leaf = page_level(w);
	page_why(w, PAGE_F_LEAF,
		 p->leaf                  ? PAGE_WHY_KNOWN
		 : none                   ? PAGE_WHY_NOT_APPLICABLE
		 : o->has & RAW_HAS_LEVEL ? PAGE_WHY_NO_MMU
		 : w->ctx->recorded       ? PAGE_WHY_NOT_RECORDED
		 : w->ctx->have_scan      ? PAGE_WHY_RACED
					  : PAGE_WHY_NO_SCAN);
	page_why(w, PAGE_F_PFN,
		 o->has & RAW_HAS_PFN ? PAGE_WHY_KNOWN
		 : none               ? PAGE_WHY_NOT_APPLICABLE
		 : w->ctx->recorded   ? PAGE_WHY_NOT_RECORDED
				      : PAGE_WHY_PFN_HIDDEN);
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
	struct page_info *p = w->page;

	page_why(w, PAGE_F_FOLIO, PAGE_WHY_KNOWN);
	if (!w->present || p->kind == PAGE_SPECIAL) {
		page_why(w, PAGE_F_FOLIO, PAGE_WHY_NOT_APPLICABLE);
	} else if (w->has_page) {
		p->order = w->raw->order;
	} else if (p->kind == PAGE_HUGETLB || page_huge_leaf(w)) {
		p->order = page_log2(p->size / w->base);
	} else if (p->kind == PAGE_ZERO) {
		p->order = 0;
	} else if (!(p->flags_known & KPF_BIT(COMPOUND_TAIL))) {
		page_why(w, PAGE_F_FOLIO, page_why_frame(w));
	} else if (w->head || w->tail) {
		page_why(w, PAGE_F_FOLIO, page_why_bpf(w));
	}
}

/* The pageblock is MIGRATE_CMA or MIGRATE_ISOLATE.  Without CONFIG_CMA GUP does not check it. */
static enum tri page_migratetype(const struct page_work *w, const struct page_span *s)
{
	if (w->ctx->kernel && w->ctx->kernel->ev.config[KCONFIG_CMA] == TRI_NO)
		return TRI_NO;
	/* ISOLATE is transient and ignored here: only CMA decides. */
	return zoneinfo_is_cma(s);
}

static void page_zone(struct page_work *w)
{
	struct page_info *p = w->page;
	const struct page_span *s = NULL;

	p->node = p->zone = -1;
	p->migratetype_bad = TRI_UNKNOWN;
	if (!w->present) {
		page_why(w, PAGE_F_ZONE, PAGE_WHY_NOT_APPLICABLE);
		return;
	}
	if (w->raw->has & RAW_HAS_PFN)
		s = zoneinfo_find(w->ctx->spans, w->ctx->nspans, w->raw->pfn);
	p->migratetype_bad = page_migratetype(w, s);
	if (!s || s->zone < 0) {
		page_why(w, PAGE_F_ZONE,
			 w->raw->has & RAW_HAS_PFN ? PAGE_WHY_NO_ZONEINFO
						   : p->why[PAGE_F_PFN]);
		return;
	}
	page_why(w, PAGE_F_ZONE, PAGE_WHY_KNOWN);
	p->zone = s->zone;
	p->node = s->node;
}

/* pagemap shows userfaultfd's bit of present and of swap entries. */
static void page_entry_uffd(struct page_work *w)
{
	if (!(w->raw->has & RAW_HAS_PAGEMAP) ||
	    page_kernel(w, KFACT_PM_UFFD_WP) != TRI_YES)
		return;
	w->page->pte_known |= PAGE_PTE_UFFD_WP;
	w->page->pte |= w->raw->pagemap & PAGEMAP_UFFD_WP ? PAGE_PTE_UFFD_WP : 0;
}

/* Infers bits of the entry from other words, each exactly. */
static void page_entry_infer(struct page_work *w)
{
	struct page_info *p = w->page;
	const struct raw_page *o = w->raw;
	const struct vma *v = w->vma;

	page_entry_uffd(w);
	/* pagemap sets bit 55 for all entries of a VM_SOFTDIRTY area. */
	if (w->ctx->soft_dirty == TRI_YES && v->has_flags &&
	    !(v->flags & VF(SOFTDIRTY))) {
		p->pte_known |= PAGE_PTE_SOFT_DIRTY;
		p->pte |= o->pagemap & PAGEMAP_SOFT_DIRTY ? PAGE_PTE_SOFT_DIRTY : 0;
	}
	if (!v->has_flags || v->flags & (VF(PFNMAP) | VF(MIXEDMAP)))
		return;
	/* Never writable: outside VM_WRITE, and where a write must copy or notify. */
	if (!v->write || page_is_zero(p) || p->kind == PAGE_KSM ||
	    (p->anon && p->anon_exclusive == TRI_NO) ||
	    (p->pte_known & p->pte & PAGE_PTE_UFFD_WP) ||
	    (vma_is_cow(v) == TRI_YES && !p->anon &&
	     (p->kind == PAGE_FILE || p->kind == PAGE_SHMEM || p->kind == PAGE_HUGETLB)))
		p->pte_known |= PAGE_PTE_WRITE;
}

static void page_entry(struct page_work *w)
{
	struct page_info *p = w->page;

	p->pkey = w->vma->pkey > 0 ? w->vma->pkey : 0;
	if (!w->present) {
		page_why(w, PAGE_F_PTE, PAGE_WHY_NOT_APPLICABLE);
		p->pte = w->pte.bits;
		p->pte_known = w->pte.known;
		if (p->kind == PAGE_SWAP)
			page_entry_uffd(w);
	} else if (w->has_pte) {
		page_why(w, PAGE_F_PTE, PAGE_WHY_KNOWN);
		p->pte = w->pte.bits;
		p->pte_known = w->pte.known;
		p->pkey = w->pte.pkey;
	} else {
		page_why(w, PAGE_F_PTE, page_why_bpf(w));
		if (w->raw->has & RAW_HAS_PAGEMAP)
			page_entry_infer(w);
	}
}

u64 page_read(const struct page_context *ctx, const struct vma *vma,
	      const struct raw_page *raw, struct page_info *ret)
{
	struct page_work w = { .ctx = ctx, .vma = vma, .raw = raw, .page = ret };

	memset(ret, 0, sizeof(*ret));
	page_open(&w);
	page_place(&w);
	page_flags_read(&w);
	page_kind_find(&w);
	page_folio(&w);
	page_count_maps(&w);
	page_flags_exclusive(&w);
	page_zone(&w);
	page_entry(&w);
	page_count_refs(&w);
	page_facts(ctx, vma, raw, ret);
	if (ret->kind == PAGE_SWAP)
		return w.swap_offset;
	return raw->has & RAW_HAS_PFN ? raw->pfn : 0;
}
