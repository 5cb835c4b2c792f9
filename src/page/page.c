/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page/page.h"

#include <string.h>

#include "page/page_facts.h"
#include "page/page_int.h"
#include "page/zoneinfo.h"

#include "lib/pure.h"

enum page_why page_why_frame(const struct page_work *w)
{
	if (w->ctx->recorded)
		return PAGE_WHY_NOT_RECORDED;
	if (!(w->obs->has & OBS_HAS_PFN))
		return PAGE_WHY_PFN_HIDDEN;
	return w->ctx->kpage_denied ? PAGE_WHY_KPAGE_PERM : PAGE_WHY_RACED;
}

enum page_why page_why_bpf(const struct page_work *w)
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
	/* A page of page-table entries covers base / 8 pages. */
	if (w->obs->level == OBS_LEVEL_PMD)
		return w->base / 8 * w->base;
	if (w->obs->level == OBS_LEVEL_PUD)
		return w->base / 8 * (w->base / 8) * w->base;
	return w->base;
}

/* What the entry itself says. */
static void page_open(struct page_work *w)
{
	const struct obs *o = w->obs;

	w->base = 4096;
	if (w->ctx->kernel && w->ctx->kernel->ev.page_size)
		w->base = w->ctx->kernel->ev.page_size;
	if (o->has & OBS_HAS_PTE && w->ctx->pte && w->ctx->pte->arch) {
		pte_decode(w->ctx->pte, o->pte, o->level, &w->pte);
		w->has_pte = w->entry = true;
		w->present = w->pte.state == PTE_STATE_PRESENT;
	} else if (o->has & OBS_HAS_PAGEMAP) {
		w->entry = true;
		w->present = o->pagemap & PAGEMAP_PRESENT;
	}
	w->has_page = w->present && o->has & OBS_HAS_PAGE;
	w->page->present = tri_from(w->entry, w->present);
	/* pagemap does not look into VM_PFNMAP areas */
	if (!w->has_pte && w->vma->has_flags && w->vma->flags & VF(PFNMAP))
		w->page->present = TRI_UNKNOWN;
	w->page->swap_exclusive = w->has_pte ? w->pte.swap_exclusive : TRI_UNKNOWN;
}

