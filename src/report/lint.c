/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/lint.h"

#include "kpageflags.h"
#include "page/holders.h"

#include "lib/pure.h"

const struct lint_row lint_rows[LINTS] = {
#define LINT(id, n, c, i, r) \
	[LINT_##id] = { .name = n, .class = LINT_CLASS_##c, .invariant = i, .reason = r },
#include "report/lint.def"
};

static bool lint_pte(const struct page_info *p, u16 bit)
{
	return p->pte_known & p->pte & bit;
}

static u64 lint_counts(const struct page_info *p)
{
	bool ref = page_knows(p, PAGE_F_REFCOUNT);
	bool map = page_knows(p, PAGE_F_MAPCOUNT) && p->mapcount_kind == PAGE_COUNT_EXACT;
	u64 bits = 0;

	if (ref && p->folio_mapcount >= 0 && p->refcount < p->folio_mapcount)
		bits |= BIT(LINT_REF_BELOW_MAP);
	if (ref && p->refcount <= 0)
		bits |= BIT(LINT_MAPPED_UNREFERENCED);
	if (map && p->folio_mapcount >= 0 && p->folio_mapcount < p->mapcount)
		bits |= BIT(LINT_FOLIO_MAP_BELOW_PAGE);
	if (p->counts_disagree)
		bits |= BIT(LINT_COUNT_DISAGREE);
	return bits;
}

static u64 lint_pins(const struct page_info *p)
{
	if (!page_knows(p, PAGE_F_PINCOUNT) || p->pincount <= 0 ||
	    p->anon_exclusive != TRI_NO)
		return 0;
	if (p->pincount_kind != PAGE_COUNT_EXACT)
		return BIT(LINT_MAYBE_PIN_NOT_EXCLUSIVE);
	/* A leaf larger than a page covers its folio, which has one AnonExclusive bit. */
	if (p->leaf > RAW_LEVEL_PTE || !p->order || p->kind == PAGE_HUGETLB)
		return BIT(LINT_PIN_NOT_EXCLUSIVE);
	return BIT(LINT_PART_PIN_NOT_EXCLUSIVE);
}

static u64 lint_anon(const struct page_info *p)
{
	bool map = page_knows(p, PAGE_F_MAPCOUNT) && p->mapcount_kind == PAGE_COUNT_EXACT;
	bool write = lint_pte(p, PAGE_PTE_WRITE);
	u64 bits = lint_pins(p);

	if (p->anon_exclusive == TRI_YES && map && p->mapcount > 1)
		bits |= BIT(LINT_EXCLUSIVE_SHARED);
	if (p->anon_exclusive == TRI_NO && write)
		bits |= BIT(LINT_WRITABLE_NOT_EXCLUSIVE);
	if (p->anon_exclusive == TRI_NO && !write && !p->order && map &&
	    p->mapcount == 1 && page_knows(p, PAGE_F_REFCOUNT) && p->expected >= 0 &&
	    !p->excess)
		bits |= BIT(LINT_ALONE_NOT_EXCLUSIVE);
	return bits;
}

u64 lint_row(const struct report_row *row, s64 unexplained)
{
	const struct page_info *p = report_page(row);
	bool zero = p->kind == PAGE_ZERO || p->kind == PAGE_HUGE_ZERO;
	bool ordinary = p->kind == PAGE_ANON || p->kind == PAGE_KSM ||
			p->kind == PAGE_FILE || p->kind == PAGE_SHMEM ||
			p->kind == PAGE_HUGETLB;
	u64 bits = 0;

	if (p->present != TRI_YES)
		return 0;
	if (lint_pte(p, PAGE_PTE_WRITE) && lint_pte(p, PAGE_PTE_UFFD_WP))
		bits |= BIT(LINT_WRITABLE_UFFD_WP);
	if (zero && lint_pte(p, PAGE_PTE_WRITE))
		bits |= BIT(LINT_WRITABLE_ZERO);
	if (!ordinary)
		return bits;
	bits |= lint_counts(p);
	if (p->kind == PAGE_KSM) {
		if (p->anon_exclusive == TRI_YES)
			bits |= BIT(LINT_EXCLUSIVE_KSM);
		if (lint_pte(p, PAGE_PTE_WRITE))
			bits |= BIT(LINT_WRITABLE_KSM);
	} else if (page_is_anon(p)) {
		bits |= lint_anon(p);
	}
	if (p->kind == PAGE_FILE && p->flags & p->flags_known & KPF_BIT(SWAPCACHE) &&
	    p->flags_known & ~p->flags & KPF_BIT(SWAPBACKED))
		bits |= BIT(LINT_SWAPCACHE_FILE);
	if (unexplained > 0)
		bits |= BIT(LINT_UNEXPLAINED);
	return bits;
}

u64 lint_bugs(const struct report_row *row)
{
	u64 bits = lint_row(row, -1), bugs = 0;

	EACH_BIT (i, bits)
		if (lint_class_of(i, row) == LINT_CLASS_BUG)
			bugs |= BIT(i);
	return bugs;
}

enum lint_class lint_class_of(enum lint id, const struct report_row *row)
{
	if (report_page(row)->raced)
		return LINT_CLASS_RACE;
	return lint_rows[id].class;
}

const char *const lint_class_names[] = { "bug", "race", "explainable" };

bool lint_suspicious(const struct report_row *row, unsigned look)
{
	const struct page_info *p = report_page(row);

	if (lint_bugs(row))
		return true;
	if (!page_knows(p, PAGE_F_REFCOUNT) || p->expected < 0 || p->excess <= 0 ||
	    report_only_batch(p))
		return false;
	if (!look)
		return true;
	/* One that stays on a page of a file is a batch's: another look would not tell. */
	s64 batch = holders_may_be_batched(p) && !p->anon ? 1 : 0;

	return (row->ledger ? row->ledger->unexplained : p->excess) > batch &&
	       p->pincount <= 0;
}
