/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/report.h"

#include "kpageflags.h"
#include "page/holders.h"

#include "lib/array.h"
#include "lib/pure.h"

static bool report_present(const struct page_info *page)
{
	return fact_get(&page->facts, FACT_PRESENT) == TRI_YES;
}

bool report_ordinary(const struct page_info *page)
{
	return (page->kind == PAGE_ANON || page->kind == PAGE_KSM ||
		page->kind == PAGE_FILE || page->kind == PAGE_SHMEM ||
		page->kind == PAGE_HUGETLB) &&
	       !page_of_owner(page);
}

/* Of the @n pages of @row those that its holders have, where that is known. */
static u64 report_held(const struct report_row *row, u64 n, u8 flags)
{
	return row->ledger ? holders_frames(row->ledger, &row->run, n, flags) : n;
}

static void report_count_refs(struct report_totals *t, const struct report_row *row,
			      u64 n)
{
	const struct page_info *page = report_page(row);

	if (page_lacks(page, PAGE_F_PINCOUNT))
		t->pins_unknown += n;
	else if (page_knows(page, PAGE_F_PINCOUNT) && page->pincount > 0)
		t->pinned += report_held(row, n, HOLDERS_F_PIN);
	if (!page_knows(page, PAGE_F_REFCOUNT))
		t->refs_unknown += page_lacks(page, PAGE_F_REFCOUNT) ? n : 0;
	else if (page->expected >= 0)
		t->excess_refs += page->excess > 0 ? report_held(row, n, 0) : 0;
	else if (report_ordinary(page))
		t->refs_unknown += n;
}

enum tri report_shared(const struct page_info *page)
{
	bool known = page_knows(page, PAGE_F_MAPCOUNT);

	if (page->maps_differ)
		return TRI_YES;
	if (page->mm_shared != TRI_UNKNOWN &&
	    (!known || page->mapcount_kind != PAGE_COUNT_EXACT))
		return page->mm_shared;
	return tri_from(known, page->mapcount > 1);
}

static enum report_state report_kind(const struct page_info *page)
{
	static const u8 of_kind[PAGE_KINDS] = {
		[PAGE_NONE] = REPORT_ABSENT,     [PAGE_KSM] = REPORT_KSM,
		[PAGE_ZERO] = REPORT_ZERO,       [PAGE_HUGE_ZERO] = REPORT_ZERO,
		[PAGE_FILE] = REPORT_FILE,       [PAGE_SHMEM] = REPORT_FILE,
		[PAGE_HUGETLB] = REPORT_FILE,    [PAGE_DEVICE] = REPORT_DEVICE,
		[PAGE_SPECIAL] = REPORT_DEVICE,  [PAGE_SWAP] = REPORT_SWAP,
		[PAGE_MIGRATION] = REPORT_SWAP,  [PAGE_GUARD] = REPORT_GUARD,
		[PAGE_MARKER] = REPORT_GUARD,    [PAGE_HWPOISON] = REPORT_BAD,
		[PAGE_UNKNOWN] = REPORT_UNKNOWN,
	};
	enum tri shared = report_shared(page);

	if (!page_is_anon(page))
		return of_kind[page->kind];
	if (page->anon_exclusive == TRI_YES)
		return REPORT_EXCLUSIVE;
	if (page->anon_exclusive == TRI_UNKNOWN || shared == TRI_UNKNOWN)
		return REPORT_UNKNOWN;
	return shared == TRI_YES ? REPORT_SHARED : REPORT_WAITING;
}

enum report_state report_state(const struct page_class *class)
{
	const struct page_info *page = &class->page;

	if (class->verdicts->write.leak == TRI_YES)
		return REPORT_LEAK;
	if (page_knows(page, PAGE_F_PINCOUNT) && page->pincount > 0)
		return page->pincount_kind == PAGE_COUNT_EXACT ? REPORT_PINNED
							       : REPORT_MAYBE;
	if (page_is_anon(page) && fact_get(&page->facts, FACT_EXTRA_REFS) == TRI_YES)
		return REPORT_EXTRA;
	return report_kind(page);
}

/* The part of the resident memory that the page is in, which is @shared with others or not. */
static u64 *report_part(struct report_totals *t, const struct page_info *page,
			enum tri shared)
{
	if (page->kind == PAGE_UNKNOWN)
		return &t->part_unknown;
	if (!report_ordinary(page))
		return &t->other;
	if (page->anon_exclusive == TRI_YES)
		return &t->exclusive;
	if (shared != TRI_NO)
		return shared == TRI_YES ? &t->shared : &t->part_unknown;
	if (!page->anon)
		return &t->private_file;
	return page->anon_exclusive == TRI_NO ? &t->waiting : &t->part_unknown;
}

static void report_count_maps(struct report_totals *t, const struct page_info *page,
			      u64 n, u32 base)
{
	u64 one = base * REPORT_PSS, once;

	once = !page->maps_differ ? 0 : n * page->maps_once / (page->size / base);
	*report_part(t, page, TRI_NO) += once;
	*report_part(t, page, report_shared(page)) += n - once;
	if (page->anon && page->anon_exclusive == TRI_UNKNOWN &&
	    report_shared(page) != TRI_YES)
		t->exclusive_unknown += n;
	if (page_lacks(page, PAGE_F_MAPCOUNT) && report_shared(page) == TRI_UNKNOWN)
		t->shared_unknown += n;
	if (!report_ordinary(page) && page->kind != PAGE_UNKNOWN)
		return;
	if (!page_knows(page, PAGE_F_MAPCOUNT)) {
		t->maps_unknown += n;
		return;
	}
	if (page->maps_differ) {
		t->uss += once;
		t->pss += n * (one * page->maps_share / RAW_MAPS_ONE);
	} else {
		t->uss += page->mapcount == 1 ? n : 0;
		t->pss += n * one / (u64)MAX(page->mapcount, 1);
	}
}

