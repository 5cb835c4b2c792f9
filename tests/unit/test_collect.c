/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kpageflags.h"
#include "report/collect.h"
#include "fake_source.h"
#include "page/pte.h"

#include "page/holders.h"

#include <errno.h>

#include "test.h"

/* KPF bits: uptodate 3, lru 5, mmap 11, anon 12, swapbacked 14, anon_exclusive 34 */
#define ANON (BIT(3) | BIT(5) | BIT(11) | BIT(12) | BIT(14))
#define EXCLUSIVE BIT(34)

struct seen {
	unsigned rows, vmas, processes, ends;
	struct page_run run[32];
	struct page_info page[32];
	struct gup_verdicts verdicts[32];
	struct report_totals totals;
	int stop_at;
};

static int see_process(void *ctx, const struct process *p)
{
	((struct seen *)ctx)->processes++;
	return 0;
}

static int see_vma(void *ctx, const struct process *p, const struct vma *vma)
{
	((struct seen *)ctx)->vmas++;
	return 0;
}

static int see_row(void *ctx, const struct report_row *row)
{
	struct seen *s = ctx;

	if (s->stop_at && s->rows == (unsigned)s->stop_at)
		return 77;
	if (s->rows < 32) {
		s->run[s->rows] = row->run;
		s->page[s->rows] = *report_page(row);
		s->verdicts[s->rows] = *row->run.class->verdicts;
	}
	s->rows++;
	return 0;
}

static int see_end(void *ctx, const struct report_totals *t)
{
	struct seen *s = ctx;

	s->ends++;
	s->totals = *t;
	return 0;
}

static const struct report_view view = {
	.process = see_process, .vma = see_vma, .row = see_row, .end = see_end
};

static const struct vma heap = {
	.start = 0x10000,
	.end = 0x20000,
	.read = true,
	.write = true,
	.has_flags = true,
	.flags = VF(READ) | VF(WRITE) | VF(MAYREAD) | VF(MAYWRITE) | VF(MAYEXEC),
	.page_size = 4096,
	.pkey = 0,
	.thp_eligible = TRI_NO,
	.fs = VMA_FS_NONE,
	.name = "[heap]",
};

static const struct vma *mapped = &heap;
static bool recorded;
static struct fake_source f;
static struct seen seen;
static struct diag diag;
static pid_t pid = 42;

static int collect(const struct raw_page *raw, unsigned n, struct collect_options opt)
{
	fake_source_init(&f);
	f.vmas = mapped;
	f.nvmas = 1;
	f.raw = raw;
	f.nobs = n;
	memset(&seen, 0, sizeof(seen));
	diag_init(&diag);
	opt.pids = &pid;
	opt.npids = 1;
	return collect_run(&f.source, &opt, &view, &seen, &diag);
}

/* The cache of classes starts afresh while a run waits: rows are what they are with a large one. */
TEST(a_full_cache_changes_no_row)
{
	struct verdict_cache *small = verdict_cache_new(1, false);
	struct raw_page raw[16];
	struct seen all;

	for (unsigned i = 0; i < ARRAY_SIZE(raw); i++)
		raw[i] = fake_source_anon(0x10000 + i * 4096ull, 1, 100 + i,
					  ANON | (i / 2 % 2 ? EXCLUSIVE : 0), 1 + i / 4);
	EXPECT_INT(collect(raw, ARRAY_SIZE(raw), (struct collect_options){ 0 }), 0);
	diag_deinit(&diag);
	all = seen;
	EXPECT_INT(all.rows, 8);
	EXPECT_INT(collect(raw, ARRAY_SIZE(raw),
			   (struct collect_options){ .judge = small }),
		   0);
	diag_deinit(&diag);
	EXPECT_INT(seen.rows, all.rows);
	for (unsigned i = 0; i < all.rows; i++) {
		EXPECT(!memcmp(&seen.page[i], &all.page[i], sizeof(all.page[i])));
		EXPECT(!memcmp(&seen.verdicts[i], &all.verdicts[i],
			       sizeof(all.verdicts[i])));
	}
	EXPECT(!memcmp(&seen.totals, &all.totals, sizeof(all.totals)));
	verdict_cache_unref(small);
}

