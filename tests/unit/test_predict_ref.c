/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rule tables against the transcription of the kernel's flow, on every consistent state. */
#include "gup/predict.h"
#include "predict_ref.h"
#include "test.h"

/* Every release at which something changed; ->deep: walked with all counters too. */
static const struct {
	const char *model;
	int v;
	bool draft, deep;
} kernels[] = {
	{ "5.10", 510, false, true },  { "5.13", 513, false, false },
	{ "5.14", 514, false, false }, { "5.15", 515, false, true },
	{ "5.18", 518, false, false }, { "5.19", 519, false, false },
	{ "6.1", 601, false, true },   { "6.1.130", 601, false, false },
	{ "6.2", 602, false, false },  { "6.5", 605, false, false },
	{ "6.6", 606, false, true },   { "6.9", 609, false, false },
	{ "6.10", 610, false, false }, { "6.12", 612, false, true },
	{ "6.13", 613, false, false }, { "6.15", 615, false, false },
	{ "6.17", 617, false, false }, { "6.18", 618, false, true },
	{ "7.3", 703, false, true },   { "6.18+hugetlb-refcount", 618, true, true },
};

static struct kernel resolved[ARRAY_SIZE(kernels)];

static void resolve(void)
{
	struct kernel_evidence ev;
	const char *why;

	kernel_evidence_init(&ev);
	strcpy(ev.release, "6.18.44");
	strcpy(ev.arch, "x86_64");
	for (unsigned i = 0; i < ARRAY_SIZE(kernels); i++)
		EXPECT_INT(kernel_resolve_model(&ev, kernels[i].model, &resolved[i],
						&why),
			   0);
}

static unsigned long states, differ;

static void report(unsigned k, const struct facts *f, const char *what)
{
	if (differ++ >= 20)
		return;
	printf("# %s: %s:", kernels[k].model, what);
	for (unsigned i = 0; i < FACTS; i++)
		if (f->value >> i & 1)
			printf(" %s", fact_rows[i].name);
	printf("\n");
	test_failures++;
}

static bool fired[1024];

static void note_path(const struct gup_path *p)
{
	for (unsigned i = 0; i < p->n; i++)
		fired[p->rule[i]] = true;
}

static void say_path(const struct gup_path *p)
{
	if (differ > 20)
		return;
	printf("#    path");
	for (unsigned i = 0; i < p->n; i++)
		printf(" %s", predict_rule(p->rule[i])->id);
	printf("%s\n", p->forked ? " (forked)" : "");
}

static void compare_request(unsigned k, const struct facts *f, enum gup_request req)
{
	struct ref r = { .f = f->value,
			 .v = kernels[k].v,
			 .draft = kernels[k].draft,
			 .zero_bug = !strcmp(kernels[k].model, "6.1.130"),
			 .secretmem = true,
			 .flags = gup_requests[req].flags };
	enum gup_reason reason = ref_fast(&r);
	struct ref_slow slow = ref_gup(r);
	struct gup_verdict got;
	char what[200];

	predict_request(&resolved[k], f, req, &got);
	note_path(&got.path_fast);
	note_path(&got.path_slow);
	if (got.fast != (reason == GUP_REASON_NONE) || got.fast_reason != reason) {
		snprintf(what, sizeof(what), "%s fast %s %s, expected %s",
			 gup_requests[req].name, gup_tri_name(got.fast),
			 gup_reason_names[got.fast_reason], gup_reason_names[reason]);
		report(k, f, what);
		say_path(&got.path_fast);
	}
	if (slow.wait ? got.slow != GUP_SLOW_UNKNOWN || got.waits != slow.handler ||
				(!got.waits && !got.unknown)
		      : got.slow != (slow.err ? GUP_SLOW_ERROR : GUP_SLOW_OK) ||
				got.err != slow.err || got.page != slow.page ||
				got.fault != slow.fault ||
				!got.unknown == (got.page == GUP_PAGE_UNKNOWN)) {
		snprintf(what, sizeof(what), "%s slow %s %u %s %s, expected %s %d %s %s",
			 gup_requests[req].name, gup_slow_name(got.slow), got.err,
			 gup_fault_names[got.fault], gup_page_names[got.page],
			 slow.wait ? "wait" : "", slow.err, gup_fault_names[slow.fault],
			 gup_page_names[slow.page]);
		report(k, f, what);
		say_path(&got.path_slow);
	}
}

