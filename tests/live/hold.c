/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hold - makes something that holds pages of its own, says where they are, and waits until it is killed.
 *
 *	hold KIND	prints "pid=… addr=0x… fd=…"; exit 77 with the reason where it cannot be made here
 *	hold --list	the kinds
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_xdp.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE 4096UL
#define HUGE (2UL << 20)
#define AT ((char *)0x40000000)

static int cannot(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(77);
}

/* Maps @pages pages at AT and fills them; @flags may be MAP_SHARED. */
static char *some(size_t pages, int flags)
{
	char *p = mmap(AT, pages * PAGE, PROT_READ | PROT_WRITE,
		       MAP_ANONYMOUS | MAP_FIXED | (flags ? flags : MAP_PRIVATE), -1, 0);

	if (p == MAP_FAILED)
		cannot("mmap");
	madvise(p, pages * PAGE, MADV_NOHUGEPAGE);
	memset(p, 1, pages * PAGE);
	return p;
}

static int ring_of(char *p, size_t n)
{
	struct io_uring_params params = { 0 };
	struct iovec v = { p, n };
	int fd = (int)syscall(SYS_io_uring_setup, 4, &params);

	if (fd < 0 || syscall(SYS_io_uring_register, fd, IORING_REGISTER_BUFFERS, &v, 1))
		cannot("io_uring");
	return fd;
}

static int make_ring(void)
{
	return ring_of(some(16, 0), 16 * PAGE);
}

/* The buffer's mapping goes away: its pages stay. */
static int make_ring_unmapped(void)
{
	char *p = some(16, 0);
	int fd = ring_of(p, 16 * PAGE);

	munmap(p, 16 * PAGE);
	some(1, 0);
	return fd;
}

/* The buffer is 4 pages of a huge page, all of which is charged. */
static int make_ring_thp(void)
{
	char *p = mmap(AT, HUGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	madvise(p, HUGE, MADV_HUGEPAGE);
	memset(p, 1, HUGE);
	return ring_of(p + 16 * PAGE, 4 * PAGE);
}

static int pipe_of(char *p, size_t n)
{
	struct iovec v = { p, n };
	int fd[2];

	if (pipe(fd) || vmsplice(fd[1], &v, 1, 0) != (ssize_t)n)
		cannot("vmsplice");
	return fd[1];
}

static int make_pipe(void)
{
	return pipe_of(some(4, 0), 4 * PAGE);
}

/* Bytes that were written to a pipe are in pages of the kernel: they are nobody's memory. */
static int make_pipe_written(void)
{
	int fd[2];

	if (pipe(fd) || write(fd[1], some(1, 0), PAGE) != (ssize_t)PAGE)
		cannot("pipe");
	return fd[1];
}

static int make_mlock(void)
{
	if (mlock(some(4, 0), 4 * PAGE))
		cannot("mlock");
	return -1;
}

static const struct {
	const char *name;
	int (*make)(void);
} kinds[] = {
	{ "ring", make_ring },
	{ "ring-unmapped", make_ring_unmapped },
	{ "ring-thp", make_ring_thp },
	{ "pipe", make_pipe },
	{ "pipe-written", make_pipe_written },
	{ "mlock", make_mlock },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (argc == 2 && !strcmp(argv[1], "--list"))
			puts(kinds[i].name);
		if (argc != 2 || strcmp(argv[1], kinds[i].name))
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		syscall(SYS_close_range, 3, ~0U, 0); /* descriptors of the test */
		printf("pid=%d addr=%p fd=%d\n", (int)getpid(), (void *)AT,
		       kinds[i].make());
		fflush(stdout);
		for (;;)
			pause();
	}
	return argc == 2 && !strcmp(argv[1], "--list") ? 0 : 2;
}
