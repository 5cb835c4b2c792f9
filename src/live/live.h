/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live.h - the source that reads this machine: /proc, /sys, and BPF where it works.
 *
 * The source holds a process by its /proc/PID directory: after its exit every call returns
 * -ESRCH, and a new process with the same PID is not mistaken for it.
 *
 * observe() delivers whole leaves: the first may begin before @start and the last end after
 * @end when the range cuts a huge one.  It reads the entries of a chunk again after the words
 * of their pages, and reads anew what differs, few entries at a time.  A leaf is marked
 * RAW_RACED when it keeps changing, or when its VMA has changed (6.11 and later).
 */
#pragma once

#include "report/source.h"

/* Where words about page tables and pages come from. */
enum live_evidence {
	LIVE_EVIDENCE_AUTO, /* BPF where it works, procfs else */
	LIVE_EVIDENCE_PROCFS,
	LIVE_EVIDENCE_BPF, /* like auto; the caller checks that BPF works */
};

struct live_options {
	u8 evidence;      /* enum live_evidence */
	const char *root; /* directory that holds proc/ and sys/; NULL is "/" */
	bool gentle;      /* small chunks */
	unsigned
		jobs; /* workers; 0: one for each CPU.  ->gentle leaves out CPUs that are busy */
	u32 pages;     /* about so many are read; 0: many */
	bool many;     /* many processes, one after another: use frame_cache.h */
	bool cgroups;  /* read which cgroup each process is in */
	bool no_scan;  /* as if the kernel had no PAGEMAP_SCAN */
	bool no_kpage; /* as if /proc/kpage* were not readable */
	bool no_probe; /* no experiments on gupinfo's memory */
};

/*
 * Opens the source.  Returns NULL after one message: without memory, or when the kernel's release is
 * no version of Linux.  What it cannot read becomes evidence.
 */
struct source *live_open(const struct live_options *opt, struct diag *diag);

/* Reads the path of the memory cgroup that @file, a /proc/PID/cgroup, has.  Returns false when it has none. */
bool live_cgroup_read(int dir, const char *file, char *ret, size_t size);
