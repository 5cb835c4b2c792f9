/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rangelist.h - a short list of address ranges that are not what they were.
 *
 * Knows: ranges, ascending.  Never: what changed there.  Owns: nothing.
 */
#ifndef GUPINFO_RANGELIST_H
#define GUPINFO_RANGELIST_H

#include "lib/bits.h"

#define RANGELIST_MAX 256

struct rangelist {
	struct change {
		u64 from, to;
	} at[RANGELIST_MAX]; /* ascending, apart from each other */
	unsigned n;
	u64 end; /* nothing is said of what lies behind: there were too many before it */
};

/* No changes up to @end. */
void rangelist_init(struct rangelist *c, u64 end);

/* Adds [@from, @to), which begins no earlier than the last one; false when nothing more fits. */
bool rangelist_add(struct rangelist *c, u64 from, u64 to);

/* Both lists in @ret, which is neither of them. */
void rangelist_merge(const struct rangelist *x, const struct rangelist *y,
		     struct rangelist *ret);

#endif
