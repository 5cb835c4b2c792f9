/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes that come and go, privilege, size, and the other adapters. */
#include "live/kmods.h"
#include "live/procs.h"
#include "seen.h"

#include <pthread.h>

/* ---- processes that come and go */

static const struct live_options *const readers[] = { &by_scan, &by_pagemap, NULL };

/* Nothing is delivered of memory that is gone, not even holes. */
static void look_in_vain(struct seen *s)
{
	s->n = s->next = s->nvmas = 0;
	EXPECT_INT(s->src->ops->observe(s->src, s->process.pid, &s->vma, s->addr, s->end,
					false, keep_raw, s),
		   -ESRCH);
	EXPECT_INT(s->n, 0);
	EXPECT_INT(s->src->ops->vmas(s->src, s->process.pid, false, find_vma, s), -ESRCH);
	EXPECT_INT(s->nvmas, 0);
}

static void exits(const struct live_options *opt)
{
	char *m = map(4 * PAGE, 0);
	int pipes[2];
	struct seen s;
	siginfo_t info;
	pid_t pid;

	m[0] = 1; /* and three holes */
	pid = child_that_waits(pipes, NULL);
	EXPECT(seen_open(&s, opt, pid));
	EXPECT_INT(look(&s, m, 4 * PAGE), 0);
	EXPECT_INT(s.process.ppid, getpid());
	close(pipes[1]);
	EXPECT_INT(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
	look_in_vain(&s); /* a zombie */
	waitpid(pid, NULL, 0);
	look_in_vain(&s);
	s.addr += PAGE; /* only holes */
	look_in_vain(&s);
	EXPECT_INT(s.src->ops->open(s.src, pid, &s.process), -ESRCH);
	look_in_vain(&s);
	close(pipes[0]);
	seen_close(&s);
	munmap(m, 4 * PAGE);
}

TEST(a_process_that_exits)
{
	for (unsigned i = 0; i < ARRAY_SIZE(readers); i++)
		exits(readers[i]);
}

/* @pid has begun to run the program of child_that_waits(). */
static bool runs_sleep(pid_t pid)
{
	char path[50], exe[200];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, exe, sizeof(exe) - 1);
	exe[n > 0 ? n : 0] = '\0';
	return strstr(exe, "sleep") || strstr(exe, "box") || strstr(exe, "coreutils");
}

static void execs(const struct live_options *opt)
{
	char *argv[] = { (char *)"/bin/sleep", (char *)"1000", NULL };
	char *m = map(4 * PAGE, 0);
	struct process again;
	int pipes[2];
	struct seen s;
	pid_t pid;

	m[0] = 1;
	pid = child_that_waits(pipes, argv);
	EXPECT(seen_open(&s, opt, pid));
	EXPECT_INT(look(&s, m, 4 * PAGE), 0);
	EXPECT_INT(write(pipes[1], "x", 1), 1);
	while (!runs_sleep(pid) && !kill(pid, 0))
		usleep(10000);
	/* the memory that was opened is gone: not the new program's is shown as if it were it */
	look_in_vain(&s);
	/* and nobody gets it as long as somebody holds the old one */
	EXPECT_INT(s.src->ops->open(s.src, pid, &again), -ESRCH);
	look_in_vain(&s);
	s.src->ops->release(s.src, pid);
	EXPECT_INT(s.src->ops->open(s.src, pid, &again), 0);
	EXPECT_INT(s.src->ops->vmas(s.src, pid, false, find_vma, &s), 0);
	EXPECT(s.nvmas);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(pipes[0]);
	close(pipes[1]);
	seen_close(&s);
	munmap(m, 4 * PAGE);
}

TEST(a_process_that_execs)
{
	for (unsigned i = 0; i < ARRAY_SIZE(readers); i++)
		execs(readers[i]);
}

/* Who opens a process twice releases it twice. */
TEST(opens_and_releases_nest)
{
	char *m = map(PAGE, 0);
	struct process again;
	struct seen s;

	m[0] = 1;
	EXPECT(seen_open(&s, &by_scan, getpid()));
	EXPECT_INT(s.src->ops->open(s.src, getpid(), &again), 0);
	EXPECT_INT(again.start_time, s.process.start_time);
	s.src->ops->release(s.src, getpid());
	EXPECT_INT(look(&s, m, PAGE), 0);
	s.src->ops->release(s.src, getpid());
	EXPECT_INT(look(&s, m, PAGE), -ESRCH);
	seen_close(&s);
	munmap(m, PAGE);
}

/*
 * A process is killed while its pages are read, over and over: what is delivered before it is
 * found to be gone has all its pages, for it never unmapped any.
 */
