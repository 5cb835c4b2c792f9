/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the calls of tracer.def mean: event, arguments, and which bytes of whom they touch. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "trace/trace_int.h"
#include "trace/tracer_int.h"
#include "event/watch_record.h"

enum range_kind {
	RANGE_NONE,
	RANGE_WHOLE,  /* every page of the process */
	RANGE_SPAN,   /* args[0], args[1] bytes */
	RANGE_MMAP,   /* MAP_FIXED: the place; populated: the result */
	RANGE_MREMAP, /* old place; new place */
	RANGE_BUFFER, /* args[1], args[2] bytes, if args[0] is O_DIRECT */
	RANGE_VECTOR, /* struct iovec args[1][args[2]], likewise */
	RANGE_SPLICE, /* struct iovec args[1][args[2]] */
	RANGE_REMOTE, /* struct iovec args[3][args[4]] of process args[0] */
	RANGE_PIDFD,  /* struct iovec args[1][args[2]] of pidfd args[0] */
	RANGE_URING,  /* io_uring_register */
};

/* How an argument is shown. */
enum arg_kind {
	ARG_INT, /* 32 bits: descriptors, process IDs */
	ARG_NUM,
	ARG_HEX,
	ARG_PROT, /* from here on as text */
	ARG_MAP,
	ARG_ADVICE,
	ARG_URING,
	ARG_STRING,
};

static const struct call_row {
	u8 event, range; /* enum event_kind, enum range_kind */
	bool watches;
	struct {
		const char *name;
		u8 as; /* enum arg_kind */
	} arg[6];
} rows[TRACER_CALLS] = {
#define A(name_, as_)                           \
	{                                       \
		.name = #name_, .as = ARG_##as_ \
	}
#define TRACE_CALL(id, kind, bytes, watched, ...) \
	[TRACER_##id] = { EVENT_##kind, RANGE_##bytes, watched, { __VA_ARGS__ } },
#include "trace/trace_call.def"
#undef TRACE_CALL
#undef A
};

/* ---- reading the caller's memory */

/*
 * Reads memory of the caller, of what was seen of one that runs the copy that the kernel made.  Returns
 * the bytes read, fewer than @len before an unmapped page, or -errno.
 */
static ssize_t peek(const struct tracer_stop *stop, u64 addr, void *buf, size_t len)
{
	const struct watch_record *seen = stop->seen;
	struct iovec here = { .iov_base = buf, .iov_len = len };
	struct iovec there = { .iov_base = (void *)(uintptr_t)addr, .iov_len = len };
	ssize_t n;

	if (seen && addr >= seen->vec_addr &&
	    addr + len <= seen->vec_addr + 16ULL * seen->nvec) {
		memcpy(buf, (const char *)seen->vec + (addr - seen->vec_addr), len);
		return (ssize_t)len;
	}
	n = process_vm_readv(stop->pid, &here, 1, &there, 1, 0);
	return n < 0 ? -errno : n;
}

static void peek_string(const struct tracer_stop *stop, u64 addr, char *buf, size_t len)
{
	size_t n = 0;

	while (n < len - 1) {
		size_t step = MIN(len - 1 - n,
				  KERNEL_PAGE_LEAST - (addr + n) % KERNEL_PAGE_LEAST);
		ssize_t r = peek(stop, addr + n, buf + n, step);

		if (r <= 0)
			break;
		if (memchr(buf + n, '\0', (size_t)r))
			return;
		n += (size_t)r;
	}
	buf[n] = '\0';
}

/* ---- arguments in words */

static void text_mmap_flags(u64 flags, char *buf, size_t len)
{
	static const struct {
		u64 bit;
		const char *name;
	} names[] = {
		{ MAP_SHARED, "shared" },       { MAP_PRIVATE, "private" },
		{ MAP_FIXED, "fixed" },         { MAP_ANONYMOUS, "anonymous" },
		{ MAP_HUGETLB, "hugetlb" },     { MAP_POPULATE, "populate" },
		{ MAP_LOCKED, "locked" },       { MAP_STACK, "stack" },
		{ MAP_NORESERVE, "noreserve" }, { MAP_GROWSDOWN, "growsdown" },
	};
	size_t n = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < ARRAY_SIZE(names) && n < len; i++)
		if (flags & names[i].bit)
			n += (size_t)snprintf(buf + n, len - n, "%s%s", n ? "," : "",
					      names[i].name);
}

