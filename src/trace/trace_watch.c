/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --no-stop where BPF is permitted: the kernel writes forks, execs, exits and calls of the followed
 * processes into a ring (watch.bpf.c).  Their pages are looked at afterwards, while they run.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/array.h"
#include "live/bpfprog.h"
#include "os/clock.h"
#include "trace/trace_int.h"
#include "trace/tracer_int.h"
#include "event/watch_record.h"

/* What the kernel's functions of system calls begin with, and where struct pt_regs has what. */
#ifdef __x86_64__
#define CALL_PREFIX "__x64_sys_"
#define REG(name) offsetof(struct user_regs_struct, name)
#define CALL_REGS                                                                    \
	{                                                                            \
		.arg = { REG(rdi), REG(rsi), REG(rdx), REG(r10), REG(r8), REG(r9) }, \
		.number = REG(orig_rax), .mode = REG(cs), .mode_value = 0x33,        \
		.mode_mask = 0xffff /* __USER_CS */                                  \
	}
#endif
#ifdef __aarch64__
#define CALL_PREFIX "__arm64_sys_"
/*
 * ->orig_x0, ->syscallno and ->pstate; what a call returns takes the place of ->regs[0]. Many 32-bit calls
 * have the same functions.
 */
#define CALL_REGS                                                              \
	{                                                                      \
		.arg = { 272, 8, 16, 24, 32, 40 }, .number = 280, .mode = 264, \
		.mode_mask = 0x10 /* PSR_MODE32_BIT */                         \
	}
#endif

#define WATCH_AHEAD 256 /* records in which a later call of the same pages is sought */

static void keep_record(void *ctx, const struct watch_record *r, size_t size)
{
	struct trace *t = ctx;
	struct watch_record *new =
		array_add(&t->record, &t->nrecords, &t->record_room, sizeof(*new));

	if (!new) {
		t->lost++;
		return;
	}
	*new = (struct watch_record){ 0 };
	memcpy(new, r, MIN(size, sizeof(*new)));
}

/* Returns the bytes that the call of @r worked on first; false when its arguments do not have them. */
static bool bytes_of(const struct trace *t, const struct watch_record *r, u64 *start,
		     u64 *end)
{
	const char *arch = t->src->machine->kernel.arch;
	bool vector = r->nvec;

	*start = vector ? r->vec[0] : r->call == TRACER_MMAP ? (u64)r->ret : r->arg[0];
	*start = arch_untagged(arch, *start);
	*end = *start + (vector ? r->vec[1] : r->arg[1]);
	return r->what == WATCH_CALL &&
	       (vector || (r->call >= TRACER_MMAP && r->call <= TRACER_MADVISE));
}

/* After record @i the process changed the same pages again, or they are no longer its own. */
static bool is_passed(const struct trace *t, size_t i)
{
	const struct watch_record *r = &t->record[i];
	u64 start = 0, end = 0, later, later_end;
	bool known = bytes_of(t, r, &start, &end);

	for (size_t j = i + 1; j < MIN(t->nrecords, i + WATCH_AHEAD); j++) {
		const struct watch_record *n = &t->record[j];

		if (n->pid != r->pid)
			continue;
		if (n->what == WATCH_EXEC || n->what == WATCH_EXIT ||
		    (n->what == WATCH_FORK && r->what == WATCH_FORK))
			return true;
		if (known && bytes_of(t, n, &later, &later_end) && later < end &&
		    start < later_end)
			return true;
	}
	return false;
}

static int handle_record(struct trace *t, size_t i)
{
	static const u8 what[] = { [WATCH_CALL] = TRACER_RETURN,
				   [WATCH_FORK] = TRACER_FORKED,
				   [WATCH_EXEC] = TRACER_EXECED,
				   [WATCH_EXIT] = TRACER_EXITED };
	struct watch_record copy = t->record[i], *r = &copy; /* more may be fetched */
	const struct trace_process *p = trace_state_find(t, (pid_t)r->pid);
	struct tracer_stop stop = { .what = what[r->what],
				    .call = r->call,
				    .shares_mm = r->shares_mm,
				    .tid = (pid_t)r->tid,
				    .pid = (pid_t)r->pid,
				    .child = (pid_t)r->child,
				    .ret = r->ret,
				    .status = (int)r->ret,
				    .time_ns = r->time_ns,
				    .seen = r,
				    .passed = is_passed(t, i) };

	memcpy(stop.args, r->arg, sizeof(r->arg));
	/* a process is read at most 5 % of the time */
	if (p && r->what == WATCH_FORK)
		stop.passed |= clock_now() - p->full_ns < 20 * p->cost_ns;
	/* what was seen in /proc before the record was fetched */
	if (!p || (r->what == WATCH_EXEC && r->time_ns < p->full_ns) ||
	    (r->what == WATCH_FORK && trace_state_find(t, stop.child)))
		return 0;
	if (r->what == WATCH_EXIT && p->pid == t->command)
		waitpid(p->pid, &t->status, 0);
	return t->handle(t, &stop);
}

