/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "report/store.h"
#include "test.h"

#define A 0x7f0000000000ull

static const struct kernel kernel = { .ev.page_size = 4096 };
static const struct source_machine machine = { 0 };

static void begin(struct store *s, pid_t pid)
{
	struct report_head head = { .kernel = &kernel, .machine = &machine };
	struct process p = { .pid = pid, .comm = "cow" };

	EXPECT_INT(store_view.begin(s, &head), 0);
	EXPECT_INT(store_view.process(s, &p), 0);
}

static void vma(struct store *s, u64 start, u64 end)
{
	struct vma v = { .start = start, .end = end, .read = true, .write = true };

	EXPECT_INT(store_view.vma(s, NULL, &v), 0);
}

/* A row of @n pages of @size bytes; refcount tells classes apart. */
static void row(struct store *s, u64 addr, u64 n, u64 size, u64 pfn, s64 refcount)
{
	struct gup_verdicts verdicts = { 0 };
	struct page_class class = { .verdicts = &verdicts,
				    .page = { .size = size,
					      .kind = refcount < 0 ? PAGE_UNKNOWN
						      : pfn        ? PAGE_ANON
								   : PAGE_NONE,
					      .leaf = size == 4096 ? RAW_LEVEL_PTE
								   : RAW_LEVEL_PMD,
					      .order = size == 4096 ? 0 : 9,
					      .refcount = refcount,
					      .anon_exclusive = TRI_YES } };
	struct report_row r = { .run = { addr, n, pfn, &class } };

	verdicts.req[GUP_PIN_W].word = refcount > 1 ? GUP_WORD_COPY : GUP_WORD_FAST;
	EXPECT_INT(store_view.row(s, &r), 0);
}

static void end(struct store *s)
{
	struct report_totals t = { .present = 7 };

	EXPECT_INT(store_view.vma_end(s, NULL, NULL, &t), 0);
	EXPECT_INT(store_view.process_end(s, NULL, &t), 0);
	EXPECT_INT(store_view.end(s, &t), 0);
}

static struct store *example(const struct store *like)
{
	struct store *s = store_new(&(struct store_options){ .holes = true }, like);

	begin(s, 42);
	vma(s, A, A + 0x10000);
	row(s, A, 4, 4096, 100, 1);
	row(s, A + 0x4000, 8, 4096, 0, 0);
	row(s, A + 0xc000, 4, 4096, 200, 1);
	vma(s, A + 0x200000, A + 0x800000);
	row(s, A + 0x200000, 3, 2 << 20, 512, 1);
	end(s);
	return s;
}

static int play_vma(const struct store *s, const struct store_process *p,
		    const struct store_vma *v, const struct report_view *view, void *ctx)
{
	int r = view->vma ? view->vma(ctx, &p->process, &v->vma) : 0;

	for (size_t i = 0; !r && view->row && i < store_nrows(v); i++) {
		struct report_row row =
			store_report_row(s, p, v, &v->rows->row[i], 0, UINT64_MAX);

		r = view->row(ctx, &row);
	}
	if (!r && view->vma_end && v->has_totals)
		r = view->vma_end(ctx, &p->process, &v->vma, &v->totals);
	return r;
}

/* Replays the store into another view, in the order of a collection. */
static int play(const struct store *s, const struct report_view *view, void *ctx)
{
	struct report_head head = { .kernel = &s->kernel, .machine = &s->machine };
	int r = s->has_head && view->begin ? view->begin(ctx, &head) : 0;

	for (size_t i = 0; !r && i < s->nprocs; i++) {
		const struct store_process *p = &s->proc[i];

		r = view->process ? view->process(ctx, &p->process) : 0;
		for (size_t j = 0; !r && j < p->nvmas; j++)
			r = play_vma(s, p, &p->vma[j], view, ctx);
		if (!r && view->process_end && p->has_totals)
			r = view->process_end(ctx, &p->process, &p->totals);
	}
	if (!r && view->end && s->ended)
		r = view->end(ctx, &s->totals);
	return r;
}

