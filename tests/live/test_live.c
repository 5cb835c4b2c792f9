/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The live source on mappings of our own and of children, against plain readings. */
#include "kmods.h"
#include "kpageflags.h"
#include "live_int.h"
#include "pagemap.h"
#include "procs.h"
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

#define PAGE 4096ull
#define HUGE (2ull << 20)

/* ---- a source and what it delivers */

struct seen {
	struct source *src;
	struct source_machine machine;
	struct kernel kernel;
	struct page_context ctx;
	struct process process;
	struct diag diag;
	/* the VMA to look at, by an address in it */
	u64 addr, end;
	struct vma vma;
	unsigned nvmas;
	/* its observations */
	struct obs *obs;
	size_t n, size;
	u64 next; /* where the next one must begin */
	int stop_after;
};

static int keep_obs(void *ctx, const struct obs *obs, size_t n)
{
	struct seen *s = ctx;

	for (size_t i = 0; i < n; i++) {
		struct page p;

		page_from_obs(&s->ctx, &s->vma, &obs[i], &p);
		if (s->next)
			EXPECT_INT(obs[i].addr, s->next);
		s->next = obs[i].addr + obs[i].pages * p.size;
		if (s->n == s->size)
			s->obs = realloc(s->obs,
					 (s->size = s->size * 2 + 64) * sizeof(*s->obs));
		s->obs[s->n++] = obs[i];
	}
	return 0;
}

static int find_vma(void *ctx, const struct vma *vma)
{
	struct seen *s = ctx;

	s->nvmas++;
	if (vma->start <= s->addr && s->addr < vma->end)
		s->vma = *vma;
	return 0;
}

static bool seen_open(struct seen *s, const struct live_options *opt, pid_t pid)
{
	*s = (struct seen){ 0 };
	diag_init(&s->diag);
	s->src = live_open(opt, &s->diag);
	EXPECT(s->src);
	EXPECT_INT(s->src->ops->machine(s->src, &s->machine), 0);
	EXPECT_INT(kernel_resolve(&s->machine.kernel, &s->kernel), 0);
	s->ctx = s->machine.page;
	s->ctx.kernel = &s->kernel;
	return !s->src->ops->open(s->src, pid, &s->process);
}

static void seen_close(struct seen *s)
{
	s->src->ops->close(s->src);
	diag_deinit(&s->diag);
	free(s->obs);
}

/* Observes [addr, addr + len) of the VMA at @addr. */
static int look(struct seen *s, const void *addr, u64 len)
{
	int err;

	s->addr = (uintptr_t)addr;
	s->end = s->addr + len;
	s->vma = (struct vma){ 0 };
	s->nvmas = 0;
	s->n = s->next = 0;
	err = s->src->ops->vmas(s->src, s->process.pid, find_vma, s);
	if (err)
		return err;
	EXPECT(s->vma.end > s->addr);
	err = s->src->ops->observe(s->src, s->process.pid, &s->vma, s->addr, s->end,
				   keep_obs, s);
	if (!err) {
		EXPECT(s->n && s->obs[0].addr <= s->addr);
		EXPECT(s->next >= MIN(s->end, s->vma.end));
	}
	return err;
}

static struct page page_at(const struct seen *s, const void *addr)
{
	struct page p = { .kind = PAGE_UNKNOWN };

	for (size_t i = 0; i < s->n; i++) {
		page_from_obs(&s->ctx, &s->vma, &s->obs[i], &p);
		if ((uintptr_t)addr >= p.addr &&
		    (uintptr_t)addr < p.addr + p.pages * p.size)
			return p;
	}
	EXPECT(!"an observation of the address");
	return p;
}

static const struct live_options by_scan = { .evidence = LIVE_EVIDENCE_PROCFS };
static const struct live_options by_pagemap = { .evidence = LIVE_EVIDENCE_PROCFS,
						.no_scan = true };

static char *map(u64 len, int flags)
{
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_ANONYMOUS | (flags & MAP_SHARED ? 0 : MAP_PRIVATE) | flags, -1,
		       0);

	if (p == MAP_FAILED)
		return NULL;
	/* whatever this machine's folio sizes are; map_thp() asks for huge pages again */
	if (!(flags & (MAP_SHARED | MAP_HUGETLB)))
		madvise(p, len, 15 /* MADV_NOHUGEPAGE */);
	return p;
}

