/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Observations: leaves are read in chunks (PAGEMAP_SCAN and pagemap), then the words of their
 * pages, then the leaves again; see live.h.
 */
#include "live_int.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LIVE_TRIES 3
#define LIVE_SCANS 64 /* PAGEMAP_SCAN calls of one chunk */
#define LIVE_NEAR 64  /* pages between regions that are read in one go */
#define LIVE_PAGE 4096ull

/* A pass over a VMA. */
struct live_pass {
	struct live *l;
	struct live_process *p;
	const struct vma *vma;
	u64 page; /* bytes of a base page */
	u64 pmd;  /* bytes of a PMD leaf, 0 unknown */
	u64 huge; /* bytes of a hugetlb page, 0: not hugetlb */
	u8 huge_level;
	u64 from, to;   /* what to look at, in whole leaves */
	u64 start, end; /* what was asked for */
	/* pagemap words in l->buf->words */
	u64 words_at, nwords;
	source_obs_cb cb;
	void *ctx;
	size_t nout;
};

/* The leaves of a chunk. */
struct live_chunk {
	struct live_leaf *leaf;
	size_t n;
	u64 from, to; /* addresses that were covered */
};

static s64 live_observe_pread(void *ctx, void *buf, size_t len, u64 offset)
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

int live_observe_scan(int pagemap, u64 start, u64 end, u64 anyof, u64 mask, u64 max_pages,
		      struct pagemap_region *vec, size_t vec_len, u64 *ret_walk_end)
{
	struct pagemap_scan arg = {
		.size = sizeof(arg),
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

/* The pagemap word of @addr; reads ahead to @ahead at most.  0, or -errno. */
static int live_observe_word(struct live_pass *o, u64 addr, u64 ahead, u64 *ret)
{
	u64 *words = o->l->buf->words;

	if (addr < o->words_at || addr >= o->words_at + o->nwords * o->page) {
		u64 want = MIN((ahead - addr) / o->page, LIVE_WORDS);
		s64 got = live_observe_pread(&o->p->pagemap, words, MAX(want, 1) * 8,
					     addr / o->page * 8);

		if (got < 0)
			return got;
		if (got < 8)
			return -ESRCH; /* the mm is gone */
		o->words_at = addr;
		o->nwords = got / 8;
	}
	*ret = words[(addr - o->words_at) / o->page];
	return 0;
}

static struct live_leaf *live_observe_push(struct live_chunk *c, struct live_leaf leaf)
{
	struct live_leaf *last = c->n ? &c->leaf[c->n - 1] : NULL;

