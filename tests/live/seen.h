/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * seen.h - a live source for tests, and the runs that it delivers.
 *
 * seen_close() frees what seen_open() and look() took.
 */
#ifndef GUPINFO_SEEN_H
#define GUPINFO_SEEN_H

#include "kpageflags.h"
#include "live/live_int.h"
#include "need_bpf.h"
#include "pagemap.h"
#include "../unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE ((u64)sysconf(_SC_PAGESIZE))
#define HUGE (PAGE / 8 * PAGE)  /* what a PMD maps */
#define HUGE_MOST (32ULL << 20) /* no test takes memory for larger ones (64K: 512 MiB) */
#define MAP_HUGETLB_PMD (MAP_HUGETLB | __builtin_ctzll(HUGE) << 26)

struct seen {
	struct source *src;
	bool fold;
	struct page_context ctx;
	struct process process;
	struct diag diag;
	/* an address in the VMA to read, and its end */
	u64 addr, end;
	struct vma vma;
	unsigned nvmas;
	/* the runs of the VMA */
	struct raw_page *raw;
	size_t n, size;
	u64 next; /* where the next run must begin */
	int stop_after;
};

static __attribute__((unused)) int keep_raw(void *ctx, const struct raw_page *raw,
					    size_t n)
{
	struct seen *s = ctx;

	for (size_t i = 0; i < n; i++) {
		struct page_info p;

		page_read(&s->ctx, &s->vma, &raw[i], &p);
		if (s->next)
			EXPECT_INT(raw[i].addr, s->next);
		s->next = raw[i].addr + raw[i].pages * p.size;
		if (s->n == s->size)
			s->raw = realloc(s->raw,
					 (s->size = s->size * 2 + 64) * sizeof(*s->raw));
		s->raw[s->n++] = raw[i];
	}
	return 0;
}

static __attribute__((unused)) int find_vma(void *ctx, const struct vma *vma)
{
	struct seen *s = ctx;

	s->nvmas++;
	if (vma->start <= s->addr && s->addr < vma->end)
		s->vma = *vma;
	return 0;
}

static __attribute__((unused)) bool seen_open(struct seen *s,
					      const struct live_options *opt, pid_t pid)
{
	*s = (struct seen){ 0 };
	diag_init(&s->diag);
	s->src = live_open(opt, &s->diag);
	EXPECT(s->src);
	s->ctx = s->src->machine->page;
	return !s->src->ops->open(s->src, pid, &s->process);
}

static __attribute__((unused)) void seen_close(struct seen *s)
{
	s->src->ops->close(s->src);
	diag_deinit(&s->diag);
	free(s->raw);
}

/* Reads [addr, addr + len) of the VMA at @addr. */
static __attribute__((unused)) int look(struct seen *s, const void *addr, u64 len)
{
	int err;

	s->addr = (uintptr_t)addr;
	s->end = s->addr + len;
	s->vma = (struct vma){ 0 };
	s->nvmas = 0;
	s->n = s->next = 0;
	err = s->src->ops->vmas(s->src, s->process.pid, false, find_vma, s);
	if (err)
		return err;
	EXPECT(s->vma.end > s->addr);
	err = s->src->ops->observe(s->src, s->process.pid, &s->vma, s->addr, s->end,
				   s->fold, keep_raw, s);
	if (!err) {
		EXPECT(s->n && s->raw[0].addr <= s->addr);
		EXPECT(s->next >= MIN(s->end, s->vma.end));
	}
	return err;
}

static const struct raw_page *raw_at; /* the words of the last page_at() */

static __attribute__((unused)) struct page_info page_at(const struct seen *s,
							const void *addr)
{
	struct page_info p = { .kind = PAGE_UNKNOWN };

	for (size_t i = 0; i < s->n; i++) {
		page_read(&s->ctx, &s->vma, &s->raw[i], &p);
		raw_at = &s->raw[i];
		if ((uintptr_t)addr - raw_at->addr < raw_at->pages * p.size)
			return p;
	}
	EXPECT(!"an observation of the address");
	return p;
}

static const struct live_options by_scan = { .evidence = LIVE_EVIDENCE_PROCFS };
static const struct live_options by_pagemap = { .evidence = LIVE_EVIDENCE_PROCFS,
						.no_scan = true };

static __attribute__((unused)) char *map(u64 len, int flags)
{
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_ANONYMOUS | (flags & MAP_SHARED ? 0 : MAP_PRIVATE) | flags, -1,
		       0);

	if (p == MAP_FAILED)
		return NULL;
	/*
	 * Machines differ in folio sizes: forbid large ones; map_thp() asks for huge pages
	 * again.
	 */
	if (!(flags & (MAP_SHARED | MAP_HUGETLB)))
		madvise(p, len, 15 /* MADV_NOHUGEPAGE */);
	return p;
}

/* Returns a THP at an aligned address in a mapping of two; NULL when the kernel gives none. */
static __attribute__((unused)) char *map_thp(char **ret_map)
{
	char *m = map(2 * HUGE, 0), *p = (char *)ROUND_UP((uintptr_t)m, HUGE);

	*ret_map = m;
	if (HUGE > HUGE_MOST || madvise(p, HUGE, 14 /* MADV_HUGEPAGE */))
		return NULL;
	memset(p, 1, HUGE);
	return p;
}

static __attribute__((unused)) bool is_root(void)
{
	/* a container's root cannot see PFNs */
	return !geteuid() && !access("/proc/kpageflags", R_OK) &&
	       need_bpf_capable(CAP_SYS_ADMIN);
}
static __attribute__((unused)) pid_t child_that_waits(int pipes[2], char **argv)
{
	pid_t pid;
	char c;

	EXPECT_INT(pipe(pipes), 0);
	pid = fork();
	if (pid)
		return pid;
	close(pipes[1]);
	if (read(pipes[0], &c, 1) == 1 && argv)
		execv(argv[0], argv);
	_exit(0);
}

#endif
