/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kpageflags.h"
#include "page/page_facts_int.h"
#include "page/structpage.h"
#include "pagemap.h"
#include "gup/predict.h"
#include "test.h"

static struct kernel kernel;
static const struct page_span one_node[] = { { 0, 1 << 20, 0, 0, PAGE_ZONE_NORMAL } };
static const struct page_span two_nodes[] = { { 0, 1 << 20, 0, 0, PAGE_ZONE_NORMAL },
					      { 1 << 20, 2 << 20, 0, 1,
						PAGE_ZONE_NORMAL } };

static struct page_context context(const char *model)
{
	struct kernel_evidence ev;
	const char *why;

	kernel_evidence_init(&ev);
	strcpy(ev.arch, "x86_64");
	ev.pmd_size = 2 << 20;
	EXPECT_INT(kernel_resolve_model(&ev, model, &kernel, &why), 0);
	return (struct page_context){ .kernel = &kernel,
				      .spans = one_node,
				      .nspans = 1,
				      .has_pinned = TRI_UNKNOWN,
				      .pins_anywhere = TRI_UNKNOWN,
				      .huge_free = TRI_UNKNOWN };
}

static struct vma anon_vma(void)
{
	return (struct vma){ .start = 0x1000,
			     .end = 0x100000,
			     .read = true,
			     .write = true,
			     .has_flags = true,
			     .flags = VF(READ) | VF(WRITE) | VF(MAYREAD) | VF(MAYWRITE) |
				      VF(MAYEXEC),
			     .page_size = 4096,
			     .pkey = -1,
			     .fs = VMA_FS_NONE,
			     .has_smaps = true };
}

static struct vma file_vma(enum vma_fs fs, bool shared, bool write)
{
	struct vma v = anon_vma();

	v.fs = fs;
	v.inode = 42;
	v.shared = shared;
	v.write = write;
	v.flags &= ~VF(WRITE);
	v.flags |= (shared ? VF(SHARED) | VF(MAYSHARE) : 0) | (write ? VF(WRITE) : 0);
	strcpy(v.name, "/tmp/file");
	return v;
}

/* The words of which the pages are made. */
static const struct raw_page entry = { .has = RAW_HAS_PAGEMAP,
				       .pages = 1,
				       .pagemap = PAGEMAP_PRESENT };

/* What /proc alone says of a present page. */
static struct page_info proc_page(enum page_kind kind, u64 flags, int mapcount)
{
	struct page_info p = { .kind = kind,
			       .size = 4096,
			       .present = TRI_YES,
			       .anon = kind == PAGE_ANON || kind == PAGE_KSM,
			       .flags = flags,
			       .flags_known = ~0ull,
			       .mapcount = mapcount,
			       .folio_mapcount = mapcount,
			       .mapcount_kind = PAGE_COUNT_EXACT,
			       .refcount = -1,
			       .pincount = -1,
			       .expected = -1,
			       .anon_exclusive = TRI_UNKNOWN,
			       .mm_shared = TRI_UNKNOWN,
			       .swap_exclusive = TRI_UNKNOWN,
			       .zone = PAGE_ZONE_NORMAL,
			       .migratetype_bad = TRI_NO,
			       .leaf = RAW_LEVEL_PTE };

	p.why[PAGE_F_REFCOUNT] = p.why[PAGE_F_PINCOUNT] = p.why[PAGE_F_PTE] =
		PAGE_WHY_NO_BPF;
	return p;
}

static struct page_info missing_page(enum page_kind kind)
{
	struct page_info p = proc_page(kind, 0, -1);

	p.present = TRI_NO;
	p.leaf = 0;
	for (unsigned i = 0; i < PAGE_FIELDS; i++)
		p.why[i] = PAGE_WHY_NOT_APPLICABLE;
	return p;
}

/* What BPF adds. */
static void add_refs(struct page_info *p, int refcount, int expected)
{
	p->why[PAGE_F_REFCOUNT] = p->why[PAGE_F_PINCOUNT] = PAGE_WHY_KNOWN;
	p->refcount = refcount;
	p->expected = expected;
	p->excess = expected < 0 ? 0 : refcount - expected;
	p->pincount = refcount / 1024;
	p->has_page = true;
	p->mapping = p->anon ? RAW_MAPPING_ANON : RAW_MAPPING_FILE;
}

#define EXPECT_FACT(p, id, tri) EXPECT_INT(fact_get(&(p).facts, FACT_##id), tri)

/* The facts of an exclusive page in a mapping that has @flag, too. */
static struct page_info flagged(u64 flag)
{
	struct page_context ctx = context("7.3");
	struct vma v = anon_vma();
	struct page_info p = proc_page(PAGE_ANON, KPF_BIT(LRU) | KPF_BIT(ANON), 1);

	v.flags |= flag;
	p.anon_exclusive = TRI_YES;
	page_facts(&ctx, &v, &entry, &p);
	return p;
}

static void judge(const struct page_context *ctx, const struct vma *v,
		  struct page_info *p, struct gup_verdicts *ret)
{
	page_facts(ctx, v, &entry, p);
	predict_all(&kernel, &p->facts, ret);
}