static void compare_store(unsigned k, const struct facts *f)
{
	struct ref r = { .f = f->value,
			 .v = kernels[k].v,
			 .draft = kernels[k].draft,
			 .zero_bug = !strcmp(kernels[k].model, "6.1.130"),
			 .secretmem = true };
	struct gup_write want, got;
	char what[200];

	ref_store(r, &want);
	predict_write(&resolved[k], f, &got);
	note_path(&got.path);
	if ((got.fault == GUP_WRITE_UNKNOWN || got.seen_by_refs == TRI_UNKNOWN) &&
	    !got.waits && !got.unknown)
		report(k, f, "a store that is unknown names no fact");
	if (got.fault == want.fault && got.seen_by_refs == want.seen_by_refs &&
	    got.leak == want.leak && got.waits == want.waits)
		return;
	snprintf(what, sizeof(what), "store %s seen %s leak %s, expected %s %s %s",
		 gup_write_names[got.fault], gup_tri_name(got.seen_by_refs),
		 gup_tri_name(got.leak), gup_write_names[want.fault],
		 gup_tri_name(want.seen_by_refs), gup_tri_name(want.leak));
	report(k, f, what);
	say_path(&got.path);
}

static void compare_fork(unsigned k, const struct facts *f)
{
	struct ref r = { .f = f->value,
			 .v = kernels[k].v,
			 .draft = kernels[k].draft,
			 .zero_bug = !strcmp(kernels[k].model, "6.1.130"),
			 .secretmem = true };
	enum gup_fork_word want = ref_fork(&r);
	struct gup_whatif got;
	char what[200];

	predict_fork(&resolved[k], f, &got);
	note_path(&got.path);
	if (got.word == want)
		return;
	snprintf(what, sizeof(what), "fork %s, expected %s", gup_fork_names[got.word],
		 gup_fork_names[want]);
	report(k, f, what);
	say_path(&got.path);
}

static void compare_migrate(unsigned k, const struct facts *f)
{
	struct ref r = { .f = f->value, .v = kernels[k].v };
	enum gup_migrate_word want = ref_move_pages(&r);
	struct gup_whatif got;
	char what[200];

	predict_migrate(&resolved[k], f, &got);
	note_path(&got.path);
	if (got.word == want && !got.unknown == (want != GUP_MIGRATE_UNKNOWN))
		return;
	snprintf(what, sizeof(what), "migrate %s, expected %s",
		 gup_migrate_names[got.word], gup_migrate_names[want]);
	report(k, f, what);
	say_path(&got.path);
}

enum { REQUESTS = 1, STORE = 2, FORK = 4, DEEP = 8, MIGRATE = 16 };

/*
 * Calls compare for every assignment of the facts in @vary that does not contradict @f; facts
 * that are neither in @f nor in @vary do not hold.
 */
static void every_state(unsigned k, struct facts f, const u64 *vary, unsigned n,
			unsigned what)
{
	if (!fact_infer(&resolved[k], &f))
		return;
	while (n && (f.known & *vary))
		vary++, n--;
	if (n) {
		struct facts g = f;

		fact_set(&f, *vary, false);
		every_state(k, f, vary + 1, n - 1, what);
		fact_set(&g, *vary, true);
		every_state(k, g, vary + 1, n - 1, what);
		return;
	}
	fact_set(&f, ~f.known & FACTS_ALL, false);
	if (!fact_infer(&resolved[k], &f))
		return;
	states++;
	for (unsigned i = 0; what & REQUESTS && i < GUP_REQUESTS; i++)
		compare_request(k, &f, i);
	if (what & STORE)
		compare_store(k, &f);
	if (what & FORK)
		compare_fork(k, &f);
	if (what & MIGRATE)
		compare_migrate(k, &f);
}

