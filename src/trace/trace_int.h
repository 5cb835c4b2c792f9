/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace_int.h - what trace.c (stops to events), trace_call.c (arguments), trace_state.c (states)
 * and trace_sample.c (--no-stop) share.
 *
 * Knows: their structures.  Never: included elsewhere.  Owns: nothing.
 */
#ifndef GUPINFO_TRACE_INT_H
#define GUPINFO_TRACE_INT_H

#include <signal.h>

#include "trace/trace.h"
#include "trace/tracer.h"

#define TRACE_RANGES 64 /* of one call; more are dropped and said */
#define TRACE_LOOKS 16
#define TRACE_WATCHED 64

/* A look that was taken: to say since when a difference may be there. */
struct trace_scan {
	u64 start, end, time_ns;
};

struct trace_process {
	struct trace_process *next;
	pid_t pid, ppid;
	u64 family; /* processes with the same number have got pages from one another by fork */
	bool borrowed; /* runs in its parent's address space until exec (vfork) */
	bool held;     /* --no-stop: its memory is kept open */
	bool foreign;  /* not followed: another process's call named it */
	bool exiting;
	bool execing; /* between the entry of exec and its end: the old pages may be gone */
	struct store *now; /* NULL: never looked at */
	u64 full_ns;       /* last complete look */
	u64 cost_ns;       /* what that took */
	struct trace_scan scan_log[TRACE_LOOKS];
	unsigned nscans;
	struct event_range
		watched[TRACE_WATCHED]; /* spliced, registered: looked at while idle */
	unsigned nwatched;
};

/* A call that has been entered. */
struct trace_call {
	struct trace_call *next;
	pid_t tid;
	struct event event; /* arguments, kind */
	struct event_range range[TRACE_RANGES];
	unsigned nranges;
	bool whole;    /* concerns every page: fork, exec */
	bool watches;  /* its ranges are worth looking at while idle */
	bool dropped;  /* it had more ranges */
	bool no_pages; /* nothing to compare */
};

struct trace {
	struct tracer *tracer; /* NULL: sampling */
	struct source *src;
	const struct event_view *view;
	void *view_ctx;
	struct diag *diag;
	struct trace_options opt;
	struct trace_process *process;
	struct trace_call *call;
	struct store *pool; /* keeps the pool of classes alive */
	struct kernel kernel;
	struct event_member *member; /* scratch for events */
	unsigned nmembers_room;
	u64 seq, families;
	u64 realtime_offset; /* CLOCK_REALTIME - CLOCK_MONOTONIC */
	u64 start_ns, tick_ns;
	pid_t held;
	pid_t command; /* sampling: the command that was started */
	int status;
	sigset_t old_mask; /* sampling */
	bool interrupted;
};

/* ---- trace_call.c */

/*
 * What the call of @stop is about: kind, arguments, ranges as far as they are known at entry.
 * Returns false when it is of no interest (a read(2) that is not O_DIRECT).
 */
bool trace_call_entry(struct trace *t, const struct tracer_stop *stop,
		      struct trace_call *ret);
/* Adds what is known after the return: new addresses, bytes really done. */
void trace_call_return(struct trace *t, const struct tracer_stop *stop,
		       struct trace_call *call);

/* ---- trace_state.c */

struct trace_process *trace_state_find(struct trace *t, pid_t pid);
struct trace_process *trace_state_add(struct trace *t, pid_t pid);
void trace_state_drop(struct trace *t, pid_t pid);
u64 trace_state_clock(void); /* CLOCK_MONOTONIC, ns */

/*
 * Looks at @n ranges of @p (0: at everything) and makes the result its state.  *@ret_before: the
 * state before, now the caller's; NULL when there was none.  Returns 0 or -errno; then nothing
 * has changed.
 */
int trace_state_read(struct trace *t, struct trace_process *p,
		     const struct event_range *range, unsigned n,
		     struct store **ret_before);
/* When [start, end) of @p was last looked at. */
u64 trace_state_since(const struct trace_process *p, u64 start, u64 end);

/* Looks and tells what changed since the last look, as events of its own.  0 or a view's value. */
int trace_state_between(struct trace *t, struct trace_process *p,
			const struct event_range *range, unsigned n);
/* The name of @pid, "" when it is gone. */
void trace_state_comm(pid_t pid, char comm[64]);
/* Fills time, family, number; hands the event to the view. */
int trace_state_emit(struct trace *t, struct event *e, struct trace_process *p);
int trace_state_emit_last(struct trace *t, struct trace_process *p);

/* ---- trace_sample.c */

int trace_sample_new(struct trace *t);
/* Keeps the memory that @p has now: an exec is found out before the new one is read.  0 or -errno. */
int trace_sample_hold(struct trace *t, struct trace_process *p);
int trace_sample_step(struct trace *t, int timeout_ms);
void trace_sample_free(struct trace *t);

#endif
