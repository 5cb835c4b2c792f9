/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * predict.h - predicts the verdict of a request from the fact word.
 *
 * The rule tables (predict_*.def) are stages of a walk: GUP-fast, check_vma_flags, follow,
 * fault, copy-on-write, long-term migration; a store, a fork and migration have tables of their
 * own.
 * Nothing here depends on versions: kernel.def resolves them to kernel facts.
 *
 * The walk is three-valued by case split.  When a rule asks for an unknown fact both cases are
 * walked (fact_never.def prunes impossible ones) and their verdicts joined.  Where the cases
 * agree the verdict is definite, and learning the fact can never contradict it; where they
 * differ it is unknown, and ->unknown names the fact.  Facts that contradict each other (raced
 * reads) give unknown verdicts.  Facts read on one kernel may be judged by the rules of
 * another: what the other kernel does not have (AnonExclusive before 5.19) is taken not to
 * hold.
 *
 * The prediction assumes that nothing else happens meanwhile (no fork, no truncation, no
 * pending signal), that memory can be allocated and devices read without error, and that the
 * request is for one page of the caller's own process without FOLL_FORCE.  GUP-fast's reaction
 * to a concurrent fork (write_protect_seq) is not modelled.  A verdict that is unknown names in
 * ->unknown the facts that decide it, though some of them cannot be read at all, or it ->waits
 * for userfaultfd's handler.
 */
#pragma once

#include "page/fact.h"
#include "gup/gup.h"
#include "kernel/kernel.h"

/* Predicts one request on one page. */
void predict_request(const struct kernel *k, const struct facts *f, enum gup_request req,
		     struct gup_verdict *ret);
/* Predicts a store by the process, now. */
void predict_write(const struct kernel *k, const struct facts *f, struct gup_write *ret);
/* Predicts a fork of the process, now. */
void predict_fork(const struct kernel *k, const struct facts *f, struct gup_whatif *ret);
/* Predicts whether the kernel could move the page to other memory, now. */
void predict_migrate(const struct kernel *k, const struct facts *f,
		     struct gup_whatif *ret);
/* Predicts all of these. */
void predict_all(const struct kernel *k, const struct facts *f, struct gup_verdicts *ret);

/* Why facts that contradict each other cannot be, in a few words; NULL when they do not. */
const char *predict_contradiction(const struct kernel *k, const struct facts *f);

/* A rule, for --explain and tests. */
struct predict_rule {
	const char *id;     /* stable: "fast-must-unshare" */
	const char *reason; /* one line for people */
	const char
		*cite; /* file and, where it matters, commit: "mm/gup.c (a7f226604170)" */
	enum kfunc func; /* the kernel function that decides */
	u64 yes, no;     /* facts that must (not) hold */
	u64 kyes, kno;   /* kernel facts that must (not) hold */
	u64 since,
		before; /* for the citation alone: kernel facts that came, or went, with the rule */
	u8 need, forbid; /* GUP_* flags that the request must (not) have */
	u8 stage;        /* of the walk: enum predict_stage */

	/* The effect of the rule; see predict.c. */
	u64 set, clear, forget;
	u64 want; /* facts that would decide what this rule leaves unknown */
	u8 next, value, seen, leak;
	u8 raise, page, wfault, flags;
};

/* Returns the number of rules; rules have the ids 0 … n-1 (in struct gup_path). */
unsigned predict_rules(void);
const struct predict_rule *predict_rule(unsigned id);

/* What to read: ->cite and the releases; "mm/gup.c (a7f226604170); Linux 5.19-".  Returns @buf. */
const char *predict_rule_cite(const struct predict_rule *rule, char *buf, size_t len);

/*
 * Returns the function of @k that decides step @i of @path on a page with facts @f.  A rule for
 * entries of all levels names the function of the page's level (gup_fast_pmd_leaf(),
 * copy_huge_pmd(), …).
 */
enum kfunc predict_rule_func(const struct kernel *k, const struct gup_path *path,
			     unsigned i, const struct facts *f);
