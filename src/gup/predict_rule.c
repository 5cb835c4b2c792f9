/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of the .def files as tables. */
#include "gup/predict_int.h"

#include <errno.h>

#include "lib/pure.h"

/* The vocabulary of the .def files. */
#define GO(stage) .next = PREDICT_##stage
#define FAST_YES .next = PREDICT_FAST_YES
#define FAST_NO(r) .next = PREDICT_FAST_NO, .value = GUP_REASON_##r
#define OK .next = PREDICT_OK
#define ERROR(e) .next = PREDICT_ERROR, .value = e
#define UNDECIDED .next = PREDICT_UNDECIDED
#define SEGV .next = PREDICT_SEGV
#define SEEN(s, l) .next = PREDICT_SEEN_END, .seen = TRI_##s, .leak = TRI_##l
#define FORK(word) .next = PREDICT_FORK_END, .value = GUP_FORK_##word

/* Facts that are false for a page that this fault has just mapped. */
#define GONE                                                                             \
	(F(SWAP) | F(MIGRATION) | F(GUARD) | F(POISON) | F(DEVICE_ENTRY) | F(PROTNONE) | \
	 F(DEVMAP) | F(KSM) | F(NO_MAPPING) | F(SWAP_EXCLUSIVE) | F(SWAP_SHARED) |       \
	 F(ZONE_MOVABLE) | F(BLOCK_UNPINNABLE) | F(LARGE_MAPS) | F(MM_SHARED) |          \
	 F(EXTRA_REFS) | F(MAYBE_PINNED))
#define SOLE (F(REF_ONE) | F(REF_SOLE) | F(REF_IS_MAPS) | F(MAPCOUNT_ONE))
#define SMALL (F(LEAF_PMD) | F(LEAF_PUD) | F(HUGEPD) | F(LARGE) | F(HUGE_ZERO))
#define FRESH                                                   \
	.set = F(PRESENT) | F(ANON) | F(ANON_EXCLUSIVE) | SOLE, \
	.clear = GONE | SMALL | F(ZERO) | F(SPECIAL) | F(SHMEM) | F(PTE_WRITE)
#define FRESH_HUGE                                                         \
	.set = F(PRESENT) | F(ANON) | F(ANON_EXCLUSIVE) | F(LARGE) | SOLE, \
	.clear = GONE | F(ZERO) | F(HUGE_ZERO) | F(SPECIAL) | F(SHMEM) | F(PTE_WRITE)
#define ZERO_PAGE                                                                        \
	.set = F(PRESENT) | F(ZERO) | F(SPECIAL), .clear = GONE | SMALL | SOLE |         \
							   F(ANON) | F(ANON_EXCLUSIVE) | \
							   F(SHMEM) | F(PTE_WRITE)
#define FILE_PAGE                                                                       \
	.set = F(PRESENT), .clear = GONE | SMALL | SOLE | F(ANON) | F(ANON_EXCLUSIVE) | \
				    F(ZERO) | F(SPECIAL) | F(PTE_WRITE)

#define REUSE .wfault = GUP_WRITE_REUSE, GO(RETRY)
#define REUSE_MARK .wfault = GUP_WRITE_REUSE, .set = F(ANON_EXCLUSIVE), GO(RETRY)
#define COPY .wfault = GUP_WRITE_COPY, .page = GUP_PAGE_COPY, FRESH, GO(RETRY)
#define COPY_HUGE .wfault = GUP_WRITE_COPY, .page = GUP_PAGE_COPY, FRESH_HUGE, GO(RETRY)

#define RULE(i, f, r, c, ...) \
	{ .id = i,            \
	  .stage = STAGE,     \
	  .func = KFUNC_##f,  \
	  .reason = r,        \
	  .cite = c,          \
	  __VA_ARGS__ },

#define STAGE "fast"
static const struct predict_rule rules_fast[] = {
#include "gup/predict_fast.def"
};
#undef STAGE
#define STAGE "check"
static const struct predict_rule rules_check[] = {
#include "gup/predict_check.def"
};
#undef STAGE
#define STAGE "follow"
static const struct predict_rule rules_follow[] = {
#include "gup/predict_follow.def"
};
#undef STAGE
#define STAGE "fault"
static const struct predict_rule rules_fault[] = {
#include "gup/predict_fault.def"
};
#undef STAGE
#define STAGE "cow"
static const struct predict_rule rules_cow[] = {
#include "gup/predict_cow.def"
};
#undef STAGE
#define STAGE "longterm"
static const struct predict_rule rules_longterm[] = {
#include "gup/predict_longterm.def"
};
#undef STAGE
#define STAGE "write"
#define STORE_RULES
static const struct predict_rule rules_write[] = {
#include "gup/predict_after.def"
};
#undef STORE_RULES
#undef STAGE
#define STAGE "seen"
#define SEEN_RULES
static const struct predict_rule rules_seen[] = {
#include "gup/predict_after.def"
};
#undef SEEN_RULES
#undef STAGE
#define STAGE "fork"
#define FORK_RULES
static const struct predict_rule rules_fork[] = {
#include "gup/predict_after.def"
};
#undef FORK_RULES
#undef STAGE

