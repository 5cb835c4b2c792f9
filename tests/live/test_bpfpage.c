/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The BPF reader against what else is known of our own pages: procfs, and references that the
 * test takes itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live/bpfbtf.h"
#include "event/watch_record.h"
#include "live/bpfpage.h"
#include "live/bpfprog.h"
#include "os/clock.h"
#include "os/worker_pool.h"
#include "need_bpf.h"
#include "../unit/test.h"

#define PAGE ((size_t)sysconf(_SC_PAGESIZE))
#define HUGE (PAGE / 8) /* base pages that a PMD maps */
#define THP (HUGE * PAGE)

static struct bpfpage *bp;
static int pagemap = -1;
static char why[BPFPAGE_WHY];

#define NEED_BPF()                         \
	do {                               \
		if (!bp && !open_reader()) \
			NO_BPF(why);       \
	} while (0)

static bool open_reader(void)
{
	if (bpfpage_open(NULL, &bp, why))
		return false;
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	printf("# reader %s\n", bpfpage_reader(bp));
	return pagemap >= 0;
}

/* The bit of pte_write(). */
static u64 write_bit(void)
{
	const struct arch *a;
	struct utsname u;

	uname(&u);
	a = arch_find(u.machine, TRI_NO);
	for (unsigned i = 0; a && i < ARRAY_SIZE(a->bit); i++)
		if (a->bit[i].means == PAGE_PTE_WRITE)
			return a->bit[i].mask;
	return 0;
}

struct list {
	struct raw_page raw[8192];
	size_t n;
};

/* A reader may cut a run anywhere: @next goes on with @run, both are of small pages. */
static bool goes_on(const struct raw_page *run, const struct raw_page *next)
{
	struct raw_page like = *next;

	like.addr = run->addr;
	like.pages = run->pages;
	like.pfn = run->pfn;
	like.head_pfn = run->head_pfn;
	return run->has & RAW_HAS_PAGE && !(run->has & RAW_FOLDED) && !run->order &&
	       run->level == RAW_LEVEL_PTE &&
	       run->addr + run->pages * PAGE == next->addr &&
	       run->pfn + run->pages == next->pfn && next->pfn == next->head_pfn &&
	       !memcmp(&like, run, sizeof(like));
}

static int add(void *ctx, const struct raw_page *raw, size_t n)
{
	struct list *l = ctx;

	for (size_t i = 0; i < n && l->n < ARRAY_SIZE(l->raw); i++)
		if (l->n && goes_on(&l->raw[l->n - 1], &raw[i]))
			l->raw[l->n - 1].pages += raw[i].pages;
		else
			l->raw[l->n++] = raw[i];
	return 0;
}

static bool folds; /* what observe() passes on */

static struct list *observe(const void *addr, size_t len, bool hugetlb)
{
	static struct list l;

	l.n = 0;
	EXPECT_INT(bpfpage_observe(bp, pagemap, hugetlb, (uintptr_t)addr,
				   (uintptr_t)addr + len, folds, add, &l),
		   0);
	return &l;
}

/* The one observation of a page. */
static struct raw_page one(const void *addr, bool hugetlb)
{
	struct list *l = observe(addr, PAGE, hugetlb);

	EXPECT_INT(l->n, 1);
	return l->raw[0];
}

static void *map(size_t len, int flags)
{
	char *p = mmap(NULL, len + THP, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	return p == MAP_FAILED ? NULL : (void *)(((uintptr_t)p + THP - 1) & ~(THP - 1));
}

static bool ae(const struct raw_page *o)
{
	return o->flags >> bpfpage_layout(bp)->anon_exclusive & 1;
}

static u64 kpage(const char *file, u64 pfn)
{
	u64 v = ~0ULL;
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || pread(fd, &v, 8, pfn * 8) != 8)
		v = ~0ULL;
	if (fd >= 0)
		close(fd);
	return v;
}