/* Each flag is its own fact; a mapping without it lacks the fact. */
TEST(flags_of_a_mapping)
{
	const struct page_info plain = flagged(0);
	struct page_info p;

	EXPECT_FACT(plain, VMA_READ, TRI_YES);
#define EXPECT_FLAG(id)                               \
	do {                                          \
		p = flagged(VF(id));                  \
		EXPECT_FACT(p, VMA_##id, TRI_YES);    \
		EXPECT_FACT(plain, VMA_##id, TRI_NO); \
	} while (0)

	EXPECT_FLAG(PFNMAP);
	EXPECT_FLAG(HUGETLB);
	EXPECT_FLAG(SHADOW_STACK);
	EXPECT_FLAG(DONTCOPY);
	EXPECT_FLAG(WIPEONFORK);
	EXPECT_FLAG(UFFD_MISSING);
	EXPECT_FLAG(UFFD_WP);
	EXPECT_FLAG(UFFD_RWP);
}

TEST(proc_alone_judges_an_exclusive_page)
{
	struct page_context ctx = context("6.18");
	struct vma v = anon_vma();
	struct page_info p = proc_page(PAGE_ANON, KPF_BIT(LRU) | KPF_BIT(ANON), 1);
	struct gup_verdicts verdicts;

	p.anon_exclusive = TRI_YES;
	judge(&ctx, &v, &p, &verdicts);
	EXPECT_INT(verdicts.req[GUP_GET_R].word, GUP_WORD_FAST);
	EXPECT_INT(verdicts.req[GUP_PIN_R].word, GUP_WORD_FAST);
	EXPECT_INT(verdicts.req[GUP_LT_R].word, GUP_WORD_FAST);
	EXPECT_INT(verdicts.req[GUP_PIN_W].fast,
		   TRI_UNKNOWN); /* is the entry writable? */
	EXPECT_INT(verdicts.req[GUP_PIN_W].slow, GUP_SLOW_OK);
	EXPECT_INT(verdicts.req[GUP_PIN_W].page, GUP_PAGE_SAME);
	EXPECT_INT(verdicts.req[GUP_PIN_W].unknown, F(PTE_WRITE));
	EXPECT_INT(verdicts.write.leak, TRI_NO);
	EXPECT_INT(verdicts.write.seen_by_refs, TRI_UNKNOWN);
}

TEST(proc_alone_judges_a_shared_page)
{
	struct page_context ctx = context("6.18");
	struct vma v = anon_vma();
	struct page_info p = proc_page(PAGE_ANON, KPF_BIT(LRU) | KPF_BIT(ANON), 2);
	struct gup_verdicts verdicts;

	p.anon_exclusive = TRI_NO;
	judge(&ctx, &v, &p, &verdicts);
	EXPECT_FACT(p, PTE_WRITE, TRI_UNKNOWN); /* that follows from 5.19 on only */
	EXPECT_INT(verdicts.req[GUP_GET_R].word, GUP_WORD_FAST);
	EXPECT_INT(verdicts.req[GUP_PIN_R].word, GUP_WORD_COPY);
	EXPECT_INT(verdicts.req[GUP_PIN_W].word, GUP_WORD_COPY);
	EXPECT_INT(verdicts.write.fault, GUP_WRITE_COPY);
	EXPECT_INT(verdicts.fork.word, GUP_FORK_SHARE);
}

TEST(mapped_twice_is_not_exclusive)
{
	struct page_context ctx = context("6.18");
	struct vma v = anon_vma();
	struct page_info p = proc_page(PAGE_ANON, KPF_BIT(LRU) | KPF_BIT(ANON), 2);

	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, MAPCOUNT_ONE, TRI_NO);
	EXPECT_FACT(p, ANON_EXCLUSIVE, TRI_NO);
}

TEST(before_anon_exclusive)
{
	struct page_context ctx = context("5.15");
	struct vma v = anon_vma();
	struct page_info p = proc_page(PAGE_ANON, KPF_BIT(LRU) | KPF_BIT(ANON), 1);
	struct gup_verdict verdict;

	p.why[PAGE_F_ANON_EXCLUSIVE] = PAGE_WHY_KERNEL_OLD;
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, ANON_EXCLUSIVE, TRI_UNKNOWN);
	predict_request(&kernel, &p.facts, GUP_PIN_R, &verdict);
	EXPECT_INT(verdict.word, GUP_WORD_FAST); /* the kernel lacks it */
	context("6.18");
	predict_request(&kernel, &p.facts, GUP_PIN_R, &verdict);
	EXPECT_INT(verdict.fast, TRI_UNKNOWN); /* another one would have to read it */
	EXPECT(verdict.unknown & F(ANON_EXCLUSIVE));
}

TEST(prot_none_and_numa_hints)
{
	struct page_context ctx = context("6.18");
	struct vma v = anon_vma();
	struct page_info p = proc_page(PAGE_ANON, KPF_BIT(LRU) | KPF_BIT(ANON), 1);

	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, PROTNONE, TRI_NO); /* one node */
	ctx.spans = two_nodes;
	ctx.nspans = 2;
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, PROTNONE, TRI_UNKNOWN);
	ctx.numa_balancing_off = true;
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, PROTNONE, TRI_NO);
	ctx.numa_balancing_off = false;
	p.pte_known = PAGE_PTE_PROTNONE;
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, PROTNONE, TRI_NO);
	p.pte = PAGE_PTE_PROTNONE;
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, PROTNONE, TRI_YES);
	p.pte_known = p.pte = 0;
	p.kind = PAGE_KSM;
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, PROTNONE, TRI_NO);
	p.kind = PAGE_ANON;
	v.read = v.write = false;
	v.flags &= ~(VF(READ) | VF(WRITE));
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, PROTNONE, TRI_YES);
	v = file_vma(VMA_FS_DISK, false,
		     false); /* read-only file mappings are not hinted */
	p = proc_page(PAGE_FILE, KPF_BIT(LRU), 1);
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, PROTNONE, TRI_NO);
}

