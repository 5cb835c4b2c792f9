/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pagestate/pagestate_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
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
	w->err = pagestate_factory_make(s, state, lenient);
	memcpy(w->why, s->why, sizeof(w->why));
	w->subject = getpid();
	w->page = (uintptr_t)s->page;
	w->blocks = s->blocks;
	return w->err == 0;
}

struct pagestate_worker_job {
	const char *state;
	bool lenient;
	const struct gupcall_env *env;
};

static void pagestate_worker_run(int sock, void *ctx)
{
	static struct pagestate_worker_answer a;
	const struct pagestate_worker_job *job = ctx;
	struct pagestate_worker w = { 0 };
	struct pagestate_worker_order o;
	struct pagestate s;
	bool made;

	signal(SIGPIPE, SIG_IGN);
	gupcall_env_enter(job->env);
	made = pagestate_worker_make(&s, job->state, job->lenient, &w);
	if (write(sock, &w, sizeof(w)) != sizeof(w) || !made)
		_exit(0);
	while (read(sock, &o, sizeof(o)) == sizeof(o) && o.act < GUPCALLS) {
		a.tried = gupcall_run(&s, o.act, o.leaf, job->env, &a.result);
		if (write(sock, &a, sizeof(a)) != sizeof(a))
			break;
	}
	gupcall_finish(job->env);
	pagestate_factory_drop(&s);
}

/* Ends a worker that does not answer; @why gets the reason.  Returns @err. */
static int pagestate_worker_lost(struct pagestate_worker *w, int err, char *why)
{
	pagestate_worker_stop(w);
	snprintf(why, PAGESTATE_WHY, "the worker %s",
		 err == -ETIMEDOUT ? "does not answer" : "died");
	return err;
}

int pagestate_worker_start(struct pagestate_worker *w, const char *state, bool lenient,
			   const struct gupcall_env *env)
{
	struct pagestate_worker_job job = { state, lenient, env };
	struct pagestate_worker made;
	int err;

	*w = (struct pagestate_worker){ 0 };
	err = helper_start(&w->helper, pagestate_worker_run, &job);
	if (err) {
		snprintf(w->why, PAGESTATE_WHY, "fork: %s", strerror(-err));
		return err;
	}
	err = helper_ask(&w->helper, NULL, 0, &made, sizeof(made),
			 PAGESTATE_WORKER_SECONDS);
	if (err)
		return pagestate_worker_lost(w, err, w->why);
	made.helper = w->helper;
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
	struct pollfd p = { .fd = w->helper.sock, .events = POLLIN };
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
	int sock = w->helper.sock, err = -EPIPE;

	*ret = (struct gupcall_result){ 0 };
	if (sock >= 0 &&
	    send(sock, &order, sizeof(order), MSG_NOSIGNAL) == sizeof(order)) {
		if (w->blocks && pagestate_worker_waits(w)) {
			kill(w->subject, SIGKILL);
			pagestate_worker_stop(w);
			ret->waits = true;
			return 0;
		}
		err = helper_ask(&w->helper, NULL, 0, &a, sizeof(a),
				 PAGESTATE_WORKER_SECONDS);
	}
	if (err)
		return pagestate_worker_lost(w, err, ret->why);
	*ret = a.result;
	return a.tried;
}

void pagestate_worker_stop(struct pagestate_worker *w)
{
	helper_stop(&w->helper, 5, w->subject);
}
