/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/page_owner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE_OWNER_ORDERS \
	11 /* the largest allocation is of order 10: MAX_PAGE_ORDER of mmzone.h */

bool page_owner_is_of(const char *text, u64 pfn)
{
	const char *at = strstr(text, "\nPFN ");
	unsigned order;
	u64 first;

	if (!at || sscanf(text, "Page allocated via order %u,", &order) != 1 ||
	    order >= PAGE_OWNER_ORDERS)
		return false;
	first = strtoull(at + strlen("\nPFN "), NULL,
			 0); /* decimal in 6.1, hexadecimal in 6.12 */
	return pfn >= first && pfn - first < BIT(order);
}

/*
 * The offset is the frame to begin with (read_page_owner() of 6.1 and later), and the next record that is there is
 * read.  Only the first frame of an allocation has one.
 */
int page_owner_read(u64 pfn, char ret[PAGE_OWNER_MAX + 1])
{
	int fd = open("/sys/kernel/debug/page_owner", O_RDONLY | O_CLOEXEC);
	int err = fd < 0 ? -errno : -ENODATA;

	for (unsigned order = 0; order < PAGE_OWNER_ORDERS && err == -ENODATA; order++) {
		u64 first = ROUND_DOWN(pfn, BIT(order));
		ssize_t n;

		if (order && pfn >> (order - 1) << (order - 1) == first)
			continue; /* the same frame as the last time */
		n = pread(fd, ret, PAGE_OWNER_MAX, (off_t)first);
		if (n < 0)
			err = -errno;
		ret[MAX(n, 0)] = '\0';
		if (n > 0 && page_owner_is_of(ret, pfn))
			err = 0;
	}
	if (fd >= 0)
		close(fd);
	return err;
}