TEST(holes)
{
	struct page_context ctx = context("6.18");
	struct vma anon = anon_vma(), file = file_vma(VMA_FS_DISK, false, true);
	struct page_info p = missing_page(PAGE_NONE);
	struct gup_verdicts v;

	judge(&ctx, &anon, &p, &v);
	EXPECT_INT(v.req[GUP_GET_R].word, GUP_WORD_FAULT);
	EXPECT_INT(v.req[GUP_LT_W].word, GUP_WORD_FAULT);
	EXPECT_INT(v.write.fault, GUP_WRITE_POPULATE);
	EXPECT_INT(v.fork.word, GUP_FORK_SHARE);

	judge(&ctx, &file, &p, &v);
	EXPECT_INT(v.req[GUP_GET_R].slow, GUP_SLOW_UNKNOWN);
	EXPECT_INT(v.req[GUP_GET_R].fault, GUP_FAULT_POPULATE);
	EXPECT_INT(v.req[GUP_GET_R].unknown, F(FILE_REFUSES));
}

/*
 * Userfaultfd's missing faults are those of pages that the cache lacks, its minor faults those of pages
 * that it has.  A driver's page_mkwrite(), or a full file system, may refuse a page.
 */
TEST(faults_on_files)
{
	enum { N = TRI_NO, Y = TRI_YES, U = TRI_UNKNOWN };
	static const struct {
		enum vma_fs fs;
		bool shared, known, full, empty;
		u64 flags;
		u8 missing, hole, mapped; /* VMA_UFFD_MISSING, FILE_REFUSES */
	} rows[] = {
		{ VMA_FS_NONE, 0, 0, 0, 0, VF(UFFD_MISSING), Y, N, N },
		{ VMA_FS_SHMEM, 1, 1, 0, 1, VF(UFFD_MISSING), Y, N, N },
		{ VMA_FS_SHMEM, 1, 1, 0, 0, VF(UFFD_MISSING), U, N, N },
		{ VMA_FS_SHMEM, 1, 1, 0, 0, VF(UFFD_MINOR), U, N, N },
		{ VMA_FS_SHMEM, 1, 1, 0, 0, VF(UFFD_MISSING) | VF(UFFD_MINOR), Y, N, N },
		{ VMA_FS_SHMEM, 1, 1, 1, 0, 0, N, U, N },
		{ VMA_FS_DISK, 1, 1, 1, 0, 0, N, U, U },
		{ VMA_FS_UNKNOWN, 1, 0, 0, 0, 0, N, U, U },
		{ VMA_FS_DEVICE, 1, 0, 0, 0, 0, N, U, U },
	};
	struct page_context ctx = context("7.3");
	struct gup_verdicts got;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vma v = file_vma(rows[i].fs, rows[i].shared, true);
		struct page_info p = proc_page(PAGE_FILE, KPF_BIT(LRU), 1);

		v.start = 0; /* where the entry is */
		v.flags |= rows[i].flags;
		v.file_known = rows[i].known;
		v.file_full = rows[i].full;
		v.file_empty = rows[i].empty;
		v.file_bytes = 1 << 20;
		page_facts(&ctx, &v, &entry, &p);
		EXPECT_FACT(p, FILE_REFUSES, rows[i].mapped);
		p = missing_page(PAGE_NONE);
		p.size = 4096;
		judge(&ctx, &v, &p, &got);
		EXPECT_FACT(p, FILE_REFUSES, rows[i].hole);
		EXPECT_FACT(p, VMA_UFFD_MISSING, rows[i].missing);
		EXPECT(got.req[GUP_GET_W].waits == (rows[i].missing == Y));
		v.file_bytes = 0; /* SIGBUS comes first */
		judge(&ctx, &v, &p, &got);
		EXPECT(!rows[i].known || got.write.fault == GUP_WRITE_SEGV);
	}
}

/* A hole of a file that has no page anywhere; that says nothing of a private page in swap. */
TEST(nothing_is_cached)
{
	struct page_context ctx = context("6.18");
	struct vma v = file_vma(VMA_FS_SHMEM, true, true);
	struct page_info hole = missing_page(PAGE_NONE), swap = missing_page(PAGE_SWAP);
	struct gup_verdicts got;

	ctx.unpinnable_memory = TRI_YES;
	v.file_known = true;
	v.file_bytes = 1 << 20;
	judge(&ctx, &v, &hole, &got);
	EXPECT_FACT(hole, CACHED, TRI_UNKNOWN);
	EXPECT_INT(got.req[GUP_LT_R].slow, GUP_SLOW_UNKNOWN);
	EXPECT(got.req[GUP_LT_R].unknown & F(CACHED));
	EXPECT(got.write.seen_by_refs == TRI_UNKNOWN && got.write.unknown & F(CACHED));
	v.file_empty = true;
	judge(&ctx, &v, &hole, &got);
	EXPECT_FACT(hole, CACHED, TRI_NO);
	EXPECT_INT(got.req[GUP_LT_R].word, GUP_WORD_FAULT);
	EXPECT_INT(got.write.seen_by_refs, TRI_NO);
	page_facts(&ctx, &v, &entry, &swap);
	EXPECT_FACT(swap, CACHED, TRI_UNKNOWN);
}

