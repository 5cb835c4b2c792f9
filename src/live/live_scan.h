/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_scan.h - one pass over a VMA, for the files that read entries from /proc.
 *
 * live_chunk.c reads entries by PAGEMAP_SCAN and pagemap, and checks whether they still are the
 * same; live_frames.c reads kpageflags and kpagecount of a chunk's frames; live_pages.c makes
 * runs of the words, chunk by chunk.
 */
#pragma once

#include "lib/rangelist.h"
#include "live/live_int.h"

#define LIVE_PARALLEL 8192 /* a chunk of so many words is worth a helper */

/* PFNs without a zone border between them. */
struct live_span {
	u64 from, to;
};

struct live_scan {
	struct live *l;
	struct live_buffers *buf;
	struct live_process *p;
	const struct vma *vma;
	u64 page; /* bytes of a base page */
	u64 pmd;  /* bytes of a PMD leaf, 0 unknown */
	u64 huge; /* bytes of a hugetlb page, 0: not hugetlb */
	u8 huge_level;
	bool scan; /* PAGEMAP_SCAN is used */
	bool several; /* ->vma stands for several: the caller asks whether they have changed */
	bool fold;       /* PFNs of a run need not ascend */
	u64 from, to;    /* what is read: whole leaves */
	u64 start, end;  /* what was requested */
	u32 limit, most; /* words of the next chunk; of any chunk */
	source_raw_cb cb;
	void *ctx;
	struct raw_page *out; /* LIVE_OUT of them */
	size_t nout;
	struct live_span span; /* span of the last run */
};

/* Leaves from @from on, of which [@from, @to) has been read. */
struct live_chunk {
	u64 from, to;
	struct live_run *run;
	u32 nruns, nwords;
};

/* Returns the bytes of one leaf of @level in this VMA. */
static inline u64 live_scan_size(const struct live_scan *o, unsigned level)
{
	if (o->huge)
		return o->huge;
	return level == RAW_LEVEL_PMD ? o->pmd : o->page;
}

/* Reads runs and words of [c->from, o->to), at most o->limit.  0 or -errno (-ESRCH: no mm). */
int live_chunk_read(struct live_scan *o, struct live_chunk *c);

/* Reads the chunk again and collects what has changed; @again is scratch.  Returns 0 or -errno. */
int live_chunk_check(struct live_scan *o, const struct live_chunk *c,
		     struct live_chunk *again, struct rangelist *ret);

/* Returns the helper for @nwords words, started at the first need; NULL: not worth it, or none. */
struct worker_pool *live_frames_pool(struct live *l, u32 nwords);

/* Reads kpageflags and kpagecount of the present leaves of @c into o->buf. */
void live_frames_read(struct live_scan *o, const struct live_chunk *c);
