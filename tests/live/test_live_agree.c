/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BPF and /proc say the same of the same page. */
#include "seen.h"

static void agree(const struct page_info *a, const struct page_info *b, u64 addr, u64 pfn,
		  u64 other_pfn)
{
	u64 changing = KPF_BIT(LRU) | KPF_BIT(REFERENCED) | KPF_BIT(ACTIVE) |
		       KPF_BIT(IDLE) | KPF_BIT(UPTODATE);
	int before = test_failures;

	if (a->raced || b->raced)
		return;
	EXPECT_INT(pfn ? pfn : other_pfn, other_pfn);
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
	}
	if (a->leaf && b->leaf && pfn)
		EXPECT_INT(a->leaf, b->leaf);
	EXPECT_INT((a->flags ^ b->flags) & a->flags_known & b->flags_known & ~changing,
		   0);
	EXPECT_INT((a->pte ^ b->pte) & a->pte_known & b->pte_known, 0);
	EXPECT_INT((a->facts.value ^ b->facts.value) & a->facts.known & b->facts.known,
		   0);
	EXPECT_INT(a->zone, b->zone);
	if (test_failures != before)
		printf("# at 0x%llx: %s, pfn 0x%llx, flags 0x%llx and 0x%llx\n", addr,
		       page_kind_name(b->kind), other_pfn, a->flags, b->flags);
}

/* The frame of the page at @addr, for which page_at() was called. */
static u64 pfn_at(const char *addr)
{
	return raw_at->pfn ? raw_at->pfn + ((uintptr_t)addr - raw_at->addr) / PAGE : 0;
}

static void compare_once(struct seen *a, struct seen *b, const char *addr, u64 len)
{
	EXPECT_INT(look(a, addr, len), 0);
	EXPECT_INT(look(b, addr, len), 0);
	for (u64 at = 0; at < len;) {
		struct page_info x = page_at(a, addr + at);
		u64 pfn = pfn_at(addr + at);
		struct page_info y = page_at(b, addr + at);
		u64 step = MIN(x.size, y.size);

		agree(&x, &y, (uintptr_t)addr + at, pfn, pfn_at(addr + at));
		if (test_failures > 10)
			return;
		at += step > PAGE ? step : PAGE;
	}
}

