/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/family.h"
#include "test.h"

#define A 0x7f0000000000ull
#define KIB4 4096
#define MIB2 (2u << 20)

static const struct kernel kernel = { .ev.page_size = KIB4 };
static const struct source_machine machine = { 0 };

static struct report_totals totals; /* of the mapping that is filled */
static struct vma mapping;

static struct store *store_begin(void)
{
	struct store *s = store_new(NULL, NULL);
	struct report_head head = { .kernel = &kernel, .machine = &machine };

	EXPECT_INT(store_view.begin(s, &head), 0);
	return s;
}

static void process(struct store *s, pid_t pid, pid_t parent, u64 start, u64 inode)
{
	struct process p = { .pid = pid, .ppid = parent, .comm = "fork" };

	mapping = (struct vma){ .start = start,
				.end = start + 4 * MIB2,
				.inode = inode,
				.read = true,
				.write = true };
	totals = (struct report_totals){ 0 };
	EXPECT_INT(store_view.process(s, &p), 0);
	EXPECT_INT(store_view.vma(s, &p, &mapping), 0);
}

/* A run of @n pages; without @maps it is not known how often they are mapped, without @pfn where. */
static void run(struct store *s, u64 addr, u64 n, enum page_kind kind, u64 pfn, s64 maps,
		u32 size)
{
	struct gup_verdicts verdicts = { 0 };
	struct page_class class = {
		.page = { .size = size,
			  .kind = kind,
			  .anon = kind == PAGE_ANON || kind == PAGE_KSM,
			  .leaf = size == KIB4 ? RAW_LEVEL_PTE : RAW_LEVEL_PMD,
			  .mapcount = maps,
			  .mapcount_kind = PAGE_COUNT_EXACT,
			  .refcount = maps },
		.verdicts = &verdicts,
	};
	struct report_row row = { .run = { addr, n, pfn, &class } };

	class.page.why[PAGE_F_MAPCOUNT] = maps ? PAGE_WHY_KNOWN : PAGE_WHY_NO_BPF;
	class.page.why[PAGE_F_PFN] = pfn ? PAGE_WHY_KNOWN : PAGE_WHY_PFN_HIDDEN;
	fact_set(&class.page.facts, F(PRESENT), kind != PAGE_SWAP);
	report_count(&totals, &row, KIB4);
	EXPECT_INT(store_view.row(s, &row), 0);
}

static void process_end(struct store *s)
{
	EXPECT_INT(store_view.vma_end(s, NULL, &mapping, &totals), 0);
	EXPECT_INT(store_view.process_end(s, NULL, &totals), 0);
}

static struct family *judge(struct store *s)
{
	struct family *f = NULL;

	EXPECT_INT(family_new(s, &f), 0);
	for (size_t i = 0; i < f->n; i++) { /* without rest */
		const struct family_member *m = &f->member[i];
		u64 sum = 0;

		for (unsigned c = 0; c < FAMILY_CLASSES; c++)
			sum += m->sums.pages[c];
		EXPECT_INT(sum, m->sums.with ? m->process->totals.present -
						       m->process->totals.other
					     : 0);
	}
	return f;
}

static void expect_member(const struct family *f, size_t i, u64 same, u64 copied, u64 new,
			  u64 unknown)
{
	const u64 *pages = f->member[i].sums.pages;

	EXPECT_INT(pages[FAMILY_SAME], same);
	EXPECT_INT(pages[FAMILY_COPIED], copied);
	EXPECT_INT(pages[FAMILY_NEW], new);
	EXPECT_INT(pages[FAMILY_UNKNOWN], unknown);
}

static void done(struct store *s, struct family *f)
{
	family_free(f);
	store_free(s);
}

TEST(fork)
{
	struct store *s = store_begin();

	process(s, 1, 0, A, 0);
	run(s, A, 100, PAGE_ANON, 1000, 2, KIB4);
	run(s, A + 100 * KIB4, 10, PAGE_ANON, 1100, 1, KIB4);
	run(s, A + 110 * KIB4, 5, PAGE_ZERO, 7, 9, KIB4);
	run(s, A + 115 * KIB4, 2, PAGE_SWAP, 40, 0, KIB4);
	run(s, A + 117 * KIB4, 3, PAGE_ANON, 0, 0, KIB4);
	process_end(s);
	process(s, 2, 1, A, 0);
	run(s, A, 100, PAGE_ANON, 1000, 2, KIB4);
	run(s, A + 100 * KIB4, 30, PAGE_ANON, 3000, 1, KIB4);
	process_end(s);

	struct family *f = judge(s);

	EXPECT(!f->member[0].sums.with);
	EXPECT_INT(f->member[1].sums.with->pid, 1);
	/* 10 copied; the zero page, and holes, are nothing; swap and a hidden frame are not known */
	expect_member(f, 1, 100, 10, 15, 5);
	EXPECT_INT(f->frames, 140);
	EXPECT_INT(f->own, 140);
	EXPECT_INT(f->unplaced, 3);
	EXPECT_INT(f->by[1], 40);
	EXPECT_INT(f->by[2], 100);
	EXPECT_INT(f->pair[0].pages[FAMILY_ANON], 100);
	done(s, f);
}