/* What was asked for by UFFD_FEATURE_RWP_ASYNC, and the bit in an entry that BPF read. */
TEST(read_protection_waits_or_not)
{
	struct page_context ctx = context("7.3");
	struct vma v = anon_vma();
	struct page_info p = missing_page(PAGE_SWAP);
	struct gup_verdicts got;

	v.flags |= VF(UFFD_RWP);
	p.pte_known = p.pte = PAGE_PTE_UFFD_WP;
	v.uffd_async = TRI_NO;
	judge(&ctx, &v, &p, &got);
	EXPECT_FACT(p, UFFD_WP, TRI_YES);
	EXPECT(got.req[GUP_GET_R].waits && got.write.waits);
	v.uffd_async = TRI_YES;
	judge(&ctx, &v, &p, &got);
	EXPECT(!got.req[GUP_GET_R].waits && !got.write.waits);
	EXPECT_INT(got.req[GUP_GET_R].word, GUP_WORD_SWAPIN);
	v.uffd_async = TRI_UNKNOWN;
	judge(&ctx, &v, &p, &got);
	EXPECT(!got.req[GUP_GET_R].waits && got.req[GUP_GET_R].slow == GUP_SLOW_UNKNOWN);
	EXPECT(got.req[GUP_GET_R].unknown & F(VMA_UFFD_ASYNC));
}

/* WP and RWP share the bit; a VMA has one of them. */
TEST(userfaultfd_read_write_protection_by_pagemap)
{
	struct page_context ctx = context("7.3");
	struct vma v = anon_vma();
	struct page_info p = proc_page(PAGE_ANON, KPF_BIT(ANON), 1);
	struct gup_verdicts g;

	v.flags |= VF(UFFD_RWP);
	p.pte_known = PAGE_PTE_UFFD_WP;
	judge(&ctx, &v, &p, &g);
	EXPECT_FACT(p, PROTNONE, TRI_NO);
	EXPECT_INT(g.req[GUP_GET_R].word, GUP_WORD_FAST);
	p.pte = PAGE_PTE_UFFD_WP;
	judge(&ctx, &v, &p, &g);
	EXPECT_FACT(p, PROTNONE, TRI_YES);
	EXPECT_INT(g.req[GUP_GET_R].slow, GUP_SLOW_UNKNOWN);
	EXPECT_INT(g.req[GUP_GET_R].unknown, 0);
	/* two nodes: a clear bit leaves the NUMA hint */
	ctx.spans = two_nodes;
	ctx.nspans = 2;
	p.pte = 0;
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, PROTNONE, TRI_UNKNOWN);
	p.pte_known = 0;
	ctx.nspans = 1;
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, UFFD_WP, TRI_UNKNOWN);
	EXPECT_FACT(p, PROTNONE, TRI_UNKNOWN);
}

TEST(entries_that_are_not_present)
{
	static const struct {
		enum page_kind kind;
		enum fact fact;
	} kinds[] = { { PAGE_SWAP, FACT_SWAP },
		      { PAGE_MIGRATION, FACT_MIGRATION },
		      { PAGE_GUARD, FACT_GUARD },
		      { PAGE_HWPOISON, FACT_POISON },
		      { PAGE_DEVICE, FACT_DEVICE_ENTRY } };
	struct page_context ctx = context("6.18");
	struct vma v = anon_vma();

	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct page_info p = missing_page(kinds[i].kind);

		page_facts(&ctx, &v, &entry, &p);
		EXPECT_FACT(p, PRESENT, TRI_NO);
		for (unsigned j = 0; j < ARRAY_SIZE(kinds); j++)
			EXPECT_INT(fact_get(&p.facts, kinds[j].fact),
				   i == j ? TRI_YES : TRI_NO);
	}
	for (enum page_kind kind = 0; kind < PAGE_KINDS; kind++) {
		struct page_info p = missing_page(kind);

		p.kind = kind == PAGE_MARKER ? PAGE_MARKER : PAGE_UNKNOWN;
		page_facts(&ctx, &v, &entry, &p);
		EXPECT_FACT(p, SWAP, TRI_UNKNOWN);
		EXPECT_FACT(p, GUARD, TRI_UNKNOWN);
	}
}

