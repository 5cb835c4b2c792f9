/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "demo/demo.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/text.h"
#include "os/helper.h"
#include "os/memsize.h"
#include "os/readfile.h"
#include "pagestate/pagestate.h"

/*
 * ---- the actors: a parent and a child that do the actions of demo_case.h
 *
 * They are killed when gupinfo ends.
 */

#define PAGE_MAX (64 << 10) /* the largest base page */

struct order {
	u8 who, action; /* enum demo_who, demo_action */
};

struct reply {
	s64 ret;
	u64 addr, bytes;
	char read[4];
};

struct demo_actors {
	struct helper parent; /* the child is a helper of it */
	pid_t pid[DEMO_WHOS]; /* 0: not there */
	u64 addr, bytes;      /* the memory, once it is mapped */
	char read[5];         /* result of the last DEMO_READ: "old" or "new" */
};

/* State of an actor, which the child inherits. */
struct actor {
	enum demo_memory memory;
	u64 huge;
	char *mem;
	size_t bytes;
	int pipe[2];
	enum demo_who me;
	struct helper child; /* of the parent */
};

static void fill(char *at, const char word[4])
{
	for (size_t i = 0; i < memsize_page(); i += 4)
		memcpy(at + i, word, 4);
}

static s64 do_map(struct actor *a)
{
	size_t bytes = a->memory == DEMO_ORDER_0 ? memsize_page() : a->huge;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	char *mem;

	if (a->memory == DEMO_HUGETLB)
		flags |= MAP_HUGETLB;
	mem = mmap(NULL, a->memory == DEMO_THP ? 2 * bytes : bytes,
		   PROT_READ | PROT_WRITE, flags, -1, 0);
	if (mem == MAP_FAILED)
		return -errno;
	if (a->memory == DEMO_THP)
		mem = (char *)(((uintptr_t)mem + bytes - 1) / bytes * bytes);
	if (a->memory != DEMO_HUGETLB)
		madvise(mem, bytes,
			a->memory == DEMO_THP ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	a->mem = mem;
	a->bytes = bytes;
	for (size_t i = 0; i < bytes; i += memsize_page())
		fill(mem + i, "old ");
	return 0;
}

static s64 do_splice(struct actor *a)
{
	struct iovec iov = { .iov_base = a->mem, .iov_len = memsize_page() };

	if (pipe2(a->pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	ssize_t n = vmsplice(a->pipe[1], &iov, 1, 0);
	return n < 0 ? -errno : n;
}

static s64 do_read(struct actor *a, struct reply *r)
{
	char buf[PAGE_MAX];
	ssize_t n = read(a->pipe[0], buf, sizeof(buf));

	if (n < 0)
		return -errno;
	if (n >= 4)
		memcpy(r->read, buf, 4);
	return n;
}

static void serve(int sock, void *ctx);

static s64 do_fork(struct actor *a)
{
	int err;

	a->me = DEMO_CHILD; /* as the child is to find it */
	err = helper_start(&a->child, serve, a);
	a->me = DEMO_PARENT;
	return err ? err : a->child.pid;
}

static s64 act(struct actor *a, u8 action, struct reply *r)
{
	switch (action) {
	case DEMO_MAP:
		return do_map(a);
	case DEMO_FORK:
		return do_fork(a);
	case DEMO_SPLICE:
		return do_splice(a);
	case DEMO_UNMAP:
		return munmap(a->mem, a->bytes) < 0 ? -errno : 0;
	case DEMO_PROTECT:
		return mprotect(a->mem, a->bytes, PROT_READ) < 0 ||
				       mprotect(a->mem, a->bytes,
						PROT_READ | PROT_WRITE) < 0
			       ? -errno
			       : 0;
	case DEMO_STORE:
		fill(a->mem, "new ");
		return 0;
	case DEMO_READ:
		return do_read(a, r);
	default:
		return -EINVAL;
	}
}

/* Does what it is asked for, and passes on what the child is asked for, until gupinfo is gone. */
static void serve(int sock, void *ctx)
{
	struct actor *a = ctx;
	struct order o;

	while (read(sock, &o, sizeof(o)) == sizeof(o)) {
		struct reply r = { 0 };

		if (o.who == a->me) {
			r.ret = act(a, o.action, &r);
			r.addr = (u64)(uintptr_t)a->mem;
			r.bytes = a->bytes;
		} else if (helper_ask(&a->child, &o, sizeof(o), &r, sizeof(r), 0)) {
			r.ret = -EPIPE;
		}
		if (send(sock, &r, sizeof(r), MSG_NOSIGNAL) != sizeof(r))
			break;
	}
	if (a->me == DEMO_PARENT)
		helper_stop(&a->child, 0, 0);
}

static int demo_actor_start(struct demo_actors *a, enum demo_memory memory,
			    u64 huge_bytes)
{
	struct actor actor = { .memory = memory,
			       .huge = huge_bytes,
			       .me = DEMO_PARENT,
			       .child = { .sock = -1 } };
	int err;

	memset(a, 0, sizeof(*a));
	err = helper_start(&a->parent, serve, &actor);
	if (!err)
		a->pid[DEMO_PARENT] = a->parent.pid;
	return err;
}

/* Lets @who do @action.  Returns its result, or -errno; -EPIPE: the actor is dead. */
static s64 demo_actor_do(struct demo_actors *a, enum demo_who who,
			 enum demo_action action)
{
	struct order o = { .who = (u8)who, .action = (u8)action };
	struct reply r;

	if (helper_ask(&a->parent, &o, sizeof(o), &r, sizeof(r), 0))
		return -EPIPE;
	if (action == DEMO_MAP) {
		a->addr = r.addr;
		a->bytes = r.bytes;
	}
	if (action == DEMO_FORK && r.ret > 0)
		a->pid[DEMO_CHILD] = (pid_t)r.ret;
	if (action == DEMO_READ) {
		memcpy(a->read, r.read, 4);
		a->read[r.ret >= 4 && a->read[3] == ' ' ? 3 : 4] = '\0';
	}
	return r.ret;
}

static void demo_actor_stop(struct demo_actors *a)
{
	helper_stop(&a->parent, 1, a->pid[DEMO_CHILD]);
	memset(a->pid, 0, sizeof(a->pid));
}

/*
 * ---- the pool of huge pages of the default size: reads it and lends pages to it
 *
 * Pages that were added go back at demo_pool_restore(), or when gupinfo ends in any other way:
 * a helper process that the terminal cannot interrupt restores the old value.
 */

#define NR_HUGEPAGES "/proc/sys/vm/nr_hugepages"

struct demo_pool {
	u64 bytes;       /* of a huge page of the default size; 0: none */
	u64 total, free; /* pages; ->free without reserved ones */
	pid_t helper;
	int fd; /* held open as long as the pages are needed */
};

static void demo_pool_read(struct demo_pool *p)
{
	static const char path[] = "/proc/meminfo";
	u64 rest, reserved;

	p->bytes = memsize_hugetlb(0);
	p->total = p->free = 0;
	if (!p->bytes)
		return;
	p->total = readfile_field(AT_FDCWD, path, "HugePages_Total:", 10);
	rest = readfile_field(AT_FDCWD, path, "HugePages_Free:", 10);
	reserved = readfile_field(AT_FDCWD, path, "HugePages_Rsvd:", 10);
	p->free = rest > reserved ? rest - reserved : 0;
}

static int read_number(u64 *ret)
{
	*ret = readfile_number(AT_FDCWD, NR_HUGEPAGES);
	return *ret == UINT64_MAX ? -EIO : 0;
}

static int write_number(u64 n)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%llu\n", n);
	int fd = open(NR_HUGEPAGES, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	int r = write(fd, text, (size_t)len) == len ? 0 : -errno;
	close(fd);
	return r;
}

/* Takes @added pages out of the pool again, whatever others have changed meanwhile. */
static void give_back(u64 added)
{
	u64 now;

	if (!read_number(&now))
		write_number(now > added ? now - added : 0);
}

/* Sums up added pages until the other end of @fd closes, then returns them to the system. */
static void helper(int fd)
{
	int null = open("/dev/null", O_RDWR);
	s64 added = 0, more;
	sigset_t all;
	ssize_t n;

	setsid();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (int i = 0; i < 3 && null >= 0; i++)
		dup2(null, i);
	while ((n = read(fd, &more, sizeof(more))) > 0 || (n < 0 && errno == EINTR))
		if (n == sizeof(more))
			added += more;
	usleep(20000); /* the kernel is killing those who use the pages */
	if (added > 0)
		give_back((u64)added);
	_exit(0);
}

static int start_helper(struct demo_pool *p)
{
	int fds[2];

	if (p->helper)
		return 0;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid_t pid = fork();
	if (!pid) {
		close(fds[1]);
		helper(fds[0]);
	}
	close(fds[0]);
	if (pid < 0) {
		close(fds[1]);
		return -EAGAIN;
	}
	p->helper = pid;
	p->fd = fds[1];
	return 0;
}

static int tell_helper(struct demo_pool *p, s64 n)
{
	if (write(p->fd, &n, sizeof(n)) != sizeof(n))
		return -EPIPE;
	return 0;
}

/* Adds @n pages.  The helper learns of them first, in case this process dies next. */
static int add_pages(struct demo_pool *p, u64 n)
{
	u64 before, after;
	int r = read_number(&before);

	if (!r)
		r = tell_helper(p, (s64)n);
	if (r)
		return r;
	r = write_number(before + n);
	if (read_number(&after))
		after = before;
	u64 got = after > before ? MIN(after - before, n) : 0;
	if (got < n)
		tell_helper(p, (s64)got - (s64)n);
	return r ? r : got ? 0 : -ENOMEM;
}

/* Gives back what was added, and waits until it is done. */
static void demo_pool_restore(struct demo_pool *p)
{
	if (!p->helper)
		return;
	close(p->fd);
	while (waitpid(p->helper, NULL, 0) < 0 && errno == EINTR)
		;
	p->helper = 0;
}

/* Adds pages until @want are free.  Returns 0; -ENOMEM when the kernel finds no memory; -errno. */
static int demo_pool_reserve(struct demo_pool *p, u64 want)
{
	int r = start_helper(p);

	/* The pool first takes in pages that others hold beyond its size: try again. */
	for (unsigned i = 0; !r && p->free < want && i < 8; i++) {
		r = add_pages(p, want - p->free);
		demo_pool_read(p);
	}
	if (!r && p->free < want)
		r = -ENOMEM;
	if (r)
		demo_pool_restore(p);
	return r;
}

/* ---- the demo */

#define WANTED 2 /* huge pages: the shared one and its copy */

struct demo {
	const struct demo_options *opt;
	struct source *src;
	const struct demo_view *view;
	void *ctx;
	struct demo_pool pool;
	struct demo_actors actors;
	u64 thp_bytes;
};

/* ---- looking at the page */

static void look(struct demo *d, struct demo_sight sight[DEMO_WHOS])
{
	for (unsigned i = 0; i < DEMO_WHOS; i++) {
		struct demo_sight *s = &sight[i];

		*s = (struct demo_sight){ .pid = d->actors.pid[i] };
		s->has = s->pid && d->actors.addr &&
			 !collect_look(d->src, s->pid, d->actors.addr, d->opt->model,
				       false, &s->look) &&
			 s->look.page.kind != PAGE_NONE;
	}
}

/* ---- one case */

static PRINTF(2, 3) void skip(struct demo_result *r, const char *fmt, ...)
{
	TEXT_FORMAT(r->skipped, sizeof(r->skipped), fmt);
}

/* This machine has the memory; else r->skipped has the reason and the remedy. */
static bool available(struct demo *d, struct demo_result *r)
{
	char why[PAGESTATE_WHY];

	if (r->memory == DEMO_THP &&
	    (!d->thp_bytes || pagestate_need(PAGESTATE_NEED_THP, why)))
		skip(r,
		     "transparent huge pages are off; as root: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled");
	if (r->memory != DEMO_HUGETLB)
		return !r->skipped[0];
	demo_pool_read(&d->pool);
	if (!d->pool.bytes)
		skip(r, "this kernel has no hugetlb pages");
	else if (d->pool.free < WANTED && d->opt->reserve) {
		int err = demo_pool_reserve(&d->pool, WANTED);

		if (err)
			skip(r, "cannot add huge pages to the pool: %s",
			     err == -ENOMEM ? "no memory for them" : strerror(-err));
	} else if (d->pool.free < WANTED) {
		skip(r,
		     "needs %u free huge pages, %llu are free; as root: echo %llu > /proc/sys/vm/nr_hugepages, or gupinfo --demo --reserve-hugepages does that and puts the old value back",
		     WANTED, d->pool.free, d->pool.total + WANTED - d->pool.free);
	}
	return !r->skipped[0];
}

static int one_step(struct demo *d, struct demo_result *r, unsigned i)
{
	const struct demo_case *c = r->c;
	struct demo_step step = { .number = i + 1,
				  .who = c->step[i].who,
				  .action = c->step[i].action,
				  .predicted = TRI_UNKNOWN,
				  .observed = TRI_UNKNOWN };

	look(d, step.before);
	if (step.action == DEMO_STORE && step.before[step.who].has)
		r->predicted = step.before[step.who].look.verdicts.write.leak;
	step.ret = demo_actor_do(&d->actors, step.who, step.action);
	look(d, step.after);
	if (step.action == DEMO_READ && step.ret > 0)
		r->observed = !strcmp(d->actors.read, "new")   ? TRI_YES
			      : !strcmp(d->actors.read, "old") ? TRI_NO
							       : TRI_UNKNOWN;
	if (step.action == DEMO_STORE || step.action == DEMO_READ) {
		step.predicted = r->predicted;
		step.observed = r->observed;
	}
	if (step.ret < 0)
		skip(r, "step %u failed: %s", i + 1,
		     step.ret == -EPIPE ? "the process died" : strerror((int)-step.ret));
	const struct demo_sight *s = &step.after[step.who];
	if (step.action == DEMO_MAP && r->memory == DEMO_THP && s->has &&
	    s->look.page.leaf && s->look.page.leaf != RAW_LEVEL_PMD)
		skip(r, "the kernel had no huge page to give");
	return d->view->step ? d->view->step(d->ctx, &step, r->memory) : 0;
}

static int run_case(struct demo *d, const struct demo_case *c, u8 memory,
		    struct demo_result *r)
{
	u64 bytes;
	int err = 0;

	memset(r, 0, sizeof(*r));
	r->c = c;
	r->memory = memory;
	r->predicted = r->observed = TRI_UNKNOWN;
	bool may = available(d, r);
	bytes = memory == DEMO_ORDER_0 ? kernel_page_size(&d->src->machine->kernel)
		: memory == DEMO_THP   ? d->thp_bytes
				       : d->pool.bytes;
	if (d->view->start)
		err = d->view->start(d->ctx, c, memory, bytes);
	if (!err && may) {
		err = demo_actor_start(&d->actors, memory, bytes);
		for (unsigned i = 0; !err && !r->skipped[0] && i < DEMO_STEPS &&
				     c->step[i].action != DEMO_NOTHING;
		     i++)
			err = one_step(d, r, i);
		demo_actor_stop(&d->actors);
	}
	if (!err && d->view->result)
		err = d->view->result(d->ctx, r);
	return err;
}

/* ---- all of it */

/* Matches "hugetlb", "child", "hugetlb:child", or nothing: everything. */
static bool chosen(const char *name, const struct demo_case *c, u8 memory)
{
	const char *mem = demo_case_memory(memory);
	size_t n = strlen(mem);

	if (!name || !strcmp(name, mem) || !strcmp(name, c->name))
		return true;
	return !strncmp(name, mem, n) && name[n] == ':' && !strcmp(name + n + 1, c->name);
}

static int begin(struct demo *d)
{
	const struct source_machine *m = d->src->machine;
	struct report_head head = { .kernel = d->opt->model ? d->opt->model
							    : m->page.kernel,
				    .machine = m };

	d->thp_bytes = m->kernel.pmd_size ? m->kernel.pmd_size : 2 << 20;
	return d->view->begin ? d->view->begin(d->ctx, &head) : 0;
}

int demo_run(const struct demo_options *opt, struct source *src,
	     const struct demo_view *view, void *ctx, struct diag *diag,
	     unsigned *ret_wrong)
{
	struct demo_result result[DEMO_CASES * DEMO_MEMORIES];
	struct demo d = { .opt = opt, .src = src, .view = view, .ctx = ctx };
	unsigned n = 0, wrong = 0;
	bool known = false;
	int err;

	for (unsigned i = 0; i < DEMO_CASES * DEMO_MEMORIES; i++)
		known |= chosen(opt->name, &demo_case[i % DEMO_CASES], i / DEMO_CASES);
	if (!known) {
		diag_add(
			diag, DIAG_ERROR,
			"there is no demo '%.40s'; there are order-0, thp, hugetlb, child, child-mprotect, before-fork, after-fork, and both as in hugetlb:child",
			opt->name);
		return -EINVAL;
	}
	err = begin(&d);
	/* huge pages, which leak, come first */
	for (unsigned m = DEMO_MEMORIES; !err && m--;)
		for (unsigned c = 0; !err && c < DEMO_CASES; c++)
			if (chosen(opt->name, &demo_case[c], m))
				err = run_case(&d, &demo_case[c], m, &result[n++]);
	demo_pool_restore(&d.pool);
	for (unsigned i = 0; i < n; i++)
		wrong += !result[i].skipped[0] && result[i].predicted != TRI_UNKNOWN &&
			 result[i].observed != TRI_UNKNOWN &&
			 result[i].predicted != result[i].observed;
	if (!err && view->end)
		err = view->end(ctx, result, n);
	*ret_wrong = wrong;
	return err;
}
