/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fake_source.h - a source made of arrays: the kernel of unit tests.
 */
#ifndef GUPINFO_FAKE_SOURCE_H
#define GUPINFO_FAKE_SOURCE_H

#include "report/source.h"

struct fake_source {
	struct source source; /* first */
	struct source_machine machine;
	struct process process;
	const struct vma *vmas;
	unsigned nvmas;
	const struct raw_page
		*raw; /* ascending; those inside a VMA are delivered for it */
	unsigned nobs;
	const struct raw_page *again; /* instead of ->raw from the second reading on */
	unsigned readings;
	unsigned batch;     /* observations per callback; 0: all at once */
	unsigned vanish_at; /* deliver this many observations, then -ESRCH; 0: never */
	unsigned opened, released, delivered;
	const struct holders *holders; /* what it finds; NULL: -ENOTSUP */
	unsigned asked;                /* how often for holders */
};

/* A 6.18 machine, process 42 "fake", nothing mapped. */
void fake_source_init(struct fake_source *f);

/* An observation of @pages present order-0 anonymous pages as procfs shows them. */
struct raw_page fake_source_anon(u64 addr, u64 pages, u64 pfn, u64 kpageflags,
				 u64 kpagecount);

#endif
