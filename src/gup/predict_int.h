/* SPDX-License-Identifier: GPL-2.0-or-later */
/* predict_int.h - what predict.c and predict_rule.c share: the stages of a walk, how rules end it. */
#pragma once

#include "gup/predict.h"

/* Flags besides GUP_WRITE, GUP_PIN and GUP_LONGTERM. */
#define PREDICT_UNSHARE BIT(3) /* the fault is an unshare fault */
#define PREDICT_STORE BIT(4)   /* a store by the process, not GUP */
#define PREDICT_COPIED BIT(5)  /* the store's page was copied */
#define PREDICT_TRIED BIT(6)   /* a long-term pin tried to move the page */
#define PREDICT_MOVED BIT(7)   /* and did */

/* The stages of a walk, and its ends. */
enum predict_stage {
	PREDICT_FAST,
	PREDICT_CHECK,
	PREDICT_FOLLOW,
	PREDICT_FAULT,
	PREDICT_COW,
	PREDICT_LONGTERM,
	PREDICT_WRITE,
	PREDICT_SEEN,
	PREDICT_FORK,
	PREDICT_MIGRATE,
	PREDICT_STAGES,

	PREDICT_RETRY = PREDICT_STAGES, /* after a fault: follow the entry again */
	PREDICT_PASS, /* a step that was passed: the next rule is asked */
	PREDICT_ENDS,
	PREDICT_FAST_YES = PREDICT_ENDS,
	PREDICT_FAST_NO,   /* ->value: enum gup_reason */
	PREDICT_OK,        /* slow GUP has the page */
	PREDICT_ERROR,     /* ->value: errno */
	PREDICT_UNDECIDED, /* it depends on something that no source can read */
	PREDICT_WAITS,     /* until userfaultfd's handler answers */
	PREDICT_SEGV,
	PREDICT_SEEN_END,
	PREDICT_FORK_END,    /* ->value: enum gup_fork_word */
	PREDICT_MIGRATE_END, /* ->value: enum gup_migrate_word */
};

/* All rules by their ids, in the order of the stages. */
extern const struct predict_rule predict_rule_all[];
extern const unsigned predict_rule_count;

/*
 * Puts the entry of a hugetlb page where a kernel with facts @k has it, for what was read on another: in
 * a hugepd directory, or since 6.11 in PMDs that are contiguous.
 */
void predict_rule_place_hugetlb(struct facts *f, const struct facts *k);