/* Kinds of mappings: what holds of the VMA. */
static const struct {
	const char *name;
	u64 yes;
} vmas[] = {
	{ "anon", F(VMA_ANON) | F(VMA_READ) | F(VMA_WRITE) | F(VMA_MAYWRITE) },
	{ "anon-ro", F(VMA_ANON) | F(VMA_READ) | F(VMA_MAYWRITE) },
	{ "anon-none", F(VMA_ANON) | F(VMA_MAYWRITE) },
	{ "anon-uffd", F(VMA_ANON) | F(VMA_READ) | F(VMA_WRITE) | F(VMA_MAYWRITE) |
			       F(VMA_UFFD_WP) | F(VMA_UFFD_MISSING) },
	{ "anon-uffd-rwp",
	  F(VMA_ANON) | F(VMA_READ) | F(VMA_WRITE) | F(VMA_MAYWRITE) | F(VMA_UFFD_RWP) },
	{ "anon-uffd-rwp-async", F(VMA_ANON) | F(VMA_READ) | F(VMA_WRITE) |
					 F(VMA_MAYWRITE) | F(VMA_UFFD_RWP) |
					 F(VMA_UFFD_ASYNC) },
	{ "anon-uffd-async", F(VMA_ANON) | F(VMA_READ) | F(VMA_WRITE) | F(VMA_MAYWRITE) |
				     F(VMA_UFFD_WP) | F(VMA_UFFD_ASYNC) },
	{ "file-private", F(VMA_READ) | F(VMA_WRITE) | F(VMA_MAYWRITE) },
	{ "file-private-ro", F(VMA_READ) | F(VMA_MAYWRITE) },
	{ "file-shared", F(VMA_READ) | F(VMA_WRITE) | F(VMA_MAYWRITE) | F(VMA_SHARED) |
				 F(VMA_MAYSHARE) | F(VMA_DIRTY_TRACKING) },
	{ "shmem-shared", F(VMA_READ) | F(VMA_WRITE) | F(VMA_MAYWRITE) | F(VMA_SHARED) |
				  F(VMA_MAYSHARE) },
	{ "file-shared-opened-ro", F(VMA_READ) | F(VMA_MAYSHARE) },
	{ "hugetlb", F(VMA_HUGETLB) | F(VMA_READ) | F(VMA_WRITE) | F(VMA_MAYWRITE) },
	{ "hugetlb-shared", F(VMA_HUGETLB) | F(VMA_READ) | F(VMA_WRITE) |
				    F(VMA_MAYWRITE) | F(VMA_SHARED) | F(VMA_MAYSHARE) },
	{ "hugetlb-uffd-wp", F(VMA_HUGETLB) | F(VMA_READ) | F(VMA_WRITE) |
				     F(VMA_MAYWRITE) | F(VMA_UFFD_WP) },
	{ "hugetlb-uffd-async", F(VMA_HUGETLB) | F(VMA_READ) | F(VMA_WRITE) |
					F(VMA_MAYWRITE) | F(VMA_UFFD_WP) |
					F(VMA_UFFD_ASYNC) },
	{ "shmem-uffd-async", F(VMA_READ) | F(VMA_WRITE) | F(VMA_MAYWRITE) |
				      F(VMA_SHARED) | F(VMA_MAYSHARE) | F(VMA_UFFD_WP) |
				      F(VMA_UFFD_ASYNC) },
	{ "shadow-stack", F(VMA_ANON) | F(VMA_READ) | F(VMA_WRITE) | F(VMA_MAYWRITE) |
				  F(VMA_SHADOW_STACK) },
	{ "secretmem", F(VMA_SECRETMEM) | F(VMA_READ) | F(VMA_WRITE) | F(VMA_MAYWRITE) |
			       F(VMA_SHARED) | F(VMA_MAYSHARE) },
};

/* All facts of VMAs that are not in vmas[]: known not to hold. */
#define VMA_FACTS                                                                        \
	(F(VMA_IO) | F(VMA_PFNMAP) | F(VMA_ANON) | F(VMA_FSDAX) | F(VMA_HUGETLB) |       \
	 F(VMA_SECRETMEM) | F(VMA_READ) | F(VMA_WRITE) | F(VMA_MAYWRITE) |               \
	 F(VMA_SHARED) | F(VMA_MAYSHARE) | F(VMA_SHADOW_STACK) | F(VMA_DIRTY_TRACKING) | \
	 F(VMA_UFFD_MISSING) | F(VMA_UFFD_WP) | F(VMA_UFFD_ASYNC) | F(VMA_UFFD_RWP) |    \
	 F(VMA_GATE))

static struct facts vma_facts(unsigned i)
{
	struct facts f = { 0 };

	fact_set(&f, VMA_FACTS, false);
	fact_set(&f, vmas[i].yes, true);
	return f;
}

/* Not walked now: shallow kernels in deep walks, and most kernels in quick runs. */
static bool skipped(unsigned k, unsigned what)
{
	if (what & DEEP && !kernels[k].deep)
		return true;
	return getenv("GUPINFO_TEST_QUICK") && kernels[k].v != 618 &&
	       kernels[k].v != 601 && (kernels[k].v != 703 || what & DEEP);
}

