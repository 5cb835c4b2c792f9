/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pagemap.h"

#include <string.h>

#include "lib/pure.h"

#define PAGEMAP_RADIX_BITS 11
#define PAGEMAP_RADIX (1u << PAGEMAP_RADIX_BITS)

/* Does one stable counting pass over @shift..@shift+10; false when all keys agree there. */
static bool pagemap_sort_pass(const struct pagemap_want *from, struct pagemap_want *to,
			      size_t n, unsigned shift)
{
	u32 start[PAGEMAP_RADIX] = { 0 }, sum = 0;

	for (size_t i = 0; i < n; i++)
		start[from[i].index >> shift & (PAGEMAP_RADIX - 1)]++;
	if (start[from[0].index >> shift & (PAGEMAP_RADIX - 1)] == n)
		return false;
	for (unsigned i = 0; i < PAGEMAP_RADIX; i++) {
		u32 count = start[i];

		start[i] = sum;
		sum += count;
	}
	for (size_t i = 0; i < n; i++)
		to[start[from[i].index >> shift & (PAGEMAP_RADIX - 1)]++] = from[i];
	return true;
}

static void pagemap_sort_small(struct pagemap_want *want, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct pagemap_want w = want[i];
		size_t j = i;

		for (; j && want[j - 1].index > w.index; j--)
			want[j] = want[j - 1];
		want[j] = w;
	}
}

void pagemap_sort(struct pagemap_want *want, struct pagemap_want *tmp, size_t n)
{
	struct pagemap_want *from = want, *to = tmp;
	u64 max = 0;
	bool sorted = true;

	for (size_t i = 0; i < n; i++) {
		sorted = sorted && (!i || want[i - 1].index <= want[i].index);
		max = MAX(max, want[i].index);
	}
	if (sorted)
		return;
	if (n <= 32) {
		pagemap_sort_small(want, n);
		return;
	}
	for (unsigned shift = 0; shift < 64 && max >> shift; shift += PAGEMAP_RADIX_BITS)
		if (pagemap_sort_pass(from, to, n, shift)) {
			struct pagemap_want *swap = from;

			from = to;
			to = swap;
		}
	if (from != want)
		memcpy(want, from, n * sizeof(*want));
}

size_t pagemap_want_add(struct pagemap_want *want, size_t n, u64 index, u32 slot, u32 max)
{
	struct pagemap_want *last = n ? &want[n - 1] : NULL;

	if (last && last->n < max && last->index + last->n == index &&
	    last->slot + last->n == slot) {
		last->n++;
		return n;
	}
	want[n] = (struct pagemap_want){ .index = index, .slot = slot, .n = 1 };
	return n + 1;
}

/* Finds the end of the requests from @i on that one read can serve, and its number of words. */
static size_t pagemap_batch(const struct pagemap_want *want, size_t i, size_t n,
			    size_t buf_words, u64 *ret_words)
{
	u64 first = want[i].index, end = first + want[i].n;

	for (i++; i < n && want[i].index <= end + PAGEMAP_GAP; i++) {
		u64 to = MAX(end, want[i].index + want[i].n);

		if (to - first > buf_words)
			break;
		end = to;
	}
	*ret_words = end - first;
	return i;
}

int pagemap_read_words(pagemap_pread reader, void *ctx, const struct pagemap_want *want,
		       size_t n, u64 *words, u8 *ok, u8 bit, u64 *buf, size_t buf_words)
{
	for (size_t i = 0; i < n;) {
		u64 first = want[i].index, len;
		size_t end = pagemap_batch(want, i, n, buf_words, &len);
		u64 *to = end == i + 1 ? &words[want[i].slot] : buf;
		s64 got = reader(ctx, to, len * sizeof(*to), first * sizeof(*to));

		if (got < 0)
			return got;
		got /= (s64)sizeof(*to);
		for (; i < end; i++) {
			u64 at = want[i].index - first;
			u64 have = (u64)got > at ? MIN((u64)got - at, want[i].n) : 0;

			if (to == buf)
				memcpy(&words[want[i].slot], &buf[at],
				       have * sizeof(*buf));
			for (u64 k = 0; k < have; k++)
				ok[want[i].slot + k] |= bit;
		}
	}
	return 0;
}
