/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pipes and io_urings of our own, found again with their slots and descriptors. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/test.h"
#include "page/holders.h"
#include "page/structpage.h"
#include "live/live.h"
#include "need_bpf.h"

#define PAGE ((size_t)sysconf(_SC_PAGESIZE))
#define HUGE (PAGE / 8 * PAGE) /* what a PMD maps */

static struct source *src;
static struct diag diag;

static bool open_source(void)
{
	if (src)
		return src->machine->evidence[SOURCE_STRUCTPAGE].ok;
	diag_init(&diag);
	src = live_open(NULL, &diag);
	return src && src->machine->evidence[SOURCE_STRUCTPAGE].ok;
}

#define NEED_BPF()                                                                 \
	do {                                                                       \
		if (!open_source())                                                \
			NO_BPF(src ? src->machine->evidence[SOURCE_STRUCTPAGE].why \
				   : "no source");                                 \
	} while (0)

struct wanted {
	const struct vma *vma;
	u64 addr;
	struct page_info page;
	struct page_run run;
	bool found;
};

static int raw_cb(void *ctx, const struct raw_page *raw, size_t n)
{
	struct wanted *w = ctx;

	(void)n;
	if (!w->found)
		w->run = (struct page_run){
			raw->addr, raw->pages,
			page_read(&src->machine->page, w->vma, raw, &w->page), NULL
		};
	w->found = true;
	return 0;
}

static int vma_cb(void *ctx, const struct vma *vma)
{
	struct wanted *w = ctx;

	if (w->addr < vma->start || w->addr >= vma->end)
		return 0;
	w->vma = vma;
	return src->ops->observe(src, getpid(), vma, w->addr, w->addr + PAGE, false,
				 raw_cb, w);
}

static u64 frame; /* of the page that look() looked at last */

/* The page at @addr of ours and its ledger. */
static struct page_info look(const void *addr, struct holders_ledger *ret)
{
	struct wanted w = { .addr = (uintptr_t)addr };
	struct holders *h = NULL;
	struct process p;
	pid_t pid = getpid();

	EXPECT_INT(src->ops->open(src, pid, &p), 0);
	EXPECT_INT(src->ops->vmas(src, pid, false, vma_cb, &w), 0);
	EXPECT(w.found);
	EXPECT_INT(src->ops->holders(src, &pid, 1, &h), 0);
	EXPECT(h && h->complete);
	w.run.class = &(struct page_class){ .page = w.page };
	holders_explain(h, &w.run, pid, ret);
	frame = w.run.pfn;
	src->ops->release(src, pid);
	return w.page;
}

static char *page_of_ours(size_t pages)
{
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	madvise(p, pages * PAGE, MADV_NOHUGEPAGE);
	memset(p, 1, pages * PAGE);
	return p;
}

static const struct holder *find(const struct holders_ledger *l, enum holders_kind kind)
{
	for (u32 i = 0; i < l->n; i++)
		if (l->holder[i].kind == kind)
			return &l->holder[i];
	return NULL;
}

static bool has_end(const struct holder *h, int fd, bool writes)
{
	for (u32 i = 0; i < h->nends; i++)
		if (h->end[i].pid == getpid() && h->end[i].fd == fd &&
		    h->end[i].writes == writes)
			return true;
	return false;
}

TEST(vmspliced_page)
{
	NEED_BPF();
	char *p = page_of_ours(3), text[256];
	struct iovec v[2] = { { p, PAGE }, { p + 2 * PAGE, PAGE } };
	struct holders_ledger l;
	const struct holder *h;
	struct page_info page;
	int fd[2];

	if (pipe(fd))
		SKIP("no pipe");
	EXPECT_INT(vmsplice(fd[1], v, 2, 0), 2 * PAGE);
	page = look(p + 2 * PAGE, &l);
	h = find(&l, HOLDERS_PIPE);
	EXPECT(h);
	if (!h)
		return;
	printf("# %s\n", holders_text(h, text, sizeof(text)));
	EXPECT_INT(h->slot, 1);
	EXPECT(has_end(h, fd[0], false));
	EXPECT(has_end(h, fd[1], true));
	EXPECT_INT(l.explained, 1 + page_batches(&page));
	look(p + PAGE, &l);
	EXPECT(!find(&l, HOLDERS_PIPE));
	close(fd[0]);
	close(fd[1]);
	look(p, &l);
	EXPECT(!find(&l, HOLDERS_PIPE));
	munmap(p, 3 * PAGE);
}

