/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live.h - the source that reads this machine: /proc, /sys and the kernel's configuration.
 *
 * Knows: where files are, which privileges they want.  Never: what their words mean (core does).
 * Owns: descriptors and buffers, until source_ops.close().
 *
 * A process is held by its /proc/PID directory: when it exits, every later call gives -ESRCH, and
 * a new process with the same PID is not mistaken for it.
 *
 * observe() delivers whole leaves: the first may begin before @start and the last end after @end
 * when the range cuts a huge one.  The entries of a chunk are read again after the words of its
 * pages; those that differ are read anew, few at a time, and a leaf is marked RAW_RACED when it
 * keeps changing, or when the VMA is not any more what it was when it was read (6.11 and later).
 */
#ifndef GUPINFO_LIVE_H
#define GUPINFO_LIVE_H

#include "report/source.h"

/* Where facts of page tables and pages come from. */
enum live_evidence {
	LIVE_EVIDENCE_AUTO, /* BPF where it works, procfs else */
	LIVE_EVIDENCE_PROCFS,
	LIVE_EVIDENCE_BPF, /* like auto; that BPF works is for the caller to ask */
};

struct live_options {
	u8 evidence;      /* enum live_evidence */
	const char *root; /* directory that holds proc/ and sys/; NULL is "/" */
	bool gentle;      /* in small chunks, by one thread */
	bool many;        /* processes are read one after another: frame_cache.h */
	bool no_scan;     /* as if the kernel had no PAGEMAP_SCAN */
	bool no_kpage;    /* as if /proc/kpage* were not readable */
	bool no_probe;    /* no experiments on own memory */
};

/* Opens the source.  NULL when out of memory; anything that cannot be read is evidence. */
struct source *live_open(const struct live_options *opt, struct diag *diag);

#endif
