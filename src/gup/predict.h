/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * predict.h - from a fact word and a request to a verdict.
 *
 * Knows: the rule tables (predict_*.def), as stages: GUP-fast, check_vma_flags, follow, fault,
 * copy-on-write, long-term migration; a store and a fork.
 * Never: I/O, allocation, versions (those are kernel.def's), text layout.
 * Owns: nothing.
 *
 * Three-valued by case split: a table is walked with known facts only; when a rule asks for a
 * fact that is not known, both cases are walked (contradictory ones are pruned by
 * fact_never.def) and their verdicts are joined.  Where they agree the verdict is definite and
 * can never be contradicted by learning the fact; where they differ it is unknown and the fact is
 * named in ->unknown.  Facts that contradict each other (raced reads) give unknown verdicts.
 * Facts read on one kernel may be judged by the rules of another: what the other kernel does not
 * have (AnonExclusive before 5.19) is taken not to hold.
 *
 * What is assumed: nothing else happens meanwhile (no fork between, no truncation, no pending
 * signal), memory can be allocated and devices read without error, and the request is for one
 * page of the caller's own process without FOLL_FORCE.  GUP-fast's reaction to a concurrent fork
 * (write_protect_seq) is not modelled.  A verdict that is unknown without any fact in ->unknown
 * depends on what cannot be read at all; the last rule of its path says on what.
 */
#ifndef GUPINFO_PREDICT_H
#define GUPINFO_PREDICT_H

#include "page/fact.h"
#include "gup/gup.h"
#include "kernel/kernel.h"

/* One request on one page. */
void predict_request(const struct kernel *k, const struct facts *f, enum gup_request req,
		     struct gup_verdict *ret);
/* A store by the process, now. */
void predict_write(const struct kernel *k, const struct facts *f, struct gup_write *ret);
/* A fork of the process, now. */
void predict_fork(const struct kernel *k, const struct facts *f, struct gup_fork *ret);
/* All of it. */
void predict_all(const struct kernel *k, const struct facts *f, struct gup_verdicts *ret);

/* A rule, for --explain and tests. */
struct predict_rule {
	const char *id; /* stable: "fast-must-unshare" */
	const char
		*stage; /* "fast", "check", "follow", "fault", "cow", "longterm", "write",
			       "seen", "fork" */
	const char *reason; /* one line for people */
	const char *
		cite; /* file and, where it matters, commit: "mm/gup.c (a7f226604170, 5.19)" */
	enum kfunc func; /* the kernel function that decides */
	u64 yes, no;     /* facts that must (not) hold */
	u64 kyes, kno;   /* kernel facts that must (not) hold */
	u8 need, forbid; /* GUP_* flags that the request must (not) have */

	/* What follows; see predict.c. */
	u64 set, clear, forget;
	u8 next, value, seen, leak;
	u8 raise, page, wfault, flags;
};

/* The number of rules, and rule @id in 0 … n-1 (the ids in struct gup_path). */
unsigned predict_rules(void);
const struct predict_rule *predict_rule(unsigned id);

/*
 * The function that decides step @i of @path, on the page that is known by @f: a rule for entries
 * of all levels names the one of this page's level (gup_fast_pmd_leaf(), copy_huge_pmd(), …).
 */
enum kfunc predict_rule_func(const struct gup_path *path, unsigned i,
			     const struct facts *f);

#endif
