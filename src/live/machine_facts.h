/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine_facts.h - the text sections of a report: what a maintainer asks about the machine.
 *
 * Knows: which files of /proc and /sys answer; "key: value" lines.
 * Never: memory contents, pages (capture.c), kernel addresses; changes a setting.
 * Owns: nothing.
 *
 * What cannot be read is a line that says so.  A section's lines are written through
 * record_write_text(), so that hostile names do no harm.
 */
#ifndef GUPINFO_MACHINE_FACTS_H
#define GUPINFO_MACHINE_FACTS_H

#include "reportfile/record.h"

/* [system], [options], [settings], [pools], [counters], [modules]. */
int machine_facts_write(struct record_writer *w);
/* [process PID]. */
int machine_facts_process(struct record_writer *w, pid_t pid);
/* [dmesg]: the last lines of the kernel's log that speak of memory. */
int machine_facts_dmesg(struct record_writer *w);

/* nr_foll_pin_acquired and _released of /proc/vmstat; -ENOENT when the kernel has none. */
int machine_facts_pins(u64 *ret_acquired, u64 *ret_released);

#endif
