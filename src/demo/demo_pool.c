/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "demo/demo_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/memsize.h"
#include "os/readfile.h"

#define NR_HUGEPAGES "/proc/sys/vm/nr_hugepages"

void demo_pool_read(struct demo_pool *p)
{
	static const char path[] = "/proc/meminfo";
	u64 rest, reserved;

	p->bytes = memsize_hugetlb(0);
	p->total = p->free = 0;
	if (!p->bytes)
		return;
	p->total = readfile_field(AT_FDCWD, path, "HugePages_Total:", 10);
	rest = readfile_field(AT_FDCWD, path, "HugePages_Free:", 10);
	reserved = readfile_field(AT_FDCWD, path, "HugePages_Rsvd:", 10);
	p->free = rest > reserved ? rest - reserved : 0;
}

static int read_number(u64 *ret)
{
	*ret = readfile_number(AT_FDCWD, NR_HUGEPAGES);
	return *ret == UINT64_MAX ? -EIO : 0;
}

static int write_number(u64 n)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%llu\n", n);
	int fd = open(NR_HUGEPAGES, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	int r = write(fd, text, (size_t)len) == len ? 0 : -errno;
	close(fd);
	return r;
}

/* Takes @added pages out of the pool again, whatever others have changed meanwhile. */
static void give_back(u64 added)
{
	u64 now;

	if (!read_number(&now))
		write_number(now > added ? now - added : 0);
}

/* Sums up added pages until the other end of @fd closes, then returns them to the system. */
static void helper(int fd)
{
	int null = open("/dev/null", O_RDWR);
	s64 added = 0, more;
	sigset_t all;
	ssize_t n;

	setsid();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (int i = 0; i < 3 && null >= 0; i++)
		dup2(null, i);
	while ((n = read(fd, &more, sizeof(more))) > 0 || (n < 0 && errno == EINTR))
		if (n == sizeof(more))
			added += more;
	usleep(20000); /* the kernel is killing those who use the pages */
	if (added > 0)
		give_back((u64)added);
	_exit(0);
}

static int start_helper(struct demo_pool *p)
{
	int fds[2];

	if (p->helper)
		return 0;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid_t pid = fork();
	if (!pid) {
		close(fds[1]);
		helper(fds[0]);
	}
	close(fds[0]);
	if (pid < 0) {
		close(fds[1]);
		return -EAGAIN;
	}
	p->helper = pid;
	p->fd = fds[1];
	return 0;
}

static int tell_helper(struct demo_pool *p, s64 n)
{
	if (write(p->fd, &n, sizeof(n)) != sizeof(n))
		return -EPIPE;
	p->added += (u64)n;
	return 0;
}

/* Adds @n pages.  The helper learns of them first, in case this process dies next. */
static int add_pages(struct demo_pool *p, u64 n)
{
	u64 before, after;
	int r = read_number(&before);

	if (!r)
		r = tell_helper(p, (s64)n);
	if (r)
		return r;
	r = write_number(before + n);
	if (read_number(&after))
		after = before;
	u64 got = after > before ? MIN(after - before, n) : 0;
	if (got < n)
		tell_helper(p, (s64)got - (s64)n);
	return r ? r : got ? 0 : -ENOMEM;
}

int demo_pool_reserve(struct demo_pool *p, u64 want)
{
	int r = start_helper(p);

	/* The pool first takes in pages that others hold beyond its size: try again. */
	for (unsigned i = 0; !r && p->free < want && i < 8; i++) {
		r = add_pages(p, want - p->free);
		demo_pool_read(p);
	}
	if (!r && p->free < want)
		r = -ENOMEM;
	if (r)
		demo_pool_restore(p);
	return r;
}

void demo_pool_restore(struct demo_pool *p)
{
	if (!p->helper)
		return;
	close(p->fd);
	while (waitpid(p->helper, NULL, 0) < 0 && errno == EINTR)
		;
	p->helper = 0;
	p->added = 0;
}
