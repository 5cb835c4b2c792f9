/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pagestate/gupcall.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/mempolicy.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "os/readfile.h"
#include "pagestate/pagestate_int.h"
#include "pagestate/pagestate_child.h"
#include "pagestate/pagestate_ref.h"

/*
 * One call.  It runs twice: dry, with harmless system calls and with @scratch instead of the
 * page, so that faults on text, stack and buffers are over when the real one is measured.
 */
struct act {
	struct pagestate *s;
	const struct gupcall_env *env;
	long arg;
	bool dry;
	char *page; /* the page, or scratch when dry */
	size_t len; /* bytes of a base page */
	int pipe[2], ring;
};

/* Returns -errno when it failed; -EIO without a reason. */
typedef int gupcall_fn(struct act *a);

/* gup_test's interface (mm/gup_test.h); FOLL_WRITE is 1 in every version. */
struct gupcall_gup_test_arg {
	u64 get_delta_usec, put_delta_usec, addr, size;
	u32 nr_pages_per_call, gup_flags, test_flags, which_pages[8];
};
struct gupcall_gup_kept_arg {
	u64 addr, size;
	u32 flags;
};
#define GUPCALL_GUP_TEST(nr) _IOWR('g', nr, struct gupcall_gup_test_arg)
#define GUPCALL_GUP_KEPT_START _IOW('g', 7, struct gupcall_gup_kept_arg)
#define GUPCALL_GUP_KEPT_STOP _IO('g', 8)

static long gupcall_call(const struct act *a, long nr, long p0, long p1, long p2, long p3,
			 long p4, long p5)
{
	long r = syscall(a->dry ? SYS_getppid : nr, p0, p1, p2, p3, p4, p5);

	return a->dry ? 0 : r < 0 ? -errno : r;
}

static int gupcall_vmsplice(struct act *a)
{
	struct iovec iov = { .iov_base = a->page, .iov_len = a->len };

	return (int)gupcall_call(a, SYS_vmsplice, a->pipe[1], (long)&iov, 1, 0, 0, 0);
}

static int gupcall_dio(struct act *a)
{
	long r = gupcall_call(a, a->arg ? SYS_pwrite64 : SYS_pread64, a->env->dio,
			      (long)a->page, (long)a->len, 0, 0, 0);

	/* When GUP fails, iomap_dio_rw() of 6.15 and 6.16 reads nothing and returns no error. */
	if (!a->dry && r >= 0 && r < (long)a->len)
		return -EIO;
	return (int)r;
}

static int gupcall_process_vm(struct act *a)
{
	static char buf[64];
	struct iovec mine = { .iov_base = buf, .iov_len = sizeof(buf) },
		     theirs = { .iov_base = a->page, .iov_len = sizeof(buf) };

	buf[0] = PAGESTATE_BYTE_STORE;
	return (int)gupcall_call(a, a->arg ? SYS_process_vm_writev : SYS_process_vm_readv,
				 getpid(), (long)&mine, 1, (long)&theirs, 1, 0);
}

static int gupcall_uring(struct act *a)
{
	struct iovec iov = { .iov_base = a->page, .iov_len = a->len };

	return (int)gupcall_call(a, SYS_io_uring_register, a->ring,
				 IORING_REGISTER_BUFFERS, (long)&iov, 1, 0, 0);
}

static int gupcall_gup_test(struct act *a)
{
	struct gupcall_gup_test_arg g = { .addr = (uintptr_t)a->page,
					  .size = a->len,
					  .nr_pages_per_call = 1,
					  .gup_flags = a->arg & 16 ? 1 : 0 };
	long r = gupcall_call(a, SYS_ioctl, a->env->gup_test,
			      (long)GUPCALL_GUP_TEST(a->arg & 15), (long)&g, 0, 0, 0);

	if (r < 0)
		return (int)r;
	/* gup_test also succeeds for fewer pages: only the size shows it. */
	return a->dry || g.size == a->len ? 0 : -EIO;
}

static int gupcall_gup_kept(struct act *a)
{
	struct gupcall_gup_kept_arg g = { .addr = (uintptr_t)a->page,
					  .size = a->len,
					  .flags = (u32)a->arg };

	return (int)gupcall_call(a, SYS_ioctl, a->env->gup_test,
				 (long)GUPCALL_GUP_KEPT_START, (long)&g, 0, 0, 0);
}

