/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pagestate/pagestate_make.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#define PAGESTATE_MADV_GUARD_INSTALL 102
#define PAGESTATE_UFFD_WP_ASYNC BIT(15) /* UFFD_FEATURE_WP_ASYNC */

#define PAGESTATE_PAGES 8 /* of a small mapping; page 1 is the watched one */

/* Makes a small anonymous mapping without THP and, unless it is 0, stores @byte to every page. */
static int pagestate_anon_map(struct pagestate *s, int byte)
{
	s->len = PAGESTATE_PAGES * 4096;
	s->addr = pagestate_map(s, s->len, 4096, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (!s->addr)
		return -errno;
	s->page = s->addr + 4096;
	madvise(s->addr, s->len, MADV_NOHUGEPAGE);
	if (byte)
		pagestate_store(s->addr, s->len, 4096, byte);
	return 0;
}

int pagestate_anon_hole(struct pagestate *s, long arg)
{
	(void)arg;
	return pagestate_anon_map(s, 0);
}

int pagestate_anon_hole_thp(struct pagestate *s, long arg)
{
	(void)arg;
	s->len = 2 << 20;
	s->addr = pagestate_map(s, s->len, 2 << 20, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (!s->addr)
		return -errno;
	s->page = s->addr + 5 * 4096;
	if (madvise(s->addr, s->len, MADV_HUGEPAGE))
		return pagestate_fail(s, -EOPNOTSUPP, "MADV_HUGEPAGE: %s",
				      strerror(errno));
	return 0;
}

int pagestate_anon_touched(struct pagestate *s, long arg)
{
	(void)arg;
	return pagestate_anon_map(s, PAGESTATE_BYTE_MADE);
}

int pagestate_anon_zero(struct pagestate *s, long arg)
{
	int err = pagestate_anon_map(s, 0);

	(void)arg;
	if (!err)
		(void)*(volatile char *)s->page;
	return err;
}

int pagestate_anon_mprotect(struct pagestate *s, long prot)
{
	int err = pagestate_anon_map(s, PAGESTATE_BYTE_MADE);

	if (err)
		return err;
	if (mprotect(s->addr, s->len, prot ? PROT_READ : PROT_NONE))
		return pagestate_fail(s, -errno, "mprotect: %s", strerror(errno));
	if (prot == 3 && mprotect(s->addr, s->len, PROT_READ | PROT_WRITE))
		return pagestate_fail(s, -errno, "mprotect: %s", strerror(errno));
	return 0;
}

int pagestate_anon_free(struct pagestate *s, long arg)
{
	int err = pagestate_anon_map(s, PAGESTATE_BYTE_MADE);

	(void)arg;
	if (!err && madvise(s->page, 4096, MADV_FREE))
		return pagestate_fail(s, -EOPNOTSUPP, "MADV_FREE: %s", strerror(errno));
	return err;
}

int pagestate_anon_dontfork(struct pagestate *s, long wipe)
{
	int err = pagestate_anon_map(s, PAGESTATE_BYTE_MADE);

	if (!err && madvise(s->addr, s->len, wipe ? MADV_WIPEONFORK : MADV_DONTFORK))
		return pagestate_fail(s, -EOPNOTSUPP, "madvise: %s", strerror(errno));
	return err;
}

int pagestate_anon_guard(struct pagestate *s, long arg)
{
	int err = pagestate_anon_map(s, PAGESTATE_BYTE_MADE);

	(void)arg;
	if (!err && madvise(s->page, 4096, PAGESTATE_MADV_GUARD_INSTALL))
		return pagestate_fail(s, -EOPNOTSUPP,
				      "this kernel has no MADV_GUARD_INSTALL");
	return err;
}

int pagestate_anon_mlocked(struct pagestate *s, long arg)
{
	int err = pagestate_anon_map(s, PAGESTATE_BYTE_MADE);

	(void)arg;
	if (!err && mlock(s->addr, s->len))
		return pagestate_fail(s, -EOPNOTSUPP, "mlock: %s", strerror(errno));
	return err;
}

/* Makes a small mapping and registers it with a userfaultfd of @features in @mode. */
static int pagestate_anon_register(struct pagestate *s, u64 features, u64 mode,
				   const char *what)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	struct uffdio_register reg = { .mode = mode };
	int err = pagestate_anon_map(s, PAGESTATE_BYTE_MADE);

	if (err)
		return err;
	s->uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (s->uffd < 0)
		return pagestate_fail(s, -EOPNOTSUPP, "userfaultfd: %s", strerror(errno));
	reg.range.start = (uintptr_t)s->addr;
	reg.range.len = s->len;
	if (ioctl(s->uffd, UFFDIO_API, &api) || ioctl(s->uffd, UFFDIO_REGISTER, &reg))
		return pagestate_fail(s, -EOPNOTSUPP, "userfaultfd %s: %s", what,
				      strerror(errno));
	return 0;
}

int pagestate_anon_uffd(struct pagestate *s, long async)
{
	struct uffdio_writeprotect wp = { .mode = UFFDIO_WRITEPROTECT_MODE_WP };
	int err = pagestate_anon_register(s, async ? PAGESTATE_UFFD_WP_ASYNC : 0,
					  UFFDIO_REGISTER_MODE_WP,
					  async ? "with UFFD_FEATURE_WP_ASYNC"
						: "write protection");

	if (err)
		return err;
	wp.range.start = (uintptr_t)s->addr;
	wp.range.len = s->len;
	if (ioctl(s->uffd, UFFDIO_WRITEPROTECT, &wp))
		return pagestate_fail(s, -EOPNOTSUPP, "userfaultfd write protection: %s",
				      strerror(errno));
	s->blocks = !async;
	return 0;
}

/* From include/uapi/linux/userfaultfd.h of 7.3; uffdio_rwprotect is like uffdio_writeprotect. */
#define PAGESTATE_UFFD_RWP BIT(17)
#define PAGESTATE_UFFD_RWP_ASYNC BIT(18)
#define PAGESTATE_UFFDIO_MODE_RWP BIT(3)
#define PAGESTATE_UFFDIO_RWPROTECT _IOWR(UFFDIO, 9, struct uffdio_writeprotect)

int pagestate_anon_rwp(struct pagestate *s, long how)
{
	struct uffdio_writeprotect rwp = { .mode = 1 };
	int err =
		pagestate_anon_register(s,
					PAGESTATE_UFFD_RWP |
						(how & 1 ? PAGESTATE_UFFD_RWP_ASYNC : 0),
					PAGESTATE_UFFDIO_MODE_RWP,
					"read-write protection");

	if (err)
		return err;
	rwp.range.start = (uintptr_t)(how & 4 ? s->page + 4096 : s->page);
	rwp.range.len = 4096;
	if (ioctl(s->uffd, PAGESTATE_UFFDIO_RWPROTECT, &rwp))
		return pagestate_fail(s, -EOPNOTSUPP, "UFFDIO_RWPROTECT: %s",
				      strerror(errno));
	s->blocks = !(how & 5);
	return how & 2 ? pagestate_anon_pageout(s, s->page) : 0;
}

int pagestate_anon_pageout(struct pagestate *s, char *addr)
{
	for (int i = 0; i < 50; i++) {
		if (madvise(addr, 4096, MADV_PAGEOUT))
			return pagestate_fail(s, -EOPNOTSUPP, "MADV_PAGEOUT: %s",
					      strerror(errno));
		if (pagestate_pagemap(addr) >> 62 == 1)
			return 0;
		nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	}
	return pagestate_fail(s, -EOPNOTSUPP, "MADV_PAGEOUT left the page in memory");
}

int pagestate_anon_swapped(struct pagestate *s, long arg)
{
	int err = pagestate_anon_map(s, PAGESTATE_BYTE_MADE);

	(void)arg;
	return err ? err : pagestate_anon_pageout(s, s->page);
}

int pagestate_anon_merge(struct pagestate *s, char *a, char *b)
{
	u64 mask = BIT(55) - 1;

	/* Content that no other process is likely to have. */
	for (int i = 0; i < 4096; i += 8) {
		u64 word = 0x6775706b736d0000ULL + (u64)getpid() * 4096 + (u64)i;

		memcpy(a + i, &word, 8);
	}
	a[0] = PAGESTATE_BYTE_MADE;
	memcpy(b, a, 4096);
	if (madvise(a, 4096, MADV_MERGEABLE) || madvise(b, 4096, MADV_MERGEABLE))
		return pagestate_fail(s, -EOPNOTSUPP, "MADV_MERGEABLE: %s",
				      strerror(errno));
	for (int i = 0; i < 500; i++) {
		u64 pa = pagestate_pagemap(a), pb = pagestate_pagemap(b);

		if (pa >> 63 && pb >> 63 && (pa & mask) && (pa & mask) == (pb & mask))
			return 0;
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	return pagestate_fail(s, -EOPNOTSUPP, "KSM did not merge the pages within 5 s");
}

int pagestate_anon_ksm(struct pagestate *s, long arg)
{
	int err = pagestate_anon_map(s, PAGESTATE_BYTE_MADE);

	(void)arg;
	return err ? err : pagestate_anon_merge(s, s->page, s->page + 4096);
}

int pagestate_anon_arena(struct pagestate *s, long thp)
{
	s->len = 4 << 20;
	s->addr = pagestate_map(s, s->len, 2 << 20, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (!s->addr)
		return -errno;
	s->page = s->addr;
	if (thp && madvise(s->addr, s->len, MADV_HUGEPAGE))
		return pagestate_fail(s, -EOPNOTSUPP, "MADV_HUGEPAGE: %s",
				      strerror(errno));
	return 0;
}