TEST(fresh_page)
{
	NEED_BPF();
	char *p = map(PAGE, 0);
	struct raw_page o;

	madvise(p, PAGE, MADV_NOHUGEPAGE);
	p[0] = 1;
	o = one(p, false);
	EXPECT_INT(o.has & (RAW_HAS_PTE | RAW_HAS_PAGE | RAW_HAS_PFN | RAW_HAS_LEVEL |
			    RAW_RACED),
		   RAW_HAS_PTE | RAW_HAS_PAGE | RAW_HAS_PFN | RAW_HAS_LEVEL);
	EXPECT_INT(o.level, RAW_LEVEL_PTE);
	EXPECT_INT(o.mapping, RAW_MAPPING_ANON);
	EXPECT_INT(o.mapcount, 1);
	EXPECT(o.refcount >= 1 && o.refcount <= 2); /* it may be in an LRU batch */
	EXPECT(ae(&o));
	EXPECT(o.pte & 2); /* writable */
}

TEST(hole_and_zero_page)
{
	NEED_BPF();
	char *p = map(4 * PAGE, 0);
	struct list *l;

	madvise(p, 4 * PAGE, MADV_NOHUGEPAGE);
	EXPECT_INT(*(volatile char *)(p + PAGE), 0);
	l = observe(p, 4 * PAGE, false);
	EXPECT_INT(l->n, 3);
	EXPECT_INT(l->raw[0].pte, 0);
	EXPECT_INT(l->raw[1].has & RAW_HAS_KPAGEFLAGS, RAW_HAS_KPAGEFLAGS);
	EXPECT_INT(l->raw[1].kpageflags, BIT(24));
	EXPECT_INT(l->raw[2].pages, 2);
	EXPECT_INT(l->raw[2].addr, (uintptr_t)p + 2 * PAGE);
}

/* Special since 6.18: nothing but its PFN says that it has a struct page. */
TEST(huge_zero_page)
{
	NEED_BPF();
	char *p = map(THP, 0);
	struct raw_page o;

	madvise(p, THP, MADV_HUGEPAGE);
	EXPECT_INT(*(volatile char *)p, 0);
	o = one(p, false);
	if (o.level != RAW_LEVEL_PMD || !(kpage("/proc/kpageflags", o.pfn) >> 24 & 1))
		SKIP("a read fault maps no huge zero page here");
	/* which page is the huge zero page is asked up to 32 MiB only, not with base pages of 64K */
	EXPECT_INT(o.has & (RAW_HAS_PAGE | RAW_HAS_KPAGEFLAGS),
		   RAW_HAS_PAGE | (THP > 32UL << 20 ? 0 : RAW_HAS_KPAGEFLAGS));
	if (o.has & RAW_HAS_KPAGEFLAGS)
		EXPECT_INT(o.kpageflags, BIT(24) | BIT(22));
	EXPECT_INT(o.mapping, RAW_MAPPING_NULL);
	munmap(p, THP);
}

/* Both sources about all of our own memory: where they speak of the same word they agree. */
TEST(agrees_with_procfs)
{
	NEED_BPF();
	const size_t n = 512;
	char *p = map(n * PAGE, 0);
	struct list *l;
	u64 word, seen = 0;

	for (size_t i = 0; i < n; i += 2)
		p[i * PAGE] = 1;
	l = observe(p, n * PAGE, false);
	for (size_t i = 0; i < l->n; i++) {
		const struct raw_page *o = &l->raw[i];
		u64 step = o->level == RAW_LEVEL_PMD ? HUGE : 1;

		/* a huge page goes beyond what was asked for */
		for (u64 k = 0; k < o->pages * step && seen < n; k++, seen++) {
			pread(pagemap, &word, 8, (o->addr / PAGE + k) * 8);
			EXPECT_INT(word >> 63, !!(o->has & RAW_HAS_PFN));
			if (!(o->has & RAW_HAS_PFN))
				continue;
			EXPECT_INT(word & ((1ULL << 55) - 1), o->pfn + k);
			if (o->level == RAW_LEVEL_PTE) {
				EXPECT_INT(kpage("/proc/kpagecount", o->pfn + k),
					   o->mapcount);
				EXPECT_INT(kpage("/proc/kpageflags", o->pfn + k) >> 12 &
						   1,
					   o->mapping == RAW_MAPPING_ANON);
			}
		}
	}
	EXPECT_INT(seen, n);
	munmap(p, n * PAGE);
}

