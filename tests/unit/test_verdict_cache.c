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

static void compare(const char *model, unsigned n)
{
	static struct verdict_cache j;
	struct kernel_evidence ev;
	struct kernel k;
	struct page_context ctx = { .kernel = &k,
				    .spans = spans,
				    .nspans = ARRAY_SIZE(spans),
				    .have_bpf = true,
				    .have_scan = true };
	struct vma vma = { .start = 0x1000, .end = 0x10000000 };
	const char *why = "";

	kernel_evidence_init(&ev);
	EXPECT_INT(kernel_resolve_model(&ev, model, &k, &why), 0);
	verdict_cache_init(&j, &k, &ctx);
	for (unsigned i = 0; i < n; i++) {
		struct raw_page o = any_raw(0x1000 + i * 4096ull);
		struct page_run page, direct;
		const struct gup_verdicts *v;
		struct gup_verdicts judged;
		int err;

		if (!dice(500)) { /* another VMA: its flags matter */
			vma.flags ^= BIT(dice(8));
			vma.has_flags = true;
			verdict_cache_next_vma(&j);
		}
		err = verdict_cache_page(&j, &vma, &o, &page, &v);
		if (err == -EAGAIN) {
			verdict_cache_clear(&j);
			err = verdict_cache_page(&j, &vma, &o, &page, &v);
		}
		EXPECT_INT(err, 0);
		page_read(&ctx, &vma, &o, &direct);
		EXPECT(!memcmp(&page, &direct, sizeof(page)));
		predict_all(&k, &direct.facts, &judged);
		EXPECT(!memcmp(v, &judged, sizeof(judged)));
		if (test_failures)
			break;
	}
	verdict_cache_deinit(&j);
}

TEST(likes_are_judged_as_if_each_were_alone)
{
	compare("6.1", 4000);
	compare("6.18", 4000);
}

TEST(the_cache_starts_afresh)
{
	static struct verdict_cache j;
	struct kernel_evidence ev;
	struct kernel k;
	struct page_context ctx = { .kernel = &k };
	const char *why = "";

	kernel_evidence_init(&ev);
	EXPECT_INT(kernel_resolve_model(&ev, "6.12", &k, &why), 0);
	verdict_cache_init(&j, &k, &ctx);
	j.used = VERDICT_CACHE_FULL;
	struct vma vma = { .start = 0x1000, .end = 0x2000 };
	struct raw_page o = { .addr = 0x1000, .pages = 1, .has = RAW_HAS_PAGEMAP };
	const struct gup_verdicts *v;
	struct page_run page;

	EXPECT_INT(verdict_cache_page(&j, &vma, &o, &page, &v), -EAGAIN);
	verdict_cache_clear(&j);
	EXPECT_INT(verdict_cache_page(&j, &vma, &o, &page, &v), 0);
	EXPECT(v != NULL);
	verdict_cache_deinit(&j);
}