/* A page that was just touched, or just lazily freed, is in a batch of this CPU. */
TEST(pages_in_batches)
{
	NEED_BPF();
	static const char *const names[] = { "lru_add", "lru_lazyfree" };
	void *none = NULL;
	cpu_set_t all, one;
	int node = 0, status;

	EXPECT_INT(sched_getaffinity(0, sizeof(all), &all), 0);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	EXPECT_INT(sched_setaffinity(0, sizeof(one), &one), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		char *p, text[100], want[100];
		struct holders_ledger l;
		struct page_info page;
		const struct holder *h;

		look(&none, &l); /* what is done once drains this CPU's batches */
		p = page_of_ours(1);
		if (i) { /* no page is moved, but it is on a list now */
			syscall(SYS_move_pages, 0, 0L, &none, &node, &status,
				2 /* MPOL_MF_MOVE */);
			EXPECT_INT(madvise(p, PAGE, MADV_FREE), 0);
		}
		page = look(p, &l);
		if (!(page.has_batches))
			SKIP("the batches of this kernel cannot be read");
		h = find(&l, HOLDERS_LRU_BATCH);
		EXPECT(h);
		snprintf(want, sizeof(want), "the %s batch of CPU %d", names[i],
			 sched_getcpu());
		if (h)
			EXPECT_STR(holders_text(h, text, sizeof(text)), want);
		EXPECT_INT(l.explained, 1);
		EXPECT_INT(l.unexplained, 0);
		EXPECT_INT(fact_get(&page.facts, FACT_EXTRA_REFS), TRI_NO);
		munmap(p, PAGE);
	}
	EXPECT_INT(sched_setaffinity(0, sizeof(all), &all), 0);
}

/* More descriptors and buffers than the loader has room for at first. */
TEST(many_descriptors_of_pipes)
{
	NEED_BPF();
	enum { PIPES = 20, DUPS = 60, SLOTS = 256 };
	static int fd[PIPES][2], dup_of[PIPES][DUPS];
	const struct rlimit files = { 4096, 4096 };
	struct holders *h = NULL;
	char *p = page_of_ours(1);
	pid_t pid = getpid();
	unsigned found = 0;

	if (setrlimit(RLIMIT_NOFILE, &files))
		SKIP("no more than 1024 files may be open");
	for (int i = 0; i < PIPES; i++) {
		struct iovec v = { p, 1 };

		EXPECT_INT(pipe(fd[i]), 0);
		if (fcntl(fd[i][1], F_SETPIPE_SZ, SLOTS * PAGE) < 0)
			SKIP("pipes may have no 256 buffers");
		for (int k = 0; k < SLOTS; k++)
			EXPECT_INT(vmsplice(fd[i][1], &v, 1, 0), 1);
		for (int k = 0; k < DUPS; k++)
			dup_of[i][k] = dup(fd[i][0]);
	}
	EXPECT_INT(src->ops->holders(src, &pid, 1, &h), 0);
	EXPECT(h && h->complete);
	for (size_t i = 0; h && i < h->n; i++)
		if (h->holder[i].nends >= 2 + DUPS &&
		    holders_open_by(&h->holder[i], &pid, 1))
			found++;
	EXPECT_INT(found, PIPES * SLOTS);
	for (int i = 0; i < PIPES; i++) {
		close(fd[i][0]);
		close(fd[i][1]);
		for (int k = 0; k < DUPS; k++)
			close(dup_of[i][k]);
	}
	munmap(p, PAGE);
}

/* What comes before SOCKET holds nothing. */
enum open_thing {
	EVENTS,
	EMPTY_PIPE,
	EMPTY_NAMED_PIPE,
	SOCKET,
	PIPE,
	NAMED_PIPE,
	RING,
	PIPE_OF_A_THREAD,
	THINGS
};

static void *thread_of_own_files(void *ctx)
{
	int fd[2];

	if (unshare(CLONE_FILES) || pipe(fd) || write(fd[1], "", 1) != 1)
		_exit(1);
	raise(SIGSTOP);
	return NULL;
}