TEST(like_pages_become_one_run)
{
	const struct raw_page raw[] = {
		fake_source_anon(0x10000, 2, 100, ANON | EXCLUSIVE, 1),
		fake_source_anon(0x12000, 1, 102, ANON | EXCLUSIVE, 1),
		fake_source_anon(0x13000, 1, 200, ANON | EXCLUSIVE, 1), /* PFN jumps */
		fake_source_anon(0x14000, 1, 201, ANON, 2),             /* shared */
		fake_source_anon(0x16000, 1, 203, ANON, 2), /* address jumps */
	};

	EXPECT_INT(collect(raw, ARRAY_SIZE(raw), (struct collect_options){ 0 }), 0);
	EXPECT_INT(seen.rows, 4);
	EXPECT_INT(seen.run[0].pages, 3);
	EXPECT_INT(seen.run[1].addr, 0x13000);
	EXPECT_INT(seen.totals.present, 6);
	EXPECT_INT(seen.totals.exclusive, 4);
	EXPECT_INT(seen.totals.shared, 2);
	EXPECT_INT(seen.totals.gup[GUP_PIN_R][GUP_WORD_FAST], 4);
	EXPECT_INT(seen.totals.gup[GUP_PIN_R][GUP_WORD_COPY], 2);
	diag_deinit(&diag);
}

TEST(where_no_frame_is_shown_like_pages_are_one_run)
{
	struct raw_page raw[] = {
		fake_source_anon(0x10000, 2, 100, ANON | EXCLUSIVE, 1),
		fake_source_anon(0x12000, 1, 200, ANON | EXCLUSIVE, 1),
		fake_source_anon(0x13000, 3, 50, ANON | EXCLUSIVE,
				 1), /* of a source that folds */
		fake_source_anon(0x16000, 1, 53, ANON | EXCLUSIVE, 1),
		fake_source_anon(0x17000, 1, 54, ANON, 2), /* shared */
		fake_source_anon(0x19000, 1, 55, ANON, 2), /* address jumps */
	};

	raw[2].has |= RAW_FOLDED;
	EXPECT_INT(collect(raw, ARRAY_SIZE(raw),
			   (struct collect_options){ .fold = true }),
		   0);
	EXPECT_INT(f.fold, 1);
	EXPECT_INT(seen.rows, 3);
	EXPECT_INT(seen.run[0].pages, 7);
	EXPECT_INT(seen.totals.present, 9);
	EXPECT_INT(seen.totals.exclusive, 7);
	diag_deinit(&diag);
	/* each page by itself has its own frame */
	collect(raw, ARRAY_SIZE(raw),
		(struct collect_options){ .fold = true, .each = true });
	EXPECT_INT(f.fold, 0);
	diag_deinit(&diag);
}

static bool same_map_count(void *ctx, const struct report_row *a,
			   const struct report_row *b)
{
	return report_page(a)->mapcount == report_page(b)->mapcount;
}

/* DAMON sets the idle flag of some pages of a run, which no column shows. */
TEST(what_looks_the_same_is_a_run)
{
	const struct raw_page raw[] = {
		fake_source_anon(0x10000, 2, 100, ANON | EXCLUSIVE, 1),
		fake_source_anon(0x12000, 1, 102, ANON | EXCLUSIVE | KPF_BIT(IDLE), 1),
		fake_source_anon(0x13000, 1, 200, ANON | EXCLUSIVE, 1),
		fake_source_anon(0x14000, 1, 201, ANON, 2),
	};
	struct collect_options opt = { .same = same_map_count };

	EXPECT_INT(collect(raw, ARRAY_SIZE(raw), opt), 0);
	EXPECT_INT(seen.rows, 3); /* frames are shown, and jump */
	EXPECT_INT(seen.run[0].pages, 3);
	EXPECT_INT(seen.run[1].pfn, 200);
	diag_deinit(&diag);
	opt.fold = true;
	EXPECT_INT(collect(raw, ARRAY_SIZE(raw), opt), 0);
	EXPECT_INT(seen.rows, 2);
	EXPECT_INT(seen.run[0].pages, 4);
	diag_deinit(&diag);
	opt.each = true;
	EXPECT_INT(collect(raw, ARRAY_SIZE(raw), opt), 0);
	EXPECT_INT(seen.rows, 5);
	diag_deinit(&diag);
}

TEST(each_splits_runs)
{
	const struct raw_page raw[] = { fake_source_anon(0x10000, 5, 100,
							 ANON | EXCLUSIVE, 1) };

	EXPECT_INT(collect(raw, 1, (struct collect_options){ .each = true }), 0);
	EXPECT_INT(seen.rows, 5);
	EXPECT_INT(seen.run[4].addr, 0x14000);
	EXPECT_INT(seen.run[4].pfn, 104);
	EXPECT_INT(seen.totals.present, 5);
	diag_deinit(&diag);
}

