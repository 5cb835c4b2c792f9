/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kpageflags.h"
#include "page/page.h"
#include "page/structpage.h"
#include "pagemap.h"
#include "page/pte.h"
#include "test.h"

/* ---- fixtures */

static struct kernel kernels[2];
static struct pte_layout pte_layouts[2];
static const struct page_span spans[] = {
	{ .start_pfn = 1, .end_pfn = 4096, .node = 0, .zone = PAGE_ZONE_DMA },
	{ .start_pfn = 4096, .end_pfn = 1u << 20, .node = 0, .zone = PAGE_ZONE_DMA32 },
	{ .start_pfn = 1u << 20,
	  .end_pfn = 1u << 22,
	  .cma_pages = 5,
	  .node = 0,
	  .zone = PAGE_ZONE_NORMAL },
};
static const struct kpf_layout layout = {
	.locked = 0,
	.referenced = 2,
	.uptodate = 3,
	.dirty = 4,
	.lru = 5,
	.active = 8,
	.reclaim = 18,
	.head = 6,
	.writeback = 1,
	.swapbacked = 17,
	.swapcache = 10,
	.owner_priv_1 = 10,
	.unevictable = 19,
	.mlocked = 20,
	.anon_exclusive = 11,
	.private_ = 14,
	.private_2 = 15,
	.reserved = 13,
	.hwpoison = 0xff,
	.young = 0xff,
	.idle = 0xff,
	.arch_1 = 12,
	.workingset = 9,
};

/* The context of root on a kernel of @model. */
static struct page_context context(const char *model)
{
	struct kernel_evidence ev;
	const char *why;

	kernel_evidence_init(&ev);
	strcpy(ev.release, model);
	strcpy(ev.arch, "x86_64");
	kernels[0].known = 0;
	if (kernel_resolve_model(&ev, model, &kernels[0], &why))
		printf("# %s: %s\n", model, why);
	kernels[0].ev.page_size = 4096;
	kernels[0].ev.pmd_size = 2 << 20;
	pte_layout_kernel(&pte_layouts[0], &kernels[0]);
	return (struct page_context){ .kernel = &kernels[0],
				      .spans = spans,
				      .nspans = ARRAY_SIZE(spans),
				      .have_scan = true,
				      .has_pinned = TRI_UNKNOWN,
				      .pins_anywhere = TRI_UNKNOWN,
				      .soft_dirty = TRI_NO,
				      .pte = &pte_layouts[0] };
}

static void decide(struct page_context *c, enum kfact fact, enum tri t)
{
	struct kernel *k = (struct kernel *)c->kernel;

	k->known = t == TRI_UNKNOWN ? k->known & ~BIT(fact) : k->known | BIT(fact);
	k->value = t == TRI_YES ? k->value | BIT(fact) : k->value & ~BIT(fact);
}

static struct vma vma_of(const char *flags, u8 fs)
{
	char line[100];
	struct vma v;

	vma_parse_header("7f0000000000-7f0040000000 rw-p 0 00:00 0", 40, &v);
	snprintf(line, sizeof(line), "VmFlags: %s", flags);
	vma_parse_smaps(line, strlen(line), &v);
	v.page_size = v.flags & VF(HUGETLB) ? 2 << 20 : 4096;
	v.fs = fs;
	v.has_smaps = true;
	return v;
}

static struct vma anon_vma(void)
{
	return vma_of("rd wr mr mw me ac", VMA_FS_NONE);
}

#define ALL                                                                        \
	(RAW_HAS_PAGEMAP | RAW_HAS_PFN | RAW_HAS_KPAGEFLAGS | RAW_HAS_KPAGECOUNT | \
	 RAW_HAS_SCAN | RAW_HAS_LEVEL)
#define ANON                                                                      \
	(KPF_BIT(ANON) | KPF_BIT(UPTODATE) | KPF_BIT(LRU) | KPF_BIT(SWAPBACKED) | \
	 KPF_BIT(MMAP))
#define AE KPF_BIT(OWNER_2)
#define TAIL (KPF_BIT(COMPOUND_TAIL) | KPF_BIT(THP))
#define HEAD (KPF_BIT(COMPOUND_HEAD) | KPF_BIT(THP))

/* A present page as root reads it. */
static struct raw_page raw_of(u8 level, u64 flags, u64 count)
{
	return (struct raw_page){ .addr = 0x7f0000200000,
				  .pages = 1,
				  .has = ALL,
				  .level = level,
				  .scan = PAGEMAP_IS_PRESENT |
					  (level == RAW_LEVEL_PMD ? PAGEMAP_IS_HUGE : 0),
				  .pfn = 0x100400,
				  .pagemap = PAGEMAP_PRESENT |
					     (count == 1 ? PAGEMAP_EXCLUSIVE : 0),
				  .kpageflags = flags,
				  .kpagecount = count };
}

/* @next has what like pages have in common, and the frame @next_pfn after @page's @pfn. */
static bool continues(const struct page_info *page, u64 pfn, const struct page_info *next,
		      u64 next_pfn)
{
	struct page_class class = { .page = *page };
	struct page_run a = { 0, 1, pfn, &class }, b = { 0, 1, next_pfn, &class };

	return !memcmp(page, next, sizeof(*page)) && page_frames_continue(&a, &b, 4096);
}

static u64 place; /* of the last page that was judged: page_run.pfn */

static struct page_info judge(const struct page_context *c, struct vma v,
			      struct raw_page o)
{
	struct page_info p;

	place = page_read(c, &v, &o, &p);
	return p;
}

/* AnonExclusive of a page of an anonymous VMA, as one letter. */
static char ae(const char *model, u8 level, u64 flags, u64 count)
{
	struct page_context c = context(model);
	struct page_info p;

	decide(&c, KFACT_KPAGECOUNT_AVERAGE, TRI_NO);
	decide(&c, KFACT_KPF_KSM_BUG, TRI_NO);
	p = judge(&c, anon_vma(), raw_of(level, flags, count));
	EXPECT_INT(p.kind, PAGE_ANON);
	EXPECT_INT(p.why[PAGE_F_ANON_EXCLUSIVE] == PAGE_WHY_KNOWN,
		   p.anon_exclusive != TRI_UNKNOWN);
	return "ny?"[p.anon_exclusive];
}

