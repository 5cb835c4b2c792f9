/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugepd: which machines have it, the words of a page there, and the rules of each release. */
#include "kpageflags.h"
#include "gup/predict.h"
#include "page/page.h"
#include "pagemap.h"
#include "test.h"

/* Power with a hash MMU and 4K pages has hugepd directories, before 6.11. */
static void power_kernel(const char *release, const char *mmu, u32 page_size,
			 struct kernel *ret)
{
	struct kernel_evidence ev;

	kernel_evidence_init(&ev);
	strcpy(ev.release, release);
	strcpy(ev.arch, "ppc64le");
	strcpy(ev.mmu, mmu);
	ev.page_size = page_size;
	ev.config[KCONFIG_ARCH_HAS_HUGEPD] = TRI_YES;
	EXPECT_INT(kernel_resolve(&ev, ret), 0);
}

TEST(which_machines_have_hugepd)
{
	static const struct {
		const char *release, *mmu;
		u32 page_size;
		u8 want;
	} machine[] = {
		{ "6.1.100", "Hash", 4096, TRI_YES },
		{ "6.10.3", "Hash", 4096, TRI_YES },
		{ "6.11.0", "Hash", 4096, TRI_NO },
		{ "6.1.100", "Hash", 65536, TRI_NO },
		{ "6.1.100", "Radix", 4096, TRI_NO },
		{ "6.1.100", "", 4096, TRI_UNKNOWN },
		{ "6.1.100", "", 65536, TRI_NO },
	};
	struct kernel k;

	for (unsigned i = 0; i < ARRAY_SIZE(machine); i++) {
		power_kernel(machine[i].release, machine[i].mmu, machine[i].page_size,
			     &k);
		EXPECT_INT(kernel_has(&k, KFACT_HUGEPD), machine[i].want);
	}
}

/* Expects that the walk of @path ends in @rule, in a function that @k calls @function. */
static void expect_end(const struct kernel *k, const struct gup_path *path,
		       const struct facts *f, const char *rule, const char *function)
{
	if (!path->n) {
		EXPECT_STR("no path", rule);
		return;
	}
	EXPECT_STR(predict_rule(path->rule[path->n - 1])->id, rule);
	EXPECT_STR(kernel_function(k, predict_rule_func(k, path, path->n - 1u, f)),
		   function);
}

TEST(hugepd)
{
	struct kernel k;
	struct facts f = { 0 };
	struct gup_verdict v;

	power_kernel("6.1.100", "Hash", 4096, &k);
	fact_set(&f, FACTS_ALL, false);
	fact_set(&f,
		 F(VMA_HUGETLB) | F(VMA_READ) | F(VMA_WRITE) | F(VMA_MAYWRITE) |
			 F(PRESENT) | F(HUGEPD) | F(LARGE) | F(ANON) | F(ANON_EXCLUSIVE) |
			 F(MAPCOUNT_ONE),
		 true);
	predict_request(&k, &f, GUP_PIN_R, &v);
	EXPECT_INT(v.fast, TRI_YES);
	expect_end(&k, &v.path_fast, &f, "fast-hugepd", "gup_huge_pd");
	expect_end(&k, &v.path_slow, &f, "follow-hugetlb", "follow_hugetlb_page");
	predict_request(&k, &f, GUP_PIN_W, &v);
	EXPECT_INT(v.fast_reason, GUP_REASON_NO_WRITE);
	expect_end(&k, &v.path_fast, &f, "fast-no-write", "gup_hugepte");
	fact_set(&f, F(PROTNONE), true);
	predict_request(&k, &f, GUP_GET_R, &v);
	EXPECT_INT(v.fast_reason, GUP_REASON_PROTNONE);
	fact_set(&f, F(PROTNONE), false);
	fact_set(&f, F(ZONE_MOVABLE), true);
	predict_request(&k, &f, GUP_LT_R, &v);
	EXPECT_INT(v.fast_reason, GUP_REASON_NOT_PINNABLE);
	fact_set(&f, F(ANON_EXCLUSIVE) | F(MAPCOUNT_ONE) | F(ZONE_MOVABLE), false);
	predict_request(&k, &f, GUP_PIN_R, &v);
	EXPECT_INT(v.fast_reason, GUP_REASON_MUST_UNSHARE);
	fact_set(&f, F(BLOCK_UNPINNABLE), true);
	predict_request(&k, &f, GUP_LT_R, &v);
	EXPECT_INT(v.fast_reason, GUP_REASON_NOT_PINNABLE);
}

