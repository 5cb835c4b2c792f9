/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test.h - a test program is a file of TEST()s; main() runs them all and prints TAP.
 */
#ifndef GUPINFO_TEST_H
#define GUPINFO_TEST_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test_case {
	const char *name;
	void (*run)(void);
	struct test_case *next;
};

static struct test_case *test_first, **test_last = &test_first;
static int test_failures;
static char test_skip_reason[200];

/* Defines and registers a test. */
#define TEST(id)                                                                    \
	static void test_##id(void);                                                \
	static struct test_case test_case_##id = { .name = #id, .run = test_##id }; \
	__attribute__((constructor)) static void test_register_##id(void)           \
	{                                                                           \
		*test_last = &test_case_##id;                                       \
		test_last = &test_case_##id.next;                                   \
	}                                                                           \
	static void test_##id(void)

/* Records a failure and goes on. */
#define EXPECT(cond)                                                        \
	do {                                                                \
		if (!(cond)) {                                              \
			printf("# %s:%d: %s\n", __FILE__, __LINE__, #cond); \
			test_failures++;                                    \
		}                                                           \
	} while (0)

#define EXPECT_INT(a, b)                                                                 \
	do {                                                                             \
		long long a_ = (a), b_ = (b);                                            \
		if (a_ != b_) {                                                          \
			printf("# %s:%d: %s is %lld (0x%llx), expected %lld (0x%llx)\n", \
			       __FILE__, __LINE__, #a, a_, a_, b_, b_);                  \
			test_failures++;                                                 \
		}                                                                        \
	} while (0)

#define EXPECT_STR(a, b)                                                              \
	do {                                                                          \
		const char *a_ = (a), *b_ = (b);                                      \
		if (!a_ || !b_ || strcmp(a_, b_)) {                                   \
			printf("# %s:%d: %s is \"%s\", expected \"%s\"\n", __FILE__,  \
			       __LINE__, #a, a_ ? a_ : "(null)", b_ ? b_ : "(null)"); \
			test_failures++;                                              \
		}                                                                     \
	} while (0)

/* Ends the test as skipped, with a reason. */
#define SKIP(...)                                                                  \
	do {                                                                       \
		snprintf(test_skip_reason, sizeof(test_skip_reason), __VA_ARGS__); \
		return;                                                            \
	} while (0)

int main(void)
{
	unsigned n = 0, i = 0, failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (struct test_case *t = test_first; t; t = t->next)
		n++;
	printf("1..%u\n", n);
	for (struct test_case *t = test_first; t; t = t->next) {
		test_failures = 0;
		test_skip_reason[0] = '\0';
		t->run();
		failed += test_failures != 0;
		printf("%sok %u - %s%s%s\n", test_failures ? "not " : "", ++i, t->name,
		       test_skip_reason[0] ? " # SKIP " : "", test_skip_reason);
	}
	return failed != 0;
}

#endif