/* A run of the one page of zeroes is not of ascending frames, whoever splits it. */
TEST(each_page_of_zeroes_is_the_same_frame)
{
	struct raw_page raw[3];

	for (unsigned i = 0; i < ARRAY_SIZE(raw); i++)
		raw[i] = fake_source_anon(0x10000 + i * 4096, 1, 100, BIT(24), 0);
	EXPECT_INT(collect(raw, 3, (struct collect_options){ .each = true }), 0);
	EXPECT_INT(seen.rows, 3);
	EXPECT_INT(seen.page[2].kind, PAGE_ZERO);
	EXPECT_INT(seen.run[2].pfn, 100);
	diag_deinit(&diag);
}

static int see_raw(void *ctx, const struct report_row *row)
{
	struct seen *s = ctx;

	EXPECT(s->vmas == 1); /* the view has been shown the VMA */
	EXPECT_INT(row->raw->addr, row->run.addr);
	EXPECT_INT(row->raw->pages, row->run.pages);
	s->run[s->rows++] = row->run;
	return 0;
}

TEST(raw_runs_come_as_they_were_read)
{
	static const struct report_view raw_view = { .vma = see_vma, .raw = see_raw };
	const struct raw_page raw[] = {
		fake_source_anon(0x10000, 2, 100, ANON | EXCLUSIVE, 1),
		fake_source_anon(0x12000, 1, 102, ANON | EXCLUSIVE, 1),
	};
	struct collect_options opt = { .pids = &pid, .npids = 1 };

	collect(raw, 2, opt);
	diag_deinit(&diag);
	memset(&seen, 0, sizeof(seen));
	diag_init(&diag);
	EXPECT_INT(collect_run(&f.source, &opt, &raw_view, &seen, &diag), 0);
	EXPECT_INT(seen.rows, 2);
	EXPECT_INT(seen.run[0].pages, 2);
	EXPECT_INT(seen.run[1].pfn, 102);
	diag_deinit(&diag);
}

TEST(a_cut_run_begins_at_its_first_page)
{
	struct page_class class = {
		.page = { .size = 2 << 20, .order = 9, .kind = PAGE_ANON }
	};
	struct page_run p = { 0x200000, 4, 512, &class };

	page_cut(&p, 0x600000, 0x800000, 4096);
	EXPECT_INT(p.pages, 1);
	EXPECT_INT(p.addr, 0x600000);
	EXPECT_INT(p.pfn, 1536);
	EXPECT_INT(page_head(&p), 1536);
	p.pfn += 7;
	EXPECT_INT(page_head(&p), 1536);
	/* one page of zeroes is mapped everywhere */
	p = (struct page_run){ 0x200000, 4, 512, &class };
	class.page.kind = PAGE_HUGE_ZERO;
	page_cut(&p, 0x600000, 0x600001, 4096);
	EXPECT_INT(p.pages, 1);
	EXPECT_INT(p.pfn, 512);
	p = (struct page_run){ 0x200000, 4, 7, &class };
	class.page.kind = PAGE_SWAP;
	page_cut(&p, 0x7fffff, 0x800001, 4096);
	EXPECT_INT(p.pages, 2);
	EXPECT_INT(p.pfn, 9);
}

TEST(only_what_is_asked_for)
{
	const struct raw_page raw[] = {
		fake_source_anon(0x10000, 1, 100, ANON | EXCLUSIVE, 1),
		fake_source_anon(0x11000, 1, 150, ANON | EXCLUSIVE, 1),
	};
	const struct collect_range r = { .start = 0x11010, .end = 0x11020 };
	const char *const name = "[stack]";

	EXPECT_INT(collect(raw, 2,
			   (struct collect_options){ .ranges = &r, .nranges = 1 }),
		   0);
	EXPECT_INT(seen.rows, 1);
	EXPECT_INT(seen.run[0].addr, 0x11000);
	diag_deinit(&diag);
	EXPECT_INT(collect(raw, 2,
			   (struct collect_options){ .names = &name, .nnames = 1 }),
		   0);
	EXPECT_INT(seen.rows, 0);
	EXPECT_INT(seen.vmas, 0);
	diag_deinit(&diag);
}