static const char *const advices[] = {
#define MADVISE(id, nr, name) [nr] = name,
#include "event/madvise.def"
#undef MADVISE
};

static void text_named(u64 value, const char *const *names, size_t n, char *buf,
		       size_t len)
{
	if (value < n && names[value])
		snprintf(buf, len, "%s", names[value]);
	else
		snprintf(buf, len, "%llu", value);
}

enum {
#define URING(id, nr, name) URING_##id = nr,
#define URING_LATER URING
#include "trace/uring.def"
#undef URING
};

#define URING_USE_REGISTERED_RING BIT(31)

static const char *const uring_ops[] = {
#define URING(id, nr, name) [nr] = name,
#include "trace/uring.def"
#undef URING
#undef URING_LATER
};

static struct event_arg *add_arg(struct event *e, const char *name, u8 kind)
{
	struct event_arg *a =
		&e->arg[e->nargs < EVENT_ARGS ? e->nargs++ : EVENT_ARGS - 1];

	memset(a, 0, sizeof(*a));
	a->name = name;
	a->kind = kind;
	return a;
}

static void show_args(const struct tracer_stop *stop, const struct call_row *row,
		      struct event *e)
{
	for (unsigned i = 0; i < 6 && row->arg[i].name; i++) {
		u8 as = row->arg[i].as;
		u64 v = stop->args[i];
		struct event_arg *a = add_arg(e, row->arg[i].name,
					      as < ARG_HEX    ? EVENT_ARG_NUM
					      : as == ARG_HEX ? EVENT_ARG_HEX
							      : EVENT_ARG_TEXT);

		a->num = as == ARG_INT ? (s32)v : (s64)v;
		if (as == ARG_PROT)
			snprintf(a->text, sizeof(a->text), "%c%c%c",
				 v & PROT_READ ? 'r' : '-', v & PROT_WRITE ? 'w' : '-',
				 v & PROT_EXEC ? 'x' : '-');
		if (as == ARG_MAP)
			text_mmap_flags(v, a->text, sizeof(a->text));
		if (as == ARG_ADVICE)
			text_named(v, advices, ARRAY_SIZE(advices), a->text,
				   sizeof(a->text));
		if (as == ARG_URING)
			text_named(v & ~URING_USE_REGISTERED_RING, uring_ops,
				   ARRAY_SIZE(uring_ops), a->text, sizeof(a->text));
		if (as == ARG_STRING)
			peek_string(stop, v, a->text, sizeof(a->text));
	}
}

/* ---- ranges */

/*
 * Adds @len bytes at @start, an argument of a call.  munmap(), mprotect(), madvise(), the old address of
 * mremap() and gup.c ignore a tag by untagged_addr(); mmap() and the new address of mremap() do not since
 * 5.6 (commit dcde237319e6), and fail.
 */
static void add_range(struct trace_call *c, pid_t pid, u64 start, u64 len)
{
	u64 first, end;

	start = arch_untagged(c->arch, start);
	first = ROUND_DOWN(start, KERNEL_PAGE_LEAST);
	if (!len || __builtin_add_overflow(start, len, &end) ||
	    end > UINT64_MAX - KERNEL_PAGE_LEAST)
		return;
	end = ROUND_UP(end, KERNEL_PAGE_LEAST);
	for (unsigned i = 0; i < c->nranges; i++) {
		struct event_range *r = &c->range[i];

		if (r->pid == pid && first <= r->end && end >= r->start) {
			r->start = MIN(r->start, first);
			r->end = MAX(r->end, end);
			return;
		}
	}
	if (c->nranges == TRACE_RANGES) {
		c->dropped = true;
		return;
	}
	c->range[c->nranges++] =
		(struct event_range){ .pid = pid, .start = first, .end = end };
}

