/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracer_int.h - the table of threads that tracer.c (wait loop), tracer_task.c and
 * tracer_start.c (start, attach, let go) share.
 */
#pragma once

#include <linux/filter.h>
#include <signal.h>

#include "trace/tracer.h"

enum tracer_mode {
	TRACER_RUNS,    /* not stopped */
	TRACER_STOPPED, /* in a ptrace-stop that has not been answered */
	TRACER_LISTENS, /* stopped by job control, PTRACE_LISTEN */
};

struct tracer_task {
	struct tracer_task *next; /* hash chain */
	pid_t tid, pid;
	u8 mode;        /* enum tracer_mode */
	bool starting;  /* still gupinfo's image: before the first exec */
	bool fresh;     /* auto-attached; its first stop is not answered yet */
	bool announced; /* its creator's event has been seen */
	bool exiting;
	bool exit_emitted; /* TRACER_EXITING of its process was reported */
	bool stripped;     /* CLONE_UNTRACED was removed from clone3's flags */
	bool group_stop;   /* its first stop is that of a stopped job */
	bool in_call;      /* entry seen, return expected */
	bool entry_known;  /* ->call and ->args are those of the current call */
	bool compat;
	u8 call;
	u64 args[6];
	int signal; /* to be delivered when it goes on */
};

#define TRACER_BUCKETS 256

struct tracer {
	struct tracer_task *bucket[TRACER_BUCKETS];
	unsigned ntasks;
	pid_t command; /* 0: attached */
	int status;    /* wait status of the command, -1 unknown */
	bool at_exec;  /* the command stands in its first exec */
	bool filtered; /* a seccomp filter limits the stops to the calls of tracer.def */
	bool each_mmap;
	bool restore_mask;
	sigset_t old_mask, watched;
	struct sigaction old_chld; /* ignoring SIGCHLD would lose exit statuses */
	struct sigaction old_alarm;
	u64 asked_ns; /* when signals that ask gupinfo to end were looked for */
	struct tracer_task *held; /* thread of the stop that the caller got */
	pid_t held_child;
	struct diag *diag;
	/* Answers what traced threads report; -EINTR when a signal asks gupinfo to end. */
	int (*serve)(struct tracer *t);
};

struct tracer_task *tracer_task_find(struct tracer *t, pid_t tid);
/* Adds a thread; returns NULL without memory. */
struct tracer_task *tracer_task_add(struct tracer *t, pid_t tid, pid_t pid);
void tracer_task_drop(struct tracer *t, pid_t tid);
/* The table has a thread of process @pid. */
bool tracer_task_any(const struct tracer *t, pid_t pid);
/* Walks all threads; the body may drop @k, not others. */
#define tracer_each(t, k)                                               \
	for (unsigned bucket_ = 0; bucket_ < TRACER_BUCKETS; bucket_++) \
		for (struct tracer_task *next_ = (t)->bucket[bucket_];  \
		     (k = next_) && (next_ = k->next, true);)

/*
 * The architectures whose calls a process of this machine may make.  Calls of others are not known, and
 * none of theirs stops.
 */
#if defined(__x86_64__)
#define TRACER_ARCH AUDIT_ARCH_X86_64
#define TRACER_ARCH_COMPAT AUDIT_ARCH_I386
#define TRACER_COMPAT(i386, arm) i386
#elif defined(__aarch64__)
#define TRACER_ARCH AUDIT_ARCH_AARCH64
#define TRACER_ARCH_COMPAT AUDIT_ARCH_ARM
#define TRACER_COMPAT(i386, arm) arm
#else
#define TRACER_COMPAT(i386, arm) -1
#endif

/* The calls of tracer.def. */
extern const struct tracer_call_row {
	const char *name;
	int native, compat; /* numbers; -1: there is none */
	u8 filter;
} tracer_task_calls[TRACER_CALLS];
enum { FILTER_ALL, FILTER_DIO, FILTER_MMAP };
/* Leaves a stopped job stopped, but is told by ptrace when it continues. */
void tracer_task_listen(struct tracer_task *task);
/* Gives the call that @task enters its first argument from ->args; only where TRACER_ARCH is known. */
void tracer_task_set_argument(const struct tracer_task *task);
/* Lets a stopped thread go on by the request that suits its state. */
void tracer_task_resume(struct tracer *t, struct tracer_task *task);

/* In a child: becomes the command, or writes the error of exec to @failed and ends. */
void tracer_start_exec(char *const *argv, bool sigpipe_default, const sigset_t *mask,
		       int failed);
/* Makes the pipe that lets a child go on to its exec, and that of the error of exec.  0 or -errno. */
int tracer_start_pipes(int go[2], int failed[2]);
int tracer_start_command(struct tracer *t, const struct tracer_options *opt);
int tracer_start_attach(struct tracer *t, pid_t pid);
/* Waits for a report of @tid.  Returns 0, -EINTR when a signal asks gupinfo to end, or -errno. */
int tracer_start_wait(struct tracer *t, pid_t tid, int *ret_status);
/* Answers reports for a moment until no thread is left; @killed: they are to die. */
void tracer_start_drain(struct tracer *t, bool killed);
/* Builds the seccomp filter of a started command; returns its length, 0 when it does not fit. */
unsigned tracer_start_filter(struct sock_filter *ret, unsigned max, bool each_mmap);
