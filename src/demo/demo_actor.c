/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "demo/demo_actor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096

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
	int sock[DEMO_WHOS];
};

static void fill(char *at, const char word[4])
{
	for (unsigned i = 0; i < PAGE; i += 4)
		memcpy(at + i, word, 4);
}

static s64 do_map(struct actor *a)
{
	size_t bytes = a->memory == DEMO_ORDER_0 ? PAGE : a->huge;
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
	for (size_t i = 0; i < bytes; i += PAGE)
		fill(mem + i, "old ");
	return 0;
}

static s64 do_splice(struct actor *a)
{
	struct iovec iov = { .iov_base = a->mem, .iov_len = PAGE };

	if (pipe2(a->pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	ssize_t n = vmsplice(a->pipe[1], &iov, 1, 0);
	return n < 0 ? -errno : n;
}

static s64 do_read(struct actor *a, struct reply *r)
{
	char buf[PAGE];
	ssize_t n = read(a->pipe[0], buf, sizeof(buf));

	if (n < 0)
		return -errno;
	if (n >= 4)
		memcpy(r->read, buf, 4);
	return n;
}

static s64 do_protect(struct actor *a)
{
	if (mprotect(a->mem, a->bytes, PROT_READ) < 0 ||
	    mprotect(a->mem, a->bytes, PROT_READ | PROT_WRITE) < 0)
		return -errno;
	return 0;
}

static void serve(struct actor *a, enum demo_who me);

static s64 do_fork(struct actor *a)
{
	pid_t me = getpid(), pid = fork();

	if (pid < 0)
		return -errno;
	close(a->sock[pid ? DEMO_CHILD : DEMO_PARENT]);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != me)
		_exit(1);
	serve(a, DEMO_CHILD);
	_exit(0);
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
		return do_protect(a);
	case DEMO_STORE:
		fill(a->mem, "new ");
		return 0;
	case DEMO_READ:
		return do_read(a, r);
	default:
		return -EINVAL;
	}
}

/* Does the actions that it receives until DEMO_QUIT, or until gupinfo is gone. */
static void serve(struct actor *a, enum demo_who me)
{
	u8 action;

	while (recv(a->sock[me], &action, 1, 0) == 1 && action != DEMO_QUIT) {
		struct reply r = { 0 };

		r.ret = act(a, action, &r);
		r.addr = (u64)(uintptr_t)a->mem;
		r.bytes = a->bytes;
		if (send(a->sock[me], &r, sizeof(r), MSG_NOSIGNAL) != sizeof(r))
			break;
	}
}

int demo_actor_start(struct demo_actors *a, enum demo_memory memory, u64 huge_bytes)
{
	pid_t me = getpid();
	int pair[2];

	memset(a, 0, sizeof(*a));
	for (unsigned i = 0; i < DEMO_WHOS; i++)
		a->sock[i] = a->remote[i] = -1;
	for (unsigned i = 0; i < DEMO_WHOS; i++) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
			int err = -errno;

			demo_actor_stop(a);
			return err;
		}
		a->sock[i] = pair[0];
		a->remote[i] = pair[1];
	}
	pid_t pid = fork();
	if (!pid) {
		struct actor actor = { .memory = memory,
				       .huge = huge_bytes,
				       .sock = { a->remote[0], a->remote[1] } };

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != me)
			_exit(1);
		close(a->sock[0]);
		close(a->sock[1]);
		serve(&actor, DEMO_PARENT);
		_exit(0);
	}
	if (pid < 0) {
		int err = -errno;

		demo_actor_stop(a);
		return err;
	}
	a->pid[DEMO_PARENT] = pid;
	/* Only the actors keep their ends open, so that gupinfo notices a dead one. */
	close(a->remote[DEMO_PARENT]);
	a->remote[DEMO_PARENT] = -1;
	return 0;
}

s64 demo_actor_do(struct demo_actors *a, enum demo_who who, enum demo_action action)
{
	struct reply r;
	u8 op = (u8)action;

	if (send(a->sock[who], &op, 1, MSG_NOSIGNAL) != 1)
		return -EPIPE;
	if (recv(a->sock[who], &r, sizeof(r), 0) != sizeof(r))
		return -EPIPE;
	if (action == DEMO_MAP) {
		a->addr = r.addr;
		a->bytes = r.bytes;
	}
	if (action == DEMO_FORK && r.ret > 0) {
		a->pid[DEMO_CHILD] = (pid_t)r.ret;
		close(a->remote[DEMO_CHILD]);
		a->remote[DEMO_CHILD] = -1;
	}
	if (action == DEMO_READ) {
		memcpy(a->read, r.read, 4);
		a->read[r.ret >= 4 && a->read[3] == ' ' ? 3 : 4] = '\0';
	}
	return r.ret;
}

/* Waits, at most a second, until process @fd has ended and its memory is free. */
static void await_end(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (fd < 0)
		return;
	while (poll(&p, 1, 1000) < 0 && errno == EINTR)
		;
	close(fd);
}

void demo_actor_stop(struct demo_actors *a)
{
	u8 quit = DEMO_QUIT;

	/* The child first: it is the parent's. */
	for (unsigned i = DEMO_WHOS; i-- > 0;)
		if (a->pid[i])
			(void)!send(a->sock[i], &quit, 1, MSG_NOSIGNAL);
	for (unsigned i = 0; i < DEMO_WHOS; i++) {
		if (a->sock[i] >= 0)
			close(a->sock[i]);
		if (a->remote[i] >= 0)
			close(a->remote[i]);
	}
	if (a->pid[DEMO_CHILD]) {
		int fd = (int)syscall(SYS_pidfd_open, a->pid[DEMO_CHILD], 0);

		kill(a->pid[DEMO_CHILD], SIGKILL);
		await_end(fd);
	}
	if (a->pid[DEMO_PARENT]) {
		kill(a->pid[DEMO_PARENT], SIGKILL);
		waitpid(a->pid[DEMO_PARENT], NULL, 0);
	}
	memset(a, 0, sizeof(*a));
	for (unsigned i = 0; i < DEMO_WHOS; i++)
		a->sock[i] = a->remote[i] = -1;
}
