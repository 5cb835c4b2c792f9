/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pagestate/pagestate_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/readfile.h"
#include "pagestate/pagestate_factory.h"

#define PAGESTATE_WORKER_SECONDS 30 /* a later answer never comes */

struct pagestate_worker_order {
	u32 act;
	u64 leaf;
};

struct pagestate_worker_answer {
	s32 tried;
	struct gupcall_result result;
};

static bool pagestate_worker_make(struct pagestate *s, const char *state, bool lenient,
				  struct pagestate_worker *w)
{
	w->err = lenient ? pagestate_factory_make_lenient(s, state)
			 : pagestate_factory_make(s, state);
	memcpy(w->why, s->why, sizeof(w->why));
	w->subject = getpid();
	w->addr = (uintptr_t)s->addr;
	w->len = s->len;
	w->page = (uintptr_t)s->page;
	w->leaf = s->leaf;
	w->blocks = s->blocks;
	w->disk = s->disk;
	w->nchildren = (u8)s->nchildren;
	w->nrefs = (u8)s->nrefs;
	return w->err == 0;
}

static _Noreturn void pagestate_worker_main(int sock, const char *state, bool lenient,
					    const struct gupcall_env *env)
{
	struct pagestate_worker w = { 0 };
	struct pagestate s;
	struct pagestate_worker_order o;

	signal(SIGPIPE, SIG_IGN);
	gupcall_env_enter(env);
	if (!pagestate_worker_make(&s, state, lenient, &w)) {
		(void)!write(sock, &w, sizeof(w));
		_exit(0);
	}
	if (write(sock, &w, sizeof(w)) != sizeof(w))
		_exit(1);
	while (read(sock, &o, sizeof(o)) == sizeof(o) && o.act < GUPCALLS) {
		static struct pagestate_worker_answer a;

		a.tried = gupcall_run(&s, o.act, o.leaf, env, &a.result);
		if (write(sock, &a, sizeof(a)) != sizeof(a))
			break;
	}
	gupcall_finish(env);
	pagestate_factory_drop(&s);
	_exit(0);
}

/* Receives one message; -ETIMEDOUT, or -EPIPE when the worker is gone. */
static int pagestate_worker_receive(struct pagestate_worker *w, void *msg, size_t len)
{
	struct pollfd p = { .fd = w->sock, .events = POLLIN };
	int n;

	do
		n = poll(&p, 1, PAGESTATE_WORKER_SECONDS * 1000);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return -ETIMEDOUT;
	return read(w->sock, msg, len) == (ssize_t)len ? 0 : -EPIPE;
}

int pagestate_worker_start(struct pagestate_worker *w, const char *state, bool lenient,
			   const struct gupcall_env *env)
{
	struct pagestate_worker made;
	pid_t me = getpid();
	int pair[2], err;

	*w = (struct pagestate_worker){ .sock = -1 };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		snprintf(w->why, PAGESTATE_WHY, "socketpair: %s", strerror(errno));
		return -errno;
	}
	w->pid = fork();
	if (w->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != me)
			_exit(1);
		close(pair[0]);
		pagestate_worker_main(pair[1], state, lenient, env);
	}
	err = -errno;
	close(pair[1]);
	w->sock = pair[0];
	if (w->pid < 0) {
		close(w->sock);
		w->sock = -1;
		snprintf(w->why, PAGESTATE_WHY, "fork: %s", strerror(-err));
		return err;
	}
	err = pagestate_worker_receive(w, &made, sizeof(made));
	if (err) {
		pagestate_worker_stop(w);
		snprintf(w->why, PAGESTATE_WHY, "the worker %s",
			 err == -ETIMEDOUT ? "does not answer" : "died");
		return err;
	}
	made.pid = w->pid;
	made.sock = w->sock;
	*w = made;
	return 0;
}

/*
 * The subject sleeps in handle_userfault() and waits for a handler that does not exist.
 * Returns false when it has answered, or something else takes its time.  Before 5.16 wchan is 0 on
 * kernels without frame pointers (bc9bbb81730e); the first line of the stack says the same.
 */
static bool pagestate_worker_waits(const struct pagestate_worker *w)
{
	struct pollfd p = { .fd = w->sock, .events = POLLIN };
	char path[32], where[64];

	for (int i = 0; i < PAGESTATE_WORKER_SECONDS * 50 && !poll(&p, 1, 20); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", (int)w->subject,
			 i % 2 ? "stack" : "wchan");
		if (readfile_line(AT_FDCWD, path, where, sizeof(where)) &&
		    strstr(where, "handle_userfault"))
			return true;
	}
	return false;
}

int pagestate_worker_call(struct pagestate_worker *w, enum gupcall_id act, u64 leaf,
			  struct gupcall_result *ret)
{
	static struct pagestate_worker_answer a;
	struct pagestate_worker_order order = { .act = act, .leaf = leaf };
	int err = -EPIPE;

	*ret = (struct gupcall_result){ 0 };
	if (w->sock >= 0 &&
	    send(w->sock, &order, sizeof(order), MSG_NOSIGNAL) == sizeof(order)) {
		if (w->blocks && pagestate_worker_waits(w)) {
			kill(w->subject, SIGKILL);
			pagestate_worker_stop(w);
			ret->waits = true;
			return 0;
		}
		err = pagestate_worker_receive(w, &a, sizeof(a));
	}
	if (!err) {
		*ret = a.result;
		return a.tried;
	}
	pagestate_worker_stop(w);
	snprintf(ret->why, PAGESTATE_WHY, "the worker %s",
		 err == -ETIMEDOUT ? "does not answer" : "died");
	return err;
}

void pagestate_worker_stop(struct pagestate_worker *w)
{
	struct pollfd p = { .fd = w->sock, .events = POLLIN };
	char end;

	if (w->sock < 0)
		return;
	/* Asked to end, it frees its memory first; when it is killed, its helpers die with it. */
	shutdown(w->sock, SHUT_WR);
	if (poll(&p, 1, 5000) != 1 || read(w->sock, &end, 1) > 0) {
		if (w->subject > 0)
			kill(w->subject, SIGKILL);
		kill(w->pid, SIGKILL);
	}
	close(w->sock);
	w->sock = -1;
	while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
		;
}
