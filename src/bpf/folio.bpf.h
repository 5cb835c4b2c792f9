/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * folio.bpf.h - reads the words of a struct page and of its folio into a record.
 *
 * Knows: what moved between kernels, one accessor each.
 * Never: page tables.  Owns: nothing.
 *
 * Memory is read in two ways, chosen by the constant @cast: bpf_probe_read_kernel(), or loads
 * through bpf_rdonly_cast() (6.2), which are about three times as fast.  Neither can fault.
 */
#ifndef GUPINFO_FOLIO_BPF_H
#define GUPINFO_FOLIO_BPF_H

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

struct structpage_call call;
u64 head_words[16], page_words[8];

/*
 * bpf_rdonly_cast() and the id of struct page, without an extern: for one, libbpf would load all of
 * the kernel's BTF.  bpfpage.c puts the ids of the running kernel where these numbers stand.
 */
static void *(*const rdonly_cast)(const void *obj,
				  u32 btf_id) = (void *)STRUCTPAGE_CALL_CAST;

/* --- reading kernel memory */

static __always_inline u64 load64(u64 addr, const bool cast)
{
	u64 v = 0;

	if (cast)
		return *(volatile u64 *)rdonly_cast((void *)addr, STRUCTPAGE_ID_PAGE);
	if (bpf_probe_read_kernel(&v, 8, (void *)addr)) {
		call.faults++;
		v = 0;
	}
	return v;
}

/* The word at @off of an object: loaded from @addr, or from its copy @words. */
static __always_inline u64 word64(u64 addr, void *words, u64 off, const bool cast)
{
	return cast ? load64(addr + off, true) : *(u64 *)(words + off);
}

static __always_inline s32 word32(u64 addr, void *words, u64 off, const bool cast)
{
	return word64(addr, words, off & ~7ULL, cast) >> (off & 4) * 8;
}

/* --- one accessor per layout drift */

static __always_inline u64 off_flags(void)
{
	if (bpf_core_field_exists(struct page___memdesc, flags.f)) /* 6.18 */
		return bpf_core_field_offset(struct page___memdesc, flags);
	return bpf_core_field_offset(struct page, flags);
}

static __always_inline u64 off_head(void)
{
	if (bpf_core_field_exists(struct page___info, compound_info)) /* 7.1 */
		return bpf_core_field_offset(struct page___info, compound_info);
	return bpf_core_field_offset(struct page, compound_head);
}

static __always_inline u64 off_entire(void)
{
	if (bpf_core_field_exists(struct folio, _entire_mapcount)) /* 6.3 */
		return bpf_core_field_offset(struct folio, _entire_mapcount);
	if (bpf_core_field_exists(struct folio___v62, _compound_mapcount)) /* 6.2 */
		return bpf_core_field_offset(struct folio___v62, _compound_mapcount);
	return bpf_core_field_offset(struct folio___order,
				     _total_mapcount); /* 6.0, 6.1 */
}

/* The order of a large folio; its byte is the low one of _flags_1 since 6.6 (ebc1baf5c9b4). */
static __always_inline u8 folio_order(u64 head, void *words, const bool cast)
{
	u64 off;

	if (bpf_core_field_exists(struct folio___order, _folio_order)) {
		off = bpf_core_field_offset(struct folio___order, _folio_order);
		return word64(head, words, off & ~7ULL, cast) >> (off & 7) * 8;
	}
	return word64(head, words, bpf_core_field_offset(struct folio, _flags_1), cast);
}

static __always_inline u64 page_head_bit(void)
{
	return BIT(bpf_core_enum_value(enum pageflags, PG_head));
}

/* PG_double_map of page[1] (until 6.1; 4b51634cd16a removed it). */
static __always_inline u8 folio_double_map(u64 head, void *words, const bool cast)
{
	if (!bpf_core_enum_value_exists(enum pageflags, PG_double_map))
		return 0;
	return word64(head, words, bpf_core_field_offset(struct folio, _flags_1), cast) >>
		       bpf_core_enum_value(enum pageflags, PG_double_map) &
	       1;
}

/* folio_mapcount() before _large_mapcount (6.10): the sum over all pages. */
struct sum {
	u64 page;
	s32 sum;
};

static long sum_step(u32 i, struct sum *s)
{
	s32 v = 0;

	bpf_probe_read_kernel(&v, 4,
			      (void *)s->page + i * bpf_core_type_size(struct page) +
				      bpf_core_field_offset(struct page, _mapcount));
	if (v >= 0)
		s->sum += v + 1;
	return 0;
}