/* ---- AnonExclusive, kernel-facts: by kind of folio and by version */

TEST(exclusive_of_a_small_page)
{
	EXPECT_INT(ae("6.18", RAW_LEVEL_PTE, ANON | AE, 1), 'y');
	EXPECT_INT(ae("6.18", RAW_LEVEL_PTE, ANON, 1), 'n');
	EXPECT_INT(ae("6.1", RAW_LEVEL_PTE, ANON | AE, 1), 'y');
	EXPECT_INT(ae("6.1", RAW_LEVEL_PTE, ANON, 2), 'n');
	EXPECT_INT(ae("6.1", 0, ANON | AE, 1), 'y'); /* leaf unknown: small anyway */
	EXPECT_INT(ae("5.15", RAW_LEVEL_PTE, ANON, 1), '?');
	EXPECT_INT(ae("5.10", RAW_LEVEL_PTE, ANON | AE, 1), '?');
}

TEST(exclusive_of_the_head)
{
	EXPECT_INT(ae("6.18", RAW_LEVEL_PTE, ANON | HEAD | AE, 1), 'y');
	EXPECT_INT(ae("6.18", RAW_LEVEL_PTE, ANON | HEAD, 2), 'n');
	EXPECT_INT(ae("6.18", RAW_LEVEL_PMD, ANON | HEAD | AE, 1), 'y');
	EXPECT_INT(ae("6.1", RAW_LEVEL_PMD, ANON | HEAD, 1), 'n');
	EXPECT_INT(ae("6.1", 0, ANON | HEAD | AE, 1), 'y');
}

TEST(exclusive_of_a_tail)
{
	/* 6.10 and later show the head's bit */
	EXPECT_INT(ae("6.10", RAW_LEVEL_PTE, ANON | TAIL | AE, 1), '?');
	EXPECT_INT(ae("6.18", RAW_LEVEL_PTE, ANON | TAIL | AE, 1), '?');
	EXPECT_INT(ae("6.18", RAW_LEVEL_PTE, ANON | TAIL, 1), '?');
	EXPECT_INT(ae("6.18", RAW_LEVEL_PTE, ANON | TAIL | AE, 2), 'n');
	EXPECT_INT(ae("6.18", 0, ANON | TAIL | AE, 1), '?');
	EXPECT_INT(ae("6.18", 0, ANON | TAIL | AE, 2), 'n');
	EXPECT_INT(ae("6.18", RAW_LEVEL_PMD, ANON | TAIL | AE, 1), 'y');
	/* until 6.9 it is the page's own, but a PMD-mapped one has none */
	EXPECT_INT(ae("6.9", RAW_LEVEL_PTE, ANON | TAIL | AE, 1), 'y');
	EXPECT_INT(ae("6.9", RAW_LEVEL_PTE, ANON | TAIL, 1), 'n');
	EXPECT_INT(ae("6.9", 0, ANON | TAIL | AE, 1), 'y');
	EXPECT_INT(ae("6.9", 0, ANON | TAIL, 1), '?');
	EXPECT_INT(ae("6.9", 0, ANON | TAIL, 2), 'n');
}

TEST(why_a_tail_is_unknown)
{
	struct page_context c = context("6.18");
	struct page_info p;

	decide(&c, KFACT_KPF_KSM_BUG, TRI_NO);
	decide(&c, KFACT_KPAGECOUNT_AVERAGE, TRI_NO);
	p = judge(&c, anon_vma(), raw_of(RAW_LEVEL_PTE, ANON | TAIL | AE, 1));
	EXPECT_INT(p.why[PAGE_F_ANON_EXCLUSIVE], PAGE_WHY_HEAD_ONLY);
	EXPECT(!(p.flags_known & KPF_BIT(ANON_EXCLUSIVE)));
	EXPECT(!(p.flags & KPF_BIT(ANON_EXCLUSIVE)));
	EXPECT(!(p.flags_known & KPF_BIT(OWNER_2)));
	EXPECT_INT(fact_get(&p.facts, FACT_ANON_EXCLUSIVE), TRI_UNKNOWN);
	EXPECT_INT(p.why[PAGE_F_FOLIO], PAGE_WHY_NO_BPF);
	decide(&c, KFACT_KPF_FOLIO_FLAGS, TRI_UNKNOWN);
	p = judge(&c, anon_vma(), raw_of(RAW_LEVEL_PTE, ANON | TAIL | AE, 1));
	EXPECT_INT(p.anon_exclusive, TRI_UNKNOWN);
	p = judge(&(struct page_context){ 0 }, anon_vma(),
		  raw_of(RAW_LEVEL_PTE, ANON | AE, 1)); /* no kernel at all */
	EXPECT_INT(p.anon_exclusive, TRI_UNKNOWN);
}

TEST(averages_prove_nothing)
{
	struct page_context c = context("6.18");
	struct page_info p;

	decide(&c, KFACT_KPF_KSM_BUG, TRI_NO);
	decide(&c, KFACT_KPAGECOUNT_AVERAGE, TRI_YES);
	p = judge(&c, anon_vma(), raw_of(RAW_LEVEL_PTE, ANON | TAIL | AE, 2));
	EXPECT_INT(p.anon_exclusive, TRI_UNKNOWN);
	EXPECT_INT(p.mapcount_kind, PAGE_COUNT_AVERAGE);
	EXPECT_INT(p.folio_mapcount, -1);
	EXPECT_INT(fact_get(&p.facts, FACT_MAPCOUNT_ONE), TRI_UNKNOWN);
	p = judge(&c, anon_vma(), raw_of(RAW_LEVEL_PTE, ANON | AE, 1));
	EXPECT_INT(p.mapcount_kind, PAGE_COUNT_EXACT);
	EXPECT_INT(p.folio_mapcount, 1);
	decide(&c, KFACT_KPAGECOUNT_AVERAGE, TRI_UNKNOWN);
	p = judge(&c, anon_vma(), raw_of(RAW_LEVEL_PTE, ANON | TAIL | AE, 2));
	EXPECT_INT(p.mapcount, -1);
	EXPECT_INT(p.why[PAGE_F_MAPCOUNT], PAGE_WHY_UNCALIBRATED);
	EXPECT_INT(p.anon_exclusive, TRI_UNKNOWN);
}