	/* Holes and markers are runs at once: they have no page that is looked up. */
	if (last && !(leaf.word & PAGEMAP_PRESENT) && last->word == leaf.word &&
	    last->scan == leaf.scan && last->level == leaf.level &&
	    last->has_word == leaf.has_word && last->has_scan == leaf.has_scan &&
	    !(leaf.scan & PAGEMAP_IS_PRESENT)) {
		last->pages += leaf.pages;
		return last;
	}
	if (c->n == LIVE_LEAVES)
		return NULL;
	c->leaf[c->n] = leaf;
	return &c->leaf[c->n++];
}

/* Bytes of one page of a leaf of @level in this VMA. */
static u64 live_observe_size(const struct live_pass *o, unsigned level)
{
	if (o->huge)
		return o->huge;
	return level == OBS_LEVEL_PMD ? o->pmd : o->page;
}

/* A hole of [from, to) that PAGEMAP_SCAN passed over. */
static bool live_observe_hole(struct live_pass *o, struct live_chunk *c, u64 from, u64 to)
{
	u64 size = o->huge ? o->huge : o->page;

	if (from >= to)
		return true;
	return live_observe_push(c, (struct live_leaf){ .addr = from,
							.pages = (to - from) / size,
							.level = o->huge_level,
							.has_scan = true,
							.has_word = true });
}

/*
 * Without PAGEMAP_SCAN: could the entry at @addr be a PMD leaf?  Only when the aligned block
 * around it is one run of PFNs, aligned likewise, as far as the words that were read say.
 */
static bool live_observe_maybe_pmd(const struct live_pass *o, u64 addr)
{
	const u64 *words = o->l->buf->words;
	u64 block = ROUND_DOWN(addr, o->pmd), n = o->pmd / o->page;
	u64 first, at;

	if (block < o->vma->start || block + o->pmd > o->vma->end)
		return false;
	at = (addr - o->words_at) / o->page;
	first = pagemap_pfn(words[at]) - (addr - block) / o->page;
	if (!pagemap_pfn(words[at]))
		return true; /* PFNs are hidden */
	if (first & (n - 1))
		return false;
	for (u64 i = 0; i < n; i++) {
		u64 a = block + i * o->page;

		if (a < o->words_at || a >= o->words_at + o->nwords * o->page)
			continue;
		if (pagemap_pfn(words[(a - o->words_at) / o->page]) != first + i)
			return false;
	}
	return true;
}

/* The level of a present entry when only smaps totals can tell; 0 unknown. */
static unsigned live_observe_level(const struct live_pass *o, u64 addr)
{
	const struct vma *v = o->vma;

	if (!v->has_smaps)
		return 0;
	if (!v->pmd_mapped_bytes || !o->pmd || !live_observe_maybe_pmd(o, addr))
		return v->pmd_mapped_bytes && !o->pmd ? 0 : OBS_LEVEL_PTE;
	return v->pmd_mapped_bytes == v->rss_bytes ? OBS_LEVEL_PMD : 0;
}

/* Entries of [from, to), of which @scan says something (or nothing, without PAGEMAP_SCAN). */
static int live_observe_entries(struct live_pass *o, struct live_chunk *c, u64 from,
				u64 to, u64 ahead, bool has_scan, u32 scan)
{
	u8 level = o->huge                  ? o->huge_level
		   : !has_scan              ? 0
		   : scan & PAGEMAP_IS_HUGE ? OBS_LEVEL_PMD
					    : OBS_LEVEL_PTE;
	u64 addr = from;

	while (addr < to) {
		struct live_leaf leaf = { .addr = addr,
					  .pages = 1,
					  .level = level,
					  .has_scan = has_scan,
					  .has_word = true };
		/* Words between huge leaves are not wanted. */
		bool wide = !o->huge && level != OBS_LEVEL_PMD;
		int err = live_observe_word(o, addr, wide ? ahead : addr, &leaf.word);

		if (err)
			return err;
		if (!has_scan && !o->huge && leaf.word & PAGEMAP_PRESENT)
			leaf.level = live_observe_level(o, addr);
		/* A leaf that came or went since the scan is told by its word alone. */
		if (has_scan &&
		    !(scan & PAGEMAP_IS_PRESENT) == !(leaf.word & PAGEMAP_PRESENT))
			leaf.scan = scan;
		if (!live_observe_push(c, leaf)) {
			c->to = addr;
			return 1;
		}
		addr += live_observe_size(o, leaf.level);
	}
	c->to = MAX(c->to, addr);
	return 0;
}

/* How far from @i regions are close enough to read their words in one go. */
static u64 live_observe_ahead(const struct live_pass *o, size_t i, size_t n)
{
	const struct pagemap_region *r = o->l->buf->region;
	u64 start = r[i].start, end = r[i].end;

	for (i++; i < n; i++) {
		if (r[i].categories & PAGEMAP_IS_HUGE ||
		    r[i].start - end > LIVE_NEAR * o->page ||
		    r[i].end - start > LIVE_WORDS * o->page)
			break;
		end = r[i].end;
	}
	return end;
}

/* One PAGEMAP_SCAN from c->to on.  0, 1 when the chunk is full, or -errno. */
static int live_observe_regions(struct live_pass *o, struct live_chunk *c)
{
	struct pagemap_region *r = o->l->buf->region;
	u64 walked, anyof = (PAGEMAP_IS_PRESENT | PAGEMAP_IS_SWAPPED | PAGEMAP_IS_GUARD);
	int n = live_observe_scan(o->p->pagemap, c->to, o->to, anyof & o->l->scan_mask,
				  o->l->scan_mask, LIVE_LEAVES, r, LIVE_REGIONS, &walked);

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		u64 size = o->huge                                       ? o->huge
			   : r[i].categories & PAGEMAP_IS_HUGE && o->pmd ? o->pmd
									 : o->page;
		u64 from = MAX(ROUND_DOWN(r[i].start, size), c->to);
		u64 to = ROUND_UP(r[i].end, size);
		int err;

		if (!live_observe_hole(o, c, c->to, from)) {
			return 1;
		}
		c->to = MAX(c->to, from);
		err = live_observe_entries(o, c, c->to, to, live_observe_ahead(o, i, n),
					   true, r[i].categories);
		if (err)
			return err;
	}
	if (walked > c->to) {
		if (!live_observe_hole(o, c, c->to, walked))
			return 1;
		c->to = walked;
	}
	return 0;
}

/* Reads leaves of [c->from, end): sets c->to to how far it came.  0 or -errno. */
static int live_observe_leaves(struct live_pass *o, struct live_chunk *c, u64 end)
{
	bool scan = o->l->have_scan && !(o->vma->flags & VF(PFNMAP));
	int err = 0;

	c->n = 0;
	c->to = c->from;
	o->nwords = 0;
	for (unsigned i = 0; !err && c->to < end && c->n < LIVE_LEAVES && i < LIVE_SCANS;
	     i++) {
		u64 save = o->to, before = c->to;

		o->to = end;
		err = scan ? live_observe_regions(o, c)
			   : live_observe_entries(o, c, c->to, end, end, false, 0);
		o->to = save;
		if (!err && c->to == before)
			err = -ESRCH; /* nothing was walked: the mm is gone */
	}
	return err < 0 ? err : 0;
}

static bool live_observe_same(const struct live_leaf *a, const struct live_leaf *b)
{
	return a->addr == b->addr && a->pages == b->pages && a->word == b->word &&
	       a->scan == b->scan && a->level == b->level && a->has_word == b->has_word;
}

/* Reads kpageflags and kpagecount of the present leaves of @c into the buffers. */
static void live_observe_pages(struct live_pass *o, const struct live_chunk *c)
{
	struct live_buffers *b = o->l->buf;
	size_t n = 0;

	memset(b->has_flags, 0, c->n);
	memset(b->has_count, 0, c->n);
	for (size_t i = 0; i < c->n; i++) {
		u64 pfn = pagemap_pfn(c->leaf[i].word);

		if (pfn)
			b->want[0][n++] =
				(struct pagemap_want){ .index = pfn, .slot = i };
	}
	pagemap_sort(b->want[0], b->want[1], n);
	if (o->l->kpageflags >= 0)
		pagemap_read_words(live_observe_pread, &o->l->kpageflags, b->want[0], n,
				   b->flags, b->has_flags, b->words, LIVE_WORDS);
	if (o->huge && o->l->hugetlb_count_tail)
		for (size_t i = 0; i < n; i++)
			b->want[0][i].index++;
	if (o->l->kpagecount >= 0)
		pagemap_read_words(live_observe_pread, &o->l->kpagecount, b->want[0], n,
				   b->count, b->has_count, b->words, LIVE_WORDS);
	o->nwords = 0; /* the words are not pagemap's any more */
}

static int live_observe_flush(struct live_pass *o)
{
	int err = o->nout ? o->cb(o->ctx, o->l->buf->out, o->nout) : 0;

	o->nout = 0;
	return err;
}

/* A zone begins or ends at @pfn: what is said of a run must hold for all of it. */
static bool live_observe_border(const struct live *l, u64 pfn)
{
	for (unsigned i = 0; i < l->machine.page.nspans; i++)
		if (l->spans[i].start_pfn == pfn || l->spans[i].end_pfn == pfn)
			return true;
	return false;
}

/* @next continues the run @run. */
static bool live_observe_continues(const struct live_pass *o, const struct obs *run,
				   const struct obs *next)
{
	u64 size = live_observe_size(o, run->level);

	if (run->has != next->has || run->level != next->level ||
	    run->pagemap != next->pagemap || run->scan != next->scan ||
	    run->kpageflags != next->kpageflags || run->kpagecount != next->kpagecount ||
	    run->addr + run->pages * size != next->addr)
		return false;
	if (!(run->has & OBS_HAS_PFN))
		return true;
	return run->pfn + run->pages * (size / o->page) == next->pfn &&
	       !live_observe_border(o->l, next->pfn);
}

static int live_observe_put(struct live_pass *o, const struct obs *obs)
{
	struct obs *out = o->l->buf->out;
	u64 size = live_observe_size(o, obs->level);

	/* Leaves were rounded outwards. */
	if (obs->addr + obs->pages * size <= o->start || obs->addr >= o->end)
		return 0;
	if (o->nout && live_observe_continues(o, &out[o->nout - 1], obs)) {
		out[o->nout - 1].pages += obs->pages;
		return 0;
	}
	if (o->nout == LIVE_OUT) {
		int err = live_observe_flush(o);

		if (err)
			return err;
	}
	out[o->nout++] = *obs;
	return 0;
}

static void live_observe_fill(struct live_pass *o, const struct live_leaf *leaf,
			      size_t slot, bool raced, struct obs *ret)
{
	const struct live_buffers *b = o->l->buf;
	u64 pfn = pagemap_pfn(leaf->word);

	*ret = (struct obs){ .addr = leaf->addr,
			     .pages = leaf->pages,
			     .scan = leaf->scan,
			     .level = leaf->level,
			     .pagemap = leaf->word,
			     .has = (leaf->has_word ? OBS_HAS_PAGEMAP : 0) |
				    (leaf->has_scan ? OBS_HAS_SCAN : 0) |
				    (leaf->level ? OBS_HAS_LEVEL : 0) |
				    (raced ? OBS_RACED : 0) };
	if (leaf->word & PAGEMAP_PRESENT)
		ret->pagemap &= ~PAGEMAP_PFN_MASK;
	if (pfn) {
		ret->pfn = pfn;
		ret->has |= OBS_HAS_PFN;
	}
	if (b->has_flags[slot]) {
		ret->kpageflags = b->flags[slot];
		ret->has |= OBS_HAS_KPAGEFLAGS;
	}
	if (b->has_count[slot]) {
		ret->kpagecount = b->count[slot];
		ret->has |= OBS_HAS_KPAGECOUNT;
	}
}

/* A hole run may stick out of the range that was asked for; leaves of pages may not be cut. */
static void live_observe_trim(const struct live_pass *o, struct obs *obs)
{
	u64 size = live_observe_size(o, obs->level), n;

	if (obs->pages == 1)
		return;
	if (obs->addr < o->start) {
		n = (o->start - obs->addr) / size;
		n = MIN(n, obs->pages - 1);
		obs->addr += n * size;
		obs->pages -= n;
	}
	if (obs->addr < o->end && obs->addr + obs->pages * size > o->end)
		obs->pages = (o->end - obs->addr + size - 1) / size;
}

/* Delivers the leaves of @c; those that are not the same in @check, or VMA, were racing. */
static int live_observe_deliver(struct live_pass *o, const struct live_chunk *c,
				const struct live_chunk *check)
{
	bool moved =
		(c->n > 1 || c->leaf[0].word) && live_vmas_same(o->p, o->vma) == TRI_NO;
	size_t j = 0;
	int err = 0;

	for (size_t i = 0; i < c->n && !err; i++) {
		struct obs obs;

		while (j < check->n && check->leaf[j].addr < c->leaf[i].addr)
			j++;
		live_observe_fill(o, &c->leaf[i], i,
				  moved || j == check->n ||
					  !live_observe_same(&c->leaf[i],
							     &check->leaf[j]),
				  &obs);
		live_observe_trim(o, &obs);
		err = live_observe_put(o, &obs);
	}
	return err;
}

static bool live_observe_equal(const struct live_chunk *a, const struct live_chunk *b)
{
	if (a->n != b->n || a->to != b->to)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!live_observe_same(&a->leaf[i], &b->leaf[i]))
			return false;
	return true;
}

