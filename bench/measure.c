/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * measure.c - measure COMMAND ARG...: runs it with its output thrown away, and prints
 * "WALL_MS CPU_MS RSS_KIB SYSCALLS STATUS"; SYSCALLS is -1 where the kernel does not count them.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* A counter of system calls of @pid and what it starts, from its next exec on; or -1. */
static int counter(pid_t pid)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT,
					.size = sizeof(attr) };
	FILE *f = fopen("/sys/kernel/tracing/events/raw_syscalls/sys_enter/id", "r");
	unsigned long long id = 0;

	if (!f)
		f = fopen("/sys/kernel/debug/tracing/events/raw_syscalls/sys_enter/id",
			  "r");
	if (!f)
		return -1;
	if (fscanf(f, "%llu", &id) != 1)
		id = 0;
	fclose(f);
	attr.config = id;
	attr.disabled = attr.enable_on_exec = attr.inherit = 1;
	return id ? syscall(SYS_perf_event_open, &attr, pid, -1, -1, 0) : -1;
}

int main(int argc, char **argv)
{
	int go[2], fd, status = 0;
	long long calls = -1;
	struct rusage use;
	double start;
	pid_t pid;

	if (argc < 2 || pipe(go))
		return 2;
	pid = fork();
	if (!pid) {
		char c;
		int null = open("/dev/null", O_RDWR);

		close(go[1]);
		if (read(go[0], &c, 1) < 0)
			_exit(126);
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	fd = counter(pid);
	start = now_ms();
	close(go[1]);
	if (pid < 0 || wait4(pid, &status, 0, &use) != pid)
		return 1;
	start = now_ms() - start;
	if (fd >= 0 && read(fd, &calls, sizeof(calls)) != sizeof(calls))
		calls = -1;
	printf("%.2f %.2f %ld %lld %d\n", start,
	       (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1e3 +
		       (use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e3,
	       use.ru_maxrss, calls, WIFEXITED(status) ? WEXITSTATUS(status) : 255);
	return 0;
}
