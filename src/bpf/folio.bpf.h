/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * folio.bpf.h - reads the words of a struct page and of its folio into a record.
 *
 * What moved between kernels has one accessor each.  CAST, which the program defines, chooses how memory
 * is read: 0 by bpf_probe_read_kernel(), 1 by loads through bpf_rdonly_cast() (6.2), which are about three
 * times as fast.  Neither can fault.  src/live/peek.c compiles this for the host, with functions of its own
 * for what BPF has.
 */
#pragma once

#ifdef __bpf__
#include <bpf/bpf_core_read.h>

struct structpage_call call;
struct structpage_layout lay;

/*
 * bpf_rdonly_cast() and the id of struct page without an extern, for which libbpf would load
 * all of the kernel's BTF: bpfpage.c replaces these numbers by the running kernel's ids.
 */
static void *(*const rdonly_cast)(const void *obj,
				  u32 btf_id) = (void *)STRUCTPAGE_CALL_CAST;
#endif

/* --- reading kernel memory */

static __always_inline u64 load64(u64 addr)
{
	return CAST ? *(volatile u64 *)rdonly_cast((void *)addr, STRUCTPAGE_ID_PAGE)
		    : probe64(addr);
}

/* Returns the word at @off of an object, from @addr or from its copy @words. */
static __always_inline u64 word64(u64 addr, const u64 *words, u32 off)
{
	return CAST ? load64(addr + off) : words[off / 8 & 15];
}

static __always_inline s32 word32(u64 addr, const u64 *words, u32 off)
{
	return word64(addr, words, off & ~7U) >> (off & 4) * 8;
}

/* --- what moved between kernels */

#define ABSENT STRUCTPAGE_ABSENT

#ifdef __bpf__
/* CO-RE must not even compute the offset of a missing field: do not select between both. */
#define OFFSET(to, type, field)                                    \
	do {                                                       \
		if (bpf_core_field_exists(type, field)) {          \
			barrier();                                 \
			(to) = bpf_core_field_offset(type, field); \
			barrier();                                 \
		}                                                  \
	} while (0)

static __always_inline void layout_page(void)
{
	if (bpf_core_field_exists(struct page___memdesc, flags.f)) /* 6.18 */
		OFFSET(lay.flags, struct page___memdesc, flags);
	else
		OFFSET(lay.flags, struct page, flags);
	OFFSET(lay.head, struct page, compound_head);        /* until 7.0 */
	OFFSET(lay.head, struct page___info, compound_info); /* 7.1 */
	OFFSET(lay.mapping, struct folio, mapping);
	OFFSET(lay.mapcount, struct page, _mapcount);
	OFFSET(lay.refcount, struct page, _refcount);
	lay.head_bit = BIT(bpf_core_enum_value(enum pageflags, PG_head));
}

static __always_inline void layout_folio(void)
{
	lay.large = lay.pincount = lay.mm_ids = lay.double_map = lay.private = ABSENT;
	OFFSET(lay.flags_1, struct folio, _flags_1);
	/* The low byte of _flags_1 since 6.6 (ebc1baf5c9b4). */
	OFFSET(lay.order, struct folio, _flags_1);
	OFFSET(lay.order, struct folio___order, _folio_order);
	OFFSET(lay.entire, struct folio___order, _total_mapcount);  /* 6.0, 6.1 */
	OFFSET(lay.entire, struct folio___v62, _compound_mapcount); /* 6.2 */
	OFFSET(lay.entire, struct folio, _entire_mapcount);         /* 6.3 */
	OFFSET(lay.large, struct folio, _large_mapcount);           /* 6.10 */
	OFFSET(lay.pincount, struct folio, _pincount);
	OFFSET(lay.mm_ids, struct folio, _mm_ids); /* 6.15 */
	/* Until 6.1; 4b51634cd16a removed it. */
	if (bpf_core_enum_value_exists(enum pageflags, PG_double_map)) {
		barrier();
		lay.double_map = bpf_core_enum_value(enum pageflags, PG_double_map);
		barrier();
	}
	if (!bpf_core_enum_value_exists(enum pageflags, PG_private)) /* 7.4 */
		OFFSET(lay.private, struct folio, private);
}
#endif

/* --- folios */

#ifdef __bpf__
struct sum {
	u64 page;
	s32 sum;
};

static long sum_step(u32 i, struct sum *s)
{
	s32 v = 0;

	bpf_probe_read_kernel(&v, 4,
			      (void *)s->page + i * bpf_core_type_size(struct page) +
				      lay.mapcount);
	if (v >= 0)
		s->sum += v + 1;
	return 0;
}