TEST(flags_of_tails_before_6_10)
{
	struct page_context c = context("6.9");
	struct page_info p;

	decide(&c, KFACT_KPF_KSM_BUG, TRI_NO);
	p = judge(&c, anon_vma(), raw_of(RAW_LEVEL_PTE, KPF_BIT(ANON) | TAIL, 1));
	EXPECT(!(p.flags_known & KPF_BIT(DIRTY)));
	EXPECT(!(p.flags_known & KPF_BIT(LRU)));
	EXPECT(p.flags_known & KPF_BIT(ANON));
	p = judge(&c, anon_vma(), raw_of(RAW_LEVEL_PTE, ANON | HEAD, 1));
	EXPECT(p.flags_known & p.flags & KPF_BIT(LRU));
}

/* ---- KSM */

TEST(the_ksm_bit_with_the_bug)
{
	struct page_context c = context("6.12");
	struct vma mergeable = vma_of("rd wr mr mw me ac mg", VMA_FS_NONE);
	struct raw_page o = raw_of(RAW_LEVEL_PTE, ANON | AE | KPF_BIT(KSM), 1);
	struct page_info p;

	decide(&c, KFACT_KPF_KSM_BUG, TRI_YES);
	p = judge(&c, anon_vma(), o);
	EXPECT_INT(p.kind, PAGE_ANON);
	EXPECT_INT(p.anon_exclusive, TRI_YES);
	EXPECT(!(p.flags & KPF_BIT(KSM)));
	EXPECT_INT(judge(&c, mergeable, o).kind, PAGE_ANON); /* exclusive */
	o.kpageflags &= ~AE;
	p = judge(&c, mergeable, o);
	EXPECT_INT(p.kind, PAGE_UNKNOWN);
	EXPECT(p.anon);
	EXPECT_INT(fact_get(&p.facts, FACT_KSM), TRI_UNKNOWN);
	EXPECT_INT(fact_get(&p.facts, FACT_ANON), TRI_YES);
	o.kpageflags |= HEAD; /* large pages are never merged */
	EXPECT_INT(judge(&c, mergeable, o).kind, PAGE_ANON);
	o.kpageflags = ANON;
	EXPECT_INT(judge(&c, mergeable, o).kind, PAGE_ANON);
	decide(&c, KFACT_KPF_KSM_BUG, TRI_UNKNOWN);
	o.kpageflags = ANON | KPF_BIT(KSM);
	p = judge(&c, mergeable, o);
	EXPECT_INT(p.kind, PAGE_UNKNOWN);
	EXPECT_INT(p.why[PAGE_F_KIND], PAGE_WHY_UNCALIBRATED);
	decide(&c, KFACT_KPF_KSM_BUG, TRI_NO);
	p = judge(&c, mergeable, o);
	EXPECT_INT(p.kind, PAGE_KSM);
	EXPECT_INT(p.anon_exclusive, TRI_NO);
}

/* ---- hugetlb */

TEST(hugetlb)
{
	u64 flags = KPF_BIT(HUGE) | KPF_BIT(COMPOUND_HEAD) | KPF_BIT(UPTODATE);
	struct page_context c = context("6.18");
	struct vma v = vma_of("rd wr mr mw me de ht", VMA_FS_HUGETLB);
	struct page_info p;

	p = judge(&c, v, raw_of(RAW_LEVEL_PMD, flags | KPF_BIT(ANON) | AE, 1));
	EXPECT_INT(p.kind, PAGE_HUGETLB);
	EXPECT(p.anon);
	EXPECT_INT(p.anon_exclusive, TRI_YES);
	EXPECT_INT(p.order, 9);
	EXPECT_INT(p.size, 2 << 20);
	EXPECT_INT(p.folio_mapcount, 1);
	p = judge(&c, v, raw_of(RAW_LEVEL_PMD, flags, 1));
	EXPECT(!p.anon);
	EXPECT_INT(p.why[PAGE_F_ANON_EXCLUSIVE], PAGE_WHY_NOT_APPLICABLE);
	EXPECT_INT(p.pte_known & PAGE_PTE_WRITE, PAGE_PTE_WRITE); /* a COW mapping */
	p = judge(&c, v, raw_of(RAW_LEVEL_PMD, flags | KPF_BIT(ANON), 2));
	EXPECT_INT(p.anon_exclusive, TRI_NO);
	EXPECT_INT(p.mm_shared, TRI_YES);
	EXPECT_INT(judge(&c, v, raw_of(RAW_LEVEL_PMD, flags, 0)).mapcount, 0);
	c = context("6.9");
	p = judge(&c, v, raw_of(RAW_LEVEL_PMD, flags, 0));
	EXPECT_INT(p.mapcount, -1);
	EXPECT_INT(p.why[PAGE_F_MAPCOUNT], PAGE_WHY_HUGETLB_HEAD_0);
	v.page_size = 1 << 30;
	p = judge(&c, v, raw_of(RAW_LEVEL_PUD, flags, 1));
	EXPECT_INT(p.order, 18);
	EXPECT_INT(p.size, 1 << 30);
}

