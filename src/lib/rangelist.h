/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rangelist.h - a short ascending list of address ranges that have changed. */
#pragma once

#include "lib/bits.h"

#define RANGELIST_MAX 256

struct rangelist {
	struct change {
		u64 from, to;
	} at[RANGELIST_MAX]; /* ascending, with gaps between them */
	unsigned n;
	u64 end; /* behind it nothing is known: too many changes */
};

/* Makes an empty list that covers the addresses below @end. */
void rangelist_init(struct rangelist *c, u64 end);

/* Adds [@from, @to), which begins no earlier than the last one; false when the list is full. */
bool rangelist_add(struct rangelist *c, u64 from, u64 to);

/* Merges @x and @y into @ret, which must be neither of them. */
void rangelist_merge(const struct rangelist *x, const struct rangelist *y,
		     struct rangelist *ret);
