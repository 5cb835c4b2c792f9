/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page/zoneinfo.h"
#include "test.h"

static const char text[] = "Node 0, zone      DMA\n"
			   "  per-node stats\n"
			   "      nr_inactive_anon 10\n"
			   "      nr_spanned_lie 7\n"
			   "  pages free     3840\n"
			   "        boost    0\n"
			   "        min      21\n"
			   "        spanned  4095\n"
			   "        present  3998\n"
			   "        managed  3840\n"
			   "        cma      0\n"
			   "        protection: (0, 2979, 23884, 23884, 23884)\n"
			   "      nr_free_pages 3840\n"
			   "      nr_free_cma  0\n"
			   "  pagesets\n"
			   "    cpu: 0\n"
			   "  node_unreclaimable:  0\n"
			   "  start_pfn:           1\n"
			   "Node 0, zone   Normal\n"
			   "  pages free     3840\n"
			   "        spanned  1000\n"
			   "        cma      64\n"
			   "  start_pfn:           4096\n"
			   "Node 0, zone  Movable\n"
			   "  pages free     0\n"
			   "        spanned  0\n"
			   "        present  0\n"
			   "        protection: (0, 0)\n"
			   "Node 1, zone   Normal\n"
			   "        spanned  1000\n"
			   "  start_pfn:           5000\n"
			   "Node 1, zone   Unheard\n"
			   "        spanned  10\n"
			   "  start_pfn:           9000";

TEST(parse)
{
	struct page_span s[8];

	EXPECT_INT(zoneinfo_parse(text, s, 8), 4);
	EXPECT_INT(s[0].zone, PAGE_ZONE_DMA);
	EXPECT_INT(s[0].node, 0);
	EXPECT_INT(s[0].start_pfn, 1);
	EXPECT_INT(s[0].end_pfn, 4096);
	EXPECT_INT(s[0].cma_pages, 0);
	EXPECT_INT(s[1].zone, PAGE_ZONE_NORMAL);
	EXPECT_INT(s[1].cma_pages, 64);
	EXPECT_INT(s[2].node, 1);
	EXPECT_INT(s[2].cma_pages, -1);
	EXPECT_INT(s[3].zone, -1);
}

TEST(count_without_room)
{
	struct page_span s[1];

	EXPECT_INT(zoneinfo_parse(text, NULL, 0), 4);
	EXPECT_INT(zoneinfo_parse(text, s, 1), 4);
	EXPECT_INT(s[0].zone, PAGE_ZONE_DMA);
}

TEST(find)
{
	struct page_span s[8];
	size_t n = zoneinfo_parse(text, s, 8);

	EXPECT(!zoneinfo_find(s, n, 0));
	EXPECT(zoneinfo_find(s, n, 1) == &s[0]);
	EXPECT(zoneinfo_find(s, n, 4095) == &s[0]);
	EXPECT(zoneinfo_find(s, n, 4096) == &s[1]);
	EXPECT(!zoneinfo_find(s, n, 5050)); /* in two nodes' spans */
	EXPECT(zoneinfo_find(s, n, 5500) == &s[2]);
	EXPECT(!zoneinfo_find(s, n, 7000));
	EXPECT(!zoneinfo_find(NULL, 0, 1));
}

TEST(cut)
{
	struct page_span s[] = {
		{ .start_pfn = 0, .end_pfn = 1000, .cma_pages = 0 },
		{ .start_pfn = 1000, .end_pfn = 9000, .cma_pages = 3000, .node = 1 },
		{ .start_pfn = 9000, .end_pfn = 9900, .cma_pages = 100 },
	};
	struct zoneinfo_cma cma[] = { { 6000, 1000 }, { 1000, 2000 }, { 9000, 200 } };
	struct page_span p[8];

	EXPECT_INT(zoneinfo_is_cma(NULL), TRI_UNKNOWN);
	EXPECT_INT(zoneinfo_is_cma(&s[1]), TRI_UNKNOWN);
	EXPECT_INT(zoneinfo_cut(s, 3, cma, 3, p, 8), 6);
	EXPECT_INT(p[0].end_pfn, 1000);
	EXPECT_INT(zoneinfo_is_cma(&p[0]), TRI_NO);
	EXPECT_INT(p[1].start_pfn, 1000);
	EXPECT_INT(p[1].end_pfn, 3000);
	EXPECT_INT(zoneinfo_is_cma(&p[1]), TRI_YES);
	EXPECT_INT(p[2].start_pfn, 3000);
	EXPECT_INT(p[2].end_pfn, 6000);
	EXPECT_INT(zoneinfo_is_cma(&p[2]), TRI_NO);
	EXPECT_INT(zoneinfo_is_cma(&p[3]), TRI_YES);
	EXPECT_INT(p[4].start_pfn, 7000);
	EXPECT_INT(p[4].end_pfn, 9000);
	EXPECT_INT(p[4].node, 1);
	EXPECT_INT(zoneinfo_is_cma(&p[4]), TRI_NO);
	/* zoneinfo counts fewer: part of the area is not CMA's, and not known which */
	EXPECT_INT(p[5].start_pfn, 9000);
	EXPECT_INT(zoneinfo_is_cma(&p[5]), TRI_UNKNOWN);
	/* without room */
	EXPECT_INT(zoneinfo_cut(s, 3, cma, 3, p, 1), 6);
}

TEST(every_prefix)
{
	struct page_span s[8];

	for (size_t len = 0; len <= strlen(text); len++) {
		char *copy = strndup(text, len);

		zoneinfo_parse(copy, s, 8);
		free(copy);
	}
}