/* A THP at an aligned address of a mapping of 4 MiB; NULL when none is to be had. */
static char *map_thp(char **ret_map)
{
	char *m = map(2 * HUGE, 0), *p = (char *)ROUND_UP((uintptr_t)m, HUGE);

	*ret_map = m;
	if (madvise(p, HUGE, 14 /* MADV_HUGEPAGE */))
		return NULL;
	memset(p, 1, HUGE);
	return p;
}

static bool is_root(void)
{
	return !geteuid() && !access("/proc/kpageflags", R_OK);
}

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
		struct page p = page_at(s, (void *)(uintptr_t)a);
		u64 w = word_of(pm, a / PAGE), pfn = pagemap_pfn(w);

		if (!pfn) {
			EXPECT_INT(p.pfn, 0);
			continue;
		}
		EXPECT_INT(p.pfn + (a - p.addr) / PAGE, pfn);
		if (p.kind != PAGE_ZERO)
			EXPECT_INT(p.mapcount, word_of(kc, pfn));
		EXPECT_INT((p.obs.kpageflags ^ word_of(kf, pfn)) & ~changing, 0);
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
			none += s.obs[k].pagemap & PAGEMAP_PRESENT ? 0 : s.obs[k].pages;
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

TEST(a_range_is_delivered_whole_and_no_more)
{
	char *m = map(100 * PAGE, 0);
	struct seen s;

	memset(m + 10 * PAGE, 1, 10 * PAGE);
	for (unsigned i = 0; i < 2; i++) {
		EXPECT(seen_open(&s, i ? &by_pagemap : &by_scan, getpid()));
		EXPECT_INT(look(&s, m + 15 * PAGE, PAGE), 0);
		EXPECT_INT(s.n, 1);
		EXPECT_INT(s.obs[0].addr, (uintptr_t)m + 15 * PAGE);
		EXPECT_INT(s.obs[0].pages, 1);
		EXPECT_INT(look(&s, m + 5 * PAGE, 10 * PAGE), 0);
		EXPECT_INT(s.obs[0].addr, (uintptr_t)m + 5 * PAGE);
		EXPECT_INT(s.obs[0].pages, 5);
		EXPECT_INT(s.next, s.end);
		EXPECT_INT(look(&s, m + 50 * PAGE, 10 * PAGE), 0);
		EXPECT_INT(s.n, 1);
		EXPECT_INT(s.obs[0].pages, 10);
		seen_close(&s);
	}
	munmap(m, 100 * PAGE);
}

/* ---- huge leaves */

TEST(a_thp_is_one_observation)
{
	char *m, *p = map_thp(&m);
	struct seen s;
	struct page page;

	if (!is_root())
		SKIP("needs root");
	EXPECT(seen_open(&s, &by_scan, getpid()));
	EXPECT_INT(p ? look(&s, p, HUGE) : -1, 0);
	page = page_at(&s, p);
	if (!s.ctx.have_scan || page.leaf != OBS_LEVEL_PMD) {
		seen_close(&s);
		munmap(m, 2 * HUGE);
		SKIP("no THP was to be had");
	}
	EXPECT_INT(s.n, 1);
	EXPECT_INT(s.obs[0].pages, 1);
	EXPECT_INT(page.size, HUGE);
	EXPECT_INT(page.kind, PAGE_ANON);
	EXPECT_INT(page.anon_exclusive, TRI_YES);
	EXPECT_INT(page.order, 9);
	EXPECT_INT(page.mapcount, 1);
	/* any part of it is the whole leaf */
	EXPECT_INT(look(&s, p + 77 * PAGE, PAGE), 0);
	EXPECT_INT(s.n, 1);
	EXPECT_INT(s.obs[0].addr, (uintptr_t)p);
	/* PTE-mapped: every page, none of them exclusive by the head's bit alone */
	mprotect(p + PAGE, PAGE, PROT_READ);
	mprotect(p + PAGE, PAGE, PROT_READ | PROT_WRITE);
	EXPECT_INT(look(&s, p, HUGE), 0);
	EXPECT_INT(page_at(&s, p).leaf, OBS_LEVEL_PTE);
	EXPECT_INT(page_at(&s, p).anon_exclusive, TRI_YES);
	page = page_at(&s, p + 9 * PAGE);
	EXPECT(page.anon_exclusive != TRI_NO);
	if (kernel_has(&s.kernel, KFACT_KPF_FOLIO_FLAGS) == TRI_YES)
		EXPECT_INT(page.anon_exclusive, TRI_UNKNOWN);
	seen_close(&s);
	munmap(m, 2 * HUGE);
}

