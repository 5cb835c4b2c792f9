/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the entries of a chunk and their level by PAGEMAP_SCAN and reads their words in
 * pagemap.  Without PAGEMAP_SCAN it reads all words.
 */
#include "live/live_scan.h"

#include "lib/array.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* PAGEMAP_SCAN holds the target's mmap_lock for reading: with this limit some 0.1 ms. */
#define LIVE_SCAN_PAGES 16384
#define LIVE_SCANS 128 /* PAGEMAP_SCAN calls of one chunk */
#define LIVE_NEAR 64   /* holes between runs that one read bridges */

int live_chunk_scan(int pagemap, u64 flags, u64 start, u64 end, u64 anyof, u64 mask,
		    u64 max_pages, struct pagemap_region *vec, size_t vec_len,
		    u64 *ret_walk_end)
{
	struct pagemap_scan arg = {
		.size = sizeof(arg),
		.flags = flags,
		.start = start,
		.end = end,
		.vec = (uintptr_t)vec,
		.vec_len = vec_len,
		.max_pages = max_pages,
		.category_anyof_mask = anyof,
		.return_mask = mask,
	};
	int n;

	do {
		n = ioctl(pagemap, PAGEMAP_SCAN_IOCTL, &arg);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	*ret_walk_end = arg.walk_end;
	return n;
}

/* ---- runs */

/* @next begins where @run ends and is like it. */
static bool live_chunk_continues(const struct live_scan *o, const struct live_run *run,
				 const struct live_run *next)
{
	return run->hole == next->hole && run->scan == next->scan &&
	       run->level == next->level && run->has_scan == next->has_scan &&
	       run->addr + run->pages * live_scan_size(o, run->level) == next->addr;
}

/* Appends @run as far as it fits; returns false when the chunk is full. */
static bool live_chunk_push(const struct live_scan *o, struct live_chunk *c,
			    struct live_run run)
{
	u64 room = o->limit - c->nwords, want = run.pages;

	if (!run.hole)
		run.pages = MIN(want, room);
	run.slot = c->nwords;
	if (!want)
		return true;
	if (!run.pages)
		return false;
	if (c->nruns && live_chunk_continues(o, &c->run[c->nruns - 1], &run))
		c->run[c->nruns - 1].pages += run.pages;
	else if (c->nruns == LIVE_RUNS)
		return false;
	else
		c->run[c->nruns++] = run;
	if (!run.hole)
		c->nwords += run.pages;
	c->to = run.addr + run.pages * live_scan_size(o, run.level);
	return run.pages == want;
}

/* Appends a hole up to @to: PAGEMAP_SCAN skipped it. */
static bool live_chunk_hole(const struct live_scan *o, struct live_chunk *c, u64 to)
{
	if (to <= c->to)
		return true;
	return live_chunk_push(o, c,
			       (struct live_run){ .addr = c->to,
						  .pages = (to - c->to) /
							   (o->huge ? o->huge : o->page),
						  .level = o->huge_level,
						  .has_scan = true,
						  .hole = true });
}

/* Calls PAGEMAP_SCAN for [c->to, end).  Returns 0, 1 when the chunk is full, or -errno. */
static int live_chunk_regions(const struct live_scan *o, struct live_chunk *c, u64 end)
{
	u64 anyof = (PAGEMAP_IS_PRESENT | PAGEMAP_IS_SWAPPED | PAGEMAP_IS_GUARD);
	/* PAGE_IS_FILE costs a lookup of the folio, and pagemap's bit 61 has it anyway. */
	u64 mask = o->l->scan_mask & ~PAGEMAP_IS_FILE;
	struct pagemap_region *r = o->buf->region;
	u64 walked;
	int n = live_chunk_scan(o->p->pagemap, 0, c->to, end, anyof & mask, mask,
				MIN(o->limit - c->nwords, LIVE_SCAN_PAGES), r,
				LIVE_REGIONS, &walked);

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		struct live_run run = { .scan = r[i].categories, .has_scan = true };
		bool huge = r[i].categories & PAGEMAP_IS_HUGE && o->pmd;
		u64 size = o->huge ? o->huge : huge ? o->pmd : o->page;

		if (!live_chunk_hole(o, c, ROUND_DOWN(r[i].start, size)))
			return 1;
		run.addr = c->to;
		run.level = o->huge ? o->huge_level
			    : huge  ? RAW_LEVEL_PMD
				    : RAW_LEVEL_PTE;
		run.pages = (MAX(r[i].end, c->to) - c->to + size - 1) / size;
		if (!live_chunk_push(o, c, run))
			return 1;
	}
	return live_chunk_hole(o, c, walked) ? 0 : 1;
}

