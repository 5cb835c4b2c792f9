/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * changes.h - a short list of address ranges that are not what they were.
 *
 * Knows: ranges, ascending.  Never: what changed there.  Owns: nothing.
 */
#ifndef GUPINFO_CHANGES_H
#define GUPINFO_CHANGES_H

#include "lib/bits.h"

#define CHANGES_MAX 256

struct changes {
	struct change {
		u64 from, to;
	} at[CHANGES_MAX]; /* ascending, apart from each other */
	unsigned n;
	u64 end; /* nothing is said of what lies behind: there were too many before it */
};

/* No changes up to @end. */
void changes_init(struct changes *c, u64 end);

/* Adds [@from, @to), which begins no earlier than the last one; false when nothing more fits. */
bool changes_add(struct changes *c, u64 from, u64 to);

/* Both lists in @ret, which is neither of them. */
void changes_merge(const struct changes *x, const struct changes *y, struct changes *ret);

#endif
