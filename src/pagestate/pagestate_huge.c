/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pagestate/pagestate_make.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pagestate/pagestate_child.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MFD_HUGETLB
#define MFD_HUGETLB 0x0004U
#endif

#define PAGESTATE_HUGE ((size_t)2 << 20)
#define PAGESTATE_LOOK 5 /* the watched page of a THP: a tail */

/* Returns AnonHugePages of the VMA at @addr in KiB; -1 when smaps cannot be read. */
static long pagestate_huge_kib(const char *addr)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	unsigned long start, end;
	char line[512];
	bool here = false;
	long kib = -1;

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			here = (uintptr_t)addr >= start && (uintptr_t)addr < end;
		else if (here && sscanf(line, "AnonHugePages: %ld", &kib) == 1)
			break;
	}
	fclose(f);
	return kib;
}

/* Maps and advises a 2 MiB slot, which the caller touches. */
static int pagestate_huge_slot(struct pagestate *s)
{
	s->len = PAGESTATE_HUGE;
	s->addr = pagestate_map(s, s->len, PAGESTATE_HUGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (!s->addr)
		return -errno;
	s->page = s->addr + PAGESTATE_LOOK * 4096;
	if (madvise(s->addr, s->len, MADV_HUGEPAGE))
		return pagestate_fail(s, -EOPNOTSUPP, "MADV_HUGEPAGE: %s",
				      strerror(errno));
	return 0;
}

int pagestate_huge_thp(struct pagestate *s, long arg)
{
	int err = pagestate_huge_slot(s);

	(void)arg;
	if (err)
		return err;
	pagestate_store(s->addr, s->len, 4096, PAGESTATE_BYTE_MADE);
	if (pagestate_huge_kib(s->addr) != 2048)
		madvise(s->addr, s->len, MADV_COLLAPSE);
	if (pagestate_huge_kib(s->addr) != 2048)
		return pagestate_fail(s, -EOPNOTSUPP,
				      "no transparent huge page could be had");
	return 0;
}

int pagestate_huge_thp_pte(struct pagestate *s, long arg)
{
	int err = pagestate_huge_thp(s, arg);

	if (err)
		return err;
	/* An mprotect() of a part splits the PMD; the folio stays. */
	if (mprotect(s->addr, 4096, PROT_READ) ||
	    mprotect(s->addr, 4096, PROT_READ | PROT_WRITE))
		return pagestate_fail(s, -errno, "mprotect: %s", strerror(errno));
	return 0;
}

int pagestate_huge_thp_half(struct pagestate *s, long look_at_shared)
{
	int err = pagestate_huge_thp_pte(s, 0);

	if (err)
		return err;
	if (madvise(s->addr, PAGESTATE_HUGE / 2, MADV_DONTFORK))
		return pagestate_fail(s, -errno, "MADV_DONTFORK: %s", strerror(errno));
	err = pagestate_child_fork(s);
	if (err)
		return err;
	if (madvise(s->addr, PAGESTATE_HUGE / 2, MADV_DOFORK))
		return pagestate_fail(s, -errno, "MADV_DOFORK: %s", strerror(errno));
	if (look_at_shared)
		s->page += PAGESTATE_HUGE / 2;
	return 0;
}

int pagestate_huge_thp_single(struct pagestate *s, long arg)
{
	int err = pagestate_huge_thp(s, arg);
	char *end;

	if (err)
		return err;
	end = s->addr + s->len;
	munmap(s->addr, (size_t)(s->page - s->addr));
	munmap(s->page + 4096, (size_t)(end - s->page - 4096));
	s->addr = s->page;
	s->len = 4096;
	return 0;
}

int pagestate_huge_thp_mremapped(struct pagestate *s, long arg)
{
	char *to, *from;
	int err = pagestate_huge_thp(s, arg);

	if (err)
		return err;
	/* The moved part stays mapped until the process ends. */
	from = s->addr + PAGESTATE_HUGE / 2;
	to = pagestate_map(s, PAGESTATE_HUGE / 4, PAGESTATE_HUGE, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
	if (!to)
		return -errno;
	if (mremap(from, PAGESTATE_HUGE / 4, PAGESTATE_HUGE / 4,
		   MREMAP_MAYMOVE | MREMAP_FIXED, to) == MAP_FAILED)
		return pagestate_fail(s, -errno, "mremap: %s", strerror(errno));
	return 0;
}

int pagestate_huge_zero(struct pagestate *s, long arg)
{
	char text[16];
	int err = pagestate_huge_slot(s);

	(void)arg;
	if (err)
		return err;
	if (pagestate_slurp("/sys/kernel/mm/transparent_hugepage/use_zero_page", text,
			    sizeof(text)) > 0 &&
	    text[0] == '0')
		return pagestate_fail(s, -EOPNOTSUPP,
				      "the huge zero page is off (use_zero_page)");
	(void)*(volatile char *)s->page;
	/* The whole slot is present at once; otherwise it was the small zero page. */
	if (!(pagestate_pagemap(s->addr) >> 63) ||
	    !(pagestate_pagemap(s->addr + s->len - 4096) >> 63))
		return pagestate_fail(s, -EOPNOTSUPP,
				      "the kernel did not map the huge zero page");
	return 0;
}

/* The page at @addr begins a folio of @pages: one head, then tails. */
static bool pagestate_huge_is_folio(const char *addr, size_t pages)
{
	u64 pfn = pagestate_pagemap(addr) & (BIT(55) - 1),
	    *flags = calloc(pages, sizeof(*flags));
	int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	bool ok = false;

	if (flags && fd >= 0 && pfn &&
	    pread(fd, flags, pages * 8, (off_t)(pfn * 8)) == (ssize_t)(pages * 8)) {
		ok = flags[0] >> 15 & 1; /* KPF_COMPOUND_HEAD */
		for (size_t i = 1; i < pages; i++)
			ok = ok && flags[i] >> 16 & 1; /* KPF_COMPOUND_TAIL */
	}
	if (fd >= 0)
		close(fd);
	free(flags);
	return ok;
}

int pagestate_huge_mthp(struct pagestate *s, long kib)
{
	char path[96], text[64];
	size_t len = (size_t)kib << 10;

	snprintf(path, sizeof(path),
		 "/sys/kernel/mm/transparent_hugepage/hugepages-%ldkB/enabled", kib);
	if (pagestate_slurp(path, text, sizeof(text)) < 0)
		return pagestate_fail(s, -EOPNOTSUPP,
				      "this kernel has no folios of %ld KiB", kib);
	if (strstr(text, "[never]"))
		return pagestate_fail(
			s, -EOPNOTSUPP,
			"folios of %ld KiB are off (hugepages-%ldkB/enabled)", kib, kib);
	s->len = len;
	s->addr = pagestate_map(s, s->len, PAGESTATE_HUGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (!s->addr)
		return -errno;
	s->page = s->addr + 4096;
	madvise(s->addr, s->len, MADV_HUGEPAGE);
	pagestate_store(s->addr, s->len, 4096, PAGESTATE_BYTE_MADE);
	if (!pagestate_huge_is_folio(s->addr, len / 4096))
		return pagestate_fail(s, -EOPNOTSUPP, "no folio of %ld KiB was allocated",
				      kib);
	return 0;
}

int pagestate_huge_tlb(struct pagestate *s, long how)
{
	int flags = MAP_ANONYMOUS | MAP_HUGETLB | (how & 1 ? MAP_SHARED : MAP_PRIVATE);

	s->leaf = how & 8 ? (size_t)1 << 30 : PAGESTATE_HUGE;
	s->len = s->leaf;
	flags |= (how & 8 ? 30 : 21) << 26; /* MAP_HUGE_SHIFT */
	s->addr = pagestate_map(s, s->len, s->leaf, PROT_READ | PROT_WRITE, flags, -1);
	if (!s->addr)
		return -EOPNOTSUPP;
	s->page = s->addr;
	if (!(how & 2))
		pagestate_store(s->addr, s->len, s->leaf, PAGESTATE_BYTE_MADE);
	if (how & 4 && mprotect(s->addr, s->len, PROT_READ))
		return pagestate_fail(s, -errno, "mprotect: %s", strerror(errno));
	return 0;
}

int pagestate_huge_tlb_file(struct pagestate *s, long arg)
{
	(void)arg;
	s->leaf = s->len = PAGESTATE_HUGE;
	s->fd = (int)syscall(SYS_memfd_create, "gupinfo",
			     MFD_HUGETLB | 1 /* MFD_CLOEXEC */);
	if (s->fd < 0 || ftruncate(s->fd, (off_t)s->len))
		return pagestate_fail(s, -EOPNOTSUPP, "memfd_create(MFD_HUGETLB): %s",
				      strerror(errno));
	/* Put the page into the file first: a private fault on a hole allocates its own page. */
	s->addr = pagestate_map(s, s->len, s->leaf, PROT_READ | PROT_WRITE, MAP_SHARED,
				s->fd);
	if (!s->addr)
		return -EOPNOTSUPP;
	pagestate_store(s->addr, s->len, s->leaf, PAGESTATE_BYTE_MADE);
	munmap(s->addr, s->len);
	s->addr = pagestate_map(s, s->len, s->leaf, PROT_READ | PROT_WRITE, MAP_PRIVATE,
				s->fd);
	if (!s->addr)
		return -EOPNOTSUPP;
	s->page = s->addr;
	(void)*(volatile char *)s->page;
	return 0;
}

static long pagestate_huge_pool(const char *file)
{
	char path[96], text[32];

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-2048kB/%s",
		 file);
	return pagestate_slurp(path, text, sizeof(text)) > 0 ? strtol(text, NULL, 10)
							     : -1;
}

/*
 * Reserves the rest of the pool while the state lasts.  Others would then get SIGBUS, so this
 * happens only where nobody but this process, which has @own pages, uses the pool.
 */
static int pagestate_huge_take(struct pagestate *s, long own)
{
	long free = pagestate_huge_pool("free_hugepages");

	if (pagestate_huge_pool("nr_overcommit_hugepages"))
		return pagestate_fail(s, -EOPNOTSUPP,
				      "the pool may grow (nr_overcommit_hugepages)");
	if (free <= 0 || pagestate_huge_pool("nr_hugepages") - free != own ||
	    pagestate_huge_pool("resv_hugepages"))
		return pagestate_fail(s, -EOPNOTSUPP,
				      "others use the pool of huge pages");
	s->taken = mmap(NULL, (size_t)free * PAGESTATE_HUGE, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 21 << 26, -1, 0);
	if (s->taken == MAP_FAILED) {
		s->taken = NULL;
		return pagestate_fail(s, -EOPNOTSUPP, "mmap: %s", strerror(errno));
	}
	s->taken_len = (size_t)free * PAGESTATE_HUGE;
	return 0;
}

/* Maps a private huge page of @fd, or anonymous, unreserved; touches and forks it if @shared. */
static int pagestate_huge_unreserved(struct pagestate *s, int flags, int fd, long shared)
{
	s->leaf = s->len = PAGESTATE_HUGE;
	s->addr = pagestate_map(s, s->len, s->leaf, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_NORESERVE | flags, fd);
	if (!s->addr)
		return -EOPNOTSUPP;
	s->page = s->addr;
	if (!shared)
		return 0;
	pagestate_store(s->addr, s->len, s->leaf, PAGESTATE_BYTE_MADE);
	return pagestate_child_fork(s);
}

int pagestate_huge_none(struct pagestate *s, long shared)
{
	int err = pagestate_huge_unreserved(s, MAP_ANONYMOUS | MAP_HUGETLB | 21 << 26, -1,
					    shared);

	return err ? err : pagestate_huge_take(s, shared);
}

/* Makes a hugetlbfs of one page to which no path leads; returns its root or -errno. */
static int pagestate_huge_mount(struct pagestate *s)
{
	enum { SET_STRING = 1, CMD_CREATE = 6 };
	int fs = (int)syscall(SYS_fsopen, "hugetlbfs", 1 /* FSOPEN_CLOEXEC */), mnt = -1;

	if (fs >= 0 && !syscall(SYS_fsconfig, fs, SET_STRING, "pagesize", "2M", 0) &&
	    !syscall(SYS_fsconfig, fs, SET_STRING, "size", "2M", 0) &&
	    !syscall(SYS_fsconfig, fs, CMD_CREATE, NULL, NULL, 0))
		mnt = (int)syscall(SYS_fsmount, fs, 1 /* FSMOUNT_CLOEXEC */, 0);
	if (mnt < 0)
		pagestate_fail(s, -EOPNOTSUPP, "hugetlbfs: %s", strerror(errno));
	if (fs >= 0)
		close(fs);
	return mnt < 0 ? -EOPNOTSUPP : mnt;
}

int pagestate_huge_full(struct pagestate *s, long shared)
{
	int mnt = pagestate_huge_mount(s), other = -1, err = 0;

	if (mnt < 0)
		return mnt;
	s->fd = openat(mnt, "page", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (!shared) /* another file has the page */
		other = openat(mnt, "other", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->fd < 0 || ftruncate(s->fd, PAGESTATE_HUGE) ||
	    (!shared && (other < 0 || fallocate(other, 0, 0, PAGESTATE_HUGE))))
		err = pagestate_fail(s, -EOPNOTSUPP, "a file of hugetlbfs: %s",
				     strerror(errno));
	if (other >= 0)
		close(other);
	close(mnt);
	return err ? err : pagestate_huge_unreserved(s, 0, s->fd, shared);
}

int pagestate_huge_arena(struct pagestate *s, long arg)
{
	(void)arg;
	s->leaf = PAGESTATE_HUGE;
	s->len = 2 * PAGESTATE_HUGE;
	s->addr = pagestate_map(s, s->len, s->leaf, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 21 << 26, -1);
	if (!s->addr)
		return -EOPNOTSUPP;
	s->page = s->addr;
	return 0;
}
