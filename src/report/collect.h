/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * collect.h - walks a source in order and feeds a view.
 *
 * Knows: which facts are fetched, in which order; the verdict cache; merging into runs.
 * Never: syscalls, output.  Owns: its buffers, for the duration of the call.
 */
#ifndef GUPINFO_COLLECT_H
#define GUPINFO_COLLECT_H

#include "lib/diag.h"
#include "report/report.h"
#include "report/source.h"

struct collect_range {
	u64 start, end;
}; /* end exclusive */

/* Whether a row is kept; unknown is for the callee to decide. */
typedef bool (*collect_keep)(void *ctx, const struct report_row *row);

struct collect_options {
	const pid_t *pids;
	unsigned npids;
	const struct collect_range *ranges; /* none: everything */
	unsigned nranges;
	const char *const *names; /* VMA names that are ranges too */
	unsigned nnames;
	collect_keep keep; /* NULL: all rows */
	void *keep_ctx;
	/* after each batch of observations, with the number of entries in it; not 0: stop */
	int (*tick)(void *ctx, const struct process *p, u64 entries);
	void *tick_ctx;
	bool each;    /* never merge pages into runs */
	bool fold;    /* no frame is shown: merge like pages whatever their PFNs */
	bool smaps;   /* the view shows the byte counts of smaps */
	bool holders; /* look for holders of excess references */
	bool holes;   /* deliver rows of kind `none` too */
	bool whole; /* fail when a process vanishes while it is read (-ESRCH), or on -EINTR */
	const struct kernel *model; /* judge by this model instead of the machine's */
};

/* Why a process could not be read, as a sentence that begins with its number: @err of a source. */
const char *collect_why(int err);

/*
 * Collects @opt->pids from @src into @view.  Returns 0, a view's non-zero value, or -errno when
 * nothing could be read at all; partial failures are in @diag with class DIAG_INCOMPLETE.
 */
int collect_run(struct source *src, const struct collect_options *opt,
		const struct report_view *view, void *view_ctx, struct diag *diag);

#endif
