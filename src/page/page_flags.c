/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The flags of a page, from kpageflags or from struct page, and AnonExclusive. */
#include "page/page_int.h"

#include "lib/pure.h"

/* Before 6.10 these bits are the tail page's own, and the kernel does not use them. */
#define PAGE_TAIL_OWN                                                                 \
	(KPF_BIT(LOCKED) | KPF_BIT(ERROR) | KPF_BIT(REFERENCED) | KPF_BIT(UPTODATE) | \
	 KPF_BIT(DIRTY) | KPF_BIT(LRU) | KPF_BIT(ACTIVE) | KPF_BIT(WRITEBACK) |       \
	 KPF_BIT(RECLAIM) | KPF_BIT(READAHEAD) | KPF_BIT(SWAPCACHE) |                 \
	 KPF_BIT(SWAPBACKED) | KPF_BIT(UNEVICTABLE) | KPF_BIT(IDLE) |                 \
	 (KPF_RAW_BITS & ~KPF_BIT(ANON_EXCLUSIVE)))

/*
 * Kernels with the KPF_KSM bug set the bit for other pages too.  Other facts exclude KSM there:
 * it merges only order-0 pages of VM_MERGEABLE areas, unmerges before that flag is cleared, and
 * takes AnonExclusive away before it merges.
 */
static void page_flags_ksm(struct page_work *w)
{
	struct page_info *p = w->page;

	if (!(p->flags & KPF_BIT(KSM)) || page_kernel(w, KFACT_KPF_KSM_BUG) == TRI_NO)
		return;
	p->flags &= ~KPF_BIT(KSM);
	if (p->flags & (KPF_COMPOUND_BITS | KPF_BIT(HUGE)) ||
	    !(p->flags & KPF_BIT(ANON)) ||
	    (w->vma->has_flags && !(w->vma->flags & VF(MERGEABLE))) ||
	    (w->raw->kpageflags & KPF_BIT(OWNER_2) &&
	     page_kernel(w, KFACT_ANON_EXCLUSIVE) == TRI_YES))
		return;
	p->flags_known &= ~KPF_BIT(KSM);
}

static void page_flags_proc(struct page_work *w)
{
	struct page_info *p = w->page;
	u32 kv = w->ctx->kernel ? w->ctx->kernel->kv : 0;

	p->flags = kpageflags_expand(w->raw->kpageflags);
	p->flags_known =
		kpageflags_exported(kv) | KPF_BIT(READAHEAD) | w->raw->kpageflags;
	if (p->flags & KPF_BIT(ANON)) /* for page_flags_exclusive() */
		p->flags_known &= ~KPF_BIT(OWNER_2);
	p->flags &= ~KPF_BIT(ANON_EXCLUSIVE);
	w->head = p->flags & KPF_BIT(COMPOUND_HEAD);
	w->tail = p->flags & KPF_BIT(COMPOUND_TAIL);
	if (w->tail && page_kernel(w, KFACT_KPF_FOLIO_FLAGS) != TRI_YES)
		p->flags_known &= ~PAGE_TAIL_OWN;
	page_flags_ksm(w);
	p->flags &= p->flags_known;
}

/* Sets the flags @bits when bit @number of @word is set; a flag that the kernel lacks is clear. */
static void page_flags_bit(struct page_info *p, u64 word, u8 number, u64 bits)
{
	p->flags_known |= bits;
	if (number != 0xff && number < 64 && word & BIT(number))
		p->flags |= bits;
}

