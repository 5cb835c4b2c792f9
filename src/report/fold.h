/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fold.h - the mappings of a process as few rows: what matters first, the mappings of one file and
 * ordinary ones of one kind in one row each.
 */
#pragma once

#include "report/report.h"

struct fold_row {
	struct vma vma; /* of several mappings the first */
	struct report_totals totals;
	u32 mappings;
	u32 severity;     /* of what is notable in it (highlights.h) */
	const char *what; /* static: what it is; NULL: its name tells */
	struct fold_row *next;
};

#define FOLD_ALONE 6
#define FOLD_NAMES 10 /* so many, and the summary fits a small terminal */

struct fold {
	/* the caller sets it before the first row: fold_rows() will be called, so few rows are kept */
	bool few;
	struct fold_row *
		row; /* ascending by address until fold_rows(); with ->few after fold_names() */
	size_t n, room;
	/* with ->few, before fold_names(): the last mapping, and the one before it */
	struct fold_row last;
	struct vma below;
	u64 present; /* pages of all before the last */
	struct fold_row
		alone[FOLD_ALONE]; /* the heaviest that may be rows of their own */
	size_t nalone;
	void *names; /* tree of tsearch(3) of the others, which are a list, too */
	struct fold_row *list;
};

/* Adds a mapping, in ascending order.  Returns 0 or -ENOMEM. */
int fold_add(struct fold *f, const struct vma *vma, const struct report_totals *t,
	     unsigned severity);
/* Fills ->what of all rows, when all mappings are there.  Returns 0 or -ENOMEM. */
int fold_names(struct fold *f);
/*
 * Leaves few rows, in the order of their weight: up to FOLD_ALONE mappings by themselves, and the
 * others by name, up to @names names and a row for all the rest.
 */
void fold_rows(struct fold *f, size_t names);
/* Forgets the rows. */
void fold_deinit(struct fold *f);