static void dies(const struct live_options *opt, unsigned round)
{
	u64 len = 2000 * PAGE;
	char *m = map(len, 0);
	int pipes[2], err = 0;
	struct seen s;
	pid_t pid;

	memset(m, 1, len);
	pid = child_that_waits(pipes, NULL);
	EXPECT(seen_open(&s, opt, pid));
	EXPECT_INT(look(&s, m, len), 0);
	for (unsigned i = 0; !err; i++) {
		if (i == round)
			kill(pid, SIGKILL);
		s.n = s.next = 0;
		err = s.src->ops->observe(s.src, pid, &s.vma, s.addr, s.end, false,
					  keep_raw, &s);
		for (size_t k = 0; k < s.n; k++)
			EXPECT(s.raw[k].pagemap || s.raw[k].pte);
	}
	EXPECT_INT(err, -ESRCH);
	waitpid(pid, NULL, 0);
	close(pipes[0]);
	close(pipes[1]);
	seen_close(&s);
	munmap(m, len);
}

TEST(a_process_that_is_killed_under_it)
{
	for (unsigned i = 0; i < ARRAY_SIZE(readers); i++)
		for (unsigned round = 0; round < 10; round++)
			dies(readers[i], round);
}

static void *pauses(void *arg)
{
	if (write(*(int *)arg, "x", 1) == 1)
		for (;;)
			pause();
	return NULL;
}

/* Its memory is that of the threads that live. */
static void without_main_thread(const struct live_options *opt)
{
	char *m = map(PAGE, 0), c;
	pthread_t thread;
	int pipes[2];
	struct seen s;
	pid_t pid;

	m[0] = 1;
	EXPECT_INT(pipe(pipes), 0);
	pid = fork();
	if (!pid) {
		pthread_create(&thread, NULL, pauses, &pipes[1]);
		syscall(SYS_exit, 0); /* of this thread alone */
	}
	EXPECT_INT(read(pipes[0], &c, 1), 1);
	EXPECT(seen_open(&s, opt, pid));
	EXPECT_INT(s.process.pid, pid);
	EXPECT_INT(s.process.ppid, getpid());
	EXPECT_INT(look(&s, m, PAGE), 0);
	/* with neither flags nor PAGEMAP_SCAN it may be the zero page */
	EXPECT_INT(page_at(&s, m).kind,
		   s.ctx.pfns_hidden && !s.ctx.have_scan ? PAGE_UNKNOWN : PAGE_ANON);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	look_in_vain(&s);
	close(pipes[0]);
	close(pipes[1]);
	seen_close(&s);
	munmap(m, PAGE);
}

TEST(a_process_whose_main_thread_has_ended)
{
	for (unsigned i = 0; i < ARRAY_SIZE(readers); i++)
		without_main_thread(readers[i]);
}

