/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * demo.h - --demo: makes a parent and a child of its own, walks through the vmsplice cases of
 * the kernel's selftest, predicts each step, does it, and looks at what it did.
 *
 * Knows: how a step is done, the huge page pool.
 * Never: text layout; other processes.
 * Owns: its helper processes and, with ->reserve, the huge pages that it adds to the pool: they
 * are given back however gupinfo ends, by a helper that outlives it.
 */
#ifndef GUPINFO_DEMO_H
#define GUPINFO_DEMO_H

#include "event/demo_case.h"
#include "report/collect.h"

struct demo_options {
	const char *
		name; /* NULL: everything; a kind of memory or a case, or "memory:case" */
	bool reserve; /* add huge pages to the pool when too few are free, give them back */
	const struct kernel *model;
};

/*
 * Runs the demo.  Returns 0; -EINVAL for an unknown name; -EINTR when a signal asked to end;
 * another -errno.  *@ret_wrong: cases whose prediction did not come true.
 */
int demo_run(const struct demo_options *opt, struct source *src,
	     const struct demo_view *view, void *ctx, struct diag *diag,
	     unsigned *ret_wrong);

#endif
