/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_scan.h - what the files that read observations from /proc share.  Nobody else includes it.
 *
 * Knows: a pass over a VMA, and its chunks.  Never: outlives live_pages_range().  Owns: nothing.
 *
 *	live_chunk.c     entries: PAGEMAP_SCAN and pagemap, and whether they are still the same
 *	live_frames.c    kpageflags and kpagecount of a chunk's frames
 *	live_pages.c   chunk by chunk, words into observations
 */
#ifndef GUPINFO_LIVE_SCAN_H
#define GUPINFO_LIVE_SCAN_H

#include "lib/rangelist.h"
#include "live/live_int.h"

#define LIVE_PARALLEL 8192 /* words of a chunk that are worth a helper */

/* PFNs between which no zone begins or ends. */
struct live_span {
	u64 from, to;
};

struct live_scan {
	struct live *l;
	struct live_process *p;
	const struct vma *vma;
	u64 page; /* bytes of a base page */
	u64 pmd;  /* bytes of a PMD leaf, 0 unknown */
	u64 huge; /* bytes of a hugetlb page, 0: not hugetlb */
	u8 huge_level;
	bool scan;       /* PAGEMAP_SCAN is used */
	u64 from, to;    /* what to look at, in whole leaves */
	u64 start, end;  /* what was asked for */
	u32 limit, most; /* words of the next chunk, of any */
	source_raw_cb cb;
	void *ctx;
	struct raw_page *out; /* LIVE_OUT of them */
	size_t nout;
	struct live_span span; /* of the last observation */
};

/* Leaves from @from on, of which [@from, @to) was read. */
struct live_chunk {
	u64 from, to;
	struct live_run *run;
	u32 nruns, nwords;
};

/* Bytes of one page of a leaf of @level in this VMA. */
static inline u64 live_scan_size(const struct live_scan *o, unsigned level)
{
	if (o->huge)
		return o->huge;
	return level == RAW_LEVEL_PMD ? o->pmd : o->page;
}

/* Runs and words of [c->from, o->to), at most o->limit words.  0 or -errno (-ESRCH: the mm is gone). */
int live_chunk_read(struct live_scan *o, struct live_chunk *c);

/* Reads the chunk again and says what is not as it was.  @again is scratch for runs.  0 or -errno. */
int live_chunk_check(struct live_scan *o, const struct live_chunk *c,
		     struct live_chunk *again, struct rangelist *ret);

/* The helper for work on @nwords words, made at the first need; NULL: not worth it, or none. */
struct worker_pool *live_frames_pool(struct live *l, u32 nwords);

/* Reads, into l->buf, kpageflags and kpagecount of the present leaves of @c. */
void live_frames_read(struct live_scan *o, const struct live_chunk *c);

#endif