TEST(hugetlb_entries_that_are_not_present)
{
	struct page_context c = context("6.18");
	struct vma v = vma_of("rd wr mr mw me de ht", VMA_FS_HUGETLB);
	struct raw_page o = { .addr = 0x7f0000200000,
			      .pages = 1,
			      .has = RAW_HAS_PAGEMAP | RAW_HAS_SCAN | RAW_HAS_LEVEL,
			      .level = RAW_LEVEL_PMD };

	EXPECT_INT(judge(&c, v, o).kind, PAGE_NONE);
	o.scan = PAGEMAP_IS_SWAPPED | PAGEMAP_IS_HUGE; /* migration, poison or a marker */
	EXPECT_INT(judge(&c, v, o).kind, PAGE_UNKNOWN);
}

/* ---- without privilege */

TEST(hidden_pfns)
{
	struct page_context c = context("6.18");
	struct raw_page o = raw_of(RAW_LEVEL_PTE, 0, 2);
	struct page_info p;

	c.pfns_hidden = c.kpage_denied = true;
	decide(&c, KFACT_KPAGECOUNT_AVERAGE, TRI_NO);
	o.has = RAW_HAS_PAGEMAP | RAW_HAS_SCAN | RAW_HAS_LEVEL;
	o.pfn = 0;
	p = judge(&c, anon_vma(), o);
	EXPECT_INT(p.kind, PAGE_ANON);
	EXPECT_INT(p.why[PAGE_F_PFN], PAGE_WHY_PFN_HIDDEN);
	EXPECT_INT(p.why[PAGE_F_FLAGS], PAGE_WHY_PFN_HIDDEN);
	EXPECT_INT(p.why[PAGE_F_ZONE], PAGE_WHY_PFN_HIDDEN);
	EXPECT_INT(p.why[PAGE_F_MAPCOUNT], PAGE_WHY_PFN_HIDDEN);
	EXPECT_INT(p.anon_exclusive, TRI_NO); /* bit 56 clear: mapped more than once */
	EXPECT_INT(p.zone, -1);
	EXPECT_INT(p.mapcount, -1);
	o.pagemap |= PAGEMAP_EXCLUSIVE;
	p = judge(&c, anon_vma(), o);
	EXPECT_INT(p.anon_exclusive, TRI_UNKNOWN);
	EXPECT_INT(p.why[PAGE_F_ANON_EXCLUSIVE], PAGE_WHY_PFN_HIDDEN);
	o.scan |= PAGEMAP_IS_PFNZERO;
	EXPECT_INT(judge(&c, anon_vma(), o).kind, PAGE_ZERO);
	o.scan &= ~PAGEMAP_IS_PFNZERO;
	/* KSM pages look the same; without PAGEMAP_SCAN so does the zero page */
	EXPECT_INT(judge(&c, vma_of("rd wr mr mw mg", VMA_FS_NONE), o).kind,
		   PAGE_UNKNOWN);
	o.has &= ~RAW_HAS_SCAN;
	p = judge(&c, anon_vma(), o);
	EXPECT_INT(p.kind, PAGE_UNKNOWN);
	EXPECT_INT(p.why[PAGE_F_KIND], PAGE_WHY_PFN_HIDDEN);
	EXPECT_INT(p.why[PAGE_F_ANON_EXCLUSIVE], PAGE_WHY_PFN_HIDDEN);
	o.pagemap |= PAGEMAP_FILE;
	EXPECT_INT(judge(&c, vma_of("rd mr mw me", VMA_FS_DISK), o).kind, PAGE_FILE);
	EXPECT_INT(judge(&c, vma_of("rd mr mw me", VMA_FS_SHMEM), o).kind, PAGE_SHMEM);
	/* a page of a private file mapping that was written to */
	o.pagemap &= ~PAGEMAP_FILE;
	o.has |= RAW_HAS_SCAN;
	EXPECT_INT(judge(&c, vma_of("rd wr mr mw me", VMA_FS_DISK), o).kind, PAGE_ANON);
	EXPECT_INT(judge(&c, vma_of("rd wr mr mw me", VMA_FS_UNKNOWN), o).kind,
		   PAGE_UNKNOWN);
	EXPECT_INT(judge(&c, vma_of("rd wr mr mw me mm", VMA_FS_DISK), o).kind,
		   PAGE_UNKNOWN);
}

TEST(pfns_without_a_page)
{
	struct page_context c = context("6.18");
	struct vma v = vma_of("rd wr sh mr mw me ms io mm", VMA_FS_DEVICE);

	EXPECT_INT(judge(&c, v, raw_of(RAW_LEVEL_PTE, 0, 0)).kind, PAGE_SPECIAL);
	EXPECT_INT(judge(&c, v, raw_of(RAW_LEVEL_PTE, KPF_BIT(NOPAGE), 0)).kind,
		   PAGE_SPECIAL);
	EXPECT_INT(judge(&c, v, raw_of(RAW_LEVEL_PTE, KPF_BIT(MMAP), 1)).kind,
		   PAGE_DEVICE);
}

TEST(cached_pages_have_a_mapping)
{
	struct page_context c = context("6.18");
	struct raw_page o = raw_of(RAW_LEVEL_PTE, 0, 1);
	struct page_info p;

	o.has = RAW_HAS_PAGEMAP | RAW_HAS_SCAN | RAW_HAS_LEVEL;
	o.pagemap |= PAGEMAP_FILE;
	p = judge(&c, vma_of("rd mr mw me", VMA_FS_DISK), o);
	EXPECT_INT(fact_get(&p.facts, FACT_NO_MAPPING), TRI_NO);
	p = judge(&c, vma_of("rd mr mw me hg", VMA_FS_DISK), o); /* may be DAX */
	EXPECT_INT(fact_get(&p.facts, FACT_NO_MAPPING), TRI_UNKNOWN);
	p = judge(&c, vma_of("rd mr mw me", VMA_FS_DEVICE), o);
	EXPECT_INT(fact_get(&p.facts, FACT_NO_MAPPING), TRI_UNKNOWN);
}

