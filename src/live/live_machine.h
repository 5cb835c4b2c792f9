/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_machine.h - settings and counters of this machine, from /sys/kernel/mm and /proc. */
#ifndef GUPINFO_LIVE_MACHINE_H
#define GUPINFO_LIVE_MACHINE_H

#include "lib/bits.h"

#define LIVE_MACHINE_POOLS 8

/* Settings, for views and predictions.  UINT64_MAX: not readable. */
struct live_machine_settings {
	char thp_enabled[16]; /* "always" "madvise" "never"; "" unknown */
	char thp_defrag[32];
	char shmem_enabled[16];
	u8 use_zero_page; /* enum tri */
	u64 pmd_size;     /* bytes of a PMD leaf, 0 unknown */
	u64 ksm_run;      /* 0 stop, 1 run, 2 unmerge */
	u64 ksm_pages_sharing, ksm_pages_shared;
	unsigned npools;
	struct live_machine_pool {
		u64 page_bytes;
		u64 total, free, reserved, surplus, overcommit;
	} pool[LIVE_MACHINE_POOLS];
};

/* Counters of /proc/vmstat; UINT64_MAX when the kernel lacks one. */
struct live_machine_vmstat {
	u64 foll_pin_acquired, foll_pin_released; /* nr_foll_pin_* (5.10) */
	u64 numa_pte_updates, numa_hint_faults, thp_fault_alloc, thp_split_pmd,
		thp_split_page, cow_ksm;
	u64 pgmigrate_success, pgmigrate_fail;
};

/* Both read below @root (NULL: "/").  Return 0, or -errno when nothing could be read. */
int live_machine_settings(const char *root, struct live_machine_settings *ret);
int live_machine_vmstat(const char *root, struct live_machine_vmstat *ret);

#endif
