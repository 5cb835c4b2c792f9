/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>

#include "trace/tracer_int.h"

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
	for (unsigned i = 0; i < TRACER_BUCKETS; i++)
		for (const struct tracer_task *k = t->bucket[i]; k; k = k->next)
			if (k->pid == pid)
				return true;
	return false;
}

pid_t tracer_task_tgid(pid_t tid)
{
	char path[64], line[128];
	int pid = tid;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	FILE *f = fopen(path, "re");
	if (!f)
		return tid;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Tgid: %d", &pid) == 1)
			break;
	fclose(f);
	return pid;
}

int tracer_task_stat(pid_t tid, struct procstat *ret)
{
	char path[64], text[1024];

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	FILE *f = fopen(path, "re");
	if (!f)
		return errno == ENOENT ? -ESRCH : -errno;
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	/* the kernel shows nothing of a thread that has ended */
	return procstat_parse(text, ret) ? 0 : text[0] ? -EINVAL : -ESRCH;
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
