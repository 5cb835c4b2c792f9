/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sysinfo.h - the text sections of a report: what a maintainer asks about the machine.
 *
 * No memory contents, no kernel addresses.  What cannot be read becomes a line with the reason.
 * All lines go through record_write_text(), so that hostile names do no harm.
 */
#pragma once

#include "report/source.h"
#include "reportfile/record.h"

/* Writes [system], [options], [settings], [pools], [counters], [modules]. */
int sysinfo_write(struct record_writer *w);
/* Writes [process PID]. */
int sysinfo_process(struct record_writer *w, pid_t pid);
/* Writes [dmesg]: the last lines of the kernel's log about memory. */
int sysinfo_dmesg(struct record_writer *w);

/* Reads nr_foll_pin_acquired and _released of /proc/vmstat; -ENOENT when the kernel has none. */
int sysinfo_pins(u64 *ret_acquired, u64 *ret_released);
/*
 * Each CPU keeps up to 125 of a node's counts back (calculate_normal_threshold(), mm/vmstat.c),
 * in both directions: a difference of the two counters up to what is returned proves nothing.
 */
u64 sysinfo_pins_kept(const struct source_machine *m);

/* Reads RLIMIT_MEMLOCK of @pid in bytes: UINT64_MAX without limit.  Returns 0 or -errno. */
int sysinfo_memlock(pid_t pid, u64 *ret);