/* Reads one chunk from @from, delivers it, and returns how far it came in @ret_to. */
static int live_observe_chunk(struct live_pass *o, u64 from, u64 *ret_to)
{
	struct live_chunk a = { .leaf = o->l->buf->leaf[0], .from = from };
	struct live_chunk b = { .leaf = o->l->buf->leaf[1], .from = from };
	int err = live_observe_leaves(o, &a, o->to);

	for (unsigned try = 1; !err; try++) {
		live_observe_pages(o, &a);
		err = live_observe_leaves(o, &b, a.to);
		if (err || try == LIVE_TRIES || live_observe_equal(&a, &b))
			break;
		struct live_chunk swap = a;

		a = b;
		b = swap;
	}
	if (err)
		return err;
	*ret_to = a.to;
	return live_observe_deliver(o, &a, &b);
}

/* Leaves of @obs before the first zone border inside it; all of them when there is none. */
static u64 live_observe_until(const struct live *l, const struct obs *obs, u64 leaf_pages)
{
	u64 n = obs->pages;

	if (!(obs->has & OBS_HAS_PFN) || n < 2)
		return n;
	for (unsigned i = 0; i < l->machine.page.nspans; i++) {
		const u64 borders[] = { l->spans[i].start_pfn, l->spans[i].end_pfn };

		for (unsigned k = 0; k < ARRAY_SIZE(borders); k++)
			if (borders[k] > obs->pfn &&
			    (borders[k] - obs->pfn + leaf_pages - 1) / leaf_pages < n)
				n = (borders[k] - obs->pfn + leaf_pages - 1) / leaf_pages;
	}
	return n;
}

