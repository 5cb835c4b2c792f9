/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model_diff.h - compares another model's verdicts on a report's pages with the recorded ones.
 *
 * Memory does not grow with the report.
 */
#pragma once

#include "reportfile/record.h"

#define REJUDGE_CHANGES 256

/* Pages for which one verdict changed from one word to another. */
struct model_diff_change {
	u8 what; /* enum gup_request, or what else is judged, see model_diff_what_name() */
	u8 from, to, from_err, to_err;
	pid_t pid;
	u64 addr; /* of the first such page */
	u64 pages;
};

struct model_diff {
	const struct kernel *judge; /* the model that judges */
	u64 same, differ,
		unjudged; /* base pages; holes with equal verdicts do not count */
	unsigned n;
	u64 dropped; /* changes for which there was no room */
	struct model_diff_change change[REJUDGE_CHANGES];
	struct source_machine
		machine; /* the report's; what it points to must stay, and so must ->judge */
};

/* The context is a struct model_diff *. */
extern const struct record_handler model_diff_handler;

const char *model_diff_what_name(unsigned what); /* "pin-r", "store", "leak", "fork" */
const char *model_diff_word(const struct model_diff_change *c, bool to);
