/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * demo.h - --demo: walks through the vmsplice cases of the kernel's selftest with a parent and
 * a child of its own; predicts each step, does it, and reads the pages again.
 *
 * With ->reserve it adds huge pages to the pool.  A helper that outlives gupinfo gives them
 * back, however gupinfo ends.
 */
#pragma once

#include "event/demo_case.h"
#include "report/collect.h"

struct demo_options {
	const char
		*name; /* NULL: everything; a kind of memory, a case, or "memory:case" */
	bool reserve;  /* lend huge pages to the pool if too few are free */
	const struct kernel *model;
};

/*
 * Runs the demo.  Returns 0; -EINVAL for an unknown name; -EINTR when a signal asks gupinfo to
 * end; another -errno.  *@ret_wrong counts cases whose prediction did not come true.
 */
int demo_run(const struct demo_options *opt, struct source *src,
	     const struct demo_view *view, void *ctx, struct diag *diag,
	     unsigned *ret_wrong);
