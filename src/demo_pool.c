/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "demo_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR_HUGEPAGES "/proc/sys/vm/nr_hugepages"

int demo_pool_read(struct demo_pool *p)
{
	u64 total = 0, free_pages = 0, reserved = 0, kb = 0;
	char line[128];
	FILE *f = fopen("/proc/meminfo", "re");

	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		sscanf(line, "HugePages_Total: %" SCNu64, &total);
		sscanf(line, "HugePages_Free: %" SCNu64, &free_pages);
		sscanf(line, "HugePages_Rsvd: %" SCNu64, &reserved);
		sscanf(line, "Hugepagesize: %" SCNu64, &kb);
	}
	fclose(f);
	p->bytes = kb * 1024;
	p->total = total;
	p->free = free_pages > reserved ? free_pages - reserved : 0;
	return 0;
}

static int read_number(u64 *ret)
{
	FILE *f = fopen(NR_HUGEPAGES, "re");
	int n = f ? fscanf(f, "%" SCNu64, ret) : -1;

	if (f)
		fclose(f);
	return n == 1 ? 0 : -EIO;
}

static int write_number(u64 n)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%" PRIu64 "\n", n);
	int fd = open(NR_HUGEPAGES, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	int r = write(fd, text, (size_t)len) == len ? 0 : -errno;
	close(fd);
	return r;
}

/* Takes @added pages away again, whatever others have changed meanwhile. */
static void give_back(u64 added)
{
	u64 now;

	if (!read_number(&now))
		write_number(now > added ? now - added : 0);
}

/* Waits for the other end of @fd to close, then gives back.  Never returns. */
static void helper(int fd, u64 added)
{
	int null = open("/dev/null", O_RDWR);
	sigset_t all;
	char c;

	setsid();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (int i = 0; i < 3 && null >= 0; i++)
		dup2(null, i);
	while (read(fd, &c, 1) < 0 && errno == EINTR)
		;
	usleep(20000); /* the pages' users are being killed */
	give_back(added);
	_exit(0);
}

int demo_pool_reserve(struct demo_pool *p, u64 want)
{
	u64 before, after;
	int fds[2], r = read_number(&before);

	if (r || p->free >= want)
		return r;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	/* The helper first: what is added must be given back even if this process dies next. */
	p->added = want - p->free;
	pid_t pid = fork();
	if (!pid) {
		close(fds[1]);
		helper(fds[0], p->added);
	}
	close(fds[0]);
	if (pid < 0) {
		close(fds[1]);
		p->added = 0;
		return -errno;
	}
	p->helper = pid;
	p->fd = fds[1];
	r = write_number(before + p->added);
	if (!r && read_number(&after))
		r = -EIO;
	if (r || after < before + p->added) {
		/* Nothing or not all of it was added: undo that much by hand. */
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		close(p->fd);
		p->helper = 0;
		p->added = 0;
		if (!r)
			write_number(before);
		return r ? r : -ENOMEM;
	}
	return demo_pool_read(p);
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
