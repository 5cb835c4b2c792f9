/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trace_int.h - state that trace.c, trace_call.c, trace_state.c and trace_sample.c share. */
#pragma once

#include <signal.h>

#include "trace/trace.h"
#include "trace/tracer.h"

#define TRACE_RANGES 64 /* of one call; further ones are dropped, with a note */
#define TRACE_LOOKS 16
#define TRACE_WATCHED 64
#define TRACE_HELD 64 /* processes held open between looks: each takes some descriptors */

/* A reading: since it, a difference may have appeared. */
struct trace_scan {
	u64 start, end, time_ns;
};

struct trace_process {
	struct trace_process *next;
	pid_t pid, ppid;
	u64 family;    /* processes of one number have pages of one another by fork */
	bool borrowed; /* it runs in its parent's address space until exec (vfork) */
	bool held;     /* the source holds its memory open */
	bool foreign;  /* not followed: another process's call named it */
	bool exiting;
	bool execing; /* from the entry of exec to its end: the old pages may be gone */
	struct store *now; /* NULL: never read */
	u64 full_ns;       /* time of the last complete reading */
	u64 cost_ns;       /* how long that took */
	u64 forked_ns;     /* when it forked last, as far as it was emitted */
	struct trace_scan scan_log[TRACE_LOOKS];
	unsigned nscans;
	struct event_range
		watched[TRACE_WATCHED]; /* spliced or registered: read while idle */
	unsigned nwatched;
};

/* A call that has been entered and has not returned. */
struct trace_call {
	struct trace_call *next;
	pid_t tid;
	const char *arch;   /* uname -m */
	struct event event; /* with kind and arguments */
	struct event_range range[TRACE_RANGES];
	unsigned nranges;
	bool whole;    /* it concerns every page: fork, exec */
	bool watches;  /* its ranges are read while idle */
	bool dropped;  /* it has more ranges */
	bool no_pages; /* there is nothing to compare */
};

struct trace {
	struct tracer *tracer; /* NULL: sampling */
	struct source *src;
	const struct event_view *view;
	void *view_ctx;
	struct diag *diag;
	struct trace_options opt;
	struct trace_process *process;
	/* Emits what a stop, or what was seen of a process that runs, is. */
	int (*handle)(struct trace *t, const struct tracer_stop *stop);
	struct trace_call *call;
	struct store *pool;          /* keeps the classes of all states */
	struct event_member *member; /* scratch for events */
	size_t nmembers_room;
	u64 seq, families;
	unsigned nheld;      /* processes that the source holds open */
	u64 realtime_offset; /* CLOCK_REALTIME - CLOCK_MONOTONIC */
	u64 start_ns, tick_ns;
	pid_t held;
	pid_t command; /* sampling: the command, if gupinfo started it */
	int status;
	sigset_t old_mask;     /* sampling */
	struct bpfprog *watch; /* sampling: what writes records; NULL: nothing does */
	struct watch_record *record; /* fetched from it */
	size_t nrecords, record_room;
	u64 lost;            /* records for which gupinfo had no memory */
	u64 calls, calls_ns; /* how many calls had been seen when */
};

/* ---- trace_call.c */

/*
 * Decodes the call of @stop: kind, arguments, and the ranges that are known at entry.  Returns
 * false for a call that matters not (a read(2) without O_DIRECT).
 */
bool trace_call_entry(struct trace *t, const struct tracer_stop *stop,
		      struct trace_call *ret);
/* Adds what the return shows: new addresses, bytes that were done. */
void trace_call_return(struct trace *t, const struct tracer_stop *stop,
		       struct trace_call *call);

/* ---- trace_state.c */

struct trace_process *trace_state_find(struct trace *t, pid_t pid);
struct trace_process *trace_state_add(struct trace *t, pid_t pid);
void trace_state_drop(struct trace *t, pid_t pid);

/*
 * Reads @n ranges of @p (0: everything) into its state.  *@ret_before becomes the state before, of the
 * mappings there, which the caller frees; NULL when there was none.  Without @ret_before it is freed.
 * Returns 0, or -errno; after -ENOMEM only a part may be read.
 */
int trace_state_read(struct trace *t, struct trace_process *p,
		     const struct event_range *range, unsigned n,
		     struct store **ret_before);
/* The states that an event compares. */
struct trace_scopes {
	struct event_scope *scope;
	size_t n, room;
};
/*
 * Reads likewise and adds the states before and after to @scopes.
 * Returns 0, also when there was no state before, or -ENOMEM.
 */
int trace_state_compare(struct trace *t, struct trace_process *p,
			const struct event_range *range, unsigned n,
			struct trace_scopes *scopes);

/* Reads, and emits changes since the last reading as own events.  0 or a view's value. */
int trace_state_between(struct trace *t, struct trace_process *p,
			const struct event_range *range, unsigned n);
/* Adds to @e how a process of that wait status ended. */
void trace_state_exit(struct event *e, int status);
/* Returns the name of @pid, "" when it is gone. */
void trace_state_comm(pid_t pid, char comm[64]);
/* Lists the family of @first, of NULL all followed processes, in @e.  Returns 0 or -ENOMEM. */
int trace_state_members(struct trace *t, struct trace_process *first, struct event *e);
/*
 * Fills in time, family, number, changes and warnings, and passes the event to the view; one
 * between two readings only when something changed.
 */
int trace_state_emit(struct trace *t, struct event *e, struct trace_process *p);
/* Likewise with @scopes, unless making them has failed (@r), and frees them. */
int trace_state_emit_scopes(struct trace *t, struct event *e, struct trace_process *p,
			    struct trace_scopes *scopes, int r);
/* Holds @p's present memory: an exec is noticed before the new one is read.  0 or -errno. */
int trace_state_hold(struct trace *t, struct trace_process *p);
/* Lets it go: after an exec, the next look opens the new memory. */
void trace_state_release(struct trace *t, struct trace_process *p);
/* Reads a process that already runs for the first time, and emits that.  0, -errno or a view's value. */
int trace_state_attach(struct trace *t, pid_t pid);
int trace_state_emit_last(struct trace *t, struct trace_process *p);

/* ---- trace_watch.c */

/* Has the kernel write what processes do, or notes why it cannot. */
void trace_watch_new(struct trace *t);
void trace_watch_free(struct trace *t);
/* Follows @pid, too. */
void trace_watch_follow(struct trace *t, pid_t pid);
/* Waits at most @timeout_ms, and emits what was written.  0 or a view's value. */
int trace_watch_step(struct trace *t, int timeout_ms);
/* Emits what ->record has. */
int trace_watch_handle(struct trace *t);

/* ---- trace_sample.c */

int trace_sample_new(struct trace *t);
int trace_sample_step(struct trace *t, int timeout_ms);
void trace_sample_free(struct trace *t);
