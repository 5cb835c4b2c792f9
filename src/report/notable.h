/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notable.h - what deserves attention in a report: the "worth a look" list.
 *
 * Knows: which verdicts and facts are remarkable, and how remarkable (notable.def).
 * Never: layout.  Owns: a bounded list.
 */
#ifndef GUPINFO_NOTABLE_H
#define GUPINFO_NOTABLE_H

#include "report/report.h"

enum notable_kind {
#define NOTABLE(id, severity, text) NOTABLE_##id,
#include "report/notable.def"
#undef NOTABLE
	NOTABLES
};

#define NOTABLE_MAX 48

/* Pages of one VMA that are remarkable in one way. */
struct notable {
	u8 kind;
	pid_t pid;
	u64 vma_start;
	u64 addr;      /* of the first such page */
	u64 pages;     /* base pages */
	char name[48]; /* of the VMA, escaped */
};

struct notables {
	struct notable item[NOTABLE_MAX];
	unsigned n, dropped;
};

/* Looks at @row; @base is the size of a base page in bytes. */
void notable_look(struct notables *list, const struct report_row *row, u32 base);
/* Orders by severity, then by pages. */
void notable_sort(struct notables *list);

unsigned notable_severity(enum notable_kind kind); /* 3 leak … 0 curiosity */
const char *notable_text(enum notable_kind kind);  /* after "N pages" */

#endif
