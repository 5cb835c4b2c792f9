/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads entries in chunks, then the words of their pages, then the entries again; see live.h. */
#include "live/live_scan.h"

#include <errno.h>
#include <stdlib.h>

#define LIVE_TRIES 3
#define LIVE_LEAST 64    /* words of a chunk after one that has changed */
#define LIVE_GENTLE 8192 /* words of a chunk between two rests */

static int live_pages_flush(struct live_scan *o)
{
	int err = o->nout ? o->cb(o->ctx, o->out, o->nout) : 0;

	o->nout = 0;
	return err;
}

/* Returns the zone's span around @pfn: a run must not leave it. */
static struct live_span live_pages_span(const struct live *l, u64 pfn)
{
	struct live_span ret = { 0, UINT64_MAX };

	for (unsigned i = 0; i < l->machine.page.nspans; i++) {
		const u64 borders[] = { l->spans[i].start_pfn, l->spans[i].end_pfn };

		for (unsigned k = 0; k < ARRAY_SIZE(borders); k++) {
			if (borders[k] <= pfn)
				ret.from = MAX(ret.from, borders[k]);
			else
				ret.to = MIN(ret.to, borders[k]);
		}
	}
	return ret;
}

static bool live_pages_inside(struct live_span s, u64 pfn)
{
	return pfn >= s.from && pfn < s.to;
}

/* @next continues @run, the last run of the output. */
static bool live_pages_continues(const struct live_scan *o, const struct raw_page *run,
				 const struct raw_page *next)
{
	u64 size = live_scan_size(o, run->level);

	if ((run->has ^ next->has) & ~RAW_FOLDED || run->level != next->level ||
	    run->pagemap != next->pagemap || run->scan != next->scan ||
	    run->kpageflags != next->kpageflags || run->kpagecount != next->kpagecount ||
	    run->addr + run->pages * size != next->addr)
		return false;
	if (!(run->has & RAW_HAS_PFN))
		return true;
	if (!live_pages_inside(o->span, next->pfn))
		return false;
	return o->fold || run->pfn + run->pages * (size / o->page) == next->pfn;
}

/* Adds @raw, whose PFNs lie in one span, to the output. */
static int live_pages_put(struct live_scan *o, const struct raw_page *raw)
{
	struct raw_page *last = o->nout ? &o->out[o->nout - 1] : NULL;
	u64 size = live_scan_size(o, raw->level);

	if (last && live_pages_continues(o, last, raw)) {
		if (raw->has & RAW_FOLDED ||
		    (raw->has & RAW_HAS_PFN &&
		     last->pfn + last->pages * (size / o->page) != raw->pfn))
			last->has |= RAW_FOLDED;
		last->pages += raw->pages;
		return 0;
	}
	if (o->nout == LIVE_OUT) {
		int err = live_pages_flush(o);

		if (err)
			return err;
	}
	o->out[o->nout++] = *raw;
	if (raw->has & RAW_HAS_PFN && !live_pages_inside(o->span, raw->pfn))
		o->span = live_pages_span(o->l, raw->pfn);
	return 0;
}

/* Makes the raw page of the leaf at @slot of @run. */
static void live_pages_leaf(const struct live_scan *o, const struct live_run *run,
			    u32 slot, bool raced, struct raw_page *ret)
{
	const struct live_buffers *b = o->buf;
	u64 word = b->entry[slot], pfn = pagemap_pfn(word);
	bool present = word & PAGEMAP_PRESENT;

	*ret = (struct raw_page){
		.addr = run->addr + (slot - run->slot) * live_scan_size(o, run->level),
		.pages = 1,
		.level = run->level,
		.pagemap = present ? word & ~PAGEMAP_PFN_MASK : word,
		.pfn = pfn,
		.kpageflags = b->flags[slot],
		.kpagecount = b->count[slot],
		.has = RAW_HAS_PAGEMAP | (pfn ? RAW_HAS_PFN : 0) |
		       (run->has_scan ? RAW_HAS_SCAN : 0) |
		       (run->level ? RAW_HAS_LEVEL : 0) |
		       (b->ok[slot] & LIVE_OK_FLAGS ? RAW_HAS_KPAGEFLAGS : 0) |
		       (b->ok[slot] & LIVE_OK_COUNT ? RAW_HAS_KPAGECOUNT : 0) |
		       (raced ? RAW_RACED : 0)
	};
	/* The scan's categories are stale when the leaf came or went after it. */
	if (run->has_scan && !(run->scan & PAGEMAP_IS_PRESENT) == !present)
		ret->scan = run->scan;
}

