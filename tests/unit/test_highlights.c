/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kpageflags.h"
#include "page/holders.h"
#include "report/highlights.h"
#include "test.h"

static struct highlights list;
static struct process process = { .pid = 1 };

/* @pages pages of the mapping at @start with @excess references that nobody is known to hold. */
static void look_refs(u64 start, u64 pages, unsigned order, s64 excess)
{
	static const struct gup_verdicts v;
	const struct vma vma = { .start = start, .end = start + (pages << 12) };
	struct holders_ledger ledger = { .unexplained = excess };
	struct page_class class = { .verdicts = &v,
				    .page = { .size = 4096,
					      .kind = PAGE_ANON,
					      .anon = true,
					      .order = (u8)order,
					      .present = TRI_YES,
					      .anon_exclusive = TRI_YES,
					      .folio_mapcount = 1,
					      .mapcount = 1,
					      .mapcount_kind = PAGE_COUNT_EXACT,
					      .refcount = 1 + excess,
					      .expected = 1,
					      .excess = excess } };
	struct page_info *p = &class.page;
	struct report_row row = { .process = &process,
				  .vma = &vma,
				  .run = { start, pages, 0, &class },
				  .raw = &class.raw,
				  .ledger = &ledger };

	fact_set(&p->facts, F(PRESENT), true);
	highlights_look(&list, &row);
}

/* @pages pages that a fork left. */
static void look_alone(u64 start, u64 pages, u64 addr)
{
	static const struct gup_verdicts v;
	const struct vma vma = { .start = start, .end = start + (1 << 20) };
	struct page_class class = { .verdicts = &v,
				    .page = { .size = 4096,
					      .kind = PAGE_ANON,
					      .anon = true,
					      .present = TRI_YES,
					      .anon_exclusive = TRI_NO,
					      .folio_mapcount = -1,
					      .mapcount = 1,
					      .mapcount_kind = PAGE_COUNT_EXACT,
					      .expected = -1 } };
	struct page_info *p = &class.page;
	struct report_row row = { .process = &process,
				  .vma = &vma,
				  .run = { addr, pages, 0, &class },
				  .raw = &class.raw };

	p->why[PAGE_F_REFCOUNT] = PAGE_WHY_NO_BPF;
	fact_set(&p->facts, F(PRESENT), true);
	highlights_look(&list, &row);
}

static void begin(u32 cpus)
{
	memset(&list, 0, sizeof(list));
	list.base = 4096;
	list.cpus = cpus;
}

/* Makes the list of a process that has nothing but @row. */
static void look(const struct report_row *row)
{
	begin(2);
	highlights_look(&list, row);
	highlights_end(&list);
}

/* 48 mappings filled the list that there was; what came later was lost. */
TEST(sums_are_of_all_pages_and_the_largest_are_shown)
{
	u8 kinds[HIGHLIGHTS];
	u64 sum = 0;

	begin(2);
	for (u64 i = 0; i < 500; i++) {
		look_alone(i << 24, 1 + i * 7 % 500, i << 24);
		look_alone(i << 24, 1, (i << 24) + (1 << 19));
		sum += 2 + i * 7 % 500;
	}
	look_refs(500ull << 24, 64, 9, 1);
	highlights_end(&list);
	EXPECT_INT(highlights_found(&list, kinds), 2);
	EXPECT_INT(kinds[0], HIGHLIGHT_UNEXPLAINED); /* the worst, though the last */
	EXPECT_INT(kinds[1], HIGHLIGHT_COPY_ALONE);
	EXPECT_INT(list.pages[HIGHLIGHT_UNEXPLAINED], 64);
	EXPECT_INT(list.mappings[HIGHLIGHT_COPY_ALONE], 500);
	EXPECT_INT(list.pages[HIGHLIGHT_COPY_ALONE], sum);
	for (unsigned i = 0; i < HIGHLIGHT_BEST; i++)
		EXPECT_INT(list.best[HIGHLIGHT_COPY_ALONE][i].pages, 501 - i);
	EXPECT_INT(list.best[HIGHLIGHT_COPY_ALONE][0].run.addr,
		   list.best[HIGHLIGHT_COPY_ALONE][0].vma.start);
}

