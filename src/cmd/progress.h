/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress.h - progress on a terminal during a collection, and the rests of --gentle. */
#pragma once

#include <stdio.h>

#include "report/source.h"

struct progress {
	FILE *out;         /* where to show progress; NULL: nowhere */
	bool gentle;       /* rest three times as long as was read */
	unsigned nprocess; /* how many will be read */
	unsigned process;  /* the one being read, from 1 */
	pid_t pid;
	u64 started, shown, last; /* monotonic ns */
	u64 entries;              /* page-table entries so far */
};

/* @out NULL: no progress. */
void progress_init(struct progress *p, FILE *out, bool gentle, unsigned nprocess);

/* A collect_options.tick: call it after each batch of @entries of @process. */
int progress_tick(void *pace, const struct process *process, u64 entries);

/* Wipes the progress line. */
void progress_end(void);

/*
 * Opens a line-buffered stream to the terminal @out that wipes the progress line before it
 * writes.  The caller closes it.  Returns @out itself without memory.
 */
FILE *progress_output(FILE *out);