/* Memory that is unmapped and mapped while it is read: no crash, gapless, whole. */
TEST(memory_that_changes)
{
	u64 len = 2000 * PAGE;
	char *m = map(len, 0);
	struct seen s;
	pid_t pid = fork();

	if (!pid) {
		for (unsigned i = 0;; i++) {
			char *p = m + (i * 7919ull % 2000) * PAGE;

			if (i % 3)
				*p = 1;
			else
				madvise(p, 3 * PAGE, MADV_DONTNEED);
			if (!(i % 1000)) {
				munmap(m + len / 2, len / 4);
				mmap(m + len / 2, len / 4, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
			}
		}
	}
	for (unsigned k = 0; k < 2; k++) {
		EXPECT(seen_open(&s, k ? &by_pagemap : &by_scan, pid));
		for (unsigned i = 0; i < 50; i++)
			EXPECT_INT(look(&s, m, len), 0);
		seen_close(&s);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	munmap(m, len);
}

/* A mapping that was replaced after its VMA was read: its pages are marked. */
TEST(a_vma_that_is_replaced)
{
	char *m = map(8 * PAGE, 0);
	struct seen s;

	memset(m, 1, 8 * PAGE);
	for (unsigned i = 0; i < 2; i++) {
		mprotect(m, 8 * PAGE, PROT_READ | PROT_WRITE);
		EXPECT(seen_open(&s, i ? NULL : &by_scan, getpid()));
		EXPECT_INT(look(&s, m, 8 * PAGE), 0);
		EXPECT(!page_at(&s, m).raced);
		mprotect(m + 4 * PAGE, PAGE, PROT_READ);
		s.n = s.next = 0;
		EXPECT_INT(s.src->ops->observe(s.src, s.process.pid, &s.vma, s.addr,
					       s.end, false, keep_raw, &s),
			   0);
		if (kernel_has(s.ctx.kernel, KFACT_SCAN_GUARD) ==
		    TRI_YES) /* 6.15: has the ioctl */
			for (unsigned k = 0; k < 8; k++)
				EXPECT(page_at(&s, m + k * PAGE).raced);
		seen_close(&s);
	}
	munmap(m, 8 * PAGE);
}

/* ---- without privilege */

TEST(an_ordinary_user)
{
	char *m = map(4 * PAGE, 0);
	pid_t pid;
	int status = -1;

	m[0] = 1;
	EXPECT_INT(*(volatile char *)(m + PAGE), 0);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		struct seen s;
		struct page_info p;

		if (!geteuid() && (setgid(65534) || setuid(65534)))
			_exit(2);
		test_failures = 0;
		/* setuid() made the process undumpable: its /proc files are root's */
		if (syscall(SYS_prctl, 4 /* PR_SET_DUMPABLE */, 1, 0, 0, 0))
			_exit(3);
		EXPECT(seen_open(&s, NULL, getpid()));
		EXPECT_INT(look(&s, m, 4 * PAGE), 0);
		p = page_at(&s, m);
		EXPECT(s.ctx.pfns_hidden);
		EXPECT_INT(p.why[PAGE_F_PFN], PAGE_WHY_PFN_HIDDEN);
		EXPECT_INT(raw_at->pfn, 0);
		EXPECT_INT(p.refcount, -1);
		EXPECT(!s.src->machine->evidence[SOURCE_KPAGEFLAGS].ok);
		EXPECT(s.src->machine->evidence[SOURCE_KPAGEFLAGS].why[0]);
		if (s.ctx.have_scan) {
			EXPECT_INT(p.kind, PAGE_ANON);
			EXPECT_INT(page_at(&s, m + PAGE).kind, PAGE_ZERO);
		}
		EXPECT_INT(page_at(&s, m + 2 * PAGE).kind, PAGE_NONE);
		seen_close(&s);
		_exit(test_failures != 0);
	}
	waitpid(pid, &status, 0);
	EXPECT_INT(status, 0);
	munmap(m, 4 * PAGE);
}

/* ---- size */

TEST(a_sparse_mapping_costs_little)
{
	u64 len = 1ull << 40;
	char *m = map(len, MAP_NORESERVE);
	struct seen s;

	if (!m)
		SKIP("1 TiB of address space is not to be had");
	madvise(m, len, 15);
	for (u64 i = 0; i < 100; i++)
		m[i * (10ull << 30) + i * PAGE] = 1;
	EXPECT(seen_open(&s, &by_scan, getpid()));
	if (s.ctx.have_scan) {
		EXPECT_INT(look(&s, m, len), 0);
		EXPECT_INT(s.n, 201 - 1); /* the first hole is missing */
		EXPECT_INT(s.next, (uintptr_t)m + len);
	}
	seen_close(&s);
	munmap(m, len);
}

TEST(many_vmas)
{
	u64 n = 40000;
	char *m = map(n * PAGE, MAP_NORESERVE);
	struct seen s;

	if (getenv("GUPINFO_TEST_QUICK"))
		SKIP("quick");
	for (u64 i = 0; i < n; i += 2)
		if (mprotect(m + i * PAGE, PAGE, PROT_READ))
			SKIP("the process may not have %llu VMAs", n);
	EXPECT(seen_open(&s, &by_scan, getpid()));
	EXPECT_INT(look(&s, m + 20000 * PAGE, PAGE), 0);
	EXPECT(s.nvmas >= n - 1);
	seen_close(&s);
	munmap(m, n * PAGE);
}

/* ---- the rest of the adapters */

TEST(processes)
{
	struct process *list = NULL, one = { 0 };
	size_t n = 0, found = 0;

	EXPECT_INT(procs_list(NULL, &list, &n), 0);
	for (size_t i = 0; i < n; i++) {
		if (list[i].pid == getpid()) {
			found++;
			one = list[i];
		}
		if (i)
			EXPECT(list[i - 1].pid < list[i].pid);
	}
	EXPECT_INT(found, 1);
	free(list);
	EXPECT_INT(one.ppid, getppid());
	EXPECT_INT(one.threads, 1);
	EXPECT(one.start_time);
	list = NULL;
	EXPECT_INT(procs_list(one.comm, &list, &n), 0);
	EXPECT(n >= 1);
	free(list);
	list = NULL;
	EXPECT_INT(procs_list("no such name", &list, &n), 0);
	EXPECT_INT(n, 0);
	free(list);
}

TEST(counters)
{
	struct live_machine_vmstat v;

	EXPECT_INT(live_machine_vmstat(AT_FDCWD, &v), 0);
	EXPECT(v.foll_pin_acquired != UINT64_MAX);
}

TEST(modules)
{
	struct kmods_module *list = NULL;
	size_t n = 0;
	int err = kmods_list(&list, &n);

	if (err == -ENOENT)
		SKIP("the kernel has no loadable modules");
	EXPECT_INT(err, 0);
	for (size_t i = 0; i < n; i++)
		EXPECT(list[i].name[0]);
	free(list);
}

/* Another root: files that are not there are evidence that is not there. */
TEST(an_empty_root)
{
	struct live_options opt = { .root = "/nonexistent" };
	struct diag diag;
	struct process p;
	struct source *src;

	diag_init(&diag);
	src = live_open(&opt, &diag);
	EXPECT(src);
	EXPECT(!src->machine->evidence[SOURCE_KPAGEFLAGS].ok);
	EXPECT(src->machine->evidence[SOURCE_KPAGEFLAGS].why[0]);
	EXPECT(src->ops->open(src, getpid(), &p) < 0);
	EXPECT_INT(src->machine->page.nspans, 0);
	src->ops->close(src);
	diag_deinit(&diag);
}