TEST(vmsplice_adds_one_reference)
{
	NEED_BPF();
	char *p = map(PAGE, 0);
	int fd[2], before = 0, after = 0;
	struct iovec v = { p, PAGE };
	struct raw_page during = { 0 };

	madvise(p, PAGE, MADV_NOHUGEPAGE);
	p[0] = 1;
	mlock(p, PAGE); /* and the batch of munlock() is none of ours */
	/* once more when a CPU's batch let go of the page meanwhile */
	for (int i = 0; i < 5 && (!i || after != before); i++) {
		if (pipe(fd))
			SKIP("no pipe");
		before = one(p, false).refcount;
		EXPECT_INT(vmsplice(fd[1], &v, 1, 0), PAGE);
		during = one(p, false);
		close(fd[0]);
		close(fd[1]);
		after = one(p, false).refcount;
	}
	EXPECT_INT(during.refcount, before + 1);
	EXPECT_INT(during.mapcount, 1);
	EXPECT_INT(after, before);
}

/* Registers @len bytes at @p as the only fixed buffer of a new ring; the ring, or -1. */
static int ring_with(void *p, size_t len)
{
	struct io_uring_params params = { 0 };
	struct iovec v = { p, len };
	int fd = syscall(SYS_io_uring_setup, 4, &params);

	if (fd >= 0 &&
	    syscall(SYS_io_uring_register, fd, IORING_REGISTER_BUFFERS, &v, 1)) {
		close(fd);
		return -1;
	}
	return fd;
}

TEST(io_uring_buffer_adds_a_pin)
{
	NEED_BPF();
	char *p = map(PAGE, 0);
	int fd;

	madvise(p, PAGE, MADV_NOHUGEPAGE);
	p[0] = 1;
	EXPECT_INT(one(p, false).refcount >> 10, 0);
	fd = ring_with(p, PAGE);
	if (fd < 0)
		SKIP("io_uring buffers cannot be registered here");
	EXPECT_INT(one(p, false).refcount >> 10, 1); /* GUP_PIN_COUNTING_BIAS */
	EXPECT_INT(bpfpage_has_pinned(bp, pagemap), TRI_YES);
	close(fd);
	usleep(50000); /* rings are torn down later */
}

TEST(thp_pins_are_exact)
{
	NEED_BPF();
	char *p = map(THP, 0);
	struct raw_page o;
	int fd;

	madvise(p, THP, MADV_HUGEPAGE);
	p[0] = 1;
	o = one(p, false);
	if (o.level != RAW_LEVEL_PMD)
		SKIP("no transparent huge page was given");
	EXPECT_INT(1UL << o.order, HUGE);
	EXPECT_INT(o.addr, (uintptr_t)p);
	EXPECT_INT(o.pincount, 0);
	EXPECT_INT(o.mapcount, 1);
	EXPECT_INT(o.entire_mapcount, 1);
	EXPECT_INT(o.large_mapcount, 1);
	EXPECT(ae(&o));
	fd = ring_with(p + 3 * PAGE, 5 * PAGE);
	if (fd < 0)
		SKIP("io_uring buffers cannot be registered here");
	o = one(p, false);
	/* one pin per page, or one per folio since buffers are coalesced (6.12) */
	EXPECT(o.pincount == 5 || o.pincount == 1);
	EXPECT_INT(o.refcount, 1 + o.pincount);
	close(fd);
}

