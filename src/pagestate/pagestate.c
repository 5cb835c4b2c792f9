/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pagestate/pagestate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/text.h"
#include "os/memsize.h"
#include "os/readfile.h"

size_t pagestate_size(enum pagestate_size size)
{
	static size_t known[PAGESTATE_SIZES];

	if (!known[size])
		known[size] = size == PAGESTATE_SIZE_BASE ? memsize_page()
			      : size == PAGESTATE_SIZE_PMD
				      ? memsize_pmd(AT_FDCWD)
				      : memsize_hugetlb(size - PAGESTATE_SIZE_HUGETLB);
	return known[size];
}

int pagestate_fail(struct pagestate *s, int err, const char *fmt, ...)
{
	TEXT_FORMAT(s->why, sizeof(s->why), fmt);
	return err;
}

/*
 * O_DIRECT of ext4, xfs and f2fs uses GUP; that of tmpfs and overlayfs need not.
 * btrfs_direct_write() calls it without faults, faults the page in by itself, and in the end
 * goes through the page cache (5.16): its pages are like others, but the result of its O_DIRECT
 * is not GUP's.
 */
static bool pagestate_fs_direct(const char *dir, bool gup)
{
	static const long magic[] = { 0x9123683E /* btrfs */, 0xEF53, 0x58465342,
				      0xF2F52010 };
	struct statfs fs;

	if (statfs(dir, &fs))
		return false;
	for (size_t i = gup; i < ARRAY_SIZE(magic); i++)
		if ((long)fs.f_type == magic[i])
			return true;
	return false;
}

int pagestate_disk_file(int flags)
{
	const char *dir[] = { getenv("TMPDIR"), "/var/tmp", "/tmp", ".",
			      "/mnt/ext4",      "/root" };
	int fd;

	for (size_t i = 0; i < ARRAY_SIZE(dir); i++) {
		if (!dir[i] || !pagestate_fs_direct(dir[i], flags & O_DIRECT))
			continue;
		fd = open(dir[i], O_RDWR | O_TMPFILE | O_CLOEXEC | flags, 0600);
		if (fd >= 0)
			return fd;
	}
	return -ENOTSUP;
}

/* --- for the files that make states */

char *pagestate_map(struct pagestate *s, size_t len, size_t align, int prot, int flags,
		    int fd)
{
	static u64 next = 0x20000000;
	size_t pmd = pagestate_size(PAGESTATE_SIZE_PMD);
	char *p;

	align = MAX(align, pmd);
	for (int i = 0; i < 64; i++) {
		u64 at = ROUND_UP(next, align);

		next = ROUND_UP(at + len + pmd, pmd);
		p = mmap((void *)at, len, prot, flags | MAP_FIXED_NOREPLACE, fd, 0);
		if (p == (void *)at)
			return p;
		if (p != MAP_FAILED)
			munmap(p, len);
		else if (errno == EBUSY)
			/* Power's hash MMU has one page size for each 256 MiB of addresses. */
			next = ROUND_UP(next, 256 << 20);
		else if (errno != EEXIST)
			break;
	}
	pagestate_fail(s, -errno, "mmap: %m");
	return NULL;
}

void pagestate_store(char *addr, size_t len, size_t step, int byte)
{
	for (size_t i = 0; i < len; i += step)
		*(volatile char *)(addr + i) = (char)byte;
}

u64 pagestate_pagemap(const void *addr)
{
	u64 entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	if (pread(fd, &entry, sizeof(entry),
		  (off_t)((uintptr_t)addr / pagestate_size(PAGESTATE_SIZE_BASE) * 8)) !=
	    sizeof(entry))
		entry = 0;
	close(fd);
	return entry;
}

u64 pagestate_pool(enum pagestate_size size, const char *file)
{
	char path[96];
	u64 n;

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%zukB/%s",
		 pagestate_size(size) >> 10, file);
	n = readfile_number(AT_FDCWD, path);
	return n == UINT64_MAX ? 0 : n;
}

/* Returns NULL when @want pages of the pool are free and not reserved, or what is missing. */
static const char *pagestate_pool_missing(enum pagestate_size size, u64 want)
{
	static char why[PAGESTATE_WHY];
	char text[24];

	if (!pagestate_size(size))
		return "this kernel has no hugetlb pages";
	if (pagestate_pool(size, "free_hugepages") >=
	    pagestate_pool(size, "resv_hugepages") + want)
		return NULL;
	snprintf(why, sizeof(why), "fewer than %u free %s hugetlb pages", (unsigned)want,
		 memsize_text(pagestate_size(size), false, text, sizeof(text)));
	return why;
}

static const char *pagestate_missing(u64 need)
{
	char line[64];
	int fd;

	switch (need) {
	case PAGESTATE_NEED_THP:
		return readfile_line(AT_FDCWD,
				     "/sys/kernel/mm/transparent_hugepage/enabled", line,
				     sizeof(line)) &&
				       !strstr(line, "[never]")
			       ? NULL
			       : "transparent huge pages are off";
	case PAGESTATE_NEED_HUGETLB:
		return pagestate_pool_missing(PAGESTATE_SIZE_HUGETLB, 4);
	case PAGESTATE_NEED_HUGETLB_2:
		return pagestate_pool_missing(PAGESTATE_SIZE_HUGETLB_2, 2);
	case PAGESTATE_NEED_HUGETLB_3:
		return pagestate_pool_missing(PAGESTATE_SIZE_HUGETLB_3, 2);
	case PAGESTATE_NEED_HUGETLB_4:
		return pagestate_pool_missing(PAGESTATE_SIZE_HUGETLB_4, 2);
	case PAGESTATE_NEED_SWAP:
		/* a line behind the heading */
		return readfile_field(AT_FDCWD, "/proc/swaps", "\n/", 10) != UINT64_MAX
			       ? NULL
			       : "no swap space";
	case PAGESTATE_NEED_KSM:
		return readfile_number(AT_FDCWD, "/sys/kernel/mm/ksm/run") == 1
			       ? NULL
			       : "KSM does not run (/sys/kernel/mm/ksm/run)";
	case PAGESTATE_NEED_DISK:
		fd = pagestate_disk_file(0);
		if (fd < 0)
			return "no directory whose file system does direct I/O";
		close(fd);
		return NULL;
	default: /* only trying shows it: userfaultfd, guard regions, memfd_secret */
		return NULL;
	}
}

int pagestate_need(u64 needs, char *why)
{
	EACH_BIT (bit, needs) {
		const char *missing = pagestate_missing(BIT(bit));

		if (missing) {
			snprintf(why, PAGESTATE_WHY, "%s", missing);
			return -EOPNOTSUPP;
		}
	}
	return 0;
}
