/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/tracer.h"
#include "lib/array.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/kcmp.h>
#include <linux/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "os/clock.h"
#include "trace/tracer_int.h"

/* Counts threads of @pid, without @but, that have not begun to exit. */
static unsigned others_alive(struct tracer *t, pid_t pid, pid_t but)
{
	struct tracer_task *k;
	unsigned n = 0;

	tracer_each (t, k)
		n += k->pid == pid && k->tid != but && !k->exiting;
	return n;
}

/* ---- one stop */

static int hand_out(struct tracer *t, struct tracer_task *task, enum tracer_what what,
		    struct tracer_stop *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->what = what;
	ret->tid = task->tid;
	ret->pid = task->pid;
	ret->call = task->call;
	ret->compat = task->compat;
	memcpy(ret->args, task->args, sizeof(ret->args));
	ret->time_ns = clock_now();
	t->held = task;
	return 1;
}

static enum tracer_call call_of(u32 arch, u64 nr, bool *ret_compat)
{
	bool compat = false;

#ifdef TRACER_ARCH
	compat = arch == TRACER_ARCH_COMPAT;
	if (!compat && arch != TRACER_ARCH)
		return TRACER_CALLS;
#endif
	*ret_compat = compat;
	return ARRAY_SEEK(i, TRACER_CALLS,
			  nr == (u64)(s64)(compat ? tracer_task_calls[i].compat
						  : tracer_task_calls[i].native));
}

/* Notes the call that @task enters; returns false for one that no filter of tracer.def lets stop. */
static bool enter_call(const struct tracer *t, struct tracer_task *task, u32 arch, u64 nr,
		       const u64 args[6])
{
	bool compat = false;
	enum tracer_call call = call_of(arch, nr, &compat);

	task->entry_known =
		call != TRACER_CALLS && (tracer_task_calls[call].filter != FILTER_MMAP ||
					 t->each_mmap || args[3] & TRACER_MMAP_PAGES);
	if (!task->entry_known)
		return false;
	task->call = call;
	task->compat = compat;
	for (unsigned i = 0; i < 6; i++)
		task->args[i] = compat ? (u32)args[i] : args[i];
	return true;
}

/* Reads clone3's flags, which its first argument points to; or writes them.  False: it cannot. */
static bool clone3_flags(const struct tracer_task *task, u64 *flags, bool write)
{
	struct iovec here = { .iov_base = flags, .iov_len = sizeof(*flags) };
	struct iovec there = { .iov_base = (void *)(uintptr_t)task->args[0],
			       .iov_len = sizeof(*flags) };
	ssize_t n = write ? process_vm_writev(task->tid, &here, 1, &there, 1, 0)
			  : process_vm_readv(task->tid, &here, 1, &there, 1, 0);

	return n == sizeof(*flags);
}

/*
 * The filter would apply to a child made with CLONE_UNTRACED, and SECCOMP_RET_TRACE without a
 * tracer fails its calls with ENOSYS: remove the flag.  clone(2) has it in a register;
 * clone3(2) in memory, where restore_flags() puts it back.
 */
static void strip_untraced(struct tracer *t, struct tracer_task *task)
{
	u64 flags = 0;

	if (!t->filtered)
		return;
	if (task->call == TRACER_CLONE && task->args[0] & CLONE_UNTRACED) {
		task->args[0] &= ~(u64)CLONE_UNTRACED;
		tracer_task_set_argument(task);
	}
	if (task->call == TRACER_CLONE3 && clone3_flags(task, &flags, false) &&
	    flags & CLONE_UNTRACED) {
		flags &= ~(u64)CLONE_UNTRACED;
		task->stripped = clone3_flags(task, &flags, true);
	}
}

static void restore_flags(struct tracer_task *task)
{
	u64 flags = 0;

	if (!task->stripped)
		return;
	task->stripped = false;
	if (!clone3_flags(task, &flags, false))
		return;
	flags |= CLONE_UNTRACED;
	clone3_flags(task, &flags, true);
}

/* Reports once that the process of @task is about to end. */
static int tell_exit(struct tracer *t, struct tracer_task *task, int status,
		     struct tracer_stop *ret)
{
	struct tracer_task *k;

	tracer_each (t, k)
		k->exit_emitted |= k->pid == task->pid;
	hand_out(t, task, TRACER_EXITING, ret);
	ret->status = status;
	return 1;
}

