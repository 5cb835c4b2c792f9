/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/procstat.h"
#include "test.h"

#define REST                                                                         \
	" 1 17 17 0 -1 4194560 104 0 0 0 7 8 0 0 20 0 3 0 123456789012 2703360 284 " \
	"18446744073709551615\n"

TEST(a_line)
{
	struct procstat s;

	EXPECT(procstat_parse("17 (sleep) S" REST, &s));
	EXPECT_STR(s.comm, "sleep");
	EXPECT_INT(s.state, 'S');
	EXPECT_INT(s.ppid, 1);
	EXPECT_INT(s.flags, 4194560);
	EXPECT_INT(s.threads, 3);
	EXPECT_INT(s.start_time, 123456789012);
	EXPECT(!procstat_is_dead(&s));
}

/* The name is what the process likes it to be. */
TEST(names)
{
	static const char *const names[] = {
		"a) b", "a) R 1 2 3", "(", ")", "))((", "", "a\nb) Z 9", "\x9b) S"
	};
	char line[300];
	struct procstat s;

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(line, sizeof(line), "17 (%s) Z%s", names[i], REST);
		EXPECT(procstat_parse(line, &s));
		EXPECT_STR(s.comm, names[i]);
		EXPECT_INT(s.state, 'Z');
		EXPECT_INT(s.ppid, 1);
	}
}

TEST(the_end)
{
	struct procstat s = { 0 };

	EXPECT(procstat_parse("17 (a) Z" REST, &s));
	EXPECT(!procstat_is_dead(&s)); /* its other threads run */
	s.threads = 1;
	EXPECT(procstat_is_dead(&s));
	s.state = 'S';
	EXPECT(!procstat_is_dead(&s));
	s.state = 'X';
	s.threads = 0;
	EXPECT(procstat_is_dead(&s));
}

TEST(no_line)
{
	static const char *const texts[] = {
		"", "17", "17 (a", "17 a) S 1", ")(", "17 (a) ", "17 (a) S 1 17", "17 (a)"
	};
	struct procstat s = { .ppid = 5 };

	for (unsigned i = 0; i < ARRAY_SIZE(texts); i++)
		EXPECT(!procstat_parse(texts[i], &s));
	EXPECT_INT(s.ppid, 5);
}