/* A present entry is hinted or huge only where the kernel makes such entries. */
static void every_page(u64 fixed_yes, u64 fixed_no, const u64 *vary, unsigned n,
		       unsigned what)
{
	resolve();
	states = differ = 0;
	for (unsigned k = 0; k < ARRAY_SIZE(kernels); k++)
		for (unsigned i = 0; i < ARRAY_SIZE(vmas); i++) {
			struct facts f = vma_facts(i);

			if (skipped(k, what))
				continue;
			if ((vmas[i].yes & F(VMA_SECRETMEM)) && kernels[k].v < 514)
				continue;
			fact_set(&f, fixed_no, false);
			fact_set(&f, fixed_yes, true);
			if (vmas[i].yes & F(VMA_HUGETLB)) {
				fact_set(&f, F(PROTNONE) | F(GUARD) | F(DEVICE_ENTRY),
					 false);
				if (fixed_yes & F(PRESENT))
					fact_set(&f, F(LEAF_PMD), true);
			} else {
				fact_set(&f, F(LEAF_PUD) | F(HUGE_RESERVED), false);
			}
			if (!(vmas[i].yes & (F(VMA_READ) | F(VMA_WRITE))) &&
			    fixed_yes & F(PRESENT))
				fact_set(&f, F(PROTNONE), true);
			/* do_huge_pmd_wp_page() is for VMAs without vm_ops only. */
			if (!(vmas[i].yes & F(VMA_ANON)))
				fact_set(&f, F(HUGE_ZERO), false);
			every_state(k, f, vary, n, what);
		}
	printf("# %lu states, %lu differ\n", states, differ);
	EXPECT(states > 100);
}

TEST(check_vma_flags)
{
	static const u64 vary[] = {
		F(VMA_GATE),      F(VMA_IO),           F(VMA_PFNMAP),
		F(VMA_ANON),      F(VMA_FSDAX),        F(VMA_HUGETLB),
		F(VMA_SECRETMEM), F(VMA_READ),         F(VMA_WRITE),
		F(VMA_SHARED),    F(VMA_MAYSHARE),     F(VMA_MAYWRITE),
		F(PKEY_NO_READ),  F(VMA_SHADOW_STACK), F(VMA_DIRTY_TRACKING),
		F(PKEY_NO_WRITE),
	};
	struct facts f = { 0 };

	resolve();
	states = differ = 0;
	/* a hole, so that what passes is decided */
	fact_set(&f,
		 F(PRESENT) | F(SWAP) | F(MIGRATION) | F(GUARD) | F(POISON) |
			 F(DEVICE_ENTRY),
		 false);
	fact_set(&f, F(HUGE_FREE) | F(HUGE_FREE_PIN), true);
	for (unsigned k = 0; k < ARRAY_SIZE(kernels); k++)
		if (!skipped(k, 0))
			every_state(k, f, vary, ARRAY_SIZE(vary),
				    REQUESTS | STORE | MIGRATE);
	printf("# %lu states, %lu differ\n", states, differ);
	EXPECT(states > 1000);
}

TEST(not_present)
{
	static const u64 vary[] = {
		F(SWAP),         F(MIGRATION),      F(GUARD),
		F(POISON),       F(DEVICE_ENTRY),   F(UFFD_WP),
		F(HUGE_FREE),    F(HUGE_FREE_PIN),  F(HUGE_RESERVED),
		F(CACHED),       F(SWAP_EXCLUSIVE), F(SWAP_SHARED),
		F(FILE_REFUSES), F(PKEY_NO_WRITE),  F(UNPINNABLE_MEMORY)
	};

	every_page(0, F(PRESENT), vary, ARRAY_SIZE(vary),
		   REQUESTS | STORE | FORK | MIGRATE);
}

TEST(present_entry)
{
	static const u64 vary[] = {
		F(ANON),         F(KSM),          F(ZERO),           F(HUGE_ZERO),
		F(LARGE),        F(LEAF_PMD),     F(ANON_EXCLUSIVE), F(PTE_WRITE),
		F(PROTNONE),     F(SPECIAL),      F(UFFD_WP),        F(DEVMAP),
		F(NO_MAPPING),   F(SHMEM),        F(ZONE_MOVABLE),   F(BLOCK_UNPINNABLE),
		F(PKEY_NO_READ), F(PKEY_NO_WRITE)
	};

	every_page(F(PRESENT) | F(HUGE_FREE) | F(HUGE_FREE_PIN), F(EXTRA_REFS), vary,
		   ARRAY_SIZE(vary), REQUESTS | STORE);
}

