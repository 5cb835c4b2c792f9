/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "demo/demo_actor.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "os/memsize.h"

#define PAGE_MAX (64 << 10) /* the largest base page */

struct order {
	u8 who, action; /* enum demo_who, demo_action */
};

struct reply {
	s64 ret;
	u64 addr, bytes;
	char read[4];
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

int demo_actor_start(struct demo_actors *a, enum demo_memory memory, u64 huge_bytes)
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

s64 demo_actor_do(struct demo_actors *a, enum demo_who who, enum demo_action action)
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

void demo_actor_stop(struct demo_actors *a)
{
	helper_stop(&a->parent, 1, a->pid[DEMO_CHILD]);
	memset(a->pid, 0, sizeof(a->pid));
}
