/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * disturbed.c - a process that is looked at, and what it feels of it: disturbed MIB.
 *
 * Maps MIB of 4 KiB pages for the scanner to read and prints "pid=PID".  Each line of standard input
 * is a number of seconds: for that long it faults pages in and changes the protection of a page,
 * which takes the mmap lock for writing, and then prints the latencies of both in ns:
 * "FAULTS MEDIAN P99 P99.9 MAX CHANGES MEDIAN P99 P99.9 MAX".
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096ul
#define FAULTS 64 /* pages of a mapping that comes and goes */
#define CHANGES 16
#define STEPS 32 /* of the histogram, in an octave */

struct latency {
	uint64_t n, max, count[64 * STEPS];
};

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void add(struct latency *l, uint64_t ns)
{
	unsigned octave = ns < STEPS ? 0 : 63 - __builtin_clzll(ns) - 4;
	unsigned step = octave ? ns >> (octave - 1) & (STEPS - 1) : ns;

	l->count[octave * STEPS + step]++;
	l->n++;
	if (ns > l->max)
		l->max = ns;
}

/* The value that a share of all measurements does not exceed: the end of its step. */
static uint64_t at(const struct latency *l, double share)
{
	uint64_t want = l->n * share, seen = 0;

	for (unsigned i = 0; i < 64 * STEPS; i++) {
		unsigned octave = i / STEPS;

		seen += l->count[i];
		if (seen <= want)
			continue;
		uint64_t ns = octave ? (STEPS + i % STEPS + 1ull) << (octave - 1) : i;

		return ns < l->max ? ns : l->max;
	}
	return l->max;
}

static char *map(size_t len)
{
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	madvise(p, len, MADV_NOHUGEPAGE);
	return p;
}

static void faults(struct latency *l)
{
	char *p = map(FAULTS * PAGE);

	for (unsigned i = 0; i < FAULTS; i++) {
		uint64_t from = now();

		((volatile char *)p)[i * PAGE] = 1;
		add(l, now() - from);
	}
	munmap(p, FAULTS * PAGE);
}

static void changes(struct latency *l, char *page)
{
	for (unsigned i = 0; i < CHANGES; i++) {
		uint64_t from = now();

		mprotect(page, PAGE, i % 2 ? PROT_READ | PROT_WRITE : PROT_READ);
		add(l, now() - from);
	}
}

static void print(const struct latency *l)
{
	printf("%lu %lu %lu %lu %lu ", l->n, at(l, 0.5), at(l, 0.99), at(l, 0.999),
	       l->max);
}

int main(int argc, char **argv)
{
	static struct latency fault, change;
	size_t len = argc == 2 ? strtoul(argv[1], NULL, 10) << 20 : 0;
	char *p, line[64], *page;

	if (!len)
		return 2;
	p = map(len);
	for (size_t i = 0; i < len; i += PAGE)
		p[i] = 1;
	/* between pages without access, so that it is never merged with a neighbour */
	page = map(3 * PAGE) + PAGE;
	mprotect(page - PAGE, PAGE, PROT_NONE);
	mprotect(page + PAGE, PAGE, PROT_NONE);
	printf("pid=%d\n", getpid());
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		uint64_t end = now() + strtod(line, NULL) * 1e9;

		memset(&fault, 0, sizeof(fault));
		memset(&change, 0, sizeof(change));
		while (now() < end) {
			faults(&fault);
			changes(&change, page);
		}
		print(&fault);
		print(&change);
		printf("\n");
		fflush(stdout);
	}
	return 0;
}
