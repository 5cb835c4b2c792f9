/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame_cache.h - words of page frames that many processes map, for a short time.
 *
 * Knows: the words of kpageflags and kpagecount, by frame, and when they were read.
 * Never: reads a clock or a file; holds a frame that is mapped once.  Owns: nothing.
 *
 * For --all only: fifty processes that share a frame would have its words read fifty times.  What is
 * taken from here was read up to FRAME_CACHE_MS before the entry that maps the frame, instead of
 * between two readings of it.  So a count may be that much older than the entry; and a frame may
 * have been freed and allocated again meanwhile, where it is used for the same kind of memory as
 * before and is mapped more than once again: what contradicts the entry is not taken.  Words of one
 * chunk of a large process are no younger when they are shown.
 *
 * With BPF nothing is cached: a struct page is read in 13 ns.
 */
#ifndef GUPINFO_FRAME_CACHE_H
#define GUPINFO_FRAME_CACHE_H

#include "lib/bits.h"

#define FRAME_CACHE_MS 100
#define FRAME_CACHE_SETS 65536
#define FRAME_CACHE_WAYS 4

struct frame_cache {
	struct frame_cache_frame {
		u64 pfn; /* 0: none */
		u64 flags;
		u32 count;
		u32 ms; /* when the words were about to be read, truncated */
	} frame[FRAME_CACHE_SETS][FRAME_CACHE_WAYS];
};

/* Keeps the words of frame @pfn, which were read from @ms on, when it is mapped more than once. */
void frame_cache_put(struct frame_cache *c, u64 pfn, u64 flags, u64 count, u64 ms);

/*
 * The words of the frame that the pagemap entry @word maps, at @ms.  False when they are not there,
 * are too old, or contradict the entry.
 */
bool frame_cache_get(const struct frame_cache *c, u64 word, u64 ms, u64 *ret_flags,
		     u64 *ret_count);

#endif
