/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "gup/verdict_cache.h"
#include "test.h"

static const struct page_span spans[] = {
	{ .start_pfn = 1, .end_pfn = 4096, .zone = PAGE_ZONE_DMA32 },
	{ .start_pfn = 4096,
	  .end_pfn = 1u << 22,
	  .cma_pages = 5,
	  .zone = PAGE_ZONE_NORMAL },
};

static u64 state = 88172645463325252ull;

static u64 dice(u64 sides)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % sides;
}

/* Words out of small sets, so that likes are frequent and near misses, too. */
static struct raw_page any_raw(u64 addr)
{
	static const u64 entries[] = { BIT(63), BIT(63) | BIT(56), BIT(63) | BIT(61), 0,
				       BIT(62) | 5 << 5 };
	struct raw_page o = { .addr = addr, .pages = 1 + dice(2) };

	o.has = RAW_HAS_PAGEMAP | RAW_HAS_LEVEL;
	o.level = RAW_LEVEL_PTE;
	o.pagemap = entries[dice(ARRAY_SIZE(entries))];
	if (!(o.pagemap >> 63))
		return o;
	o.has |= RAW_HAS_PFN | RAW_HAS_KPAGEFLAGS | RAW_HAS_KPAGECOUNT;
	o.pfn = dice(8192) + 1;
	o.head_pfn = o.pfn;
	o.kpageflags = BIT(5) | BIT(12) | dice(2) << 14;
	o.kpagecount = dice(3);
	if (dice(2)) {
		o.has |= RAW_HAS_PAGE;
		o.mapping = dice(2) ? RAW_MAPPING_ANON : RAW_MAPPING_FILE;
		o.order = dice(2) * 4;
		o.head_pfn = o.order ? o.pfn & ~15ull : o.pfn;
		o.refcount = 1 + dice(3);
		o.mapcount = dice(3);
		o.large_mapcount = o.mapcount;
	}
	return o;
}

/* Makes @j judge by the rules of @model, which are put in @k. */
static void begin(struct verdict_cache *j, const char *model, struct kernel *k,
		  struct page_context *ctx)
{
	struct kernel_evidence ev;
	const char *why = "";

	kernel_evidence_init(&ev);
	EXPECT_INT(kernel_resolve_model(&ev, model, k, &why), 0);
	ctx->kernel = k;
	verdict_cache_begin(j, k, ctx);
}

static bool judged_by(const struct page_run *run, const struct kernel *k,
		      const struct facts *facts)
{
	struct gup_verdicts judged;

	predict_all(k, facts, &judged);
	return !memcmp(run->class->verdicts, &judged, sizeof(judged));
}

static void compare(const char *model, unsigned n)
{
	struct verdict_cache *j = verdict_cache_new(400, true);
	struct kernel k;
	struct page_context ctx = { .spans = spans,
				    .nspans = ARRAY_SIZE(spans),
				    .have_bpf = true,
				    .have_scan = true };
	struct vma vma = { .start = 0x1000, .end = 0x10000000 };

	begin(j, model, &k, &ctx);
	for (unsigned i = 0; i < n; i++) {
		struct raw_page o = any_raw(0x1000 + i * 4096ull);
		struct page_info direct;
		struct page_run run;
		int err;

		if (!dice(500)) { /* another VMA: its flags matter */
			vma.flags ^= BIT(dice(8));
			vma.has_flags = true;
			verdict_cache_next_vma(j, &vma);
		}
		err = verdict_cache_page(j, &vma, &o, &run);
		if (err == -EAGAIN) {
			u32 full = j->next;

			j = verdict_cache_renew(j);
			err = verdict_cache_page(j, &vma, &o, &run);
			EXPECT(run.class->id >= full);
		}
		EXPECT_INT(err, 0);
		EXPECT_INT(run.pfn, page_read(&ctx, &vma, &o, &direct));
		EXPECT(run.addr == o.addr && run.pages == o.pages);
		EXPECT(judged_by(&run, &k, &direct.facts));
		EXPECT(verdict_cache_has(j, run.class) &&
		       run.class->like->like == run.class->like);
		EXPECT(!memcmp(&run.class->page, &direct, sizeof(direct)));
		if (test_failures)
			break;
	}
	verdict_cache_unref(j);
}

TEST(likes_are_judged_as_if_each_were_alone)
{
	compare("6.1", 4000);
	compare("6.18", 4000);
}

/* Every byte of what is known of a page, but for its place, is part of its class. */
static const struct raw_page none;