/* Sums over all pages like folio_mapcount() before _large_mapcount (6.10). */
static __always_inline s32 sum_mapcounts(u64 head, u32 n)
{
	struct sum s = { .page = head };

	bpf_loop(n, sum_step, &s, 0);
	return s.sum;
}
#endif

static __always_inline void folio_sum(u64 head, struct structpage_rec *r,
				      struct structpage_words *words)
{
	if (words->sum_head != head) {
		words->sum = sum_mapcounts(head, 1U << (r->order & 15));
		words->sum_head = head;
	}
	r->large = words->sum;
	r->has |= STRUCTPAGE_SUM;
}

static __always_inline void read_large(u64 head, struct structpage_rec *r,
				       struct structpage_words *words)
{
	const u64 *w = words->head;

	r->order = word64(head, w, lay.order & ~7U) >> (lay.order & 7) * 8;
	r->entire = word32(head, w, lay.entire);
	if (lay.pincount != ABSENT)
		r->pincount = word32(head, w, lay.pincount);
	if (lay.double_map != ABSENT)
		r->double_map = word64(head, w, lay.flags_1) >> (lay.double_map & 63) & 1;
	if (lay.mm_ids != ABSENT)
		r->mm_ids = word64(head, w, lay.mm_ids);
	if (lay.large != ABSENT)
		r->large = word32(head, w, lay.large);
	else if (!(r->has & STRUCTPAGE_HUGETLB))
		folio_sum(head, r, words);
}

/* Returns the head of the compound page that @page belongs to, or @page. */
static __always_inline u64 head_of(u64 page, u64 word)
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

static __always_inline u64 page_address(u64 pfn)
{
	return call.vmemmap + pfn * bpf_core_type_size(struct page);
}

/*
 * Returns the word by which a tail finds its head: a pointer with bit 0 set, or since 7.1, when
 * hugetlb's struct pages may be shared, the mask GENMASK(63, order + 6)
 *
 * 1, which makes a pointer of the tail's own address (_compound_head(),
 * include/linux/page-flags.h).  No struct page lies as high as a mask.  Tails of two folios
 * have equal masks, so words are compared as pointers.
 */
static __always_inline u64 head_word(u64 page, u64 word)
{
	return word & 1 && word >> 32 == 0xffffffff ? (page & word) | 1 : word;
}

/* Reads @raw of the struct page at @page.  False: it cannot. */
static __always_inline bool read_raw(u64 page, struct structpage_raw *raw,
				     struct structpage_words *words)
{
	const u64 *w = words->page;

	if (!CAST && bpf_probe_read_kernel(words->page, 64, (void *)page))
		return false;
	raw->flags = word64(page, w, lay.flags);
	raw->head = head_word(page, word64(page, w, lay.head));
	raw->mapping = word64(page, w, lay.mapping);
	raw->counts = word64(page, w, lay.mapcount & ~7U);
	raw->counts2 = word64(page, w, lay.refcount & ~7U);
	raw->private = lay.private != ABSENT && word64(page, w, lay.private);
	return true;
}

/*
 * @b is like @a: both have no folio, or are tails of one folio.  Tails use ->mapping and
 * ->private for something else.
 */
static __always_inline bool same_raw(const struct structpage_raw *a,
				     const struct structpage_raw *b)
{
	return a->flags == b->flags && a->counts == b->counts &&
	       a->counts2 == b->counts2 &&
	       (a->head & 1 ? a->head == b->head
			    : !(b->head & 1) && a->mapping == b->mapping &&
				      a->private == b->private);
}

/* Fills @r from @raw of page @pfn and from its folio. */
static __always_inline void read_folio(u64 pfn, const struct structpage_raw *raw,
				       struct structpage_rec *r,
				       struct structpage_words *words)
{
	u64 page = page_address(pfn), head = head_of(page, raw->head);
	const u64 *w = words->head;
	bool large = head != page || raw->flags & lay.head_bit;

	r->mapcount = raw->counts >> (lay.mapcount & 4) * 8;
	r->flags = raw->flags;
	r->head_pfn = head == page
			      ? pfn
			      : (head - call.vmemmap) / bpf_core_type_size(struct page);
	if (!CAST && bpf_probe_read_kernel(words->head, large ? 128 : 64, (void *)head))
		return;
	r->head_flags = word64(head, w, lay.flags);
	r->refcount = word32(head, w, lay.refcount);
	r->type = word32(head, w, lay.mapcount);
	r->mapping = mapping_bits(word64(head, w, lay.mapping));
	if (large)
		read_large(head, r, words);
	if (lay.private != ABSENT && word64(head, w, lay.private))
		r->has |= STRUCTPAGE_PRIVATE;
	/* A mapped page has a reference: all words are zero when the memory could not be read. */
	if (r->refcount || r->head_flags || r->mapping)
		r->has |= STRUCTPAGE_PAGE;
}
