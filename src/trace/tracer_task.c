/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "os/readfile.h"
#include "trace/tracer_int.h"

const struct tracer_call_row tracer_task_calls[TRACER_CALLS] = {
#define TRACER_CALL(id, ...) { __VA_ARGS__ },
#include "trace/tracer.def"
#undef TRACER_CALL
};

/* ---- the table of threads */

struct tracer_task *tracer_task_find(struct tracer *t, pid_t tid)
{
	struct tracer_task *task = t->bucket[(unsigned)tid % TRACER_BUCKETS];

	while (task && task->tid != tid)
		task = task->next;
	return task;
}

bool tracer_task_any(const struct tracer *t, pid_t pid)
{
	const struct tracer_task *k;

	tracer_each (t, k)
		if (k->pid == pid)
			return true;
	return false;
}

u64 tracer_task_field(pid_t tid, const char *file, const char *key, int base)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, file);
	return readfile_field(AT_FDCWD, path, key, base);
}

int tracer_task_stat(pid_t tid, struct procstat *ret)
{
	char path[64], *text;
	size_t len;
	int err;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	err = readfile(AT_FDCWD, path, &text, &len);
	if (err)
		return err == -ENOENT ? -ESRCH : err;
	/* the kernel shows nothing of a thread that has ended */
	err = procstat_parse(text, ret) ? 0 : len ? -EINVAL : -ESRCH;
	free(text);
	return err;
}

struct tracer_task *tracer_task_add(struct tracer *t, pid_t tid, pid_t pid)
{
	struct tracer_task *task = calloc(1, sizeof(*task));

	if (!task)
		return NULL;
	task->tid = tid;
	task->pid = pid;
	task->next = t->bucket[(unsigned)tid % TRACER_BUCKETS];
	t->bucket[(unsigned)tid % TRACER_BUCKETS] = task;
	t->ntasks++;
	return task;
}

void tracer_task_drop(struct tracer *t, pid_t tid)
{
	struct tracer_task **p = &t->bucket[(unsigned)tid % TRACER_BUCKETS];

	while (*p && (*p)->tid != tid)
		p = &(*p)->next;
	if (!*p)
		return;
	struct tracer_task *task = *p;
	*p = task->next;
	if (t->held == task)
		t->held = NULL;
	free(task);
	t->ntasks--;
}

/* ---- going on */

void tracer_task_listen(struct tracer_task *task)
{
	task->mode = TRACER_LISTENS;
	task->fresh = false;
	ptrace(PTRACE_LISTEN, task->tid, 0, 0);
}

void tracer_task_resume(struct tracer *t, struct tracer_task *task)
{
	bool calls = !t->filtered || task->in_call;

	if (task->mode != TRACER_STOPPED)
		return;
	if (task->group_stop) {
		task->group_stop = false;
		tracer_task_listen(task);
		return;
	}
	task->mode = TRACER_RUNS;
	task->fresh = false;
	/* ESRCH: it was killed meanwhile; its exit will be reported. */
	ptrace(calls ? PTRACE_SYSCALL : PTRACE_CONT, task->tid, 0, (long)task->signal);
	task->signal = 0;
}

void tracer_task_set_argument(const struct tracer_task *task)
{
#if defined(__x86_64__)
	ptrace(PTRACE_POKEUSER, task->tid,
	       task->compat ? offsetof(struct user_regs_struct, rbx)
			    : offsetof(struct user_regs_struct, rdi),
	       task->args[0]);
#elif defined(__aarch64__)
	struct user_regs_struct regs;
	struct iovec all = { .iov_base = &regs, .iov_len = sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, task->tid, NT_PRSTATUS, &all))
		return;
	/* of a 32-bit process the registers are words of 4 bytes */
	memcpy(&regs, task->args, task->compat ? 4 : 8);
	ptrace(PTRACE_SETREGSET, task->tid, NT_PRSTATUS, &all);
#endif
}
