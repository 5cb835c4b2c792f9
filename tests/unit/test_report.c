/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/report.h"
#include "test.h"

#define BASE 4096

static struct report_totals t;
static struct report_folio f;

/* Counts a run of @n pages of folios of 16 pages, mapped by PTEs: page @addr has frame @pfn. */
static void map(u64 addr, u64 pfn, u64 n)
{
	struct page_class class = { .page = { .size = BASE,
					      .order = 4,
					      .leaf = RAW_LEVEL_PTE,
					      .kind = PAGE_ANON } };
	struct page_run run = { addr * BASE, n, pfn, &class };

	fact_set(&class.page.facts, F(PRESENT), true);
	report_folios(&t, &f, &run, false, BASE);
}

static void end(void)
{
	report_folios(&t, &f, NULL, false, BASE);
}

static void begin(void)
{
	memset(&t, 0, sizeof(t));
	memset(&f, 0, sizeof(f));
}

TEST(whole_folios_are_aligned_or_not)
{
	begin();
	map(0x100, 0x4000, 48);
	end();
	EXPECT_INT(t.thp_aligned, 48);
	EXPECT_INT(t.folio_whole[1][4], 48);
	map(0x208, 0x5000, 16);
	end();
	EXPECT_INT(t.thp_unaligned, 16);
	EXPECT_INT(t.folio_whole[0][4], 16);
	EXPECT_INT(t.thp_part, 0);
}

TEST(a_folio_in_several_runs_is_whole)
{
	begin();
	map(0x100, 0x4000, 5);
	map(0x105, 0x4005, 1);
	map(0x106, 0x4006, 26); /* and the next folio */
	end();
	EXPECT_INT(t.thp_aligned, 32);
	EXPECT_INT(t.thp_part, 0);
}

TEST(parts_of_folios_are_parts)
{
	begin();
	map(0x100, 0x4000, 15);
	map(0x10f, 0x7000, 16); /* another folio, not aligned */
	map(0x11f, 0x4014, 12); /* the end of a third */
	map(0x200, 0x4020, 1);  /* a place that does not follow */
	map(0x300, 0x4021, 15);
	end();
	EXPECT_INT(t.thp_part, 15 + 12 + 1 + 15);
	EXPECT_INT(t.folio_part[4], 15 + 12 + 1 + 15);
	EXPECT_INT(t.thp_unaligned, 16);
	EXPECT_INT(t.thp_aligned, 0);
}

TEST(other_pages_end_a_folio)
{
	struct page_class small = { .verdicts = NULL };
	struct page_run run = { 0x108 * BASE, 1, 0x4008, &small };

	begin();
	map(0x100, 0x4000, 8);
	report_folios(&t, &f, &run, false, BASE);
	map(0x108, 0x4008, 8);
	end();
	EXPECT_INT(t.thp_part, 16);
}

/* Views show a page as the heaviest of what it is; what is not known is nothing else. */
TEST(a_page_is_in_one_state)
{
	struct gup_verdicts v = { .write.leak = TRI_NO };
	struct page_class c = { .verdicts = &v,
				.page = { .kind = PAGE_ANON,
					  .anon = true,
					  .anon_exclusive = TRI_NO,
					  .mm_shared = TRI_UNKNOWN,
					  .mapcount = 1,
					  .mapcount_kind = PAGE_COUNT_EXACT } };

	EXPECT_INT(report_state(&c), REPORT_WAITING);
	c.page.mapcount = 2;
	EXPECT_INT(report_state(&c), REPORT_SHARED);
	c.page.why[PAGE_F_MAPCOUNT] = PAGE_WHY_NO_BPF;
	EXPECT_INT(report_state(&c), REPORT_UNKNOWN);
	c.page.anon_exclusive = TRI_YES;
	EXPECT_INT(report_state(&c), REPORT_EXCLUSIVE);
	/* a reference that may be a batch's is no news */
	c.page.expected = c.page.excess = 1;
	EXPECT_INT(report_state(&c), REPORT_EXCLUSIVE);
	fact_set(&c.page.facts, F(EXTRA_REFS), true);
	EXPECT_INT(report_state(&c), REPORT_EXTRA);
	c.page.pincount = 1;
	c.page.pincount_kind = PAGE_COUNT_ESTIMATE;
	EXPECT_INT(report_state(&c), REPORT_MAYBE);
	c.page.pincount_kind = PAGE_COUNT_EXACT;
	EXPECT_INT(report_state(&c), REPORT_PINNED);
	v.write.leak = TRI_YES;
	EXPECT_INT(report_state(&c), REPORT_LEAK);
	c = (struct page_class){ .verdicts = &v, .page = { .kind = PAGE_SWAP } };
	v.write.leak = TRI_NO;
	EXPECT_INT(report_state(&c), REPORT_SWAP);
	c.page.kind = PAGE_UNKNOWN;
	EXPECT_INT(report_state(&c), REPORT_UNKNOWN);
}