/* The VMAs of one range are found one by one; where that fails the walk goes on. */
TEST(a_range_needs_only_its_mappings)
{
	const struct vma vmas[] = {
		{ .start = 0x10000, .end = 0x12000, .read = true, .write = true },
		{ .start = 0x12000, .end = 0x13000, .read = true, .write = true },
		{ .start = 0x20000, .end = 0x30000, .read = true, .write = true },
	};
	const struct raw_page raw[] = {
		fake_source_anon(0x10000, 1, 100, ANON | EXCLUSIVE, 1),
		fake_source_anon(0x11000, 1, 150, ANON | EXCLUSIVE, 1),
		fake_source_anon(0x12000, 1, 170, ANON | EXCLUSIVE, 1),
		fake_source_anon(0x20000, 1, 190, ANON | EXCLUSIVE, 1),
	};
	const struct collect_range r = { .start = 0x11000, .end = 0x14000 };
	struct collect_options opt = {
		.pids = &pid, .npids = 1, .ranges = &r, .nranges = 1
	};

	for (unsigned finds = 0; finds < 4; finds++) {
		fake_source_init(&f);
		f.vmas = vmas;
		f.nvmas = ARRAY_SIZE(vmas);
		f.raw = raw;
		f.nobs = ARRAY_SIZE(raw);
		f.finds = finds;
		memset(&seen, 0, sizeof(seen));
		diag_init(&diag);
		EXPECT_INT(collect_run(&f.source, &opt, &view, &seen, &diag), 0);
		EXPECT_INT(seen.rows, 2);
		EXPECT_INT(seen.run[0].addr, 0x11000);
		EXPECT_INT(seen.run[1].addr, 0x12000);
		EXPECT_INT(seen.vmas, 2);
		EXPECT_INT(f.walks, finds < 3);
		diag_deinit(&diag);
	}
}

TEST(a_process_that_vanishes_keeps_what_was_read)
{
	const struct raw_page raw[] = {
		fake_source_anon(0x10000, 1, 100, ANON | EXCLUSIVE, 1),
		fake_source_anon(0x11000, 1, 150, ANON | EXCLUSIVE, 1),
	};

	collect(raw, 2, (struct collect_options){ 0 });
	diag_deinit(&diag);
	fake_source_init(&f);
	f.vmas = &heap;
	f.nvmas = 1;
	f.raw = raw;
	f.nobs = 2;
	f.vanish_at = 1;
	memset(&seen, 0, sizeof(seen));
	diag_init(&diag);
	struct collect_options opt = { .pids = &pid, .npids = 1 };

	EXPECT_INT(collect_run(&f.source, &opt, &view, &seen, &diag), 0);
	EXPECT_INT(seen.rows, 1);
	EXPECT_INT(seen.ends, 1);
	EXPECT_INT(diag.worst, DIAG_INCOMPLETE);
	EXPECT_INT(f.opened, f.released);
	diag_deinit(&diag);
}

TEST(no_process_at_all_is_an_error)
{
	static const pid_t other = 43;
	struct collect_options opt = { .pids = &other, .npids = 1 };

	fake_source_init(&f);
	memset(&seen, 0, sizeof(seen));
	diag_init(&diag);
	EXPECT_INT(collect_run(&f.source, &opt, &view, &seen, &diag), -ESRCH);
	EXPECT_INT(diag.worst, DIAG_ERROR);
	diag_deinit(&diag);
}

TEST(a_view_can_stop)
{
	const struct raw_page raw[] = {
		fake_source_anon(0x10000, 1, 100, ANON | EXCLUSIVE, 1),
		fake_source_anon(0x11000, 1, 150, ANON, 2),
		fake_source_anon(0x12000, 1, 160, ANON | EXCLUSIVE, 1),
	};

	fake_source_init(&f);
	f.vmas = &heap;
	f.nvmas = 1;
	f.raw = raw;
	f.nobs = 3;
	memset(&seen, 0, sizeof(seen));
	seen.stop_at = 1;
	diag_init(&diag);
	struct collect_options opt = { .pids = &pid, .npids = 1 };

	EXPECT_INT(collect_run(&f.source, &opt, &view, &seen, &diag), 77);
	EXPECT_INT(seen.rows, 1);
	EXPECT_INT(f.opened, f.released);
	diag_deinit(&diag);
}

/* ---- pages with references that page tables and caches do not explain */

