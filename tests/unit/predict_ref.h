/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * predict_ref.h - the kernel's control flow, transcribed function by function, as an independent
 * judge of the rule tables.
 */
#ifndef GUPINFO_PREDICT_REF_H
#define GUPINFO_PREDICT_REF_H

#include "page/fact.h"
#include "gup/gup.h"

/* One page of one process on one kernel.  The simulation changes ->f as faults do. */
struct ref {
	u64 f;          /* F(*): the facts that hold; all are known */
	int v;          /* 510 is 5.10, 612 is 6.12, 703 is 7.3 */
	bool draft;     /* with the seed's patch */
	bool zero_bug;  /* 6.1.130 to 6.1.134 */
	bool secretmem; /* CONFIG_SECRETMEM */
	unsigned flags; /* GUP_* */
};

/*
 * The result of slow GUP.  ->wait: it depends on what the simulation lacks; with ->handler, on
 * userfaultfd's handler.
 */
struct ref_slow {
	bool wait, handler;
	int err;
	enum gup_fault fault;
	enum gup_page page;
};

/* Returns why GUP-fast does not take the page, GUP_REASON_NONE when it does. */
enum gup_reason ref_fast(const struct ref *r);
struct ref_slow ref_gup(struct ref r);
/* enum gup_write_fault; ->seen and ->leak are enum tri. */
void ref_store(struct ref r, struct gup_write *ret);
enum gup_fork_word ref_fork(const struct ref *r);
enum gup_migrate_word ref_move_pages(const struct ref *r);

#endif
