/* SPDX-License-Identifier: GPL-2.0-or-later */
/* procstat.h - parses /proc/PID/stat (fs/proc/array.c, do_task_stat()). */
#pragma once

#include <sys/types.h>

#include "lib/bits.h"

#define PROCSTAT_EXITING 0x00000004       /* PF_EXITING of include/linux/sched.h */
#define PROCSTAT_KERNEL_THREAD 0x00200000 /* PF_KTHREAD */

struct procstat {
	char comm[64]; /* untrusted: may hold anything, also ')' and newlines */
	char state;    /* 'R', 'S', 'Z', … */
	pid_t ppid;
	u32 flags;   /* PF_* */
	u32 threads; /* including threads that have ended and are not reaped yet */
	u64 start_time;
};

/* Returns false when @text, which ends in NUL, is not a line of stat. */
bool procstat_parse(const char *text, struct procstat *ret);

/* The main thread has ended and is the only one: the process runs nothing and has no memory. */
static inline bool procstat_is_dead(const struct procstat *s)
{
	return s->state == 'X' || (s->state == 'Z' && s->threads <= 1);
}