/* Counts leaves from @slot on, of @n, that make a run; *@ret_fold: PFNs do not ascend. */
static u32 live_pages_alike(const struct live_scan *o, const struct live_run *run,
			    u32 slot, u32 n, bool *ret_fold)
{
	const struct live_buffers *b = o->buf;
	u64 word = b->entry[slot], pfn = pagemap_pfn(word);
	u64 mask = word & PAGEMAP_PRESENT ? ~PAGEMAP_PFN_MASK : UINT64_MAX;
	u64 step = live_scan_size(o, run->level) / o->page, next = pfn + step;
	struct live_span span = o->span;
	bool fold = o->fold, folded = false;
	u32 i;

	if (pfn && !live_pages_inside(span, pfn))
		span = live_pages_span(o->l, pfn);
	for (i = slot + 1; i < slot + n; i++, next += step) {
		u64 at = pagemap_pfn(b->entry[i]);

		if ((b->entry[i] ^ word) & mask || b->flags[i] != b->flags[slot] ||
		    b->count[i] != b->count[slot] || b->ok[i] != b->ok[slot] ||
		    !at != !pfn)
			break;
		if (!pfn)
			continue;
		if (!live_pages_inside(span, at) || (at != next && !fold))
			break;
		if (at != next) {
			folded = true;
			next = at;
		}
	}
	*ret_fold = folded;
	return i - slot;
}

/* The part of a chunk that is delivered. */
struct live_part {
	u64 from, to;
	bool raced;
};

/* Finds the requested leaves of @run in @part; first and last may reach beyond. */
static void live_pages_trim(const struct live_scan *o, const struct live_run *run,
			    const struct live_part *part, u64 *ret_from, u64 *ret_to)
{
	u64 size = live_scan_size(o, run->level);
	u64 from = MAX(o->start, part->from), to = MIN(o->end, part->to);

	*ret_from = run->addr < from ? (from - run->addr) / size : 0;
	*ret_to =
		to > run->addr ? MIN((to - run->addr + size - 1) / size, run->pages) : 0;
}

static int live_pages_run(struct live_scan *o, const struct live_run *run,
			  const struct live_part *part)
{
	u64 from, end;
	int err = 0;

	live_pages_trim(o, run, part, &from, &end);
	if (from >= end)
		return 0;
	if (run->hole) {
		struct raw_page raw = { .addr = run->addr +
						from * live_scan_size(o, run->level),
					.pages = end - from,
					.level = run->level,
					.has = RAW_HAS_PAGEMAP | RAW_HAS_SCAN |
					       (run->level ? RAW_HAS_LEVEL : 0) |
					       (part->raced ? RAW_RACED : 0) };

		return live_pages_put(o, &raw);
	}
	for (u64 i = from; i < end && !err;) {
		struct raw_page raw;
		bool folded;

		live_pages_leaf(o, run, run->slot + i, part->raced, &raw);
		raw.pages = live_pages_alike(o, run, run->slot + i, end - i, &folded);
		raw.has |= folded ? RAW_FOLDED : 0;
		err = live_pages_put(o, &raw);
		i += raw.pages;
	}
	return err;
}

static int live_pages_part(struct live_scan *o, const struct live_chunk *c,
			   struct live_part part)
{
	int err = 0;

	for (u32 i = 0; i < c->nruns && c->run[i].addr < part.to && !err; i++)
		err = live_pages_run(o, &c->run[i], &part);
	return err;
}