/* Finds the runs of [c->from, end) by PAGEMAP_SCAN. */
static int live_chunk_runs(const struct live_scan *o, struct live_chunk *c, u64 end)
{
	int err = 0;

	c->to = c->from;
	c->nruns = c->nwords = 0;
	for (unsigned i = 0;
	     !err && c->to < end && c->nwords < o->limit && i < LIVE_SCANS; i++) {
		u64 before = c->to;

		err = live_chunk_regions(o, c, end);
		if (!err && c->to == before)
			err = -ESRCH; /* it walked nothing: the mm is gone */
	}
	return err < 0 ? err : 0;
}

/* ---- words of runs */

#define LIVE_PIECE LIVE_WORDS /* words of one work item */

/* Reads words into o->buf->entry, or compares them with it. */
struct live_words {
	const struct live_scan *o;
	const struct live_chunk *c;
	bool compare;
	bool changed; /* atomic: a word differs */
};

/* Returns the run that holds the word @slot. */
static u32 live_chunk_find(const struct live_chunk *c, u32 slot)
{
	/* the hole before it has the same slot */
	return (u32)ARRAY_FIRST(i, 1, c->nruns, c->run[i].slot <= slot) - 1;
}

/* Stores @n words @from for @slot and on, or marks those that differ. */
static void live_words_take(struct live_words *w, u32 slot, const u64 *from, size_t n)
{
	u64 *to = &w->o->buf->entry[slot];

	if (!w->compare) {
		if (from != to)
			memcpy(to, from, n * sizeof(*to));
		return;
	}
	if (!memcmp(to, from, n * sizeof(*to)))
		return;
	__atomic_store_n(&w->changed, true, __ATOMIC_RELAXED);
	for (size_t i = 0; i < n; i++)
		if (to[i] != from[i])
			w->o->buf->ok[slot + i] |= LIVE_OK_CHANGED;
}

static int live_words_pread(const struct live_scan *o, u64 addr, u64 *to, size_t n)
{
	s64 got = live_frames_pread(&o->p->pagemap, to, n * 8, addr / o->page * 8);

	return got < 0 ? got : (u64)got < n * 8 ? -ESRCH /* the mm is gone */ : 0;
}

/*
 * Reads words of run @i from its page @skip on, and of small runs near it, in one read of up to
 * @max words.  Sets *@ret to how many words of the chunk it has read.
 */
static int live_words_group(struct live_words *w, u32 i, u64 skip, u32 max, unsigned who,
			    u32 *ret)
{
	const struct live_chunk *c = w->c;
	const struct live_run *r = &c->run[i];
	u64 addr = r->addr + skip * w->o->page, end, first = MIN(r->pages - skip, max);
	u64 *to = w->o->l->worker[who].scratch;
	u32 slot = r->slot + skip, n = first, last = i;
	int err;

	end = addr + first * w->o->page;
	for (u32 k = i + 1; k < c->nruns && n == c->run[k].slot - slot; k++) {
		u64 to_k = c->run[k].addr + c->run[k].pages * w->o->page;

		if (c->run[k].level == RAW_LEVEL_PMD ||
		    (c->run[k].hole && c->run[k].pages > LIVE_NEAR) ||
		    (to_k - addr) / w->o->page > LIVE_WORDS)
			break;
		if (c->run[k].hole)
			continue;
		if (n + c->run[k].pages > max)
			break;
		n += c->run[k].pages;
		end = to_k;
		last = k;
	}
	if (last == i && !w->compare)
		to = &w->o->buf->entry[slot];
	err = live_words_pread(w->o, addr, to, (end - addr) / w->o->page);
	if (err)
		return err;
	live_words_take(w, slot, to, first);
	for (u32 k = i + 1; k <= last; k++)
		if (!c->run[k].hole)
			live_words_take(w, c->run[k].slot,
					to + (c->run[k].addr - addr) / w->o->page,
					c->run[k].pages);
	*ret = n;
	return 0;
}

