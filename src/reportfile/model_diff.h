/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model_diff.h - what another model says of a report's pages, against what was recorded.
 *
 * Knows: how to compare two judgements of the same words.  Never: layout.
 * Owns: its counters; memory does not grow with the report.
 */
#ifndef GUPINFO_MODEL_DIFF_H
#define GUPINFO_MODEL_DIFF_H

#include "reportfile/record.h"

#define REJUDGE_CHANGES 256

/* Pages whose verdict about one thing changed from one word to another. */
struct model_diff_change {
	u8 what; /* enum gup_request, or REJUDGE_WRITE, _LEAK, _FORK */
	u8 from, to, from_err, to_err;
	pid_t pid;
	u64 addr;  /* of the first such page */
	u64 pages; /* base pages */
};

enum { REJUDGE_WRITE = GUP_REQUESTS, REJUDGE_LEAK, REJUDGE_FORK };

struct model_diff {
	const struct kernel *judge; /* the model to judge by */
	u64 same, differ,
		unjudged; /* base pages; holes of which nothing differs do not count */
	unsigned n;
	u64 dropped; /* changes without room */
	struct model_diff_change change[REJUDGE_CHANGES];
	/* private */
	struct kernel running;
	struct pte_layout pte;
	struct page_context ctx;
	struct page_span spans[RECORD_SPANS];
	struct kpf_layout layout;
	u32 base, pmd;
};

/* The context is a struct model_diff * with ->judge set and the rest zero. */
extern const struct record_handler model_diff_handler;

const char *
model_diff_what_name(unsigned what); /* "pin-r", "a store", "a leak", "a fork" */
const char *model_diff_word(const struct model_diff_change *c, bool to);

#endif
