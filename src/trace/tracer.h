/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracer.h - follows processes by ptrace and returns their stops, one at a time.
 *
 * tracer_free() waits for a started command; an attached process runs on.  Signals are
 * delivered unchanged, stopped jobs stay stopped (PTRACE_LISTEN), exit statuses are passed on.
 * SIGCHLD, SIGINT, SIGTERM, SIGHUP and SIGQUIT are blocked in the calling thread from
 * tracer_new() to tracer_free(); the command starts with the mask as it was.  A process has at
 * most one tracer and calls it from one thread (ptrace demands it).
 */
#pragma once

#include <sys/mman.h>
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
	/* An entry may have no return: interrupted and restarted, killed, exec. */
	TRACER_ENTRY,       /* thread ->tid is about to run ->call with ->args */
	TRACER_RETURN,      /* ->call returned ->ret; args are those of the entry */
	TRACER_FORKED,      /* ->child exists and has not run; ->pid is inside the call */
	TRACER_EXECED,      /* ->pid has a new program, which has not run */
	TRACER_EXITING,     /* ->pid is about to end and still has its memory */
	TRACER_EXITED,      /* ->pid is gone; ->status is a wait status */
	TRACER_INTERRUPTED, /* ->status is the signal that asks gupinfo to end */
};

/* Flags with which mmap(2) gives the mapping pages, or takes those of another one. */
#define TRACER_MMAP_PAGES (MAP_FIXED | MAP_POPULATE | MAP_LOCKED)

struct watch_record;

struct tracer_stop {
	u8 what;        /* enum tracer_what */
	u8 call;        /* enum tracer_call */
	bool compat;    /* a 32-bit call: pointers in memory have 4 bytes */
	bool shares_mm; /* TRACER_FORKED: both have one address space (vfork) */
	pid_t tid, pid; /* pid is the thread group */
	pid_t child;
	u64 args[6];
	s64 ret; /* a value or -errno */
	int status;
	u64 time_ns; /* CLOCK_MONOTONIC of the stop */
	/* --no-stop: what the kernel wrote of it, nobody stands still; NULL: a stop */
	const struct watch_record *seen;
	bool passed; /* of ->seen: its pages were changed again, or are gone */
};

struct tracer_options {
	char *const *argv; /* the command to start, NULL-terminated; NULL: attach */
	const pid_t *pids; /* processes to attach to */
	unsigned npids;
	bool sigpipe_default; /* the caller ignores SIGPIPE, the command must not */
	bool no_filter; /* stop at every call even if a seccomp filter is possible */
	bool each_mmap; /* stop at mmap(2) without TRACER_MMAP_PAGES, too */
};

struct tracer;

/*
 * Starts or attaches.  Returns 0, or -errno with a sentence in @diag when the command cannot be
 * started (its exec failed) or a process cannot be attached; then nothing is traced.  A started
 * command gets a filter when gupinfo has CAP_SYS_ADMIN.  Otherwise the filter would need
 * no_new_privs, which changes what the command may do, so every call stops instead.
 */
int tracer_new(const struct tracer_options *opt, struct diag *diag, struct tracer **ret);

/*
 * Lets the thread of the last stop go on and waits at most @timeout_ms (-1: for ever) for the
 * next stop.  Returns 1 and fills @ret; 0 on timeout; -ECHILD when no thread is left.  The
 * thread of a stop (and the child of TRACER_FORKED) stands still until the next call; other
 * threads and processes run.
 */
int tracer_next(struct tracer *t, int timeout_ms, struct tracer_stop *ret);

/* Call it after TRACER_ENTRY: the return of this call does not matter. */
void tracer_skip(struct tracer *t);

/*
 * Follows a started command to its end although nobody reads events any more: without a tracer
 * its filter would make calls fail.
 */
void tracer_follow_silently(struct tracer *t);

/*
 * Lets every process go: stops and detaches each thread, which runs on as before.  Returns
 * -EINVAL for a command that was started with a filter: it cannot run without a tracer.
 */
int tracer_start_let_go(struct tracer *t);

/* Returns the wait status of the command once TRACER_EXITED has reported it; else -1. */
int tracer_status(const struct tracer *t);

/* Detaches all, or kills a command that still runs.  Ignores NULL. */
void tracer_free(struct tracer *t);

/*
 * Returns the number behind @key, "\nKey:", in the lines "Key: number" of a file of /proc/TID, but of the
 * first line; UINT64_MAX when it cannot be read.
 */
u64 tracer_task_field(pid_t tid, const char *file, const char *key, int base);
/* Parses /proc/TID/stat.  Returns 0, -ESRCH (no such thread), or why it cannot be read. */
int tracer_task_stat(pid_t tid, struct procstat *ret);