TEST(lookup)
{
	struct store *s = example(NULL);
	const struct store_process *p = store_process_by_pid(s, 42);
	struct page_run page;

	EXPECT(p && p->nvmas == 2 && p->has_totals && s->ended);
	EXPECT(!store_process_by_pid(s, 43));
	EXPECT(!store_vma_at(p, A - 1));
	EXPECT(!store_vma_at(p, A + 0x10000));
	EXPECT_INT(store_vma_from(p, A + 0x10000), 1);
	EXPECT_INT(store_vma_from(p, A + 0x800000), 2);
	const struct store_vma *v = store_vma_at(p, A + 0xd123);
	EXPECT(v == &p->vma[0]);
	const struct page_run *r = store_row_at(v, A + 0xd123);
	EXPECT(r && r->addr == A + 0xc000);
	page = store_page_at(s, r, A + 0xd123);
	EXPECT_INT(page.addr, A + 0xd000);
	EXPECT_INT(page.pages, 1);
	EXPECT_INT(page.pfn, 201);
	EXPECT_INT(page_head(&page), 201);
	EXPECT_INT(r->pages, 4);
	EXPECT_INT(r->pfn, 200);
	/* a PMD leaf steps by 512 PFNs */
	v = store_vma_at(p, A + 0x500000);
	r = store_row_at(v, A + 0x500000);
	page = store_page_at(s, r, A + 0x500000);
	EXPECT_INT(page.addr, A + 0x400000);
	EXPECT_INT(page.pfn, 1024);
	EXPECT_INT(page_head(&page), 1024);
	/* two kinds of small page and one of large: three classes */
	EXPECT_INT(s->judge->n, 3);
	store_free(s);
}

TEST(what_was_not_kept_is_not_a_hole)
{
	struct collect_range range = { A + 0x1000, A + 0x3000 };
	struct store_options opt = { .ranges = &range, .nranges = 1 };
	struct store *s = store_new(&opt, NULL);

	begin(s, 1);
	vma(s, A, A + 0x10000);
	row(s, A + 0x1000, 1, 4096, 5, 1);
	row(s, A + 0x8000, 1, 4096, 6, 1);
	end(s);
	const struct store_vma *v = &s->proc[0].vma[0];
	EXPECT_INT(store_nrows(v), 1);
	EXPECT(store_covers(s, v, A + 0x1000));
	EXPECT(store_covers(s, v, A + 0x2000)); /* holes are not delivered: it is one */
	EXPECT(!store_covers(s, v, A + 0x8000));
	EXPECT(!store_covers(s, v, A + 0x10000));
	store_free(s);
}

TEST(bound)
{
	struct store *s = store_new(&(struct store_options){ .max_bytes = 4096 }, NULL);

	begin(s, 1);
	vma(s, A, A + 0x1000000);
	for (unsigned i = 0; i < 1000; i++)
		row(s, A + i * 0x2000, 1, 4096, i + 1, 1);
	end(s);
	EXPECT(s->dropped > 0);
	EXPECT(s->bytes <= 3 * 4096);
	EXPECT(!store_covers(s, &s->proc[0].vma[0], A));
	store_free(s);
}

TEST(swap_offsets_do_not_make_classes)
{
	struct store *s = store_new(NULL, NULL);
	struct gup_verdicts verdicts = { 0 };
	struct page_class class = { .page = { .size = 4096, .kind = PAGE_SWAP },
				    .verdicts = &verdicts };
	struct raw_page raw = { .has = RAW_HAS_PAGEMAP };
	struct report_row r = { .raw = &raw };
	struct page_run page;

	begin(s, 1);
	vma(s, A, A + 0x100000);
	for (unsigned i = 0; i < 16; i++) {
		r.run = (struct page_run){ A + i * 4096, 1, 1000 - i, &class };
		raw.pagemap = i;
		EXPECT_INT(store_view.row(s, &r), 0);
	}
	EXPECT_INT(s->judge->n, 1);
	page = store_page_at(s, &s->proc[0].vma[0].rows->row[3], A + 3 * 4096);
	EXPECT_INT(page.pfn, 997);
	EXPECT_INT(page.class->raw.has, 0);
	store_free(s);
}

struct seen {
	unsigned n;
	struct store_change c[16];
};

static int on_change(void *ctx, const struct store_change *c)
{
	struct seen *seen = ctx;

	if (seen->n < ARRAY_SIZE(seen->c))
		seen->c[seen->n] = *c;
	seen->n++;
	return 0;
}

