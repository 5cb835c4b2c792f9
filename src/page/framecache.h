/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * framecache.h - words of page frames that many processes map, for a short time.
 *
 * Knows: the words of kpageflags and kpagecount, by frame, and when they were read.
 * Never: reads a clock or a file; holds a frame that is mapped once.  Owns: nothing.
 *
 * For --all only: fifty processes that share a frame would have its words read fifty times.  What is
 * taken from here was read up to FRAMECACHE_MS before the entry that maps the frame, instead of
 * between two readings of it.  So a count may be that much older than the entry; and a frame may
 * have been freed and allocated again meanwhile, where it is used for the same kind of memory as
 * before and is mapped more than once again: what contradicts the entry is not taken.  Words of one
 * chunk of a large process are no younger when they are shown.
 *
 * With BPF nothing is cached: a struct page is read in 13 ns.
 */
#ifndef GUPINFO_FRAMECACHE_H
#define GUPINFO_FRAMECACHE_H

#include "lib/bits.h"

#define FRAMECACHE_MS 100
#define FRAMECACHE_SETS 65536
#define FRAMECACHE_WAYS 4

struct framecache {
	struct framecache_frame {
		u64 pfn; /* 0: none */
		u64 flags;
		u32 count;
		u32 ms; /* when the words were about to be read, truncated */
	} frame[FRAMECACHE_SETS][FRAMECACHE_WAYS];
};

/* Keeps the words of frame @pfn, which were read from @ms on, when it is mapped more than once. */
void framecache_put(struct framecache *c, u64 pfn, u64 flags, u64 count, u64 ms);

/*
 * The words of the frame that the pagemap entry @word maps, at @ms.  False when they are not there,
 * are too old, or contradict the entry.
 */
bool framecache_get(const struct framecache *c, u64 word, u64 ms, u64 *ret_flags,
		    u64 *ret_count);

#endif