TEST(what_a_batch_may_hold_is_no_verdict)
{
	begin(2);
	look_refs(1 << 24, 100, 0, 1);
	look_refs(2 << 24, 100, 0, 2);
	highlights_end(&list);
	EXPECT_INT(list.pages[HIGHLIGHT_UNEXPLAINED], 0);
	EXPECT_INT(list.pages[HIGHLIGHT_BATCH], 200);
	EXPECT_INT(highlights_rows[HIGHLIGHT_BATCH].severity, 0);
	begin(2);
	look_refs(1 << 24, 1, 0, 3);  /* more than there are CPUs */
	look_refs(2 << 24, 16, 4, 1); /* large folios do not stay in batches */
	highlights_end(&list);
	EXPECT_INT(list.pages[HIGHLIGHT_UNEXPLAINED], 17);
	EXPECT_INT(list.pages[HIGHLIGHT_BATCH], 0);
	begin(0); /* how many CPUs there are is not known */
	look_refs(1 << 24, 1, 0, 3);
	highlights_end(&list);
	EXPECT_INT(list.pages[HIGHLIGHT_UNEXPLAINED], 0);
}

/* A pipe has two pages of a huge one, another has one of these as well. */
TEST(pages_of_a_huge_page_that_are_held_are_counted)
{
	const struct gup_verdicts v = { .write = { .seen_by_refs = TRI_YES } };
	const struct vma vma = { .start = 0, .end = 2 << 20 };
	struct holders_ledger ledger = {
		.n = 2,
		.explained = 3,
		.holder = { { .kind = HOLDERS_PIPE, .pfn = 520, .pages = 2 },
			    { .kind = HOLDERS_PIPE, .pfn = 521, .pages = 1 } }
	};
	struct page_class class = { .verdicts = &v,
				    .page = { .size = 2 << 20,
					      .kind = PAGE_ANON,
					      .anon = true,
					      .leaf = RAW_LEVEL_PMD,
					      .order = 9,
					      .refcount = 4,
					      .expected = 1,
					      .excess = 3 } };
	struct page_info *p = &class.page;
	struct report_row row = { .process = &process,
				  .vma = &vma,
				  .run = { 1 << 24, 1, 512, &class },
				  .raw = &class.raw,
				  .ledger = &ledger,
				  .holders = ledger.holder,
				  .nholders = 2 };

	fact_set(&p->facts, F(PRESENT), true);
	look(&row);
	EXPECT_INT(list.pages[HIGHLIGHT_SEEN], 2);
	ledger.unexplained = 1; /* somebody else may have any of them */
	look(&row);
	EXPECT_INT(list.pages[HIGHLIGHT_SEEN], 512);
	p->pincount = 1;
	look(&row);
	EXPECT_INT(list.pages[HIGHLIGHT_PINNED], 512);
	ledger.unexplained = 0;
	ledger.holder[1].kind = HOLDERS_IO_URING; /* the other one does not pin */
	look(&row);
	EXPECT_INT(list.pages[HIGHLIGHT_PINNED], 1);
}

/* The rings of an io_uring are seen by design: the kernel shares them with the process. */
TEST(pages_of_a_driver_are_no_finding)
{
	struct gup_verdicts v = { .write = { .seen_by_refs = TRI_YES } };
	const struct vma vma = { .start = 1 << 24, .end = 2 << 24 };
	struct page_class class = { .verdicts = &v,
				    .page = { .size = 4096,
					      .kind = PAGE_FILE,
					      .present = TRI_YES,
					      .expected = -1 } };
	struct page_info *p = &class.page;
	struct report_row row = { .process = &process,
				  .vma = &vma,
				  .run = { 1 << 24, 1, 0, &class },
				  .raw = &class.raw };

	fact_set(&p->facts, F(PRESENT), true);
	look(&row);
	EXPECT_INT(list.pages[HIGHLIGHT_SEEN], 1);
	p->has_page = true;
	p->mapping = RAW_MAPPING_NULL;
	look(&row);
	EXPECT_INT(list.pages[HIGHLIGHT_SEEN], 0);
}

