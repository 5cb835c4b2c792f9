/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which references of a page are those of batches on their way to LRU lists; see live_int.h. */
#include "live/live_int.h"

#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "live/bpfpage.h"

ARRAY_ORDER(live_batches_cmp, struct structpage_batch,
	    ORDER(x->pfn, y->pfn) ?: ORDER(x->in, y->in))

/* Returns the batches of all CPUs by PFN, or NULL when some may be missing. */
static struct structpage_batch *live_batches_read(struct bpfpage *bpf, u32 half,
						  u32 *ret_n)
{
	struct structpage_batch *b = bpfpage_batches(bpf, half, ret_n);

	if (b)
		qsort(b, *ret_n, sizeof(*b), live_batches_cmp);
	return b;
}

void live_batches_begin(struct live_batches *b, const struct live *l, bool marks,
			source_raw_cb cb, void *ctx)
{
	b->bpf = l->bpf;
	b->page = kernel_page_size(&l->machine.kernel);
	b->cb = cb;
	b->ctx = ctx;
	b->nout = 0;
	b->before = marks ? live_batches_read(b->bpf, 0, &b->nbefore) : NULL;
}

/* Returns the first of @n batches that holds a frame from @pfn on, or the end of the list. */
static const struct structpage_batch *
live_batches_find(const struct structpage_batch *list, u32 n, u64 pfn)
{
	while (n) {
		u32 half = n / 2;

		if (list[half].pfn < pfn) {
			list += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return list;
}

/* Marks the first page of @raw, or all up to one that a batch holds; returns their number. */
static u64 live_batches_mark_one(const struct live_batches *b, struct raw_page *raw)
{
	const struct structpage_batch *x, *xend = b->before + b->nbefore, *y,
					  *yend = b->after + b->nafter;
	u64 next = UINT64_MAX;
	u32 n = 0, m = 0;

	x = live_batches_find(b->before, b->nbefore, raw->pfn);
	y = live_batches_find(b->after, b->nafter, raw->pfn);
	next = MIN(x < xend ? x->pfn : next, y < yend ? y->pfn : next);
	if (next > raw->pfn) {
		raw->has |= RAW_HAS_BATCHES;
		return MIN(raw->pages, next - raw->pfn);
	}
	while (x + n < xend && x[n].pfn == raw->pfn)
		n++;
	while (y + m < yend && y[m].pfn == raw->pfn)
		m++;
	/* otherwise it came or went while the page was read */
	if (n == m && n <= 2 && !memcmp(x, y, n * sizeof(*x))) {
		raw->has |= RAW_HAS_BATCHES;
		raw->batches = x[0].in | (n > 1 ? x[1].in << 16 : 0);
	}
	return 1;
}

static int live_batches_flush(struct live_batches *b)
{
	size_t n = b->nout;

	b->nout = 0;
	return n ? b->cb(b->ctx, b->out, n) : 0;
}

/* A small page of which somebody besides page tables and a cache has a reference. */
static bool live_batches_asks(const struct raw_page *raw)
{
	return raw->has & RAW_HAS_PAGE && !(raw->has & (RAW_FOLDED | RAW_RACED)) &&
	       raw->level == RAW_LEVEL_PTE && !raw->order &&
	       raw->refcount > raw->mapcount + (raw->mapping == RAW_MAPPING_FILE);
}

/* Passes @raw on in the parts that are marked differently. */
static int live_batches_parts(struct live_batches *b, const struct raw_page *raw)
{
	struct raw_page rest = *raw;
	u64 step = rest.pages;
	int err = 0;

	if (!b->after)
		b->after = live_batches_read(b->bpf, 1, &b->nafter);
	for (; rest.pages && !err; rest.pages -= step) {
		struct raw_page *part = &b->out[b->nout++];

		*part = rest;
		step = b->after ? live_batches_mark_one(b, part) : step;
		part->pages = step;
		rest.addr += step * b->page;
		rest.pfn += step;
		rest.head_pfn += step;
		if (b->nout == LIVE_OUT)
			err = live_batches_flush(b);
	}
	return err;
}

int live_batches_mark(void *ctx, const struct raw_page *raw, size_t n)
{
	struct live_batches *b = ctx;
	size_t plain = 0; /* runs before @i that are passed on as they are */
	int err = 0;

	b->after = NULL;
	for (size_t i = 0; i < n && !err; i++) {
		if (!b->before || !live_batches_asks(&raw[i])) {
			if (!plain++)
				err = live_batches_flush(b);
			continue;
		}
		if (plain)
			err = b->cb(b->ctx, &raw[i - plain], plain);
		plain = 0;
		if (!err)
			err = live_batches_parts(b, &raw[i]);
	}
	if (!err)
		err = plain ? b->cb(b->ctx, &raw[n - plain], plain)
			    : live_batches_flush(b);
	return err;
}
