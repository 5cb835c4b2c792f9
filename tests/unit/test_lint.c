/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kpageflags.h"
#include "report/lint.h"
#include "test.h"

/* A healthy page: anonymous, order 0, mapped once, exclusive, writable, everything known. */
static struct page_info healthy(void)
{
	struct page_info p = { .size = 4096,
			       .kind = PAGE_ANON,
			       .leaf = RAW_LEVEL_PTE,
			       .present = TRI_YES,
			       .anon_exclusive = TRI_YES,
			       .mapcount = 1,
			       .folio_mapcount = 1,
			       .mapcount_kind = PAGE_COUNT_EXACT,
			       .refcount = 1,
			       .expected = 1,
			       .pincount_kind = PAGE_COUNT_ESTIMATE,
			       .pte = PAGE_PTE_WRITE,
			       .pte_known = PAGE_PTE_WRITE | PAGE_PTE_UFFD_WP,
			       .flags = KPF_BIT(ANON) | KPF_BIT(SWAPBACKED),
			       .flags_known = ~0ull };

	return p;
}

static u64 lint(const struct page_info *p, s64 unexplained)
{
	struct gup_verdicts v = { 0 };
	struct process process = { .pid = 1 };
	struct vma vma = { .start = 0x1000, .end = 0x2000 };
	struct page_class class = { .page = *p, .verdicts = &v };
	struct report_row row = { .process = &process,
				  .vma = &vma,
				  .run = { 0x1000, 1, 0, &class } };

	return lint_row(&row, unexplained);
}

#define EXPECT_LINT(p, ID) EXPECT_INT(lint(&p, -1), BIT(LINT_##ID))

TEST(a_healthy_page_breaks_nothing)
{
	struct page_info p = healthy();

	EXPECT_INT(lint(&p, -1), 0);
	EXPECT_INT(lint(&p, 0), 0);
	p.kind = PAGE_HUGETLB;
	p.anon = true;
	EXPECT_INT(lint(&p, -1), 0);
}

TEST(counts)
{
	struct page_info p = healthy();

	p.refcount = 1;
	p.folio_mapcount = p.mapcount = 2;
	p.anon_exclusive = TRI_UNKNOWN;
	EXPECT_LINT(p, REF_BELOW_MAP);
	p = healthy();
	p.refcount = 0;
	p.folio_mapcount = -1;
	EXPECT_LINT(p, MAPPED_UNREFERENCED);
	p = healthy();
	p.refcount = 5;
	p.mapcount = 3;
	p.folio_mapcount = 2;
	p.anon_exclusive = TRI_UNKNOWN;
	EXPECT_LINT(p, FOLIO_MAP_BELOW_PAGE);
	p = healthy();
	p.counts_disagree = true;
	EXPECT_LINT(p, COUNT_DISAGREE);
}

TEST(exclusiveness)
{
	struct page_info p = healthy();

	p.mapcount = p.folio_mapcount = p.refcount = 2;
	EXPECT_LINT(p, EXCLUSIVE_SHARED);
	p.mapcount_kind = PAGE_COUNT_AVERAGE;
	EXPECT_INT(lint(&p, -1), 0);
	p = healthy();
	p.anon_exclusive = TRI_NO;
	EXPECT_LINT(p, WRITABLE_NOT_EXCLUSIVE);
	p.pte = 0;
	EXPECT_LINT(p, ALONE_NOT_EXCLUSIVE);
	p.refcount = 2;
	p.excess = 1;
	EXPECT_INT(lint(&p, -1), 0);
	EXPECT_INT(lint(&p, 1), BIT(LINT_UNEXPLAINED));
	EXPECT_INT(lint(&p, 0), 0);
}

TEST(ksm_and_zero_pages)
{
	struct page_info p = healthy();

	p.kind = PAGE_KSM;
	EXPECT_INT(lint(&p, -1), BIT(LINT_EXCLUSIVE_KSM) | BIT(LINT_WRITABLE_KSM));
	p.anon_exclusive = TRI_NO;
	p.pte = 0;
	EXPECT_INT(lint(&p, -1), 0);
	p = healthy();
	p.kind = PAGE_ZERO;
	EXPECT_LINT(p, WRITABLE_ZERO);
	p.pte = 0;
	p.refcount = 0;
	EXPECT_INT(lint(&p, -1), 0); /* nobody counts references to it */
}

TEST(pins)
{
	struct page_info p = healthy();

	p.pte = 0;
	p.anon_exclusive = TRI_NO;
	p.refcount = 1025;
	p.excess = 1024;
	p.pincount = 1;
	EXPECT_LINT(p, MAYBE_PIN_NOT_EXCLUSIVE);
	p.pincount_kind = PAGE_COUNT_EXACT;
	p.order = 9;
	EXPECT_LINT(p, PART_PIN_NOT_EXCLUSIVE);
	p.leaf = RAW_LEVEL_PMD;
	EXPECT_LINT(p, PIN_NOT_EXCLUSIVE);
	p.anon_exclusive = TRI_YES;
	EXPECT_INT(lint(&p, -1), 0);
}

TEST(other_rows)
{
	struct page_info p = healthy();

	p.pte |= PAGE_PTE_UFFD_WP;
	EXPECT_LINT(p, WRITABLE_UFFD_WP);
	p = healthy();
	p.kind = PAGE_FILE;
	p.flags = KPF_BIT(SWAPCACHE);
	EXPECT_LINT(p, SWAPCACHE_FILE);
}

/* What is not known breaks nothing. */
TEST(unknown_facts)
{
	struct page_info p = healthy();

	p.refcount = -5;
	p.mapcount = 7;
	p.folio_mapcount = -1;
	p.anon_exclusive = TRI_UNKNOWN;
	p.pte_known = 0;
	p.pte = 0;
	p.why[PAGE_F_REFCOUNT] = PAGE_WHY_NO_BPF;
	p.why[PAGE_F_MAPCOUNT] = PAGE_WHY_KPAGE_PERM;
	EXPECT_INT(lint(&p, -1), 0);
	p.present = TRI_NO;
	p.why[PAGE_F_REFCOUNT] = PAGE_WHY_KNOWN;
	EXPECT_INT(lint(&p, -1), 0);
}

TEST(what_changed_while_it_was_read_is_a_race)
{
	struct page_class class = { .page = healthy() };
	struct report_row row = { .run.class = &class };

	EXPECT_INT(lint_class_of(LINT_EXCLUSIVE_SHARED, &row), LINT_CLASS_BUG);
	EXPECT_INT(lint_class_of(LINT_UNEXPLAINED, &row), LINT_CLASS_EXPLAINABLE);
	class.page.raced = true;
	EXPECT_INT(lint_class_of(LINT_EXCLUSIVE_SHARED, &row), LINT_CLASS_RACE);
}

TEST(every_invariant_has_words)
{
	for (unsigned i = 0; i < LINTS; i++) {
		EXPECT(lint_rows[i].name && lint_rows[i].name[0]);
		EXPECT(lint_rows[i].invariant && lint_rows[i].invariant[0]);
		EXPECT(lint_rows[i].reason && lint_rows[i].reason[0]);
		for (unsigned j = 0; j < i; j++)
			EXPECT(strcmp(lint_rows[i].name, lint_rows[j].name));
	}
}
