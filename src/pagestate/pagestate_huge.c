/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pagestate/pagestate_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os/readfile.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

#define PAGESTATE_THP "/sys/kernel/mm/transparent_hugepage/"

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

int pagestate_huge_thp(struct pagestate *s, char *addr, size_t len, long arg)
{
	long want = (long)(pagestate_size(PAGESTATE_SIZE_PMD) >> 10);

	pagestate_store(addr, len, s->leaf, PAGESTATE_BYTE_MADE);
	if (pagestate_huge_kib(addr) != want)
		madvise(addr, len, MADV_COLLAPSE);
	if (pagestate_huge_kib(addr) != want)
		return pagestate_fail(s, -EOPNOTSUPP,
				      "no transparent huge page could be had");
	return 0;
}

int pagestate_huge_zero(struct pagestate *s, char *addr, size_t len, long arg)
{
	if (!readfile_number(AT_FDCWD, PAGESTATE_THP "use_zero_page"))
		return pagestate_fail(s, -EOPNOTSUPP,
				      "the huge zero page is off (use_zero_page)");
	(void)*(volatile char *)s->page;
	/* The whole slot is present at once; otherwise it was the small zero page. */
	if (!(pagestate_pagemap(addr) >> 63) ||
	    !(pagestate_pagemap(addr + len - s->leaf) >> 63))
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

int pagestate_huge_folio(struct pagestate *s, char *addr, size_t len, long arg)
{
	char path[96], text[64];
	size_t kib = len >> 10;

	snprintf(path, sizeof(path), PAGESTATE_THP "hugepages-%zukB/enabled", kib);
	if (!readfile_line(AT_FDCWD, path, text, sizeof(text)))
		return pagestate_fail(s, -EOPNOTSUPP,
				      "this kernel has no folios of %zu KiB", kib);
	if (strstr(text, "[never]"))
		return pagestate_fail(
			s, -EOPNOTSUPP,
			"folios of %zu KiB are off (hugepages-%zukB/enabled)", kib, kib);
	pagestate_store(addr, len, s->leaf, PAGESTATE_BYTE_MADE);
	if (!pagestate_huge_is_folio(addr, len / s->leaf))
		return pagestate_fail(s, -EOPNOTSUPP, "no folio of %zu KiB was allocated",
				      kib);
	return 0;
}

/*
 * Reserves the rest of the pool while the state lasts.  Others would then get SIGBUS, so this
 * happens only where nobody but this process, with the page looked at, uses the pool.
 */
int pagestate_huge_take(struct pagestate *s, char *addr, size_t len, long arg)
{
	u64 free = pagestate_pool(PAGESTATE_SIZE_HUGETLB, "free_hugepages");
	u64 own = pagestate_pagemap(s->page) >> 63;
	size_t size = pagestate_size(PAGESTATE_SIZE_HUGETLB);

	if (pagestate_pool(PAGESTATE_SIZE_HUGETLB, "nr_overcommit_hugepages"))
		return pagestate_fail(s, -EOPNOTSUPP,
				      "the pool may grow (nr_overcommit_hugepages)");
	if (!free ||
	    pagestate_pool(PAGESTATE_SIZE_HUGETLB, "nr_hugepages") - free != own ||
	    pagestate_pool(PAGESTATE_SIZE_HUGETLB, "resv_hugepages"))
		return pagestate_fail(s, -EOPNOTSUPP,
				      "others use the pool of huge pages");
	s->taken = mmap(NULL, free * size, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (s->taken == MAP_FAILED) {
		s->taken = NULL;
		return pagestate_fail(s, -EOPNOTSUPP, "mmap: %m");
	}
	s->taken_len = free * size;
	return 0;
}
