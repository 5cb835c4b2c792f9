/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracer.h - follows processes by ptrace and hands out their stops, one at a time.
 *
 * Knows: ptrace(2), seccomp filters, wait statuses, which calls matter (tracer.def).
 * Never: pages, what a call means for them (event.h), output.
 * Owns: the traced threads until tracer_free(): a started command is waited for, an attached
 * process is let go and runs on.
 *
 * Signals are delivered unchanged, stopped jobs stay stopped (PTRACE_LISTEN), exit statuses are
 * passed on.  SIGCHLD, SIGINT, SIGTERM, SIGHUP and SIGQUIT are blocked in the calling thread
 * from tracer_new() to tracer_free(); the command starts with the mask as it was.
 * One tracer a process, always from the same thread (ptrace demands it).
 */
#ifndef GUPINFO_TRACER_H
#define GUPINFO_TRACER_H

#include <sys/types.h>

#include "lib/diag.h"
#include "lib/procstat.h"

enum tracer_call {
#define TRACER_CALL(id, ...) TRACER_##id,
#include "trace/tracer.def"
#undef TRACER_CALL
	TRACER_CALLS
};

enum tracer_what {
	/* An entry may stay without a return: interrupted and restarted, killed, exec. */
	TRACER_ENTRY,   /* thread ->tid is about to run ->call with ->args */
	TRACER_RETURN,  /* ->call returned ->ret; args are those of the entry */
	TRACER_FORKED,  /* ->child exists and has not run; ->pid stands inside the call */
	TRACER_EXECED,  /* ->pid has a new program, whose first instruction has not run */
	TRACER_EXITING, /* ->pid is about to end; its memory is still there */
	TRACER_EXITED,  /* ->pid is gone; ->status is a wait status */
	TRACER_INTERRUPTED, /* somebody asked gupinfo to end: ->status is the signal */
};

struct tracer_stop {
	u8 what;        /* enum tracer_what */
	u8 call;        /* enum tracer_call */
	bool compat;    /* a 32-bit call: pointers in memory have 4 bytes */
	bool shares_mm; /* TRACER_FORKED: parent and child share one address space (vfork) */
	pid_t tid, pid; /* pid is the thread group */
	pid_t child;
	u64 args[6];
	s64 ret; /* as the call returned it: a value or -errno */
	int status;
	u64 time_ns; /* CLOCK_MONOTONIC of the stop */
};

struct tracer_options {
	char *const *argv; /* command to start, NULL-terminated; NULL: attach */
	const pid_t *pids; /* processes to attach to */
	unsigned npids;
	bool sigpipe_default; /* the caller ignores SIGPIPE; the command shall not */
	bool no_filter; /* stop at every system call even when a seccomp filter is possible */
};

struct tracer;

/*
 * Starts or attaches.  Returns 0; -errno when the command cannot be started (its exec failed) or
 * a process cannot be attached, with a sentence in @diag.  After an error nothing is traced.
 * A filter is used for a started command when gupinfo has CAP_SYS_ADMIN; without it the filter
 * would need no_new_privs, which changes what the command may do, so every call stops instead.
 */
int tracer_new(const struct tracer_options *opt, struct diag *diag, struct tracer **ret);

/*
 * Lets the thread of the previous stop go on and waits for the next stop, at most @timeout_ms
 * (-1: for ever).  Returns 1 and fills @ret; 0 on timeout; -ECHILD when nobody is left.
 * The thread of a stop (and the child of TRACER_FORKED) stands still until the next call; other
 * threads and processes run.
 */
int tracer_next(struct tracer *t, int timeout_ms, struct tracer_stop *ret);

/* After TRACER_ENTRY: the return of this call is of no interest. */
void tracer_skip(struct tracer *t);

/*
 * Follows a started command to its end when nobody reads events any more: it cannot be left with
 * its filter, whose calls would fail without a tracer.
 */
void tracer_follow_silently(struct tracer *t);

/*
 * Lets every process go: each thread is stopped, detached and runs on as it was.  For attached
 * processes only; a started command cannot be left with its filter (-EINVAL when it has one).
 */
int tracer_detach(struct tracer *t);

/* The wait status of the started command, once TRACER_EXITED has reported it; else -1. */
int tracer_status(const struct tracer *t);
/* The process started by tracer_new(), 0 when attached. */
pid_t tracer_pid(const struct tracer *t);
/* Whether a seccomp filter limits the stops to the calls of tracer.def. */
bool tracer_filtered(const struct tracer *t);

/* Detaches or, for a command that still runs, kills what is traced.  NULL is fine. */
void tracer_free(struct tracer *t);

/* What /proc/TID/stat says: 0, -ESRCH when there is no such thread, or what it was not read for. */
int tracer_task_stat(pid_t tid, struct procstat *ret);

const char *tracer_call_name(enum tracer_call call); /* "vmsplice" */

#endif