/* Adds at most @limit bytes of the @n iovecs at @addr of the caller; they point into @owner. */
static void add_vector(struct trace_call *c, const struct tracer_stop *stop, u64 addr,
		       u64 n, pid_t owner, u64 limit)
{
	union {
		u64 wide[2 * 64];
		u32 narrow[2 * 64];
	} iov;
	bool compat = stop->compat;
	size_t each = compat ? 8 : 16;

	for (u64 done = 0; done < MIN(n, 1024) && limit;) {
		u64 step = MIN(n - done, 64);

		if (peek(stop, addr + done * each, &iov, step * each) !=
		    (ssize_t)(step * each))
			return;
		for (u64 i = 0; i < step && limit; i++) {
			u64 base = compat ? iov.narrow[2 * i] : iov.wide[2 * i];
			u64 len = compat ? iov.narrow[2 * i + 1] : iov.wide[2 * i + 1];

			add_range(c, owner, base, MIN(len, limit));
			limit -= MIN(len, limit);
		}
		done += step;
	}
}

/* Returns the number behind @key in what the kernel shows of a descriptor; UINT64_MAX: none. */
static u64 fd_number(pid_t pid, u64 fd, const char *key, int base)
{
	char file[32];

	snprintf(file, sizeof(file), "fdinfo/%d", (int)fd);
	return tracer_task_field(pid, file, key, base);
}

/* Returns the O_* flags of a descriptor; UINT64_MAX: it has none. */
static u64 fd_flags(pid_t pid, u64 fd)
{
	return fd_number(pid, fd, "\nflags:", 8);
}

/* Returns the process that @pid means to @caller, 0 when their PID namespaces differ. */
static pid_t pid_of(pid_t caller, pid_t pid)
{
	char path[64], ours[64], theirs[64];
	ssize_t a, b;

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", caller);
	a = readlink("/proc/self/ns/pid", ours, sizeof(ours));
	b = readlink(path, theirs, sizeof(theirs));
	return a > 0 && a == b && !memcmp(ours, theirs, (size_t)a) ? pid : 0;
}

/* Adds the buffers that io_uring_register names; unregistering takes those registered before. */
static void uring_ranges(struct trace *t, const struct tracer_stop *stop,
			 struct trace_call *c)
{
	u64 op = stop->args[1] & ~URING_USE_REGISTERED_RING, arg = stop->args[2];
	u64 w[5];

	if (op == URING_REGISTER_BUFFERS) {
		add_vector(c, stop, arg, stop->args[3], stop->pid, UINT64_MAX);
	} else if (op == URING_REGISTER_BUFFERS2 && peek(stop, arg, w, 32) == 32) {
		/* struct io_uring_rsrc_register: nr, flags, resv2, data, tags */
		add_vector(c, stop, w[2], (u32)w[0], stop->pid, UINT64_MAX);
	} else if (op == URING_REGISTER_BUFFERS_UPDATE && peek(stop, arg, w, 32) == 32) {
		/* struct io_uring_rsrc_update2: offset, resv, data, tags, nr, resv2 */
		add_vector(c, stop, w[1], (u32)w[3], stop->pid, UINT64_MAX);
	} else if (op == URING_UNREGISTER_BUFFERS) {
		struct trace_process *p = trace_state_find(t, stop->pid);

		for (unsigned i = 0; p && i < p->nwatched; i++)
			add_range(c, stop->pid, p->watched[i].start,
				  p->watched[i].end - p->watched[i].start);
	}
	c->watches = op == URING_REGISTER_BUFFERS || op == URING_REGISTER_BUFFERS2 ||
		     op == URING_REGISTER_BUFFERS_UPDATE;
}

static void remote_ranges(const struct tracer_stop *stop, bool pidfd,
			  struct trace_call *c, u64 limit)
{
	const u64 *a = stop->args;
	u64 pid = pidfd ? fd_number(stop->pid, a[0], "\nPid:", 10)
			: (u64)pid_of(stop->pid, (pid_t)a[0]);

	if (!pid || pid > INT32_MAX)
		c->event.incomplete = "the target is numbered in another PID namespace";
	else
		add_vector(c, stop, a[pidfd ? 1 : 3], a[pidfd ? 2 : 4], (pid_t)pid,
			   limit);
}

