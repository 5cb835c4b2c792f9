/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * subjects.c - processes to measure on: subjects KIND MIB.
 *
 * Prints "pid=PID pages=BASE_PAGES", then waits until its standard input closes.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul
#define HUGE (2ul << 20)

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* @flags of mmap; the start is aligned to 2 MiB. */
static char *map(size_t len, int flags)
{
	char *p = mmap(NULL, len + HUGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return (char *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));
}

static void touch(char *p, size_t len, size_t step)
{
	for (size_t at = 0; at < len; at += step)
		p[at] = 1;
}

static size_t contiguous(size_t len)
{
	char *p = map(len, 0);

	madvise(p, len, MADV_NOHUGEPAGE);
	touch(p, len, PAGE);
	return len / PAGE;
}

/* First touched in random order: neighbours in the address space are not neighbours in memory. */
static size_t scattered(size_t len)
{
	size_t n = len / PAGE;
	uint32_t *order = malloc(n * sizeof(*order));
	char *p = map(len, 0);

	if (!order)
		die("malloc");
	madvise(p, len, MADV_NOHUGEPAGE);
	srandom(1);
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = n - 1; i; i--) {
		size_t j = (((size_t)random() << 31) | random()) % (i + 1);
		uint32_t t = order[i];

		order[i] = order[j];
		order[j] = t;
	}
	for (size_t i = 0; i < n; i++)
		p[order[i] * PAGE] = 1;
	free(order);
	return n;
}

static size_t thp(size_t len)
{
	char *p = map(len, 0);

	madvise(p, len, MADV_HUGEPAGE);
	touch(p, len, HUGE);
	return len / PAGE;
}

/* Huge folios whose PMD was split: one page of each was read-only for a moment. */
static size_t thp_pte(size_t len)
{
	char *p = map(len, 0);

	madvise(p, len, MADV_HUGEPAGE);
	touch(p, len, HUGE);
	for (size_t at = 0; at < len; at += HUGE) {
		mprotect(p + at + PAGE, PAGE, PROT_READ);
		mprotect(p + at + PAGE, PAGE, PROT_READ | PROT_WRITE);
	}
	return len / PAGE;
}

static size_t hugetlb(size_t len)
{
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (p == MAP_FAILED)
		die("mmap(MAP_HUGETLB)");
	touch(p, len, HUGE);
	return len / PAGE;
}

/* 1 TiB with a page every 16 GiB. */
static size_t sparse(size_t len)
{
	char *p = map(1ul << 40, 0);

	(void)len;
	madvise(p, 1ul << 40, MADV_NOHUGEPAGE);
	touch(p, 1ul << 40, 16ul << 30);
	return 64;
}

/* 60,000 mappings of one page. */
static size_t vmas(size_t len)
{
	char *p = map(60000 * PAGE, 0);

	(void)len;
	touch(p, 60000 * PAGE, PAGE);
	for (size_t i = 0; i < 60000; i += 2)
		if (mprotect(p + i * PAGE, PAGE, PROT_READ))
			die("mprotect");
	return 60000;
}

/* Children that share everything; they end with their parent. */
static size_t shared(size_t len)
{
	char *p = map(len, 0);

	madvise(p, len, MADV_NOHUGEPAGE);
	touch(p, len, PAGE);
	for (int i = 0; i < 50; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			pause();
			_exit(0);
		}
	}
	return len / PAGE;
}

/* 300 processes: half share everything with their parent, half also have 1 MiB of their own. */
static size_t many(size_t len)
{
	char *p = map(len, 0), *own = map(HUGE, 0);

	madvise(p, len, MADV_NOHUGEPAGE);
	madvise(own, HUGE, MADV_NOHUGEPAGE);
	touch(p, len, PAGE);
	for (int i = 0; i < 300; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (i % 2)
				touch(own, HUGE / 2, PAGE);
			pause();
			_exit(0);
		}
	}
	return 301 * (len / PAGE) + 150 * (HUGE / 2 / PAGE);
}

static const struct {
	const char *name;
	size_t (*make)(size_t len);
} kinds[] = {
	{ "contiguous", contiguous },
	{ "scattered", scattered },
	{ "thp", thp },
	{ "thp-pte", thp_pte },
	{ "hugetlb", hugetlb },
	{ "sparse", sparse },
	{ "vmas", vmas },
	{ "shared", shared },
	{ "many", many },
	{ "largest", thp },
};

int main(int argc, char **argv)
{
	char buf[64];

	if (argc != 3)
		return 2;
	signal(SIGCHLD, SIG_IGN);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(argv[1], kinds[i].name))
			continue;
		printf("pid=%d pages=%zu\n", getpid(),
		       kinds[i].make(strtoul(argv[2], NULL, 10) << 20));
		fflush(stdout);
		while (read(0, buf, sizeof(buf)) > 0)
			;
		return 0;
	}
	return 2;
}
