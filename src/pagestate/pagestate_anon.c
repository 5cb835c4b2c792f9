/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pagestate/pagestate_int.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

/* From include/uapi/linux/userfaultfd.h of 7.3; uffdio_rwprotect is like uffdio_writeprotect. */
#define PAGESTATE_UFFD_WP_ASYNC BIT(15) /* UFFD_FEATURE_WP_ASYNC */
#define PAGESTATE_UFFD_RWP BIT(17)
#define PAGESTATE_UFFD_RWP_ASYNC BIT(18)
#define PAGESTATE_UFFDIO_MODE_RWP BIT(3)
#define PAGESTATE_UFFDIO_RWPROTECT _IOWR(UFFDIO, 9, struct uffdio_writeprotect)

int pagestate_anon_uffd(struct pagestate *s, char *addr, size_t len, long how)
{
	bool async = how & 1, rwp = how & 2;
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .range = { (uintptr_t)s->addr, s->len },
				       .mode = rwp ? PAGESTATE_UFFDIO_MODE_RWP
						   : UFFDIO_REGISTER_MODE_WP };
	struct uffdio_writeprotect protect = { .range = { (uintptr_t)addr, len },
					       .mode = UFFDIO_WRITEPROTECT_MODE_WP };

	if (rwp)
		api.features =
			PAGESTATE_UFFD_RWP | (async ? PAGESTATE_UFFD_RWP_ASYNC : 0);
	else if (async)
		api.features = PAGESTATE_UFFD_WP_ASYNC;
	if (s->uffd >= 0)
		return -EBUSY;
	s->uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (s->uffd < 0)
		return pagestate_fail(s, -EOPNOTSUPP, "userfaultfd: %m");
	if (ioctl(s->uffd, UFFDIO_API, &api) || ioctl(s->uffd, UFFDIO_REGISTER, &reg))
		return pagestate_fail(s, -EOPNOTSUPP, "userfaultfd %s: %m",
				      rwp     ? "read-write protection"
				      : async ? "with UFFD_FEATURE_WP_ASYNC"
					      : "write protection");
	if (ioctl(s->uffd, rwp ? PAGESTATE_UFFDIO_RWPROTECT : UFFDIO_WRITEPROTECT,
		  &protect))
		return pagestate_fail(s, -EOPNOTSUPP, "%s: %m",
				      rwp ? "UFFDIO_RWPROTECT"
					  : "userfaultfd write protection");
	s->blocks = !async && s->page >= addr && s->page < addr + len;
	return 0;
}

int pagestate_anon_pageout(struct pagestate *s, char *addr, size_t len, long arg)
{
	for (int i = 0; i < 50; i++) {
		if (madvise(addr, len, MADV_PAGEOUT))
			return -errno;
		if (pagestate_pagemap(addr) >> 62 == 1)
			return 0;
		nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	}
	return pagestate_fail(s, -EOPNOTSUPP, "MADV_PAGEOUT left the page in memory");
}

/* Makes the page and a neighbour alike, registers both with KSM and waits for the merge. */
int pagestate_anon_merge(struct pagestate *s, char *addr, size_t len, long arg)
{
	size_t page = pagestate_size(PAGESTATE_SIZE_BASE);
	char *other = addr + page < s->addr + s->len ? addr + page : addr - page;
	u64 mask = BIT(55) - 1;

	if (s->leaf != page || s->len < 2 * page ||
	    pagestate_access_store(addr, 1, 1, PAGESTATE_BYTE_MADE) ||
	    pagestate_access_store(other, 1, 1, PAGESTATE_BYTE_MADE))
		return pagestate_fail(s, -EOPNOTSUPP, "KSM cannot merge this");
	/* Content that no other process is likely to have. */
	for (size_t i = 0; i < page; i += 8) {
		u64 word = 0x6775706b736d0000ULL + (u64)getpid() * page + i;

		memcpy(addr + i, &word, 8);
	}
	addr[0] = PAGESTATE_BYTE_MADE;
	memcpy(other, addr, page);
	if (madvise(addr, page, MADV_MERGEABLE) || madvise(other, page, MADV_MERGEABLE))
		return pagestate_fail(s, -EOPNOTSUPP, "MADV_MERGEABLE: %m");
	for (int i = 0; i < 500; i++) {
		u64 a = pagestate_pagemap(addr), b = pagestate_pagemap(other);

		if (a >> 63 && b >> 63 && (a & mask) && (a & mask) == (b & mask))
			return 0;
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	return pagestate_fail(s, -EOPNOTSUPP, "KSM did not merge the pages within 5 s");
}
