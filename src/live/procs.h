/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * procs.h - process rows, from libproc2.
 *
 * Knows: libproc2.  Never: pages, memory maps (live.c opens and follows one process).
 * Owns: nothing; a list belongs to the caller.
 */
#ifndef GUPINFO_PROCS_H
#define GUPINFO_PROCS_H

#include "report/source.h"

/*
 * Every process (@comm NULL), or those whose comm is @comm (as long as the kernel keeps one, 15
 * bytes: a longer @comm is compared by its first 15).  Ascending by PID.  vm_pin_bytes is 0 and
 * has_pinned unknown: libproc2 does not know them.  Returns 0 and an array for free(3), or -errno.
 */
int procs_list(const char *comm, struct process **ret, size_t *ret_n);

/*
 * Bytes of @pid that other processes map too, as smaps_rollup counts them: the kernel walks the
 * whole process for it.  Returns 0 or -errno, -EACCES when it may not be read.
 */
int procs_shared(pid_t pid, u64 *ret_bytes);

/* One process: 0, or -ESRCH. */
int procs_one(pid_t pid, struct process *ret);

#endif