/* Has no file open but /dev/null and @what, and stops. */
static void open_only(enum open_thing what, const char *fifo)
{
	struct io_uring_params params = { 0 };
	int null = open("/dev/null", O_RDWR), fd[2], ok = 0;
	pthread_t thread;

	for (int i = 0; i < 3; i++)
		dup2(null, i);
	if (syscall(SYS_close_range, 3, ~0U, 0))
		_exit(1);
	switch (what) {
	case EVENTS:
		ok = eventfd(0, 0) >= 0;
		break;
	case SOCKET:
		ok = socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
		break;
	case EMPTY_PIPE:
		ok = !pipe(fd);
		break;
	case PIPE:
		ok = !pipe(fd) && write(fd[1], "", 1) == 1;
		break;
	case EMPTY_NAMED_PIPE:
	case NAMED_PIPE:
		fd[0] = open(fifo, O_RDWR);
		ok = fd[0] >= 0 && (what == EMPTY_NAMED_PIPE || write(fd[0], "", 1) == 1);
		break;
	case RING:
		ok = syscall(SYS_io_uring_setup, 4, &params) >= 0;
		break;
	default:
		ok = !pthread_create(&thread, NULL, thread_of_own_files, NULL);
		if (ok)
			pthread_join(thread, NULL);
	}
	if (!ok)
		_exit(1);
	raise(SIGSTOP);
	_exit(0);
}