TEST(references)
{
	static const struct {
		const char *what;
		int refs, expected;
		u64 flags;
		enum tri one, sole, extra;
	} rows[] = {
		{ "the mapping's only", 1, 1, KPF_BIT(LRU), TRI_YES, TRI_YES, TRI_NO },
		{ "one more, or a batch", 2, 1, KPF_BIT(LRU), TRI_NO, TRI_NO,
		  TRI_UNKNOWN },
		{ "two more", 3, 1, KPF_BIT(LRU), TRI_NO, TRI_NO, TRI_YES },
		{ "a batch", 2, 1, 0, TRI_NO, TRI_UNKNOWN, TRI_NO },
		{ "a batch and one more", 3, 1, 0, TRI_NO, TRI_NO, TRI_YES },
		{ "mlocked, a batch", 2, 1, KPF_BIT(MLOCKED), TRI_NO, TRI_UNKNOWN,
		  TRI_NO },
		{ "mlocked, two batches", 3, 1, KPF_BIT(MLOCKED), TRI_NO, TRI_UNKNOWN,
		  TRI_UNKNOWN },
		{ "mlocked, two batches and one more", 4, 1, KPF_BIT(MLOCKED), TRI_NO,
		  TRI_NO, TRI_YES },
		{ "mlocked, nothing is drained", 3, 1, KPF_BIT(LRU) | KPF_BIT(MLOCKED),
		  TRI_NO, TRI_NO, TRI_UNKNOWN },
		{ "pinned", 1025, 1, KPF_BIT(LRU), TRI_NO, TRI_NO, TRI_YES },
		{ "swap cache", 2, 2, KPF_BIT(LRU) | KPF_BIT(SWAPCACHE), TRI_NO,
		  TRI_UNKNOWN, TRI_NO },
	};
	struct page_context ctx = context("6.18");
	struct vma v = anon_vma();

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct page_info p =
			proc_page(PAGE_ANON, rows[i].flags | KPF_BIT(ANON), 1);
		int failed = test_failures;

		add_refs(&p, rows[i].refs, rows[i].expected);
		page_facts(&ctx, &v, &entry, &p);
		EXPECT_FACT(p, REF_ONE, rows[i].one);
		EXPECT_FACT(p, REF_SOLE, rows[i].sole);
		EXPECT_FACT(p, EXTRA_REFS, rows[i].extra);
		EXPECT_FACT(p, MAYBE_PINNED, rows[i].refs >= 1024 ? TRI_YES : TRI_NO);
		if (test_failures != failed)
			printf("# %s\n", rows[i].what);
	}
}

/* Where the batches were read, they decide. */
TEST(references_of_batches)
{
	enum {
		add = STRUCTPAGE_BATCH(STRUCTPAGE_LRU_ADD, 1),
		lock = STRUCTPAGE_BATCH(STRUCTPAGE_MLOCK, 0)
	};
	static const struct {
		const char *what;
		int refs;
		u64 flags;
		u32 batches;
		enum tri sole, extra;
	} rows[] = {
		{ "no batch", 2, KPF_BIT(LRU), 0, TRI_NO, TRI_YES },
		{ "on a list", 2, KPF_BIT(LRU), add, TRI_NO, TRI_NO },
		{ "on a list, and more", 3, KPF_BIT(LRU), add, TRI_NO, TRI_YES },
		{ "a batch of some CPU", 2, 0, add, TRI_UNKNOWN, TRI_NO },
		{ "a batch and one more", 3, 0, add, TRI_NO, TRI_YES },
		{ "isolated", 2, 0, 0, TRI_NO, TRI_NO },
		{ "isolated and one more", 3, 0, 0, TRI_NO, TRI_YES },
		{ "two batches", 3, 0, add | (u32)lock << 16, TRI_UNKNOWN, TRI_NO },
		{ "mlock's batch, isolated or held", 3, 0, lock, TRI_NO, TRI_UNKNOWN },
		{ "mlock's batch and two more", 4, 0, lock, TRI_NO, TRI_YES },
	};
	struct page_context ctx = context("6.18");
	struct vma v = anon_vma();

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct page_info p =
			proc_page(PAGE_ANON,
				  rows[i].flags | KPF_BIT(ANON) | KPF_BIT(MLOCKED), 1);
		int failed = test_failures;

		add_refs(&p, rows[i].refs, 1);
		p.has_batches = true;
		p.batches = rows[i].batches;
		page_facts(&ctx, &v, &entry, &p);
		EXPECT_FACT(p, REF_SOLE, rows[i].sole);
		EXPECT_FACT(p, EXTRA_REFS, rows[i].extra);
		if (test_failures != failed)
			printf("# %s\n", rows[i].what);
	}
}

/* What folio_isolate_lru() gets, and whether a_ops move it. */
TEST(movable_pages)
{
	enum { add = STRUCTPAGE_BATCH(STRUCTPAGE_LRU_ADD, 1) };
	static const struct {
		const char *what;
		enum page_kind kind;
		enum vma_fs fs;
		u64 flags;
		u32 batches;
		enum tri movable;
	} rows[] = {
		{ "anonymous", PAGE_ANON, VMA_FS_NONE, KPF_BIT(LRU), 0, TRI_YES },
		{ "a batch is drained", PAGE_ANON, VMA_FS_NONE, 0, add, TRI_YES },
		{ "isolated by somebody", PAGE_ANON, VMA_FS_NONE, 0, 0, TRI_UNKNOWN },
		{ "merged", PAGE_KSM, VMA_FS_NONE, KPF_BIT(LRU), 0, TRI_YES },
		{ "hugetlb is on no LRU list", PAGE_HUGETLB, VMA_FS_HUGETLB, 0, 0,
		  TRI_YES },
		{ "tmpfs", PAGE_SHMEM, VMA_FS_SHMEM, KPF_BIT(LRU) | KPF_BIT(DIRTY), 0,
		  TRI_YES },
		{ "ext4", PAGE_FILE, VMA_FS_DISK, KPF_BIT(LRU) | KPF_BIT(DIRTY), 0,
		  TRI_YES },
		{ "ramfs", PAGE_FILE, VMA_FS_RAMFS, KPF_BIT(LRU) | KPF_BIT(DIRTY), 0,
		  TRI_NO },
		{ "ramfs, perhaps dirty in an entry", PAGE_FILE, VMA_FS_RAMFS,
		  KPF_BIT(LRU), 0, TRI_UNKNOWN },
		{ "copied from ramfs", PAGE_ANON, VMA_FS_RAMFS,
		  KPF_BIT(LRU) | KPF_BIT(DIRTY), 0, TRI_YES },
		{ "nfs", PAGE_FILE, VMA_FS_CAREFUL, KPF_BIT(LRU), 0, TRI_UNKNOWN },
		{ "an unknown file system", PAGE_FILE, VMA_FS_UNKNOWN, KPF_BIT(LRU), 0,
		  TRI_UNKNOWN },
	};
	struct page_context ctx = context("6.18");

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vma v = file_vma(rows[i].fs, false, true);
		struct page_info p = proc_page(rows[i].kind, rows[i].flags, 1);

		p.batches = rows[i].batches;
		page_facts(&ctx, &v, &entry, &p);
		if (fact_get(&p.facts, FACT_MOVABLE) != rows[i].movable)
			EXPECT_STR(rows[i].what, "as movable as it should be");
		p.zone = PAGE_ZONE_DEVICE;
		page_facts(&ctx, &v, &entry, &p);
		if (rows[i].kind != PAGE_HUGETLB)
			EXPECT_FACT(p, MOVABLE, TRI_NO);
	}
}

