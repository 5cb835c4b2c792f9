/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * progress.h - how fast a collection goes, and what is said of it meanwhile.
 *
 * Knows: the clock, progress on a terminal, the rests of --gentle.  Never: facts.
 * Owns: the progress line, of which there is one.
 */
#ifndef GUPINFO_PROGRESS_H
#define GUPINFO_PROGRESS_H

#include <stdio.h>

#include "report/source.h"

struct progress {
	FILE *out;         /* where progress is shown; NULL: nowhere */
	bool gentle;       /* rest three times as long as was read */
	unsigned nprocess; /* to be read */
	unsigned process;  /* being read, from 1 */
	pid_t pid;
	u64 started, shown, last; /* monotonic ns */
	u64 entries;              /* of page tables, so far */
};

/* @out NULL: no progress. */
void progress_init(struct progress *p, FILE *out, bool gentle, unsigned nprocess);

/* After each batch of @entries of @process: a collect_options.tick. */
int progress_tick(void *pace, const struct process *process, u64 entries);

/* Wipes the progress line. */
void progress_end(struct progress *p);

/*
 * A stream to the terminal @out that may also show progress: the line is wiped before anything is
 * written.  The stream is line-buffered and the caller's to close; @out itself without memory.
 */
FILE *progress_output(FILE *out);

#endif
