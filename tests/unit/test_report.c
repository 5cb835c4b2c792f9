/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pagemap.h"
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

/* A process that stored to a page of a huge leaf that is shared maps the rest of its folio by PTEs. */
TEST(pages_of_a_huge_leaf_have_different_map_counts)
{
	struct raw_page o = { .pages = 1,
			      .has = RAW_HAS_PAGEMAP | RAW_HAS_LEVEL | RAW_HAS_PFN |
				     RAW_HAS_PAGE | RAW_HAS_LARGE,
			      .level = RAW_LEVEL_PMD,
			      .pagemap = PAGEMAP_PRESENT,
			      .mapping = RAW_MAPPING_ANON,
			      .order = 9,
			      .mapcount = 1,
			      .entire_mapcount = 1,
			      .large_mapcount = 1 };
	struct kernel kernel = { .known = BIT(KFACT_KPAGECOUNT_AVERAGE) };
	struct page_context c = { .kernel = &kernel, .have_bpf = true };
	struct vma v = { .read = true, .fs = VMA_FS_NONE };
	struct page_info p;

	page_read(&c, &v, &o, &p);
	EXPECT_INT(p.mapcount_kind, PAGE_COUNT_EXACT);
	/* the other half of it is mapped twice */
	o.large_mapcount = 257;
	page_read(&c, &v, &o, &p);
	EXPECT(!page_knows(&p, PAGE_F_MAPCOUNT) && !p.maps_differ);
	o.has |= RAW_HAS_MAPS;
	o.maps_once = 256;
	o.maps_share = RAW_MAPS_ONE / 4 * 3;
	page_read(&c, &v, &o, &p);
	EXPECT(p.maps_differ && p.maps_once == 256);
	EXPECT_INT(p.mapcount, 2);
	EXPECT_INT(p.mapcount_kind, PAGE_COUNT_AVERAGE);
	/* all pages are mapped by PTEs of another process, too */
	o.mapcount = 3;
	o.large_mapcount = 1 + 2 * 512;
	o.maps_once = 0;
	o.maps_share = RAW_MAPS_ONE / 3;
	page_read(&c, &v, &o, &p);
	EXPECT(!p.maps_differ && p.mapcount_kind == PAGE_COUNT_EXACT);
}

/* Of a huge leaf another process may map some of its base pages: each of them is in its part. */
TEST(pages_of_a_leaf_that_are_mapped_differently)
{
	struct gup_verdicts v = { .write.leak = TRI_NO };
	struct page_class class = { .verdicts = &v,
				    .page = { .size = 512 * BASE,
					      .order = 9,
					      .leaf = RAW_LEVEL_PMD,
					      .kind = PAGE_ANON,
					      .anon = true,
					      .anon_exclusive = TRI_NO,
					      .mm_shared = TRI_YES,
					      .mapcount = 2,
					      .mapcount_kind = PAGE_COUNT_AVERAGE,
					      .maps_differ = true,
					      .maps_once = 384,
					      .maps_share = RAW_MAPS_ONE / 8 * 7 } };
	struct page_run waiting = { 0 };
	struct report_row row = { .run = { 0, 2, 0, &class } };

	begin();
	fact_set(&class.page.facts, F(PRESENT), true);
	report_count_later(&t, &waiting, &row, BASE);
	report_count_later(&t, &waiting, NULL, BASE);
	EXPECT_INT(t.present, 1024);
	EXPECT_INT(t.shared, 2 * 128);
	EXPECT_INT(t.waiting, 2 * 384);
	EXPECT_INT(t.uss, 2 * 384);
	EXPECT_INT(report_bytes(&t, offsetof(struct report_totals, pss), BASE),
		   1024 * BASE / 8 * 7);
	EXPECT_INT(report_state(&class), REPORT_SHARED);
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