TEST(swap_slots)
{
	struct page_context ctx = context("6.18");
	struct vma v = anon_vma();
	struct page_info p =
		proc_page(PAGE_ANON, KPF_BIT(LRU) | KPF_BIT(SWAPCACHE) | KPF_BIT(ANON),
			  1);

	add_refs(&p, 2, 2);
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, SWAP_SHARED, TRI_UNKNOWN);
	p.flags &= ~KPF_BIT(SWAPCACHE);
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, SWAP_SHARED, TRI_NO);
}

TEST(hugetlb_in_a_pipe_leaks)
{
	struct page_context ctx = context("6.18");
	struct vma v = file_vma(VMA_FS_HUGETLB, false, true);
	struct page_info p =
		proc_page(PAGE_HUGETLB,
			  KPF_BIT(HUGE) | KPF_BIT(COMPOUND_HEAD) | KPF_BIT(ANON), 1);
	struct gup_write w;

	v.flags |= VF(HUGETLB);
	v.page_size = 2 << 20;
	p.anon = true;
	p.leaf = 0;
	p.order = 9;
	p.anon_exclusive = TRI_NO;
	add_refs(&p, 2, 1);
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, LEAF_PMD, TRI_YES);
	EXPECT_FACT(p, EXTRA_REFS, TRI_YES);
	predict_write(&kernel, &p.facts, &w);
	EXPECT_INT(w.fault, GUP_WRITE_REUSE);
	EXPECT_INT(w.seen_by_refs, TRI_YES);
	EXPECT_INT(w.leak, TRI_YES);
	ctx = context("6.18+hugetlb-refcount");
	ctx.huge_free = TRI_YES;
	page_facts(&ctx, &v, &entry, &p);
	predict_write(&kernel, &p.facts, &w);
	EXPECT_INT(w.fault, GUP_WRITE_COPY);
	EXPECT_INT(w.leak, TRI_NO);
}

/* alloc_hugetlb_folio(): the mount's limit, the cgroup's, the pool, and whether it may grow. */
TEST(whether_a_huge_page_can_be_had)
{
	static const struct {
		u8 known;
		u64 free, reserved, surplus, overcommit, mount, cgroup;
		enum tri want;
	} cases[] = {
		{ 7, 3, 1, 0, 0, -1, -1, TRI_YES },
		{ 7 | VMA_HUGE_UNEVEN, 3, 1, 0, 0, -1, -1, TRI_UNKNOWN }, /* MPOL_BIND */
		{ 7 | VMA_HUGE_UNEVEN, 3, 3, 0, 0, -1, -1, TRI_NO },
		{ 7, 3, 3, 0, 0, -1, -1, TRI_NO },
		{ 7, 0, 0, 0, 0, -1, -1, TRI_NO },
		{ 7, 0, 0, 2, 2, -1, -1, TRI_NO },
		{ 7, 0, 0, 1, 2, -1, -1, TRI_UNKNOWN }, /* the pool may grow */
		{ 7, 3, 1, 0, 0, 0, -1, TRI_NO },       /* size= */
		{ 7, 3, 1, 0, 0, 2, -1, TRI_YES },
		{ 7, 3, 1, 0, 0, -1, 0, TRI_NO }, /* hugetlb.2MB.max */
		{ 7 | VMA_HUGE_KEPT, 3, 3, 0, 0, -1, -1, TRI_UNKNOWN }, /* min_size= */
		{ VMA_HUGE_POOL, 3, 1, 0, 0, 0, 0, TRI_UNKNOWN },
		{ VMA_HUGE_POOL, 0, 0, 0, 0, 0, 0, TRI_UNKNOWN },
		{ VMA_HUGE_POOL | VMA_HUGE_MOUNT, 0, 0, 0, 0, -1, 0, TRI_NO },
		{ VMA_HUGE_MOUNT, 0, 0, 0, 0, 0, 0, TRI_NO },
		{ 7 | VMA_HUGE_LOST, 3, 1, 0, 0, -1, -1, TRI_YES },
		{ 0, 0, 0, 0, 0, 0, 0, TRI_UNKNOWN },
	};
	struct page_context ctx = context("6.18");
	struct page_info p = missing_page(PAGE_NONE);
	struct vma v = file_vma(VMA_FS_HUGETLB, false, true);

	v.flags |= VF(HUGETLB);
	v.page_size = 2 << 20;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		v.huge_known = cases[i].known;
		v.huge_free = cases[i].free;
		v.huge_reserved = cases[i].reserved;
		v.huge_surplus = cases[i].surplus;
		v.huge_overcommit = cases[i].overcommit;
		v.huge_mount = cases[i].mount;
		v.huge_cgroup = cases[i].cgroup;
		page_facts(&ctx, &v, &entry, &p);
		EXPECT_INT(fact_get(&p.facts, FACT_HUGE_FREE), cases[i].want);
		EXPECT_FACT(p, HUGE_RESERVED, TRI_UNKNOWN);
		EXPECT((fact_get(&p.facts, FACT_FILE_REFUSES) == TRI_YES) ==
		       !!(cases[i].known & VMA_HUGE_LOST));
	}
	v.flags |= VF(NORESERVE);
	strcpy(v.name, "/anon_hugepage (deleted)");
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, HUGE_RESERVED, TRI_NO);
	EXPECT_FACT(p, CACHED, TRI_NO);
	v.shared = true;
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, HUGE_RESERVED, TRI_UNKNOWN);
	EXPECT_FACT(p, CACHED, TRI_UNKNOWN);
}