/* Half of a huge page forked: each subpage has its own AnonExclusive. */
TEST(half_shared_thp)
{
	NEED_BPF();
	char *p = map(THP, 0), c;
	int ready[2], go[2], exclusive = 0, shared = 0;
	struct list *l;
	pid_t pid;

	madvise(p, THP, MADV_HUGEPAGE);
	memset(p, 1, THP);
	if (one(p, false).level != RAW_LEVEL_PMD)
		SKIP("no transparent huge page was given");
	/* the second half is not inherited; the split VMA makes the PMD a table */
	madvise(p + THP / 2, THP / 2, MADV_DONTFORK);
	if (pipe(ready) || pipe(go))
		SKIP("no pipe");
	pid = fork();
	if (!pid) {
		close(go[1]);
		c = 1;
		(void)!write(ready[1], &c, 1);
		(void)!read(go[0], &c, 1);
		_exit(0);
	}
	(void)!read(ready[0], &c, 1);
	l = observe(p, THP, false);
	for (size_t i = 0; i < l->n; i++) {
		const struct raw_page *o = &l->raw[i];
		bool first = o->addr < (uintptr_t)p + THP / 2;

		EXPECT_INT(o->level, RAW_LEVEL_PTE);
		EXPECT_INT(1UL << o->order, HUGE);
		EXPECT_INT(o->mapcount, first ? 2 : 1);
		EXPECT_INT(o->large_mapcount, HUGE + HUGE / 2);
		EXPECT_INT(ae(o), !first);
		EXPECT_INT(!!(o->pte & write_bit()), !first);
		if (first)
			shared += o->pages;
		else
			exclusive += o->pages;
	}
	EXPECT_INT(shared, HUGE / 2);
	EXPECT_INT(exclusive, HUGE / 2);
	close(go[1]);
	waitpid(pid, NULL, 0);
}