static void report_count_kind(struct report_totals *t, const struct page_info *page,
			      u64 n)
{
	bool huge = page->leaf >= RAW_LEVEL_PMD;
	enum tri lazy = page_lazily_free(page);

	if (page->kind == PAGE_HUGETLB)
		t->hugetlb += n;
	else if (huge)
		t->thp += n;
	if (page->order && page->kind != PAGE_HUGETLB)
		t->folio[huge][MIN(page->order, REPORT_ORDERS - 1)] += n;
	if (page->kind == PAGE_KSM)
		t->ksm += n;
	if (page->kind == PAGE_FILE || page->kind == PAGE_SHMEM)
		t->file += n;
	if (page->kind == PAGE_ZERO || page->kind == PAGE_HUGE_ZERO)
		t->zero += n;
	if (page->flags & page->flags_known & KPF_BIT(SWAPCACHE))
		t->swapcache += n;
	t->lazyfree += lazy == TRI_YES ? n : 0;
	t->lazyfree_unknown += lazy == TRI_UNKNOWN ? n : 0;
}

static void report_count_page(struct report_totals *t, const struct page_info *page,
			      u64 n, u32 base)
{
	if (page->kind == PAGE_SWAP)
		t->swapped += n;
	if (!report_present(page))
		return;
	t->present += n;
	report_count_maps(t, page, n, base);
	report_count_kind(t, page, n);
}

/* All pages of the folio that one mapping has are known. */
static void report_folio_end(struct report_totals *t, struct report_folio *f)
{
	bool whole = f->n >> f->order;
	unsigned order = MIN(f->order, REPORT_ORDERS - 1);

	if (!whole) {
		t->folio_part[order] += f->n;
		t->thp_part += f->n;
	} else {
		t->folio_whole[f->aligned][order] += f->n;
		*(f->aligned ? &t->thp_aligned : &t->thp_unaligned) += f->n;
	}
	f->n = 0;
}

void report_folios(struct report_totals *t, struct report_folio *f,
		   const struct page_run *run, bool folded, u32 base)
{
	const struct page_info *page = run ? &run->class->page : NULL;
	bool large = page && page->order && page->kind != PAGE_HUGETLB &&
		     page->leaf == RAW_LEVEL_PTE && report_present(page);
	u64 size = large ? 1ull << page->order : 1, done = 0;

	if (f->n && (!large || f->order != page->order || folded))
		report_folio_end(t, f);
	if (!large)
		return;
	if (folded) {
		t->thp_folded += run->pages;
		return;
	}
	while (done < run->pages) {
		u64 pfn = run->pfn + done, addr = run->addr + done * base;
		u64 in = pfn % size, n = MIN(run->pages - done, size - in);

		if (f->n && (pfn != f->pfn || addr != f->addr || pfn - in != f->head))
			report_folio_end(t, f);
		if (!f->n)
			*f = (struct report_folio){ .head = pfn - in,
						    .order = page->order,
						    .aligned =
							    (addr / base) % size == in };
		f->n += n;
		f->pfn = pfn + n;
		f->addr = addr + n * base;
		done += n;
	}
}

void report_count(struct report_totals *t, const struct report_row *row,
		  u32 base_page_size)
{
	const struct page_info *page = report_page(row);
	const struct gup_verdicts *v = row->run.class->verdicts;
	u64 n = row->run.pages * (page->size / base_page_size);

	report_count_page(t, page, n, base_page_size);
	if (report_present(page))
		report_count_refs(t, row, n);
	if (page->kind == PAGE_NONE)
		return;
	for (unsigned i = 0; i < GUP_REQUESTS; i++)
		t->gup[i][v->req[i].word] += n;
	if (ARRAY_ANY(i, GUP_MIGRATE, !gup_what_known(v, i)))
		t->unknown += n;
	if (v->write.leak == TRI_YES)
		t->leaks += n;
	else if (v->write.leak == TRI_UNKNOWN &&
		 page->why[PAGE_F_PINCOUNT] != PAGE_WHY_NOT_APPLICABLE)
		t->leaks_unknown += n;
}

void report_count_later(struct report_totals *t, struct page_run *waiting,
			const struct report_row *row, u32 base_page_size)
{
	if (waiting->pages && (!row || row->ledger || row->run.class != waiting->class)) {
		const struct report_row before = { .run = *waiting };

		report_count(t, &before, base_page_size);
		waiting->pages = 0;
	}
	if (row && row->ledger) {
		report_count(t, row, base_page_size);
	} else if (row) {
		waiting->class = row->run.class;
		waiting->pages += row->run.pages;
	}
}

u64 report_bytes(const struct report_totals *t, size_t at, u32 base)
{
	u64 n = *(const u64 *)((const char *)t + at);

	return at == offsetof(struct report_totals, pss) ? n / REPORT_PSS : n * base;
}

void report_add(struct report_totals *t, const struct report_totals *from)
{
	u64 *to = (u64 *)t;
	const u64 *add = (const u64 *)from;

	/* struct report_totals has only u64 members. */
	for (size_t i = 0; i < sizeof(*t) / sizeof(u64); i++)
		to[i] += add[i];
}