/* Handles a stop at entry or exit of a system call. */
static int on_syscall(struct tracer *t, struct tracer_task *task, struct tracer_stop *ret)
{
	struct __ptrace_syscall_info info;
	bool was_in_call = task->in_call;

	memset(&info, 0, sizeof(info));
	if (ptrace(PTRACE_GET_SYSCALL_INFO, task->tid, sizeof(info), &info) < 0)
		info.op = PTRACE_SYSCALL_INFO_NONE;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY ||
	    info.op == PTRACE_SYSCALL_INFO_SECCOMP) {
		const u64 *args = (const u64 *)(info.op == PTRACE_SYSCALL_INFO_ENTRY
							? info.entry.args
							: info.seccomp.args);
		u64 nr = info.op == PTRACE_SYSCALL_INFO_ENTRY ? info.entry.nr
							      : info.seccomp.nr;
		task->in_call =
			enter_call(t, task, info.arch, nr, args) && !task->starting;
		if (task->in_call && task->call == TRACER_EXIT_GROUP) {
			task->in_call = false;
			if (!task->exit_emitted)
				return tell_exit(t, task,
						 (int)(task->args[0] & 0xff) << 8, ret);
		}
		if (task->in_call) {
			strip_untraced(t, task);
			return hand_out(t, task, TRACER_ENTRY, ret);
		}
	} else {
		restore_flags(task);
		task->in_call = false;
		task->entry_known = false;
		/* -ERESTART* is no result yet: the call will be entered again, or end in EINTR. */
		if (was_in_call && info.op == PTRACE_SYSCALL_INFO_EXIT &&
		    !(info.exit.rval <= -512 && info.exit.rval >= -516)) {
			hand_out(t, task, TRACER_RETURN, ret);
			ret->ret = info.exit.rval;
			return 1;
		}
	}
	tracer_task_resume(t, task);
	return 0;
}

/* @child runs in the address space of @task, which stopped inside fork or clone. */
static bool child_shares_mm(const struct tracer_task *task, int event, pid_t child)
{
	u64 flags = 0;

	if (event == PTRACE_EVENT_VFORK)
		return true;
	if (event == PTRACE_EVENT_FORK)
		return false;
	if (task->entry_known && task->call == TRACER_CLONE)
		return task->args[0] & CLONE_VM;
	if (task->entry_known && task->call == TRACER_CLONE3 &&
	    clone3_flags(task, &flags, false))
		return flags & CLONE_VM;
	return syscall(SYS_kcmp, task->tid, child, KCMP_VM, 0, 0) == 0;
}

/* Adds a thread that was attached at its birth and stands in its first stop. */
static struct tracer_task *add_fresh(struct tracer *t, pid_t tid, int sig)
{
	u64 pid = tracer_task_field(tid, "status", "\nTgid:", 10);
	struct tracer_task *task =
		tracer_task_add(t, tid, pid == UINT64_MAX ? tid : (pid_t)pid);

	if (task) {
		task->mode = TRACER_STOPPED;
		task->fresh = true;
		task->group_stop = sig != SIGTRAP;
	}
	return task;
}

/* Waits for the first stop of @child, which a followed call has just made. */
static struct tracer_task *await_child(struct tracer *t, pid_t child)
{
	struct tracer_task *task = tracer_task_find(t, child);
	int status;

	if (task)
		return task;
	/* in another PID namespace the child has the number 0 */
	if (child <= 0 || tracer_start_wait(t, child, &status) || !WIFSTOPPED(status))
		return NULL;
	return add_fresh(t, child, WSTOPSIG(status));
}

static int on_fork(struct tracer *t, struct tracer_task *task, int event,
		   struct tracer_stop *ret)
{
	unsigned long msg = 0;

	ptrace(PTRACE_GETEVENTMSG, task->tid, 0, &msg);
	struct tracer_task *child = await_child(t, (pid_t)msg);
	if (child)
		child->announced = true;
	if (!child || child->pid == task->pid) { /* killed at birth, or a thread */
		if (child)
			tracer_task_resume(t, child);
		tracer_task_resume(t, task);
		return 0;
	}
	hand_out(t, task, TRACER_FORKED, ret);
	ret->child = child->tid;
	ret->shares_mm = child_shares_mm(task, event, child->tid);
	t->held_child = child->tid;
	return 1;
}

/* exec leaves only one thread, which gets the number of the group. */
static int on_exec(struct tracer *t, struct tracer_task *task, struct tracer_stop *ret)
{
	unsigned long former = 0;
	struct tracer_task *k;

	ptrace(PTRACE_GETEVENTMSG, task->tid, 0, &former);
	struct tracer_task *old = tracer_task_find(t, (pid_t)former);
	if (old && old != task) {
		task->in_call = old->in_call;
		task->entry_known = old->entry_known;
		task->call = old->call;
		task->compat = old->compat;
		memcpy(task->args, old->args, sizeof(task->args));
	}
	tracer_each (t, k)
		if (k->pid == task->pid && k != task)
			tracer_task_drop(t, k->tid);
	task->exiting = false;
	task->starting = false;
	return hand_out(t, task, TRACER_EXECED, ret);
}