/* With a NUMA hint whether page_mkwrite() is asked depends on the entry's dirty bit. */
TEST(file_refuses_a_store)
{
	static const u64 vary[] = { F(PTE_WRITE), F(UFFD_WP),       F(SPECIAL),
				    F(SHMEM),     F(PKEY_NO_WRITE), F(FILE_REFUSES) };

	every_page(F(PRESENT) | F(HUGE_FREE) | F(HUGE_FREE_PIN),
		   F(PROTNONE) | F(LEAF_PMD) | F(EXTRA_REFS), vary, ARRAY_SIZE(vary),
		   REQUESTS | STORE);
}

TEST(counters)
{
	static const u64 vary[] = { F(ANON),           F(KSM),          F(LARGE),
				    F(LEAF_PMD),       F(PROTNONE),     F(UFFD_WP),
				    F(ANON_EXCLUSIVE), F(PTE_WRITE),    F(EXTRA_REFS),
				    F(REF_ONE),        F(REF_SOLE),     F(MAPCOUNT_ONE),
				    F(HELD),           F(MM_SHARED),    F(REF_IS_MAPS),
				    F(SWAP_SHARED),    F(ZONE_MOVABLE), F(HUGE_FREE),
				    F(HUGE_FREE_PIN),  F(HUGE_RESERVED) };

	every_page(F(PRESENT),
		   F(ZERO) | F(HUGE_ZERO) | F(SPECIAL) | F(DEVMAP) | F(NO_MAPPING) |
			   F(BLOCK_UNPINNABLE) | F(PKEY_NO_READ) | F(PKEY_NO_WRITE),
		   vary, ARRAY_SIZE(vary), REQUESTS | STORE | DEEP);
}

TEST(longterm)
{
	static const u64 vary[] = {
		F(ANON),      F(ANON_EXCLUSIVE), F(PTE_WRITE),        F(LARGE),
		F(LEAF_PMD),  F(ZONE_MOVABLE),   F(BLOCK_UNPINNABLE), F(EXTRA_REFS),
		F(HUGE_FREE), F(REF_SOLE),       F(MAPCOUNT_ONE),     F(ZERO),
		F(MOVABLE),   F(NO_MAPPING),     F(HUGE_FREE_PIN)
	};

	every_page(F(PRESENT), F(PROTNONE) | F(UFFD_WP) | F(DEVMAP), vary,
		   ARRAY_SIZE(vary), REQUESTS);
}

TEST(fork)
{
	static const u64 vary[] = { F(VMA_DONTCOPY), F(VMA_WIPEONFORK), F(ANON),
				    F(KSM),          F(ZERO),           F(HUGE_ZERO),
				    F(LARGE),        F(LEAF_PMD),       F(ANON_EXCLUSIVE),
				    F(PTE_WRITE),    F(SPECIAL),        F(MM_HAS_PINNED),
				    F(MAYBE_PINNED) };

	every_page(F(PRESENT), 0, vary, ARRAY_SIZE(vary), FORK);
}

TEST(migrate)
{
	static const u64 vary[] = {
		F(VMA_GATE),  F(VMA_IO),  F(VMA_PFNMAP), F(VMA_FSDAX), F(ANON),
		F(KSM),       F(ZERO),    F(HUGE_ZERO),  F(LARGE),     F(LEAF_PMD),
		F(SPECIAL),   F(DEVMAP),  F(NO_MAPPING), F(SHMEM),     F(EXTRA_REFS),
		F(MM_SHARED), F(MOVABLE), F(HUGE_FREE),  F(PROTNONE)
	};

	every_page(F(PRESENT), 0, vary, ARRAY_SIZE(vary), MIGRATE);
}

/* Rules that the walks above cannot reach, each tested in test_predict.c or not transcribed. */
TEST(every_rule_fired)
{
	static const char *const elsewhere[] = {
		"fast-not-built",       "fast-hugepd", "fast-devmap-pud",
		"migrate-gigantic-pin", "cow-pud",     "fast-pud",
	};

	if (getenv("GUPINFO_TEST_QUICK"))
		SKIP("the quick run walks one kernel only");
	for (unsigned i = 0; i < predict_rules(); i++) {
		bool listed = false;

		for (unsigned j = 0; j < ARRAY_SIZE(elsewhere); j++)
			listed |= !strcmp(predict_rule(i)->id, elsewhere[j]);
		if (fired[i] == listed)
			EXPECT_STR(predict_rule(i)->id,
				   listed ? "not to fire" : "to fire");
	}
}
