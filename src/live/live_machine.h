/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_machine.h - settings and counters of this machine, from /sys/kernel/mm and /proc. */
#pragma once

#include <stddef.h>

#include "lib/bits.h"

/* What is set on this machine.  UINT64_MAX: not readable. */
struct live_machine_settings {
	char thp_enabled[16]; /* "always" "madvise" "never"; "" unknown */
	u8 use_zero_page;     /* enum tri */
};

/* Counters of /proc/vmstat; UINT64_MAX when the kernel lacks one. */
struct live_machine_vmstat {
	u64 foll_pin_acquired, foll_pin_released; /* nr_foll_pin_* (5.10) */
	u64 numa_pte_updates;
};

/* Both read below the directory @root; the counters with AT_FDCWD below "/", and return 0 or -errno. */
void live_machine_settings(int root, struct live_machine_settings *ret);
int live_machine_vmstat(int root, struct live_machine_vmstat *ret);

/*
 * The configuration of kernel @release below the directory @root as text for free(3), and the
 * @path where it is.  Returns 0, or -ENOENT when no place has it.
 */
int live_machine_config(int root, const char *release, char path[160], char **ret,
			size_t *ret_len);