/* Without PAGEMAP_SCAN smaps tells when all is mapped by PMDs, and when nothing is. */
TEST(leaves_without_pagemap_scan)
{
	char *m, *p = map_thp(&m);
	struct seen s;
	struct page page;

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
	EXPECT_INT(page.leaf, OBS_LEVEL_PMD);
	EXPECT_INT(page.size, HUGE);
	EXPECT_INT(page.anon_exclusive, TRI_YES);
	EXPECT_INT(look(&s, p + 9 * PAGE, PAGE), 0);
	EXPECT_INT(s.obs[0].addr, (uintptr_t)p);
	mprotect(p + PAGE, PAGE, PROT_READ);
	mprotect(p + PAGE, PAGE, PROT_READ | PROT_WRITE);
	EXPECT_INT(look(&s, p, HUGE), 0);
	EXPECT_INT(page_at(&s, p).leaf, OBS_LEVEL_PTE);
	EXPECT_INT(page_at(&s, p + 9 * PAGE).leaf, OBS_LEVEL_PTE);
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
		EXPECT_INT(page_at(&s, p + HUGE).leaf, OBS_LEVEL_PTE);
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
	char *m = map(2 * HUGE, MAP_HUGETLB | 21 << 26);
	struct seen s;
	struct page p;

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
		EXPECT_INT(p.leaf, OBS_LEVEL_PMD);
		EXPECT_INT(p.anon_exclusive, TRI_YES);
		EXPECT_INT(p.mapcount, 1);
		EXPECT_INT(p.pages, 1);
		seen_close(&s);
	}
	munmap(m, 2 * HUGE);
}