TEST(all_that_like_pages_have_in_common_makes_their_class)
{
	struct verdict_cache *j = verdict_cache_new(1000, false);
	struct gup_verdicts v = { 0 };
	struct page_info a, b;
	const struct page_class *first, *class;

	memset(&a, 0, sizeof(a));
	a.size = 4096;
	EXPECT_INT(verdict_cache_class(j, &a, &none, &v, &first), 0);
	for (size_t i = 0; i < sizeof(a); i++) {
		memcpy(&b, &a, sizeof(b));
		((u8 *)&b)[i] ^= 1;
		EXPECT_INT(verdict_cache_class(j, &b, &none, &v, &class), 0);
		EXPECT(class != first);
	}
	v.fork.word = 1;
	EXPECT_INT(verdict_cache_class(j, &a, &none, &v, &class), 0);
	EXPECT(class != first);
	verdict_cache_unref(j);
}

/* A store keeps words; pages that differ in nothing else are like one another. */
TEST(words_make_classes_of_a_store)
{
	struct verdict_cache *j = verdict_cache_new(3, true);
	struct gup_verdicts v = { 0 };
	struct page_info page = { .size = 4096 };
	struct raw_page raw = { .pfn = 7, .flags = 1 };
	const struct page_class *a, *b;

	EXPECT_INT(verdict_cache_class(j, &page, &raw, &v, &a), 0);
	EXPECT_INT(a->raw.flags, 1);
	EXPECT(!a->raw.pfn);
	raw.flags = 2;
	EXPECT_INT(verdict_cache_class(j, &page, &raw, &v, &b), 0);
	EXPECT(a != b && a->like == b->like && !a->like->raw.flags);
	raw.flags = 3;
	EXPECT_INT(verdict_cache_class(j, &page, &raw, &v, &b), -EAGAIN);
	verdict_cache_unref(j);
}

/* What another kernel's rules found is not taken for this one's. */
TEST(another_kernel_judges_again)
{
	struct verdict_cache *j = verdict_cache_new(1000, false);
	struct page_context ctx = { .have_bpf = true };
	struct vma vma = { .start = 0x1000, .end = 0x10000000 };
	static const char *const models[] = { "6.1", "7.3" };

	for (unsigned i = 0; i < 200; i++) {
		struct raw_page o = any_raw(0x1000);

		for (unsigned m = 0; m < ARRAY_SIZE(models); m++) {
			struct page_run run;
			struct kernel k;

			begin(j, models[m], &k, &ctx);
			EXPECT_INT(verdict_cache_page(j, &vma, &o, &run), 0);
			EXPECT(judged_by(&run, &k, &run.class->page.facts));
		}
	}
	verdict_cache_unref(j);
}

/* The words of a hole do not show whether the file reaches so far. */
TEST(holes_on_both_sides_of_the_end_of_a_file_are_not_alike)
{
	struct verdict_cache *j = verdict_cache_new(1000, false);
	struct page_context ctx = { .have_bpf = true };
	struct vma vma = { .start = 0x1000,
			   .end = 0x10000000,
			   .inode = 1,
			   .fs = VMA_FS_SHMEM,
			   .file_known = true,
			   .file_bytes = 0x4000 };
	struct raw_page o = { .addr = 0x1000,
			      .pages = 1,
			      .has = RAW_HAS_PAGEMAP | RAW_HAS_LEVEL,
			      .level = RAW_LEVEL_PTE };
	struct page_run run;
	struct kernel k;

	begin(j, "7.3", &k, &ctx);
	EXPECT_INT(verdict_cache_page(j, &vma, &o, &run), 0);
	EXPECT_INT(fact_get(&run.class->page.facts, FACT_FILE_REFUSES), TRI_NO);
	o.addr = 0x8000;
	EXPECT_INT(verdict_cache_page(j, &vma, &o, &run), 0);
	EXPECT_INT(fact_get(&run.class->page.facts, FACT_FILE_REFUSES), TRI_YES);
	verdict_cache_unref(j);
}

/* Memory that the kernel ages has both, one after the other, and each would else be judged anew. */
TEST(single_pages_and_folded_runs_do_not_take_each_others_place)
{
	struct verdict_cache *j = verdict_cache_new(400, false);
	struct kernel k;
	struct page_context ctx = { .spans = spans,
				    .nspans = ARRAY_SIZE(spans),
				    .have_bpf = true };
	struct vma vma = { .start = 0x1000, .end = 0x10000000 };
	struct page_run run;
	unsigned places = 0;

	begin(j, "6.18", &k, &ctx);
	for (unsigned i = 0; i < 2; i++) {
		struct raw_page o = any_raw(0x1000);

		o.has = RAW_HAS_PAGEMAP | RAW_HAS_PFN | (i ? RAW_FOLDED : 0);
		o.pagemap = BIT(63);
		o.pfn = o.head_pfn = 5000;
		o.kpageflags = o.kpagecount = o.order = o.mapping = 0;
		o.refcount = o.mapcount = o.large_mapcount = 0;
		EXPECT_INT(verdict_cache_page(j, &vma, &o, &run), 0);
	}
	for (unsigned i = 0; i < VERDICT_CACHE_LIKES; i++)
		places += j->like[i].vma != 0;
	EXPECT_INT(places, 2);
	verdict_cache_unref(j);
}
