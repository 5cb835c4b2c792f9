/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/report.h"

#include "lib/pure.h"

static bool report_present(const struct page_run *page)
{
	return fact_get(&page->facts, FACT_PRESENT) == TRI_YES;
}

static bool report_has_unknown(const struct gup_verdicts *v)
{
	for (unsigned i = 0; i < GUP_REQUESTS; i++)
		if (v->req[i].word == GUP_WORD_UNKNOWN)
			return true;
	return v->write.fault == GUP_WRITE_UNKNOWN || v->fork.word == GUP_FORK_UNKNOWN;
}

static bool report_applies_unknown(const struct page_run *page, enum page_field f)
{
	return page->why[f] != PAGE_WHY_KNOWN && page->why[f] != PAGE_WHY_NOT_APPLICABLE;
}

static void report_count_refs(struct report_totals *t, const struct page_run *page, u64 n)
{
	if (report_applies_unknown(page, PAGE_F_PINCOUNT))
		t->pins_unknown += n;
	else if (page->why[PAGE_F_PINCOUNT] == PAGE_WHY_KNOWN && page->pincount > 0)
		t->pinned += n;
	if (report_applies_unknown(page, PAGE_F_REFCOUNT))
		t->refs_unknown += n;
	else if (page->why[PAGE_F_REFCOUNT] == PAGE_WHY_KNOWN && page->expected >= 0 &&
		 page->excess > 0)
		t->excess_refs += n;
}

static void report_count_page(struct report_totals *t, const struct page_run *page, u64 n)
{
	if (page->kind == PAGE_SWAP)
		t->swapped += n;
	if (!report_present(page))
		return;
	t->present += n;
	if (page->anon_exclusive == TRI_YES)
		t->exclusive += n;
	else if (page->anon && page->anon_exclusive == TRI_UNKNOWN)
		t->exclusive_unknown += n;
	if (page->why[PAGE_F_MAPCOUNT] == PAGE_WHY_KNOWN ? page->mapcount > 1
							 : page->mm_shared == TRI_YES)
		t->shared += n;
	else if (page->why[PAGE_F_MAPCOUNT] != PAGE_WHY_KNOWN &&
		 page->why[PAGE_F_MAPCOUNT] != PAGE_WHY_NOT_APPLICABLE)
		t->shared_unknown += n;
	if (page->kind == PAGE_HUGETLB)
		t->hugetlb += n;
	else if (page->leaf >= RAW_LEVEL_PMD)
		t->thp += n;
	if (page->kind == PAGE_KSM)
		t->ksm += n;
	if (page->kind == PAGE_FILE || page->kind == PAGE_SHMEM)
		t->file += n;
	if (page->kind == PAGE_ZERO || page->kind == PAGE_HUGE_ZERO)
		t->zero += n;
	report_count_refs(t, page, n);
}

void report_count(struct report_totals *t, const struct report_row *row,
		  u32 base_page_size)
{
	const struct page_run *page = row->page;
	u64 n = page->pages * (page->size / base_page_size);

	report_count_page(t, page, n);
	if (page->kind == PAGE_NONE || !row->verdicts)
		return;
	for (unsigned i = 0; i < GUP_REQUESTS; i++)
		t->gup[i][row->verdicts->req[i].word] += n;
	if (report_has_unknown(row->verdicts))
		t->unknown += n;
	if (row->verdicts->write.leak == TRI_YES)
		t->leaks += n;
	else if (row->verdicts->write.leak == TRI_UNKNOWN)
		t->leaks_unknown += n;
}

void report_add(struct report_totals *t, const struct report_totals *from)
{
	u64 *to = (u64 *)t;
	const u64 *add = (const u64 *)from;

	/* struct report_totals has only u64 members. */
	for (size_t i = 0; i < sizeof(*t) / sizeof(u64); i++)
		to[i] += add[i];
}
