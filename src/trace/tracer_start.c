/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "os/clock.h"
#include "trace/tracer_int.h"

#define OPTIONS                                                             \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | \
	 PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT)

/* ---- the filter: seccomp(2); one run of compares for each architecture of tracer.def */

#define DATA(member) offsetof(struct seccomp_data, member)
/* The word of an argument that has its low bits. */
#define DATA_LOW(i) (DATA(args[i]) + 4 * (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__))
#define FILTER_MAX (8 + 2 * (6 * TRACER_CALLS + 2))

struct filter_text {
	struct sock_filter insn[FILTER_MAX];
	unsigned n;
};

static void emit(struct filter_text *f, struct sock_filter insn)
{
	f->insn[f->n++] = insn;
}

#define STMT(code, k) ((struct sock_filter)BPF_STMT(code, k))
#define JUMP(code, k, t, f) ((struct sock_filter)BPF_JUMP(code, k, t, f))

/* Emits compares of the call's number with those of one architecture; other calls are allowed. */
static void emit_calls(struct filter_text *f, bool compat, bool each_mmap)
{
	for (unsigned i = 0; i < TRACER_CALLS; i++) {
		const struct tracer_call_row *call = &tracer_task_calls[i];
		int nr = compat ? call->compat : call->native;

		if (nr < 0)
			continue;
		if (call->filter == FILTER_DIO) { /* a multiple of 512, but not 0 */
			emit(f, JUMP(BPF_JMP | BPF_JEQ | BPF_K, (u32)nr, 0, 5));
			emit(f, STMT(BPF_LD | BPF_W | BPF_ABS, DATA_LOW(2)));
			emit(f, JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0));
			emit(f, JUMP(BPF_JMP | BPF_JSET | BPF_K, 511, 0, 1));
			emit(f, STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
		} else if (call->filter == FILTER_MMAP && !each_mmap) {
			emit(f, JUMP(BPF_JMP | BPF_JEQ | BPF_K, (u32)nr, 0, 4));
			emit(f, STMT(BPF_LD | BPF_W | BPF_ABS, DATA_LOW(3)));
			emit(f,
			     JUMP(BPF_JMP | BPF_JSET | BPF_K, TRACER_MMAP_PAGES, 1, 0));
			emit(f, STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
		} else {
			emit(f, JUMP(BPF_JMP | BPF_JEQ | BPF_K, (u32)nr, 0, 1));
		}
		emit(f, STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE));
	}
	emit(f, STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

static void make_filter(struct filter_text *f, bool each_mmap)
{
	struct filter_text compat = { .n = 0 };

	f->n = 0;
#ifdef TRACER_ARCH
	emit(&compat, STMT(BPF_LD | BPF_W | BPF_ABS, DATA(nr)));
	emit_calls(&compat, true, each_mmap);
	emit(f, STMT(BPF_LD | BPF_W | BPF_ABS, DATA(arch)));
	emit(f, JUMP(BPF_JMP | BPF_JEQ | BPF_K, TRACER_ARCH_COMPAT, 0, compat.n));
	memcpy(f->insn + f->n, compat.insn, compat.n * sizeof(f->insn[0]));
	f->n += compat.n;
	emit(f, JUMP(BPF_JMP | BPF_JEQ | BPF_K, TRACER_ARCH, 1, 0));
	emit(f, STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
#endif
	emit(f, STMT(BPF_LD | BPF_W | BPF_ABS, DATA(nr)));
	emit_calls(f, false, each_mmap);
}

unsigned tracer_start_filter(struct sock_filter *ret, unsigned max, bool each_mmap)
{
	struct filter_text f;

	make_filter(&f, each_mmap);
	if (f.n > max)
		return 0;
	memcpy(ret, f.insn, f.n * sizeof(f.insn[0]));
	return f.n;
}

/* ---- start */

void tracer_start_exec(char *const *argv, bool sigpipe_default, const sigset_t *mask,
		       int failed)
{
	int err;

	if (sigpipe_default)
		signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(argv[0], argv);
	err = errno;
	_exit(write(failed, &err, sizeof(err)) < 0 ? 126 : 127);
}

int tracer_start_pipes(int go[2], int failed[2])
{
	int err;

	if (pipe2(go, O_CLOEXEC) < 0)
		return -errno;
	if (!pipe2(failed, O_CLOEXEC))
		return 0;
	err = -errno;
	close(go[0]);
	close(go[1]);
	return err;
}

/* In the child: waits until it is traced and becomes the command.  Never returns. */
static void become(const struct tracer *t, const struct tracer_options *opt, int go,
		   int failed, bool filter)
{
	struct filter_text text;
	struct sock_fprog prog;
	char c;
	int err;

	if (read(go, &c, 1) != 1)
		_exit(127);
	if (filter) {
		make_filter(&text, t->each_mmap);
		prog = (struct sock_fprog){ .len = (u16)text.n, .filter = text.insn };
		if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0) {
			err = -errno;
			_exit(write(failed, &err, sizeof(err)) < 0 ? 126 : 127);
		}
	}
	sigaction(SIGCHLD, &t->old_chld, NULL);
	sigaction(SIGALRM, &t->old_alarm, NULL);
	tracer_start_exec(opt->argv, opt->sigpipe_default, &t->old_mask, failed);
}

/*
 * The filter needs no no_new_privs: CAP_SYS_ADMIN is effective.  And the tracer must be able to write
 * the flags of clone(2), as otherwise calls of an untraced child would fail.
 */
static bool may_filter(void)
{
#ifdef TRACER_ARCH
	u64 caps = tracer_task_field(getpid(), "status", "\nCapEff:", 16);

	return caps != UINT64_MAX && caps >> CAP_SYS_ADMIN & 1;
#else
	return false;
#endif
}

int tracer_start_wait(struct tracer *t, pid_t tid, int *ret_status)
{
	const struct timespec moment = { .tv_nsec = 50000000 };

	for (;;) {
		pid_t got = waitpid(tid, ret_status, __WALL | WNOHANG);
		int sig;

		if (got == tid)
			return 0;
		if (got < 0 && errno != EINTR)
			return -errno;
		sig = sigtimedwait(&t->watched, NULL, &moment);
		if (sig > 0 && sig != SIGCHLD) {
			raise(sig); /* keep it for the next who waits */
			return -EINTR;
		}
	}
}

/* Runs the child up to its exec.  Returns 0 when it stands there, or the error of exec. */
static int run_to_exec(struct tracer *t, pid_t pid, int failed)
{
	struct tracer_task *task = tracer_task_find(t, pid);
	int status, err = 0;

	for (;;) {
		err = tracer_start_wait(t, pid, &status);
		if (err == -EINTR) /* asked to end before it began */
			kill(pid, SIGKILL);
		if (err)
			return err;
		if (!WIFSTOPPED(status)) {
			tracer_task_drop(t, pid);
			if (read(failed, &err, sizeof(err)) == sizeof(err) && err)
				return err < 0 ? err : -err;
			return -ECHILD;
		}
		task->mode = TRACER_STOPPED;
		if (status >> 16 == PTRACE_EVENT_EXEC) {
			/* Leave this stop, the first of the command, to the loop. */
			return 0;
		}
		if (!(status >> 16) && WSTOPSIG(status) != (SIGTRAP | 0x80))
			task->signal = WSTOPSIG(status);
		tracer_task_resume(t, task);
	}
}

int tracer_start_command(struct tracer *t, const struct tracer_options *opt)
{
	int go[2], failed[2], r;
	bool filter = !opt->no_filter && may_filter();

	r = tracer_start_pipes(go, failed);
	if (r)
		return r;
	pid_t pid = fork();
	if (!pid)
		become(t, opt, go[0], failed[1], filter);
	r = pid < 0 ? -errno : 0;
	close(go[0]);
	close(failed[1]);
	struct tracer_task *task = r ? NULL : tracer_task_add(t, pid, pid);
	if (!r && !task)
		r = -ENOMEM;
	if (!r && ptrace(PTRACE_SEIZE, pid, 0,
			 OPTIONS | PTRACE_O_EXITKILL |
				 (filter ? PTRACE_O_TRACESECCOMP : 0)) < 0)
		r = -errno;
	if (!r) {
		task->starting = task->announced = true;
		t->filtered = filter;
		if (write(go[1], "", 1) != 1)
			r = -EIO;
	}
	close(go[1]);
	if (!r)
		r = run_to_exec(t, pid, failed[0]);
	else if (pid > 0) {
		tracer_task_drop(t, pid);
		waitpid(pid, NULL, 0);
	}
	close(failed[0]);
	if (r) {
		diag_add(t->diag, DIAG_ERROR, "cannot start the command: %s",
			 strerror(-r));
	} else {
		t->command = pid;
		t->at_exec = true;
	}
	return r;
}

/* ---- attach */

static pid_t tracer_of(pid_t pid)
{
	u64 tracer = tracer_task_field(pid, "status", "\nTracerPid:", 10);

	return tracer == UINT64_MAX ? 0 : (pid_t)tracer;
}

static sigjmp_buf stuck;

static void on_alarm(int sig)
{
	siglongjmp(stuck, sig);
}

/*
 * PTRACE_SEIZE sleeps as long as a thread of the process is in execve(), which holds
 * cred_guard_mutex and waits (de_thread()) until the other threads have ended; those that are
 * traced already need their tracer for that.  Only a jump out of the handler of a signal ends
 * this sleep: ptrace_attach() returns -ERESTARTNOINTR.  Returns 0, -EAGAIN after a moment, or -errno.
 */
static int try_seize(pid_t tid)
{
	const struct itimerval moment = { .it_value.tv_usec = 100000 }, never = { 0 };
	volatile int r = -EAGAIN;
	struct sigaction old;

	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = on_alarm }, &old);
	if (!sigsetjmp(stuck, 1)) {
		setitimer(ITIMER_REAL, &moment, NULL);
		r = ptrace(PTRACE_SEIZE, tid, 0, OPTIONS) < 0 ? -errno : 0;
	}
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &old, NULL);
	return r;
}

