/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The live source on mappings of our own, against plain readings. */
#include "seen.h"

#ifndef SYS_memfd_secret /* Power has no such call */
#define SYS_memfd_secret 447
#endif

/* ---- against a plain reading of the files */

static u64 word_of(int fd, u64 index)
{
	u64 w = 0;

	EXPECT_INT(pread(fd, &w, 8, index * 8), 8);
	return w;
}

static void compare_plain(const struct seen *s, u64 start, u64 end)
{
	int pm = open("/proc/self/pagemap", O_RDONLY),
	    kf = open("/proc/kpageflags", O_RDONLY),
	    kc = open("/proc/kpagecount", O_RDONLY);
	u64 changing =
		KPF_BIT(LRU) | KPF_BIT(REFERENCED) | KPF_BIT(ACTIVE) | KPF_BIT(IDLE);

	for (u64 a = start; a < end; a += PAGE) {
		struct page_info p = page_at(s, (void *)(uintptr_t)a);
		u64 w = word_of(pm, a / PAGE), pfn = pagemap_pfn(w);

		if (!pfn) {
			EXPECT_INT(raw_at->pfn, 0);
			continue;
		}
		EXPECT_INT(raw_at->pfn + (a - raw_at->addr) / PAGE, pfn);
		if (p.kind != PAGE_ZERO)
			EXPECT_INT(p.mapcount, word_of(kc, pfn));
		EXPECT_INT((raw_at->kpageflags ^ word_of(kf, pfn)) & ~changing, 0);
	}
	close(pm);
	close(kf);
	close(kc);
}

TEST(small_pages_as_a_plain_reading)
{
	u64 len = 20000 * PAGE;
	char *m = map(len, MAP_NORESERVE);
	unsigned state = 1, holes = 0;
	struct seen s;

	if (!is_root())
		SKIP("needs root");
	madvise(m, len, 15 /* MADV_NOHUGEPAGE */);
	for (u64 i = 0; i < len / PAGE; i++) {
		state = state * 1103515245 + 12345;
		switch (state >> 28) {
		case 0 ... 5:
			m[i * PAGE] = 1;
			break;
		case 6:
			EXPECT_INT(*(volatile char *)&m[i * PAGE], 0); /* the zero page */
			break;
		default:
			holes++;
		}
	}
	for (unsigned i = 0; i < 2; i++) {
		u64 none = 0;

		EXPECT(seen_open(&s, i ? &by_pagemap : &by_scan, getpid()));
		EXPECT_INT(look(&s, m, len), 0);
		for (size_t k = 0; k < s.n; k++)
			none += s.raw[k].pagemap & PAGEMAP_PRESENT ? 0 : s.raw[k].pages;
		EXPECT_INT(none, holes);
		/* page_at() is linear: look at some stretches */
		for (u64 at = 0; at < len; at += len / 5) {
			EXPECT_INT(look(&s, m + ROUND_DOWN(at, PAGE), 50 * PAGE), 0);
			compare_plain(&s, s.addr, s.end);
		}
		seen_close(&s);
	}
	munmap(m, len);
}

/* The entry and the words of its frame at @addr say what the run @o says. */
static void compare_run(const struct raw_page *o, const int *fd, u64 addr)
{
	u64 changing =
		KPF_BIT(LRU) | KPF_BIT(REFERENCED) | KPF_BIT(ACTIVE) | KPF_BIT(IDLE);
	u64 w = word_of(fd[0], addr / PAGE), pfn = pagemap_pfn(w);

	/* holes are soft-dirty in a VMA that is */
	EXPECT_INT((o->pagemap ^ w) &
			   ~(w & PAGEMAP_PRESENT ? PAGEMAP_PFN_MASK : PAGEMAP_SOFT_DIRTY),
		   0);
	EXPECT_INT(!!(o->has & RAW_HAS_PFN), !!pfn);
	if (!pfn)
		return;
	if (!(o->has & RAW_FOLDED))
		EXPECT_INT(o->pfn + (addr - o->addr) / PAGE, pfn);
	EXPECT_INT((o->kpageflags ^ word_of(fd[1], pfn)) & ~changing, 0);
	EXPECT_INT(o->kpagecount, word_of(fd[2], pfn));
}

