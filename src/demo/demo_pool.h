/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * demo_pool.h - the pool of huge pages of the default size: reads it and lends pages to it.
 *
 * Pages that were added go back at demo_pool_restore(), or when gupinfo ends in any other way:
 * a helper process that the terminal cannot interrupt restores the old value.
 */
#pragma once

#include <sys/types.h>

#include "lib/bits.h"

struct demo_pool {
	u64 bytes;       /* of a huge page of the default size; 0: none */
	u64 total, free; /* pages; ->free without reserved ones */
	u64 added;
	pid_t helper;
	int fd; /* held open as long as the pages are needed */
};

/* Reads the pool. */
void demo_pool_read(struct demo_pool *p);
/* Adds pages until @want are free.  Returns 0; -ENOMEM when the kernel finds no memory; -errno. */
int demo_pool_reserve(struct demo_pool *p, u64 want);
/* Gives back what was added, and waits until it is done. */
void demo_pool_restore(struct demo_pool *p);
