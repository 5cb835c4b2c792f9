/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace.h - --trace: follows processes and emits events with the pages that each changed.
 *
 * trace_call.c knows which ranges a call touches, trace_state.c when to read them.  Every
 * followed process has a complete state, read at its start.  Each stop reads again the ranges
 * that the call touches, in the process and in its relatives (processes that have the same
 * pages by fork).  A difference that no call explains is an event of its own, with the interval
 * in which it happened.
 */
#pragma once

#include "event/event.h"
#include "report/source.h"

struct trace_options {
	char *const *argv; /* the command to start; NULL: attach to @pids */
	const pid_t *pids;
	unsigned npids;
	bool no_stop;         /* sample instead of stopping */
	bool each_mmap;       /* see tracer.h */
	unsigned interval_ms; /* time between two readings when nothing happens; 0: 200 */
	const struct kernel *model;
	bool sigpipe_default; /* the command starts with the default SIGPIPE */
	bool holes;           /* states have rows of holes, too */
};

struct trace;

/* Starts or attaches.  Borrows @src, @view and @diag until trace_free().  Returns 0 or -errno. */
int trace_new(const struct trace_options *opt, struct source *src,
	      const struct event_view *view, void *view_ctx, struct diag *diag,
	      struct trace **ret);

/*
 * Lets the process of the last stop go on, waits at most @timeout_ms (-1: for ever) for an
 * event and emits it.  Returns 1 when it may have emitted events, 0 on timeout, -ECHILD at the
 * end, -EINTR when a signal asks gupinfo to end, another -errno, or the view's value.
 */
int trace_step(struct trace *t, int timeout_ms);

/*
 * Reads all memory of the followed processes, emits what differs from the states of before, and
 * returns like trace_step().  After a stop only the ranges of its call were read.
 */
int trace_look(struct trace *t);

/* Returns the process that stands still since the last trace_step(), or 0. */
pid_t trace_held(const struct trace *t);

/* Returns the followed processes; valid until the next trace_step(). */
const struct event_member *trace_members(struct trace *t, unsigned *ret_n);

struct tracer_stop;
/* Emits what @stop, or what was seen of a process that runs, is.  0, or a view's value. */
int trace_handle(struct trace *t, const struct tracer_stop *stop);

/* Lets attached processes go.  Ignores NULL. */
void trace_free(struct trace *t);

/*
 * Traces until the last process has ended or a signal asks gupinfo to end (attached processes
 * run on).  *@ret_status: wait status of the command, or -1.
 */
int trace_run(const struct trace_options *opt, struct source *src,
	      const struct event_view *view, void *view_ctx, struct diag *diag,
	      int *ret_status);