/* The VMA has changed since it was read. */
static bool live_pages_moved(const struct live_scan *o, const struct live_chunk *c)
{
	return !o->several && (c->nwords || c->nruns > 1) &&
	       live_vmas_same(o->p, o->vma) == TRI_NO;
}

/* Reads the entries and frames of @c, then the entries again, to find what changed meanwhile. */
static int live_pages_read(struct live_scan *o, struct live_chunk *c,
			   struct live_chunk *again, struct rangelist *changes)
{
	int err = live_chunk_read(o, c);

	if (err)
		return err;
	live_frames_read(o, c);
	return live_chunk_check(o, c, again, changes);
}

/* Reads from @from on what changes, delivers the stable part, and sets *@ret_to to its end. */
static int live_pages_small(struct live_scan *o, u64 from, u64 *ret_to)
{
	struct live_chunk c = { .run = o->buf->run[0], .from = from };
	struct live_chunk again = { .run = o->buf->run[1] };
	struct rangelist changes;
	struct live_part part = { .from = from };

	for (unsigned try = 1; try <= LIVE_TRIES; try++) {
		int err = live_pages_read(o, &c, &again, &changes);

		if (err)
			return err;
		part.to = changes.n ? changes.at[0].from : c.to;
		if (part.to > from)
			break;
		o->limit = 1; /* one leaf, in as little time as possible */
	}
	part.raced = live_pages_moved(o, &c);
	if (part.to == from) {
		part.to = MIN(from + live_scan_size(o, c.run[0].level), c.to);
		part.raced = true;
	}
	*ret_to = part.to;
	return live_pages_part(o, &c, part);
}

/* Reads @change again into other buffers; what is read goes to the output of @o. */
static int live_pages_again(struct live_scan *o, const struct change *change)
{
	struct live *l = o->l;
	struct live_scan small = *o;
	int err = 0;

	if (!l->small)
		l->small = malloc(sizeof(*l->small));
	if (!l->small)
		return -ENOMEM;
	small.buf = l->small;
	small.to = change->to;
	for (u64 at = change->from; at < change->to && !err;) {
		small.limit = LIVE_LEAST;
		err = live_pages_small(&small, at, &at);
	}
	o->nout = small.nout;
	o->span = small.span;
	return err;
}

/* Reads and delivers one chunk from @from; sets *@ret_to to its end. */
static int live_pages_chunk(struct live_scan *o, u64 from, u64 *ret_to)
{
	struct live_chunk c = { .run = o->buf->run[0], .from = from };
	struct live_chunk again = { .run = o->buf->run[1] };
	struct rangelist changes;
	struct live_part part = { .from = from };
	int err = live_pages_read(o, &c, &again, &changes);

	if (err)
		return err;
	part.raced = live_pages_moved(o, &c);
	for (unsigned i = 0; i < changes.n && !err; i++) {
		part.to = changes.at[i].from;
		err = live_pages_part(o, &c, part);
		if (!err)
			err = live_pages_again(o, &changes.at[i]);
		part.from = changes.at[i].to;
	}
	part.to = changes.end;
	if (!err)
		err = live_pages_part(o, &c, part);
	*ret_to = MAX(changes.end, part.from);
	/* Entries kept changing: use smaller chunks, in which fewer do. */
	o->limit = changes.n == RANGELIST_MAX ? MAX(o->limit / 8, LIVE_LEAST)
					      : MIN(o->limit * 2, o->most);
	/* Flush per chunk so that progress and --json-lines readers see it. */
	return err || c.nwords < LIVE_LEAST ? err : live_pages_flush(o);
}

/* Counts the leaves of @raw before the first zone border inside it, or all. */
static u64 live_pages_until(const struct live *l, const struct raw_page *raw,
			    u64 leaf_pages)
{
	u64 n = raw->pages;

	if (!(raw->has & RAW_HAS_PFN) || n < 2)
		return n;
	for (unsigned i = 0; i < l->machine.page.nspans; i++) {
		const u64 borders[] = { l->spans[i].start_pfn, l->spans[i].end_pfn };

		for (unsigned k = 0; k < ARRAY_SIZE(borders); k++)
			if (borders[k] > raw->pfn &&
			    (borders[k] - raw->pfn + leaf_pages - 1) / leaf_pages < n)
				n = (borders[k] - raw->pfn + leaf_pages - 1) / leaf_pages;
	}
	return n;
}