/* Returns 1 for a thread that is traced now, 0 for one that was before, or -errno. */
static int seize(struct tracer *t, pid_t tid, pid_t pid)
{
	struct tracer_task *task = tracer_task_find(t, tid);
	bool ours;
	int r;

	if (task && tracer_of(tid) == getpid())
		return 0;
	/* another thread has executed, and has the number of the traced one now */
	if (task)
		tracer_task_drop(t, tid);
	do {
		r = try_seize(tid);
		ours = r && tracer_of(tid) == getpid();
		if (r == -EAGAIN && !ours && t->serve(t))
			return -EINTR;
	} while (r == -EAGAIN && !ours);
	if (r && !ours)
		return r;
	task = tracer_task_find(t, tid) ?: tracer_task_add(t, tid, pid);
	if (!task) /* the kernel lets it go when gupinfo ends */
		return -ENOMEM;
	task->announced = true;
	if (ptrace(PTRACE_INTERRUPT, tid, 0, 0) < 0)
		return -errno == -ESRCH ? 0 : -errno;
	return 1;
}

/* Thread @tid has ended: the kernel keeps only its exit status. */
static bool is_dead(pid_t tid)
{
	struct procstat stat;
	int err = tracer_task_stat(tid, &stat);

	return err == -ESRCH || (!err && (stat.state == 'Z' || stat.state == 'X'));
}