/*
 * Enough for two threads: pages of its own, pages that a child shares and holes, in no order that
 * memory has; as runs, folded, and in small chunks.
 */
TEST(many_pages_as_a_plain_reading)
{
	static const struct live_options gentle = { .evidence = LIVE_EVIDENCE_PROCFS,
						    .gentle = true };
	u64 n = PAGE > 16384 ? 16000 : 100000; /* 64K: 1 GiB */
	char *m = map(n * PAGE, MAP_NORESERVE);
	int fd[] = { open("/proc/self/pagemap", O_RDONLY),
		     open("/proc/kpageflags", O_RDONLY),
		     open("/proc/kpagecount", O_RDONLY) };
	struct seen s;
	size_t runs = 0;
	pid_t pid;

	if (!is_root())
		SKIP("needs root");
	madvise(m, n * PAGE, 15 /* MADV_NOHUGEPAGE */);
	for (u64 i = 0; i < n; i++)
		if (i * 7919 % n % 16)
			m[i * 7919 % n * PAGE] = 1;
	/* and some in order, of which every other will be a page of its own */
	madvise(m, n / 4 * PAGE, MADV_DONTNEED);
	memset(m, 1, n / 4 * PAGE);
	pid = fork();
	if (!pid)
		for (;;)
			pause();
	for (u64 i = 0; i < n; i++)
		if (i < n / 4 ? i % 2 : i % 16 && i % 1000 > 300)
			m[i * PAGE] = 2;
	for (unsigned i = 0; i < 3; i++) {
		EXPECT(seen_open(&s, i == 2 ? &gentle : &by_scan, getpid()));
		s.fold = i;
		EXPECT_INT(look(&s, m, n * PAGE), 0);
		EXPECT(i != 1 || s.n < runs);
		runs = s.n;
		for (size_t j = 0; j < s.n && test_failures < 10; j++)
			for (u64 k = 0; k < s.raw[j].pages; k++)
				compare_run(&s.raw[j], fd, s.raw[j].addr + k * PAGE);
		seen_close(&s);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	munmap(m, n * PAGE);
	for (unsigned i = 0; i < ARRAY_SIZE(fd); i++)
		close(fd[i]);
}

/* ---- small VMAs that are read together */

#define SMALL 700

/* Passes on the pages of each VMA of ours, one by one. */
struct alone {
	struct seen *s;
	struct raw_page page[4 * SMALL];
	size_t n;
	u64 start, end;
};

static int keep_alone(void *ctx, const struct raw_page *raw, size_t n)
{
	struct alone *a = ctx;

	for (size_t i = 0; i < n; i++)
		for (u64 k = 0; k < raw[i].pages && a->n < ARRAY_SIZE(a->page); k++) {
			struct raw_page *p = &a->page[a->n++];

			*p = raw[i];
			p->addr += k * PAGE;
			p->pfn += raw[i].pfn ? k : 0;
			p->head_pfn = p->pages = 0;
			p->kpageflags &= ~(KPF_BIT(LRU) | KPF_BIT(REFERENCED) |
					   KPF_BIT(ACTIVE) | KPF_BIT(IDLE));
			p->flags = p->head_flags = p->pte =
				0; /* these, too, may change */
			p->refcount = p->batches = 0;
			p->has &= ~RAW_HAS_BATCHES;
		}
	return 0;
}

static int look_alone(void *ctx, const struct vma *vma)
{
	struct alone *a = ctx;

	return vma->start < a->start || vma->end > a->end
		       ? 0
		       : a->s->src->ops->observe(a->s->src, a->s->process.pid, vma,
						 vma->start, vma->end, false, keep_alone,
						 a);
}

/* Mappings of one to three pages: touched, shared with us, or not there; some have others between them. */
TEST(small_vmas_together_as_alone)
{
	static struct alone alone, together;
	static const struct live_options by_any;
	char *m = map(4 * SMALL * PAGE, MAP_NORESERVE);
	int go[2];
	char c;
	pid_t pid;

	if (!is_root())
		SKIP("needs root");
	madvise(m, 4 * SMALL * PAGE, 15 /* MADV_NOHUGEPAGE */);
	for (u64 i = 0; i < 4 * SMALL; i += i < 2 * SMALL ? 3 : 1)
		m[i * PAGE] =
			1; /* frames that follow each other make runs longer than a VMA */
	EXPECT_INT(pipe(go), 0);
	pid = fork();
	if (!pid) {
		for (u64 i = 0; i < SMALL; i++) {
			char *at = m + 4 * i * PAGE;

			if (i < SMALL / 2)
				at[i % 3 * PAGE] = 2;
			mprotect(at, (1 + i % 3) * PAGE, PROT_READ);
			if (i % 5 == 0)
				munmap(at + 3 * PAGE, PAGE);
		}
		if (write(go[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	EXPECT_INT(read(go[0], &c, 1), 1);
	for (unsigned i = 0; i < 3; i++) {
		struct seen s;

		EXPECT(seen_open(&s,
				 i == 0   ? &by_scan
				 : i == 1 ? &by_pagemap
					  : &by_any,
				 pid));
		for (unsigned k = 0; k < 2; k++) {
			struct alone *a = k ? &together : &alone;

			memset(a, 0, sizeof(*a));
			a->s = &s;
			a->start = (uintptr_t)m;
			a->end = a->start + 4 * SMALL * PAGE;
			s.src->ahead = k;
			EXPECT_INT(s.src->ops->vmas(s.src, pid, false, look_alone, a), 0);
		}
		EXPECT_INT(alone.n, 4 * SMALL - SMALL / 5);
		EXPECT_INT(together.n, alone.n);
		EXPECT(!memcmp(alone.page, together.page, sizeof(alone.page)));
		for (size_t j = 0; j < alone.n && test_failures < 10; j++) {
			EXPECT_INT(together.page[j].addr, alone.page[j].addr);
			EXPECT_INT(together.page[j].pfn, alone.page[j].pfn);
			EXPECT_INT(together.page[j].pagemap, alone.page[j].pagemap);
			EXPECT_INT(together.page[j].has, alone.page[j].has);
		}
		seen_close(&s);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(go[0]);
	close(go[1]);
	munmap(m, 4 * SMALL * PAGE);
}

TEST(a_range_is_delivered_whole_and_no_more)
{
	char *m = map(100 * PAGE, 0);
	struct seen s;

	memset(m + 10 * PAGE, 1, 10 * PAGE);
	for (unsigned i = 0; i < 2; i++) {
		EXPECT(seen_open(&s, i ? &by_pagemap : &by_scan, getpid()));
		EXPECT_INT(look(&s, m + 15 * PAGE, PAGE), 0);
		EXPECT_INT(s.n, 1);
		EXPECT_INT(s.raw[0].addr, (uintptr_t)m + 15 * PAGE);
		EXPECT_INT(s.raw[0].pages, 1);
		EXPECT_INT(look(&s, m + 5 * PAGE, 10 * PAGE), 0);
		EXPECT_INT(s.raw[0].addr, (uintptr_t)m + 5 * PAGE);
		EXPECT_INT(s.raw[0].pages, 5);
		EXPECT_INT(s.next, s.end);
		EXPECT_INT(look(&s, m + 50 * PAGE, 10 * PAGE), 0);
		EXPECT_INT(s.n, 1);
		EXPECT_INT(s.raw[0].pages, 10);
		seen_close(&s);
	}
	munmap(m, 100 * PAGE);
}

/* ---- huge leaves */

TEST(a_thp_is_one_observation)
{
	char *m, *p = map_thp(&m);
	struct seen s;
	struct page_info page;

	if (!is_root())
		SKIP("needs root");
	if (!p)
		SKIP("no memory for a THP is taken here");
	EXPECT(seen_open(&s, &by_scan, getpid()));
	EXPECT_INT(look(&s, p, HUGE), 0);
	page = page_at(&s, p);
	if (!s.ctx.have_scan || page.leaf != RAW_LEVEL_PMD) {
		seen_close(&s);
		munmap(m, 2 * HUGE);
		SKIP("no THP was to be had");
	}
	EXPECT_INT(s.n, 1);
	EXPECT_INT(s.raw[0].pages, 1);
	EXPECT_INT(page.size, HUGE);
	EXPECT_INT(page.kind, PAGE_ANON);
	EXPECT_INT(page.anon_exclusive, TRI_YES);
	EXPECT_INT(1ULL << page.order, HUGE / PAGE);
	EXPECT_INT(page.mapcount, 1);
	/* any part of it is the whole leaf */
	EXPECT_INT(look(&s, p + 77 * PAGE, PAGE), 0);
	EXPECT_INT(s.n, 1);
	EXPECT_INT(s.raw[0].addr, (uintptr_t)p);
	/* PTE-mapped: every page, none of them exclusive by the head's bit alone */
	mprotect(p + PAGE, PAGE, PROT_READ);
	mprotect(p + PAGE, PAGE, PROT_READ | PROT_WRITE);
	EXPECT_INT(look(&s, p, HUGE), 0);
	EXPECT_INT(page_at(&s, p).leaf, RAW_LEVEL_PTE);
	EXPECT_INT(page_at(&s, p).anon_exclusive, TRI_YES);
	page = page_at(&s, p + 9 * PAGE);
	EXPECT(page.anon_exclusive != TRI_NO);
	if (kernel_has(s.ctx.kernel, KFACT_KPF_FOLIO_FLAGS) == TRI_YES)
		EXPECT_INT(page.anon_exclusive, TRI_UNKNOWN);
	seen_close(&s);
	munmap(m, 2 * HUGE);
}

/* Without PAGEMAP_SCAN smaps tells when all is mapped by PMDs, and when nothing is. */
TEST(leaves_without_pagemap_scan)
{
	char *m, *p = map_thp(&m);
	struct seen s;
	struct page_info page;

	if (!is_root() || !p)
		SKIP("needs root and THP");
	EXPECT(seen_open(&s, &by_pagemap, getpid()));
	EXPECT_INT(look(&s, p, HUGE), 0);
	if (s.vma.pmd_mapped_bytes != HUGE) {
		seen_close(&s);
		munmap(m, 2 * HUGE);
		SKIP("no THP was to be had");
	}
	EXPECT_INT(s.n, 1);
	page = page_at(&s, p + 9 * PAGE);
	EXPECT_INT(page.leaf, RAW_LEVEL_PMD);
	EXPECT_INT(page.size, HUGE);
	EXPECT_INT(page.anon_exclusive, TRI_YES);
	EXPECT_INT(look(&s, p + 9 * PAGE, PAGE), 0);
	EXPECT_INT(s.raw[0].addr, (uintptr_t)p);
	mprotect(p + PAGE, PAGE, PROT_READ);
	mprotect(p + PAGE, PAGE, PROT_READ | PROT_WRITE);
	EXPECT_INT(look(&s, p, HUGE), 0);
	EXPECT_INT(page_at(&s, p).leaf, RAW_LEVEL_PTE);
	EXPECT_INT(page_at(&s, p + 9 * PAGE).leaf, RAW_LEVEL_PTE);
	seen_close(&s);
	/* some of each: not known of what may be a PMD leaf, known of the rest */
	munmap(m, 2 * HUGE);
	m = map(3 * HUGE, 0);
	p = (char *)ROUND_UP((uintptr_t)m, HUGE);
	madvise(m, 3 * HUGE, 14);
	memset(p, 1, HUGE);
	madvise(m, 3 * HUGE, 15);
	p[HUGE] = 1;
	EXPECT(seen_open(&s, &by_pagemap, getpid()));
	EXPECT_INT(look(&s, p, HUGE + PAGE), 0);
	if (s.vma.pmd_mapped_bytes == HUGE) {
		EXPECT_INT(page_at(&s, p + PAGE).leaf, 0);
		EXPECT_INT(page_at(&s, p + PAGE).why[PAGE_F_LEAF], PAGE_WHY_NO_SCAN);
		EXPECT_INT(page_at(&s, p + HUGE).leaf, RAW_LEVEL_PTE);
	}
	seen_close(&s);
	munmap(m, 3 * HUGE);
}

/* Where page-types is wrong: half of a PTE-mapped THP is shared with a child. */
TEST(a_half_shared_thp)
{
	char *m, *p = map_thp(&m);
	int pipes[2];
	struct seen s;
	pid_t child;

	if (!is_root() || !p)
		SKIP("needs root and THP");
	mprotect(p + PAGE, PAGE, PROT_READ);
	mprotect(p + PAGE, PAGE, PROT_READ | PROT_WRITE);
	for (unsigned shared = 0; shared < 2; shared++) {
		char *lone = p + (shared ? 0 : HUGE / 2),
		     *both = p + (shared ? HUGE / 2 : 0);
		unsigned wrong = 0;

		memset(p, 2, HUGE);
		madvise(lone, HUGE / 2, MADV_DONTFORK);
		EXPECT_INT(pipe(pipes), 0);
		child = fork();
		if (!child) {
			char c;

			close(pipes[1]);
			_exit(read(pipes[0], &c, 1) < 0);
		}
		EXPECT(seen_open(&s, &by_scan, getpid()));
		for (unsigned half = 0; half < 2; half++) {
			char *start = half ? lone : both;

			EXPECT_INT(look(&s, start, HUGE / 2), 0);
			for (u64 i = 0; i < HUGE / 2; i += PAGE) {
				enum tri ae = page_at(&s, start + i).anon_exclusive;

				wrong += ae == (half ? TRI_NO : TRI_YES);
				/* mapped twice: known to be shared */
				wrong += !half && ae != TRI_NO;
			}
		}
		EXPECT_INT(wrong, 0);
		seen_close(&s);
		close(pipes[0]);
		close(pipes[1]);
		waitpid(child, NULL, 0);
		madvise(lone, HUGE / 2, MADV_DOFORK);
	}
	munmap(m, 2 * HUGE);
}

TEST(hugetlb)
{
	char *m = map(2 * HUGE, MAP_HUGETLB_PMD);
	struct seen s;
	struct page_info p;

	if (!is_root())
		SKIP("needs root");
	if (!m)
		SKIP("no huge pages of 2 MiB are free");
	m[HUGE] = 1;
	for (unsigned i = 0; i < 2; i++) {
		EXPECT(seen_open(&s, i ? &by_pagemap : &by_scan, getpid()));
		EXPECT_INT(look(&s, m, 2 * HUGE), 0);
		EXPECT_INT(s.n, 2);
		EXPECT_INT(s.vma.fs, VMA_FS_HUGETLB);
		EXPECT_INT(page_at(&s, m).kind, PAGE_NONE);
		EXPECT_INT(page_at(&s, m).size, HUGE);
		p = page_at(&s, m + HUGE + 5 * PAGE);
		EXPECT_INT(p.kind, PAGE_HUGETLB);
		EXPECT(p.anon);
		EXPECT_INT(p.leaf, RAW_LEVEL_PMD);
		EXPECT_INT(p.anon_exclusive, TRI_YES);
		EXPECT_INT(p.mapcount, 1);
		EXPECT_INT(raw_at->pages, 1);
		seen_close(&s);
	}
	munmap(m, 2 * HUGE);
}

TEST(a_huge_page_of_1_gib)
{
	u64 len = 1ull << 30;
	char *m = map(len, MAP_HUGETLB | 30 << 26);
	struct seen s;
	struct page_info p;

	if (!is_root())
		SKIP("needs root");
	if (!m)
		SKIP("no huge page of 1 GiB is free");
	m[len / 2] = 1;
	for (unsigned i = 0; i < 3; i++) {
		EXPECT(seen_open(&s,
				 i == 2 ? NULL
				 : i    ? &by_pagemap
					: &by_scan,
				 getpid()));
		EXPECT_INT(look(&s, m + 5 * HUGE, PAGE), 0);
		EXPECT_INT(s.n, 1);
		p = page_at(&s, m + len - 1);
		EXPECT_INT(raw_at->addr, (uintptr_t)m);
		EXPECT_INT(p.kind, PAGE_HUGETLB);
		EXPECT_INT(p.leaf, RAW_LEVEL_PUD);
		EXPECT_INT(p.size, len);
		EXPECT_INT(raw_at->pages, 1);
		EXPECT_INT(1ULL << p.order, len / PAGE);
		EXPECT_INT(p.anon_exclusive, TRI_YES);
		EXPECT_INT(p.mapcount, 1);
		seen_close(&s);
	}
	munmap(m, len);
}

/* ---- other entries */

TEST(guards_and_swap_markers)
{
	char *m = map(4 * PAGE, 0);
	struct seen s;

	m[0] = 1;
	if (madvise(m + PAGE, 2 * PAGE, 102 /* MADV_GUARD_INSTALL */)) {
		munmap(m, 4 * PAGE);
		SKIP("the kernel has no guard regions");
	}
	for (unsigned i = 0; i < 2; i++) {
		EXPECT(seen_open(&s, i ? &by_pagemap : &by_scan, getpid()));
		EXPECT_INT(look(&s, m, 4 * PAGE), 0);
		EXPECT_INT(page_at(&s, m + PAGE).kind, PAGE_GUARD);
		EXPECT_INT(raw_at->pages, 2);
		EXPECT_INT(page_at(&s, m + 3 * PAGE).kind, PAGE_NONE);
		seen_close(&s);
	}
	munmap(m, 4 * PAGE);
}

TEST(zero_pages)
{
	char *m = map(4 * HUGE, 0), *p = (char *)ROUND_UP((uintptr_t)m, HUGE);
	struct seen s;

	madvise(m, 4 * HUGE, 15);
	EXPECT_INT(*(volatile char *)p, 0);
	madvise(p + HUGE, HUGE, 14);
	EXPECT_INT(*(volatile char *)(p + HUGE), 0);
	EXPECT(seen_open(&s, &by_scan, getpid()));
	if (s.ctx.have_scan) {
		EXPECT_INT(look(&s, p, PAGE), 0);
		EXPECT_INT(page_at(&s, p).kind, PAGE_ZERO);
		EXPECT_INT(look(&s, p + HUGE, HUGE), 0);
		if (page_at(&s, p + HUGE).leaf == RAW_LEVEL_PMD && is_root())
			EXPECT_INT(page_at(&s, p + HUGE).kind, PAGE_HUGE_ZERO);
	}
	seen_close(&s);
	munmap(m, 4 * HUGE);
}

/* ---- file systems */

static enum vma_fs fs_of(struct seen *s, const void *addr)
{
	s->vma.fs = 0xff;
	EXPECT_INT(look(s, addr, PAGE), 0);
	return s->vma.fs;
}

static char *map_fd(int fd, int flags)
{
	char *p = fd < 0 ? MAP_FAILED : mmap(NULL, PAGE, PROT_READ, flags, fd, 0);

	if (fd >= 0)
		close(fd);
	return p == MAP_FAILED ? NULL : p;
}

TEST(file_systems)
{
	int memfd = syscall(SYS_memfd_create, "x", 1u), shm, secret;
	char *p;
	struct seen s;

	EXPECT_INT(ftruncate(memfd, PAGE), 0);
	EXPECT(seen_open(&s, &by_scan, getpid()));
	EXPECT_INT(fs_of(&s, map(PAGE, 0)), VMA_FS_NONE);
	EXPECT_INT(fs_of(&s, map(PAGE, MAP_SHARED)), VMA_FS_SHMEM);
	EXPECT_INT(fs_of(&s, map_fd(memfd, MAP_PRIVATE)), VMA_FS_SHMEM);
	if (is_root()) {
		EXPECT_INT(fs_of(&s, map_fd(open("/dev/zero", O_RDWR), MAP_PRIVATE)),
			   VMA_FS_NONE);
		EXPECT_INT(fs_of(&s, map_fd(open("/dev/zero", O_RDWR), MAP_SHARED)),
			   VMA_FS_SHMEM);
	}
	shm = shmget(IPC_PRIVATE, PAGE, 0600);
	p = shm >= 0 ? shmat(shm, NULL, 0) : (char *)-1;
	if (p != (char *)-1) {
		EXPECT_INT(fs_of(&s, p), VMA_FS_SHMEM);
		shmdt(p);
	}
	if (shm >= 0)
		shmctl(shm, IPC_RMID, NULL);
	p = map_fd(open("/proc/self/exe", O_RDONLY), MAP_PRIVATE);
	if (p)
		EXPECT(fs_of(&s, p) == VMA_FS_DISK || s.vma.fs == VMA_FS_SHMEM ||
		       s.vma.fs == VMA_FS_UNKNOWN);
	secret = syscall(SYS_memfd_secret, 0u);
	if (secret >= 0) {
		EXPECT_INT(ftruncate(secret, PAGE), 0);
		p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, secret, 0);
		if (p != MAP_FAILED) {
			EXPECT_INT(fs_of(&s, p), VMA_FS_SECRETMEM);
			munmap(p, PAGE);
		}
		close(secret);
	}
	seen_close(&s);
}
