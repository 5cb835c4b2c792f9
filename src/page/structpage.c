/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page/structpage.h"

#include <string.h>

#include "kpageflags.h"

#include "lib/pure.h"

/*
 * Returns a _mapcount word as a count.  Words of typed pages (hugetlb since 6.9) are no counts:
 * page_mapcount_is_type(), include/linux/page-flags.h.
 */
static s32 count(s32 word)
{
	return word >= -1 ? word + 1 : 0;
}

static u8 mapping(u8 bits)
{
	switch (bits) {
	case 1:
		return RAW_MAPPING_ANON;
	case 2:
		return RAW_MAPPING_MOVABLE;
	case 3:
		return RAW_MAPPING_KSM;
	case STRUCTPAGE_MAPPING_POINTER:
		return RAW_MAPPING_FILE;
	}
	return RAW_MAPPING_NULL;
}

/* 6.0 and 6.1 add PMD mappings of a file folio to every page's _mapcount (__page_mapcount()). */
static bool counts_twice(const struct structpage_machine *m,
			 const struct structpage_rec *r)
{
	return m->fields & STRUCTPAGE_F_TOTAL && !(r->has & STRUCTPAGE_HUGETLB) &&
	       r->mapping != 1 && r->mapping != 3;
}

static void large_counts(const struct structpage_machine *m,
			 const struct structpage_rec *r, struct raw_page *ret)
{
	s32 own = r->has & STRUCTPAGE_HUGETLB ? 0 : count(r->mapcount);
	s32 nr = r->order < 31 ? (s32)1 << r->order : 0;

	ret->entire_mapcount = count(r->entire);
	ret->mapcount = own;
	if (!counts_twice(m, r))
		ret->mapcount += ret->entire_mapcount;
	if (r->double_map &&
	    r->mapping == 1) /* PG_double_map: each page's count is one too high */
		ret->mapcount--;
	ret->pincount = r->pincount;
	ret->has |= RAW_HAS_LARGE;
	if (m->fields & STRUCTPAGE_F_LARGE) {
		ret->large_mapcount = count(r->large);
	} else if (r->has & STRUCTPAGE_HUGETLB) {
		ret->large_mapcount = ret->entire_mapcount;
	} else if (r->has & STRUCTPAGE_SUM) { /* __total_mapcount() */
		ret->large_mapcount = r->large + ret->entire_mapcount;
		if (counts_twice(m, r))
			ret->large_mapcount -= ret->entire_mapcount * nr;
		else if (r->double_map && r->mapping == 1)
			ret->large_mapcount -= nr;
	} else {
		ret->has &= ~RAW_HAS_LARGE;
	}
	if (m->fields & STRUCTPAGE_F_MM_IDS && !(r->has & STRUCTPAGE_HUGETLB)) {
		ret->mm_ids = r->mm_ids;
		ret->has |= RAW_HAS_MM_IDS;
	}
}

void structpage_to_raw(const struct structpage_machine *m, const struct structpage_rec *r,
		       struct raw_page *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->addr = r->addr;
	ret->pages = r->pages;
	ret->level = r->level;
	ret->pte = r->pte;
	ret->has = RAW_HAS_PTE | RAW_HAS_LEVEL;
	if (r->has & STRUCTPAGE_RACED)
		ret->has |= RAW_RACED;
	if (!(r->has & STRUCTPAGE_PRESENT))
		return;
	ret->pfn = r->pfn;
	ret->has |= RAW_HAS_PFN;
	/* kpageflags has these bits, but struct page has none for them */
	if (r->pfn == m->zero_pfn)
		ret->kpageflags = KPF_BIT(ZERO_PAGE);
	else if (r->pfn == m->huge_zero_pfn)
		ret->kpageflags = KPF_BIT(ZERO_PAGE) | KPF_BIT(THP);
	else if (r->has & STRUCTPAGE_PRIVATE)
		ret->kpageflags = KPF_BIT(PRIVATE);
	if (ret->kpageflags)
		ret->has |= RAW_HAS_KPAGEFLAGS;
	if (r->has & STRUCTPAGE_FOLDED)
		ret->has |= RAW_FOLDED;
	if (!(r->has & STRUCTPAGE_PAGE))
		return;
	ret->has |= RAW_HAS_PAGE;
	ret->head_pfn = r->head_pfn;
	ret->flags = r->flags;
	ret->head_flags = r->head_flags;
	ret->mapping = mapping(r->mapping);
	ret->order = r->order;
	ret->page_type = r->type;
	ret->refcount = r->refcount;
	ret->mapcount = count(r->mapcount);
	if (r->order || r->has & STRUCTPAGE_HUGETLB) {
		large_counts(m, r, ret);
	} else {
		ret->large_mapcount = ret->mapcount;
		ret->has |= RAW_HAS_LARGE;
	}
}

const struct structpage_rec *structpage_next(struct structpage_cursor *c)
{
	const struct structpage_rec *r = &c->rec[c->i];
	const u64 *pfn = (const u64 *)(r + 1) + c->at;
	struct structpage_rec *part = &c->part;
	u64 left, fit;

	if (c->i >= c->n)
		return NULL;
	if (!(r->has & STRUCTPAGE_LISTED)) {
		c->i++;
		return r;
	}
	fit = (c->n - c->i - 1) * (sizeof(*r) / sizeof(*pfn));
	left = MIN(r->pages, fit) - c->at;
	if (!left) /* cannot happen: a list ends in a later record */
		return NULL;
	if (!c->at) {
		*part = *r;
		part->has &= ~STRUCTPAGE_LISTED;
	}
	part->addr = r->addr + (c->at << c->page_shift);
	part->pfn = part->head_pfn = *pfn;
	part->pages = 1;
	while (part->pages < left && pfn[part->pages] == *pfn + part->pages)
		part->pages++;
	c->at += part->pages;
	if (part->pages == left) {
		c->i += 1 + (c->at * sizeof(*pfn) + sizeof(*r) - 1) / sizeof(*r);
		c->at = 0;
	}
	return part;
}
