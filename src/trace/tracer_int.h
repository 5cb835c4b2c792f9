/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracer_int.h - what tracer.c (the wait loop), tracer_task.c (the table of threads) and
 * tracer_start.c (start, attach, let go) share.
 *
 * Knows: the table of traced threads.  Never: included elsewhere.  Owns: nothing.
 */
#ifndef GUPINFO_TRACER_INT_H
#define GUPINFO_TRACER_INT_H

#include <linux/filter.h>
#include <signal.h>

#include "trace/tracer.h"

enum tracer_mode {
	TRACER_RUNS,    /* not stopped */
	TRACER_STOPPED, /* in a ptrace-stop that has not been answered */
	TRACER_LISTENS, /* job-control stop, PTRACE_LISTEN */
};

struct tracer_task {
	struct tracer_task *next; /* hash chain */
	pid_t tid, pid;
	u8 mode;        /* enum tracer_mode */
	bool starting;  /* still gupinfo's own image: before the first exec */
	bool fresh;     /* auto-attached; its first stop has not been answered */
	bool announced; /* its creator's event has been seen */
	bool exiting;
	bool exit_emitted; /* TRACER_EXITING of its process has been handed out */
	bool stripped;     /* CLONE_UNTRACED was taken out of clone3's flags */
	bool group_stop;   /* its first stop is the one of a stopped job */
	bool in_call;      /* entry seen, return wanted */
	bool entry_known;  /* ->call and ->args are those of the call that it is in */
	bool compat;
	u8 call;
	u64 args[6];
	int signal; /* to deliver when it goes on */
};

#define TRACER_BUCKETS 256

struct tracer {
	struct tracer_task *bucket[TRACER_BUCKETS];
	unsigned ntasks;
	pid_t command; /* 0: attached */
	int status;    /* wait status of the command, -1 unknown */
	bool at_exec;  /* the command stands in its first exec */
	bool filtered;
	bool restore_mask;
	sigset_t old_mask, watched;
	struct sigaction old_chld; /* ignoring SIGCHLD would lose exit statuses */
	struct tracer_task *held;  /* thread of the stop that was handed out */
	pid_t held_child;
	struct diag *diag;
};

struct tracer_task *tracer_task_find(struct tracer *t, pid_t tid);
/* Adds a thread; NULL when out of memory. */
struct tracer_task *tracer_task_add(struct tracer *t, pid_t tid, pid_t pid);
void tracer_task_drop(struct tracer *t, pid_t tid);
/* A thread of process @pid is in the table. */
bool tracer_task_any(const struct tracer *t, pid_t pid);
/* The thread group of @tid, or @tid itself when it cannot be read any more. */
pid_t tracer_task_tgid(pid_t tid);
/* Leaves a stopped job stopped, but hears when it is continued. */
void tracer_task_listen(struct tracer_task *task);
/* Lets a stopped thread go on with the request that its state asks for. */
void tracer_task_resume(struct tracer *t, struct tracer_task *task);

int tracer_start_command(struct tracer *t, const struct tracer_options *opt);
int tracer_start_attach(struct tracer *t, pid_t pid);
/* CLOCK_MONOTONIC, ns. */
u64 tracer_start_clock(void);
/* Waits for a report of @tid: 0, -EINTR when gupinfo is asked to end meanwhile, or -errno. */
int tracer_start_wait(struct tracer *t, pid_t tid, int *ret_status);
/* Answers reports until no thread is left, for a moment; @killed: they are to die. */
void tracer_start_drain(struct tracer *t, bool killed);
/* The seccomp filter of a started command; how many instructions, 0 when there is no room for them. */
unsigned tracer_start_filter(struct sock_filter *ret, unsigned max);
/* tracer_detach() */
int tracer_start_let_go(struct tracer *t);

#endif