/* Compares the first processes of @a and @b at all addresses, by @mask. */
static void diff(const struct store *a, const struct store *b, u32 mask,
		 struct seen *seen, u64 *skipped)
{
	store_diff(a, &a->proc[0], b, &b->proc[0], 0, UINT64_MAX, mask, on_change, seen,
		   skipped);
}

TEST(diff_same)
{
	struct store *a = example(NULL), *b = example(NULL), *c = store_copy(a);
	struct seen seen = { 0 };
	u64 skipped = 0;

	EXPECT_INT(store_diff(a, &a->proc[0], b, &b->proc[0], 0, UINT64_MAX, STORE_ANY,
			      on_change, &seen, &skipped),
		   0);
	diff(a, c, STORE_ANY, &seen, &skipped);
	EXPECT_INT(seen.n, 0);
	EXPECT_INT(skipped, 0);
	store_free(a);
	store_free(b);
	store_free(c);
}

/* The run before, or after, change @i. */
static struct page_run side_of(const struct seen *seen, unsigned i, bool after)
{
	const struct store_change *c = &seen->c[i];

	return store_diff_row(c, after ? &c->b : &c->a).run;
}

TEST(diff_changes)
{
	struct store *a = example(NULL), *b = store_new(&a->opt, a);
	struct seen seen = { 0 };

	begin(b, 42);
	vma(b, A, A + 0x10000);
	row(b, A, 1, 4096, 100, 1);          /* same */
	row(b, A + 0x1000, 2, 4096, 101, 2); /* refcount, verdict */
	row(b, A + 0x3000, 1, 4096, 777, 1); /* moved */
	row(b, A + 0x4000, 1, 4096, 300, 1); /* appeared */
	row(b, A + 0x5000, 9, 4096, 0, 0);   /* two vanished */
	row(b, A + 0xe000, 2, 4096, 202, 1);
	end(b);
	diff(a, b, STORE_REAL, &seen, NULL);
	EXPECT_INT(seen.n, 5);
	EXPECT_INT(seen.c[0].start, A + 0x1000);
	EXPECT_INT(seen.c[0].end, A + 0x3000);
	EXPECT_INT(seen.c[0].what, STORE_COUNTS | STORE_VERDICT);
	EXPECT_INT(side_of(&seen, 0, false).pages, 2);
	EXPECT_INT(side_of(&seen, 0, true).class->page.refcount, 2);
	EXPECT_INT(seen.c[1].what, STORE_MOVED);
	EXPECT_INT(side_of(&seen, 1, false).pfn, 103);
	EXPECT_INT(seen.c[2].what & STORE_APPEARED, STORE_APPEARED);
	EXPECT_INT(seen.c[3].what & STORE_VANISHED, STORE_VANISHED);
	EXPECT_INT(seen.c[3].start, A + 0xc000);
	EXPECT_INT(seen.c[3].end, A + 0xe000);
	EXPECT(seen.c[4].a.vma && !seen.c[4].b.vma); /* the THPs are unmapped */
	EXPECT_INT(seen.c[4].what & (STORE_VANISHED | STORE_MAPPED),
		   STORE_VANISHED | STORE_MAPPED);
	EXPECT_INT(side_of(&seen, 4, false).pages, 3);
	store_free(a);
	store_free(b);
}

/* Reports that were made with --range have a part of the process: that is compared. */
TEST(diff_of_parts)
{
	struct store *a = example(NULL), *b = store_new(&a->opt, a);
	struct seen seen = { 0 };
	u64 skipped = 0;

	begin(b, 42);
	vma(b, A, A + 0x10000);
	row(b, A, 4, 4096, 100, 1);
	row(b, A + 0x4000, 1, 4096, 300, 1); /* appeared */
	row(b, A + 0x5000, 7, 4096, 0, 0);
	row(b, A + 0xc000, 4, 4096, 0, -1); /* not asked for */
	end(b);
	a->proc[0].process.part = b->proc[0].process.part = true;
	diff(a, b, STORE_REAL, &seen, &skipped);
	EXPECT_INT(seen.n, 1);
	EXPECT_INT(seen.c[0].start, A + 0x4000);
	EXPECT_INT(seen.c[0].what & STORE_APPEARED, STORE_APPEARED);
	/* what only one of them has, but not what neither was asked for */
	EXPECT_INT(skipped, 0x4000 + 0x600000);
	store_free(a);
	a = store_copy(b);
	skipped = 0;
	diff(a, b, STORE_REAL, &seen, &skipped);
	EXPECT_INT(seen.n, 1);
	EXPECT_INT(skipped, 0);
	store_free(a);
	store_free(b);
}

