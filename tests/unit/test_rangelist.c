/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/rangelist.h"
#include "test.h"

#define END 10000

/* Address @a is in the list; the list is as it must be. */
static bool has(const struct rangelist *c, u64 a)
{
	bool found = false;

	for (unsigned i = 0; i < c->n; i++) {
		EXPECT(c->at[i].from < c->at[i].to && c->at[i].to <= c->end);
		EXPECT(!i || c->at[i - 1].to < c->at[i].from);
		found = found || (c->at[i].from <= a && a < c->at[i].to);
	}
	return found;
}

TEST(neighbours_are_one)
{
	struct rangelist c;

	rangelist_init(&c, END);
	EXPECT(rangelist_add(&c, 10, 20) && rangelist_add(&c, 20, 30));
	EXPECT(rangelist_add(&c, 25, 28) && rangelist_add(&c, 31, 40));
	EXPECT_INT(c.n, 2);
	EXPECT(has(&c, 10) && has(&c, 29) && !has(&c, 30) && has(&c, 31));
	EXPECT_INT(c.end, END);
	EXPECT(rangelist_add(&c, END - 1, END + 5));
	EXPECT(!rangelist_add(&c, END, END + 5));
	EXPECT_INT(c.at[2].to, END);
}

TEST(too_many)
{
	struct rangelist c;

	rangelist_init(&c, END);
	for (u64 i = 0; i < RANGELIST_MAX; i++)
		EXPECT(rangelist_add(&c, i * 10, i * 10 + 5));
	EXPECT(rangelist_add(&c, RANGELIST_MAX * 10 - 6, RANGELIST_MAX * 10 - 2));
	EXPECT(!rangelist_add(&c, RANGELIST_MAX * 10, RANGELIST_MAX * 10 + 5));
	EXPECT_INT(c.n, RANGELIST_MAX);
	EXPECT_INT(c.end, RANGELIST_MAX * 10);
	EXPECT(!rangelist_add(&c, RANGELIST_MAX * 10 + 20, RANGELIST_MAX * 10 + 25));
	EXPECT_INT(c.end, RANGELIST_MAX * 10);
}

static u64 rnd(u64 *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 33;
}

/* Up to the end of the merged list, an address is in it when it is in one of the two. */
TEST(any_two_lists)
{
	struct rangelist x, y, both;
	u64 state = 3;

	for (unsigned round = 0; round < 300; round++) {
		struct rangelist *lists[] = { &x, &y };

		for (unsigned l = 0; l < 2; l++) {
			u64 at = 0, step = 2 + rnd(&state) % 60;

			rangelist_init(lists[l], rnd(&state) % 2 ? END : END / 2);
			while (rangelist_add(lists[l], at, at + 1 + rnd(&state) % 9))
				at += 1 + rnd(&state) % step;
		}
		rangelist_merge(&x, &y, &both);
		EXPECT(both.end <= MIN(x.end, y.end));
		EXPECT(both.end == MIN(x.end, y.end) || both.n == RANGELIST_MAX);
		for (u64 a = 0; a < both.end; a += 1 + round % 7)
			EXPECT_INT(has(&both, a), has(&x, a) || has(&y, a));
	}
}
