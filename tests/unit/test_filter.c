/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/filter.h"

#include <errno.h>

#include "test.h"

static struct process process = { .pid = 42, .comm = "fa\x1bke" };
static struct vma vma = { .start = 0x7f0000000000,
			  .end = 0x7f0000010000,
			  .name = "[heap]" };
static struct gup_verdicts verdicts;
static struct page_class class = {
	.page = { .size = 4096,
		  .kind = PAGE_ANON,
		  .mapcount = 2,
		  .why = { [PAGE_F_REFCOUNT] = PAGE_WHY_NO_BPF,
			   [PAGE_F_ZONE] = PAGE_WHY_NOT_APPLICABLE },
		  .anon_exclusive = TRI_NO },
	.verdicts = &verdicts,
};
static struct report_row row = { .process = &process,
				 .vma = &vma,
				 .run = { 0x7f0000000000, 3, 0, &class },
				 .raw = &class.raw };

static int match(const char *expr)
{
	char why[200] = "";
	struct filter *f = NULL;
	int err = filter_parse(COLUMNS_PAGE, expr, &f, why, sizeof(why));

	if (err) {
		if (!why[0])
			return -1000;
		return err;
	}
	err = filter_match(f, &row);
	filter_free(f);
	return err;
}

TEST(comparisons)
{
	EXPECT_INT(match("MAP == 2"), TRI_YES);
	EXPECT_INT(match("MAP = 2"), TRI_YES);
	EXPECT_INT(match("map>1 && kind==\"anon\""), TRI_YES);
	EXPECT_INT(match("MAP>2 || PAGES>=3"), TRI_YES);
	EXPECT_INT(match("!(MAP==2)"), TRI_NO);
	EXPECT_INT(match("SIZE==4K"), TRI_YES);
	EXPECT_INT(match("EXCL==false"), TRI_YES);
	EXPECT_INT(match("KIND=~'^an'"), TRI_YES);
	EXPECT_INT(match("NAME!~'heap'"), TRI_NO);
	EXPECT_INT(match("ADDR>=0x7f0000000000 && ADDR<7f0000000001"), TRI_YES);
	EXPECT_INT(match("GET-R==fast"), TRI_YES);
	EXPECT_INT(match("MAP"), TRI_YES);
	EXPECT_INT(match("EXCL"), TRI_NO);
}

TEST(what_is_not_known_is_not_false)
{
	EXPECT_INT(match("REF > 1"), TRI_UNKNOWN);
	EXPECT_INT(match("!(REF > 1)"), TRI_UNKNOWN);
	EXPECT_INT(match("REF > 1 || MAP==2"), TRI_YES);
	EXPECT_INT(match("REF > 1 && MAP==3"), TRI_NO);
	EXPECT_INT(match("REF == '?'"), TRI_YES);
	EXPECT_INT(match("MAP == '?'"), TRI_NO);
	EXPECT_INT(match("NODE == '-'"), TRI_YES);
	EXPECT_INT(match("NODE == 0"), TRI_NO);
}

/* Returns of which rows an expression over columns of @rows is, or -EINVAL. */
static int rows_of(enum columns_of rows, const char *expr)
{
	char why[200];
	struct filter *f = NULL;
	int of = filter_parse(rows, expr, &f, why, sizeof(why));

	of = of ? of : (int)filter_of(f);
	filter_free(f);
	return of;
}

TEST(a_column_that_only_pages_have_makes_it_a_filter_of_pages)
{
	EXPECT_INT(rows_of(COLUMNS_MAPPING, "PIN > 0 && PSS > 4K"), COLUMNS_MAPPING);
	EXPECT_INT(rows_of(COLUMNS_MAPPING, "PIN > 0 && KIND == \"anon\""), COLUMNS_PAGE);
	EXPECT_INT(rows_of(COLUMNS_MAPPING, "KIND == \"anon\" || PIN"), COLUMNS_PAGE);
	EXPECT_INT(rows_of(COLUMNS_MAPPING, "KIND == \"anon\" && PSS > 4K"), -EINVAL);
	EXPECT_INT(rows_of(COLUMNS_MAPPING, "PSS > 4K && KIND == \"anon\""), -EINVAL);
	EXPECT_INT(rows_of(COLUMNS_MAPPING, "WHAT == \"moved\""), -EINVAL);
	EXPECT_INT(rows_of(COLUMNS_FACT, "MAP > 1"), -EINVAL);
	EXPECT_INT(rows_of(COLUMNS_FINDING, "MAP > 1"), COLUMNS_FINDING);
}

TEST(bad_expressions_say_why)
{
	static const char *const bad[] = { "",           "MAP ==",   "FOO==1",
					   "MAP==1 MAP", "(MAP==1",  "MAP==1 &&",
					   "KIND=~'('",  "KIND=='x", "MAP=~3",
					   "&& MAP",     "MAP == 5Q" };

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_INT(match(bad[i]), -EINVAL);
}

TEST(depth_and_length_are_bounded)
{
	static char deep[4096];

	memset(deep, '(', 2000);
	strcpy(deep + 2000, "MAP");
	EXPECT_INT(match(deep), -EINVAL);
	deep[0] = '\0';
	for (int i = 0; i < 300; i++)
		strcat(deep, i ? "||MAP==1" : "MAP==1");
	EXPECT_INT(match(deep), -EINVAL);
}