TEST(others_map_a_page_of_a_file)
{
	static const struct gup_verdicts v;
	struct page_class a = { .page = { .kind = PAGE_FILE, .mm_shared = TRI_NO },
				.verdicts = &v };
	struct page_class b = { .page = { .kind = PAGE_FILE, .mm_shared = TRI_YES },
				.verdicts = &v };

	a.like = &a;
	b.like = &b;
	EXPECT_INT(store_diff_class(&a, &b), STORE_COUNTS);
	a.page.anon = b.page.anon = true;
	EXPECT_INT(store_diff_class(&a, &b), STORE_STATE);
}

TEST(diff_split_runs_join)
{
	/* the same pages as one run and as three: no difference; a change over both is one run */
	struct store *a = store_new(NULL, NULL), *b = store_new(NULL, NULL);
	struct seen seen = { 0 };

	begin(a, 1);
	vma(a, A, A + 0x4000);
	row(a, A, 4, 4096, 10, 1);
	end(a);
	begin(b, 2);
	vma(b, A, A + 0x4000);
	row(b, A, 1, 4096, 10, 2);
	row(b, A + 0x1000, 1, 4096, 11, 2);
	row(b, A + 0x2000, 2, 4096, 12, 2);
	end(b);
	store_diff(a, &a->proc[0], b, &b->proc[0], A, A + 0x4000, STORE_REAL, on_change,
		   &seen, NULL);
	EXPECT_INT(seen.n, 1);
	EXPECT_INT(seen.c[0].end - seen.c[0].start, 0x4000);
	store_free(a);
	store_free(b);
}

TEST(diff_unknown_is_not_a_change)
{
	struct gup_verdicts v = { 0 };
	struct page_class a = { .verdicts = &v, .like = &a }, b;

	a.page.kind = PAGE_ANON;
	a.page.size = 4096;
	b = a;
	b.like = &b;
	b.page.why[PAGE_F_REFCOUNT] = PAGE_WHY_NO_BPF;
	b.page.anon_exclusive = TRI_UNKNOWN;
	a.page.refcount = 3;
	EXPECT_INT(store_diff_class(&a, &b), STORE_KNOWN);
	EXPECT_INT(store_diff_class(&b, &a), STORE_KNOWN);
	EXPECT_INT(store_diff_class(&a, NULL), STORE_VANISHED);
}

/* Each verdict alone is a difference, unless one side does not know it. */
TEST(diff_of_each_verdict)
{
	struct gup_verdicts same = { 0 }, other;
	struct page_class a = { .verdicts = &same, .like = &a },
			  b = { .verdicts = &other, .like = &b };
	struct {
		u8 *word, unknown;
	} words[] = {
		{ &other.req[GUP_LT_W].word, GUP_WORD_UNKNOWN },
		{ &other.write.fault, GUP_WRITE_UNKNOWN },
		{ &other.write.leak, TRI_UNKNOWN },
		{ &other.fork.word, GUP_FORK_UNKNOWN },
		{ &other.migrate.word, GUP_MIGRATE_UNKNOWN },
	};

	a.page.size = b.page.size = 4096;
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
		other = same;
		*words[i].word = 1;
		EXPECT_INT(store_diff_class(&a, &b), STORE_VERDICT);
		*words[i].word = words[i].unknown;
		EXPECT_INT(store_diff_class(&a, &b), STORE_KNOWN);
	}
}

TEST(play_gives_the_same_store)
{
	struct store *a = example(NULL), *b = store_new(&a->opt, NULL);
	struct seen seen = { 0 };

	EXPECT_INT(play(a, &store_view, b), 0);
	EXPECT(b->ended && b->proc[0].has_totals);
	EXPECT_INT(b->totals.present, 7);
	diff(a, b, STORE_ANY, &seen, NULL);
	EXPECT_INT(seen.n, 0);
	store_free(a);
	store_free(b);
}

