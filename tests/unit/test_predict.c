/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rule tables themselves, and what three-valued verdicts promise. */
#include <errno.h>

#include "gup/predict_int.h"
#include "test.h"

static const char *const models[] = { "5.10", "5.15", "6.1", "6.6",
				      "6.12", "6.18", "7.3", "6.18+hugetlb-refcount" };

static struct kernel resolve(const char *model, const char *arch)
{
	struct kernel_evidence ev;
	struct kernel k;
	const char *why;

	kernel_evidence_init(&ev);
	strcpy(ev.release, "6.18.44");
	strcpy(ev.arch, arch);
	memset(&k, 0, sizeof(k));
	EXPECT_INT(kernel_resolve_model(&ev, model, &k, &why), 0);
	return k;
}

/* ---- the tables */

TEST(rules_are_complete)
{
	unsigned n = predict_rules();

	EXPECT(n > 100);
	EXPECT(predict_rule(n) == NULL);
	for (unsigned i = 0; i < n; i++) {
		const struct predict_rule *r = predict_rule(i);

		EXPECT(r && r->id && r->id[0] && r->reason && r->reason[0]);
		EXPECT(r->cite && strchr(r->cite, '.')); /* a file */
		EXPECT(r->func < KFUNCS);
		EXPECT(!(r->yes & r->no) && !(r->kyes & r->kno) && !(r->set & r->clear));
		for (unsigned j = 0; j < i; j++)
			EXPECT(strcmp(r->id, predict_rule(j)->id));
	}
}

TEST(rules_are_dated)
{
	for (unsigned i = 0; i < predict_rules(); i++) {
		const struct predict_rule *r = predict_rule(i);
		char cite[200];

		/* A rule that asks for a kernel's behaviour is dated by kernel.def. */
		if ((r->kyes | r->kno) &
		    ~(K(GUP_FAST) | K(FAST_PROTNONE) | K(HUGETLB_REFCOUNT)))
			if (!strstr(predict_rule_cite(r, cite, sizeof(cite)), "; Linux "))
				EXPECT_STR(r->id, cite);
	}
}