static const struct kpf_layout layout = {
	.locked = 0xff,
	.referenced = 2,
	.uptodate = 3,
	.dirty = 4,
	.lru = 5,
	.active = 8,
	.workingset = 0xff,
	.reclaim = 0xff,
	.writeback = 1,
	.swapbacked = 17,
	.swapcache = 10,
	.unevictable = 19,
	.mlocked = 20,
	.head = 6,
	.hwpoison = 0xff,
	.anon_exclusive = 11,
	.private_ = 14,
	.private_2 = 15,
	.reserved = 13,
	.young = 0xff,
	.idle = 0xff,
	.owner_priv_1 = 10,
	.arch_1 = 12,
};

/* Page flags as this kernel of the tests numbers them. */
#define PG_LRU BIT(5)
#define PG_SWAPBACKED BIT(17)
#define PG_EXCLUSIVE BIT(11)

/* How often holders are looked for when a private page has @refcount references. */
static unsigned searches(s32 refcount, bool lru)
{
	struct pte_layout pte;
	struct kernel kernel;
	struct collect_options opt = { .holders = true, .pids = &pid, .npids = 1 };
	u64 flags = (lru ? PG_LRU : 0) | PG_SWAPBACKED | PG_EXCLUSIVE;
	struct raw_page o = { .addr = 0x10000,
			      .pages = 1,
			      .has = RAW_HAS_PTE | RAW_HAS_LEVEL | RAW_HAS_PFN |
				     RAW_HAS_PAGE | RAW_HAS_LARGE,
			      .level = RAW_LEVEL_PTE,
			      .pte = 0x8000000000000067,
			      .mapping = RAW_MAPPING_ANON,
			      .pfn = 100,
			      .head_pfn = 100,
			      .flags = flags,
			      .head_flags = flags,
			      .refcount = refcount,
			      .mapcount = 1,
			      .large_mapcount = 1 };

	fake_source_init(&f);
	f.vmas = &heap;
	f.nvmas = 1;
	f.raw = &o;
	f.nobs = 1;
	f.machine.page.have_bpf = true;
	f.machine.page.layout = &layout;
	EXPECT_INT(kernel_resolve(&f.machine.kernel, &kernel), 0);
	pte_layout_kernel(&pte, &kernel);
	f.machine.page.pte = &pte;
	memset(&seen, 0, sizeof(seen));
	diag_init(&diag);
	EXPECT_INT(collect_run(&f.source, &opt, &view, &seen, &diag), 0);
	diag_deinit(&diag);
	EXPECT_INT(seen.rows, 1);
	EXPECT_INT(seen.page[0].excess, refcount - 1);
	return f.asked;
}

TEST(holders_are_searched_for_what_is_not_explained)
{
	EXPECT_INT(searches(1, true), 0);
	EXPECT_INT(searches(2, true), 1);
	/* the one reference of a page that is not on an LRU list is the per-CPU batch's */
	EXPECT_INT(searches(2, false), 0);
	EXPECT_INT(searches(3, false), 1);
}

/* @pages exclusive pages on the LRU, mapped once, with @refs references each. */
static struct raw_page by_bpf(u64 addr, u64 pages, u64 pfn, s32 refs)
{
	const u64 flags = BIT(3) | BIT(5) | BIT(11) | BIT(17);

	return (struct raw_page){ .addr = addr,
				  .pages = pages,
				  .has = RAW_HAS_PTE | RAW_HAS_LEVEL | RAW_HAS_PFN |
					 RAW_HAS_PAGE,
				  .level = RAW_LEVEL_PTE,
				  .pte = 0x8000000000000067ull,
				  .mapping = RAW_MAPPING_ANON,
				  .pfn = pfn,
				  .head_pfn = pfn,
				  .flags = flags,
				  .head_flags = flags,
				  .refcount = refs,
				  .mapcount = 1 };
}

static int look(const struct raw_page *obs, const struct raw_page *again, unsigned n,
		struct holders *h)
{
	static struct pte_layout pte;
	struct collect_options opt = {
		.pids = &pid, .npids = 1, .holders = true, .again = true, .fold = true
	};
	struct kernel k;

	fake_source_init(&f);
	kernel_resolve(&f.machine.kernel, &k);
	pte_layout_kernel(&pte, &k);
	f.machine.page.pte = &pte;
	f.machine.page.layout = &layout;
	f.machine.page.have_bpf = true;
	f.machine.page.recorded = recorded;
	f.vmas = mapped;
	f.nvmas = 1;
	f.raw = obs;
	f.again = again;
	f.nobs = n;
	f.holders = h;
	memset(&seen, 0, sizeof(seen));
	diag_init(&diag);
	return collect_run(&f.source, &opt, &view, &seen, &diag);
}