TEST(hidden_huge_pages)
{
	struct page_context c = context("6.18");
	struct raw_page o = raw_of(RAW_LEVEL_PMD, 0, 1);

	o.has = RAW_HAS_PAGEMAP | RAW_HAS_SCAN | RAW_HAS_LEVEL;
	EXPECT_INT(judge(&c, anon_vma(), o).kind, PAGE_ANON);
	o.scan |= PAGEMAP_IS_PFNZERO;
	EXPECT_INT(judge(&c, anon_vma(), o).kind, PAGE_HUGE_ZERO);
	o.scan &= ~PAGEMAP_IS_PFNZERO;
	c = context("6.9"); /* PFNZERO is never set for the huge zero page */
	EXPECT_INT(judge(&c, anon_vma(), o).kind, PAGE_UNKNOWN);
}

TEST(kpage_files_denied)
{
	struct page_context c = context("6.18");
	struct raw_page o = raw_of(RAW_LEVEL_PTE, 0, 1);
	struct page_info p;

	c.kpage_denied = true;
	o.has &= ~(RAW_HAS_KPAGEFLAGS | RAW_HAS_KPAGECOUNT);
	p = judge(&c, anon_vma(), o);
	EXPECT_INT(place, 0x100400);
	EXPECT_INT(p.why[PAGE_F_FLAGS], PAGE_WHY_KPAGE_PERM);
	EXPECT_INT(p.why[PAGE_F_MAPCOUNT], PAGE_WHY_KPAGE_PERM);
	EXPECT_INT(p.why[PAGE_F_ZONE], PAGE_WHY_KNOWN);
}

/* ---- entries that are not present */

static enum page_kind entry_kind(const char *model, u64 word, const char *flags)
{
	struct page_context c = context(model);
	struct raw_page o = { .pages = 1, .has = RAW_HAS_PAGEMAP, .pagemap = word };

	return judge(&c, vma_of(flags, VMA_FS_NONE), o).kind;
}

TEST(entries)
{
	static const char rw[] = "rd wr mr mw me ac";

	EXPECT_INT(entry_kind("6.18", 0, rw), PAGE_NONE);
	EXPECT_INT(entry_kind("6.18", PAGEMAP_SOFT_DIRTY, rw), PAGE_NONE);
	EXPECT_INT(entry_kind("6.18", 0, "rd wr pf io"), PAGE_SPECIAL);
	EXPECT_INT(entry_kind("6.18", PAGEMAP_SWAP | 7 << 5 | 1, rw), PAGE_SWAP);
	EXPECT_INT(entry_kind("6.18", PAGEMAP_SWAP | PAGEMAP_GUARD | 4 << 5 | 31, rw),
		   PAGE_GUARD);
	/* 6.13 and 6.14 show the marker as a swap entry */
	EXPECT_INT(entry_kind("6.13", PAGEMAP_SWAP | PTE_MARKER_GUARD << 5 | 31, rw),
		   PAGE_GUARD);
	EXPECT_INT(entry_kind("6.18", PAGEMAP_SWAP | PTE_MARKER_UFFD_WP << 5 | 31, rw),
		   PAGE_MARKER);
	EXPECT_INT(entry_kind("6.18", PAGEMAP_SWAP | PTE_MARKER_POISON << 5 | 31, rw),
		   PAGE_HWPOISON);
}

TEST(swap_entries_keep_their_place)
{
	struct page_context c = context("6.18");
	struct raw_page o = { .addr = 0x7f0000200000,
			      .pages = 1,
			      .has = RAW_HAS_PAGEMAP,
			      .pagemap = PAGEMAP_SWAP | 7 << 5 | 1 };
	struct page_info p = judge(&c, anon_vma(), o), next;

	EXPECT_INT(p.swap_type, 1);
	EXPECT_INT(place, 7);
	EXPECT_INT(p.why[PAGE_F_REFCOUNT], PAGE_WHY_NOT_APPLICABLE);
	EXPECT_INT(p.why[PAGE_F_ANON_EXCLUSIVE], PAGE_WHY_NOT_APPLICABLE);
	o.addr += 4096;
	o.pagemap += 1 << 5;
	next = judge(&c, anon_vma(), o);
	EXPECT(continues(&p, 7, &next, place));
	EXPECT(!continues(&next, place, &p, 7));
}

/* ---- zero pages, zones */

TEST(zero_pages)
{
	struct page_context c = context("6.18");
	struct page_info p, next;
	struct raw_page o =
		raw_of(RAW_LEVEL_PTE, KPF_BIT(ZERO_PAGE) | KPF_BIT(RESERVED), 0);

	p = judge(&c, anon_vma(), o);
	EXPECT_INT(p.kind, PAGE_ZERO);
	EXPECT_INT(p.why[PAGE_F_MAPCOUNT], PAGE_WHY_NOT_APPLICABLE);
	EXPECT(p.pte_known & PAGE_PTE_WRITE && !(p.pte & PAGE_PTE_WRITE));
	o.addr += 4096;
	next = judge(&c, anon_vma(), o);
	EXPECT(continues(&p, o.pfn, &next, place)); /* the same page again */
	p = judge(&c, anon_vma(),
		  raw_of(RAW_LEVEL_PMD,
			 KPF_BIT(ZERO_PAGE) | KPF_BIT(COMPOUND_HEAD) | KPF_BIT(THP), 0));
	EXPECT_INT(p.kind, PAGE_HUGE_ZERO);
}

TEST(zones)
{
	struct page_context c = context("6.18");
	struct raw_page o = raw_of(RAW_LEVEL_PTE, ANON, 1);
	struct page_info p;

	decide(&c, KFACT_KPF_KSM_BUG, TRI_NO);
	p = judge(&c, anon_vma(), o);
	EXPECT_INT(p.zone, PAGE_ZONE_NORMAL);
	EXPECT_INT(p.node, 0);
	kernels[0].ev.config[KCONFIG_CMA] = TRI_YES;
	EXPECT_INT(judge(&c, anon_vma(), o).migratetype_bad,
		   TRI_UNKNOWN); /* zone has CMA */
	o.pfn = 5000;
	EXPECT_INT(judge(&c, anon_vma(), o).migratetype_bad, TRI_NO);
	kernels[0].ev.config[KCONFIG_CMA] = TRI_NO;
	o.pfn = 0x100400;
	EXPECT_INT(judge(&c, anon_vma(), o).migratetype_bad, TRI_NO);
	o.pfn = 1ull << 30;
	p = judge(&c, anon_vma(), o);
	EXPECT_INT(p.zone, -1);
	EXPECT_INT(p.why[PAGE_F_ZONE], PAGE_WHY_NO_ZONEINFO);
}

