/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture.h - walks a source and writes its raw words as the [pages] of a report.
 *
 * Knows: the order of a capture; one verdict per distinct fact word.
 * Never: I/O, layout of the other sections.  Owns: nothing after the call.
 */
#ifndef GUPINFO_CAPTURE_H
#define GUPINFO_CAPTURE_H

#include "report/collect.h"
#include "reportfile/record.h"

struct capture_result {
	u64 runs, processes, vmas;
	u64 raced; /* runs that changed while they were read */
};

/*
 * Writes the machine sections of @src to @w; @opt->model gives the recorded verdicts.  Returns 0 or
 * -errno.
 */
int capture_machine(struct source *src, const struct collect_options *opt,
		    struct record_writer *w);

/*
 * Writes section "pages": @opt's processes and ranges (filters and ->each do not matter: words
 * are kept as they were read).  Returns 0 or -errno when nothing could be read at all; partial
 * failures are in @diag with class DIAG_INCOMPLETE.
 */
int capture_pages(struct source *src, const struct collect_options *opt,
		  struct record_writer *w, struct capture_result *ret, struct diag *diag);

#endif