TEST(merge_part)
{
	struct store *s = example(NULL);
	struct collect_range range = { A + 0x2000, A + 0x6000 };
	struct store_options opt = { .ranges = &range, .nranges = 1, .holes = true };
	struct store *fresh = store_new(&opt, s), *old = store_copy(s);
	struct seen seen = { 0 };
	struct page_run page;

	begin(fresh, 42);
	vma(fresh, A, A + 0x10000);
	row(fresh, A + 0x2000, 1, 4096, 102, 1);
	row(fresh, A + 0x3000, 1, 4096, 900, 2);
	row(fresh, A + 0x4000, 2, 4096, 0, 0);
	end(fresh);
	EXPECT_INT(store_merge(s, fresh, 43, 0, 1), -ESRCH);
	EXPECT_INT(store_merge(s, fresh, 42, A + 0x2000, A + 0x6000), 0);
	EXPECT_INT(s->proc[0].nvmas, 2);
	const struct store_vma *v = &s->proc[0].vma[0];
	for (u64 a = A; a < A + 0x10000; a += 4096)
		EXPECT(store_covers(s, v, a));
	page = store_page_at(s, store_row_at(v, A + 0x1000), A + 0x1000);
	EXPECT_INT(page.pfn, 101);
	page = store_page_at(s, store_row_at(v, A + 0xf000), A + 0xf000);
	EXPECT_INT(page.pfn, 203);
	diff(old, s, STORE_REAL, &seen, NULL);
	EXPECT_INT(seen.n, 1);
	EXPECT_INT(seen.c[0].start, A + 0x3000);
	EXPECT_INT(seen.c[0].end, A + 0x4000);
	store_free(s);
	store_free(fresh);
	store_free(old);
}

TEST(merge_new_shape)
{
	/* the first VMA was cut in two, the second is gone */
	struct store *s = example(NULL);
	struct store *fresh = store_new(&s->opt, s);
	struct page_run page;

	begin(fresh, 42);
	vma(fresh, A, A + 0x8000);
	row(fresh, A, 4, 4096, 100, 1);
	row(fresh, A + 0x4000, 4, 4096, 0, 0);
	vma(fresh, A + 0xa000, A + 0x10000);
	end(fresh);
	EXPECT_INT(store_merge(s, fresh, 42, A, A + 0xb000), 0);
	EXPECT_INT(s->proc[0].nvmas, 3);
	const struct store_vma *v = &s->proc[0].vma[1];
	EXPECT_INT(v->vma.start, A + 0xa000);
	page = store_page_at(s, store_row_at(v, A + 0xc000), A + 0xc000);
	EXPECT_INT(page.pfn, 200);
	EXPECT(!store_covers(s, v, A + 0xa000));
	EXPECT_INT(s->proc[0].vma[2].vma.start, A + 0x200000);
	store_free(s);
	store_free(fresh);
}

TEST(merge_list_of_mappings)
{
	struct store *s = example(NULL), *fresh = store_new(&s->opt, s);
	struct page_run page;

	begin(fresh, 42);
	vma(fresh, A, A + 0x10000);
	vma(fresh, A + 0x200000, A + 0x400000); /* shrunk */
	vma(fresh, A + 0x900000, A + 0xa00000); /* new */
	end(fresh);
	EXPECT_INT(store_merge(s, fresh, 42, 0, 0), 0);
	EXPECT_INT(s->proc[0].nvmas, 3);
	const struct store_vma *v = s->proc[0].vma;
	EXPECT_INT(store_nrows(&v[0]), 3);
	EXPECT_INT(store_nrows(&v[1]), 1);
	EXPECT_INT(store_nrows(&v[2]), 0);
	page = store_page_at(s, store_row_at(&v[1], A + 0x200000), A + 0x200000);
	EXPECT_INT(page.pfn, 512);
	EXPECT(!store_covers(s, &v[2], A + 0x900000));
	store_free(s);
	store_free(fresh);
}

