/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fake_source.h - a source made of arrays: the kernel of unit tests. */
#ifndef GUPINFO_FAKE_SOURCE_H
#define GUPINFO_FAKE_SOURCE_H

#include "report/source.h"

struct fake_source {
	struct source source; /* first member */
	struct source_machine machine;
	struct kernel kernel; /* of ->machine */
	struct process process;
	const struct vma *vmas;
	unsigned nvmas;
	const struct raw_page *raw; /* ascending; a VMA gets those that lie in it */
	unsigned nobs;
	const struct raw_page *again; /* instead of ->raw from the second reading on */
	unsigned readings;
	bool fold;          /* of the last reading */
	unsigned batch;     /* runs per callback; 0: all at once */
	unsigned vanish_at; /* deliver so many runs, then return -ESRCH; 0: never */
	unsigned opened, released, delivered;
	struct holders *holders; /* the result of ->holders(); NULL: -ENOTSUP */
	unsigned asked;          /* calls of ->holders() */
	bool holds_nothing;      /* ->may_hold() returns the opposite */
	unsigned finds;          /* so many calls of ->vma_at() succeed */
	unsigned walks;          /* calls of ->vmas() */
};

/* Makes a 6.18 machine with process 42, "fake", which maps nothing. */
void fake_source_init(struct fake_source *f);

/* Makes a run of @pages present order-0 anonymous pages as procfs shows them. */
struct raw_page fake_source_anon(u64 addr, u64 pages, u64 pfn, u64 kpageflags,
				 u64 kpagecount);

#endif