static int on_exiting(struct tracer *t, struct tracer_task *task, struct tracer_stop *ret)
{
	unsigned long status = 0;

	task->exiting = true;
	task->in_call = false;
	ptrace(PTRACE_GETEVENTMSG, task->tid, 0, &status);
	/* A signal ends all threads; a thread's exit ends the process only when it is the last. */
	if (task->exit_emitted || task->starting ||
	    (!(status & 0x7f) && others_alive(t, task->pid, task->tid))) {
		tracer_task_resume(t, task);
		return 0;
	}
	return tell_exit(t, task, (int)status, ret);
}

static int on_event(struct tracer *t, struct tracer_task *task, int event, int sig,
		    struct tracer_stop *ret)
{
	switch (event) {
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		return on_fork(t, task, event, ret);
	case PTRACE_EVENT_EXEC:
		return on_exec(t, task, ret);
	case PTRACE_EVENT_EXIT:
		return on_exiting(t, task, ret);
	case PTRACE_EVENT_SECCOMP:
		return on_syscall(t, task, ret);
	case PTRACE_EVENT_STOP:
		if (sig != SIGTRAP && !task->fresh) /* job control: stay stopped */
			tracer_task_listen(task);
		else if (!task->fresh || task->announced)
			tracer_task_resume(t, task);
		return 0;
	default:
		tracer_task_resume(t, task);
		return 0;
	}
}

static int on_gone(struct tracer *t, pid_t tid, int status, struct tracer_stop *ret)
{
	struct tracer_task *task = tracer_task_find(t, tid);
	pid_t pid = task ? task->pid : 0;
	bool starting = task && task->starting;

	if (!task)
		return 0;
	memset(ret, 0, sizeof(*ret));
	tracer_task_drop(t, tid);
	/* The kernel reports the main thread last, unless it had ended before the attach. */
	if (starting || (pid != tid && tracer_task_any(t, pid)))
		return 0;
	if (pid == t->command)
		t->status = status;
	ret->what = TRACER_EXITED;
	ret->tid = ret->pid = pid;
	ret->status = status;
	ret->time_ns = clock_now();
	t->held = NULL;
	return 1;
}

/* Answers one report of waitpid().  Returns 1 when the caller gets a stop. */
static int on_report(struct tracer *t, pid_t tid, int status, struct tracer_stop *ret)
{
	if (!WIFSTOPPED(status))
		return on_gone(t, tid, status, ret);

	struct tracer_task *task = tracer_task_find(t, tid);
	int event = status >> 16, sig = WSTOPSIG(status);
	if (!task) { /* auto-attached: the event of its creator is still to come */
		return add_fresh(t, tid, sig) ? 0 : -ENOMEM;
	}
	task->mode = TRACER_STOPPED;
	if (event)
		return on_event(t, task, event, sig, ret);
	if (sig == (SIGTRAP | 0x80))
		return on_syscall(t, task, ret);
	task->signal = sig; /* about to be delivered: leave it as it is */
	tracer_task_resume(t, task);
	return 0;
}

/* ---- waiting */

#define WAIT_MS 40 /* at most: then signals that ask gupinfo to end are looked for */

static void signal_all(struct tracer *t, int sig)
{
	struct tracer_task *k;

	tracer_each (t, k)
		if (k->tid == k->pid)
			kill(k->pid, sig);
}

static void on_alarm(int sig)
{
	(void)sig; /* waitpid() ends with EINTR */
}

/*
 * Waits at most @ms for a report.  Returns its thread, 0, or -errno.  It sleeps in waitpid(), not for
 * SIGCHLD: a stop wakes that one in its own place (__wake_up_sync_key()), without another CPU.
 */
static pid_t wait_report(int ms, int *ret_status)
{
	/* repeated, because the first may come before the call sleeps */
	const struct itimerval soon = { .it_value.tv_usec = ms * 1000,
					.it_interval.tv_usec = 2000 };
	const struct itimerval never = { 0 };
	pid_t tid = waitpid(-1, ret_status, __WALL | WNOHANG);
	int err;

	if (!tid && ms) {
		setitimer(ITIMER_REAL, &soon, NULL);
		tid = waitpid(-1, ret_status, __WALL);
		err = errno;
		setitimer(ITIMER_REAL, &never, NULL);
		errno = err;
	}
	return tid >= 0 ? tid : errno == EINTR ? 0 : -errno;
}