/* ---- struct page */

#define X86_PTE(bits) (0x8000000000000025ull | (bits)) /* NX, accessed, user, present */

static struct raw_page struct_raw(u8 level, u64 pte, enum raw_mapping mapping, u64 flags,
				  s32 refs, s32 maps)
{
	return (struct raw_page){ .addr = 0x7f0000200000,
				  .pages = 1,
				  .has = RAW_HAS_PTE | RAW_HAS_LEVEL | RAW_HAS_PFN |
					 RAW_HAS_PAGE | RAW_HAS_LARGE,
				  .level = level,
				  .pte = pte,
				  .mapping = mapping,
				  .order = level == RAW_LEVEL_PMD ? 9 : 0,
				  .pfn = 0x100400,
				  .head_pfn = 0x100400,
				  .flags = flags,
				  .head_flags = flags,
				  .refcount = refs,
				  .mapcount = maps,
				  .large_mapcount = maps };
}

static struct page_context struct_context(const char *model)
{
	struct page_context c = context(model);

	c.have_bpf = true;
	c.layout = &layout;
	decide(&c, KFACT_KPAGECOUNT_AVERAGE, TRI_NO);
	return c;
}

#define B_LRU BIT(5)
#define B_SWAPBACKED BIT(17)
#define B_AE BIT(11)
#define B_10 BIT(10)
#define B_PRIVATE BIT(14)

TEST(struct_page_of_a_small_page)
{
	struct page_context c = struct_context("6.18");
	u64 flags = B_LRU | B_SWAPBACKED;
	struct page_info p;

	p = judge(&c, anon_vma(),
		  struct_raw(RAW_LEVEL_PTE, X86_PTE(2), RAW_MAPPING_ANON, flags | B_AE, 1,
			     1));
	EXPECT_INT(p.kind, PAGE_ANON);
	EXPECT_INT(p.anon_exclusive, TRI_YES);
	EXPECT_INT(p.refcount, 1);
	EXPECT_INT(p.expected, 1);
	EXPECT_INT(p.excess, 0);
	EXPECT_INT(p.pincount, 0);
	EXPECT_INT(p.pincount_kind, PAGE_COUNT_EXACT);
	EXPECT_INT(p.pte & PAGE_PTE_WRITE, PAGE_PTE_WRITE);
	EXPECT_INT(p.why[PAGE_F_PTE], PAGE_WHY_KNOWN);
	EXPECT(p.flags & KPF_BIT(LRU));
	EXPECT(!(p.flags & KPF_BIT(SWAPCACHE)));
	p = judge(&c, anon_vma(),
		  struct_raw(RAW_LEVEL_PTE, X86_PTE(0), RAW_MAPPING_ANON, flags | B_10, 3,
			     1));
	EXPECT_INT(p.anon_exclusive, TRI_NO);
	EXPECT(p.flags & KPF_BIT(SWAPCACHE));
	EXPECT_INT(p.expected, 2);
	EXPECT_INT(p.excess, 1);
	p = judge(&c, anon_vma(),
		  struct_raw(RAW_LEVEL_PTE, X86_PTE(2), RAW_MAPPING_ANON, flags | B_AE,
			     1025, 1));
	EXPECT_INT(p.pincount, 1);
	EXPECT_INT(p.pincount_kind, PAGE_COUNT_ESTIMATE);
	p = judge(&c, anon_vma(),
		  struct_raw(RAW_LEVEL_PTE, X86_PTE(0), RAW_MAPPING_KSM, flags, 3, 3));
	EXPECT_INT(p.kind, PAGE_KSM);
	EXPECT_INT(p.anon_exclusive, TRI_NO);
	EXPECT_INT(p.expected, 3);
}

TEST(struct_page_of_the_page_cache)
{
	struct page_context c = struct_context("6.18");
	struct vma v = vma_of("rd sh mr mw me ms", VMA_FS_DISK);
	struct page_info p;

	/* bit 10 of a file page is owner_priv_1, not swapcache */
	p = judge(&c, v,
		  struct_raw(RAW_LEVEL_PTE, X86_PTE(0), RAW_MAPPING_FILE,
			     B_LRU | B_10 | B_PRIVATE, 4, 1));
	EXPECT_INT(p.kind, PAGE_FILE);
	EXPECT(!(p.flags & KPF_BIT(SWAPCACHE)));
	EXPECT(p.flags & KPF_BIT(OWNER_PRIVATE));
	EXPECT_INT(p.expected, 3);
	EXPECT_INT(p.excess, 1);
	EXPECT_INT(p.why[PAGE_F_ANON_EXCLUSIVE], PAGE_WHY_NOT_APPLICABLE);
	p = judge(&c, vma_of("rd wr sh mr mw me ms", VMA_FS_DEVICE),
		  struct_raw(RAW_LEVEL_PTE, X86_PTE(2), RAW_MAPPING_NULL, 0, 5, 1));
	EXPECT_INT(p.kind, PAGE_DEVICE);
	EXPECT_INT(p.expected, -1);
}

