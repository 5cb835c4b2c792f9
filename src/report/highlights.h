/* SPDX-License-Identifier: GPL-2.0-or-later */
/* highlights.h - the "worth a look" list: what deserves attention in a report (highlights.def). */
#ifndef GUPINFO_HIGHLIGHTS_H
#define GUPINFO_HIGHLIGHTS_H

#include "report/report.h"

enum highlights_kind {
#define HIGHLIGHT(id, severity, text) HIGHLIGHT_##id,
#include "report/highlights.def"
#undef HIGHLIGHT
	HIGHLIGHTS
};

#define HIGHLIGHT_MAX 48

/* Pages of one VMA that are remarkable in one way. */
struct highlight {
	u8 kind;
	pid_t pid;
	u64 vma_start;
	u64 addr;      /* of the first such page */
	u64 pages;     /* in base pages */
	char name[48]; /* name of the VMA, escaped */
};

struct highlights {
	struct highlight item[HIGHLIGHT_MAX];
	unsigned n, dropped;
};

/* Adds @row if it is remarkable; @base is the size of a base page in bytes. */
void highlights_look(struct highlights *list, const struct report_row *row, u32 base);
/* Sorts by severity, then by number of pages. */
void highlights_sort(struct highlights *list);

unsigned highlights_severity(enum highlights_kind kind); /* 3 leak … 0 curiosity */
const char *highlights_text(enum highlights_kind kind);  /* after "N pages" */

#endif
