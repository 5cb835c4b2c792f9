/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pagestate/pagestate_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/readfile.h"

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

#define PAGESTATE_FILE_PAGES 16 /* what exists of a file */

/* ---- files */

/* Writes what exists of the file; every page begins with PAGESTATE_BYTE_MADE. */
static int pagestate_fill(struct pagestate *s)
{
	static char block[64 << 10] = { PAGESTATE_BYTE_MADE };

	for (unsigned i = 0; i < PAGESTATE_FILE_PAGES; i++)
		if (pwrite(s->fd, block, s->leaf, (off_t)(i * s->leaf)) !=
		    (ssize_t)s->leaf)
			return pagestate_fail(s, -EIO, "cannot write a file: %m");
	return fdatasync(s->fd) ? pagestate_fail(s, -errno, "fdatasync: %m") : 0;
}

static int pagestate_disk(struct pagestate *s)
{
	s->fd = pagestate_disk_file(0);
	if (s->fd < 0)
		return pagestate_fail(s, -EOPNOTSUPP, "no disk file system");
	return pagestate_fill(s);
}

static int pagestate_disk_ro(struct pagestate *s)
{
	int err = pagestate_disk(s), fd;
	char path[32];

	if (err)
		return err;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", s->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return pagestate_fail(s, -EOPNOTSUPP, "cannot reopen a file: %m");
	close(s->fd);
	s->fd = fd;
	return 0;
}

/* Takes @fd, of an empty file, and sets its size. */
static int pagestate_sized(struct pagestate *s, int fd, const char *what)
{
	s->fd = fd;
	if (fd < 0 || ftruncate(fd, (off_t)s->len))
		return pagestate_fail(s, -EOPNOTSUPP, "%s: %m", what);
	return 0;
}

static int pagestate_memfd(struct pagestate *s)
{
	int err =
		pagestate_sized(s, memfd_create("gupinfo", MFD_CLOEXEC), "memfd_create");

	return err ? err : pagestate_fill(s);
}

static int pagestate_secret(struct pagestate *s)
{
	return pagestate_sized(s, (int)syscall(SYS_memfd_secret, O_CLOEXEC),
			       "memfd_secret");
}

/* Puts the page into the file: a private fault on a hole would allocate a page of its own. */
static int pagestate_huge_file(struct pagestate *s)
{
	int err = pagestate_sized(s, memfd_create("gupinfo", MFD_HUGETLB | MFD_CLOEXEC),
				  "memfd_create(MFD_HUGETLB)");
	char *page;

	if (err)
		return err;
	page = pagestate_map(s, s->len, s->leaf, PROT_WRITE, MAP_SHARED, s->fd);
	if (!page)
		return -EOPNOTSUPP;
	*(volatile char *)page = PAGESTATE_BYTE_MADE;
	munmap(page, s->len);
	return 0;
}

/* Makes a hugetlbfs of one page to which no path leads, and a file; another may have the page. */
static int pagestate_huge_fs(struct pagestate *s, bool full)
{
	enum { SET_STRING = 1, CMD_CREATE = 6 };
	int fs = (int)syscall(SYS_fsopen, "hugetlbfs", 1 /* FSOPEN_CLOEXEC */), mnt = -1;
	int other = -1, flags = O_RDWR | O_CREAT | O_CLOEXEC, err = 0;
	char size[24];

	snprintf(size, sizeof(size), "%zuK", s->leaf >> 10);
	if (fs >= 0 && !syscall(SYS_fsconfig, fs, SET_STRING, "pagesize", size, 0) &&
	    !syscall(SYS_fsconfig, fs, SET_STRING, "size", size, 0) &&
	    !syscall(SYS_fsconfig, fs, CMD_CREATE, NULL, NULL, 0))
		mnt = (int)syscall(SYS_fsmount, fs, 1 /* FSMOUNT_CLOEXEC */, 0);
	if (mnt < 0)
		err = pagestate_fail(s, -EOPNOTSUPP, "hugetlbfs: %m");
	if (!err)
		err = pagestate_sized(s, openat(mnt, "page", flags, 0600),
				      "a file of hugetlbfs");
	if (!err && full) {
		other = openat(mnt, "other", flags, 0600);
		if (other < 0 || fallocate(other, 0, 0, (off_t)s->len))
			err = pagestate_fail(s, -EOPNOTSUPP, "a file of hugetlbfs: %m");
	}
	close(fs); /* -1 does no harm */
	close(mnt);
	close(other);
	return err;
}

static int pagestate_huge_mount(struct pagestate *s)
{
	return pagestate_huge_fs(s, false);
}

static int pagestate_huge_full(struct pagestate *s)
{
	return pagestate_huge_fs(s, true);
}

/* The kernel maps it, at the address that is the context's name; it goes with the process. */
static int pagestate_aio(struct pagestate *s)
{
	unsigned long context = 0;

	if (syscall(SYS_io_setup, 1, &context))
		return pagestate_fail(s, -EOPNOTSUPP, "io_setup: %m");
	s->page = s->addr = (char *)context;
	(void)*(volatile char *)s->page; /* fault it in */
	s->len = 0;
	return 0;
}

/* The vsyscall page is there in every process, or in none. */
static int pagestate_gate(struct pagestate *s)
{
	if (readfile_field(AT_FDCWD, "/proc/self/maps", "[vsyscall]", 10) == UINT64_MAX)
		return pagestate_fail(s, -EOPNOTSUPP, "no vsyscall page");
	s->page = s->addr = (char *)0xffffffffff600000UL;
	s->len = 0; /* nothing to release */
	return 0;
}

/* ---- the table */

static const struct pagestate_mapped {
	/* Opens s->fd, the file of s->len bytes; NULL: there is none.  Returns 0, or -errno and s->why. */
	int (*open)(struct pagestate *s);
	u8 page; /* enum pagestate_size */
	int flags, advice;
	bool readonly;
	u8 look; /* the page that is looked at */
} pagestate_mappings[] = {
#define MAPPING(id, page_, flags_, advice_, readonly_, look_, open_) \
	[PAGESTATE_MAP_##id] = { .open = open_,                      \
				 .page = PAGESTATE_SIZE_##page_,     \
				 .flags = flags_,                    \
				 .advice = advice_,                  \
				 .readonly = readonly_,              \
				 .look = look_ },
#include "pagestate/pagestate_map.def"
};

size_t pagestate_map_page(enum pagestate_mapping id)
{
	return pagestate_size(pagestate_mappings[id].page);
}

int pagestate_map_make(struct pagestate *s, enum pagestate_mapping id, size_t len)
{
	const struct pagestate_mapped *m = &pagestate_mappings[id];
	int prot = m->readonly ? PROT_READ : PROT_READ | PROT_WRITE;
	int flags = m->flags, err;

	s->leaf = pagestate_map_page(id);
	s->len = len;
	if (flags & MAP_HUGETLB)
		flags |= __builtin_ctzll(s->leaf) << 26; /* MAP_HUGE_SHIFT */
	err = m->open ? m->open(s) : 0;
	if (err || s->addr) /* the kernel has mapped it already */
		return err;
	s->addr = pagestate_map(s, len, s->leaf, prot, flags, s->fd);
	if (!s->addr)
		return m->page != PAGESTATE_SIZE_BASE ? -EOPNOTSUPP : -errno;
	s->page = s->addr + m->look * pagestate_size(PAGESTATE_SIZE_BASE);
	if (m->advice && madvise(s->addr, len, m->advice) && m->advice == MADV_HUGEPAGE)
		return pagestate_fail(s, -EOPNOTSUPP, "MADV_HUGEPAGE: %m");
	return 0;
}
