/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pagestate/pagestate_make.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

#define PAGESTATE_FILE_LEN ((size_t)64 << 10)

/* Writes @len bytes to @fd; every page begins with PAGESTATE_BYTE_MADE. */
static int pagestate_file_fill(struct pagestate *s, int fd, size_t len)
{
	char block[4096] = { PAGESTATE_BYTE_MADE };

	for (size_t at = 0; at < len; at += sizeof(block))
		if (pwrite(fd, block, sizeof(block), (off_t)at) != sizeof(block))
			return pagestate_fail(s, -EIO, "cannot write a file: %s",
					      strerror(errno));
	return fdatasync(fd) ? pagestate_fail(s, -errno, "fdatasync: %s", strerror(errno))
			     : 0;
}

/* Maps s->fd; @touch: 1 loads from the watched page, 2 stores to it. */
static int pagestate_file_map(struct pagestate *s, size_t len, int prot, int flags,
			      int touch)
{
	s->len = len;
	s->addr = pagestate_map(s, len, 4096, prot, flags, s->fd);
	if (!s->addr)
		return -errno;
	s->page = s->addr + 4096;
	if (touch == 1)
		(void)*(volatile char *)s->page;
	if (touch == 2)
		pagestate_store(s->addr, s->len, 4096, PAGESTATE_BYTE_MADE);
	return 0;
}

/* Opens @fd again for reading only. */
static int pagestate_file_reopen(struct pagestate *s)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", s->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return pagestate_fail(s, -EOPNOTSUPP, "cannot reopen a file: %s",
				      strerror(errno));
	close(s->fd);
	s->fd = fd;
	return 0;
}

static const struct {
	int prot, flags, touch;
} pagestate_file_how[] = {
	{ PROT_READ | PROT_WRITE, MAP_PRIVATE, 1 }, /* 0 read only so far */
	{ PROT_READ | PROT_WRITE, MAP_PRIVATE, 2 }, /* 1 written */
	{ PROT_READ | PROT_WRITE, MAP_SHARED, 1 },  /* 2 shared, read */
	{ PROT_READ | PROT_WRITE, MAP_SHARED, 2 },  /* 3 shared, written */
	{ PROT_READ, MAP_SHARED, 1 },               /* 4 shared, read-only file */
	{ PROT_READ, MAP_PRIVATE, 1 },              /* 5 private, PROT_READ */
	{ PROT_READ | PROT_WRITE, MAP_PRIVATE, 0 }, /* 6 untouched */
	{ PROT_READ | PROT_WRITE, MAP_PRIVATE, 0 }, /* 7 beyond the end */
};

int pagestate_file_disk(struct pagestate *s, long how)
{
	int err;

	s->fd = pagestate_disk_file(0);
	if (s->fd < 0)
		return pagestate_fail(s, -EOPNOTSUPP, "no disk file system");
	s->disk = true;
	err = pagestate_file_fill(s, s->fd, PAGESTATE_FILE_LEN);
	if (!err && how == 4)
		err = pagestate_file_reopen(s);
	if (!err)
		err = pagestate_file_map(s, PAGESTATE_FILE_LEN,
					 pagestate_file_how[how].prot,
					 pagestate_file_how[how].flags,
					 pagestate_file_how[how].touch);
	if (!err && how == 7 && ftruncate(s->fd, 4096))
		return pagestate_fail(s, -errno, "ftruncate: %s", strerror(errno));
	return err;
}

/* Makes a memfd of @len bytes, of which the first 64 KiB exist. */
static int pagestate_file_new_memfd(struct pagestate *s, size_t len)
{
	s->fd = (int)syscall(SYS_memfd_create, "gupinfo", 1 /* MFD_CLOEXEC */);
	if (s->fd < 0)
		return pagestate_fail(s, -EOPNOTSUPP, "memfd_create: %s",
				      strerror(errno));
	if (ftruncate(s->fd, (off_t)len))
		return pagestate_fail(s, -errno, "ftruncate: %s", strerror(errno));
	return pagestate_file_fill(s, s->fd, PAGESTATE_FILE_LEN);
}

int pagestate_file_memfd(struct pagestate *s, long how)
{
	int err = pagestate_file_new_memfd(s, PAGESTATE_FILE_LEN);

	return err ? err
		   : pagestate_file_map(s, PAGESTATE_FILE_LEN,
					pagestate_file_how[how].prot,
					pagestate_file_how[how].flags,
					pagestate_file_how[how].touch);
}

int pagestate_file_shmem(struct pagestate *s, long untouched)
{
	return pagestate_file_map(s, PAGESTATE_FILE_LEN, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, untouched ? 0 : 2);
}

int pagestate_file_secret(struct pagestate *s, long arg)
{
	(void)arg;
	s->fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);
	if (s->fd < 0)
		return pagestate_fail(s, -EOPNOTSUPP, "memfd_secret: %s",
				      strerror(errno));
	if (ftruncate(s->fd, (off_t)PAGESTATE_FILE_LEN))
		return pagestate_fail(s, -errno, "ftruncate: %s", strerror(errno));
	return pagestate_file_map(s, PAGESTATE_FILE_LEN, PROT_READ | PROT_WRITE,
				  MAP_SHARED, 2);
}

int pagestate_file_unmapped(struct pagestate *s, long arg)
{
	int err = pagestate_file_map(s, PAGESTATE_FILE_LEN, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, 0);

	(void)arg;
	if (!err)
		munmap(s->page, 4096);
	return err;
}

int pagestate_file_gate(struct pagestate *s, long arg)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[512];
	bool found = false;

	(void)arg;
	while (f && fgets(line, sizeof(line), f))
		found = found || strstr(line, "[vsyscall]");
	if (f)
		fclose(f);
	if (!found)
		return pagestate_fail(s, -EOPNOTSUPP, "no vsyscall page");
	s->page = (char *)0xffffffffff600000UL;
	s->addr = s->page;
	s->len = 0; /* nothing to release */
	return 0;
}

int pagestate_file_arena(struct pagestate *s, long kind)
{
	size_t len = kind >= 2 ? PAGESTATE_FILE_LEN : (size_t)4 << 20;
	int err = 0, flags = kind == 1 || kind == 2 ? MAP_PRIVATE : MAP_SHARED;

	if (kind == 0)
		flags |= MAP_ANONYMOUS;
	else if (kind == 1)
		err = pagestate_file_new_memfd(s, len);
	else
		err = pagestate_file_disk(s, 6);
	if (err || kind == 2)
		return err;
	if (kind == 3)
		munmap(s->addr, s->len);
	err = pagestate_file_map(s, len, PROT_READ | PROT_WRITE, flags, 0);
	if (!err)
		s->page = s->addr;
	return err;
}