/* Rule ids count through all tables in the order of the stages. */
enum {
	BASE_CHECK = ARRAY_SIZE(rules_fast),
	BASE_FOLLOW = BASE_CHECK + ARRAY_SIZE(rules_check),
	BASE_FAULT = BASE_FOLLOW + ARRAY_SIZE(rules_follow),
	BASE_COW = BASE_FAULT + ARRAY_SIZE(rules_fault),
	BASE_LONGTERM = BASE_COW + ARRAY_SIZE(rules_cow),
	BASE_WRITE = BASE_LONGTERM + ARRAY_SIZE(rules_longterm),
	BASE_SEEN = BASE_WRITE + ARRAY_SIZE(rules_write),
	BASE_FORK = BASE_SEEN + ARRAY_SIZE(rules_seen),
};

#define TABLE(rules_, base_)                                            \
	{                                                               \
		.rules = rules_, .n = ARRAY_SIZE(rules_), .base = base_ \
	}
const struct predict_table predict_rule_tables[PREDICT_STAGES] = {
	[PREDICT_FAST] = TABLE(rules_fast, 0),
	[PREDICT_CHECK] = TABLE(rules_check, BASE_CHECK),
	[PREDICT_FOLLOW] = TABLE(rules_follow, BASE_FOLLOW),
	[PREDICT_FAULT] = TABLE(rules_fault, BASE_FAULT),
	[PREDICT_COW] = TABLE(rules_cow, BASE_COW),
	[PREDICT_LONGTERM] = TABLE(rules_longterm, BASE_LONGTERM),
	[PREDICT_WRITE] = TABLE(rules_write, BASE_WRITE),
	[PREDICT_SEEN] = TABLE(rules_seen, BASE_SEEN),
	[PREDICT_FORK] = TABLE(rules_fork, BASE_FORK),
};

const struct predict_rule *predict_rule(unsigned id)
{
	for (unsigned i = PREDICT_STAGES; i-- > 0;)
		if (id >= predict_rule_tables[i].base)
			return id - predict_rule_tables[i].base < predict_rule_tables[i].n
				       ? &predict_rule_tables[i]
						  .rules[id - predict_rule_tables[i].base]
				       : NULL;
	return NULL;
}

/* Names by level: where ->any is the function, ->by is the one of leaves with one of ->facts. */
static const struct {
	u64 facts;
	u8 any, by;
} predict_levels[] = {
	{ F(LEAF_PMD), KFUNC_GUP_FAST_PTE, KFUNC_GUP_FAST_PMD },
	{ F(LEAF_PUD), KFUNC_GUP_FAST_PTE, KFUNC_GUP_FAST_PUD },
	{ F(VMA_HUGETLB), KFUNC_FOLLOW_PTE, KFUNC_FOLLOW_HUGETLB },
	{ F(LEAF_PMD), KFUNC_FOLLOW_PTE, KFUNC_FOLLOW_PMD },
	{ F(VMA_HUGETLB), KFUNC_PTE_FAULT, KFUNC_HUGETLB_FAULT },
	{ F(VMA_HUGETLB), KFUNC_SWAP_FAULT, KFUNC_HUGETLB_FAULT },
	{ F(LEAF_PMD), KFUNC_NUMA_FAULT, KFUNC_NUMA_PMD_FAULT },
	{ F(VMA_HUGETLB), KFUNC_UFFD_RWP, KFUNC_HUGETLB_FAULT },
	{ F(LEAF_PMD), KFUNC_UFFD_RWP, KFUNC_UFFD_RWP_PMD },
	{ F(VMA_HUGETLB), KFUNC_WP_PAGE, KFUNC_HUGETLB_WP },
	{ F(LEAF_PMD), KFUNC_WP_PAGE, KFUNC_WP_PMD },
	{ F(VMA_HUGETLB), KFUNC_WP_COPY, KFUNC_HUGETLB_WP },
	{ F(VMA_HUGETLB), KFUNC_FORK_PTE, KFUNC_FORK_HUGETLB },
	{ F(LEAF_PMD), KFUNC_FORK_PTE, KFUNC_FORK_PMD },
};

enum kfunc predict_rule_func(const struct gup_path *path, unsigned i,
			     const struct facts *f)
{
	enum kfunc func = predict_rule(path->rule[i])->func;
	u64 holds = f->value;

	/* A fault of this path replaced the huge leaf by order-0 pages (not hugetlb). */
	for (unsigned j = 0; j < i; j++)
		if (predict_rule(path->rule[j])->clear & F(LEAF_PMD))
			holds &= ~(F(LEAF_PMD) | F(LEAF_PUD));
	for (unsigned j = 0; j < ARRAY_SIZE(predict_levels); j++)
		if (predict_levels[j].any == func && holds & predict_levels[j].facts)
			return predict_levels[j].by;
	return func;
}
