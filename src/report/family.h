/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * family.h - which frames the processes of a store share: what a fork left, what was copied since.
 *
 * Knows: frames are the same when their PFNs are, whatever the addresses, so that processes need not
 * be related.  Each is counted once, by a sweep over the runs of all processes, sorted by PFN.
 * Never: a guess; a page whose frame, or whose counterpart in the other process, is not known is in
 * ->unknown.  Owns: the sums; the store stays the caller's, and must not change.
 */
#pragma once

#include "report/store.h"

#define FAMILY_MEMBERS 2048 /* pairs of them are counted */

/* A page of one process beside another process, mostly its parent. */
enum family_class {
	FAMILY_NONE, /* no page of memory: a hole, swap, the zero page, a driver's */
	FAMILY_SAME, /* the other process maps the same frame */
	FAMILY_COPIED, /* the parent has another frame at the address: one of them was copied */
	FAMILY_NEW, /* it has nothing there; of a process that is no child: another frame */
	FAMILY_UNKNOWN,
	FAMILY_CLASSES
};

enum family_kind { FAMILY_ANON, FAMILY_KSM, FAMILY_FILE, FAMILY_KINDS };

/* Base pages. */
struct family_sums {
	u64 pages[FAMILY_CLASSES];
	const struct process
		*with; /* beside which the classes are; NULL: there are none */
};

struct family_member {
	const struct store_process *process;
	size_t with; /* its parent, if that is a member, else the first; itself: none */
	struct family_sums sums, *vma; /* of all, and of each of ->process->vma */
};

/* What two members map both. */
struct family_pair {
	const struct process *a, *b;
	u64 pages[FAMILY_KINDS];
};

struct family {
	size_t n;
	struct family_member *member;
	struct family_pair *pair; /* of i < j at family_pair_at() */
	u64 frames;               /* base pages that members map, each counted once */
	u64 own, own_unknown;     /* of those: nobody else maps them */
	u64 unplaced;             /* pages of members of which the frame is not known */
	u64 *by;                  /* frames that [i] members map */
};

/* Returns 0, -ENOMEM, or -E2BIG with more than FAMILY_MEMBERS processes. */
int family_new(const struct store *s, struct family **ret);
void family_free(struct family *f);

static inline size_t family_pair_at(size_t i, size_t j)
{
	return j * (j - 1) / 2 + i;
}

/*
 * Returns the class of the page at @addr in @row of @v beside process @with of the same store, by what
 * @with has at that address.  The class holds up to *@ret_end, which is in the row.
 */
enum family_class family_at(const struct store *s, const struct store_vma *v,
			    const struct page_run *row, u64 addr,
			    const struct store_process *with, u64 *ret_end);
