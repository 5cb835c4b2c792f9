/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/escape.h"
#include "test.h"

static const char *esc(const char *s)
{
	static char buf[64];

	return escape_text(buf, sizeof(buf), s);
}

TEST(plain_text_stays)
{
	EXPECT_STR(esc("/usr/lib/libfoo.so"), "/usr/lib/libfoo.so");
	EXPECT_STR(esc("h\xc3\xa4us \xe2\x82\xac"), "h\xc3\xa4us \xe2\x82\xac");
}

TEST(control_characters_are_escaped)
{
	EXPECT_STR(esc("a\x1b[2Jb\n"), "a\\x1b[2Jb\\x0a");
	EXPECT_STR(esc("\x7f\xc2\x9b"), "\\x7f\\xc2\\x9b");
	EXPECT_STR(esc("a\\b"), "a\\x5cb");
}

TEST(invalid_utf8_and_direction_marks_are_escaped)
{
	EXPECT_STR(esc("\xff\xc3("), "\\xff\\xc3(");
	EXPECT_STR(esc("\xc0\xaf"), "\\xc0\\xaf");
	EXPECT_STR(esc("\xe2\x80\xaex"), "\\xe2\\x80\\xaex");
	EXPECT_STR(esc("\xed\xa0\x80"), "\\xed\\xa0\\x80");
}

TEST(cut_at_a_whole_character)
{
	char buf[5];

	EXPECT_STR(escape_text(buf, sizeof(buf), "abc\x01"), "abc");
	EXPECT_STR(escape_text(buf, sizeof(buf), "abc\xc3\xa4"), "abc");
	EXPECT_STR(escape_text(buf, sizeof(buf), "abcdef"), "abcd");
}