static void page_place(struct page_work *w)
{
	struct page *p = w->page;
	const struct obs *o = w->obs;
	bool none = !w->present && (w->entry || w->vma->gate);

	p->addr = o->addr;
	p->pages = o->pages;
	p->obs = *o;
	p->raced = o->has & OBS_RACED;
	p->folded = o->has & OBS_FOLDED;
	p->size = page_leaf_size(w);
	p->leaf = o->has & OBS_HAS_LEVEL ? o->level : 0;
	page_why(w, PAGE_F_LEAF,
		 p->leaf             ? PAGE_WHY_KNOWN
		 : none              ? PAGE_WHY_NOT_APPLICABLE
		 : w->ctx->recorded  ? PAGE_WHY_NOT_RECORDED
		 : w->ctx->have_scan ? PAGE_WHY_RACED
				     : PAGE_WHY_NO_SCAN);
	if (o->has & OBS_HAS_PFN)
		p->pfn = o->pfn;
	page_why(w, PAGE_F_PFN,
		 o->has & OBS_HAS_PFN ? PAGE_WHY_KNOWN
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
	struct page *p = w->page;

	p->head_pfn = p->pfn;
	page_why(w, PAGE_F_FOLIO, PAGE_WHY_KNOWN);
	if (!w->present || p->kind == PAGE_SPECIAL) {
		page_why(w, PAGE_F_FOLIO, PAGE_WHY_NOT_APPLICABLE);
	} else if (w->has_page) {
		p->order = w->obs->order;
		p->head_pfn = w->obs->head_pfn;
	} else if (p->kind == PAGE_HUGETLB || page_huge_leaf(w)) {
		p->order = page_log2(p->size / w->base);
	} else if (p->kind == PAGE_ZERO) {
		p->order = 0;
	} else if (!(p->flags_known & KPF_BIT(COMPOUND_TAIL))) {
		page_why(w, PAGE_F_FOLIO, page_why_frame(w));
		p->head_pfn = 0;
	} else if (w->head || w->tail) {
		page_why(w, PAGE_F_FOLIO, page_why_bpf(w));
		p->head_pfn = w->head ? p->pfn : 0;
	}
}

/* MIGRATE_CMA or MIGRATE_ISOLATE; nobody looks without CONFIG_CMA. */
static enum tri page_migratetype(const struct page_work *w, const struct page_span *s)
{
	enum tri cma = w->ctx->kernel ? (enum tri)w->ctx->kernel->ev.config[KCONFIG_CMA]
				      : TRI_UNKNOWN;

	if (cma == TRI_NO)
		return TRI_NO;
	/* UNMOVABLE, MOVABLE, RECLAIMABLE, HIGHATOMIC; then CMA and ISOLATE as configured. */
	if (w->obs->has & OBS_HAS_MIGRATETYPE)
		return w->obs->migratetype < 4 ? TRI_NO
		       : cma == TRI_YES        ? TRI_YES
					       : TRI_UNKNOWN;
	/* Outside of CMA; that its block is being isolated is a state of a moment. */
	return zoneinfo_is_cma(s);
}

static void page_zone(struct page_work *w)
{
	struct page *p = w->page;
	const struct page_span *s = NULL;

	p->node = p->zone = -1;
	p->migratetype_bad = TRI_UNKNOWN;
	if (!w->present) {
		page_why(w, PAGE_F_ZONE, PAGE_WHY_NOT_APPLICABLE);
		return;
	}
	if (w->obs->has & OBS_HAS_PFN)
		s = zoneinfo_find(w->ctx->spans, w->ctx->nspans, p->pfn);
	p->migratetype_bad = page_migratetype(w, s);
	if (!s || s->zone < 0) {
		page_why(w, PAGE_F_ZONE,
			 w->obs->has & OBS_HAS_PFN ? PAGE_WHY_NO_ZONEINFO
						   : p->why[PAGE_F_PFN]);
		return;
	}
	page_why(w, PAGE_F_ZONE, PAGE_WHY_KNOWN);
	p->zone = s->zone;
	p->node = s->node;
}

/* pagemap shows userfaultfd's bit, of a swap entry too. */
static void page_entry_uffd(struct page_work *w)
{
	if (!(w->obs->has & OBS_HAS_PAGEMAP) ||
	    page_kernel(w, KFACT_PM_UFFD_WP) != TRI_YES)
		return;
	w->page->pte_known |= PAGE_PTE_UFFD_WP;
	w->page->pte |= w->obs->pagemap & PAGEMAP_UFFD_WP ? PAGE_PTE_UFFD_WP : 0;
}

/* Bits of the entry that follow from other words; each is exact. */
static void page_entry_infer(struct page_work *w)
{
	struct page *p = w->page;
	const struct obs *o = w->obs;
	const struct vma *v = w->vma;

	page_entry_uffd(w);
	/* Bit 55 is set for all of a VM_SOFTDIRTY area. */
	if (w->ctx->soft_dirty == TRI_YES && v->has_flags &&
	    !(v->flags & VF(SOFTDIRTY))) {
		p->pte_known |= PAGE_PTE_SOFT_DIRTY;
		p->pte |= o->pagemap & PAGEMAP_SOFT_DIRTY ? PAGE_PTE_SOFT_DIRTY : 0;
	}
	if (!v->has_flags || v->flags & (VF(PFNMAP) | VF(MIXEDMAP)))
		return;
	/* Writable only in a VM_WRITE area, and never where a write must copy or be told. */
	if (!v->write || page_is_zero(p) || p->kind == PAGE_KSM ||
	    (p->anon && p->anon_exclusive == TRI_NO) ||
	    (p->pte_known & p->pte & PAGE_PTE_UFFD_WP) ||
	    (vma_is_cow(v) == TRI_YES && !p->anon &&
	     (p->kind == PAGE_FILE || p->kind == PAGE_SHMEM || p->kind == PAGE_HUGETLB)))
		p->pte_known |= PAGE_PTE_WRITE;
}

static void page_entry(struct page_work *w)
{
	struct page *p = w->page;

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
		if (w->obs->has & OBS_HAS_PAGEMAP)
			page_entry_infer(w);
	}
}

void page_from_obs(const struct page_context *ctx, const struct vma *vma,
		   const struct obs *obs, struct page *ret)
{
	struct page_work w = { .ctx = ctx, .vma = vma, .obs = obs, .page = ret };

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
	page_facts(ctx, vma, ret);
}

bool page_like(const struct page *page, const struct page *next)
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

bool page_continues(const struct page *page, const struct page *next)
{
	u64 step = page->leaf > OBS_LEVEL_PTE ? BIT(page->order) : 1;

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
