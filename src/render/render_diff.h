/* SPDX-License-Identifier: GPL-2.0-or-later */
/* render_diff.h - differences of two reports (--diff), or of two models' verdicts on one. */
#pragma once

#include "reportfile/model_diff.h"
#include "render/changes.h"
#include "render/render.h"
#include "render/js.h"
#include "report/store.h"

struct render_diff {
	const struct render_options *opt;
	struct js js;
	struct rows *rows; /* when columns were asked for; rows_free() */
	u32 base;          /* bytes of a base page */
	const struct store *a, *b;
	u64 changes;              /* changed runs that were shown */
	u64 pages[CHANGES_WORDS]; /* base pages by bit of STORE_* */
	u64 skipped;              /* bytes that one side does not cover */
	u64 others;               /* bytes of changes that text does not list */
	pid_t pid;                /* of the last heading */
};

/* Call _begin first, _change for each change (a store_diff_cb), _end last.  Return 0 or -errno. */
int render_diff_begin(struct render_diff *d);
int render_diff_change(void *ctx, const struct store_change *change);
/* Prints a process that only one @side has: "A" or "B". */
int render_diff_process(struct render_diff *d, const struct process *p, const char *side);
int render_diff_end(struct render_diff *d);

/* Prints the differences between the recorded verdicts (by model @recorded) and @r's. */
void render_diff_rejudged(const struct render_options *opt, const struct model_diff *r,
			  const char *recorded);
