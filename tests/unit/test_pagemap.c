/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pagemap.h"
#include "test.h"

#include <errno.h>
#include <string.h>

/* A file of @n words; word i is i * 3 + 1. */
struct file {
	u64 n;
	unsigned reads;
	u64 words_read;
	int fail_at; /* the read that fails, -1 never */
};

static s64 file_pread(void *ctx, void *buf, size_t len, u64 offset)
{
	struct file *f = ctx;
	u64 first = offset / 8, n = len / 8;

	EXPECT_INT(offset % 8, 0);
	EXPECT_INT(len % 8, 0);
	if ((int)f->reads == f->fail_at)
		return -EIO;
	f->reads++;
	n = first >= f->n ? 0 : MIN(n, f->n - first);
	f->words_read += n;
	for (u64 i = 0; i < n; i++)
		((u64 *)buf)[i] = (first + i) * 3 + 1;
	return n * 8;
}

TEST(words)
{
	EXPECT_INT(pagemap_pfn(PAGEMAP_PRESENT | 0x1234), 0x1234);
	EXPECT_INT(pagemap_pfn(PAGEMAP_SWAP | 0x1234), 0);
	EXPECT_INT(pagemap_pfn(~0ull), PAGEMAP_PFN_MASK);
	EXPECT_INT(pagemap_swap_type(0x440000000000009f), 0x1f);
	EXPECT_INT(pagemap_swap_offset(0x440000000000009f), 4);
	EXPECT_INT(sizeof(struct pagemap_region), 24);
}

static u64 rnd(u64 *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 20;
}

static void sort_and_check(struct pagemap_want *w, size_t n)
{
	struct pagemap_want *tmp = calloc(n + 1, sizeof(*tmp));
	u64 sum = 0, sum_after = 0;

	for (size_t i = 0; i < n; i++)
		sum += w[i].index * 31 + w[i].slot;
	pagemap_sort(w, tmp, n);
	for (size_t i = 0; i < n; i++) {
		sum_after += w[i].index * 31 + w[i].slot;
		if (i && w[i - 1].index == w[i].index)
			EXPECT(w[i - 1].slot < w[i].slot);
		if (i)
			EXPECT(w[i - 1].index <= w[i].index);
	}
	EXPECT_INT(sum, sum_after);
	free(tmp);
}

TEST(sort)
{
	static const u64 masks[] = { 0xf, 0xfff, 0xffffff, (1ull << 40) - 1 };
	static const size_t sizes[] = { 0, 1, 2, 31, 32, 33, 100, 5000 };
	u64 state = 1;

	for (unsigned m = 0; m < ARRAY_SIZE(masks); m++)
		for (unsigned s = 0; s < ARRAY_SIZE(sizes); s++) {
			struct pagemap_want *w = calloc(sizes[s] + 1, sizeof(*w));

			for (size_t i = 0; i < sizes[s]; i++)
				w[i] = (struct pagemap_want){
					.index = rnd(&state) & masks[m], .slot = i, .n = 1
				};
			sort_and_check(w, sizes[s]);
			sort_and_check(w, sizes[s]); /* sorted already */
			free(w);
		}
}

/* Words as they were read: slot i holds index @first + i. */
static void expect_words(const u64 *words, const u8 *ok, u32 slot, u64 first, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		EXPECT_INT(ok[slot + i], 2);
		EXPECT_INT(words[slot + i], (first + i) * 3 + 1);
	}
}

TEST(reads_are_coalesced)
{
	/* 10..13 11 11 13 15 | gap of 3: one read | 19 20 | gap of 4: another */
	struct pagemap_want want[] = { { 10, 0, 4 }, { 11, 4, 1 }, { 11, 5, 1 },
				       { 13, 6, 1 }, { 15, 7, 1 }, { 19, 8, 2 },
				       { 25, 10, 1 } };
	struct file f = { .n = 1000, .fail_at = -1 };
	u64 words[11] = { 0 }, buf[64];
	u8 ok[11] = { 0 };

	EXPECT_INT(pagemap_read_words(file_pread, &f, want, ARRAY_SIZE(want), words, ok,
				      2, buf, 64),
		   0);
	EXPECT_INT(f.reads, 2);
	EXPECT_INT(f.words_read, 12);
	for (unsigned i = 0; i < ARRAY_SIZE(want); i++)
		expect_words(words, ok, want[i].slot, want[i].index, want[i].n);
}