TEST(what_can_hold_memory_that_nothing_maps)
{
	static const u32 kinds[THINGS] = {
		[SOCKET] = STRUCTPAGE_OPEN_SOCKET,         [PIPE] = STRUCTPAGE_OPEN_PIPE,
		[NAMED_PIPE] = STRUCTPAGE_OPEN_PIPE,       [RING] = STRUCTPAGE_OPEN_RING,
		[PIPE_OF_A_THREAD] = STRUCTPAGE_OPEN_PIPE,
	};
	char dir[] = "/tmp/gupinfo-XXXXXX", fifo[64];

	open_source();
	EXPECT(src);
	EXPECT(mkdtemp(dir));
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	EXPECT_INT(mkfifo(fifo, 0600), 0);
	for (enum open_thing what = 0; what < THINGS; what++) {
		struct process p;
		int status;
		pid_t pid = fork();

		if (!pid)
			open_only(what, fifo);
		waitpid(pid, &status, WUNTRACED);
		if (!WIFSTOPPED(status)) {
			printf("# thing %d cannot be opened here\n", what);
			continue;
		}
		EXPECT_INT(src->ops->open(src, pid, &p), 0);
		EXPECT_INT(src->ops->may_hold(src, pid), kinds[what]);
		src->ops->release(src, pid);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	unlink(fifo);
	rmdir(dir);
}

/* The pipe is held by a child that does not map the page any more. */
TEST(child_vmspliced_hugetlb)
{
	NEED_BPF();
	char *p = mmap(NULL, HUGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	struct holders_ledger l;
	const struct holder *h;
	struct page_info page;
	int fd[2], go[2];
	char c;
	pid_t pid;

	if (p == MAP_FAILED)
		SKIP("no free hugetlb page");
	p[0] = 1;
	if (pipe(fd) || pipe(go))
		SKIP("no pipe");
	pid = fork();
	if (!pid) {
		struct iovec v = { p + 7 * PAGE, PAGE };

		(void)!vmsplice(fd[1], &v, 1, 0);
		munmap(p, HUGE);
		(void)!write(go[1], &c, 1);
		pause();
		_exit(0);
	}
	(void)!read(go[0], &c, 1);
	page = look(p, &l);
	EXPECT_INT(page.kind, PAGE_HUGETLB);
	EXPECT_INT(page.mapcount, 1);
	EXPECT_INT(page.refcount, 2);
	EXPECT_INT(page.excess, 1);
	EXPECT_INT(page.anon_exclusive, TRI_NO);
	EXPECT_INT(l.unexplained, 0);
	h = find(&l, HOLDERS_PIPE);
	EXPECT(h);
	if (h) {
		EXPECT_INT(h->nends, 4); /* both ends, here and in the child */
		EXPECT_INT(h->pfn, frame + 7);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fd[0]);
	close(fd[1]);
	munmap(p, HUGE);
}

TEST(registered_buffer)
{
	NEED_BPF();
	struct io_uring_params params = { 0 };
	char *p = page_of_ours(8), text[256];
	struct iovec v[2] = { { p, PAGE }, { p + 2 * PAGE, 4 * PAGE } };
	struct holders_ledger l;
	const struct holder *h;
	struct page_info page;
	int fd = syscall(SYS_io_uring_setup, 4, &params);

	if (fd < 0 || syscall(SYS_io_uring_register, fd, IORING_REGISTER_BUFFERS, v, 2))
		SKIP("io_uring buffers cannot be registered here");
	page = look(p + 3 * PAGE, &l);
	EXPECT(page.pincount > 0);
	h = find(&l, HOLDERS_IO_URING);
	EXPECT(h);
	if (h) {
		printf("# %s\n", holders_text(h, text, sizeof(text)));
		EXPECT_INT(h->slot, 1);
		EXPECT_INT(h->addr, (uintptr_t)p + 2 * PAGE);
		EXPECT_INT(h->bytes, 4 * PAGE);
		EXPECT_INT(h->end[0].fd, fd);
	}
	EXPECT_INT(l.explained, 1024 + page_batches(&page));
	look(p + PAGE, &l);
	EXPECT(!find(&l, HOLDERS_IO_URING));
	close(fd);
}

/* A huge page in a ring is pinned once as a whole, or once a page (before buffers coalesced). */
TEST(registered_thp)
{
	NEED_BPF();
	struct io_uring_params params = { 0 };
	char *q = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *p = (char *)(((uintptr_t)q + HUGE - 1) & ~(HUGE - 1));
	struct iovec v = { p + 16 * PAGE, 64 * PAGE };
	struct holders_ledger l;
	const struct holder *h;
	struct page_info page;
	int fd = syscall(SYS_io_uring_setup, 4, &params);

	madvise(p, HUGE, MADV_HUGEPAGE);
	p[0] = 1;
	if (fd < 0 || syscall(SYS_io_uring_register, fd, IORING_REGISTER_BUFFERS, &v, 1))
		SKIP("io_uring buffers cannot be registered here");
	page = look(p, &l);
	if (page.leaf != RAW_LEVEL_PMD)
		SKIP("no transparent huge page was given");
	EXPECT(page.excess == 1 || page.excess == 64);
	EXPECT_INT(page.pincount, page.excess);
	EXPECT_INT(l.explained, page.excess);
	EXPECT_INT(l.unexplained, 0);
	h = find(&l, HOLDERS_IO_URING);
	EXPECT(h);
	if (h) {
		EXPECT_INT(h->pfn - frame, 16); /* the buffer, not the folio */
		EXPECT_INT(h->pages, 64);
	}
	close(fd);
	munmap(q, 2 * HUGE);
}

/* Without BPF the ring is a candidate with its addresses. */
TEST(ring_by_fdinfo)
{
	struct io_uring_params params = { 0 };
	struct live_options opt = { .evidence = LIVE_EVIDENCE_PROCFS };
	struct holders *h = NULL;
	const struct holder *ring = NULL;
	char *p = page_of_ours(1);
	struct iovec v = { p, PAGE };
	struct source *other;
	pid_t pid = getpid();
	struct diag d;
	int fd = syscall(SYS_io_uring_setup, 4, &params);

	if (fd < 0 || syscall(SYS_io_uring_register, fd, IORING_REGISTER_BUFFERS, &v, 1))
		SKIP("io_uring buffers cannot be registered here");
	diag_init(&d);
	other = live_open(&opt, &d);
	EXPECT(other);
	EXPECT_INT(other->ops->holders(other, &pid, 1, &h), 0);
	EXPECT(!h->complete);
	EXPECT(h->why[0]);
	for (size_t i = 0; i < h->n; i++)
		if (h->holder[i].kind == HOLDERS_IO_URING && h->holder[i].end[0].fd == fd)
			ring = &h->holder[i];
	EXPECT(ring);
	if (ring) {
		EXPECT_INT(ring->certainty, HOLDERS_CANDIDATE);
		EXPECT_INT(ring->addr, (uintptr_t)p);
	}
	other->ops->close(other);
	diag_deinit(&d);
	close(fd);
	if (src)
		src->ops->close(src);
	src = NULL;
}