static int gupcall_store(struct act *a)
{
	return pagestate_access_store(a->page, 1, 1, PAGESTATE_BYTE_STORE);
}

static int gupcall_fork(struct act *a)
{
	return a->dry ? 0 : pagestate_child_fork(a->s);
}

/* A page that was tried and stayed has no status: the call returns how many there are. */
static int gupcall_move(struct act *a)
{
	int status = -1, node;
	void *page = a->page;
	long r;

	gupcall_call(a, SYS_move_pages, 0, 1, (long)&page, 0, (long)&status, 0);
	node = !status;
	r = gupcall_call(a, SYS_move_pages, 0, 1, (long)&page, (long)&node, (long)&status,
			 MPOL_MF_MOVE_ALL);
	return r < 0 ? (int)r : r > 0 ? -EAGAIN : status < 0 ? status : 0;
}

/* --- the table */

static const struct {
	struct gupcall_row row;
	gupcall_fn *run;
	long arg;
} gupcall_rows[GUPCALLS] = {
#define GUPCALL(id, name_, what_, entry_, kyes_, kno_, run_, arg_, text_) \
	[GUPCALL_DO_##id] = { .row = { .name = name_,                     \
				       .text = text_,                     \
				       .what = what_,                     \
				       .entry = GUPCALL_##entry_,         \
				       .kyes = kyes_,                     \
				       .kno = kno_ },                     \
			      .run = run_,                                \
			      .arg = arg_ },
#include "pagestate/gupcall.def"
};

const struct gupcall_row *gupcall_row(enum gupcall_id id)
{
	return &gupcall_rows[id].row;
}

/* --- the environment */

/*
 * Counts entries of slow GUP on one CPU.  perf's kprobe PMU leaves nothing behind.  A counter
 * that processes inherit would make every fork wait for another kprobe.
 */
static int gupcall_open_slow(int cpu, char *why)
{
	static const char function[] = "__get_user_pages";
	struct perf_event_attr attr = { .size = sizeof(attr) };
	u64 type = readfile_number(AT_FDCWD, "/sys/bus/event_source/devices/kprobe/type");
	int fd;

	if (type == UINT64_MAX) {
		snprintf(why, PAGESTATE_WHY, "this kernel has no kprobes");
		return -1;
	}
	attr.type = (u32)type;
	attr.config1 = (uintptr_t)function;
	fd = (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, 8UL /* CLOEXEC */);
	if (fd < 0)
		snprintf(why, PAGESTATE_WHY, "kprobe on %s: %m", function);
	return fd;
}

static int gupcall_open_dio(char *why)
{
	size_t page = pagestate_size(PAGESTATE_SIZE_BASE);
	void *block = NULL;
	int fd = pagestate_disk_file(O_DIRECT);

	if (fd < 0) {
		snprintf(why, PAGESTATE_WHY,
			 "no directory whose file system does direct I/O");
		return -1;
	}
	if (posix_memalign(&block, page, page)) {
		close(fd);
		return -1;
	}
	memset(block, PAGESTATE_BYTE_STORE, page);
	if (pwrite(fd, block, page, 0) != (ssize_t)page) {
		snprintf(why, PAGESTATE_WHY, "direct I/O: %m");
		close(fd);
		fd = -1;
	}
	free(block);
	return fd;
}

void gupcall_env_open(struct gupcall_env *env)
{
	*env = (struct gupcall_env){ .gup_test = -1 };
	env->dio = gupcall_open_dio(env->no_dio);
	env->cpu = sched_getcpu();
	env->slow = gupcall_open_slow(env->cpu, env->no_slow);
	env->gup_test = open("/sys/kernel/debug/gup_test", O_RDWR | O_CLOEXEC);
	if (env->gup_test < 0)
		snprintf(env->no_gup_test, PAGESTATE_WHY, "no gup_test in debugfs: %m");
	env->gup_kept =
		env->gup_test >= 0 && !ioctl(env->gup_test, GUPCALL_GUP_KEPT_STOP);
}

void gupcall_env_close(struct gupcall_env *env)
{
	int *fd[] = { &env->dio, &env->slow, &env->gup_test };

	for (size_t i = 0; i < ARRAY_SIZE(fd); i++)
		if (*fd[i] >= 0)
			close(*fd[i]), *fd[i] = -1;
}