/* The call makes a thread, or a child in the same address space: no page changes its owner. */
static bool makes_thread(const struct tracer_stop *stop)
{
	u64 flags = 0;

	if (stop->call == TRACER_CLONE)
		flags = stop->args[0];
	else if (stop->call == TRACER_CLONE3 &&
		 peek(stop, stop->args[0], &flags, sizeof(flags)) != sizeof(flags))
		flags = 0;
	return flags & CLONE_VM;
}

/*
 * Adds the ranges of the call; @ret NULL: those that are known before it, as if it would do all.  What
 * a call that has returned did not do it did not touch.
 */
static void add_ranges(struct trace *t, const struct tracer_stop *stop, u8 range,
		       struct trace_call *c, const s64 *ret)
{
	const u64 *a = stop->args;
	u64 limit = ret ? (u64)*ret : UINT64_MAX;

	switch (range) {
	case RANGE_SPAN:
		add_range(c, stop->pid, a[0], a[1]);
		break;
	case RANGE_MREMAP:
		if (ret)
			add_range(c, stop->pid, limit, a[2]);
		else
			add_range(c, stop->pid, a[0], a[1]);
		if (!ret && a[3] & MREMAP_FIXED)
			add_range(c, stop->pid, a[4], a[2]);
		break;
	case RANGE_MMAP:
		if (ret || a[3] & MAP_FIXED)
			add_range(c, stop->pid, ret ? limit : a[0], a[1]);
		break;
	case RANGE_BUFFER:
		c->nranges = 0;
		add_range(c, stop->pid, a[1], MIN(a[2], limit));
		break;
	case RANGE_VECTOR:
	case RANGE_SPLICE:
		c->nranges = 0;
		add_vector(c, stop, a[1], a[2], stop->pid, limit);
		break;
	case RANGE_REMOTE:
		c->nranges = 0;
		remote_ranges(stop, false, c, limit);
		break;
	case RANGE_PIDFD:
		if (!ret)
			remote_ranges(stop, true, c, limit);
		break;
	case RANGE_URING:
		if (!ret)
			uring_ranges(t, stop, c);
		break;
	}
}

bool trace_call_entry(struct trace *t, const struct tracer_stop *stop,
		      struct trace_call *c)
{
	const struct call_row *row = &rows[stop->call];
	u64 flags;

	memset(c, 0, sizeof(*c));
	c->tid = stop->tid;
	c->arch = t->src->machine->kernel.arch;
	c->watches = row->watches;
	c->event.kind = row->event;
	c->event.pid = stop->pid;
	c->event.tid = stop->tid;
	if (strcmp(tracer_task_calls[stop->call].name, event_kinds[row->event].word))
		snprintf(c->event.call, sizeof(c->event.call), "%s",
			 tracer_task_calls[stop->call].name);
	show_args(stop, row, &c->event);
	c->whole = row->range == RANGE_WHOLE;
	c->no_pages = c->whole                   ? makes_thread(stop)
		      : row->range == RANGE_MMAP ? !(stop->args[3] & TRACER_MMAP_PAGES)
						 : row->range == RANGE_NONE;
	if (row->range == RANGE_BUFFER || row->range == RANGE_VECTOR) {
		flags = fd_flags(stop->pid, stop->args[0]);
		if (flags == UINT64_MAX || !(flags & O_DIRECT))
			return false;
	}
	if (row->range == RANGE_SPLICE) {
		flags = fd_flags(stop->pid, stop->args[0]);
		if (flags != UINT64_MAX && (flags & O_ACCMODE) == O_RDONLY) {
			/* from a pipe into memory: bytes are copied, no reference is taken */
			struct event_arg *a =
				add_arg(&c->event, "direction", EVENT_ARG_TEXT);

			snprintf(a->text, sizeof(a->text), "from-pipe");
			c->watches = false;
		}
	}
	add_ranges(t, stop, row->range, c, NULL);
	return true;
}

void trace_call_return(struct trace *t, const struct tracer_stop *stop,
		       struct trace_call *c)
{
	c->event.has_ret = true;
	c->event.ret = stop->ret;
	if (stop->ret >= 0 && !c->no_pages)
		add_ranges(t, stop, rows[stop->call].range, c, &stop->ret);
}