/* Reads the flags that the folio keeps in its head's page->flags. */
static void page_flags_layout(struct page_work *w, const struct kpf_layout *l)
{
	struct page_info *p = w->page;
	u64 word = w->raw->head_flags;
	const struct {
		u8 number;
		u64 bits;
	} rows[] = {
#define PAGEFLAG(pg, member, kpf) { l->member, kpf },
#include "page/pageflag.def"
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		page_flags_bit(p, word, rows[i].number, rows[i].bits);
	/* PG_swapcache shares its bit with PG_owner_priv_1 and needs PG_swapbacked. */
	if (!(p->flags & KPF_BIT(SWAPBACKED)))
		p->flags &= ~KPF_BIT(SWAPCACHE);
	/* Without PG_private (7.4) folio_has_private() tests ->private, used otherwise here. */
	if (l->private_ == 0xff && !(p->flags & (KPF_BIT(SWAPCACHE) | KPF_BIT(HUGE))))
		p->flags |= w->raw->kpageflags & KPF_BIT(PRIVATE);
	/* Each page has its own PG_hwpoison, but a hugetlb folio has it in the head. */
	page_flags_bit(p, w->vma->flags & VF(HUGETLB) ? word : w->raw->flags, l->hwpoison,
		       KPF_BIT(HWPOISON));
	if (w->raw->mapping == RAW_MAPPING_ANON || w->raw->mapping == RAW_MAPPING_KSM)
		p->flags &= ~KPF_BIT(OWNER_2), p->flags_known &= ~KPF_BIT(OWNER_2);
}

static void page_flags_struct(struct page_work *w)
{
	struct page_info *p = w->page;
	const struct raw_page *o = w->raw;
	bool hugetlb = w->vma->has_flags && w->vma->flags & VF(HUGETLB);

	w->head = o->order && o->pfn == o->head_pfn;
	w->tail = o->order && o->pfn != o->head_pfn;
	p->flags_known =
		KPF_BIT(ANON) | KPF_BIT(KSM) | KPF_COMPOUND_BITS | KPF_BIT(NOPAGE);
	if (o->mapping == RAW_MAPPING_ANON || o->mapping == RAW_MAPPING_KSM)
		p->flags |= KPF_BIT(ANON);
	if (o->mapping == RAW_MAPPING_KSM)
		p->flags |= KPF_BIT(KSM);
	p->flags |= w->head   ? KPF_BIT(COMPOUND_HEAD)
		    : w->tail ? KPF_BIT(COMPOUND_TAIL)
			      : 0;
	if (w->vma->has_flags) {
		p->flags_known |= KPF_BIT(HUGE);
		p->flags |= hugetlb ? KPF_BIT(HUGE) : 0;
	}
	if (w->ctx->layout)
		page_flags_layout(w, w->ctx->layout);
}

void page_flags_read(struct page_work *w)
{
	struct page_info *p = w->page;
	const struct raw_page *o = w->raw;
	u64 zero = KPF_BIT(ZERO_PAGE) | KPF_BIT(THP);

	page_why(w, PAGE_F_FLAGS, PAGE_WHY_KNOWN);
	if (!w->present) {
		page_why(w, PAGE_F_FLAGS, PAGE_WHY_NOT_APPLICABLE);
	} else if (w->has_page) {
		page_flags_struct(w);
	} else if (o->has & RAW_HAS_KPAGEFLAGS && o->has & RAW_HAS_PAGEMAP) {
		page_flags_proc(w);
	} else {
		page_why(w, PAGE_F_FLAGS, page_why_frame(w));
	}
	/* BPF compares the PFN with the zero pages' and sets these bits. */
	if (w->present && o->has & RAW_HAS_KPAGEFLAGS &&
	    o->kpageflags & KPF_BIT(ZERO_PAGE)) {
		p->flags |= o->kpageflags & zero;
		p->flags_known |= zero;
	}
}

/* A page that is mapped more than once is never AnonExclusive. */
static bool page_flags_shared(const struct page_work *w)
{
	const struct page_info *p = w->page;

	if (p->mapcount_kind == PAGE_COUNT_EXACT || p->maps_differ)
		return p->maps_differ || p->mapcount > 1;
	/* pagemap's bit 56: "this page is mapped once", unless only averages exist. */
	return page_kernel(w, KFACT_KPAGECOUNT_AVERAGE) == TRI_NO &&
	       w->raw->has & RAW_HAS_PAGEMAP && p->anon &&
	       !(w->raw->pagemap & PAGEMAP_EXCLUSIVE);
}

/* Interprets bit 34 of kpageflags for a tail that no huge leaf maps, or may not map. */
static enum tri page_flags_exclusive_tail(const struct page_work *w, bool bit)
{
	if (page_flags_shared(w))
		return TRI_NO;
	if (page_kernel(w, KFACT_KPF_FOLIO_FLAGS) != TRI_NO)
		return TRI_UNKNOWN; /* the bit is the head's */
	if (bit)
		return TRI_YES;
	return w->page->leaf == RAW_LEVEL_PTE ? TRI_NO : TRI_UNKNOWN;
}

static enum tri page_flags_exclusive_find(struct page_work *w)
{
	const struct page_info *p = w->page;
	const struct raw_page *o = w->raw;
	const struct kpf_layout *l = w->ctx->layout;

	if (p->kind == PAGE_KSM)
		return TRI_NO;
	if (w->has_page) {
		bool whole = p->kind == PAGE_HUGETLB || page_huge_leaf(w);
		u64 word = whole ? o->head_flags : o->flags;

		if (!l || l->anon_exclusive >= 64)
			return TRI_UNKNOWN;
		return tri_from(true, word >> l->anon_exclusive & 1);
	}
	if (!(o->has & RAW_HAS_KPAGEFLAGS) || !(o->has & RAW_HAS_PAGEMAP))
		return page_flags_shared(w) ? TRI_NO : TRI_UNKNOWN;
	if (w->tail && p->kind != PAGE_HUGETLB && !page_huge_leaf(w))
		return page_flags_exclusive_tail(w, o->kpageflags & KPF_BIT(OWNER_2));
	return tri_from(true, o->kpageflags & KPF_BIT(OWNER_2));
}

void page_flags_exclusive(struct page_work *w)
{
	struct page_info *p = w->page;
	enum tri exists = page_kernel(w, KFACT_ANON_EXCLUSIVE);

	p->anon_exclusive = TRI_UNKNOWN;
	if (!w->present || p->kind == PAGE_SPECIAL ||
	    (p->kind != PAGE_UNKNOWN && !p->anon && p->kind != PAGE_KSM)) {
		page_why(w, PAGE_F_ANON_EXCLUSIVE, PAGE_WHY_NOT_APPLICABLE);
		return;
	}
	if (exists != TRI_YES) {
		page_why(w, PAGE_F_ANON_EXCLUSIVE,
			 exists == TRI_NO ? PAGE_WHY_KERNEL_OLD : PAGE_WHY_UNCALIBRATED);
		return;
	}
	if (p->kind == PAGE_UNKNOWN && !p->anon) { /* the page need not be anonymous */
		page_why(w, PAGE_F_ANON_EXCLUSIVE, page_why_frame(w));
		return;
	}
	p->anon_exclusive = page_flags_exclusive_find(w);
	if (p->anon_exclusive == TRI_UNKNOWN) {
		page_why(w, PAGE_F_ANON_EXCLUSIVE,
			 w->has_page                           ? PAGE_WHY_UNCALIBRATED
			 : !(w->raw->has & RAW_HAS_KPAGEFLAGS) ? page_why_frame(w)
							       : PAGE_WHY_HEAD_ONLY);
		return;
	}
	page_why(w, PAGE_F_ANON_EXCLUSIVE, PAGE_WHY_KNOWN);
	p->flags_known |= KPF_BIT(ANON_EXCLUSIVE);
	p->flags |= p->anon_exclusive == TRI_YES ? KPF_BIT(ANON_EXCLUSIVE) : 0;
}