/* What requests, a store and a fork would do to a page that many map. */
TEST(verdicts_are_found)
{
	struct gup_verdicts v = { .req = { [GUP_LT_W] = { .page = GUP_PAGE_MIGRATED },
					   [GUP_PIN_R] = { .word = GUP_WORD_COPY } },
				  .write = { .seen_by_refs = TRI_YES, .leak = TRI_YES },
				  .fork = { .word = GUP_FORK_COPY } };
	struct vma vma = { .start = 1 << 24, .end = 2 << 24, .write = true };
	struct page_class class = { .verdicts = &v,
				    .page = { .size = 4096,
					      .kind = PAGE_ANON,
					      .anon = true,
					      .anon_exclusive = TRI_NO,
					      .folio_mapcount = 2,
					      .mapcount = 2,
					      .mapcount_kind = PAGE_COUNT_EXACT,
					      .expected = -1 } };
	struct page_info *p = &class.page;
	struct report_row row = { .process = &process,
				  .vma = &vma,
				  .run = { 1 << 24, 3, 0, &class },
				  .raw = &class.raw };

	fact_set(&p->facts, F(PRESENT), true);
	look(&row);
	EXPECT_INT(list.pages[HIGHLIGHT_LEAK], 3);
	EXPECT_INT(list.pages[HIGHLIGHT_SEEN], 0); /* a leak is more than that */
	EXPECT_INT(list.pages[HIGHLIGHT_MIGRATE], 3);
	EXPECT_INT(list.pages[HIGHLIGHT_COPY], 3);
	EXPECT_INT(list.pages[HIGHLIGHT_COPY_ALONE], 0);
	EXPECT_INT(list.pages[HIGHLIGHT_FORK_COPY], 3);
	EXPECT_INT(list.pages[HIGHLIGHT_LT_REFUSED], 0);
	v.req[GUP_LT_W] = (struct gup_verdict){ .word = GUP_WORD_ERRNO };
	look(&row);
	EXPECT_INT(list.pages[HIGHLIGHT_LT_REFUSED], 3);
	EXPECT_INT(list.pages[HIGHLIGHT_MIGRATE], 0);
	vma.write = false; /* nobody expects that it may be written to */
	look(&row);
	EXPECT_INT(list.pages[HIGHLIGHT_LT_REFUSED], 0);
}

/* A small anonymous page that is pinned and not exclusive breaks an invariant, unless it changed meanwhile. */
TEST(what_breaks_an_invariant_is_found_unless_it_raced)
{
	static const struct gup_verdicts v;
	const struct vma vma = { .start = 1 << 24, .end = 2 << 24 };
	struct page_class class = { .verdicts = &v,
				    .page = { .size = 4096,
					      .kind = PAGE_ANON,
					      .anon = true,
					      .present = TRI_YES,
					      .anon_exclusive = TRI_NO,
					      .folio_mapcount = 1,
					      .mapcount = 1,
					      .mapcount_kind = PAGE_COUNT_EXACT,
					      .refcount = 1025,
					      .pincount = 1,
					      .pincount_kind = PAGE_COUNT_EXACT,
					      .expected = 1 } };
	struct page_info *p = &class.page;
	struct report_row row = { .process = &process,
				  .vma = &vma,
				  .run = { 1 << 24, 1, 0, &class },
				  .raw = &class.raw };

	fact_set(&p->facts, F(PRESENT), true);
	for (unsigned raced = 0; raced < 2; raced++) {
		p->raced = raced;
		look(&row);
		EXPECT_INT(list.pages[HIGHLIGHT_PINNED], 1);
		EXPECT_INT(list.pages[HIGHLIGHT_PIN_NOT_EXCLUSIVE], 1);
		EXPECT_INT(list.pages[HIGHLIGHT_BUG], !raced);
		EXPECT_INT(list.pages[HIGHLIGHT_RACED], raced);
	}
}