int live_pages_split(void *ctx, const struct raw_page *raw, size_t n)
{
	const struct live_split *s = ctx;
	size_t whole = 0;
	int err;

	for (size_t i = 0; i < n; i++) {
		u64 per = s->hugetlb || raw[i].level == RAW_LEVEL_PMD ||
					  raw[i].level == RAW_LEVEL_PUD
				  ? s->huge_pages
				  : 1;
		u64 until = live_pages_until(s->l, &raw[i], per);
		struct raw_page rest;

		if (until == raw[i].pages) {
			whole++;
			continue;
		}
		rest = raw[i];
		err = whole ? s->cb(s->ctx, &raw[i - whole], whole) : 0;
		for (whole = 0; !err && rest.pages;
		     until = live_pages_until(s->l, &rest, per)) {
			struct raw_page part = rest;

			part.pages = until;
			err = s->cb(s->ctx, &part, 1);
			rest.addr += until * per * s->page;
			rest.pfn += until * per;
			/* the pages of one PTE-mapped folio have one head */
			rest.head_pfn += rest.order && per == 1 ? 0 : until * per;
			rest.pages -= until;
		}
		if (err)
			return err;
	}
	return whole ? s->cb(s->ctx, &raw[n - whole], whole) : 0;
}

/* Sets sizes of leaves, and the range in whole leaves. */
static void live_pages_init(struct live_scan *o)
{
	const struct vma *v = o->vma;
	u64 align;

	o->page = kernel_page_size(&o->l->machine.kernel);
	o->pmd = o->l->machine.kernel.pmd_size;
	if (v->flags & VF(HUGETLB) && v->page_size > o->page) {
		o->huge = v->page_size;
		o->huge_level = page_huge_level(&o->l->machine.kernel, o->huge);
	}
	o->scan = o->l->have_scan && !(v->flags & VF(PFNMAP));
	o->most = o->limit = o->l->opt.gentle ? LIVE_GENTLE : LIVE_LEAVES;
	align = MAX(o->huge, MAX(o->pmd, o->page));
	o->from = MAX(ROUND_DOWN(o->start, align), v->start);
	o->to = MIN(ROUND_UP(o->end, align), v->end);
}

static int live_pages_of(struct live *l, struct live_process *p, const struct vma *vma,
			 bool several, u64 start, u64 end, bool fold, source_raw_cb cb,
			 void *ctx)
{
	struct live_scan o = { .l = l,
			       .buf = l->buf,
			       .out = l->buf->out,
			       .p = p,
			       .vma = vma,
			       .several = several,
			       .start = MAX(start, vma->start),
			       .end = MIN(end, vma->end),
			       .fold = fold,
			       .cb = cb,
			       .ctx = ctx };
	int err = 0, flushed;

	if (o.start >= o.end)
		return 0;
	live_pages_init(&o);
	if (vma->gate) { /* the gate VMA is not in the process's page tables */
		struct raw_page raw = { .addr = o.start,
					.pages = (o.end - o.start) / o.page };

		return cb(ctx, &raw, 1);
	}
	for (u64 at = o.from; at < o.to && !err;)
		err = live_pages_chunk(&o, at, &at);
	/* Deliver what was read even if the process has gone. */
	if (err <= 0) {
		flushed = live_pages_flush(&o);
		err = flushed ? flushed : err;
	}
	return err;
}

int live_pages_range(struct live *l, struct live_process *p, const struct vma *vma,
		     u64 start, u64 end, bool fold, source_raw_cb cb, void *ctx)
{
	return live_pages_of(l, p, vma, false, start, end, fold, cb, ctx);
}

int live_pages_several(struct live *l, struct live_process *p, u64 start, u64 end,
		       source_raw_cb cb, void *ctx)
{
	const struct vma all = { .start = start, .end = end };

	return live_pages_of(l, p, &all, true, start, end, false, cb, ctx);
}
