/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/nearest.h"
#include "test.h"

static const char *option(unsigned i)
{
	static const char *const names[] = { "color", "comm", "pages", "pid", NULL };

	return names[i];
}

TEST(misspelt)
{
	EXPECT_STR(nearest("colour", 6, option), "color");
	EXPECT_STR(nearest("COLOR", 5, option), "color");
	EXPECT_STR(nearest("pagse", 5, option), "pages");
	EXPECT_STR(nearest("pagesXX", 5, option), "pages");
	EXPECT_STR(nearest("pi", 2, option), "pid");
}

TEST(far_away)
{
	EXPECT(!nearest("verify", 6, option));
	EXPECT(!nearest("xyz", 3, option));
	EXPECT(!nearest("pages-pages-pages-pages-pages-pages", 35, option));
}