/* The page of one kernel, judged by the rules of others: names follow the release. */
TEST(hugepd_by_release)
{
	static const struct {
		const char *release, *rule, *fast, *slow;
	} want[] = {
		{ "6.5.1", "fast-hugepd", "gup_huge_pd", "follow_hugetlb_page" },
		{ "6.9.1", "fast-hugepd", "gup_huge_pd", "hugetlb_follow_page_mask" },
		{ "6.10.1", "fast-hugepd", "gup_hugepd", "follow_hugepd" },
		{ "6.11.1", "fast-pmd", "gup_fast_pmd_leaf", "follow_huge_pmd" },
	};
	const u64 page = F(VMA_HUGETLB) | F(VMA_READ) | F(PRESENT) | F(LARGE) | F(ANON) |
			 F(ANON_EXCLUSIVE) | F(MAPCOUNT_ONE);
	struct gup_verdict v;
	struct kernel k;

	for (unsigned was = 0; was < 2; was++)
		for (unsigned i = 0; i < ARRAY_SIZE(want); i++) {
			struct facts f = { 0 };

			fact_set(&f, FACTS_ALL, false);
			fact_set(&f, page | (was ? F(HUGEPD) : F(LEAF_PMD)), true);
			power_kernel(want[i].release, "Hash", 4096, &k);
			predict_request(&k, &f, GUP_GET_R, &v);
			EXPECT_INT(v.fast, TRI_YES);
			expect_end(&k, &v.path_fast, &f, want[i].rule, want[i].fast);
			expect_end(&k, &v.path_slow, &f, "follow-hugetlb", want[i].slow);
		}
}

/* ---- pages */

static struct kernel kernel;

static struct page_info judge(u32 hugetlb_size, struct raw_page raw)
{
	struct page_context c = { .kernel = &kernel };
	struct vma v = { .end = 1 << 30,
			 .read = true,
			 .write = true,
			 .has_flags = true,
			 .flags = VF(READ) | VF(WRITE) | VF(MAYREAD) | VF(MAYWRITE) |
				  (hugetlb_size ? VF(HUGETLB) : 0),
			 .page_size = hugetlb_size,
			 .pkey = -1,
			 .fs = hugetlb_size ? VMA_FS_HUGETLB : VMA_FS_NONE };
	struct page_info p;

	page_read(&c, &v, &raw, &p);
	return p;
}

/* The words of hugetlb+child-vmspliced on such a machine, Linux 6.1.192. */
static const struct raw_page spliced = { .pages = 1,
					 .has = RAW_HAS_PAGEMAP | RAW_HAS_PFN |
						RAW_HAS_KPAGEFLAGS | RAW_HAS_KPAGECOUNT |
						RAW_HAS_LEVEL,
					 .level = RAW_LEVEL_PMD,
					 .pfn = 0x10000,
					 .pagemap = PAGEMAP_PRESENT | PAGEMAP_EXCLUSIVE |
						    BIT(55),
					 .kpageflags = 0x2981c,
					 .kpagecount = 1 };

TEST(words_of_a_page)
{
	struct raw_page small = spliced;
	struct page_info p;

	power_kernel("6.1.192", "Hash", 4096, &kernel);
	p = judge(16 << 20, spliced);
	EXPECT_INT(p.kind, PAGE_HUGETLB);
	EXPECT_STR(page_leaf_name(p.leaf), "hugepd");
	EXPECT_INT(p.size, 16 << 20);
	EXPECT_INT(p.order, 12);
	EXPECT(p.anon);
	EXPECT_INT(p.anon_exclusive, TRI_NO);
	EXPECT_INT(fact_get(&p.facts, FACT_HUGEPD), TRI_YES);
	EXPECT_INT(fact_get(&p.facts, FACT_LEAF_PMD), TRI_NO);
	EXPECT_INT(fact_get(&p.facts, FACT_PTE_WRITE), TRI_NO);
	small.level = RAW_LEVEL_PTE;
	EXPECT_INT(judge(0, small).leaf, RAW_LEVEL_PTE);
	power_kernel("6.1.192", "", 4096, &kernel);
	p = judge(16 << 20, spliced);
	EXPECT_INT(p.leaf, 0);
	EXPECT_INT(p.why[PAGE_F_LEAF], PAGE_WHY_NO_MMU);
	EXPECT_INT(fact_get(&p.facts, FACT_HUGEPD), TRI_UNKNOWN);
	power_kernel("6.1.192", "Radix", 4096, &kernel);
	p = judge(2 << 20, spliced);
	EXPECT_INT(p.leaf, RAW_LEVEL_PMD);
	EXPECT_INT(fact_get(&p.facts, FACT_HUGEPD), TRI_NO);
}

/* Without a level: what lies between the sizes of levels is contiguous entries of the lower one. */
TEST(sizes_between_levels)
{
	static const struct {
		u32 page_size;
		enum tri pmd, pud;
	} want[] = {
		{ 64 << 10, TRI_NO, TRI_NO },
		{ 2 << 20, TRI_YES, TRI_NO },
		{ 32 << 20, TRI_YES, TRI_NO },
		{ 1 << 30, TRI_NO, TRI_YES },
	};
	struct raw_page raw = spliced;

	power_kernel("6.12.107", "Radix", 4096, &kernel);
	kernel.ev.pmd_size = 2 << 20;
	raw.has &= ~RAW_HAS_LEVEL;
	for (unsigned i = 0; i < ARRAY_SIZE(want); i++) {
		struct page_info p = judge(want[i].page_size, raw);

		EXPECT_INT(fact_get(&p.facts, FACT_LEAF_PMD), want[i].pmd);
		EXPECT_INT(fact_get(&p.facts, FACT_LEAF_PUD), want[i].pud);
	}
}