TEST(a_huge_page_of_1_gib)
{
	u64 len = 1ull << 30;
	char *m = map(len, MAP_HUGETLB | 30 << 26);
	struct seen s;
	struct page p;

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
		EXPECT_INT(p.addr, (uintptr_t)m);
		EXPECT_INT(p.kind, PAGE_HUGETLB);
		EXPECT_INT(p.leaf, OBS_LEVEL_PUD);
		EXPECT_INT(p.size, len);
		EXPECT_INT(p.pages, 1);
		EXPECT_INT(p.order, 18);
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
		EXPECT_INT(page_at(&s, m + PAGE).pages, 2);
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
		if (page_at(&s, p + HUGE).leaf == OBS_LEVEL_PMD && is_root())
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

/* ---- processes that come and go */

static pid_t child_that_waits(int pipes[2], char **argv)
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

TEST(a_process_that_exits)
{
	char *m = map(PAGE, 0);
	int pipes[2];
	struct seen s;
	pid_t pid;

	m[0] = 1;
	pid = child_that_waits(pipes, NULL);
	EXPECT(seen_open(&s, &by_scan, pid));
	EXPECT_INT(look(&s, m, PAGE), 0);
	EXPECT_INT(s.process.ppid, getpid());
	close(pipes[1]);
	waitpid(pid, NULL, 0);
	s.next = 0;
	EXPECT_INT(s.src->ops->observe(s.src, pid, &s.vma, s.addr, s.end, keep_obs, &s),
		   -ESRCH);
	EXPECT_INT(s.src->ops->vmas(s.src, pid, find_vma, &s), -ESRCH);
	EXPECT_INT(s.src->ops->open(s.src, pid, &s.process), -ESRCH);
	EXPECT_INT(s.src->ops->vmas(s.src, pid, find_vma, &s), -ESRCH);
	close(pipes[0]);
	seen_close(&s);
	munmap(m, PAGE);
}

TEST(a_process_that_execs)
{
	char *argv[] = { (char *)"/bin/sleep", (char *)"100", NULL };
	char *m = map(PAGE, 0), exe[200] = "";
	int pipes[2];
	struct seen s;
	pid_t pid;

	m[0] = 1;
	pid = child_that_waits(pipes, argv);
	EXPECT(seen_open(&s, &by_scan, pid));
	EXPECT_INT(look(&s, m, PAGE), 0);
	EXPECT_INT(write(pipes[1], "x", 1), 1);
	for (unsigned i = 0; i < 500 && !strstr(exe, "sleep") && !strstr(exe, "box");
	     i++) {
		char path[50];
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/%d/exe", pid);
		n = readlink(path, exe, sizeof(exe) - 1);
		exe[n > 0 ? n : 0] = '\0';
		usleep(10000);
	}
	/* the memory that was opened is gone: not the new program's is shown as if it were it */
	s.nvmas = 0;
	EXPECT_INT(s.src->ops->vmas(s.src, pid, find_vma, &s), -ESRCH);
	EXPECT_INT(s.nvmas, 0);
	s.next = 0;
	EXPECT_INT(s.src->ops->observe(s.src, pid, &s.vma, s.addr, s.end, keep_obs, &s),
		   -ESRCH);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(pipes[0]);
	close(pipes[1]);
	seen_close(&s);
	munmap(m, PAGE);
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
	EXPECT(seen_open(&s, &by_scan, pid));
	for (unsigned i = 0; i < 50; i++)
		EXPECT_INT(look(&s, m, len), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	seen_close(&s);
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
					       s.end, keep_obs, &s),
			   0);
		if (kernel_has(&s.kernel, KFACT_SCAN_GUARD) ==
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
		struct page p;

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
		EXPECT_INT(p.pfn, 0);
		EXPECT_INT(p.refcount, -1);
		EXPECT(!s.machine.evidence[SOURCE_KPAGEFLAGS].ok);
		EXPECT(s.machine.evidence[SOURCE_KPAGEFLAGS].why[0]);
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

/* ---- BPF and /proc say the same */

static void agree(const struct page *a, const struct page *b)
{
	u64 changing = KPF_BIT(LRU) | KPF_BIT(REFERENCED) | KPF_BIT(ACTIVE) |
		       KPF_BIT(IDLE) | KPF_BIT(UPTODATE);
	int before = test_failures;

	if (a->raced || b->raced)
		return;
	EXPECT_INT(a->pfn ? a->pfn : b->pfn, b->pfn);
	if (a->kind != PAGE_UNKNOWN && b->kind != PAGE_UNKNOWN) {
		EXPECT_STR(page_kind_name(a->kind), page_kind_name(b->kind));
		EXPECT_INT(a->anon, b->anon);
	}
	if (a->anon_exclusive != TRI_UNKNOWN && b->anon_exclusive != TRI_UNKNOWN)
		EXPECT_INT(a->anon_exclusive, b->anon_exclusive);
	if (a->mapcount >= 0 && b->mapcount >= 0)
		EXPECT_INT(a->mapcount, b->mapcount);
	if (a->folio_mapcount >= 0 && b->folio_mapcount >= 0)
		EXPECT_INT(a->folio_mapcount, b->folio_mapcount);
	if (a->why[PAGE_F_FOLIO] == PAGE_WHY_KNOWN &&
	    b->why[PAGE_F_FOLIO] == PAGE_WHY_KNOWN) {
		EXPECT_INT(a->order, b->order);
		EXPECT_INT(a->head_pfn, b->head_pfn);
	}
	if (a->leaf && b->leaf && a->pfn)
		EXPECT_INT(a->leaf, b->leaf);
	EXPECT_INT((a->flags ^ b->flags) & a->flags_known & b->flags_known & ~changing,
		   0);
	EXPECT_INT((a->pte ^ b->pte) & a->pte_known & b->pte_known, 0);
	EXPECT_INT((a->facts.value ^ b->facts.value) & a->facts.known & b->facts.known,
		   0);
	EXPECT_INT(a->zone, b->zone);
	if (test_failures != before)
		printf("# at 0x%llx: %s, pfn 0x%llx, flags 0x%llx and 0x%llx\n",
		       (unsigned long long)a->addr, page_kind_name(b->kind),
		       (unsigned long long)b->pfn, (unsigned long long)a->flags,
		       (unsigned long long)b->flags);
}

/* Compares every page of the VMA at @addr, read twice. */
static void compare_sources(struct seen *a, struct seen *b, const char *addr, u64 len)
{
	EXPECT_INT(look(a, addr, len), 0);
	EXPECT_INT(look(b, addr, len), 0);
	for (u64 at = 0; at < len;) {
		struct page x = page_at(a, addr + at), y = page_at(b, addr + at);
		u64 step = MIN(x.size, y.size);

		/* of runs: what is said of this page */
		x.pfn += x.pfn ? ((uintptr_t)addr + at - x.addr) / PAGE : 0;
		y.pfn += y.pfn ? ((uintptr_t)addr + at - y.addr) / PAGE : 0;
		if (!x.order && x.why[PAGE_F_FOLIO] == PAGE_WHY_KNOWN)
			x.head_pfn = x.pfn;
		if (!y.order && y.why[PAGE_F_FOLIO] == PAGE_WHY_KNOWN)
			y.head_pfn = y.pfn;
		agree(&x, &y);
		if (test_failures > 10)
			return;
		at += step > PAGE ? step : PAGE;
	}
}

struct state {
	char *p;
	u64 len;
};

static size_t make_states(struct state *ret)
{
	size_t n = 0;
	int fd = open("/proc/self/exe", O_RDONLY),
	    memfd = syscall(SYS_memfd_create, "x", 1u);
	char *m, *p;

	p = map(64 * PAGE, 0);
	madvise(p, 64 * PAGE, 15);
	memset(p, 1, 32 * PAGE);
	EXPECT_INT(*(volatile char *)(p + 40 * PAGE), 0);
	mprotect(p + 8 * PAGE, 8 * PAGE, PROT_READ);
	mprotect(p + 8 * PAGE, 8 * PAGE, PROT_READ | PROT_WRITE);
	ret[n++] = (struct state){ p, 64 * PAGE };
	p = map(16 * PAGE, MAP_SHARED);
	memset(p, 1, 8 * PAGE);
	ret[n++] = (struct state){ p, 16 * PAGE };
	p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (p != MAP_FAILED) {
		p[0]++;
		EXPECT(*(volatile char *)(p + PAGE) || 1);
		ret[n++] = (struct state){ p, 8 * PAGE };
	}
	EXPECT_INT(ftruncate(memfd, 8 * PAGE), 0);
	p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, memfd, 0);
	EXPECT_INT(*(volatile char *)(p + PAGE), 0);
	p[2 * PAGE] = 1;
	ret[n++] = (struct state){ p, 8 * PAGE };
	p = map_thp(&m);
	if (p)
		ret[n++] = (struct state){ p, HUGE };
	p = map_thp(&m);
	if (p) {
		mprotect(p + PAGE, PAGE, PROT_READ);
		mprotect(p + PAGE, PAGE, PROT_READ | PROT_WRITE);
		madvise(p, HUGE / 2, MADV_DONTFORK);
		ret[n++] = (struct state){ p, HUGE / 2 };
		ret[n++] = (struct state){ p + HUGE / 2, HUGE / 2 };
	}
	p = map(2 * HUGE, MAP_HUGETLB | 21 << 26);
	if (p) {
		p[0] = 1;
		ret[n++] = (struct state){ p, 2 * HUGE };
	}
	p = map(4 * PAGE, 0);
	p[0] = 1;
	madvise(p + PAGE, PAGE, 102 /* MADV_GUARD_INSTALL */);
	mprotect(p, 4 * PAGE, PROT_NONE);
	ret[n++] = (struct state){ p, 4 * PAGE };
	close(fd);
	close(memfd);
	return n;
}

TEST(bpf_and_proc_agree)
{
	struct state state[16];
	size_t n = make_states(state);
	struct seen a, b;

	EXPECT(seen_open(&a, &by_scan, getpid()));
	EXPECT(seen_open(&b, NULL, getpid()));
	if (!b.ctx.have_bpf) {
		seen_close(&a);
		seen_close(&b);
		SKIP("BPF is not to be had");
	}
	for (unsigned forked = 0; forked < 3; forked++) {
		int pipes[2];
		pid_t pid = 0;

		if (forked == 1)
			pid = child_that_waits(pipes, NULL);
		for (size_t i = 0; i < n; i++)
			compare_sources(&a, &b, state[i].p, state[i].len);
		if (forked == 1) {
			close(pipes[0]);
			close(pipes[1]);
			waitpid(pid, NULL, 0);
		}
	}
	seen_close(&a);
	seen_close(&b);
}

/* ---- runs end where zones do */

static int count_parts(void *ctx, const struct obs *obs, size_t n)
{
	struct obs *all = ctx;
	size_t have = all[0].pages;

	for (size_t i = 0; i < n; i++)
		all[++have] = obs[i];
	all[0].pages = have;
	return 0;
}

TEST(runs_end_at_zone_borders)
{
	struct page_span spans[] = { { .start_pfn = 1, .end_pfn = 4096 },
				     { .start_pfn = 4096, .end_pfn = 8192 },
				     { .start_pfn = 8192, .end_pfn = 1 << 20 } };
	struct live l = { .spans = spans, .machine.page.nspans = 3 };
	struct obs all[16] = { 0 };
	struct live_split split = {
		.l = &l, .page = PAGE, .huge_pages = 512, .cb = count_parts, .ctx = all
	};
	struct obs in[] = {
		{ .addr = 0x1000, .pages = 1, .has = OBS_HAS_PFN, .pfn = 5 },
		{ .addr = 0x100000,
		  .pages = 8000,
		  .has = OBS_HAS_PFN,
		  .pfn = 4000,
		  .head_pfn = 4000 },
		{ .addr = 0x10000000, .pages = 100000 }, /* a hole */
		{ .addr = 0x40000000,
		  .pages = 10,
		  .has = OBS_HAS_PFN,
		  .level = OBS_LEVEL_PMD,
		  .order = 9,
		  .pfn = 4096 + 512 },
	};

	EXPECT_INT(live_observe_split(&split, in, 4), 0);
	EXPECT_INT(all[0].pages, 7);
	EXPECT_INT(all[1].pages, 1);
	EXPECT_INT(all[2].pages, 96);
	EXPECT_INT(all[3].pages, 4096);
	EXPECT_INT(all[3].pfn, 4096);
	EXPECT_INT(all[3].head_pfn, 4096);
	EXPECT_INT(all[3].addr, 0x100000 + 96 * PAGE);
	EXPECT_INT(all[4].pages, 8000 - 96 - 4096);
	EXPECT_INT(all[5].pages, 100000);
	EXPECT_INT(all[6].pages, 7);
	EXPECT_INT(all[7].pages, 3);
	EXPECT_INT(all[7].pfn, 8192);
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
			SKIP("the process may not have %llu VMAs", (unsigned long long)n);
	EXPECT(seen_open(&s, &by_scan, getpid()));
	EXPECT_INT(look(&s, m + 20000 * PAGE, PAGE), 0);
	EXPECT(s.nvmas >= n - 1);
	seen_close(&s);
	munmap(m, n * PAGE);
}

/* ---- the rest of the adapters */

TEST(processes)
{
	struct process *list = NULL, one;
	size_t n = 0, found = 0;

	EXPECT_INT(procs_list(NULL, &list, &n), 0);
	for (size_t i = 0; i < n; i++) {
		found += list[i].pid == getpid();
		if (i)
			EXPECT(list[i - 1].pid < list[i].pid);
	}
	EXPECT_INT(found, 1);
	free(list);
	EXPECT_INT(procs_one(getpid(), &one), 0);
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
	EXPECT_INT(procs_one(0x7ffffff0, &one), -ESRCH);
}

TEST(settings_and_counters)
{
	struct live_machine_settings s;
	struct live_machine_vmstat v;

	EXPECT_INT(live_machine_settings(NULL, &s), 0);
	for (unsigned i = 0; i < s.npools; i++) {
		EXPECT(s.pool[i].page_bytes >= HUGE / 32);
		EXPECT(s.pool[i].free <= s.pool[i].total);
	}
	EXPECT_INT(live_machine_vmstat(NULL, &v), 0);
	EXPECT(v.foll_pin_acquired != UINT64_MAX);
	EXPECT_INT(live_machine_settings("/nonexistent", &s), -ENOENT);
	EXPECT_INT(live_machine_vmstat("/nonexistent", &v), -ENOENT);
}

TEST(modules)
{
	struct kmods_module *list = NULL;
	size_t n = 0;
	int err = kmods_list(&list, &n);

	if (err == -ENOENT)
		SKIP("the kernel has no loadable modules");
	EXPECT_INT(err, 0);
	for (size_t i = 0; i < n; i++) {
		EXPECT(list[i].name[0]);
		EXPECT(list[i].size_bytes);
	}
	free(list);
}

/* Another root: files that are not there are evidence that is not there. */
TEST(an_empty_root)
{
	struct live_options opt = { .root = "/nonexistent" };
	struct diag diag;
	struct source_machine m;
	struct process p;
	struct source *src;

	diag_init(&diag);
	src = live_open(&opt, &diag);
	EXPECT(src);
	EXPECT_INT(src->ops->machine(src, &m), 0);
	EXPECT(!m.evidence[SOURCE_KPAGEFLAGS].ok);
	EXPECT(m.evidence[SOURCE_KPAGEFLAGS].why[0]);
	EXPECT(src->ops->open(src, getpid(), &p) < 0);
	EXPECT_INT(m.page.nspans, 0);
	src->ops->close(src);
	diag_deinit(&diag);
}
