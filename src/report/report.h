/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.h - a report as a stream of rows, which every view reads, and its totals.
 *
 * Pointers in a streamed row are valid during the call only.
 */
#ifndef GUPINFO_REPORT_H
#define GUPINFO_REPORT_H

#include "gup/gup.h"
#include "page/page.h"
#include "report/source.h"
#include "page/vma.h"

struct holder;
struct holders_ledger;

/* Counts of base pages (not rows) of a VMA, a process or everything. */
struct report_totals {
	u64 size_bytes;
	u64 present, exclusive, shared, swapped, hugetlb, thp, pinned, excess_refs, ksm,
		file, zero;
	u64 unknown;           /* pages with an unknown verdict */
	u64 exclusive_unknown; /* anon pages whose AnonExclusive is unknown */
	u64 shared_unknown;    /* present pages whose mapcount is unknown */
	u64 leaks;             /* pages whose next store would leak */
	/* present pages whose pins, expected or real references, or leak are unknown */
	u64 pins_unknown, refs_unknown, leaks_unknown;
	u64 gup[GUP_REQUESTS][GUP_WORDS];
};

struct report_row {
	const struct process *process;
	const struct vma *vma;
	const struct page_run *page;
	const struct gup_verdicts *verdicts;
	const struct holder *holders; /* named holders of the page */
	unsigned nholders;
	/* how many references ->holders explain; NULL: nobody looked for holders */
	const struct holders_ledger *ledger;
};

struct report_head {
	const struct kernel *kernel;
	const struct source_machine *machine;
};

/* A view.  NULL members are skipped; a non-zero return ends the collection with that value. */
struct report_view {
	int (*begin)(void *ctx, const struct report_head *head);
	int (*process)(void *ctx, const struct process *p);
	int (*vma)(void *ctx, const struct process *p, const struct vma *vma);
	/* A run as the source read it, its words in ->page->raw, before like runs are merged. */
	int (*raw)(void *ctx, const struct report_row *row);
	int (*row)(void *ctx, const struct report_row *row);
	int (*vma_end)(void *ctx, const struct process *p, const struct vma *vma,
		       const struct report_totals *t);
	int (*process_end)(void *ctx, const struct process *p,
			   const struct report_totals *t);
	int (*end)(void *ctx, const struct report_totals *t);
};

/* Adds the pages of @row (or @from) to @t. */
void report_count(struct report_totals *t, const struct report_row *row,
		  u32 base_page_size);
void report_add(struct report_totals *t, const struct report_totals *from);

#endif
