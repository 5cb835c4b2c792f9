/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "zoneinfo.h"
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

	EXPECT_INT(zoneinfo_parse(text, strlen(text), s, 8), 4);
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

	EXPECT_INT(zoneinfo_parse(text, strlen(text), NULL, 0), 4);
	EXPECT_INT(zoneinfo_parse(text, strlen(text), s, 1), 4);
	EXPECT_INT(s[0].zone, PAGE_ZONE_DMA);
}

TEST(find)
{
	struct page_span s[8];
	size_t n = zoneinfo_parse(text, strlen(text), s, 8);

	EXPECT(!zoneinfo_find(s, n, 0));
	EXPECT(zoneinfo_find(s, n, 1) == &s[0]);
	EXPECT(zoneinfo_find(s, n, 4095) == &s[0]);
	EXPECT(zoneinfo_find(s, n, 4096) == &s[1]);
	EXPECT(!zoneinfo_find(s, n, 5050)); /* in two nodes' spans */
	EXPECT(zoneinfo_find(s, n, 5500) == &s[2]);
	EXPECT(!zoneinfo_find(s, n, 7000));
	EXPECT(!zoneinfo_find(NULL, 0, 1));
}

TEST(every_prefix)
{
	struct page_span s[8];

	for (size_t len = 0; len <= strlen(text); len++) {
		char *copy = malloc(len ? len : 1);

		memcpy(copy, text, len);
		zoneinfo_parse(copy, len, s, 8);
		free(copy);
	}
}
