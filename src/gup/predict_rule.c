/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of the .def files as tables. */
#include "gup/predict_int.h"

#include <errno.h>
#include <stdio.h>

#include "page/fact_table.h"

#include "lib/pure.h"

/* The vocabulary of the .def files. */
#define GO(stage) .next = PREDICT_##stage
#define FAST_YES .next = PREDICT_FAST_YES
#define FAST_NO(r) .next = PREDICT_FAST_NO, .value = GUP_REASON_##r
#define OK .next = PREDICT_OK
#define ERROR(e) .next = PREDICT_ERROR, .value = e
#define UNDECIDED .next = PREDICT_UNDECIDED
#define WAITS .next = PREDICT_WAITS
#define SEGV .next = PREDICT_SEGV
#define SEEN(s, l) .next = PREDICT_SEEN_END, .seen = TRI_##s, .leak = TRI_##l
#define FORK(word) .next = PREDICT_FORK_END, .value = GUP_FORK_##word
#define MIGRATE(word) .next = PREDICT_MIGRATE_END, .value = GUP_MIGRATE_##word
#define PASS .next = PREDICT_PASS

/* Facts that are false for a page that this fault has just mapped. */
#define GONE                                                                             \
	(F(SWAP) | F(MIGRATION) | F(GUARD) | F(POISON) | F(DEVICE_ENTRY) | F(PROTNONE) | \
	 F(DEVMAP) | F(KSM) | F(NO_MAPPING) | F(SWAP_EXCLUSIVE) | F(SWAP_SHARED) |       \
	 F(ZONE_MOVABLE) | F(BLOCK_UNPINNABLE) | F(HELD) | F(MM_SHARED) |                \
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

/* What a request has by FOLL_WRITE, FOLL_PIN, FOLL_LONGTERM, and what it has not. */
#define FOLL_FLAG(f) GUP_##f
#define FOLL(...) .need = OR_OF(FOLL_FLAG, __VA_ARGS__)
#define NOFOLL(...) .forbid = OR_OF(FOLL_FLAG, __VA_ARGS__)

#define MOVED .need = PREDICT_TRIED | PREDICT_MOVED
#define NOT_MOVED .need = PREDICT_TRIED, .forbid = PREDICT_MOVED
#define RAISE(f) .raise = GUP_FAULT_##f
#define PAGE(p) .page = GUP_PAGE_##p
#define STORE(w) .wfault = GUP_WRITE_##w
#define SET(...) .set = OR_OF(F, __VA_ARGS__)
#define CLEAR(...) .clear = OR_OF(F, __VA_ARGS__)
#define FORGET(...) .forget = OR_OF(F, __VA_ARGS__)
#define WANT(...) .want = OR_OF(F, __VA_ARGS__)

/* Releases for the citation of a rule that asks for no behaviour of the kernel. */
#define SINCE(id) .since = K(id)
#define BEFORE(id) .before = K(id)
#define TEXT(r, c) .reason = r, .cite = c

#define RULE(i, f, ...) { .stage = STAGE, .id = i, .func = KFUNC_##f, __VA_ARGS__ },

const struct predict_rule predict_rule_all[] = {
#define STAGE PREDICT_FAST
#include "gup/predict_fast.def"
#undef STAGE
#define STAGE PREDICT_CHECK
#include "gup/predict_check.def"
#undef STAGE
#define STAGE PREDICT_FOLLOW
#include "gup/predict_follow.def"
#undef STAGE
#define STAGE PREDICT_FAULT
#include "gup/predict_fault.def"
#undef STAGE
#define STAGE PREDICT_COW
#include "gup/predict_cow.def"
#undef STAGE
#define STAGE PREDICT_LONGTERM
#include "gup/predict_longterm.def"
#undef STAGE
#define STAGE PREDICT_WRITE
#include "gup/predict_store.def"
#undef STAGE
#define STAGE PREDICT_SEEN
#include "gup/predict_seen.def"
#undef STAGE
#define STAGE PREDICT_FORK
#include "gup/predict_fork.def"
#undef STAGE
#define STAGE PREDICT_MIGRATE
#include "gup/predict_migrate.def"
#undef STAGE
};

const unsigned predict_rule_count = ARRAY_SIZE(predict_rule_all);

const struct predict_rule *predict_rule(unsigned id)
{
	return id < ARRAY_SIZE(predict_rule_all) ? &predict_rule_all[id] : NULL;
}

const char *predict_rule_cite(const struct predict_rule *rule, char *buf, size_t len)
{
	char range[40];

	kernel_facts_range(rule->kyes | rule->since, rule->kno | rule->before, range,
			   sizeof(range));
	snprintf(buf, len, "%s%s%s", rule->cite, range[0] ? "; Linux " : "", range);
	return buf;
}

/* Names by level: where ->any is the function, ->by is the one of leaves with one of ->facts. */
static const struct {
	u64 facts;
	u8 any, by;
} predict_levels[] = {
	{ F(HUGEPD), KFUNC_gup_fast_pte_range, KFUNC_gup_hugepte },
	{ F(HUGEPD), KFUNC_follow_page_pte, KFUNC_follow_hugepd },
	{ F(HUGEPD), KFUNC_hugetlb_follow_page_mask, KFUNC_follow_hugepd },
	{ F(LEAF_PMD), KFUNC_gup_fast_pte_range, KFUNC_gup_fast_pmd_leaf },
	{ F(LEAF_PUD), KFUNC_gup_fast_pte_range, KFUNC_gup_fast_pud_leaf },
	{ F(VMA_HUGETLB), KFUNC_follow_page_pte, KFUNC_hugetlb_follow_page_mask },
	{ F(LEAF_PMD) | F(LEAF_PUD), KFUNC_hugetlb_follow_page_mask,
	  KFUNC_hugetlb_follow_page_mask },
	{ F(VMA_HUGETLB), KFUNC_hugetlb_follow_page_mask, KFUNC_follow_hugetlb_page },
	{ F(LEAF_PMD), KFUNC_follow_page_pte, KFUNC_follow_huge_pmd },
	{ F(VMA_HUGETLB), KFUNC_handle_pte_fault, KFUNC_hugetlb_fault },
	{ F(VMA_HUGETLB), KFUNC_do_swap_page, KFUNC_hugetlb_fault },
	{ F(LEAF_PMD), KFUNC_do_numa_page, KFUNC_do_huge_pmd_numa_page },
	{ F(VMA_HUGETLB), KFUNC_do_uffd_rwp, KFUNC_hugetlb_fault },
	{ F(LEAF_PMD), KFUNC_do_uffd_rwp, KFUNC_do_huge_pmd_uffd_rwp },
	{ F(VMA_HUGETLB), KFUNC_do_wp_page, KFUNC_hugetlb_wp },
	{ F(LEAF_PMD), KFUNC_do_wp_page, KFUNC_do_huge_pmd_wp_page },
	{ F(VMA_HUGETLB), KFUNC_wp_page_copy, KFUNC_hugetlb_wp },
	{ F(VMA_HUGETLB), KFUNC_copy_present_ptes, KFUNC_copy_hugetlb_page_range },
	{ F(LEAF_PMD), KFUNC_copy_present_ptes, KFUNC_copy_huge_pmd },
	{ F(VMA_HUGETLB), KFUNC_folio_migrate_mapping,
	  KFUNC_migrate_huge_page_move_mapping },
};

void predict_rule_place_hugetlb(struct facts *f, const struct facts *k)
{
	bool hugepd = k->value & K(HUGEPD);

	if (~f->value & (F(VMA_HUGETLB) | F(PRESENT)) ||
	    !(hugepd || f->value & F(HUGEPD)))
		return;
	fact_set(f, F(LEAF_PMD) | F(LEAF_PUD) | F(HUGEPD), false);
	fact_set(f, hugepd ? F(HUGEPD) : F(LEAF_PMD), true);
}

enum kfunc predict_rule_func(const struct kernel *k, const struct gup_path *path,
			     unsigned i, const struct facts *f)
{
	enum kfunc func = predict_rule(path->rule[i])->func;
	struct facts kernel = { .known = k->known, .value = k->value }, page = *f;
	u64 holds;

	predict_rule_place_hugetlb(&page, &kernel);
	holds = page.value;

	/* A fault of this path replaced the huge leaf by order-0 pages (not hugetlb). */
	for (unsigned j = 0; j < i; j++)
		if (predict_rule(path->rule[j])->clear & F(LEAF_PMD))
			holds &= ~(F(LEAF_PMD) | F(LEAF_PUD));
	for (unsigned j = 0; j < ARRAY_SIZE(predict_levels); j++)
		if (predict_levels[j].any == func && holds & predict_levels[j].facts)
			return predict_levels[j].by;
	return func;
}
