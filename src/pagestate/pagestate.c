/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pagestate/pagestate.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

int pagestate_fail(struct pagestate *s, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->why, sizeof(s->why), fmt, ap);
	va_end(ap);
	return err;
}

int pagestate_slurp(const char *path, char *buf, size_t len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	size_t have = 0;

	if (fd < 0)
		return -errno;
	while (have < len - 1 && (n = read(fd, buf + have, len - 1 - have)) > 0)
		have += n;
	close(fd);
	buf[have] = 0;
	return (int)have;
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
	char *p;

	if (align < 1 << 21)
		align = 1 << 21;
	for (int i = 0; i < 64; i++) {
		u64 at = ROUND_UP(next, align);

		next = ROUND_UP(at + len + (1 << 21), 1 << 21);
		p = mmap((void *)at, len, prot, flags | MAP_FIXED_NOREPLACE, fd, 0);
		if (p == (void *)at)
			return p;
		if (p != MAP_FAILED)
			munmap(p, len);
		else if (errno != EEXIST)
			break;
	}
	pagestate_fail(s, -errno, "mmap: %s", strerror(errno));
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
	if (pread(fd, &entry, sizeof(entry), (off_t)((uintptr_t)addr / 4096 * 8)) !=
	    sizeof(entry))
		entry = 0;
	close(fd);
	return entry;
}

/* --- the language of states */