/* Reads one word for each huge leaf and skips those between. */
static int live_words_huge(struct live_words *w, const struct live_run *r, u64 skip,
			   u32 n)
{
	u64 size = live_scan_size(w->o, r->level), word;

	for (u32 i = 0; i < n; i++) {
		int err = live_words_pread(w->o, r->addr + (skip + i) * size, &word, 1);

		if (err)
			return err;
		live_words_take(w, r->slot + skip + i, &word, 1);
	}
	return 0;
}

/* Reads one work item (a worker_pool_fn). */
static int live_words_piece(void *ctx, size_t piece, unsigned who)
{
	struct live_words *w = ctx;
	const struct live_chunk *c = w->c;
	u32 slot = piece * LIVE_PIECE, end = MIN(slot + LIVE_PIECE, c->nwords);
	u32 i = live_chunk_find(c, slot);
	int err = 0;

	for (u32 n = 0; slot < end && !err; slot += n) {
		const struct live_run *r = &c->run[i];
		u64 skip = slot - r->slot;

		if (r->hole || skip >= r->pages) {
			n = 0;
			i++;
			continue;
		}
		if (live_scan_size(w->o, r->level) == w->o->page) {
			err = live_words_group(w, i, skip, end - slot, who, &n);
		} else {
			n = MIN(r->pages - skip, end - slot);
			err = live_words_huge(w, r, skip, n);
		}
	}
	return err;
}

static int live_words_run(struct live_words *w)
{
	return worker_pool_run(live_frames_pool(w->o->l, w->c->nwords), live_words_piece,
			       w, (w->c->nwords + LIVE_PIECE - 1) / LIVE_PIECE);
}

/* ---- without PAGEMAP_SCAN */

/* Words around an entry, read ahead. */
struct live_window {
	u64 *word;
	u64 at, n;
};

/* Returns the pagemap word of @addr in *@ret; reads ahead.  Returns 0 or -errno. */
static int live_window_word(const struct live_scan *o, struct live_window *w, u64 addr,
			    u64 end, u64 *ret)
{
	if (addr < w->at || addr >= w->at + w->n * o->page) {
		u64 want = MAX(MIN((end - addr) / o->page, LIVE_WORDS), 1);
		s64 got = live_frames_pread(&o->p->pagemap, w->word, want * 8,
					    addr / o->page * 8);

		if (got < 0)
			return got;
		if (got < 8)
			return -ESRCH; /* the mm is gone */
		w->at = addr;
		w->n = got / 8;
	}
	*ret = w->word[(addr - w->at) / o->page];
	return 0;
}

/*
 * The entry at @addr may be a PMD leaf: the aligned block around it lies in the VMA, and the
 * PFNs that were read of it ascend from an aligned one.
 */
static bool live_window_maybe_pmd(const struct live_scan *o, const struct live_window *w,
				  u64 addr)
{
	u64 block = ROUND_DOWN(addr, o->pmd), n = o->pmd / o->page;
	u64 first, pfn = pagemap_pfn(w->word[(addr - w->at) / o->page]);

	if (block < o->vma->start || block + o->pmd > o->vma->end)
		return false;
	if (!pfn)
		return true; /* PFNs are hidden: possible */
	first = pfn - (addr - block) / o->page;
	if (first & (n - 1))
		return false;
	for (u64 i = 0; i < n; i++) {
		u64 a = block + i * o->page;

		if (a < w->at || a >= w->at + w->n * o->page)
			continue;
		if (pagemap_pfn(w->word[(a - w->at) / o->page]) != first + i)
			return false;
	}
	return true;
}

/* Returns the level of a present entry when only smaps' totals can decide; 0 unknown. */
static unsigned live_window_level(const struct live_scan *o, const struct live_window *w,
				  u64 addr)
{
	const struct vma *v = o->vma;

	if (!v->has_smaps)
		return 0;
	if (!v->pmd_mapped_bytes || !o->pmd || !live_window_maybe_pmd(o, w, addr))
		return v->pmd_mapped_bytes && !o->pmd ? 0 : RAW_LEVEL_PTE;
	return v->pmd_mapped_bytes == v->rss_bytes ? RAW_LEVEL_PMD : 0;
}

