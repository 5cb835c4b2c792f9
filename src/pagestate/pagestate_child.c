/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pagestate/pagestate_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pagestate/pagestate_int.h"

struct pagestate_child_reply {
	s64 err;
	u64 value;
	u8 byte;
};

static void pagestate_child_obey(const struct pagestate_child_order *o,
				 struct pagestate_child_reply *r)
{
	size_t page = pagestate_size(PAGESTATE_SIZE_BASE);
	struct iovec iov = { .iov_base = o->addr, .iov_len = page };
	unsigned char core;

	switch (o->what) {
	case PAGESTATE_CHILD_STORE:
		r->err = pagestate_access_store(o->addr, o->len, o->step, 0x55);
		break;
	case PAGESTATE_CHILD_UNMAP:
		r->err = munmap(o->addr, o->len) ? -errno : 0;
		break;
	case PAGESTATE_CHILD_VMSPLICE:
		r->err = vmsplice(o->fd, &iov, 1, 0) == (ssize_t)page ? 0 : -errno;
		break;
	case PAGESTATE_CHILD_PFN:
		r->value = pagestate_pagemap(o->addr);
		break;
	case PAGESTATE_CHILD_LOAD_PFN:
		r->err = pagestate_access_load(o->addr, 1, 1, &r->byte);
		if (r->err && mincore(o->addr - (uintptr_t)o->addr % page, page, &core))
			r->err = -errno; /* ENOMEM: nothing is mapped there */
		r->value = pagestate_pagemap(o->addr);
		break;
	default:
		r->err = -EINVAL;
	}
}

static void pagestate_child_run(int sock, void *ctx)
{
	struct pagestate_child_reply r = { 0 }; /* the first one is to nothing: it runs */
	struct pagestate_child_order o;

	signal(SIGINT, SIG_IGN);
	while (write(sock, &r, sizeof(r)) == sizeof(r) &&
	       read(sock, &o, sizeof(o)) == sizeof(o)) {
		r = (struct pagestate_child_reply){ 0 };
		pagestate_child_obey(&o, &r);
	}
}

int pagestate_child_fork(struct pagestate *s)
{
	struct helper *c = &s->child[s->nchildren];
	struct pagestate_child_reply r;
	int err;

	if (s->nchildren == PAGESTATE_CHILDREN)
		return pagestate_fail(s, -EAGAIN, "more than %d children",
				      PAGESTATE_CHILDREN);
	err = helper_start(c, pagestate_child_run, NULL);
	if (err)
		return pagestate_fail(s, err, "fork: %s", strerror(-err));
	s->nchildren++;
	return helper_ask(c, NULL, 0, &r, sizeof(r), 0);
}

void pagestate_child_exit(struct pagestate *s)
{
	if (s->nchildren)
		helper_stop(&s->child[--s->nchildren], 0, 0);
}

int pagestate_child_ask(struct pagestate *s, const struct pagestate_child_order *order,
			u64 *ret, u8 *ret_byte)
{
	struct pagestate_child_reply r;

	if (!s->nchildren)
		return pagestate_fail(s, -ECHILD, "no child to ask");
	if (helper_ask(&s->child[s->nchildren - 1], order, sizeof(*order), &r, sizeof(r),
		       0))
		return pagestate_fail(s, -EPIPE, "the child is gone");
	if (r.err)
		return pagestate_fail(s, (int)r.err, "the child: %s",
				      strerror((int)-r.err));
	if (ret)
		*ret = r.value;
	if (ret_byte)
		*ret_byte = r.byte;
	return 0;
}

/* The rest of the old process: waits for the new one and takes its children along. */
static _Noreturn void pagestate_child_stay_behind(struct pagestate *s, pid_t child,
						  int ready, int err)
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

int pagestate_child_change_roles(struct pagestate *s,
				 int (*parent)(struct pagestate *s, void *ctx), void *ctx)
{
	pid_t me = getpid(), child;
	int ready[2], err;

	if (pipe2(ready, O_CLOEXEC))
		return pagestate_fail(s, -errno, "pipe: %m");
	child = fork();
	if (child > 0) {
		close(ready[0]);
		pagestate_child_stay_behind(s, child, ready[1], parent(s, ctx));
	}
	close(ready[1]);
	if (child < 0) {
		close(ready[0]);
		return pagestate_fail(s, -EAGAIN, "fork failed");
	}
	helper_tie(me);
	if (read(ready[0], &err, sizeof(err)) != sizeof(err))
		_exit(1);
	close(ready[0]);
	return err ? pagestate_fail(s, err, "the parent: %s", strerror(-err)) : 0;
}