TEST(reads_respect_the_buffer)
{
	struct pagemap_want want[100];
	struct file f = { .n = 1000, .fail_at = -1 };
	u64 words[100] = { 0 }, buf[7];
	u8 ok[100] = { 0 };

	for (unsigned i = 0; i < 100; i++)
		want[i] = (struct pagemap_want){ .index = 5 + i, .slot = 99 - i, .n = 1 };
	EXPECT_INT(pagemap_read_words(file_pread, &f, want, 100, words, ok, 2, buf, 7),
		   0);
	EXPECT_INT(f.reads, 15);
	for (unsigned i = 0; i < 100; i++)
		EXPECT_INT(words[99 - i], (5 + i) * 3 + 1);
}

/* A long run alone needs no buffer. */
TEST(a_run_longer_than_the_buffer)
{
	struct pagemap_want want[] = { { 3, 0, 1 }, { 5, 1, 50 }, { 56, 51, 1 } };
	struct file f = { .n = 1000, .fail_at = -1 };
	u64 words[52] = { 0 }, buf[7];
	u8 ok[52] = { 0 };

	EXPECT_INT(pagemap_read_words(file_pread, &f, want, 3, words, ok, 2, buf, 7), 0);
	EXPECT_INT(f.reads, 3);
	for (unsigned i = 0; i < 3; i++)
		expect_words(words, ok, want[i].slot, want[i].index, want[i].n);
}

TEST(neighbours_are_one_want)
{
	/* 7 lies between 6 and 8 in the file, but not in the slots */
	static const struct {
		u64 index;
		u32 slot;
	} in[] = { { 5, 0 }, { 6, 1 },  { 90, 2 }, { 8, 3 },
		   { 9, 4 }, { 10, 6 }, { 11, 7 }, { 12, 8 } };
	struct pagemap_want want[8];
	size_t n = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(in); i++)
		n = pagemap_want_add(want, n, in[i].index, in[i].slot, 2);
	EXPECT_INT(n, 5);
	EXPECT(want[0].index == 5 && want[0].slot == 0 && want[0].n == 2);
	EXPECT(want[1].index == 90 && want[1].slot == 2 && want[1].n == 1);
	EXPECT(want[2].index == 8 && want[2].slot == 3 && want[2].n == 2);
	EXPECT(want[3].index == 10 && want[3].slot == 6 && want[3].n == 2);
	EXPECT(want[4].index == 12 && want[4].slot == 8 && want[4].n == 1);
}

/* Whatever is asked for comes, and no word is read twice but in a gap. */
TEST(any_wants)
{
	u64 state = 7, words[600], buf[40];
	struct pagemap_want want[200], tmp[200];
	u8 ok[600];

	for (unsigned round = 0; round < 200; round++) {
		struct file f = { .n = 2000, .fail_at = -1 };
		u32 slots = 0;
		size_t n = 1 + rnd(&state) % 200;

		memset(ok, 0, sizeof(ok));
		for (size_t i = 0; i < n; i++) {
			want[i] = (struct pagemap_want){ .index = rnd(&state) % 1500,
							 .slot = slots,
							 .n = 1 + rnd(&state) % 3 };
			slots += want[i].n;
		}
		pagemap_sort(want, tmp, n);
		EXPECT_INT(pagemap_read_words(file_pread, &f, want, n, words, ok, 2, buf,
					      1 + rnd(&state) % 40),
			   0);
		EXPECT(f.reads <= n);
		for (size_t i = 0; i < n; i++)
			expect_words(words, ok, want[i].slot, want[i].index, want[i].n);
	}
}

TEST(the_end_of_the_file)
{
	struct pagemap_want want[] = {
		{ 8, 0, 1 }, { 9, 1, 2 }, { 10, 3, 1 }, { 500, 4, 9 }
	};
	struct file f = { .n = 10, .fail_at = -1 };
	u64 words[13] = { 7, 7, 7, 7 }, buf[64];
	u8 ok[13] = { 0 };

	EXPECT_INT(pagemap_read_words(file_pread, &f, want, 4, words, ok, 2, buf, 64), 0);
	EXPECT(ok[0] && ok[1] && !ok[2] && !ok[3] && !ok[4]);
	EXPECT_INT(words[1], 28);
	EXPECT_INT(words[2], 7);
}

TEST(a_read_that_fails)
{
	struct pagemap_want want[] = { { 1, 0, 1 }, { 100, 1, 1 }, { 200, 2, 1 } };
	struct file f = { .n = 1000, .fail_at = 1 };
	u64 words[3] = { 0 }, buf[8];
	u8 ok[3] = { 0 };

	EXPECT_INT(pagemap_read_words(file_pread, &f, want, 3, words, ok, 2, buf, 8),
		   -EIO);
	EXPECT(ok[0] && !ok[1] && !ok[2]);
	EXPECT_INT(pagemap_read_words(file_pread, &f, want, 0, words, ok, 2, buf, 8), 0);
}