static const struct vma library = {
	.start = 0x10000,
	.end = 0x20000,
	.read = true,
	.has_flags = true,
	.flags = VF(READ) | VF(MAYREAD) | VF(MAYWRITE) | VF(MAYEXEC),
	.page_size = 4096,
	.thp_eligible = TRI_NO,
	.fs = VMA_FS_DISK,
	.name = "/lib/libc.so.6",
};

TEST(a_reference_of_a_moment_is_looked_at_again)
{
	const struct raw_page first[] = { by_bpf(0x10000, 1, 100, 1),
					  by_bpf(0x11000, 2, 101, 2),
					  by_bpf(0x13000, 1, 103, 1) },
			      then[] = { by_bpf(0x10000, 1, 100, 1),
					 by_bpf(0x11000, 2, 101, 1),
					 by_bpf(0x13000, 1, 103, 1) };

	EXPECT_INT(look(first, then, 3, NULL), 0);
	EXPECT_INT(f.readings, 2);
	EXPECT_INT(seen.totals.present, 4);
	EXPECT_INT(seen.totals.exclusive, 4);
	EXPECT_INT(seen.totals.excess_refs, 0);
	diag_deinit(&diag);
	/* each page once, also when the reference stays */
	EXPECT_INT(look(first, first, 3, NULL), 0);
	EXPECT_INT(f.readings, 4);
	EXPECT_INT(seen.totals.present, 4);
	EXPECT_INT(seen.totals.excess_refs, 2);
	EXPECT_INT(seen.rows, 3);
	EXPECT_INT(seen.verdicts[2].write.seen_by_refs, TRI_UNKNOWN);
	diag_deinit(&diag);
	/* of a report each look is the same: one for each of many pages took minutes */
	recorded = true;
	EXPECT_INT(look(first, first, 3, NULL), 0);
	recorded = false;
	EXPECT_INT(f.readings, 1);
	EXPECT_INT(seen.totals.excess_refs, 2);
	diag_deinit(&diag);
	/* that of a page of a file may stay in a batch */
	struct raw_page file = by_bpf(0x10000, 1, 100, 3);

	file.mapping = RAW_MAPPING_FILE;
	file.flags = file.head_flags = BIT(3) | BIT(5);
	mapped = &library;
	EXPECT_INT(look(&file, NULL, 1, NULL), 0);
	EXPECT_INT(f.readings, 2);
	diag_deinit(&diag);
	file.refcount = 4;
	EXPECT_INT(look(&file, NULL, 1, NULL), 0);
	EXPECT_INT(f.readings, 4);
	EXPECT_INT(seen.rows, 1);
	mapped = &heap;
	diag_deinit(&diag);
}

TEST(a_store_is_seen_by_a_holder_that_is_named)
{
	const struct raw_page obs[] = { by_bpf(0x10000, 1, 100, 2),
					by_bpf(0x11000, 1, 101, 2),
					by_bpf(0x12000, 1, 102, 1) };
	struct holder pipes[] = {
		{ .kind = HOLDERS_PIPE, .pfn = 100, .pages = 1 },
		{ .kind = HOLDERS_PIPE, .slot = 1, .pfn = 101, .pages = 1 }
	};
	struct holders h = { .holder = pipes, .n = 2, .complete = true };

	holders_sort(&h);
	EXPECT_INT(look(obs, NULL, 3, &h), 0);
	EXPECT_INT(f.readings, 2); /* once more, and then all is explained */
	EXPECT_INT(seen.rows, 2);
	EXPECT_INT(seen.verdicts[0].write.seen_by_refs, TRI_NO);
	EXPECT_INT(seen.verdicts[1].write.seen_by_refs, TRI_YES);
	EXPECT_INT(seen.verdicts[1].write.leak, TRI_NO);
	diag_deinit(&diag);
	/* of one page nobody is known: it may be in a batch */
	h.n = 1;
	holders_sort(&h);
	EXPECT_INT(look(obs, NULL, 3, &h), 0);
	EXPECT_INT(seen.rows, 3);
	EXPECT_INT(seen.verdicts[1].write.seen_by_refs, TRI_YES);
	EXPECT_INT(seen.verdicts[2].write.seen_by_refs, TRI_UNKNOWN);
	diag_deinit(&diag);
}

