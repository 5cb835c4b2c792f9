/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture.h - the view of a collection that writes its raw words as the [pages] of a report.
 * Knows which raw runs are one line of a report, and which holders belong to it.
 */
#pragma once

#include "report/collect.h"
#include "reportfile/record.h"

struct capture_result {
	u64 runs, processes, vmas;
	u64 raced; /* runs that changed while they were read */
};

/*
 * Writes the machine sections of @src to @w; @model gives the recorded verdicts, NULL: the
 * machine's own kernel.  Returns 0 or -errno.
 */
int capture_machine(struct source *src, const struct kernel *model,
		    struct record_writer *w);

/*
 * Writes section "pages": @opt's processes and ranges.  Words are kept as they were read: ->keep,
 * ->each and ->fold must not be set.  Returns 0 or -errno when nothing could be read at all;
 * partial failures are in @diag with class DIAG_INCOMPLETE.
 */
int capture_pages(struct source *src, const struct collect_options *opt,
		  struct record_writer *w, struct capture_result *ret, struct diag *diag);