/* Returns the signal that asks gupinfo to end, or 0. */
static int asked_to_end(struct tracer *t)
{
	const struct timespec now = { 0 };
	siginfo_t info;
	int sig = sigtimedwait(&t->watched, &info, &now);

	t->asked_ns = clock_now();
	if (sig <= 0 || sig == SIGCHLD)
		return 0;
	if (!t->command)
		return sig;
	/*
	 * The terminal (SI_KERNEL) has signalled the command, too: pass on only what was sent
	 * to gupinfo alone.  After the command's end, report what it left behind.
	 */
	if (info.si_code != SI_KERNEL) {
		if (t->status < 0)
			kill(t->command, sig);
		else
			signal_all(t, sig);
	}
	return 0;
}

static void go_on(struct tracer *t)
{
	struct tracer_task *child =
		t->held_child ? tracer_task_find(t, t->held_child) : NULL;

	if (child)
		tracer_task_resume(t, child);
	t->held_child = 0;
	if (t->held)
		tracer_task_resume(t, t->held);
	t->held = NULL;
}

int tracer_next(struct tracer *t, int timeout_ms, struct tracer_stop *ret)
{
	u64 end = timeout_ms < 0 ? 0 : clock_now() + (u64)timeout_ms * 1000000ULL;
	int status, r, left = WAIT_MS;

	go_on(t);
	if (t->at_exec) {
		t->at_exec = false;
		return on_exec(t, tracer_task_find(t, t->command), ret);
	}
	for (;;) {
		u64 now = clock_now();
		pid_t tid;

		if (!t->ntasks)
			return -ECHILD;
		r = now - t->asked_ns < WAIT_MS * 1000000ULL ? 0 : asked_to_end(t);
		if (r) {
			memset(ret, 0, sizeof(*ret));
			ret->what = TRACER_INTERRUPTED;
			ret->status = r;
			ret->time_ns = clock_now();
			return 1;
		}
		if (timeout_ms >= 0)
			left = now >= end ? 0 : (int)((end - now + 999999) / 1000000);
		tid = wait_report(MIN(left, WAIT_MS), &status);
		if (tid < 0 || (!tid && !left))
			return tid;
		r = tid ? on_report(t, tid, status, ret) : 0;
		if (r)
			return r;
	}
}

void tracer_skip(struct tracer *t)
{
	if (t->held)
		t->held->in_call = false;
}

void tracer_follow_silently(struct tracer *t)
{
	struct tracer_stop stop;

	while (tracer_next(t, -1, &stop) == 1)
		if (stop.what == TRACER_ENTRY)
			tracer_skip(t);
}

/* See struct tracer. */
static int serve(struct tracer *t)
{
	const struct timespec now = { 0 };
	struct tracer_stop stop = { 0 };
	int sig;

	while (tracer_next(t, 0, &stop) == 1 && stop.what != TRACER_INTERRUPTED)
		;
	sig = stop.what == TRACER_INTERRUPTED ? stop.status
					      : sigtimedwait(&t->watched, NULL, &now);
	if (sig <= 0 || sig == SIGCHLD)
		return 0;
	raise(sig); /* keep it for the next who waits */
	return -EINTR;
}

/* ---- life */

int tracer_new(const struct tracer_options *opt, struct diag *diag, struct tracer **ret)
{
	struct tracer *t = calloc(1, sizeof(*t));
	sigset_t alarm;
	int r = 0;

	if (!t)
		return -ENOMEM;
	t->diag = diag;
	t->serve = serve;
	t->each_mmap = opt->each_mmap;
	t->status = -1;
	sigemptyset(&t->watched);
	for (unsigned i = 0; i < 5; i++)
		sigaddset(&t->watched,
			  (const int[]){ SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT }[i]);
	sigprocmask(SIG_BLOCK, &t->watched, &t->old_mask);
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarm, NULL);
	sigaction(SIGCHLD, &(struct sigaction){ .sa_handler = SIG_DFL }, &t->old_chld);
	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = on_alarm }, &t->old_alarm);
	t->restore_mask = true;
	if (opt->argv)
		r = tracer_start_command(t, opt);
	for (unsigned i = 0; !r && !opt->argv && i < opt->npids; i++)
		r = tracer_start_attach(t, opt->pids[i]);
	if (r) {
		tracer_free(t);
		return r;
	}
	*ret = t;
	return 0;
}

void tracer_free(struct tracer *t)
{
	struct tracer_task *k;

	if (!t)
		return;
	if (t->ntasks && tracer_start_let_go(t) == -EINVAL) {
		tracer_each (t, k)
			kill(k->pid, SIGKILL);
		tracer_start_drain(t, true);
	}
	tracer_each (t, k)
		tracer_task_drop(t, k->tid);
	if (t->restore_mask) {
		sigaction(SIGCHLD, &t->old_chld, NULL);
		sigaction(SIGALRM, &t->old_alarm, NULL);
		sigprocmask(SIG_SETMASK, &t->old_mask, NULL);
	}
	free(t);
}

int tracer_status(const struct tracer *t)
{
	return t->status;
}