int live_observe_split(void *ctx, const struct obs *obs, size_t n)
{
	const struct live_split *s = ctx;
	size_t whole = 0;
	int err;

	for (size_t i = 0; i < n; i++) {
		u64 per = obs[i].level == OBS_LEVEL_PMD || obs[i].level == OBS_LEVEL_PUD
				  ? s->huge_pages
				  : 1;
		struct obs rest = obs[i];
		u64 until = live_observe_until(s->l, &rest, per);

		if (until == rest.pages) {
			whole++;
			continue;
		}
		err = whole ? s->cb(s->ctx, &obs[i - whole], whole) : 0;
		for (whole = 0; !err && rest.pages;
		     until = live_observe_until(s->l, &rest, per)) {
			struct obs part = rest;

			part.pages = until;
			err = s->cb(s->ctx, &part, 1);
			rest.addr += until * per * s->page;
			rest.pfn += until * per;
			/* pages of one PTE-mapped folio have one head */
			rest.head_pfn += rest.order && per == 1 ? 0 : until * per;
			rest.pages -= until;
		}
		if (err)
			return err;
	}
	return whole ? s->cb(s->ctx, &obs[n - whole], whole) : 0;
}

/* Sizes of leaves, and the range in whole leaves. */
static void live_observe_init(struct live_pass *o)
{
	const struct vma *v = o->vma;
	u64 align;

	o->page = o->l->machine.kernel.page_size ? o->l->machine.kernel.page_size
						 : LIVE_PAGE;
	o->pmd = o->l->machine.kernel.pmd_size;
	if (v->flags & VF(HUGETLB) && v->page_size > o->page) {
		o->huge = v->page_size;
		o->huge_level = o->huge >= o->pmd * (o->page / 8) ? OBS_LEVEL_PUD
				: o->huge >= o->pmd               ? OBS_LEVEL_PMD
								  : OBS_LEVEL_PTE;
	}
	align = MAX(o->huge, MAX(o->pmd, o->page));
	o->from = MAX(ROUND_DOWN(o->start, align), v->start);
	o->to = MIN(ROUND_UP(o->end, align), v->end);
}

int live_observe_range(struct live *l, struct live_process *p, const struct vma *vma,
		       u64 start, u64 end, source_obs_cb cb, void *ctx)
{
	struct live_pass o = { .l = l,
			       .p = p,
			       .vma = vma,
			       .start = MAX(start, vma->start),
			       .end = MIN(end, vma->end),
			       .cb = cb,
			       .ctx = ctx };
	int err = 0, flushed;

	if (o.start >= o.end)
		return 0;
	live_observe_init(&o);
	if (vma->gate) { /* not in the process's page tables */
		struct obs obs = { .addr = o.start, .pages = (o.end - o.start) / o.page };

		return cb(ctx, &obs, 1);
	}
	for (u64 at = o.from; at < o.to && !err;)
		err = live_observe_chunk(&o, at, &at);
	/* What was read is delivered also when the process went away. */
	if (err <= 0) {
		flushed = live_observe_flush(&o);
		err = flushed ? flushed : err;
	}
	return err;
}
