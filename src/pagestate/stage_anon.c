/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pagestate/stage_make.h"

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
#define STAGE_MADV_GUARD_INSTALL 102
#define STAGE_UFFD_WP_ASYNC BIT(15) /* UFFD_FEATURE_WP_ASYNC */

#define STAGE_PAGES 8 /* of a small mapping; page 1 is looked at */

/* A small anonymous mapping without THP; @byte is stored to every page when not 0. */
static int stage_anon_map(struct stage *s, int byte)
{
	s->len = STAGE_PAGES * 4096;
	s->addr = stage_map(s, s->len, 4096, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (!s->addr)
		return -errno;
	s->page = s->addr + 4096;
	madvise(s->addr, s->len, MADV_NOHUGEPAGE);
	if (byte)
		stage_store(s->addr, s->len, 4096, byte);
	return 0;
}

int stage_anon_hole(struct stage *s, long arg)
{
	(void)arg;
	return stage_anon_map(s, 0);
}

int stage_anon_hole_thp(struct stage *s, long arg)
{
	(void)arg;
	s->len = 2 << 20;
	s->addr = stage_map(s, s->len, 2 << 20, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (!s->addr)
		return -errno;
	s->page = s->addr + 5 * 4096;
	if (madvise(s->addr, s->len, MADV_HUGEPAGE))
		return stage_fail(s, -EOPNOTSUPP, "MADV_HUGEPAGE: %s", strerror(errno));
	return 0;
}

int stage_anon_touched(struct stage *s, long arg)
{
	(void)arg;
	return stage_anon_map(s, STAGE_BYTE_MADE);
}

int stage_anon_zero(struct stage *s, long arg)
{
	int err = stage_anon_map(s, 0);

	(void)arg;
	if (!err)
		(void)*(volatile char *)s->page;
	return err;
}

int stage_anon_mprotect(struct stage *s, long prot)
{
	int err = stage_anon_map(s, STAGE_BYTE_MADE);

	if (err)
		return err;
	if (mprotect(s->addr, s->len, prot ? PROT_READ : PROT_NONE))
		return stage_fail(s, -errno, "mprotect: %s", strerror(errno));
	if (prot == 3 && mprotect(s->addr, s->len, PROT_READ | PROT_WRITE))
		return stage_fail(s, -errno, "mprotect: %s", strerror(errno));
	return 0;
}

int stage_anon_free(struct stage *s, long arg)
{
	int err = stage_anon_map(s, STAGE_BYTE_MADE);

	(void)arg;
	if (!err && madvise(s->page, 4096, MADV_FREE))
		return stage_fail(s, -EOPNOTSUPP, "MADV_FREE: %s", strerror(errno));
	return err;
}

int stage_anon_dontfork(struct stage *s, long wipe)
{
	int err = stage_anon_map(s, STAGE_BYTE_MADE);

	if (!err && madvise(s->addr, s->len, wipe ? MADV_WIPEONFORK : MADV_DONTFORK))
		return stage_fail(s, -EOPNOTSUPP, "madvise: %s", strerror(errno));
	return err;
}

int stage_anon_guard(struct stage *s, long arg)
{
	int err = stage_anon_map(s, STAGE_BYTE_MADE);

	(void)arg;
	if (!err && madvise(s->page, 4096, STAGE_MADV_GUARD_INSTALL))
		return stage_fail(s, -EOPNOTSUPP,
				  "this kernel has no MADV_GUARD_INSTALL");
	return err;
}

int stage_anon_mlocked(struct stage *s, long arg)
{
	int err = stage_anon_map(s, STAGE_BYTE_MADE);

	(void)arg;
	if (!err && mlock(s->addr, s->len))
		return stage_fail(s, -EOPNOTSUPP, "mlock: %s", strerror(errno));
	return err;
}

/* A small mapping, registered with a userfaultfd of @features in @mode. */
static int stage_anon_register(struct stage *s, u64 features, u64 mode, const char *what)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	struct uffdio_register reg = { .mode = mode };
	int err = stage_anon_map(s, STAGE_BYTE_MADE);

	if (err)
		return err;
	s->uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (s->uffd < 0)
		return stage_fail(s, -EOPNOTSUPP, "userfaultfd: %s", strerror(errno));
	reg.range.start = (uintptr_t)s->addr;
	reg.range.len = s->len;
	if (ioctl(s->uffd, UFFDIO_API, &api) || ioctl(s->uffd, UFFDIO_REGISTER, &reg))
		return stage_fail(s, -EOPNOTSUPP, "userfaultfd %s: %s", what,
				  strerror(errno));
	return 0;
}

int stage_anon_uffd(struct stage *s, long async)
{
	struct uffdio_writeprotect wp = { .mode = UFFDIO_WRITEPROTECT_MODE_WP };
	int err = stage_anon_register(s, async ? STAGE_UFFD_WP_ASYNC : 0,
				      UFFDIO_REGISTER_MODE_WP,
				      async ? "with UFFD_FEATURE_WP_ASYNC"
					    : "write protection");

	if (err)
		return err;
	wp.range.start = (uintptr_t)s->addr;
	wp.range.len = s->len;
	if (ioctl(s->uffd, UFFDIO_WRITEPROTECT, &wp))
		return stage_fail(s, -EOPNOTSUPP, "userfaultfd write protection: %s",
				  strerror(errno));
	s->blocks = !async;
	return 0;
}

/* include/uapi/linux/userfaultfd.h of 7.3; struct uffdio_rwprotect is like uffdio_writeprotect. */
#define STAGE_UFFD_RWP BIT(17)
#define STAGE_UFFD_RWP_ASYNC BIT(18)
#define STAGE_UFFDIO_MODE_RWP BIT(3)
#define STAGE_UFFDIO_RWPROTECT _IOWR(UFFDIO, 9, struct uffdio_writeprotect)

int stage_anon_rwp(struct stage *s, long how)
{
	struct uffdio_writeprotect rwp = { .mode = 1 };
	int err =
		stage_anon_register(s,
				    STAGE_UFFD_RWP | (how & 1 ? STAGE_UFFD_RWP_ASYNC : 0),
				    STAGE_UFFDIO_MODE_RWP, "read-write protection");

	if (err)
		return err;
	rwp.range.start = (uintptr_t)(how & 4 ? s->page + 4096 : s->page);
	rwp.range.len = 4096;
	if (ioctl(s->uffd, STAGE_UFFDIO_RWPROTECT, &rwp))
		return stage_fail(s, -EOPNOTSUPP, "UFFDIO_RWPROTECT: %s",
				  strerror(errno));
	s->blocks = !(how & 5);
	return how & 2 ? stage_anon_pageout(s, s->page) : 0;
}

int stage_anon_pageout(struct stage *s, char *addr)
{
	for (int i = 0; i < 50; i++) {
		if (madvise(addr, 4096, MADV_PAGEOUT))
			return stage_fail(s, -EOPNOTSUPP, "MADV_PAGEOUT: %s",
					  strerror(errno));
		if (stage_pagemap(addr) >> 62 == 1)
			return 0;
		nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	}
	return stage_fail(s, -EOPNOTSUPP, "MADV_PAGEOUT left the page in memory");
}

int stage_anon_swapped(struct stage *s, long arg)
{
	int err = stage_anon_map(s, STAGE_BYTE_MADE);

	(void)arg;
	return err ? err : stage_anon_pageout(s, s->page);
}

int stage_anon_merge(struct stage *s, char *a, char *b)
{
	u64 mask = BIT(55) - 1;

	/* content that no other process is likely to have */
	for (int i = 0; i < 4096; i += 8) {
		u64 word = 0x6775706b736d0000ULL + (u64)getpid() * 4096 + (u64)i;

		memcpy(a + i, &word, 8);
	}
	a[0] = STAGE_BYTE_MADE;
	memcpy(b, a, 4096);
	if (madvise(a, 4096, MADV_MERGEABLE) || madvise(b, 4096, MADV_MERGEABLE))
		return stage_fail(s, -EOPNOTSUPP, "MADV_MERGEABLE: %s", strerror(errno));
	for (int i = 0; i < 500; i++) {
		u64 pa = stage_pagemap(a), pb = stage_pagemap(b);

		if (pa >> 63 && pb >> 63 && (pa & mask) && (pa & mask) == (pb & mask))
			return 0;
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	return stage_fail(s, -EOPNOTSUPP, "KSM did not merge the pages within 5 s");
}

int stage_anon_ksm(struct stage *s, long arg)
{
	int err = stage_anon_map(s, STAGE_BYTE_MADE);

	(void)arg;
	return err ? err : stage_anon_merge(s, s->page, s->page + 4096);
}

int stage_anon_arena(struct stage *s, long thp)
{
	s->len = 4 << 20;
	s->addr = stage_map(s, s->len, 2 << 20, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (!s->addr)
		return -errno;
	s->page = s->addr;
	if (thp && madvise(s->addr, s->len, MADV_HUGEPAGE))
		return stage_fail(s, -EOPNOTSUPP, "MADV_HUGEPAGE: %s", strerror(errno));
	return 0;
}
