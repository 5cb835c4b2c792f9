/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pagestate/stage_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pagestate/stage_access.h"

struct stage_child_reply {
	s64 err;
	u64 value;
	u8 byte;
};

static void *stage_child_page(char *addr)
{
	return addr - (uintptr_t)addr % 4096;
}

static void stage_child_obey(const struct stage_child_order *o,
			     struct stage_child_reply *r)
{
	struct iovec iov = { .iov_base = o->addr, .iov_len = 4096 };
	unsigned char core;

	switch (o->what) {
	case STAGE_CHILD_STORE:
		r->err = stage_access_store(o->addr, o->len, o->step, 0x55);
		break;
	case STAGE_CHILD_UNMAP:
		r->err = munmap(o->addr, o->len) ? -errno : 0;
		break;
	case STAGE_CHILD_VMSPLICE:
		r->err = vmsplice(o->fd, &iov, 1, 0) == 4096 ? 0 : -errno;
		break;
	case STAGE_CHILD_PFN:
		r->value = stage_pagemap(o->addr);
		break;
	case STAGE_CHILD_LOAD_PFN:
		r->err = stage_access_load(o->addr, 1, 1, &r->byte);
		if (r->err && mincore(stage_child_page(o->addr), 4096, &core))
			r->err = -errno; /* ENOMEM: nothing is mapped there */
		r->value = stage_pagemap(o->addr);
		break;
	default:
		r->err = -EINVAL;
	}
}

/* Dies with the process that was @parent. */
static void stage_child_tie(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
}

static _Noreturn void stage_child_main(int sock, pid_t parent)
{
	struct stage_child_reply r = { 0 };
	struct stage_child_order o;

	stage_child_tie(parent);
	signal(SIGINT, SIG_IGN);
	do {
		if (write(sock, &r, sizeof(r)) != sizeof(r))
			break;
		r = (struct stage_child_reply){ 0 };
		if (read(sock, &o, sizeof(o)) != sizeof(o))
			break;
		stage_child_obey(&o, &r);
	} while (true);
	_exit(0);
}

static int stage_child_reply(int sock, u64 *ret, u8 *ret_byte)
{
	struct stage_child_reply r;

	if (read(sock, &r, sizeof(r)) != sizeof(r))
		return -EPIPE;
	if (ret && !r.err)
		*ret = r.value;
	if (ret_byte && !r.err)
		*ret_byte = r.byte;
	return (int)r.err;
}

int stage_child_fork(struct stage *s)
{
	struct stage_child *c = &s->child[s->nchildren];
	int pair[2];
	pid_t me = getpid();

	if (s->nchildren == STAGE_CHILDREN)
		return stage_fail(s, -EAGAIN, "more than %d children", STAGE_CHILDREN);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return stage_fail(s, -errno, "socketpair: %s", strerror(errno));
	c->pid = fork();
	if (c->pid == 0) {
		close(pair[0]);
		stage_child_main(pair[1], me);
	}
	close(pair[1]);
	if (c->pid < 0) {
		int err = -errno;

		close(pair[0]);
		return stage_fail(s, err, "fork: %s", strerror(-err));
	}
	c->sock = pair[0];
	s->nchildren++;
	return stage_child_reply(c->sock, NULL, NULL);
}

void stage_child_exit(struct stage *s)
{
	struct stage_child *c;
	char end;

	if (!s->nchildren)
		return;
	c = &s->child[--s->nchildren];
	kill(c->pid, SIGKILL);
	/* its end of the socket is closed after its memory is gone; it may not be our own child */
	while (read(c->sock, &end, 1) > 0)
		;
	close(c->sock);
	waitpid(c->pid, NULL, 0);
}

int stage_child_ask(struct stage *s, const struct stage_child_order *order, u64 *ret,
		    u8 *ret_byte)
{
	int sock, err;

	if (!s->nchildren)
		return stage_fail(s, -ECHILD, "no child to ask");
	sock = s->child[s->nchildren - 1].sock;
	if (send(sock, order, sizeof(*order), MSG_NOSIGNAL) != sizeof(*order))
		return stage_fail(s, -EPIPE, "the child is gone");
	err = stage_child_reply(sock, ret, ret_byte);
	return err ? stage_fail(s, err, "the child: %s", strerror(-err)) : 0;
}

/* What is left of the old process: it waits for the new one and takes its children along. */
static _Noreturn void stage_child_stay_behind(struct stage *s, pid_t child, int ready,
					      int err)
{
	int status = 0;

	if (write(ready, &err, sizeof(err)) != sizeof(err))
		_exit(1);
	for (unsigned i = 0; i < s->nchildren; i++)
		close(s->child[i].sock);
	syscall(SYS_close_range, 3, ~0U, 0);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	for (unsigned i = 0; i < s->nchildren; i++) {
		kill(s->child[i].pid, SIGKILL);
		waitpid(s->child[i].pid, NULL, 0);
	}
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

int stage_child_change_roles(struct stage *s, int (*parent)(struct stage *s, void *ctx),
			     void *ctx)
{
	pid_t me = getpid(), child;
	int ready[2], err;

	if (pipe2(ready, O_CLOEXEC))
		return stage_fail(s, -errno, "pipe: %s", strerror(errno));
	child = fork();
	if (child > 0) {
		close(ready[0]);
		stage_child_stay_behind(s, child, ready[1], parent(s, ctx));
	}
	close(ready[1]);
	if (child < 0) {
		close(ready[0]);
		return stage_fail(s, -EAGAIN, "fork failed");
	}
	stage_child_tie(me);
	if (read(ready[0], &err, sizeof(err)) != sizeof(err))
		_exit(1);
	close(ready[0]);
	return err ? stage_fail(s, err, "the parent: %s", strerror(-err)) : 0;
}