/* A reference to a large folio counts for all its pages; who holds it has some of them. */
TEST(a_store_is_seen_in_the_part_that_is_held)
{
	struct raw_page obs[8];
	struct holder part = { .kind = HOLDERS_IO_URING, .pfn = 106, .pages = 2 };
	struct holders h = { .holder = &part, .n = 1, .complete = true };
	static const u8 seen_by[] = { TRI_NO, TRI_NO, TRI_YES, TRI_NO };

	for (unsigned i = 0; i < 8; i++) {
		obs[i] = by_bpf(0x10000 + i * 0x1000ull, 1, 104 + i, 9);
		obs[i].has |= RAW_HAS_LARGE;
		obs[i].head_pfn = 104;
		obs[i].order = 3;
		obs[i].large_mapcount = 8;
		obs[i].head_flags |= BIT(6);
	}
	part.whole = true; /* one reference for both */
	holders_sort(&h);
	EXPECT_INT(look(obs, NULL, 8, &h), 0);
	EXPECT_INT(seen.rows, 4); /* the head is another kind of page */
	for (unsigned i = 0; i < 4; i++) {
		EXPECT_INT(seen.verdicts[i].write.seen_by_refs, seen_by[i]);
		EXPECT_INT(seen.verdicts[i].write.leak, TRI_NO);
	}
	EXPECT_INT(seen.run[2].addr, 0x12000);
	EXPECT_INT(seen.run[2].pages, 2);
	EXPECT_INT(seen.totals.thp_aligned,
		   8); /* though the mapping ends with the folio */
	diag_deinit(&diag);
	/* somebody else has one too, and nobody knows where */
	for (unsigned i = 0; i < 8; i++)
		obs[i].refcount = 10;
	EXPECT_INT(look(obs, NULL, 8, &h), 0);
	EXPECT_INT(seen.rows, 4);
	EXPECT_INT(seen.verdicts[1].write.seen_by_refs, TRI_UNKNOWN);
	EXPECT_INT(seen.verdicts[2].write.seen_by_refs, TRI_YES);
	diag_deinit(&diag);
	/* nobody is known */
	h.n = h.nexact = 0;
	EXPECT_INT(look(obs, NULL, 8, &h), 0);
	EXPECT_INT(seen.rows, 2);
	EXPECT_INT(seen.verdicts[1].write.seen_by_refs, TRI_UNKNOWN);
	diag_deinit(&diag);
}

/* Pages that only a pipe of the process has: all holders are searched when it may have one open. */
TEST(unmapped_memory_is_looked_for_where_it_can_be)
{
	struct collect_options opt = { .holders = true, .pids = &pid, .npids = 1 };
	const struct holder_end end = { .pid = 42 };
	struct holder pipe = { .kind = HOLDERS_PIPE,
			       .pfn = 100,
			       .pages = 3,
			       .unmapped = 2,
			       .nends = 1,
			       .end = &end };
	struct holders h = { .holder = &pipe, .n = 1, .complete = true };

	holders_sort(&h);
	for (unsigned i = 0; i < 3; i++) {
		fake_source_init(&f);
		f.machine.evidence[SOURCE_STRUCTPAGE].ok = true;
		f.holders = &h;
		f.holds_nothing = !i;
		f.process.tgid = 42;
		if (i == 2) /* a thread of it */
			f.process.pid = 43;
		opt.pids = &f.process.pid;
		memset(&seen, 0, sizeof(seen));
		diag_init(&diag);
		EXPECT_INT(collect_run(&f.source, &opt, &view, &seen, &diag), 0);
		EXPECT_INT(f.asked, i > 0);
		EXPECT_INT(seen.totals.held_looked, 1);
		EXPECT_INT(seen.totals.held_unknown, 0);
		EXPECT_INT(seen.totals.held_unmapped, i ? 2 : 0);
		diag_deinit(&diag);
	}
}

