/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker_slices.h - workers read a range slice by slice, and the caller gets the slices in order.
 *
 * Each slice that is read or waits for the caller has one of a few slots, which bounds the memory.
 * How large slices are follows from how full the slots become.  Whoever finds a slice much
 * fuller than expected cuts it; what was read behind it is then read again.
 */
#pragma once

#include "lib/bits.h"
#include "os/worker_pool.h"

#define WORKER_SLICES_FULL 100

struct worker_slices {
	u64 start, end;
	u64 align;      /* slices end at multiples of it */
	u64 size;       /* of the first slice; a multiple of @align */
	unsigned slots; /* at least one */
	/*
	 * Reads from @at, to @end at most, into the buffer of @slot.  *@ret_to: the end of what was
	 * read, beyond @at; *@ret_full: how full the slot is, of WORKER_SLICES_FULL.  Returns 0
	 * or -errno.  Several workers call it, of each slot one at a time.
	 */
	int (*read)(void *ctx, unsigned slot, u64 at, u64 end, u64 *ret_to,
		    unsigned *ret_full);
	/* Takes what was read into @slot; only the caller's thread calls it.  Not 0 ends the run. */
	int (*deliver)(void *ctx, unsigned slot);
	void *ctx;
};

/*
 * Returns 0, or what read() or deliver() returned; what lies before an error has been delivered.
 * Without @pool the caller reads alone.
 */
int worker_slices_run(struct worker_pool *pool, const struct worker_slices *s);