/* 7.4 removes PG_private: ->private itself says it, but for those that keep other things there. */
TEST(private_without_its_flag)
{
	static const struct {
		u64 flags, expected;
		u8 mapping, has;
		bool hugetlb;
	} rows[] = {
		{ B_LRU | B_PRIVATE, 2, 4, 0,
		  false }, /* bit 14 is another flag's there */
		{ B_LRU, 3, 4, STRUCTPAGE_PRIVATE, false },
		{ B_LRU | B_SWAPBACKED | B_10, 2, 1, STRUCTPAGE_PRIVATE, false },
		{ 0, 2, 4, STRUCTPAGE_PRIVATE, true },
	};
	struct page_context c = struct_context("7.3");
	struct structpage_machine m = { .zero_pfn = ~0ULL, .huge_zero_pfn = ~0ULL };
	struct kpf_layout l = layout;

	l.private_ = 0xff;
	c.layout = &l;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct structpage_rec r = { .addr = 0x7000,
					    .pages = 1,
					    .pfn = 0x100400,
					    .head_pfn = 0x100400,
					    .pte = X86_PTE(0),
					    .flags = rows[i].flags,
					    .head_flags = rows[i].flags,
					    .refcount = 3,
					    .level = 1,
					    .mapping = rows[i].mapping,
					    .has = STRUCTPAGE_PRESENT | STRUCTPAGE_PAGE |
						   rows[i].has };
		struct vma v = vma_of(rows[i].hugetlb ? "rd sh mr mw me ms ht"
						      : "rd sh mr mw me ms",
				      rows[i].hugetlb        ? VMA_FS_HUGETLB
				      : rows[i].mapping == 1 ? VMA_FS_NONE
							     : VMA_FS_DISK);
		struct raw_page o;
		struct page_info p;

		structpage_to_raw(&m, &r, &o);
		p = judge(&c, v, o);
		EXPECT(p.flags_known & KPF_BIT(PRIVATE));
		EXPECT_INT(!!(p.flags & KPF_BIT(PRIVATE)), i == 1);
		EXPECT_INT(p.expected, rows[i].expected);
	}
}

TEST(struct_page_of_large_folios)
{
	struct page_context c = struct_context("6.18");
	struct raw_page o =
		struct_raw(RAW_LEVEL_PTE, X86_PTE(0), RAW_MAPPING_ANON, 0, 512, 1);
	struct page_info p;

	/* a PTE-mapped tail: its own bit, the folio's counts */
	o.order = 9;
	o.pfn++;
	o.has |= RAW_HAS_MM_IDS;
	o.large_mapcount = 512;
	o.head_flags = B_AE | B_LRU | B_SWAPBACKED;
	p = judge(&c, anon_vma(), o);
	EXPECT_INT(p.anon_exclusive, TRI_NO);
	EXPECT(p.flags & KPF_BIT(LRU) && p.flags & KPF_BIT(COMPOUND_TAIL));
	EXPECT_INT(p.mapcount, 1);
	EXPECT_INT(p.folio_mapcount, 512);
	EXPECT_INT(p.mm_shared, TRI_NO);
	EXPECT_INT(p.expected, 512);
	o.flags = B_AE;
	o.mm_ids = BIT(63);
	o.pincount = 3;
	p = judge(&c, anon_vma(), o);
	EXPECT_INT(p.anon_exclusive, TRI_YES);
	EXPECT_INT(p.mm_shared, TRI_YES);
	EXPECT_INT(p.pincount, 3);
	EXPECT_INT(p.pincount_kind, PAGE_COUNT_EXACT);
	/* a PMD leaf: the head's bit */
	o.flags = 0;
	o.level = RAW_LEVEL_PMD;
	EXPECT_INT(judge(&c, anon_vma(), o).anon_exclusive, TRI_YES);
	/* without per-page map counts */
	o.level = RAW_LEVEL_PTE;
	decide(&c, KFACT_KPAGECOUNT_AVERAGE, TRI_YES);
	p = judge(&c, anon_vma(), o);
	EXPECT_INT(p.why[PAGE_F_MAPCOUNT], PAGE_WHY_NO_PAGE_MAPCOUNT);
	EXPECT_INT(p.folio_mapcount, 512);
	EXPECT_INT(p.anon_exclusive, TRI_NO);
	c.layout = NULL;
	EXPECT_INT(judge(&c, anon_vma(), o).anon_exclusive, TRI_UNKNOWN);
}

TEST(struct_page_of_zero_pages)
{
	struct page_context c = struct_context("6.18");
	struct raw_page o = struct_raw(RAW_LEVEL_PTE, X86_PTE(BIT(9)), RAW_MAPPING_NULL,
				       BIT(13), 1, 0);

	EXPECT_INT(judge(&c, anon_vma(), o).kind, PAGE_ZERO);
	EXPECT_INT(judge(&c, vma_of("rd wr mr mw mm", VMA_FS_UNKNOWN), o).kind,
		   PAGE_SPECIAL);
	o.has |= RAW_HAS_KPAGEFLAGS;
	o.kpageflags = KPF_BIT(ZERO_PAGE);
	EXPECT_INT(judge(&c, anon_vma(), o).kind, PAGE_ZERO);
	o = struct_raw(RAW_LEVEL_PMD, X86_PTE(BIT(7)), RAW_MAPPING_NULL, 0, 5, 0);
	EXPECT_INT(judge(&c, anon_vma(), o).kind, PAGE_HUGE_ZERO);
	EXPECT_INT(judge(&c, anon_vma(), o).refcount, 5);
	EXPECT_INT(judge(&c, anon_vma(), o).expected, -1);
}

TEST(struct_page_of_hugetlb_page_cache)
{
	struct vma v = vma_of("rd wr sh mr mw me ms de ht", VMA_FS_HUGETLB);
	struct raw_page o = struct_raw(RAW_LEVEL_PMD, X86_PTE(BIT(7) | 2),
				       RAW_MAPPING_FILE, 0, 513, 1);
	struct page_context c = struct_context("6.18");

	EXPECT_INT(judge(&c, v, o).kind, PAGE_HUGETLB);
	EXPECT_INT(judge(&c, v, o).expected, 513);
	c = struct_context("6.1");
	EXPECT_INT(judge(&c, v, o).expected, 2);
}