/* [vvar] was "changed while it was read", and the pins of its process were unknown. */
TEST(what_gup_never_hands_out_has_no_pins)
{
	struct raw_page obs[] = { by_bpf(0x10000, 4, 100, 1), by_bpf(0x14000, 1, 200, 2),
				  by_bpf(0x15000, 1, 300, 1) };
	struct vma vma = heap;

	/* a special entry, and a page of a driver: io_uring holds one of its rings' pages */
	obs[0].has &= ~RAW_HAS_PAGE;
	obs[0].pte |= BIT(9);
	obs[1].mapping = obs[2].mapping = RAW_MAPPING_NULL;
	obs[1].flags = obs[1].head_flags = obs[2].flags = obs[2].head_flags = BIT(3);
	vma.flags |= VF(MIXEDMAP) | VF(SHARED) | VF(MAYSHARE);
	vma.fs = VMA_FS_UNKNOWN;
	vma.shared = true;
	mapped = &vma;
	EXPECT_INT(look(obs, NULL, 3, NULL), 0);
	EXPECT_INT(f.readings, 1); /* nothing is suspicious */
	EXPECT_INT(seen.totals.present, 6);
	EXPECT_INT(seen.totals.other, 6);
	EXPECT_INT(seen.totals.pins_unknown, 0);
	EXPECT_INT(seen.totals.refs_unknown, 0);
	EXPECT_INT(seen.totals.leaks_unknown, 0);
	EXPECT_INT(seen.totals.excess_refs, 0);
	EXPECT_INT(fact_get(&seen.page[1].facts, FACT_EXTRA_REFS), TRI_YES);
	EXPECT_INT(fact_get(&seen.page[2].facts, FACT_EXTRA_REFS), TRI_NO);
	diag_deinit(&diag);
	/* an ordinary page that could not be read does have pins */
	obs[0].pte &= ~BIT(9);
	mapped = &heap;
	EXPECT_INT(look(obs, NULL, 1, NULL), 0);
	EXPECT_INT(seen.totals.pins_unknown, 4);
	EXPECT_INT(seen.totals.refs_unknown, 4);
	diag_deinit(&diag);
}

TEST(lazily_free)
{
	static const struct {
		u64 pte, flags;
		unsigned lazy, unknown;
	} rows[] = {
		{ 2, 0, 1, 0 },
		{ 2 | BIT(6), 0, 0, 0 }, /* written to since */
		{ 2, BIT(4), 0, 0 },
		{ 2, BIT(17), 0, 0 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct raw_page o = by_bpf(0x10000, 1, 100, 1);

		o.pte = 0x8000000000000025ull | rows[i].pte;
		o.flags = o.head_flags = BIT(5) | BIT(11) | rows[i].flags;
		EXPECT_INT(look(&o, NULL, 1, NULL), 0);
		EXPECT_INT(seen.totals.lazyfree, rows[i].lazy);
		EXPECT_INT(seen.totals.lazyfree_unknown, 0);
		diag_deinit(&diag);
	}
	/* whether the entry is dirty is not in /proc */
	struct raw_page o =
		fake_source_anon(0x10000, 1, 100, (ANON | EXCLUSIVE) & ~BIT(14), 1);

	EXPECT_INT(collect(&o, 1, (struct collect_options){ 0 }), 0);
	EXPECT_INT(seen.totals.lazyfree_unknown, 1);
	diag_deinit(&diag);
}

TEST(resident_memory_is_split_without_rest)
{
	struct raw_page obs[] = {
		fake_source_anon(0x10000, 3, 100, ANON | EXCLUSIVE, 1),
		fake_source_anon(0x13000, 2, 200, ANON, 1), /* a fork left it */
		fake_source_anon(0x15000, 4, 300, ANON, 4),
		fake_source_anon(0x19000, 2, 400, ANON & ~BIT(12), 1), /* of a file */
		fake_source_anon(0x1b000, 1, 500, BIT(24), 0),         /* the zero page */
		fake_source_anon(0x1c000, 1, 600, ANON, 1),
	};
	const struct report_totals *t = &seen.totals;
	struct vma file = heap;

	file.fs = VMA_FS_DISK;
	mapped = &file;
	obs[3].pagemap |= BIT(61);
	obs[5].has &= ~RAW_HAS_KPAGECOUNT;
	obs[5].pagemap &= ~BIT(56);
	EXPECT_INT(collect(obs, ARRAY_SIZE(obs), (struct collect_options){ 0 }), 0);
	mapped = &heap;
	EXPECT_INT(t->present, 13);
	EXPECT_INT(t->exclusive, 3);
	EXPECT_INT(t->waiting, 2);
	EXPECT_INT(t->shared, 4);
	EXPECT_INT(t->private_file, 2);
	EXPECT_INT(t->other, 1);
	EXPECT_INT(t->part_unknown, 1);
	EXPECT_INT(t->maps_unknown, 1);
	EXPECT_INT(t->uss, 7);
	EXPECT_INT(t->pss / REPORT_PSS, 8 * 4096);
	diag_deinit(&diag);
}
