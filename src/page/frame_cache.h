/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame_cache.h - caches kpageflags and kpagecount of frames that many processes map (--all
 * only).
 *
 * Fifty processes that share a frame would otherwise have its words read fifty times.
 *
 * The cached words were read up to FRAME_CACHE_MS before the entry that maps the frame, not
 * between two reads of the entry.  So a count may be that much older than the entry.  The frame
 * may also have been freed and allocated again meanwhile: for the same kind of memory and
 * mapped more than once again, or frame_cache_get() sees that the words contradict the entry
 * and does not use them.
 *
 * With BPF nothing is cached: it reads a struct page in 13 ns.
 */
#pragma once

#include "lib/bits.h"

#define FRAME_CACHE_MS 100
#define FRAME_CACHE_SETS 65536
#define FRAME_CACHE_WAYS 4

struct frame_cache {
	struct frame_cache_frame {
		u64 pfn; /* 0: none */
		u64 flags;
		u32 count;
		u32 ms; /* when the caller began to read the words, truncated */
	} frame[FRAME_CACHE_SETS][FRAME_CACHE_WAYS];
};

/* Caches the words of frame @pfn, read from @ms on, if it is mapped more than once. */
void frame_cache_put(struct frame_cache *c, u64 pfn, u64 flags, u64 count, u64 ms);

/*
 * Looks up the words of the frame that the pagemap entry @word maps, at time @ms.  Returns
 * false when the cache does not have them, they are too old, or they contradict the entry.
 */
bool frame_cache_get(const struct frame_cache *c, u64 word, u64 ms, u64 *ret_flags,
		     u64 *ret_count);