TEST(a_stale_look)
{
	struct store *s = store_begin();

	/* the parent was read before it copied page 5: the child alone maps the frame now */
	process(s, 1, 0, A, 0);
	run(s, A, 10, PAGE_ANON, 1000, 2, KIB4);
	process_end(s);
	process(s, 2, 1, A, 0);
	run(s, A, 5, PAGE_ANON, 1000, 2, KIB4);
	run(s, A + 5 * KIB4, 1, PAGE_ANON, 1005, 1, KIB4);
	run(s, A + 6 * KIB4, 4, PAGE_ANON, 1006, 2, KIB4);
	process_end(s);

	struct family *f = judge(s);

	expect_member(f, 1, 9, 1, 0, 0);
	EXPECT_INT(f->frames, 10);
	done(s, f);
}

TEST(one_memory)
{
	struct store *s = store_begin();

	for (pid_t pid = 1; pid <= 2; pid++) { /* vfork: each page has one entry */
		process(s, pid, pid - 1, A, 0);
		run(s, A, 10, PAGE_ANON, 1000, 1, KIB4);
		process_end(s);
	}
	struct family *f = judge(s);

	expect_member(f, 1, 10, 0, 0, 0);
	EXPECT_INT(f->own, 10);
	done(s, f);
}

TEST(another_program)
{
	struct store *s = store_begin();

	/* the child has executed another program, whose file lies at the address */
	process(s, 1, 0, A, 5);
	run(s, A, 3, PAGE_ANON, 1000, 1, KIB4);
	process_end(s);
	process(s, 2, 1, A, 77);
	run(s, A, 3, PAGE_ANON, 2000, 1, KIB4);
	process_end(s);
	struct family *f = judge(s);

	expect_member(f, 1, 0, 0, 3, 0);
	done(s, f);
}

TEST(unrelated)
{
	struct store *s = store_begin();

	/* a file of others, and KSM pages, at other addresses; one twice */
	process(s, 10, 1, A, 0);
	run(s, A, 8, PAGE_KSM, 500, 3, KIB4);
	run(s, A + 16 * KIB4, 4, PAGE_FILE, 900, 5, KIB4);
	process_end(s);
	process(s, 20, 1, A, 77);
	run(s, A + KIB4, 1, PAGE_ANON, 600, 1, KIB4);
	run(s, A + 100 * KIB4, 8, PAGE_KSM, 500, 3, KIB4);
	run(s, A + 200 * KIB4, 8, PAGE_KSM, 500, 3, KIB4);
	process_end(s);
	process(s, 30, 20, A + MIB2, 0);
	run(s, A + MIB2, 2, PAGE_FILE, 901, 5, KIB4);
	process_end(s);
	process(s, 40, 1, A, 0);
	run(s, A, 1, PAGE_ANON, 700, 1, KIB4);
	process_end(s);

	struct family *f = judge(s);

	/* another object lies at the address: no copy of it */
	expect_member(f, 1, 16, 0, 1, 0);
	EXPECT_INT(f->member[2].sums.with->pid, 20);
	expect_member(f, 2, 0, 0, 2, 0);
	/* the same address means something to a child only */
	expect_member(f, 3, 0, 0, 1, 0);
	EXPECT_INT(f->frames, 8 + 4 + 1 + 1);
	EXPECT_INT(f->own, 8 + 1 + 1);
	EXPECT_INT(f->by[2], 8 + 2);
	EXPECT_INT(f->pair[family_pair_at(0, 1)].pages[FAMILY_KSM], 8);
	EXPECT_INT(f->pair[family_pair_at(0, 2)].pages[FAMILY_FILE], 2);
	EXPECT_INT(f->pair[family_pair_at(1, 2)].pages[FAMILY_FILE], 0);
	done(s, f);
}

TEST(huge)
{
	struct store *s = store_begin();
	struct family *f;
	u64 end;

	/* the child's half of a huge page is mapped by PTEs, and partly copied */
	process(s, 1, 0, A, 0);
	run(s, A, 2, PAGE_ANON, 1024, 0, MIB2);
	process_end(s);
	process(s, 2, 1, A, 0);
	run(s, A, 500, PAGE_ANON, 1024, 2, KIB4);
	run(s, A + 500 * KIB4, 12, PAGE_ANON, 9000, 1, KIB4);
	run(s, A + MIB2, 2, PAGE_ANON, 1536, 0, MIB2);
	process_end(s);
	f = judge(s);
	expect_member(f, 1, 500 + 512, 12, 512, 0);
	EXPECT_INT(f->frames, 2 * 512 + 512 + 12);
	EXPECT_INT(f->own_unknown, 3 * 512);

	const struct store_vma *v = &s->proc[1].vma[0];
	const struct page_run *row = &v->rows->row[2];

	EXPECT_INT(family_at(s, v, row, A + MIB2, &s->proc[0], &end), FAMILY_SAME);
	EXPECT_INT(end, A + 2 * MIB2);
	EXPECT_INT(family_at(s, v, row, end, &s->proc[0], &end), FAMILY_NEW);
	EXPECT_INT(end, A + 3 * MIB2);
	done(s, f);
}
