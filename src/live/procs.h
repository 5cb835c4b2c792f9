/* SPDX-License-Identifier: GPL-2.0-or-later */
/* procs.h - process rows, from libproc2; live.c opens and follows one process. */
#pragma once

#include "report/source.h"

/*
 * Lists every process (@comm NULL), or those whose comm is @comm (compared by the 15 bytes that
 * the kernel keeps), ascending by PID.  libproc2 does not know vm_pin_bytes (0) and has_pinned
 * (unknown).  Returns 0 and an array for free(3), or -errno.
 */
int procs_list(const char *comm, struct process **ret, size_t *ret_n);

/*
 * Counts the bytes of @pid that other processes map too, by smaps_rollup, for which the kernel
 * walks the whole process.  Returns 0 or -errno, -EACCES when gupinfo may not read it.
 */
int procs_shared(pid_t pid, u64 *ret_bytes);