static void explain(struct tracer *t, pid_t pid, int err)
{
	pid_t tracer = err == -EPERM ? tracer_of(pid) : 0;

	if (tracer)
		diag_add(t->diag, DIAG_ERROR,
			 "cannot attach to %d: process %d traces it already", pid,
			 tracer);
	else if (err == -EPERM)
		diag_add(
			t->diag, DIAG_ERROR,
			"cannot attach to %d: not permitted (needs CAP_SYS_PTRACE, or the same user and a kernel.yama.ptrace_scope that allows it); --no-stop samples",
			pid);
	else
		diag_add(t->diag, DIAG_ERROR, "cannot attach to %d: %s", pid,
			 err == -ESRCH ? "no such process" : strerror(-err));
}

int tracer_start_attach(struct tracer *t, pid_t pid)
{
	char path[64];
	bool more = true;
	unsigned waits =
		0; /* of a millisecond; the more with threads that may be traced */
	int r = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	/* Traced threads bring new ones along: repeat until there are no others. */
	while (more && r >= 0) {
		more = false;
		DIR *dir = opendir(path);
		if (!dir) {
			/* for a moment of execve() the number is nobody's (exchange_tids()) */
			more = errno == ENOENT && waits++ < 20 && !usleep(1000);
			r = more ? 0 : errno == ENOENT ? -ESRCH : -errno;
			continue;
		}
		for (struct dirent *d; r >= 0 && (d = readdir(dir));) {
			pid_t tid = atoi(d->d_name);

			if (tid <= 0)
				continue;
			r = seize(t, tid, pid);
			/* ended meanwhile; of a main thread that has ended the others are traced */
			if (r == -ESRCH || (r == -EPERM && is_dead(tid)))
				r = 0;
			/* it was dead for a moment: a thread that executes takes its place */
			if (r == -EPERM && !tracer_of(tid) &&
			    waits++ < (tracer_task_any(t, pid) ? 10000 : 300))
				r = usleep(1000) + 1;
			more |= r > 0;
		}
		closedir(dir);
		/*
		 * An untraced thread may execute after the main thread was seen to be traced, and before its own turn:
		 * it then has that one's number, and all others end.
		 */
		if (!r && !more &&
		    (!tracer_task_any(t, pid) ||
		     (!is_dead(pid) && tracer_of(pid) != getpid())) &&
		    waits++ < 300)
			more = !usleep(1000);
	}
	if (!r && !tracer_task_any(t, pid))
		r = -ESRCH;
	if (r < 0 && r != -EINTR)
		explain(t, pid, r);
	return r < 0 ? r : 0;
}