/* A free huge page is not always one that may be pinned for long. */
TEST(huge_pages_for_pins)
{
	struct page_context ctx = context("6.18");
	struct vma v = file_vma(VMA_FS_HUGETLB, false, true);
	struct page_info p = { .kind = PAGE_NONE };

	v.page_size = 2 << 20;
	ctx.unpinnable_memory = TRI_YES;
	ctx.npools = 1;
	ctx.pool[0].bytes = 2 << 20;
	ctx.pool[0].free = TRI_YES;
	ctx.pool[0].free_pin = TRI_NO;
	ctx.huge_free_pin = TRI_UNKNOWN;
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, HUGE_FREE, TRI_YES);
	EXPECT_FACT(p, HUGE_FREE_PIN, TRI_NO);
	ctx.pool[0].free_pin = TRI_YES;
	v.huge_known = VMA_HUGE_POOL | VMA_HUGE_MOUNT;
	v.huge_free = 1;
	v.huge_mount = 0; /* size= is reached; a migration does not ask it */
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, HUGE_FREE, TRI_NO);
	EXPECT_FACT(p, HUGE_FREE_PIN, TRI_YES);
	v.huge_known = 0;
	v.page_size = 1 << 30; /* not in the list */
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, HUGE_FREE_PIN, TRI_UNKNOWN);
	v.page_size = 2 << 20;
	ctx.unpinnable_memory = TRI_NO;
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, HUGE_FREE_PIN, TRI_YES);
}

TEST(vmas)
{
	struct page_context ctx = context("6.18");
	struct page_info p = proc_page(PAGE_FILE, KPF_BIT(LRU), 1);
	struct vma v = file_vma(VMA_FS_DISK, true, true);

	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, VMA_DIRTY_TRACKING, TRI_YES);
	EXPECT_FACT(p, VMA_FSDAX, TRI_NO);
	EXPECT_FACT(p, VMA_SECRETMEM, TRI_NO);
	EXPECT_FACT(p, SPECIAL, TRI_NO);
	EXPECT_FACT(p, NO_MAPPING, TRI_NO);
	v.flags |= VF(HUGEPAGE);
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, VMA_FSDAX, TRI_UNKNOWN);
	v = file_vma(VMA_FS_UNKNOWN, true, true);
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, VMA_DIRTY_TRACKING, TRI_UNKNOWN);
	EXPECT_FACT(p, VMA_SECRETMEM, TRI_UNKNOWN);
	v = file_vma(VMA_FS_DISK, false, true);
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, VMA_DIRTY_TRACKING, TRI_NO);
	v = file_vma(VMA_FS_SECRETMEM, true, true);
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, VMA_SECRETMEM, TRI_YES);
	v = anon_vma();
	v.pkey = 3;
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, PKEY_NO_WRITE, TRI_UNKNOWN);

	/* maps alone */
	v = anon_vma();
	v.has_flags = v.has_smaps = false;
	v.flags = 0;
	p = proc_page(PAGE_ANON, KPF_BIT(LRU) | KPF_BIT(ANON), 1);
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, VMA_WRITE, TRI_YES);
	EXPECT_FACT(p, VMA_MAYWRITE, TRI_YES);
	EXPECT_FACT(p, VMA_IO, TRI_NO);
	EXPECT_FACT(p, VMA_SHARED, TRI_NO);
	EXPECT_FACT(p, VMA_UFFD_WP, TRI_UNKNOWN);
}

TEST(leaves)
{
	struct page_context ctx = context("6.18");
	struct vma v = anon_vma();
	struct page_info p =
		proc_page(PAGE_ANON,
			  KPF_BIT(LRU) | KPF_BIT(ANON) | KPF_BIT(COMPOUND_TAIL), 1);

	p.leaf = RAW_LEVEL_PMD;
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, LEAF_PMD, TRI_YES);
	EXPECT_FACT(p, LEAF_PUD, TRI_NO);
	EXPECT_FACT(p, LARGE, TRI_YES);
	p.leaf = 0;
	v.pmd_mapped_bytes = 2 << 20;
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, LEAF_PMD, TRI_UNKNOWN);
	v.pmd_mapped_bytes = 0;
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, LEAF_PMD, TRI_NO);
	v.pmd_mapped_bytes = 2 << 20;
	p.flags &= ~KPF_COMPOUND_BITS;
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, LEAF_PMD, TRI_NO); /* a small page */
	EXPECT_FACT(p, LARGE, TRI_NO);
}

