/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --no-stop: nobody is stopped.  States are compared at intervals, and an event has the
 * interval in which it happened; forks and exits are seen in /proc, where trace_watch.c sees none.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "trace/trace_int.h"
#include "trace/tracer_int.h"
#include "os/clock.h"

#define WATCH_MS \
	20 /* so often what the kernel wrote is fetched, if none of it is urgent */

static const int watched[] = { SIGCHLD, SIGINT, SIGTERM, SIGHUP };

static void signals(sigset_t *ret)
{
	sigemptyset(ret);
	for (unsigned i = 0; i < ARRAY_SIZE(watched); i++)
		sigaddset(ret, watched[i]);
}

/* Starts the command.  Returns 0 or the error of exec. */
static int start(struct trace *t, const sigset_t *mask)
{
	int failed[2], go[2], err = 0;
	char c;

	err = tracer_start_pipes(go, failed);
	if (err)
		return err;
	pid_t pid = fork();
	if (!pid) {
		close(go[1]);
		if (read(go[0], &c, 1) <
		    0) /* until it is followed: the end of the pipe */
			_exit(127);
		tracer_start_exec(t->opt.argv, t->opt.sigpipe_default, mask, failed[1]);
	}
	err = pid < 0 ? errno : 0;
	if (!err)
		trace_watch_follow(t, pid);
	close(go[0]);
	close(go[1]);
	close(failed[1]);
	if (!err && read(failed[0], &err, sizeof(err)) == sizeof(err) && err)
		waitpid(pid, NULL, 0);
	close(failed[0]);
	if (err) {
		diag_add(t->diag, DIAG_ERROR, "cannot start the command: %s",
			 strerror(err));
		return -err;
	}
	t->command = pid;
	return 0;
}

/* @p is alive without the held memory: it runs another program, or is about to end. */
static int execed(struct trace *t, struct trace_process *p)
{
	struct event e = {
		.kind = EVENT_EXEC, .pid = p->pid, .tid = p->pid, .since_ns = t->tick_ns
	};
	struct store *before = p->now;
	int r;

	trace_state_release(t, p);
	if (trace_state_hold(t, p)) /* it is about to end */
		return 0;
	p->now = NULL;
	r = trace_state_read(t, p, NULL, 0, NULL);
	if (r) { /* the next reading finds the reason */
		p->now = before;
		return r == -ENOMEM ? r : 0;
	}
	store_free(before);
	p->family = ++t->families;
	trace_state_comm(p->pid, e.comm);
	e.time_ns = clock_now();
	return trace_state_emit(t, &e, p);
}

/* Nothing was looked at since the processes that were asked for: theirs ran before. */
static bool begins(const struct trace *t)
{
	return !t->command && t->tick_ns == t->start_ns;
}

/* Emits a process that is new since the last reading. */
static int appeared(struct trace *t, pid_t pid, struct trace_process *parent)
{
	bool before = begins(t);
	trace_watch_follow(t, pid); /* it may have been lost */
	struct trace_process *p = trace_state_add(t, pid);
	struct event e = { .kind = EVENT_FORK,
			   .pid = parent->pid,
			   .tid = parent->pid,
			   .child = pid,
			   .has_ret = true,
			   .ret = pid,
			   .since_ns = t->tick_ns };
	int r;

	if (!p)
		return -ENOMEM;
	p->ppid = parent->pid;
	p->family = parent->family;
	r = trace_state_hold(t, p);
	if (!r)
		r = trace_state_read(t, p, NULL, 0, NULL);
	if (r) {
		trace_state_drop(t, pid);
		return r != -ENOMEM ? 0 : r;
	}
	e.time_ns = clock_now();
	if (before)
		e = (struct event){
			.kind = EVENT_ATTACH, .pid = pid, .tid = pid, .time_ns = e.time_ns
		};
	else
		parent->forked_ns = e.time_ns;
	return trace_state_emit(t, &e, before ? p : parent);
}

/* Finds new children of all threads of @p. */
static int find_children(struct trace *t, struct trace_process *p)
{
	char path[64];
	int pid, r = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", p->pid, p->pid);
	FILE *f = fopen(path, "re");
	while (f && !r && fscanf(f, "%d", &pid) == 1)
		if (!trace_state_find(t, pid))
			r = appeared(t, pid, p);
	if (f)
		fclose(f);
	return r;
}

