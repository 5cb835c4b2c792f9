/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads words of page frames in ascending order, neighbours in one read, and kpagecount of a
 * block right after its kpageflags, while struct page is in the CPU's cache.  The workers share the
 * blocks.
 *
 * kpagecount is not read where the entry has the answer: its bit 56 is set when the kernel
 * finds the count that kpagecount shows to be 1 (for pages of large folios it may be another
 * count, and for device memory kpagecount shows none).
 */
#include "live/live_scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "page/frame_cache.h"
#include "kpageflags.h"
#include "os/clock.h"

#define LIVE_JOBS 16         /* workers by default: one thread judges what they read */
#define LIVE_FRAMES_RUN 128  /* frames of one request */
#define LIVE_FRAMES_BLOCK 64 /* requests of one work item */

struct live_frames {
	struct live *l;
	struct live_buffers *b;
	size_t n;
	u64 count_skew; /* kpagecount of a hugetlb folio is right in its second page */
};

/* Returns how many workers read: of a gentle scan no more than CPUs that are idle. */
static unsigned live_frames_jobs(const struct live_options *opt)
{
	unsigned cpus = worker_pool_cpus();
	unsigned jobs = opt->jobs ? opt->jobs : MIN(cpus, LIVE_JOBS);
	double load;

	if (opt->gentle && getloadavg(&load, 1) == 1)
		jobs = MIN(jobs, load < cpus ? cpus - (unsigned)load : 1);
	return jobs;
}

int live_frames_open(struct live *l)
{
	l->pool = worker_pool_new(live_frames_jobs(&l->opt));
	l->worker = calloc(worker_pool_size(l->pool), sizeof(*l->worker));
	if (!l->worker)
		return -ENOMEM;
	l->worker->opened = true;
	l->worker->file[0] = l->kpageflags;
	l->worker->file[1] = l->kpagecount;
	return 0;
}

void live_frames_close(struct live *l)
{
	for (unsigned i = 1; l->worker && i < worker_pool_size(l->pool); i++)
		for (unsigned k = 0; k < 2; k++)
			if (l->worker[i].opened && l->worker[i].file[k] >= 0)
				close(l->worker[i].file[k]);
	worker_pool_free(l->pool);
	free(l->worker);
}

struct worker_pool *live_frames_pool(struct live *l, u32 nwords)
{
	return nwords < LIVE_PARALLEL ? NULL : l->pool;
}

/* Reopens the file for a helper; duplicates the descriptor where that is not permitted. */
static int live_frames_again(struct live *l, int fd, const char *path)
{
	int again = fd >= 0 ? openat(l->root, path, O_RDONLY | O_CLOEXEC) : -1;

	return again < 0 && fd >= 0 ? dup(fd) : again;
}

/* Returns what worker @who has for itself; only that worker calls it. */
static struct live_worker *live_frames_worker(struct live *l, unsigned who)
{
	struct live_worker *w = &l->worker[who];

	if (!w->opened) {
		w->file[0] = live_frames_again(l, l->kpageflags, "proc/kpageflags");
		w->file[1] = live_frames_again(l, l->kpagecount, "proc/kpagecount");
		w->opened = true;
	}
	return w;
}

/* The entry at @slot shows that the page is mapped once. */
static bool live_frames_once(const struct live_buffers *b, u32 slot)
{
	return b->entry[slot] & PAGEMAP_EXCLUSIVE && b->ok[slot] & LIVE_OK_FLAGS &&
	       !(b->flags[slot] & (KPF_BIT(COMPOUND_HEAD) | KPF_BIT(COMPOUND_TAIL) |
				   KPF_BIT(HUGE) | KPF_BIT(THP) | KPF_BIT(NOPAGE)));
}

static int live_frames_flags(const struct live_frames *f, const struct pagemap_want *want,
			     size_t n, struct live_worker *w)
{
	struct live_buffers *b = f->b;

	if (w->file[0] < 0)
		return 0;
	return pagemap_read_words(live_frames_pread, &w->file[0], want, n, b->flags,
				  b->ok, LIVE_OK_FLAGS, w->scratch, LIVE_WORDS);
}

static int live_frames_count(const struct live_frames *f, const struct pagemap_want *want,
			     size_t n, struct live_worker *w)
{
	struct live_buffers *b = f->b;

	if (!n)
		return 0;
	return pagemap_read_words(live_frames_pread, &w->file[1], want, n, b->count,
				  b->ok, LIVE_OK_COUNT, w->scratch, LIVE_WORDS);
}

