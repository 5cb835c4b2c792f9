/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * demo_pool.h - the pool of huge pages: how many are free, and lending some to it.
 *
 * Knows: /proc/meminfo, /proc/sys/vm/nr_hugepages.  Never: which size is not the default.
 * Owns: the pages that it added, until demo_pool_restore() - or until gupinfo ends in any other
 * way: a helper process that cannot be interrupted from the terminal puts the old value back.
 */
#ifndef GUPINFO_DEMO_POOL_H
#define GUPINFO_DEMO_POOL_H

#include <sys/types.h>

#include "lib/bits.h"

struct demo_pool {
	u64 bytes;       /* of a huge page of the default size; 0: there are none */
	u64 total, free; /* pages; free ones that nobody has reserved */
	u64 added;
	pid_t helper;
	int fd; /* held open as long as the pages are needed */
};

/* Reads the pool.  0 or -errno. */
int demo_pool_read(struct demo_pool *p);
/* Adds pages until @want are free.  0; -ENOMEM when the kernel finds no memory; -errno. */
int demo_pool_reserve(struct demo_pool *p, u64 want);
/* Gives back what was added; waits for it. */
void demo_pool_restore(struct demo_pool *p);

#endif
