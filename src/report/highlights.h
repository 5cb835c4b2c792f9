/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * highlights.h - what deserves attention in a report: the "worth a look" list, and a report's first
 * page.
 *
 * Knows: which verdicts and facts are remarkable, and how remarkable (highlights.def).
 * Never: layout.  Owns: a count of every kind over all pages, and the best examples of each.
 */
#pragma once

#include "report/report.h"

enum highlights_kind {
#define HIGHLIGHT(id, severity, text) HIGHLIGHT_##id,
#include "report/highlights.def"
	HIGHLIGHTS
};

#define HIGHLIGHT_BEST 3     /* examples of each kind */
#define HIGHLIGHTS_HOLDERS 4 /* named of each example */

/* A mapping with pages that are remarkable in one way, and the first such page. */
struct highlight {
	u64 pages; /* base pages of the mapping; 0: no example */
	u64 lint;  /* BIT(LINT_*): the bugs */
	struct process process;
	struct vma vma;
	struct page_run run;
	struct page_class class; /* a copy: the collection forgets its classes */
	struct gup_verdicts verdicts;
	struct raw_page raw;
	bool has_ledger; /* for holders */
	s64 unexplained; /* references; -1 unknown */
	unsigned nholders;
	char holder[HIGHLIGHTS_HOLDERS][200]; /* untrusted */
};

struct highlights {
	u32 base; /* size of a base page in bytes */
	u32 cpus; /* which may keep a page in a batch; 0: not known */
	/* over all pages, after highlights_end() */
	u64 pages[HIGHLIGHTS], mappings[HIGHLIGHTS];
	struct highlight best[HIGHLIGHTS][HIGHLIGHT_BEST]; /* the largest first */
	struct highlight now[HIGHLIGHTS]; /* of the mapping that is being read */
};

/* Looks at @row, which comes mapping by mapping. */
void highlights_look(struct highlights *list, const struct report_row *row);
/* The worst severity of what was found in @vma, the mapping of the last rows; 0: nothing. */
unsigned highlights_worst(const struct highlights *list, const struct vma *vma);
/* No row is to come. */
void highlights_end(struct highlights *list);
/* The kinds that were found, the worst and then the most frequent first; returns their number. */
unsigned highlights_found(const struct highlights *list, u8 kinds[HIGHLIGHTS]);

extern const struct highlights_row {
	u8 severity;      /* 3 leak … 0 curiosity */
	const char *text; /* after "N pages" */
} highlights_rows[HIGHLIGHTS];