/* Finds runs and words of [c->from, o->to) without PAGEMAP_SCAN. */
static int live_chunk_walk(const struct live_scan *o, struct live_chunk *c)
{
	struct live_window w = { .word = o->l->worker->scratch };

	c->to = c->from;
	c->nruns = c->nwords = 0;
	while (c->to < o->to) {
		struct live_run run = { .addr = c->to, .pages = 1 };
		u64 word = 0;
		int err = live_window_word(o, &w, c->to, o->to, &word);

		if (err)
			return err;
		run.level = o->huge_level;
		if (!o->huge && word & PAGEMAP_PRESENT)
			run.level = live_window_level(o, &w, c->to);
		if (!live_chunk_push(o, c, run))
			return 0;
		o->buf->entry[c->nwords - 1] = word;
	}
	return 0;
}

int live_chunk_read(struct live_scan *o, struct live_chunk *c)
{
	struct live_words w = { .o = o, .c = c };
	int err;

	if (!o->scan)
		return live_chunk_walk(o, c);
	err = live_chunk_runs(o, c, o->to);
	return err ? err : live_words_run(&w);
}

/* ---- what changed */

static u64 live_chunk_run_end(const struct live_scan *o, const struct live_run *r)
{
	return r->addr + r->pages * live_scan_size(o, r->level);
}

/* Collects the places where runs of @b, which has no gaps, differ from those of @a. */
static void live_changes_runs(const struct live_scan *o, const struct live_chunk *a,
			      const struct live_chunk *b, struct rangelist *ret)
{
	u64 at = a->from, both = MIN(a->to, b->to);
	u32 i = 0, k = 0;
	bool room = true;

	while (room && at < both) {
		const struct live_run *x = &a->run[i], *y = &b->run[k];
		u64 x_end = live_chunk_run_end(o, x), y_end = live_chunk_run_end(o, y);
		u64 end = MIN(MIN(x_end, y_end), both);

		if (x->hole != y->hole || x->scan != y->scan || x->level != y->level)
			room = rangelist_add(ret, at, end);
		at = end;
		i += at >= x_end;
		k += at >= y_end;
	}
	if (room && both < a->to)
		rangelist_add(ret, both, a->to);
}

/* Collects the places where words were marked as changed. */
static void live_changes_words(const struct live_scan *o, const struct live_chunk *c,
			       struct rangelist *ret)
{
	const u8 *ok = o->buf->ok;
	bool room = true;

	for (u32 i = 0; i < c->nruns && room; i++) {
		const struct live_run *r = &c->run[i];
		u64 size = live_scan_size(o, r->level);

		for (u64 k = 0; k < r->pages && !r->hole && room; k++)
			if (ok[r->slot + k] & LIVE_OK_CHANGED)
				room = rangelist_add(ret, r->addr + k * size,
						     r->addr + (k + 1) * size);
	}
}

int live_chunk_check(struct live_scan *o, const struct live_chunk *c,
		     struct live_chunk *again, struct rangelist *ret)
{
	struct live_words w = { .o = o, .c = c, .compare = true };
	struct rangelist runs, words;
	int err = 0;

	rangelist_init(&runs, c->to);
	rangelist_init(&words, c->to);
	/*
	 * One call found only holes: they are consistent.  But PAGEMAP_SCAN of a dead mm finds
	 * nothing and reports success (pagemap_scan() took no mm_users before 7.3.2 and
	 * 6.18.44).
	 */
	if (!c->nwords && o->scan) {
		if (!live_chunk_has_memory(o->p))
			return -ESRCH;
		*ret = runs;
		return 0;
	}
	if (o->scan) {
		again->from = c->from;
		err = live_chunk_runs(o, again, c->to);
		if (!err)
			live_changes_runs(o, c, again, &runs);
	}
	if (!err)
		err = live_words_run(&w);
	if (err)
		return err;
	if (w.changed)
		live_changes_words(o, c, &words);
	rangelist_merge(&runs, &words, ret);
	return 0;
}

bool live_chunk_has_memory(const struct live_process *p)
{
	u64 word;

	return p->pagemap >= 0 && pread(p->pagemap, &word, sizeof(word), 0) > 0;
}