TEST(processes_come_and_go)
{
	struct store *s = example(NULL), *other = store_new(&s->opt, s);

	begin(other, 43);
	vma(other, A, A + 0x1000);
	row(other, A, 1, 4096, 9, 1);
	end(other);
	EXPECT_INT(store_merge_add(s, other, 44), -ESRCH);
	EXPECT_INT(store_merge_add(s, other, 43), 0);
	const struct store_rows *rows = store_process_by_pid(s, 43)->vma[0].rows;
	store_free(other);
	other = store_new(&s->opt, s);
	begin(other, 43);
	vma(other, A, A + 0x1000);
	row(other, A, 1, 4096, 9, 1);
	end(other);
	EXPECT_INT(store_merge_add(s, other, 43), 0);
	/* the same rows are the same block, so that comparing them costs nothing */
	EXPECT(store_process_by_pid(s, 43)->vma[0].rows == rows);
	store_free(other);
	EXPECT_INT(s->nprocs, 2);
	EXPECT_INT(store_process_by_pid(s, 43)->nvmas, 1);
	store_merge_drop(s, 42);
	store_merge_drop(s, 42);
	EXPECT_INT(s->nprocs, 1);
	EXPECT_INT(s->proc[0].process.pid, 43);
	store_free(s);
}

TEST(diff_many_rows)
{
	/* every second page differs; the walk finds all of them, in order */
	struct store *a = store_new(NULL, NULL), *b = store_new(NULL, a);
	struct seen seen = { 0 };
	unsigned n = 5000;

	begin(a, 1);
	vma(a, A, A + n * 4096);
	for (unsigned i = 0; i < n; i++)
		row(a, A + i * 4096, 1, 4096, 1000 + 2 * i, 1);
	end(a);
	begin(b, 1);
	vma(b, A, A + n * 4096);
	for (unsigned i = 0; i < n; i++)
		row(b, A + i * 4096, 1, 4096, 1000 + 2 * i, 1 + i % 2);
	end(b);
	store_diff(a, &a->proc[0], b, &b->proc[0], A + 0x1000, A + n * 4096, STORE_REAL,
		   on_change, &seen, NULL);
	EXPECT_INT(seen.n, n / 2);
	EXPECT_INT(seen.c[1].start, A + 0x3000);
	store_free(a);
	store_free(b);
}

/* Totals that were kept up to date equal totals that were counted anew. */
TEST(merge_keeps_totals)
{
	struct store *s = store_new(&(struct store_options){ .holes = true }, NULL);
	struct report_totals none = { 0 };
	u64 seed = 1;

	begin(s, 42);
	vma(s, A, A + 0x100000);
	EXPECT_INT(store_view.vma_end(s, NULL, NULL, &none), 0);
	for (unsigned round = 0; round < 300; round++) {
		struct store *fresh = store_new(&s->opt, s), *copy = NULL;
		u64 from = (seed >> 33) % 200, n = 1 + (seed >> 13) % 50;
		struct report_totals t = { 0 };

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		if (round % 7 == 0)
			copy = store_copy(s);
		begin(fresh, 42);
		vma(fresh, A, A + 0x100000);
		for (u64 i = 0; i < n; i += 1 + i % 3)
			row(fresh, A + (from + i) * 4096, MIN(1 + i % 3, n - i), 4096,
			    (seed >> (i % 40)) & 1 ? 100 + i : 0, 1 + i % 2);
		end(fresh);
		EXPECT_INT(store_merge(s, fresh, 42, A + from * 4096,
				       A + (from + n) * 4096),
			   0);
		const struct store_vma *v = &s->proc[0].vma[0];
		u64 at = A;
		for (size_t i = 0; i < store_nrows(v); i++) {
			struct report_row r = { .run = v->rows->row[i] };

			EXPECT(v->rows->row[i].addr >= at);
			at = page_end(&v->rows->row[i]);
			report_count(&t, &r, 4096);
		}
		t.size_bytes = v->totals.size_bytes;
		EXPECT(!memcmp(&t, &v->totals, sizeof(t)));
		store_free(fresh);
		store_free(copy);
	}
	store_free(s);
}

struct bytes {
	u64 n, start, end, what;
};

static int on_bytes(void *ctx, const struct store_change *c)
{
	struct bytes *b = ctx;

	b->n++;
	b->start = b->start * 31 + c->start;
	b->end = b->end * 31 + c->end;
	b->what = b->what * 31 + c->what;
	return 0;
}