void gupcall_finish(const struct gupcall_env *env)
{
	if (env->gup_kept)
		ioctl(env->gup_test, GUPCALL_GUP_KEPT_STOP);
}

/*
 * Empties this CPU's TLB of our entries.  The kernel does not flush when an entry becomes
 * writable, so a store through a stale entry takes a spurious fault, which no rule can predict.
 */
static void gupcall_flush_tlb(void)
{
	static char *many; /* more pages than x86 flushes one by one */
	size_t page = pagestate_size(PAGESTATE_SIZE_BASE), len = 64 * page;

	if (!many) {
		/*
		 * Shared: a forked process needs no new pages, which would pass through the LRU
		 * batches on which the call may depend.
		 */
		many = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);
		if (many == MAP_FAILED) {
			many = NULL;
			return;
		}
	}
	pagestate_store(many, len, page, 1);
	mprotect(many, len, PROT_READ);
	mprotect(many, len, PROT_READ | PROT_WRITE);
}

void gupcall_env_enter(const struct gupcall_env *env)
{
	cpu_set_t set;

	gupcall_flush_tlb(); /* before there is a state to disturb */
	if (env->slow < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET(env->cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static u64 gupcall_slow_count(const struct gupcall_env *env)
{
	u64 n = 0;

	if (env->slow < 0 || read(env->slow, &n, sizeof(n)) != sizeof(n))
		return 0;
	return n;
}

int gupcall_available(enum gupcall_id id, const struct kernel *k,
		      const struct gupcall_env *env, char *why)
{
	const struct gupcall_row *r = &gupcall_rows[id].row;
	gupcall_fn *run = gupcall_rows[id].run;

	if ((k->value & r->kyes) != r->kyes || k->value & r->kno)
		snprintf(why, PAGESTATE_WHY, "another kernel's way to do it");
	else if (run == gupcall_dio && env->dio < 0)
		snprintf(why, PAGESTATE_WHY, "%s", env->no_dio);
	else if ((run == gupcall_gup_test || run == gupcall_gup_kept) &&
		 env->gup_test < 0)
		snprintf(why, PAGESTATE_WHY, "%s", env->no_gup_test);
	else if (run == gupcall_gup_kept && !env->gup_kept)
		snprintf(why, PAGESTATE_WHY, "gup_test of this kernel keeps no pins");
	else if (run == gupcall_move && access("/sys/devices/system/node/node1", F_OK))
		snprintf(why, PAGESTATE_WHY, "this machine has one NUMA node only");
	else if (run == gupcall_gup_test && (gupcall_rows[id].arg & 15) == 3 &&
		 env->gup_kept)
		snprintf(why, PAGESTATE_WHY, "gup_test has a better way");
	else
		return 0;
	return -EOPNOTSUPP;
}

bool gupcall_may_wait(enum gupcall_id id)
{
	gupcall_fn *run = gupcall_rows[id].run;

	return run != gupcall_gup_test && run != gupcall_gup_kept && run != gupcall_uring;
}

bool gupcall_warns(enum gupcall_id id, bool may_be_zero)
{
	long nr = gupcall_rows[id].arg & 15;

	return may_be_zero && gupcall_rows[id].run == gupcall_gup_test &&
	       !(gupcall_rows[id].arg & 16) && (nr == 2 || nr == 3 || nr == 5);
}

/* --- doing it */

static int gupcall_prepare(struct act *a, gupcall_fn *run, struct gupcall_result *ret)
{
	struct io_uring_params params = { 0 };

	if (run == gupcall_vmsplice && pipe2(a->pipe, O_CLOEXEC)) {
		snprintf(ret->why, PAGESTATE_WHY, "pipe: %m");
		return -errno;
	}
	if (run == gupcall_uring) {
		a->ring = (int)syscall(SYS_io_uring_setup, 1, &params);
		if (a->ring < 0) {
			snprintf(ret->why, PAGESTATE_WHY, "io_uring: %m");
			return -EOPNOTSUPP;
		}
	}
	return 0;
}

static u64 gupcall_faults(void)
{
	static struct rusage r;

	syscall(SYS_getrusage, RUSAGE_SELF, &r);
	return (u64)(r.ru_minflt + r.ru_majflt);
}

/*
 * @ref reads a store to the page; TRI_UNKNOWN when it refers to something else.  The unit is
 * the leaf, as in predictions: a reference to another part of a huge page counts.
 */
static enum tri gupcall_ref_sees(const struct pagestate *s, u64 leaf, bool kept,
				 const struct pagestate_ref *ref)
{
	u64 pfn = pagestate_pagemap(ref->page) & (BIT(55) - 1);
	bool in_place = ref->pfn && ref->pfn == pfn;
	int byte;

	if (ref->page != s->page) {
		bool near = ((uintptr_t)ref->page ^ (uintptr_t)s->page) / leaf == 0;

		/* A store to a copy of one small page leaves all other pages alone. */
		if (near && !kept)
			return TRI_NO;
		return near && in_place ? TRI_YES : TRI_UNKNOWN;
	}
	byte = pagestate_ref_byte(ref);
	if (byte == -EOPNOTSUPP && ref->pfn) /* a pin: compare the page */
		return in_place ? TRI_YES : TRI_NO;
	return byte < 0 ? TRI_UNKNOWN : byte == PAGESTATE_BYTE_STORE ? TRI_YES : TRI_NO;
}

static enum tri gupcall_refs_see(const struct pagestate *s, u64 leaf, bool kept)
{
	enum tri seen = TRI_UNKNOWN;

	for (unsigned i = 0; i < s->nrefs; i++) {
		enum tri one = gupcall_ref_sees(s, leaf, kept, &s->ref[i]);

		if (one == TRI_YES)
			return TRI_YES;
		if (one == TRI_NO)
			seen = TRI_NO;
	}
	return seen;
}

static void gupcall_look_at_child(struct pagestate *s, struct gupcall_result *ret)
{
	struct pagestate_child_order o = { .what = PAGESTATE_CHILD_PFN, .addr = s->page };
	size_t page = pagestate_size(PAGESTATE_SIZE_BASE);
	unsigned char core;

	if (ret->err)
		return;
	pagestate_child_ask(s, &o, &ret->child_first, NULL);
	o.what = PAGESTATE_CHILD_LOAD_PFN;
	ret->child_err = pagestate_child_ask(s, &o, &ret->child, &ret->child_byte);
	pagestate_access_load(s->page, 1, 1, &ret->byte);
	/* The vsyscall page is in nobody's mappings. */
	if (ret->child_err == -ENOMEM &&
	    mincore(s->page - (uintptr_t)s->page % page, page, &core))
		ret->child_err = -EFAULT;
}

int gupcall_run(struct pagestate *s, enum gupcall_id id, u64 leaf,
		const struct gupcall_env *env, struct gupcall_result *ret)
{
	static char scratch[64 << 10] __attribute__((aligned(64 << 10))); /* any page */
	struct act a = { .s = s,
			 .env = env,
			 .arg = gupcall_rows[id].arg,
			 .len = pagestate_size(PAGESTATE_SIZE_BASE),
			 .pipe = { -1, -1 } };
	const struct gupcall_row *row = &gupcall_rows[id].row;
	u64 faults = 0, slow = 0;
	int err;

	*ret = (struct gupcall_result){ .slow = TRI_UNKNOWN, .refs = TRI_UNKNOWN };
	err = gupcall_prepare(&a, gupcall_rows[id].run, ret);
	if (err)
		return err;
	scratch[0] = 1;
	for (int pass = 0; pass < 2; pass++) {
		a.dry = pass == 0;
		a.page = a.dry ? scratch : s->page;
		gupcall_flush_tlb();
		errno = 0; /* its page is shared after fork */
		ret->before = pagestate_pagemap(s->page);
		slow = gupcall_slow_count(env);
		faults = gupcall_faults();
		err = gupcall_rows[id].run(&a);
		faults = gupcall_faults() - faults;
		slow = gupcall_slow_count(env) - slow;
		ret->after = pagestate_pagemap(s->page);
	}
	ret->err = MIN(err, 0);
	ret->faults = faults;
	ret->errno_is_gup = ret->err && ret->err != -EIO &&
			    gupcall_rows[id].run != gupcall_process_vm;
	if (env->slow >= 0 && row->what < GUP_REQUESTS)
		ret->slow = slow ? TRI_YES : TRI_NO;
	if (row->what == GUP_STORE && !ret->err)
		ret->refs =
			gupcall_refs_see(s, leaf,
					 !((ret->before ^ ret->after) & (BIT(55) - 1)));
	if (row->what == GUP_FORK)
		gupcall_look_at_child(s, ret);
	return 0;
}