static bool is_gone(struct trace *t, pid_t pid)
{
	struct procstat stat;
	int status, err;

	if (pid == t->command && waitpid(pid, &status, WNOHANG) == pid) {
		t->status = status;
		return true;
	}
	err = tracer_task_stat(pid, &stat);
	return err == -ESRCH || (!err && procstat_is_dead(&stat));
}

/* The held memory still is the process's. */
static bool has_memory(struct trace *t, struct trace_process *p)
{
	struct process process;
	int r = p->held ? t->src->ops->open(t->src, p->pid, &process) : -ESRCH;

	if (!r)
		t->src->ops->release(t->src, p->pid);
	return r != -ESRCH;
}

static int sample(struct trace *t)
{
	int r = t->watch ? trace_watch_step(t, 0) : 0;
	bool fetched = false;

	for (struct trace_process *p = t->process, *next; p && !r; p = next) {
		next = p->next;
		if (is_gone(t, p->pid)) {
			if (t->watch && !fetched) { /* the kernel has written how */
				fetched = true;
				r = trace_watch_step(t, 0);
				next = t->process;
				continue;
			}
			struct event e = { .kind = EVENT_EXIT,
					   .pid = p->pid,
					   .tid = p->pid,
					   .since_ns = t->tick_ns,
					   .time_ns = clock_now() };
			if (p->pid == t->command && t->status >= 0)
				trace_state_exit(&e, t->status);
			r = trace_state_emit(t, &e, p);
			trace_state_drop(t, p->pid);
			continue;
		}
		if (p->borrowed) /* it has its parent's pages */
			continue;
		r = has_memory(t, p) ? trace_state_between(t, p, NULL, 0) : execed(t, p);
		if (!r && !t->nrecords) /* they may have a fork, with its time */
			r = find_children(t, p);
	}
	t->tick_ns = clock_now();
	return r;
}

int trace_sample_new(struct trace *t)
{
	sigset_t set, old;
	int r = 0;

	signals(&set);
	sigprocmask(SIG_BLOCK, &set, &old);
	t->old_mask = old;
	trace_watch_new(t);
	for (unsigned i = 0; !t->opt.argv && i < t->opt.npids; i++)
		trace_watch_follow(t, t->opt.pids[i]);
	if (t->opt.argv)
		r = start(t, &old);
	if (!r && t->command && t->watch) /* its exec is the first that is seen */
		return trace_state_add(t, t->command) ? 0 : -ENOMEM;
	return !r && t->command ? trace_state_attach(t, t->command) : r;
}

int trace_sample_step(struct trace *t, int timeout_ms)
{
	int ms = t->opt.interval_ms ? (int)t->opt.interval_ms : 200;
	struct timespec ts;
	sigset_t set;
	siginfo_t info;
	int r = 0;

	if (!t->process)
		return -ECHILD;
	if (begins(t)) {
		for (struct trace_process *p = t->process; p && !r; p = p->next)
			r = find_children(t, p);
		t->tick_ns = clock_now();
		if (r)
			return r;
	}
	if (timeout_ms >= 0)
		ms = MIN(ms, timeout_ms);
	if (t->watch) {
		r = trace_watch_step(t, MIN(ms, WATCH_MS));
		if (r)
			return r;
		ms = 0;
	}
	ts = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
	signals(&set);
	int sig = sigtimedwait(&set, &info, &ts);
	if (sig > 0 && sig != SIGCHLD) {
		if (!t->command)
			return -EINTR;
		if (info.si_code != SI_KERNEL)
			kill(t->command, sig);
	}
	if (t->watch &&
	    clock_now() - t->tick_ns < 1000000ULL * (t->opt.interval_ms ?: 200))
		return 1;
	r = sample(t);
	return r ? r : 1;
}

void trace_sample_free(struct trace *t)
{
	trace_watch_free(t);
	if (t->opt.no_stop)
		sigprocmask(SIG_SETMASK, &t->old_mask, NULL);
}