TEST(entries_by_bpf)
{
	struct page_context c = struct_context("6.18");
	struct raw_page o = { .pages = 512,
			      .has = RAW_HAS_PTE | RAW_HAS_LEVEL,
			      .level = RAW_LEVEL_PTE };

	EXPECT_INT(judge(&c, anon_vma(), o).kind, PAGE_NONE);
	EXPECT_INT(judge(&c, anon_vma(), o).why[PAGE_F_PFN], PAGE_WHY_NOT_APPLICABLE);
	o.pte = 1ull << 59 | (~7ull << 9 & (BIT(59) - 1)); /* swap type 1, offset 7 */
	EXPECT_INT(judge(&c, anon_vma(), o).kind, PAGE_SWAP);
	EXPECT_INT(place, 7);
	c.pte = NULL; /* entries are not understood, and pagemap was not read */
	EXPECT_INT(judge(&c, anon_vma(), o).kind, PAGE_UNKNOWN);
}

/* ---- properties */

static u64 rnd(void)
{
	static u64 state = 42;

	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return state >> 16 ^ state << 40;
}

static struct raw_page rnd_raw(void)
{
	struct raw_page o = { .addr = rnd() & 0x7ffffffff000,
			      .pages = 1 + rnd() % 3,
			      .has = rnd() & 0x8fff,
			      .level = rnd() % 4,
			      .mapping = rnd() % 5,
			      .order = rnd() % 20,
			      .scan = rnd() & 0x1ff,
			      .pfn = rnd() % (1u << 22),
			      .pagemap = rnd() & rnd(),
			      .kpageflags = rnd() & rnd(),
			      .kpagecount = rnd() % 4,
			      .pte = rnd(),
			      .flags = rnd(),
			      .head_flags = rnd(),
			      .refcount = rnd() % 2048,
			      .mapcount = rnd() % 3,
			      .large_mapcount = rnd() % 600,
			      .pincount = rnd() % 2,
			      .mm_ids = rnd() };

	o.head_pfn = o.pfn & ~(BIT(o.order) - 1);
	return o;
}

static void check(const struct page_info *p)
{
	EXPECT(p->kind < PAGE_KINDS);
	for (unsigned f = 0; f < PAGE_FIELDS; f++)
		EXPECT(p->why[f] < PAGE_WHYS);
	EXPECT_INT(p->flags & ~p->flags_known, 0);
	EXPECT_INT(p->pte & ~p->pte_known, 0);
	EXPECT_INT(p->facts.value & ~p->facts.known, 0);
	EXPECT_INT(p->why[PAGE_F_KIND] == PAGE_WHY_KNOWN, p->kind != PAGE_UNKNOWN);
	EXPECT_INT(p->why[PAGE_F_MAPCOUNT] == PAGE_WHY_KNOWN, p->mapcount >= 0);
	EXPECT_INT(p->why[PAGE_F_MAPCOUNT] == PAGE_WHY_KNOWN,
		   p->mapcount_kind != PAGE_COUNT_UNKNOWN);
	EXPECT_INT(p->why[PAGE_F_REFCOUNT] == PAGE_WHY_KNOWN, p->refcount >= 0);
	EXPECT_INT(p->why[PAGE_F_PINCOUNT] == PAGE_WHY_KNOWN, p->pincount >= 0);
	EXPECT_INT(p->why[PAGE_F_ANON_EXCLUSIVE] == PAGE_WHY_KNOWN,
		   p->anon_exclusive != TRI_UNKNOWN);
	EXPECT_INT(p->why[PAGE_F_ZONE] == PAGE_WHY_KNOWN, p->zone >= 0);
	EXPECT_INT(p->why[PAGE_F_LEAF] == PAGE_WHY_KNOWN, p->leaf != 0);
	if (p->anon_exclusive == TRI_YES)
		EXPECT(p->anon);
}

TEST(total_over_any_words)
{
	static const char *const models[] = { "5.10", "6.1", "6.9", "6.12", "6.18" };
	static const char *const flags[] = { "rd wr mr mw",       "rd mr",
					     "rd wr sh mr mw ms", "rd wr ht",
					     "rd pf io",          "rd wr mm",
					     "rd wr mr mw mg uw" };

	for (unsigned m = 0; m < ARRAY_SIZE(models); m++) {
		struct page_context c = context(models[m]);

		for (unsigned i = 0; i < 20000; i++) {
			struct vma v = vma_of(flags[i % ARRAY_SIZE(flags)], rnd() % 9);
			struct page_info p;

			v.has_flags = i % 5;
			c.layout = i & 1 ? &layout : NULL;
			c.pte = i & 2 ? &pte_layouts[0] : NULL;
			c.pfns_hidden = c.kpage_denied = !(i % 7);
			c.have_bpf = i & 4;
			p = judge(&c, v, rnd_raw());
			check(&p);
			if (test_failures)
				return;
		}
	}
}

TEST(runs)
{
	struct page_context c = context("6.18");
	struct raw_page o = raw_of(RAW_LEVEL_PMD, ANON | HEAD | AE, 1);
	struct page_info a, b;

	decide(&c, KFACT_KPF_KSM_BUG, TRI_NO);
	a = judge(&c, anon_vma(), o);
	o.addr += 2 << 20;
	o.pfn += 512;
	b = judge(&c, anon_vma(), o);
	EXPECT(continues(&a, place - 512, &b, place));
	EXPECT(!continues(&a, place - 512, &b, place + 1));
	o.kpageflags &= ~AE;
	b = judge(&c, anon_vma(), o);
	EXPECT(!continues(&a, place - 512, &b, place));
}

TEST(words_for_everything)
{
	for (unsigned i = 0; i < PAGE_KINDS; i++)
		EXPECT(page_kind_name(i) && page_kind_name(i)[0]);
	for (unsigned i = 0; i < PAGE_WHYS; i++)
		EXPECT(page_why_texts[i] && page_why_texts[i][0]);
	for (unsigned i = 0; i < PAGE_FIELDS; i++)
		EXPECT(page_field_names[i] && page_field_names[i][0]);
	EXPECT_STR(page_zone_name(PAGE_ZONE_MOVABLE), "Movable");
	EXPECT_STR(page_zone_name(-1), "?");
	EXPECT_STR(page_count_kind_names[PAGE_COUNT_AVERAGE], "average");
}