static __always_inline void folio_sum(u64 head, struct structpage_rec *r)
{
	struct sum s = { .page = head };

	if (call.sum_head != head) {
		bpf_loop(1U << (r->order & 15), sum_step, &s, 0);
		call.sum_head = head;
		call.sum = s.sum;
	}
	r->large = call.sum;
	r->has |= STRUCTPAGE_SUM;
}

static __always_inline void read_large(u64 head, struct structpage_rec *r,
				       const bool cast)
{
	void *w = head_words;

	r->order = folio_order(head, w, cast);
	r->entire = word32(head, w, off_entire(), cast);
	r->pincount =
		word32(head, w, bpf_core_field_offset(struct folio, _pincount), cast);
	r->double_map = folio_double_map(head, w, cast);
	if (bpf_core_field_exists(struct folio, _mm_ids)) /* 6.15 */
		r->mm_ids = word64(head, w, bpf_core_field_offset(struct folio, _mm_ids),
				   cast);
	if (bpf_core_field_exists(struct folio, _large_mapcount)) /* 6.10 */
		r->large = word32(head, w,
				  bpf_core_field_offset(struct folio, _large_mapcount),
				  cast);
	else if (!call.hugetlb)
		folio_sum(head, r);
}

/* The head of the compound page that @page belongs to, or @page. */
static __always_inline u64 page_head(u64 page, u64 word)
{
	if (!(word & 1))
		return page;
	return word - 1;
}

static __always_inline u8 mapping_bits(u64 mapping)
{
	if (mapping & 3)
		return mapping & 3;
	return mapping ? STRUCTPAGE_MAPPING_POINTER : 0;
}

/* What tells two pages of a run apart, raw: the words of a struct page that are looked at. */
struct raw {
	u64 flags, head, mapping, counts, counts2;
};

static __always_inline u64 page_address(u64 pfn)
{
	return call.vmemmap + pfn * bpf_core_type_size(struct page);
}

#define OFF_MAPCOUNT bpf_core_field_offset(struct page, _mapcount)
#define OFF_REFCOUNT bpf_core_field_offset(struct page, _refcount)

/* Reads @raw of the struct page at @page; its words stay in page_words[].  False: it cannot. */
static __always_inline bool read_raw(u64 page, struct raw *raw, const bool cast)
{
	if (!cast && bpf_probe_read_kernel(page_words, sizeof(page_words), (void *)page))
		return false;
	raw->flags = word64(page, page_words, off_flags(), cast);
	raw->head = word64(page, page_words, off_head(), cast);
	raw->mapping = word64(page, page_words,
			      bpf_core_field_offset(struct folio, mapping), cast);
	raw->counts = word64(page, page_words, OFF_MAPCOUNT & ~7ULL, cast);
	raw->counts2 = 0;
	if ((OFF_REFCOUNT & ~7ULL) != (OFF_MAPCOUNT & ~7ULL))
		raw->counts2 = word64(page, page_words, OFF_REFCOUNT & ~7ULL, cast);
	return true;
}

/*
 * @b is like @a: of pages without a folio, or of the same folio's tails, whose ->mapping is
 * something else.
 */
static __always_inline bool same_raw(const struct raw *a, const struct raw *b)
{
	return a->flags == b->flags && a->counts == b->counts &&
	       a->counts2 == b->counts2 &&
	       (a->head & 1 ? a->head == b->head
			    : !(b->head & 1) && a->mapping == b->mapping);
}

/* Fills @r from @raw of page @pfn and from its folio. */
static __always_inline void read_folio(u64 pfn, const struct raw *raw,
				       struct structpage_rec *r, const bool cast)
{
	u64 page = page_address(pfn), head = page_head(page, raw->head);
	bool large = head != page || raw->flags & page_head_bit();

	r->mapcount = raw->counts >> (OFF_MAPCOUNT & 4) * 8;
	r->flags = raw->flags;
	r->head_pfn = head == page
			      ? pfn
			      : (head - call.vmemmap) / bpf_core_type_size(struct page);
	if (!cast && bpf_probe_read_kernel(head_words, large ? 128 : 64, (void *)head))
		return;
	r->head_flags = word64(head, head_words, off_flags(), cast);
	r->refcount = word32(head, head_words, OFF_REFCOUNT, cast);
	r->type = word32(head, head_words, OFF_MAPCOUNT, cast);
	r->mapping =
		mapping_bits(word64(head, head_words,
				    bpf_core_field_offset(struct folio, mapping), cast));
	if (large)
		read_large(head, r, cast);
	/* a mapped page has a reference: all zero is memory that could not be read */
	if (r->refcount || r->head_flags || r->mapping)
		r->has |= STRUCTPAGE_PAGE;
}

#endif
