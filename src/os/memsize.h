/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memsize.h - the sizes of pages that this machine has: base pages, PMD leaves, hugetlb pages. */
#pragma once

#include "lib/bits.h"

/* Returns the bytes of a base page. */
u64 memsize_page(void);

/* Returns the bytes that one PMD maps; files are those below @root. */
u64 memsize_pmd(int root);

#define MEMSIZE_SIZES 16 /* of huge pages, more than any machine has */

/* Lists the bytes of the pages of each pool of hugetlb pages, at most @max, ascending; returns how many. */
unsigned memsize_pools(int root, u64 *ret, unsigned max);

/*
 * Returns the bytes of hugetlb pages: @n 0 is the size that mmap(MAP_HUGETLB) maps, then come the
 * others, the smallest first.  Returns 0 when there are no more.
 */
u64 memsize_hugetlb(unsigned n);

/* Writes @bytes as "16 MiB", or with @suffix as "16m", 0 as "?"; returns @ret. */
char *memsize_text(u64 bytes, bool suffix, char *ret, size_t size);
