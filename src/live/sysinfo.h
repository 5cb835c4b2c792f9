/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sysinfo.h - the text sections of a report: what a maintainer asks about the machine.
 *
 * Knows: which files of /proc and /sys answer; "key: value" lines.
 * Never: memory contents, pages (capture.c), kernel addresses; changes a setting.
 * Owns: nothing.
 *
 * What cannot be read is a line that says so.  A section's lines are written through
 * record_write_text(), so that hostile names do no harm.
 */
#ifndef GUPINFO_SYSINFO_H
#define GUPINFO_SYSINFO_H

#include "reportfile/record.h"

/* [system], [options], [settings], [pools], [counters], [modules]. */
int sysinfo_write(struct record_writer *w);
/* [process PID]. */
int sysinfo_process(struct record_writer *w, pid_t pid);
/* [dmesg]: the last lines of the kernel's log that speak of memory. */
int sysinfo_dmesg(struct record_writer *w);

/* nr_foll_pin_acquired and _released of /proc/vmstat; -ENOENT when the kernel has none. */
int sysinfo_pins(u64 *ret_acquired, u64 *ret_released);

#endif