/* Reads flags, then counts, of one block.  A word that cannot be read stays unknown: no error. */
static int live_frames_block(void *ctx, size_t i, unsigned who)
{
	const struct live_frames *f = ctx;
	struct live_buffers *b = f->b;
	const struct pagemap_want *want = &b->want[0][i * LIVE_FRAMES_BLOCK];
	size_t n = MIN(f->n - i * LIVE_FRAMES_BLOCK, LIVE_FRAMES_BLOCK), nrest = 0;
	struct pagemap_want rest[LIVE_FRAMES_BLOCK];
	struct live_worker *worker = live_frames_worker(f->l, who);

	live_frames_flags(f, want, n, worker);
	if (worker->file[1] < 0)
		return 0;
	for (size_t w = 0; w < n; w++)
		for (u32 k = 0; k < want[w].n; k++) {
			u32 slot = want[w].slot + k;
			u64 index = want[w].index + k + f->count_skew;

			if (live_frames_once(b, slot)) {
				b->count[slot] = 1;
				b->ok[slot] |= LIVE_OK_COUNT;
				continue;
			}
			if (nrest == LIVE_FRAMES_BLOCK) {
				live_frames_count(f, rest, nrest, worker);
				nrest = 0;
			}
			nrest = pagemap_want_add(rest, nrest, index, slot, UINT32_MAX);
		}
	live_frames_count(f, rest, nrest, worker);
	return 0;
}

/* Takes the words of the frame at @slot from the cache, which another process's read filled. */
static bool live_frames_cached(const struct live_frames *f, u32 slot, u64 ms)
{
	struct live_buffers *b = f->b;

	if (!f->l->cache || !frame_cache_get(f->l->cache, b->entry[slot], ms,
					     &b->flags[slot], &b->count[slot]))
		return false;
	b->ok[slot] = LIVE_OK_FLAGS | LIVE_OK_COUNT;
	return true;
}

static void live_frames_keep(const struct live_frames *f, u64 ms)
{
	const struct live_buffers *b = f->b;

	for (size_t i = 0; i < f->n; i++) {
		const struct pagemap_want *w = &b->want[0][i];

		for (u32 slot = w->slot; slot < w->slot + w->n; slot++)
			if (b->ok[slot] == (LIVE_OK_FLAGS | LIVE_OK_COUNT))
				frame_cache_put(f->l->cache, w->index + slot - w->slot,
						b->flags[slot], b->count[slot], ms);
	}
}

/* Lists the frames of @c to read, each run of neighbours a request; *@ret_words counts them. */
static size_t live_frames_want(const struct live_frames *f, const struct live_chunk *c,
			       u64 ms, u32 *ret_words)
{
	struct live_buffers *b = f->b;
	size_t n = 0;
	u32 words = 0;

	for (u32 slot = 0; slot < c->nwords; slot++) {
		u64 pfn = pagemap_pfn(b->entry[slot]);

		if (!pfn || live_frames_cached(f, slot, ms))
			continue;
		words++;
		n = pagemap_want_add(b->want[0], n, pfn, slot, LIVE_FRAMES_RUN);
	}
	*ret_words = words;
	return n;
}

void live_frames_read(struct live_scan *o, const struct live_chunk *c)
{
	struct live *l = o->l;
	struct live_buffers *b = o->buf;
	struct live_frames f = { .l = l, .b = b };
	u64 ms = l->cache ? clock_of(CLOCK_MONOTONIC_COARSE) / 1000000 : 0;
	u32 words;

	memset(b->ok, 0, c->nwords);
	memset(b->flags, 0, c->nwords * sizeof(*b->flags));
	memset(b->count, 0, c->nwords * sizeof(*b->count));
	f.n = live_frames_want(&f, c, ms, &words);
	f.count_skew = o->huge && l->hugetlb_count_tail;
	pagemap_sort(b->want[0], b->want[1], f.n);
	worker_pool_run(live_frames_pool(l, words), live_frames_block, &f,
			(f.n + LIVE_FRAMES_BLOCK - 1) / LIVE_FRAMES_BLOCK);
	if (l->cache)
		live_frames_keep(&f, ms);
}

s64 live_frames_pread(void *ctx, void *buf, size_t len, u64 offset)
{
	size_t done = 0;

	while (done < len) {
		ssize_t got =
			pread(*(int *)ctx, (char *)buf + done, len - done, offset + done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		done += got;
	}
	return done;
}