TEST(hugetlb_reference_without_mapping)
{
	NEED_BPF();
	int fd[2];
	struct iovec v;
	struct raw_page o;
	char *p = mmap(NULL, THP, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (p == MAP_FAILED)
		SKIP("no free hugetlb page");
	p[0] = 1;
	o = one(p, true);
	EXPECT_INT(o.level, RAW_LEVEL_PMD);
	EXPECT_INT(o.mapcount, 1);
	EXPECT_INT(o.large_mapcount, 1);
	EXPECT_INT(o.refcount, 1);
	EXPECT(ae(&o));
	v = (struct iovec){ p + 5 * PAGE, PAGE };
	if (pipe(fd))
		SKIP("no pipe");
	EXPECT_INT(vmsplice(fd[1], &v, 1, 0), PAGE);
	o = one(p, true);
	EXPECT_INT(o.refcount, 2);
	EXPECT_INT(o.mapcount, 1);
	close(fd[0]);
	close(fd[1]);
	munmap(p, THP);
}

/* Many pages are walked by a program, few on the host. */
static const struct bpfpage_options readers[] = { { .pages = 0 }, { .pages = 1 } };

TEST(find_by_pfn)
{
	NEED_BPF();
	static struct list l;
	struct bpfpage *keep = bp;
	char *p = map(PAGE, 0);
	u64 pfn;

	madvise(p, PAGE, MADV_NOHUGEPAGE);
	p[0] = 1;
	pfn = one(p, false).pfn;
	for (unsigned i = 0; i < ARRAY_SIZE(readers); i++) {
		EXPECT_INT(bpfpage_open(&readers[i], &bp, why), 0);
		l.n = 0;
		EXPECT_INT(bpfpage_find(bp, pagemap, 0, bpfpage_user_end(bp), pfn,
					pfn + 1, add, &l),
			   0);
		EXPECT_INT(l.n, 1);
		EXPECT_INT(l.raw[0].addr, (uintptr_t)p);
		bpfpage_close(bp);
	}
	bp = keep;
}

TEST(process_that_is_gone)
{
	NEED_BPF();
	static struct list l;
	char path[64];
	int fd, go[2];
	pid_t pid;

	if (pipe(go))
		SKIP("no pipe");
	pid = fork();
	if (!pid) {
		char c;

		close(go[1]);
		(void)!read(go[0], &c, 1);
		_exit(0);
	}
	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	EXPECT(fd >= 0);
	l.n = 0;
	EXPECT_INT(bpfpage_observe(bp, fd, false, 0, bpfpage_user_end(bp), false, add,
				   &l),
		   0);
	EXPECT(l.n > 2);
	EXPECT_INT(bpfpage_has_pinned(bp, fd), TRI_NO);
	close(go[1]);
	waitpid(pid, NULL, 0);
	EXPECT_INT(bpfpage_observe(bp, fd, false, 0, bpfpage_user_end(bp), false, add,
				   &l),
		   -ESRCH);
	close(fd);
}

/* Two ways of reading memory, one result. */
TEST(copy_and_cast_agree)
{
	NEED_BPF();
	static struct list fast;
	struct bpfpage_options opt = { .pages = 1 };
	struct bpfpage *keep = bp, *copy;
	char *p = map(64 * PAGE, 0);
	struct list *slow;

	memset(p, 1, 64 * PAGE);
	EXPECT_INT(bpfpage_open(&opt, &copy, why), 0);
	EXPECT_STR(bpfpage_reader(copy), "copy");
	/* others change the pages meanwhile: a CPU's batch, reclaim, DAMON's look at what is used */
	for (int i = 0; i < 20; i++) {
		fast = *observe(p, 64 * PAGE, false);
		bp = copy;
		slow = observe(p, 64 * PAGE, false);
		bp = keep;
		if (slow->n == fast.n &&
		    !memcmp(slow->raw, fast.raw, fast.n * sizeof(fast.raw[0])))
			break;
	}
	EXPECT_INT(slow->n, fast.n);
	for (size_t i = 0; i < slow->n && i < fast.n; i++) {
		const struct raw_page *a = &fast.raw[i], *b = &slow->raw[i];

		EXPECT_INT(b->has, a->has);
		EXPECT_INT(b->pfn, a->pfn);
		EXPECT_INT(b->pages, a->pages);
		EXPECT_INT(b->head_pfn, a->head_pfn);
		EXPECT_INT(b->pte, a->pte);
		EXPECT_INT(b->flags, a->flags);
		EXPECT_INT(b->head_flags, a->head_flags);
		EXPECT_INT(b->refcount, a->refcount);
		EXPECT_INT(b->mapcount, a->mapcount);
		EXPECT_INT(b->large_mapcount, a->large_mapcount);
		EXPECT_INT(b->mm_ids, a->mm_ids);
		EXPECT_INT(b->order, a->order);
		EXPECT_INT(b->mapping, a->mapping);
	}
	bpfpage_close(copy);
}

/* ---- runs: pages alike, by raw words, and pages one by one must say the same */

#define MIXED 4096

/* Small pages in every state that a process makes without help, and (4K) two huge folios by entries. */
static char *mixed(void)
{
	char *p = map(MIXED * PAGE, 0);
	unsigned state = 7;

	madvise(p, MIXED / 4 * 3 * PAGE, MADV_NOHUGEPAGE);
	madvise(p + MIXED / 4 * 3 * PAGE, MIXED / 4 * PAGE, MADV_HUGEPAGE);
	for (unsigned i = 0; i < MIXED; i++) {
		state = state * 1103515245 + 12345;
		if (i >= MIXED / 4 * 3 || state >> 29 < 6)
			p[i * PAGE] = 1;
		else if (state >> 29 == 6)
			EXPECT_INT(*(volatile char *)&p[i * PAGE], 0);
	}
	mprotect(p + (MIXED - 1000) * PAGE, PAGE, PROT_READ);
	mprotect(p + (MIXED - 100) * PAGE, 50 * PAGE, PROT_NONE);
	mprotect(p + 100 * PAGE, 100 * PAGE, PROT_READ);
	mprotect(p + 300 * PAGE, 100 * PAGE, PROT_NONE);
	return p;
}

/* A child that shares a part of them, until @fd closes. */
static pid_t sharer(char *p, int go[2])
{
	pid_t pid;
	char c;

	if (pipe(go))
		return -1;
	pid = fork();
	if (!pid) {
		close(go[1]);
		munmap(p, 1000 * PAGE);
		(void)!read(go[0], &c, 1);
		_exit(0);
	}
	close(go[0]);
	usleep(50000); /* for munmap() */
	return pid;
}

/* Compares what a run says of its page @n with what was read of that page alone. */
static bool same_page(const struct raw_page *run, u64 n, const struct raw_page *page)
{
	u64 pfn = run->pfn + (run->has & RAW_HAS_PFN ? n : 0);

	return !((run->has ^ page->has) & ~RAW_FOLDED) &&
	       (run->has & RAW_FOLDED || pfn == page->pfn) && run->pte == page->pte &&
	       run->flags == page->flags && run->head_flags == page->head_flags &&
	       run->refcount == page->refcount && run->mapcount == page->mapcount &&
	       run->large_mapcount == page->large_mapcount &&
	       run->entire_mapcount == page->entire_mapcount &&
	       run->pincount == page->pincount && run->mm_ids == page->mm_ids &&
	       run->mapping == page->mapping && run->order == page->order &&
	       run->page_type == page->page_type;
}

/*
 * Addresses that differ now, and those that differed each time.  Others change flags and accessed bits
 * meanwhile (LRU batches, the multi-generational LRU's aging, DAMON), of other pages each time.
 */
static struct differing {
	u64 at[65536]; /* ascending */
	size_t n;
} differ, persist;

static void differs(u64 addr)
{
	if (differ.n < ARRAY_SIZE(differ.at))
		differ.at[differ.n++] = addr;
}

/* After try @i, of which nothing is left. */
static size_t differ_always(int i)
{
	size_t n = 0;

	if (!i)
		persist = differ;
	for (size_t k = 0, d = 0; k < persist.n; k++) {
		while (d < differ.n && differ.at[d] < persist.at[k])
			d++;
		if (d < differ.n && differ.at[d] == persist.at[k])
			persist.at[n++] = persist.at[k];
	}
	differ.n = 0;
	return persist.n = n;
}

static void differences(char *p, const struct list *runs)
{
	u64 at = 0;

	for (size_t i = 0; i < runs->n; i++) {
		const struct raw_page *run = &runs->raw[i];
		u64 step = run->level == RAW_LEVEL_PMD ? HUGE : 1;

		EXPECT_INT(run->addr, (uintptr_t)p + at * PAGE);
		for (u64 k = 0; k < run->pages; k++, at += step) {
			struct raw_page page = one(p + at * PAGE, false);

			if (step == 1 && !same_page(run, k, &page))
				differs(page.addr);
		}
	}
	EXPECT_INT(at, MIXED);
}

/* A run of a copied reader and of the fast one, folded or not, against pages one by one. */
static void compare_runs(char *p, bool fold)
{
	static struct list runs;
	size_t left = 1;

	for (int i = 0; i < 20 && left; i++) {
		folds = fold;
		runs = *observe(p, MIXED * PAGE, false);
		folds = false;
		differences(p, &runs);
		left = differ_always(i);
	}
	EXPECT_INT(left, 0);
	printf("# %s: %d pages in %zu runs%s\n", bpfpage_reader(bp), MIXED, runs.n,
	       fold ? ", folded" : "");
}

TEST(runs_say_what_their_pages_say)
{
	NEED_BPF();
	struct bpfpage *keep = bp;
	char *p = mixed();
	int go[2];
	pid_t pid = sharer(p, go);

	EXPECT(pid > 0);
	for (unsigned i = 0; i < ARRAY_SIZE(readers); i++) {
		EXPECT_INT(bpfpage_open(&readers[i], &bp, why), 0);
		compare_runs(p, false);
		compare_runs(p, true);
		bpfpage_close(bp);
	}
	bp = keep;
	close(go[1]);
	waitpid(pid, NULL, 0);
	munmap(p, MIXED * PAGE);
}

/* ---- several readers deliver what one delivers, in order and once */

#define WIDE (64ULL << 30)  /* addresses, most without a page */
#define DENSE (64ULL << 20) /* with one at each address, behind the middle */

struct wide {
	struct raw_page raw[65536];
	size_t n;
	u64 at; /* all before it was delivered */
};

static int add_wide(void *ctx, const struct raw_page *raw, size_t n)
{
	struct wide *w = ctx;

	for (size_t i = 0; i < n; i++) {
		u64 size = raw[i].level == RAW_LEVEL_PMD ? THP : PAGE;

		EXPECT_INT(raw[i].addr, w->at);
		w->at = raw[i].addr + raw[i].pages * size;
		EXPECT(w->n < ARRAY_SIZE(w->raw));
		w->raw[w->n++] = raw[i];
	}
	return 0;
}

static char *wide(void)
{
	char *p = map(WIDE, MAP_NORESERVE), *dense = p + WIDE / 2 + 12 * PAGE;

	madvise(p, WIDE, MADV_NOHUGEPAGE);
	memset(dense, 1, DENSE);
	mprotect(dense + DENSE / 2, 5 * PAGE, PROT_READ);
	for (u64 at = 0; at < 4ULL << 30; at += 131 * PAGE)
		if (at % 7)
			p[at] = 1;
		else
			EXPECT_INT(*(volatile char *)&p[at], 0);
	if (THP > 32UL << 20) /* 64K: 512 MiB each */
		return p;
	madvise(p + WIDE - 8 * THP, 8 * THP, MADV_HUGEPAGE);
	memset(p + WIDE - 7 * THP, 1, 5 * THP);
	return p;
}

static void observe_wide(struct bpfpage *by, const char *p, bool fold, struct wide *ret)
{
	u64 start = (uintptr_t)p + 3 * PAGE, end = (uintptr_t)p + WIDE - PAGE;

	ret->n = 0;
	ret->at = start;
	EXPECT_INT(bpfpage_observe(by, pagemap, false, start, end, fold, add_wide, ret),
		   0);
	EXPECT(ret->at >= end);
}

/* Finds runs of which some page differs between @a and @b, whose runs end elsewhere. */
static void differences_wide(const struct wide *a, const struct wide *b)
{
	for (size_t i = 0, k = 0; i < a->n && k < b->n;) {
		const struct raw_page *x = &a->raw[i], *y = &b->raw[k];
		u64 size = x->level == RAW_LEVEL_PMD ? THP : PAGE;
		u64 x_end = x->addr + x->pages * size, y_end = y->addr + y->pages * size;
		u64 from = MAX(x->addr, y->addr);
		struct raw_page page = *y;

		page.pfn += y->has & RAW_HAS_PFN ? (from - y->addr) / PAGE : 0;
		if (x->level != y->level ||
		    (!(y->has & RAW_FOLDED) &&
		     !same_page(x, (from - x->addr) / PAGE, &page)))
			differs(from);
		i += x_end <= y_end;
		k += y_end <= x_end;
	}
}

TEST(several_readers_deliver_what_one_delivers)
{
	NEED_BPF();
	static struct wide alone, together;
	struct bpfpage *several;
	char *p = wide();

	for (unsigned workers = 2; workers <= 5; workers += 3)
		for (int fold = 0; fold < 2; fold++) {
			struct bpfpage_options opt = { .pool = worker_pool_new(workers) };
			size_t left = 1;

			EXPECT_INT(bpfpage_open(&opt, &several, why), 0);
			for (int i = 0; i < 20 && left; i++) {
				observe_wide(several, p, fold, &together);
				observe_wide(bp, p, fold, &alone);
				differences_wide(&alone, &together);
				left = differ_always(i);
			}
			EXPECT_INT(left, 0);
			printf("# %u workers: %zu runs, alone %zu%s\n", workers,
			       together.n, alone.n, fold ? ", folded" : "");
			bpfpage_close(several);
			worker_pool_free(opt.pool);
		}
	munmap(p, WIDE);
}

/* Relocated against the cut and against all of the kernel's BTF. */
TEST(the_cut_btf_says_what_the_whole_one_says)
{
	NEED_BPF();
	struct bpfpage_options opt = { .no_cut = true };
	struct bpfpage *whole, *keep = bp;
	char *p = map(64 * PAGE, 0);
	struct raw_page a, b;

	memset(p, 1, 64 * PAGE);
	EXPECT_INT(bpfpage_open(&opt, &whole, why), 0);
	EXPECT_INT(bpfpage_fields(whole), bpfpage_fields(bp));
	EXPECT(!memcmp(bpfpage_layout(whole), bpfpage_layout(bp),
		       sizeof(struct kpf_layout)));
	a = one(p, false);
	bp = whole;
	b = one(p, false);
	bp = keep;
	EXPECT(same_page(&a, 0, &b));
	bpfpage_close(whole);
}

/* Until this CPU's batch is drained, a page that was just touched lies in it. */
TEST(a_fresh_page_is_in_a_batch_of_this_cpu)
{
	void *none = NULL;
	int node = 0, status;
	cpu_set_t all, one;
	u64 pfn;
	u32 n;

	NEED_BPF();
	EXPECT_INT(sched_getaffinity(0, sizeof(all), &all), 0);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	EXPECT_INT(sched_setaffinity(0, sizeof(one), &one), 0);
	/* it loads its program, which drains this CPU's */
	if (!bpfpage_batches(bp, 0, &n) && !bpfbtf_offset(BPFBTF_HRTIMER_BASES))
		SKIP("the kernel's BTF has no per-CPU variables");
	EXPECT(bpfpage_batches(bp, 0, &n));
	/* who drains the batches of all CPUs meanwhile makes the page one of none: again, then */
	for (int try = 0, drained = 0; drained < 2; try++) {
		char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		struct structpage_batch *b;
		unsigned found = 0;

		*p = 1;
		pfn = observe(p, PAGE, false)->raw[0].pfn;
		if (drained) /* no page is moved, but the batches are drained */
			EXPECT_INT(syscall(SYS_move_pages, 0, 0L, &none, &node, &status,
					   2 /* MPOL_MF_MOVE */),
				   0);
		b = bpfpage_batches(bp, 0, &n);
		EXPECT(b);
		for (u32 i = 0; b && i < n; i++)
			if (b[i].pfn == pfn) {
				EXPECT_INT(b[i].in, STRUCTPAGE_BATCH(STRUCTPAGE_LRU_ADD,
								     sched_getcpu()));
				found++;
			}
		printf("# %u pages in batches\n", n);
		munmap(p, PAGE);
		if (!found && !drained && try < 50)
			continue;
		EXPECT_INT(found, !drained);
		drained++;
	}
	EXPECT_INT(sched_setaffinity(0, sizeof(all), &all), 0);
}

#ifdef __x86_64__
#define CALL_NUMBER 120 /* pt_regs->orig_ax */
#elif defined(__aarch64__)
#define CALL_NUMBER 280 /* ->syscallno */
#endif

static void count_record(void *ctx, const struct watch_record *r, size_t size)
{
	unsigned *n = ctx;

	n[r->what]++;
}

/* Who maps and unmaps without a pause would else have gupinfo look at it all the time. */
TEST(only_urgent_records_end_a_wait)
{
#ifdef CALL_NUMBER
	const struct watch_regs regs = { .number = CALL_NUMBER };
	struct watch_shared shared = { .each_mmap = 1 };
	unsigned n[WATCH_EXIT + 1] = { 0 };
	struct bpfprog *p;
	char ns[64] = "";
	pid_t pid;
	u64 begin;

	NEED_BPF();
	if (readlink("/proc/self/ns/pid", ns, sizeof(ns) - 1) < 0 ||
	    strcmp(ns, "pid:[4026531836]"))
		SKIP("in a PID namespace of its own");
	shared.call_of[SYS_madvise] = 1; /* of whichever name */
	if (bpfprog_watch("", &regs, &shared, count_record, n, &p, why))
		NO_BPF(why);
	bpfprog_follow(p, getpid());
	pid = fork();
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	bpfprog_fetch(p, 60000);
	bpfprog_fetch(p, 0);
	EXPECT(n[WATCH_FORK] == 1 && n[WATCH_EXIT] == 1);
	/* The first ends at once: when who was urgent was fetched already, it is still known. */
	madvise(NULL, 0, MADV_NORMAL);
	bpfprog_fetch(p, 1);
	madvise(NULL, 0, MADV_NORMAL);
	begin = clock_now();
	bpfprog_fetch(p, 50);
	EXPECT(clock_now() - begin >= 45000000);
	EXPECT(n[WATCH_CALL] == 2);
	bpfprog_free(p);
#else
	SKIP("where its registers are is not known");
#endif
}