TEST(releases_are_those_of_kernel_def)
{
	static const struct {
		const char *id, *cite;
	} want[] = {
		{ "fast-must-unshare",
		  "mm/internal.h, include/linux/mm.h (a7f226604170); Linux 5.19-" },
		{ "fast-no-mapping-small", "mm/gup.c, CONFIG_SECRETMEM; Linux 6.10-7.2" },
		{ "fast-hugepd", "mm/gup.c, gup_hugepte(), powerpc; Linux -6.10" },
		{ "fork-hugetlb-old", "mm/hugetlb.c; Linux -5.11" },
		{ "follow-zero-pin-fails", "mm/gup.c; Linux 6.1.130-6.1.134" },
		{ "longterm-failed",
		  "mm/gup.c, migrate_longterm_unpinnable_folios(); Linux 5.12.5-" },
		{ "seen-writable", "mm/memory.c; Linux -5.18" },
		{ "fast-pte", "mm/gup.c" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(want); i++) {
		unsigned r = 0;
		char cite[200];

		while (strcmp(predict_rule(r)->id, want[i].id))
			r++;
		EXPECT_STR(predict_rule_cite(predict_rule(r), cite, sizeof(cite)),
			   want[i].cite);
	}
}

TEST(every_stage_ends)
{
	for (unsigned i = 0; i < predict_rules(); i++) {
		const struct predict_rule *r = predict_rule(i),
					  *next = predict_rule(i + 1);

		if (next && next->stage == r->stage)
			continue;
		EXPECT(!next || next->stage == r->stage + 1);
		EXPECT(!r->yes && !r->no && !r->kyes && !r->kno && !r->need &&
		       !r->forbid);
	}
}

TEST(every_fact_is_asked_for)
{
	u64 facts = 0, kernel = 0;

	for (unsigned i = 0; i < predict_rules(); i++) {
		facts |= predict_rule(i)->yes | predict_rule(i)->no;
		kernel |= predict_rule(i)->kyes | predict_rule(i)->kno;
	}
	for (unsigned i = 0; i < FACTS; i++)
		if (!(facts >> i & 1))
			EXPECT_STR(fact_rows[i].name, "asked for by a rule");
	for (unsigned i = 0; i < KFACTS; i++) {
		bool infers = i == KFACT_PMD_SPECIAL || i == KFACT_HUGE_ZERO_SPECIAL;

		if (!(kernel >> i & 1) !=
		    ((kernel_rows[i].class == KERNEL_MEANING) || infers))
			EXPECT_STR(kernel_rows[i].name,
				   "asked for by a rule, or MEANING");
	}
}

TEST(contradictions_have_words)
{
	static const struct {
		u64 yes, no;
		const char *why;
	} want[] = {
		{ F(GUARD) | F(DEVICE_ENTRY), 0, "an entry is of one kind, or none" },
		{ F(PRESENT) | F(POISON), 0, "an entry is of one kind, or none" },
		{ F(PTE_WRITE), F(PRESENT), "only present entries are writable" },
		{ 0,
		  F(PRESENT) | F(SWAP) | F(MIGRATION) | F(GUARD) | F(POISON) |
			  F(DEVICE_ENTRY),
		  NULL },
	};
	struct kernel k = resolve("6.18", "x86_64");

	for (unsigned i = 0; i < ARRAY_SIZE(want); i++) {
		struct facts f = { .known = want[i].yes | want[i].no,
				   .value = want[i].yes };
		const char *why = predict_contradiction(&k, &f);

		EXPECT_STR(why ? why : "none", want[i].why ? want[i].why : "none");
	}
}

/* ---- three-valued verdicts */

static u64 seed;

static u32 draw(u32 n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (u32)(seed >> 33) % n;
}

/* A full assignment without contradictions; facts hold with probability @percent. */
static bool draw_state(const struct kernel *k, unsigned percent, struct facts *ret)
{
	struct facts f = { 0 };

	for (unsigned tries = 0; tries < 400 && f.known != FACTS_ALL; tries++) {
		unsigned i = draw(FACTS);
		struct facts g = f;

		while (f.known >> i & 1)
			i = (i + 1) % FACTS;
		fact_set(&g, BIT(i), draw(100) < percent);
		if (!fact_infer(k, &g)) {
			g = f;
			fact_set(&g, BIT(i), false);
			if (!fact_infer(k, &g))
				return false;
		}
		f = g;
	}
	*ret = f;
	return f.known == FACTS_ALL;
}

/* The definite fields of @a that @b contradicts. */
static void expect_not_contradicted(const struct gup_verdicts *a,
				    const struct gup_verdicts *b)
{
	for (unsigned i = 0; i < GUP_REQUESTS; i++) {
		const struct gup_verdict *v = &a->req[i], *w = &b->req[i];

		EXPECT(v->fast == TRI_UNKNOWN || v->fast == w->fast);
		EXPECT(v->slow == GUP_SLOW_UNKNOWN || v->slow == w->slow);
		EXPECT(v->fault == GUP_FAULT_UNKNOWN || v->fault == w->fault);
		EXPECT(v->page == GUP_PAGE_UNKNOWN || v->page == w->page);
		EXPECT(v->word == GUP_WORD_UNKNOWN || v->word == w->word);
		EXPECT(v->slow != GUP_SLOW_ERROR || !v->err || v->err == w->err);
		if (v->fast == TRI_NO && v->fast_reason != GUP_REASON_UNKNOWN)
			EXPECT_INT(v->fast_reason, w->fast_reason);
	}
	EXPECT(a->write.fault == GUP_WRITE_UNKNOWN || a->write.fault == b->write.fault);
	EXPECT(a->write.seen_by_refs == TRI_UNKNOWN ||
	       a->write.seen_by_refs == b->write.seen_by_refs);
	EXPECT(a->write.leak == TRI_UNKNOWN || a->write.leak == b->write.leak);
	EXPECT(a->fork.word == GUP_FORK_UNKNOWN || a->fork.word == b->fork.word);
	EXPECT(a->migrate.word == GUP_MIGRATE_UNKNOWN ||
	       a->migrate.word == b->migrate.word);
}

/* Views and stores compare verdicts byte by byte. */
static void expect_nothing_behind(const struct gup_path *path)
{
	for (unsigned i = path->n; i < GUP_PATH_MAX; i++)
		EXPECT_INT(path->rule[i], 0);
}

TEST(learning_never_contradicts)
{
	unsigned n = 0;

	seed = 1;
	for (unsigned i = 0; i < 4000; i++) {
		struct kernel k = resolve(models[draw(ARRAY_SIZE(models))], "x86_64");
		struct gup_verdicts less, more;
		struct facts f, g, h;
		u64 unknown = 0;

		if (!draw_state(&k, 10 + draw(50), &f))
			continue;
		n++;
		for (unsigned j = draw(9); j-- > 0;)
			unknown |= BIT(draw(FACTS));
		g = (struct facts){ f.known & ~unknown, f.value & ~unknown };
		unknown &= seed >> 7;
		h = (struct facts){ f.known & ~unknown, f.value & ~unknown };
		predict_all(&k, &g, &less);
		predict_all(&k, &h, &more);
		expect_nothing_behind(&less.req[GUP_PIN_W].path_fast);
		expect_nothing_behind(&less.req[GUP_PIN_W].path_slow);
		expect_nothing_behind(&less.write.path);
		expect_not_contradicted(&less, &more);
		predict_all(&k, &f, &less);
		expect_not_contradicted(&more, &less);
	}
	printf("# %u states\n", n);
	EXPECT(n > 1000);
}

/* What is unknown names a fact that would decide, or waits for userfaultfd's handler. */
TEST(what_is_unknown_names_what_decides)
{
	unsigned n = 0;

	seed = 3;
	for (unsigned i = 0; i < 4000; i++) {
		struct kernel k = resolve(models[draw(ARRAY_SIZE(models))], "x86_64");
		struct gup_verdicts v;
		struct facts f;

		if (!draw_state(&k, 10 + draw(50), &f))
			continue;
		for (unsigned j = draw(9); j-- > 0;)
			fact_set_tri(&f, BIT(draw(FACTS)), TRI_UNKNOWN);
		predict_all(&k, &f, &v);
		for (unsigned j = 0; j < GUP_REQUESTS; j++) {
			const struct gup_verdict *g = &v.req[j];
			bool unknown = g->fast == TRI_UNKNOWN ||
				       g->slow == GUP_SLOW_UNKNOWN ||
				       g->page == GUP_PAGE_UNKNOWN;

			EXPECT(!unknown || g->waits || g->unknown || g->unknown_kernel);
			EXPECT(!g->waits || g->slow == GUP_SLOW_UNKNOWN);
			n += unknown && !g->waits;
		}
		EXPECT((v.write.fault != GUP_WRITE_UNKNOWN &&
			v.write.seen_by_refs != TRI_UNKNOWN &&
			v.write.leak != TRI_UNKNOWN) ||
		       v.write.waits || v.write.unknown || v.write.unknown_kernel);
		EXPECT(!v.write.waits || v.write.fault == GUP_WRITE_UNKNOWN);
		EXPECT(v.fork.word != GUP_FORK_UNKNOWN || v.fork.unknown ||
		       v.fork.unknown_kernel);
		EXPECT(v.migrate.word != GUP_MIGRATE_UNKNOWN || v.migrate.unknown ||
		       v.migrate.unknown_kernel);
	}
	EXPECT(n > 100);
	for (unsigned i = 0; i < predict_rules(); i++) {
		const struct predict_rule *r = predict_rule(i);

		if (!r->want !=
		    (r->next != PREDICT_UNDECIDED &&
		     !(r->next == PREDICT_SEEN_END && r->seen == TRI_UNKNOWN)))
			EXPECT_STR(r->id, "a rule with .want");
	}
}

/* Joins @b into @a by hand: what differs is unknown. */
static void join(struct gup_verdicts *a, const struct gup_verdicts *b)
{
#define JOIN(field, value)                \
	do {                              \
		if (a->field != b->field) \
			a->field = value; \
	} while (0)
	for (unsigned i = 0; i < GUP_REQUESTS; i++) {
		JOIN(req[i].fast_reason, GUP_REASON_UNKNOWN);
		JOIN(req[i].err, 0);
		JOIN(req[i].fast, TRI_UNKNOWN);
		JOIN(req[i].slow, GUP_SLOW_UNKNOWN);
		JOIN(req[i].fault, GUP_FAULT_UNKNOWN);
		JOIN(req[i].page, GUP_PAGE_UNKNOWN);
		JOIN(req[i].word, GUP_WORD_UNKNOWN);
	}
	JOIN(write.fault, GUP_WRITE_UNKNOWN);
	JOIN(write.seen_by_refs, TRI_UNKNOWN);
	JOIN(write.leak, TRI_UNKNOWN);
	JOIN(fork.word, GUP_FORK_UNKNOWN);
	JOIN(migrate.word, GUP_MIGRATE_UNKNOWN);
#undef JOIN
}

/* An unknown fact makes a verdict unknown only when its two cases differ. */
TEST(unknown_means_that_cases_differ)
{
	unsigned n = 0;

	seed = 2;
	for (unsigned i = 0; i < 1500; i++) {
		struct kernel k = resolve(models[draw(ARRAY_SIZE(models))], "x86_64");
		struct gup_verdicts got, want;
		struct facts f;
		u64 unknown = 0;
		bool first = true;

		if (!draw_state(&k, 10 + draw(50), &f))
			continue;
		n++;
		for (unsigned j = 1 + draw(5); j-- > 0;)
			unknown |= BIT(draw(FACTS));
		f.known &= ~unknown;
		f.value &= ~unknown;
		predict_all(&k, &f, &got);
		for (u64 sub = unknown;; sub = (sub - 1) & unknown) {
			struct facts g = { FACTS_ALL, f.value | sub };
			struct gup_verdicts v;

			if (fact_infer(&k, &g)) {
				predict_all(&k, &g, &v);
				if (first)
					want = v;
				else
					join(&want, &v);
				first = false;
			}
			if (!sub)
				break;
		}
		EXPECT(!first);
		expect_not_contradicted(&got, &want);
		expect_not_contradicted(&want, &got);
	}
	printf("# %u states\n", n);
	EXPECT(n > 500);
}

TEST(contradictions_are_unknown)
{
	struct kernel k = resolve("6.18", "x86_64");
	struct facts f = { 0 }, before;
	struct gup_verdicts v;

	fact_set(&f, F(PRESENT) | F(KSM) | F(ANON) | F(ANON_EXCLUSIVE), true);
	before = f;
	EXPECT(!fact_infer(&k, &f));
	EXPECT(!memcmp(&f, &before, sizeof(f)));
	predict_all(&k, &f, &v);
	EXPECT_INT(v.req[0].fast, TRI_UNKNOWN);
	EXPECT_INT(v.req[0].slow, GUP_SLOW_UNKNOWN);
	EXPECT_INT(v.req[0].unknown, F(KSM) | F(ANON_EXCLUSIVE));
	EXPECT_INT(v.write.fault, GUP_WRITE_UNKNOWN);
	EXPECT_INT(v.fork.word, GUP_FORK_UNKNOWN);
}

TEST(nothing_known)
{
	struct kernel k = resolve("6.18", "x86_64");
	struct facts f = { 0 };
	struct gup_verdicts v;

	predict_all(&k, &f, &v);
	for (unsigned i = 0; i < GUP_REQUESTS; i++) {
		EXPECT_INT(v.req[i].fast, TRI_UNKNOWN);
		EXPECT_INT(v.req[i].slow, GUP_SLOW_UNKNOWN);
		EXPECT_INT(v.req[i].word, GUP_WORD_UNKNOWN);
		EXPECT(v.req[i].unknown & F(PRESENT));
	}
	EXPECT_INT(v.write.fault, GUP_WRITE_UNKNOWN);
	EXPECT_INT(v.fork.word, GUP_FORK_UNKNOWN);
}

TEST(inference)
{
	struct kernel new = resolve("6.18", "x86_64"), old = resolve("5.15", "x86_64");
	struct facts f = { 0 };

	fact_set(&f, F(PRESENT) | F(ANON), true);
	fact_set(&f, F(ANON_EXCLUSIVE), false);
	EXPECT(fact_infer(&new, &f));
	EXPECT_INT(fact_get(&f, FACT_PTE_WRITE), TRI_NO);
	EXPECT_INT(fact_get(&f, FACT_SPECIAL), TRI_NO);
	EXPECT_INT(fact_get(&f, FACT_VMA_MAYSHARE), TRI_NO);

	f = (struct facts){ 0 };
	fact_set(&f, F(PRESENT) | F(ANON), true);
	EXPECT(fact_infer(&old, &f));
	EXPECT_INT(fact_get(&f, FACT_PTE_WRITE), TRI_UNKNOWN);
	EXPECT_INT(fact_get(&f, FACT_ANON_EXCLUSIVE), TRI_NO);

	f = (struct facts){ 0 };
	fact_set(&f, F(PRESENT) | F(ANON), true);
	fact_set(&f, F(LARGE) | F(MAPCOUNT_ONE), false);
	EXPECT(fact_infer(&new, &f));
	EXPECT_INT(fact_get(&f, FACT_ANON_EXCLUSIVE), TRI_NO);
}

/* ---- kernels whose configuration is not known */

TEST(unknown_kernel_facts_are_named)
{
	struct kernel_evidence ev;
	struct kernel k;
	struct facts f = { 0 };
	struct gup_verdict v;

	kernel_evidence_init(&ev);
	strcpy(ev.release, "6.12.1");
	strcpy(ev.arch, "x86_64");
	EXPECT_INT(kernel_resolve(&ev, &k), 0);
	fact_set(&f, FACTS_ALL, false);
	fact_set(&f, F(VMA_READ) | F(PRESENT) | F(NO_MAPPING), true);
	predict_request(&k, &f, GUP_GET_R, &v);
	EXPECT_INT(v.fast, TRI_UNKNOWN);
	EXPECT_INT(v.slow, GUP_SLOW_OK);
	EXPECT_INT(v.unknown, 0);
	EXPECT_INT(v.unknown_kernel, K(FAST_NO_MAPPING));

	fact_set(&f, F(LARGE), true); /* secret memory is small */
	predict_request(&k, &f, GUP_GET_R, &v);
	EXPECT_INT(v.fast, TRI_YES);
	EXPECT_INT(v.unknown_kernel, 0);
}

/* vmsplice() takes a PROT_NONE page on s390x without NUMA balancing: seen on 6.12.107. */
TEST(prot_none_by_machine)
{
	static const struct {
		const char *arch;
		u8 numa, fast;
	} want[] = {
		{ "x86_64", TRI_NO, TRI_NO },          { "aarch64", TRI_NO, TRI_NO },
		{ "ppc64le", TRI_NO, TRI_NO },         { "s390x", TRI_YES, TRI_NO },
		{ "s390x", TRI_NO, TRI_YES },          { "riscv64", TRI_NO, TRI_YES },
		{ "s390x", TRI_UNKNOWN, TRI_UNKNOWN },
	};
	struct facts f = { 0 };
	struct gup_verdict v;

	fact_set(&f, FACTS_ALL, false);
	fact_set(&f,
		 F(VMA_ANON) | F(PRESENT) | F(PROTNONE) | F(ANON) | F(ANON_EXCLUSIVE) |
			 F(MAPCOUNT_ONE),
		 true);
	for (unsigned i = 0; i < ARRAY_SIZE(want); i++) {
		struct kernel_evidence ev;
		struct kernel k;

		kernel_evidence_init(&ev);
		strcpy(ev.release, "6.12.107");
		strcpy(ev.arch, want[i].arch);
		ev.config[KCONFIG_NUMA_BALANCING] = want[i].numa;
		EXPECT_INT(kernel_resolve(&ev, &k), 0);
		predict_request(&k, &f, GUP_GET_R, &v);
		EXPECT_INT(v.fast, want[i].fast);
		EXPECT_INT(v.err, 14); /* EFAULT */
		predict_request(&k, &f, GUP_GET_W, &v);
		EXPECT_INT(v.fast, TRI_NO);
	}
}

TEST(not_built)
{
	struct kernel_evidence ev;
	struct kernel k;
	struct facts f = { 0 };
	struct gup_verdict v;

	kernel_evidence_init(&ev);
	strcpy(ev.release, "6.12.1");
	ev.config[KCONFIG_HAVE_GUP_FAST] = TRI_NO;
	EXPECT_INT(kernel_resolve(&ev, &k), 0);
	predict_request(&k, &f, GUP_GET_R, &v);
	EXPECT_INT(v.fast, TRI_NO);
	EXPECT_INT(v.fast_reason, GUP_REASON_NOT_BUILT);
}

static const char *last_func(const struct kernel *k, const struct facts *f,
			     const struct gup_path *p)
{
	return kernel_function(k, predict_rule_func(k, p, p->n - 1U, f));
}

TEST(read_write_protection_of_userfaultfd)
{
	struct kernel k = resolve("7.3", "x86_64");
	struct facts f = { 0 };
	struct gup_verdicts v;

	fact_set(&f, FACTS_ALL, false);
	fact_set(&f,
		 F(VMA_ANON) | F(VMA_READ) | F(VMA_WRITE) | F(VMA_MAYWRITE) |
			 F(VMA_UFFD_RWP) | F(PRESENT) | F(PROTNONE) | F(UFFD_WP) |
			 F(ANON) | F(ANON_EXCLUSIVE) | F(MAPCOUNT_ONE),
		 true);
	predict_all(&k, &f, &v);
	EXPECT_INT(v.req[GUP_GET_R].fast_reason, GUP_REASON_PROTNONE);
	EXPECT_INT(v.req[GUP_GET_R].slow, GUP_SLOW_UNKNOWN);
	EXPECT_INT(v.req[GUP_GET_R].unknown, 0);
	EXPECT_INT(v.write.fault, GUP_WRITE_UNKNOWN);
	EXPECT_STR(last_func(&k, &f, &v.req[GUP_GET_R].path_slow), "do_uffd_rwp");
	fact_set(&f, F(LEAF_PMD) | F(LARGE), true);
	predict_all(&k, &f, &v);
	EXPECT_STR(last_func(&k, &f, &v.req[GUP_GET_R].path_slow),
		   "do_huge_pmd_uffd_rwp");
	fact_set(&f, F(LEAF_PMD) | F(LARGE), false);
	k = resolve("7.0", "x86_64");
	predict_all(&k, &f, &v);
	EXPECT_INT(v.req[GUP_GET_R].slow, GUP_SLOW_OK);
}

static bool passes(const struct kernel *k, const struct facts *f,
		   const struct gup_path *p, const char *func)
{
	for (unsigned i = 0; i < p->n; i++)
		if (!strcmp(kernel_function(k, predict_rule_func(k, p, i, f)), func))
			return true;
	return false;
}

/* A path names the function of the entry's level: a huge page's fault is another one. */
TEST(a_store_to_a_numa_hint)
{
	struct kernel k = resolve("6.18", "x86_64");
	struct facts f = { 0 };
	struct gup_verdicts v;

	fact_set(&f, FACTS_ALL, false);
	fact_set(&f,
		 F(VMA_ANON) | F(VMA_READ) | F(VMA_WRITE) | F(VMA_MAYWRITE) | F(PRESENT) |
			 F(PROTNONE) | F(ANON) | F(ANON_EXCLUSIVE) | F(MAPCOUNT_ONE),
		 true);
	predict_all(&k, &f, &v);
	EXPECT_INT(v.write.fault, GUP_WRITE_REUSE);
	EXPECT(passes(&k, &f, &v.write.path, "do_numa_page"));
	fact_set(&f, F(LEAF_PMD) | F(LARGE), true);
	predict_all(&k, &f, &v);
	EXPECT_INT(v.write.fault, GUP_WRITE_REUSE);
	EXPECT(passes(&k, &f, &v.write.path, "do_huge_pmd_numa_page"));
	EXPECT(!passes(&k, &f, &v.write.path, "do_numa_page"));
}

/* --model: the facts of one kernel, judged by another. */
TEST(facts_of_another_kernel)
{
	struct kernel old = resolve("5.15", "x86_64"), mid = resolve("6.1", "x86_64"),
		      new = resolve("6.18", "x86_64");
	struct facts f = { 0 };
	struct gup_verdicts v;

	fact_set(&f, FACTS_ALL, false);
	fact_set(&f,
		 F(VMA_ANON) | F(VMA_READ) | F(VMA_WRITE) | F(VMA_MAYWRITE) | F(PRESENT) |
			 F(ANON) | F(ANON_EXCLUSIVE) | F(PTE_WRITE) | F(MAPCOUNT_ONE),
		 true);
	predict_all(&old, &f, &v);
	EXPECT_INT(v.req[GUP_PIN_R].fast, TRI_YES);
	EXPECT_INT(v.write.fault, GUP_WRITE_NONE);

	fact_set(&f, FACTS_ALL, false);
	fact_set(&f,
		 F(VMA_ANON) | F(VMA_READ) | F(VMA_WRITE) | F(VMA_MAYWRITE) | F(PRESENT) |
			 F(HUGE_ZERO) | F(LARGE) | F(LEAF_PMD) | F(SPECIAL),
		 true);
	predict_all(&mid, &f, &v);
	EXPECT_INT(v.req[GUP_PIN_R].fast, TRI_YES);
	fact_set(&f, F(SPECIAL), false);
	predict_all(&new, &f, &v);
	EXPECT_INT(v.req[GUP_PIN_R].fast_reason, GUP_REASON_SPECIAL);
}

/* A rule for all levels names the function of the page's own. */
TEST(functions_by_level)
{
	struct kernel k = resolve("6.18", "x86_64"), old = resolve("6.1", "x86_64");
	struct facts f = { 0 };
	struct gup_verdict v;

	fact_set(&f, FACTS_ALL, false);
	fact_set(&f,
		 F(VMA_ANON) | F(VMA_READ) | F(VMA_WRITE) | F(VMA_MAYWRITE) | F(PRESENT) |
			 F(ANON) | F(LARGE) | F(LEAF_PMD) | F(MM_SHARED),
		 true);
	predict_request(&k, &f, GUP_PIN_W, &v);
	EXPECT_STR(kernel_function(&k, predict_rule_func(&k, &v.path_fast, 0, &f)),
		   "gup_fast_pmd_leaf");
	EXPECT_STR(kernel_function(&old, predict_rule_func(&old, &v.path_fast, 0, &f)),
		   "gup_huge_pmd");
	/* check_vma_flags, follow, do_huge_pmd_wp_page, and then a small page's PTE */
	EXPECT_INT(v.path_slow.n, 4);
	EXPECT_STR(kernel_function(&k, predict_rule_func(&k, &v.path_slow, 1, &f)),
		   "follow_huge_pmd");
	EXPECT_STR(kernel_function(&old, predict_rule_func(&old, &v.path_slow, 1, &f)),
		   "follow_trans_huge_pmd");
	EXPECT_STR(kernel_function(&k, predict_rule_func(&k, &v.path_slow, 2, &f)),
		   "do_huge_pmd_wp_page");
	EXPECT_STR(kernel_function(&k, predict_rule_func(&k, &v.path_slow, 3, &f)),
		   "follow_page_pte");
}

/* Sums and verdicts have words of their own for errors: JSON's schema knows "EFAULT" and "ERROR" of a verdict. */
TEST(words_of_errors)
{
	EXPECT_STR(gup_kind_name(GUP_WORD_ERRNO), "error");
	EXPECT_STR(gup_word_name(GUP_WORD_ERRNO, EFAULT), "EFAULT");
	EXPECT_STR(gup_word_name(GUP_WORD_ERRNO, 0), "ERROR");
	EXPECT_STR(gup_word_name(GUP_WORD_COPY, 0), gup_kind_name(GUP_WORD_COPY));
}