/* ---- letting go */

/*
 * A task reports within microseconds if it can.  One that cannot (it waits for a child of
 * vfork(2), or for a device) is let go by the kernel when gupinfo ends (exit_ptrace()).
 */
#define LET_GO_NS 700000000ULL

/* Lets the stopped thread @tid, which reported @status, go on untraced, or to its death. */
static void let_go(struct tracer *t, pid_t tid, int status, bool killed)
{
	struct tracer_task *task = tracer_task_find(t, tid);
	int event = status >> 16, sig = task ? task->signal : 0;

	if (status && !event && WSTOPSIG(status) != (SIGTRAP | 0x80))
		sig = WSTOPSIG(status);
	if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
	    event == PTRACE_EVENT_CLONE) {
		unsigned long child = 0;

		ptrace(PTRACE_GETEVENTMSG, tid, 0, &child);
		if (child && !tracer_task_find(t, (pid_t)child))
			tracer_task_add(t, (pid_t)child, (pid_t)child);
	}
	if (killed) {
		ptrace(PTRACE_CONT, tid, 0, 0);
		return;
	}
	ptrace(PTRACE_DETACH, tid, 0, (long)sig); /* ESRCH: killed meanwhile */
	tracer_task_drop(t, tid);
}

/*
 * Drops threads that will never report: those that are gone, and a main thread that has ended,
 * which the kernel does not report while others live (delay_group_leader()).
 */
static void drop_dead(struct tracer *t)
{
	struct tracer_task *k;

	tracer_each (t, k)
		if (is_dead(k->tid))
			tracer_task_drop(t, k->tid);
}

void tracer_start_drain(struct tracer *t, bool killed)
{
	const struct timespec moment = { .tv_nsec = 10000000 };
	u64 end = clock_now() + LET_GO_NS;
	int status, sig = 0;

	while (t->ntasks && (sig <= 0 || sig == SIGCHLD) && clock_now() < end) {
		pid_t tid = waitpid(-1, &status, __WALL | WNOHANG);

		if (tid > 0 && WIFSTOPPED(status)) {
			let_go(t, tid, status, killed);
		} else if (tid > 0) {
			tracer_task_drop(t, tid);
		} else if (tid < 0 && errno == ECHILD) {
			break;
		} else {
			drop_dead(t);
			/* A second request to end needs no patience: the kernel does the rest. */
			sig = sigtimedwait(&t->watched, NULL, &moment);
		}
	}
}

int tracer_start_let_go(struct tracer *t)
{
	struct tracer_task *k;

	if (t->filtered && t->command)
		return -EINVAL;
	tracer_each (t, k)
		if (k->mode == TRACER_STOPPED)
			let_go(t, k->tid, 0, false);
		else if (ptrace(PTRACE_INTERRUPT, k->tid, 0, 0) < 0)
			tracer_task_drop(t, k->tid);
	tracer_start_drain(t, false);
	return 0;
}