TEST(raced_pages_keep_their_vma)
{
	struct page_context ctx = context("6.18");
	struct vma v = anon_vma();
	struct page_info p = proc_page(PAGE_ANON, KPF_BIT(LRU) | KPF_BIT(ANON), 1);

	p.raced = true;
	page_facts(&ctx, &v, &entry, &p);
	EXPECT_FACT(p, VMA_ANON, TRI_YES);
	EXPECT_FACT(p, VMA_WRITE, TRI_YES);
	EXPECT_FACT(p, PRESENT, TRI_UNKNOWN);
	EXPECT_FACT(p, ANON, TRI_UNKNOWN);
}

/* Whatever is in a struct page: facts are valid, the same each time, and can be judged. */
TEST(garbage)
{
	struct page_context ctx = context("6.18");
	u64 seed = 3;

	for (unsigned i = 0; i < 20000; i++) {
		struct page_info p, q;
		struct vma v = anon_vma();
		struct gup_verdicts verdicts;
		u8 *bytes = (u8 *)&p;

		for (unsigned j = 0; j < sizeof(p); j++) {
			seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			bytes[j] = (u8)(seed >> 56) >> (seed >> 40 & 7);
		}
		/* what page_read() promises */
		p.kind %= PAGE_KINDS;
		p.leaf %= 4;
		p.present %= 3;
		p.anon_exclusive %= 3;
		p.mm_shared %= 3;
		p.swap_exclusive %= 3;
		p.migratetype_bad %= 3;
		p.order %= 31;
		p.anon = p.order & 1;
		p.raced = (p.order & 7) == 1;
		p.has_page = p.order & 2;
		p.has_batches = p.order & 4;
		p.counts_disagree = p.maps_differ = p.order & 8;
		p.mapping %= RAW_MAPPING_MOVABLE + 1;
		p.flags &= p.flags_known;
		p.zone = p.zone % PAGE_ZONES;
		for (unsigned j = 0; j < PAGE_FIELDS; j++)
			p.why[j] = p.why[j] % 3;
		q = p;
		v.fs = i % (VMA_FS_SPECIAL + 1);
		v.flags = seed & (BIT(VMFLAGS) - 1);
		page_facts(&ctx, &v, &entry, &p);
		page_facts(&ctx, &v, &entry, &q);
		EXPECT_INT(p.facts.value & ~p.facts.known, 0);
		EXPECT_INT(p.facts.value, q.facts.value);
		EXPECT_INT(p.facts.known, q.facts.known);
		predict_all(&kernel, &p.facts, &verdicts);
	}
}

/* Frames that are listed behind a record are runs as the other readers deliver them. */
TEST(listed_frames_are_runs)
{
	struct structpage_rec rec[5] = {
		{ .addr = 0x10000, .pages = 2, .pfn = 5, .level = RAW_LEVEL_PTE },
		{ .addr = 0x12000,
		  .pages = 14,
		  .pfn = 100,
		  .level = RAW_LEVEL_PTE,
		  .refcount = 3,
		  .has = STRUCTPAGE_PRESENT | STRUCTPAGE_LISTED },
		[4] = { .addr = 0x20000, .pages = 1, .pfn = 7, .level = RAW_LEVEL_PTE },
	};
	static const struct {
		u64 addr, pages, pfn;
	} want[] = { { 0x10000, 2, 5 },   { 0x12000, 1, 100 }, { 0x13000, 3, 50 },
		     { 0x16000, 9, 200 }, { 0x1f000, 1, 9 },   { 0x20000, 1, 7 } };
	struct structpage_cursor c = { .rec = rec, .n = 5, .page_shift = 12 };
	u64 *pfn = (u64 *)&rec[2];
	const struct structpage_rec *r;
	u64 pages = 0;

	pfn[0] = 100;
	for (unsigned i = 0; i < 3; i++)
		pfn[1 + i] = 50 + i;
	for (unsigned i = 0; i < 9; i++)
		pfn[4 + i] = 200 + i;
	pfn[13] = 9;
	for (unsigned i = 0; i < ARRAY_SIZE(want); i++) {
		r = structpage_next(&c);
		EXPECT(r && r->addr == want[i].addr && r->pages == want[i].pages &&
		       r->pfn == want[i].pfn && !(r->has & STRUCTPAGE_LISTED));
		EXPECT(i == 0 || i == 5 || (r->refcount == 3 && r->head_pfn == r->pfn));
	}
	EXPECT(!structpage_next(&c));
	/* a record that claims more than there is */
	rec[1].pages = 1000;
	c = (struct structpage_cursor){ .rec = rec, .n = 3, .page_shift = 12 };
	while ((r = structpage_next(&c)))
		pages += r->pages;
	EXPECT_INT(pages, 2 + 12);
	rec[2] = rec[1];
	c = (struct structpage_cursor){ .rec = &rec[2], .n = 1, .page_shift = 12 };
	EXPECT(!structpage_next(&c));
}