/*
 * A program that sees every call makes each slower, by 0.2 to 0.4 us: that may be a few per cent of the
 * time of the followed processes.
 */
static void limit_calls(struct trace *t)
{
	u64 now = clock_now(), calls = t->watch->watch->calls;

	if (now - t->calls_ns < 100000000)
		return;
	if (calls - t->calls > (now - t->calls_ns) / 10000) {
		bpfprog_ignore_calls(t->watch);
		diag_add(
			t->diag, DIAG_NOTE,
			"system calls are seen by looking now and then since %.1f s after the start: there were more than 100,000 a second, and to see each makes each some tenths of a microsecond slower",
			(double)(now - t->start_ns) / 1e9);
	}
	t->calls = calls;
	t->calls_ns = now;
}

int trace_watch_handle(struct trace *t)
{
	int r = 0;

	for (size_t i = 0; i < t->nrecords && !r; i++)
		r = handle_record(t, i);
	t->nrecords = 0;
	t->held = 0;
	return r;
}

int trace_watch_step(struct trace *t, int timeout_ms)
{
	bpfprog_fetch(t->watch, timeout_ms);
	limit_calls(t);
	return trace_watch_handle(t);
}

void trace_watch_follow(struct trace *t, pid_t pid)
{
	if (t->watch)
		bpfprog_follow(t->watch, pid);
}

/* The calls that have a program of their own in watch.bpf.c. */
static bool is_seen(unsigned call)
{
	int nr = tracer_task_calls[call].native;

	return nr >= 0 && nr < WATCH_CALLS && call >= TRACER_VMSPLICE &&
	       call <= TRACER_PROCESS_VM_WRITEV;
}

/* The numbers of processes are those that the kernel's programs see: PROC_PID_INIT_INO. */
static bool in_first_namespace(void)
{
	char text[64];
	ssize_t n = readlink("/proc/self/ns/pid", text, sizeof(text) - 1);

	text[MAX(n, 0)] = '\0';
	return !strcmp(text, "pid:[4026531836]");
}

void trace_watch_new(struct trace *t)
{
	char why[BPFPROG_WHY] = "gupinfo knows no registers of this architecture";
	int r = -ENOTSUP;

#ifdef CALL_PREFIX
	const struct source_evidence *bpf = &t->src->machine->evidence[SOURCE_STRUCTPAGE];
	static const struct watch_regs regs = CALL_REGS;
	struct watch_shared shared = { .each_mmap = t->opt.each_mmap,
				       .mmap_pages = TRACER_MMAP_PAGES };

	for (unsigned i = 0; i < TRACER_CALLS; i++)
		if (is_seen(i))
			shared.call_of[tracer_task_calls[i].native] = (u8)(i + 1);
	if (!bpf->ok)
		snprintf(why, sizeof(why), "%s", bpf->why);
	else if (!in_first_namespace())
		snprintf(
			why, sizeof(why),
			"gupinfo is in a PID namespace of its own, where processes have other numbers");
	else
		r = bpfprog_watch(CALL_PREFIX, &regs, &shared, keep_record, t, &t->watch,
				  why);
#endif
	if (r)
		diag_add(t->diag, DIAG_NOTE,
			 "forks, calls and exits are seen by looking now and then: %s",
			 why);
}

void trace_watch_free(struct trace *t)
{
	if (t->watch && t->watch->watch->lost + t->lost)
		diag_add(
			t->diag, DIAG_INCOMPLETE,
			"%llu calls, forks or exits were lost: they came faster than they could be read",
			t->watch->watch->lost + t->lost);
	bpfprog_free(t->watch);
	t->watch = NULL;
	free(t->record);
}
