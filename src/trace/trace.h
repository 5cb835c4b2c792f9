/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace.h - --trace: follows processes and tells events with the pages that each one changed.
 *
 * Knows: which ranges a call touches (trace_call.c), when to look (trace_state.c), who is related.
 * Never: text; what a difference means (event.h).
 * Owns: the tracer and the latest state of each followed process.
 *
 * Every followed process has a complete state, taken at its start; each stop looks again at the
 * ranges that the call touches, in the process and in its relatives (processes that fork has
 * given the same pages).  What differs from the state before, and was no call's doing, is told
 * as an event of its own with the interval in which it happened.
 */
#ifndef GUPINFO_TRACE_H
#define GUPINFO_TRACE_H

#include "event/event.h"
#include "report/source.h"

struct trace_options {
	char *const *argv; /* command to start; NULL: attach to @pids */
	const pid_t *pids;
	unsigned npids;
	bool no_stop;         /* sample instead of stopping */
	bool no_filter;       /* see tracer.h */
	unsigned interval_ms; /* between looks when nothing happens; 0: 200 */
	const struct kernel *model;
	bool sigpipe_default; /* the command starts with SIGPIPE at its default */
};

struct trace;

/* Starts or attaches.  @src, @view and @diag are borrowed until trace_free().  0 or -errno. */
int trace_new(const struct trace_options *opt, struct source *src,
	      const struct event_view *view, void *view_ctx, struct diag *diag,
	      struct trace **ret);

/*
 * Lets the process of the last stop go on, waits at most @timeout_ms for something to tell (-1:
 * for ever) and tells it.  Returns 1 when events may have been told, 0 on timeout, -ECHILD at the
 * end, -EINTR when gupinfo was asked to end, another -errno, or the view's value.
 */
int trace_step(struct trace *t, int timeout_ms);

/* Whether a process stands still since the last trace_step(), and which. */
pid_t trace_held(const struct trace *t);

/* The followed processes, until the next trace_step(). */
const struct event_member *trace_members(struct trace *t, unsigned *ret_n);

/* The wait status of the command, -1 when it has not ended or was not started by gupinfo. */
int trace_status(const struct trace *t);

/* Lets attached processes go.  NULL is fine. */
void trace_free(struct trace *t);

/*
 * All of it: until the last process has ended or gupinfo is asked to end (attached processes
 * run on).  *@ret_status: wait status of the command, or -1.
 */
int trace_run(const struct trace_options *opt, struct source *src,
	      const struct event_view *view, void *view_ctx, struct diag *diag,
	      int *ret_status);

#endif