/* The short cuts for stores that share classes find what the long way finds. */
TEST(diff_short_cuts)
{
	struct store *s = example(NULL), *old = store_copy(s);
	u64 seed = 5;

	for (unsigned round = 0; round < 200; round++) {
		struct store *fresh = store_new(&s->opt, s), *a, *b;
		struct bytes fast = { 0 }, slow = { 0 };
		u64 from = (seed >> 33) % 16, n = 1 + (seed >> 13) % (16 - from);

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		begin(fresh, 42);
		vma(fresh, A, A + 0x10000);
		for (u64 i = 0; i < n; i++)
			row(fresh, A + (from + i) * 4096, 1, 4096,
			    (seed >> (i * 2)) & 3 ? 100 + from + i : 0,
			    1 + ((seed >> i) & 1));
		end(fresh);
		EXPECT_INT(store_merge(s, fresh, 42, A + from * 4096,
				       A + (from + n) * 4096),
			   0);
		a = store_new(&s->opt, NULL);
		b = store_new(&s->opt, NULL);
		play(old, &store_view, a);
		play(s, &store_view, b);
		store_diff(old, &old->proc[0], s, &s->proc[0], A + (round % 5) * 4096,
			   A + 0x900000, STORE_ANY, on_bytes, &fast, NULL);
		store_diff(a, &a->proc[0], b, &b->proc[0], A + (round % 5) * 4096,
			   A + 0x900000, STORE_ANY, on_bytes, &slow, NULL);
		EXPECT(!memcmp(&fast, &slow, sizeof(fast)));
		if (round % 3 == 0) {
			store_free(old);
			old = store_copy(s);
		}
		store_free(fresh);
		store_free(a);
		store_free(b);
	}
	store_free(s);
	store_free(old);
}

#define SLOTS 40
#define SLOT 0x10000ULL

/* What is mapped in slots [@from, @to) of @has, which have a page each. */
static struct store *mapped(const struct store *like, const u64 *has, u64 from, u64 to)
{
	struct report_totals totals = { .size_bytes = SLOT }, sum = { 0 };
	struct store *s = store_new(&(struct store_options){ .holes = true }, like);

	begin(s, 42);
	for (u64 i = from; i < to; i++) {
		if (!has[i])
			continue;
		vma(s, A + i * SLOT, A + (i + 1) * SLOT);
		row(s, A + i * SLOT, 1, 4096, has[i], 1);
		EXPECT_INT(store_view.vma_end(s, NULL, NULL, &totals), 0);
		report_add(&sum, &totals);
	}
	EXPECT_INT(store_view.process_end(s, NULL, &sum), 0);
	EXPECT_INT(store_view.end(s, &sum), 0);
	return s;
}

/* Mappings come and go in a range; the others stay as they are, and sums are those of a new list. */
TEST(merge_of_mappings_that_come_and_go)
{
	u64 has[SLOTS] = { 0 }, seed = 3;
	struct store *s, *part;

	for (u64 i = 0; i < SLOTS; i += 2)
		has[i] = 1000 + i;
	s = mapped(NULL, has, 0, SLOTS);
	for (unsigned round = 0; round < 400; round++) {
		u64 from = (seed >> 33) % SLOTS, to = from + 1 + (seed >> 13) % 6, n = 0;
		struct report_totals sum = { 0 };
		struct store *fresh, *old;

		to = MIN(to, SLOTS);
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		part = store_part(s, 42, A + from * SLOT, A + to * SLOT);
		old = round % 3 ? NULL : store_copy(s);
		for (u64 i = from; i < to; i++) {
			n += has[i] != 0;
			has[i] = seed >> i & 1 ? 1000 + round * 64 + i : 0;
		}
		EXPECT_INT(part->proc[0].nvmas, n);
		fresh = mapped(s, has, from, to);
		EXPECT_INT(store_merge(s, fresh, 42, A + from * SLOT, A + to * SLOT), 0);
		n = 0;
		for (u64 i = 0; i < SLOTS; i++) {
			const struct store_vma *v = &s->proc[0].vma[n];

			if (!has[i])
				continue;
			EXPECT(n++ < s->proc[0].nvmas);
			EXPECT_INT(v->vma.start, A + i * SLOT);
			EXPECT_INT(store_nrows(v), 1);
			EXPECT_INT(v->rows->row[0].pfn, has[i]);
			report_add(&sum, &v->totals);
		}
		EXPECT_INT(s->proc[0].nvmas, n);
		EXPECT(!memcmp(&sum, &s->proc[0].totals, sizeof(sum)));
		store_free(part);
		store_free(fresh);
		store_free(old);
	}
	store_free(s);
}
