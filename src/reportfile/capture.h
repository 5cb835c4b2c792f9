/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture.h - reads a source and writes its raw words, with verdicts, as [pages] of a report. */
#ifndef GUPINFO_CAPTURE_H
#define GUPINFO_CAPTURE_H

#include "report/collect.h"
#include "reportfile/record.h"

struct capture_result {
	u64 runs, processes, vmas;
	u64 raced; /* runs that changed while they were read */
};

/* Writes @src's machine sections to @w; @opt->model judges the recorded verdicts.  0 or -errno. */
int capture_machine(struct source *src, const struct collect_options *opt,
		    struct record_writer *w);

/*
 * Writes section "pages" with @opt's processes and ranges (not with its filters and ->each:
 * words are kept as they were read).  Returns 0, or -errno when nothing could be read; @diag
 * has partial failures with class DIAG_INCOMPLETE.
 */
int capture_pages(struct source *src, const struct collect_options *opt,
		  struct record_writer *w, struct capture_result *ret, struct diag *diag);

#endif
