/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/range.h"

#include <errno.h>

#include "test.h"

static struct collect_range r;
static const char *why;

static int parse(const char *s)
{
	why = NULL;
	return range_parse(s, 4096, &r, &why);
}

TEST(ranges)
{
	EXPECT_INT(parse("0x1000-0x3000"), RANGE_ADDRESSES);
	EXPECT_INT(r.start, 0x1000);
	EXPECT_INT(r.end, 0x3000);
	EXPECT_INT(parse("7f00a000-7f00b000"), RANGE_ADDRESSES);
	EXPECT_INT(r.start, 0x7f00a000);
	EXPECT_INT(parse("7f00a000+2M"), RANGE_ADDRESSES);
	EXPECT_INT(r.end, 0x7f00a000 + (2 << 20));
	EXPECT_INT(parse("1000+0x10"), RANGE_ADDRESSES);
	EXPECT_INT(r.end, 0x1010);
	EXPECT_INT(parse("12345"), RANGE_ADDRESSES);
	EXPECT_INT(r.start, 0x12000);
	EXPECT_INT(r.end, 0x13000);
}

TEST(names)
{
	EXPECT_INT(parse("[heap]"), RANGE_NAME);
	EXPECT_INT(parse("libc.so.6"), RANGE_NAME);
	EXPECT_INT(parse("/usr/lib/x+y"), RANGE_NAME);
	EXPECT_INT(parse("ab-linux"), RANGE_NAME);
}

TEST(bad_ranges_say_why)
{
	EXPECT_INT(parse(""), -EINVAL);
	EXPECT(why);
	EXPECT_INT(parse("3000-1000"), -EINVAL);
	EXPECT(why);
	EXPECT_INT(parse("3000-3000"), -EINVAL);
	EXPECT_INT(parse("1000+"), -EINVAL);
	EXPECT_INT(parse("1000+5X"), -EINVAL);
	EXPECT_INT(parse("ffffffffffffffff+2M"), -EINVAL);
	EXPECT_INT(parse("11111111111111111"), -EINVAL);
}

TEST(sizes)
{
	u64 v = 0;

	EXPECT_INT(range_parse_size("4K", 2, &v), 0);
	EXPECT_INT(v, 4096);
	EXPECT_INT(range_parse_size("1GiB", 4, &v), 0);
	EXPECT_INT(v, 1 << 30);
	EXPECT_INT(range_parse_size("0x10", 4, &v), 0);
	EXPECT_INT(v, 16);
	EXPECT_INT(range_parse_size("99999999999T", 12, &v), -ERANGE);
	EXPECT_INT(range_parse_size("4KB", 3, &v), -EINVAL);
	EXPECT_INT(range_parse_size("", 0, &v), -EINVAL);
}