/* Compares every page of the VMA at @addr, read twice; again when a process that ends maps its file, too. */
static void compare_sources(struct seen *a, struct seen *b, const char *addr, u64 len)
{
	int before = test_failures;

	for (unsigned try = 0; try < 3; try++) {
		test_failures = before;
		compare_once(a, b, addr, len);
		if (test_failures == before)
			break;
		usleep(200000);
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
	p = map(2 * HUGE, MAP_HUGETLB_PMD);
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

/*
 * Compares the references of the pages at @addr.  What the kernel takes or drops between two readings differs
 * once, not each time.  Returns the pages of which both readers know them.
 */
static unsigned compare_references(struct seen *a, struct seen *b, const char *addr,
				   u64 len)
{
	unsigned both, differ = 1;

	for (unsigned tries = 0; tries < 20 && differ; tries++) {
		both = differ = 0;
		if (look(a, addr, len) || look(b, addr, len))
			return 0;
		for (u64 at = 0; at < len; at += PAGE) {
			struct page_info x = page_at(a, addr + at);
			struct page_info y = page_at(b, addr + at);

			if (x.refcount < 0 || y.refcount < 0)
				continue;
			both++;
			differ += x.refcount != y.refcount || x.pincount != y.pincount;
		}
	}
	EXPECT_INT(differ, 0);
	return both;
}

/*
 * Compares the readers on all states: alone, beside a child that has the pages, too, and after it.  Returns the
 * pages of which both know the references.
 */
static unsigned compare_states(struct seen *a, struct seen *b)
{
	struct state state[16];
	size_t n = make_states(state);
	unsigned both = 0;

	for (unsigned forked = 0; forked < 3; forked++) {
		int pipes[2];
		pid_t pid = 0;

		if (forked == 1)
			pid = child_that_waits(pipes, NULL);
		for (size_t i = 0; i < n; i++) {
			compare_sources(a, b, state[i].p, state[i].len);
			both += compare_references(a, b, state[i].p, state[i].len);
		}
		if (forked == 1) {
			close(pipes[0]);
			close(pipes[1]);
			waitpid(pid, NULL, 0);
		}
	}
	return both;
}

TEST(bpf_and_proc_agree)
{
	struct seen a, b;
	bool bpf;

	EXPECT(seen_open(&a, &by_scan, getpid()));
	EXPECT(seen_open(&b, NULL, getpid()));
	bpf = ((struct live *)b.src)->bpf;
	if (bpf)
		EXPECT_INT(compare_states(&a, &b), 0);
	seen_close(&a);
	seen_close(&b);
	if (!bpf)
		NO_BPF("BPF is not in use");
}

/* As on an architecture whose page tables are not known: BPF reads the struct pages of pagemap's frames. */
TEST(bpf_by_page_tables_and_by_frames_agree)
{
	struct seen a, b;
	struct live *l;
	bool walks;

	EXPECT(seen_open(&a, NULL, getpid()));
	EXPECT(seen_open(&b, NULL, getpid()));
	walks = a.ctx.have_bpf;
	if (walks) {
		l = (struct live *)b.src;
		l->machine.evidence[SOURCE_PTE].ok = false;
		l->machine.page.have_bpf = b.ctx.have_bpf = false;
		EXPECT(compare_states(&a, &b) > 100);
	}
	seen_close(&a);
	seen_close(&b);
	if (!walks)
		SKIP("page tables are not read here");
}

/* ---- VMAs: maps beside BPF, and smaps */

struct vmas {
	struct vma vma[256];
	size_t n;
};

static int keep_vma(void *ctx, const struct vma *vma)
{
	struct vmas *v = ctx;

	if (v->n < ARRAY_SIZE(v->vma))
		v->vma[v->n++] = *vma;
	return 0;
}

/* One mapping for each flag that a process can set without help. */
static void make_vmas(void)
{
	static const int advice[] = { 9, 10, 12, 14, 15, 16, 18 };
	char *p;

	for (unsigned i = 0; i < ARRAY_SIZE(advice); i++) {
		p = map(2 * HUGE, MAP_NORESERVE);
		madvise(p, HUGE, advice[i]);
	}
	p = map(2 * HUGE, 0);
	if (mlock(p, 4 * PAGE))
		printf("# mlock: %s\n", strerror(errno));
	mprotect(p + HUGE, PAGE, PROT_READ | PROT_EXEC);
	mprotect(p + HUGE + PAGE, PAGE, PROT_NONE);
	mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0);
	mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	mmap(NULL, HUGE, PROT_READ | PROT_WRITE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE, -1, 0);
}

static void expect_same(const struct vma *a, const struct vma *b)
{
	EXPECT_INT(a->start, b->start);
	EXPECT_INT(a->end, b->end);
	EXPECT_INT(a->offset, b->offset);
	EXPECT_INT(a->inode, b->inode);
	EXPECT_INT(a->dev_major, b->dev_major);
	EXPECT_INT(a->dev_minor, b->dev_minor);
	EXPECT_INT(a->read | a->write << 1 | a->exec << 2 | a->shared << 3,
		   b->read | b->write << 1 | b->exec << 2 | b->shared << 3);
	EXPECT_INT(a->file_known, b->file_known);
	EXPECT_INT(a->file_bytes, b->file_bytes);
	EXPECT_INT(a->has_flags, b->has_flags);
	EXPECT_INT(a->flags, b->flags);
	EXPECT_INT(a->page_size, b->page_size);
	EXPECT_INT(MAX(a->pkey, 0), MAX(b->pkey, 0));
	EXPECT_INT(a->fs, b->fs);
	EXPECT_STR(a->name, b->name);
}

TEST(vmas_by_bpf_and_by_smaps_agree)
{
	static struct vmas quick, slow;
	struct seen s;
	size_t found = 0;
	int pipes[2];
	pid_t pid;

	make_vmas();
	pid = child_that_waits(pipes, NULL);
	EXPECT(seen_open(&s, NULL, pid));
	EXPECT_INT(s.src->ops->vmas(s.src, pid, false, keep_vma, &quick), 0);
	EXPECT_INT(s.src->ops->vmas(s.src, pid, true, keep_vma, &slow), 0);
	EXPECT_INT(quick.n, slow.n);
	EXPECT(slow.n && slow.vma[0].has_smaps &&
	       quick.vma[0].has_smaps != s.ctx.have_bpf);
	for (size_t i = 0; i < quick.n && i < slow.n; i++) {
		struct vma one;

		expect_same(&quick.vma[i], &slow.vma[i]);
		/* PROCMAP_QUERY is of 6.11, and does not know the gate */
		if (slow.vma[i].gate || s.src->ops->vma_at(s.src, pid, slow.vma[i].start,
							   slow.vma[i].end, &one))
			continue;
		expect_same(&one, &slow.vma[i]);
		found++;
	}
	printf("# %zu of %zu mappings were found by their address, too\n", found, slow.n);
	seen_close(&s);
	close(pipes[0]);
	close(pipes[1]);
	waitpid(pid, NULL, 0);
}

/* ---- runs end where zones do */

static int count_parts(void *ctx, const struct raw_page *raw, size_t n)
{
	struct raw_page *all = ctx;
	size_t have = all[0].pages;

	for (size_t i = 0; i < n; i++)
		all[++have] = raw[i];
	all[0].pages = have;
	return 0;
}

TEST(runs_end_at_zone_borders)
{
	struct page_span spans[] = { { .start_pfn = 1, .end_pfn = 4096 },
				     { .start_pfn = 4096, .end_pfn = 8192 },
				     { .start_pfn = 8192, .end_pfn = 1 << 20 } };
	struct live l = { .spans = spans, .machine.page.nspans = 3 };
	struct raw_page all[16] = { 0 };
	struct live_split split = {
		.l = &l, .page = PAGE, .huge_pages = 512, .cb = count_parts, .ctx = all
	};
	struct raw_page in[] = {
		{ .addr = 0x1000, .pages = 1, .has = RAW_HAS_PFN, .pfn = 5 },
		{ .addr = 0x100000,
		  .pages = 8000,
		  .has = RAW_HAS_PFN,
		  .pfn = 4000,
		  .head_pfn = 4000 },
		{ .addr = 0x10000000, .pages = 100000 }, /* a hole */
		{ .addr = 0x40000000,
		  .pages = 10,
		  .has = RAW_HAS_PFN,
		  .level = RAW_LEVEL_PMD,
		  .order = 9,
		  .pfn = 4096 + 512 },
	};

	EXPECT_INT(live_pages_split(&split, in, 4), 0);
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
