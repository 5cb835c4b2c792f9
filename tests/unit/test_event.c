/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kpageflags.h"
#include "render/render_event.h"
#include "test.h"

#define A 0x7f0000000000ull
#define HUGE (2u << 20)

/* A page of the tests, and what a store to it is said to do. */
struct spec {
	u64 pfn;
	u8 kind;
	bool exclusive, writable;
	s64 refcount, mapcount, excess, pincount;
	u8 leak;
	u64 size;
	u8 order;   /* of the folio, when it is not that of the size */
	u64 pages;  /* 0: one */
	bool batch; /* ->excess may be an LRU batch's */
};

static struct kernel kernel;
static const struct source_machine machine = { 0 };

static void fill_page(const struct spec *s, struct page_info *page)
{
	u64 size = s->size ? s->size : 4096;
	bool anon = s->kind == PAGE_ANON || s->kind == PAGE_HUGETLB;

	memset(page, 0, sizeof(*page));
	page->size = size;
	page->kind = s->kind;
	page->leaf = size == 4096 ? RAW_LEVEL_PTE : RAW_LEVEL_PMD;
	page->order = s->order ? s->order : size == 4096 ? 0 : 9;
	page->anon = anon;
	page->anon_exclusive = anon ? tri_from(true, s->exclusive) : TRI_NO;
	page->pte = s->writable ? PAGE_PTE_WRITE : 0;
	page->pte_known = PAGE_PTE_WRITE;
	page->refcount = s->refcount;
	page->mapcount = s->mapcount;
	page->mapcount_kind = PAGE_COUNT_EXACT;
	page->pincount = s->pincount;
	page->excess = s->excess;
	page->expected = s->refcount - s->excess;
	fact_set(&page->facts, FACTS_ALL, false);
	fact_set(&page->facts, F(PRESENT) | F(VMA_WRITE) | F(VMA_MAYWRITE) | F(VMA_READ),
		 true);
	fact_set(&page->facts, F(ANON), anon);
	fact_set(&page->facts, F(VMA_ANON), s->kind == PAGE_ANON);
	fact_set(&page->facts, F(VMA_HUGETLB) | F(LEAF_PMD) | F(LARGE),
		 s->kind == PAGE_HUGETLB);
	fact_set(&page->facts, F(ANON_EXCLUSIVE), anon && s->exclusive);
	fact_set(&page->facts, F(PTE_WRITE), s->writable);
	fact_set_tri(&page->facts, F(EXTRA_REFS) | F(HELD),
		     tri_from(!s->batch, s->excess > 0));
}

/* A store with process @pid, an area of 4 MiB at A, and one run. */
static struct store *state(const struct store *like, pid_t pid, const struct spec *s,
			   u64 pages)
{
	struct store *st = store_new(&(struct store_options){ 0 }, like);
	struct report_head head = { .kernel = &kernel, .machine = &machine };
	struct process p = { .pid = pid, .comm = "cow" };
	struct vma v = { .start = A, .end = A + 2 * HUGE, .read = true, .write = true };
	struct report_totals t = { 0 };
	struct gup_verdicts verdicts = { 0 };
	struct page_class class = { .verdicts = &verdicts };

	store_view.begin(st, &head);
	store_view.process(st, &p);
	store_view.vma(st, NULL, &v);
	if (s) {
		struct report_row row = { .run = { A, pages, s->pfn, &class } };

		fill_page(s, &class.page);
		verdicts.write.leak = s->leak;
		store_view.row(st, &row);
	}
	store_view.vma_end(st, NULL, NULL, &t);
	store_view.process_end(st, NULL, &t);
	store_view.end(st, &t);
	return st;
}

static enum event_cause seen_cause;
static u64 seen_pages;
static size_t seen_n;

/* Makes the event's list, the caller frees it. */
static void compare(struct event *e)
{
	struct event_change *list;

	free((void *)e->change);
	EXPECT_INT(event_compare(e, &list, &e->nchanges), 0);
	e->change = list;
	seen_n = e->nchanges;
	seen_pages = 0;
	for (size_t i = 0; i < seen_n; i++) {
		seen_cause = list[i].cause;
		seen_pages += (list[i].c.end - list[i].c.start) / 4096;
	}
}

/* What the difference of two states is called. */
static enum tri forked;
static enum event_cause cause_of(const struct spec *a, const struct spec *b)
{
	struct store *sa = state(NULL, 1, a, a && a->pages ? a->pages : 1),
		     *sb = state(sa, 1, b, b && b->pages ? b->pages : 1);
	struct event_scope scope = {
		.pid = 1, .start = 0, .end = UINT64_MAX, .before = sa, .after = sb
	};
	struct event e = { .scope = &scope, .nscopes = 1, .forked = forked };

	seen_cause = EVENT_CAUSES;
	compare(&e);
	free((void *)e.change);
	store_free(sb);
	store_free(sa);
	return seen_n == 1 ? seen_cause : EVENT_CAUSES;
}

TEST(words)
{
	for (unsigned i = 0; i < EVENTS; i++) {
		EXPECT(event_kinds[i].word && event_kinds[i].word[0]);
		for (unsigned j = 0; j < i; j++)
			EXPECT(strcmp(event_kinds[i].word, event_kinds[j].word));
	}
	for (unsigned i = 0; i < EVENT_CAUSES; i++)
		EXPECT(event_causes[i].word && event_causes[i].text);
	EXPECT_STR(event_kinds[EVENT_WRITE_FAULT].word, "write-fault");
	EXPECT_STR(event_kinds[EVENT_EXIT].word, "exit");
	EXPECT_STR(event_kinds[EVENT_CHANGE].word, "change");
	EXPECT_STR(event_kinds[EVENT_ATTACH].word, "attach");
	EXPECT_STR(event_kinds[EVENT_IO_URING_REGISTER].word, "io_uring_register");
}

/* Pages of memory that is used for long have their frames anywhere. */
TEST(changes_continue_each_other_but_for_frames)
{
	struct event_change list[4] = { 0 };
	struct event e = { .change = list, .nchanges = ARRAY_SIZE(list) };
	struct page_class a = { 0 }, b = { 0 };
	struct gup_verdicts verdicts = { 0 };
	struct event_change c;
	size_t i = 0;

	a.verdicts = b.verdicts = &verdicts;
	b.page.flags = a.page.flags_known = b.page.flags_known = KPF_BIT(REFERENCED);
	for (unsigned k = 0; k < ARRAY_SIZE(list); k++) {
		list[k] = (struct event_change){ .pid = 1,
						 .start = A + k * 4096,
						 .end = A + (k + 1) * 4096,
						 .pages = 1,
						 .size = 4096 };
		list[k].c.b.class = k == 1 ? &b : &a;
	}
	list[3].c.what = STORE_MOVED;
	c = event_join(&e, &i);
	EXPECT_INT(i, 2);
	EXPECT_INT(c.pages, 3);
	EXPECT_INT(c.end, A + 3 * 4096);
	EXPECT(c.scattered);
	i = 3;
	c = event_join(&e, &i);
	EXPECT_INT(i, 3);
	EXPECT(!c.scattered);
	list[1].start += 4096; /* a gap */
	i = 0;
	event_join(&e, &i);
	EXPECT_INT(i, 0);
}

TEST(causes)
{
	const struct spec own = { .pfn = 10,
				  .kind = PAGE_ANON,
				  .exclusive = true,
				  .writable = true,
				  .refcount = 1,
				  .mapcount = 1 };
	const struct spec shared = {
		.pfn = 10, .kind = PAGE_ANON, .refcount = 2, .mapcount = 2
	};
	const struct spec alone = {
		.pfn = 10, .kind = PAGE_ANON, .refcount = 1, .mapcount = 1
	};
	const struct spec copy = { .pfn = 11,
				   .kind = PAGE_ANON,
				   .exclusive = true,
				   .writable = true,
				   .refcount = 1,
				   .mapcount = 1 };
	const struct spec unshared = { .pfn = 11,
				       .kind = PAGE_ANON,
				       .exclusive = true,
				       .refcount = 1,
				       .mapcount = 1 };
	const struct spec marked = { .pfn = 10,
				     .kind = PAGE_ANON,
				     .exclusive = true,
				     .refcount = 1,
				     .mapcount = 1 };
	const struct spec merged = {
		.pfn = 77, .kind = PAGE_KSM, .refcount = 3, .mapcount = 3
	};
	const struct spec file = {
		.pfn = 99, .kind = PAGE_FILE, .refcount = 3, .mapcount = 2
	};
	const struct spec swapped = { .kind = PAGE_SWAP };
	const struct spec elsewhere = { .pfn = 11,
					.kind = PAGE_ANON,
					.exclusive = true,
					.writable = true,
					.refcount = 1,
					.mapcount = 1 };

	EXPECT_INT(cause_of(&own, &shared), EVENT_CAUSE_SHARED);
	EXPECT_INT(cause_of(&shared, &alone), EVENT_CAUSE_COUNTED);
	EXPECT_INT(cause_of(&alone, &shared), EVENT_CAUSE_SHARED); /* a second fork */
	/* mprotect(PROT_READ): the same page, still exclusive, without the right to write */
	EXPECT_INT(cause_of(&own, &marked), EVENT_CAUSE_PROTECTED);
	EXPECT_INT(cause_of(&shared, &copy), EVENT_CAUSE_COPIED);
	EXPECT_INT(cause_of(&alone, &own), EVENT_CAUSE_REUSED);
	EXPECT_INT(cause_of(&alone, &marked), EVENT_CAUSE_MARKED);
	EXPECT_INT(cause_of(&shared, &unshared), EVENT_CAUSE_UNSHARED);
	EXPECT_INT(cause_of(&own, &elsewhere), EVENT_CAUSE_MIGRATED);
	forked = TRI_YES;
	EXPECT_INT(cause_of(&own, &elsewhere), EVENT_CAUSE_COPIED);
	EXPECT_INT(cause_of(&own, &unshared), EVENT_CAUSE_OTHER);
	forked = TRI_UNKNOWN;
	EXPECT_INT(cause_of(&own, &elsewhere), EVENT_CAUSE_OTHER);
	EXPECT_INT(cause_of(&shared, &copy), EVENT_CAUSE_COPIED);
	forked = TRI_NO;
	EXPECT_INT(cause_of(&own, &merged), EVENT_CAUSE_MERGED);
	EXPECT_INT(cause_of(&own, &swapped), EVENT_CAUSE_SWAPPED_OUT);
	EXPECT_INT(cause_of(&swapped, &own), EVENT_CAUSE_SWAPPED_IN);
	EXPECT_INT(cause_of(NULL, &own), EVENT_CAUSE_POPULATED);
	EXPECT_INT(cause_of(NULL, &file), EVENT_CAUSE_READ_IN);
	EXPECT_INT(cause_of(&own, NULL), EVENT_CAUSE_GONE);
	/* khugepaged: a huge page in other frames; or the PTEs of one folio become one PMD entry. */
	struct spec huge = copy, small = copy, large = copy;
	huge.size = large.size = HUGE;
	small.order = large.order = 9;
	struct spec many = own, many_shared = shared;
	many.pages = many_shared.pages = small.pages = HUGE / 4096;
	EXPECT_INT(cause_of(&many, &huge), EVENT_CAUSE_COLLAPSED);
	EXPECT_INT(cause_of(&many_shared, &huge), EVENT_CAUSE_COLLAPSED);
	EXPECT_INT(cause_of(&small, &large), EVENT_CAUSE_COLLAPSED);
	EXPECT_INT(cause_of(&large, &small), EVENT_CAUSE_SPLIT);
	/* A large folio in other frames that PTEs map is none. */
	struct spec moved_large = small;
	moved_large.pfn = 512;
	moved_large.pages = 1;
	EXPECT_INT(cause_of(&own, &moved_large), EVENT_CAUSE_MIGRATED);
	struct spec pinned = own;
	pinned.pincount = 1;
	EXPECT_INT(cause_of(&own, &pinned), EVENT_CAUSE_PINNED);
	EXPECT_INT(cause_of(&pinned, &own), EVENT_CAUSE_UNPINNED);
	EXPECT_INT(cause_of(&file, &own), EVENT_CAUSE_COPIED);
	/* MADV_DONTNEED and a read, say: no single deed puts a file's page in place of the process's own */
	EXPECT_INT(cause_of(&own, &file), EVENT_CAUSE_OTHER);
}

TEST(an_event_takes_only_its_causes)
{
	const struct spec shared = {
		.pfn = 10, .kind = PAGE_ANON, .refcount = 2, .mapcount = 2
	};
	const struct spec copy = { .pfn = 500,
				   .kind = PAGE_ANON,
				   .exclusive = true,
				   .writable = true,
				   .refcount = 1,
				   .mapcount = 1 };
	struct store *sa = state(NULL, 1, &shared, 8), *sb = state(sa, 1, &copy, 3);
	struct event_scope scope = {
		.pid = 1, .start = 0, .end = UINT64_MAX, .before = sa, .after = sb
	};
	struct event e = {
		.scope = &scope, .nscopes = 1, .since_ns = 1, .kind = EVENT_WRITE_FAULT
	};

	compare(&e);
	EXPECT_INT(seen_n, 1);
	EXPECT_INT(seen_pages, 3);
	e.kind = EVENT_CHANGE;
	compare(&e);
	EXPECT_INT(seen_n, 1);
	EXPECT_INT(seen_pages, 5);
	e.kind = EVENT_MUNMAP;
	compare(&e);
	EXPECT_INT(seen_n, 2); /* the other five are gone */
	EXPECT_INT(seen_pages, 8);
	scope.start = A + 0x1000;
	scope.end = A + 0x2000;
	compare(&e);
	EXPECT_INT(seen_pages, 1);
	free((void *)e.change);
	store_free(sb);
	store_free(sa);
}

TEST(mere_counting_is_no_event)
{
	const struct spec one = { .pfn = 10,
				  .kind = PAGE_ANON,
				  .exclusive = true,
				  .writable = true,
				  .refcount = 1,
				  .mapcount = 1 };
	struct spec two = one;
	struct gup_verdicts va = { 0 }, vb = { 0 };
	struct page_class a = { .verdicts = &va }, b = { .verdicts = &vb };
	struct store_change c = { .what = STORE_COUNTS, .a.class = &a, .b.class = &b };

	two.refcount = 2;
	fill_page(&one, &a.page);
	fill_page(&two, &b.page);
	EXPECT(!event_matters(&c));
	c.what |= STORE_VERDICT;
	EXPECT(!event_matters(&c));
	vb.write.leak = TRI_YES;
	EXPECT(event_matters(&c));
}

static bool has_warning(const struct event *event, const char *id, u64 pages)
{
	struct event e = *event;
	bool ret = false;
	char text[300];

	compare(&e);
	event_warn(&e);
	for (unsigned i = 0; i < e.nwarnings && !ret; i++)
		if (!strcmp(e.warning[i].id, id)) {
			EXPECT(strlen(event_warn_text(&e.warning[i], text,
						      sizeof(text))) > 10);
			ret = e.warning[i].pages == pages;
		}
	free((void *)e.change);
	return ret;
}

static void splice_event(u8 kind, const char *warning)
{
	const struct spec before = { .pfn = 512,
				     .kind = kind,
				     .refcount = 2,
				     .mapcount = 2,
				     .size = kind == PAGE_HUGETLB ? HUGE : 4096 };
	struct spec after = before;
	after.refcount = 3;
	after.excess = 1;
	struct store *sa = state(NULL, 1, &before, 1), *sb = state(sa, 1, &after, 1);
	struct event_scope scope = {
		.pid = 1, .start = A, .end = A + 4096, .before = sa, .after = sb
	};
	struct event_range range = { .pid = 1, .start = A, .end = A + 4096 };
	struct event e = { .kind = EVENT_VMSPLICE,
			   .scope = &scope,
			   .nscopes = 1,
			   .range = &range,
			   .nranges = 1,
			   .has_ret = true,
			   .ret = 4096 };

	EXPECT(has_warning(&e, warning, 1));
	e.ret = -14; /* it failed: nothing was taken */
	EXPECT(!has_warning(&e, warning, 1));
	store_free(sb);
	store_free(sa);
}

TEST(vmsplice_warnings)
{
	struct kernel_evidence ev;

	kernel_evidence_init(&ev);
	strcpy(ev.release, "6.18.0");
	strcpy(ev.arch, "x86_64");
	EXPECT_INT(kernel_resolve(&ev, &kernel), 0);
	splice_event(PAGE_ANON, "vmsplice-shared");
	splice_event(PAGE_HUGETLB, "vmsplice-hugetlb");
}

TEST(leak_warnings)
{
	const struct spec armed = { .pfn = 512,
				    .kind = PAGE_HUGETLB,
				    .refcount = 2,
				    .mapcount = 1,
				    .excess = 1,
				    .size = HUGE,
				    .leak = TRI_YES };
	struct spec before = armed, stored = armed, copied = armed, batch;
	struct store *s0, *s1, *s2, *s3, *s4;

	before.mapcount = 2;
	before.leak = TRI_NO;
	batch = before;
	batch.batch = true;
	stored.exclusive = stored.writable = true;
	stored.leak = TRI_NO;
	s0 = state(NULL, 1, &before, 1);
	s1 = state(s0, 1, &armed, 1);
	s2 = state(s0, 1, &stored, 1);
	copied = (struct spec){ .pfn = 1024,
				.kind = PAGE_HUGETLB,
				.exclusive = true,
				.writable = true,
				.refcount = 1,
				.mapcount = 1,
				.size = HUGE };
	s3 = state(s0, 1, &copied, 1);
	struct event_scope scope = {
		.pid = 1, .start = 0, .end = UINT64_MAX, .before = s0, .after = s1
	};
	struct event e = { .kind = EVENT_MUNMAP, .scope = &scope, .nscopes = 1 };
	EXPECT(has_warning(&e, "leak-next-write", 1));
	scope.before = s1;
	scope.after = s2;
	e.kind = EVENT_WRITE_FAULT;
	e.since_ns = 1;
	EXPECT(has_warning(&e, "leak", 1));
	EXPECT(!has_warning(&e, "leak-next-write", 1));
	scope.before = s0;
	scope.after = s3;
	EXPECT(has_warning(&e, "copied-safe", 1));
	EXPECT(!has_warning(&e, "leak", 1));
	s4 = state(s0, 1, &batch, 1);
	scope.before = s4;
	EXPECT(!has_warning(&e, "copied-safe", 1));
	store_free(s4);
	store_free(s3);
	store_free(s2);
	store_free(s1);
	store_free(s0);
}

TEST(family)
{
	const struct spec page = {
		.pfn = 100, .kind = PAGE_ANON, .refcount = 2, .mapcount = 2
	};
	const struct spec other = { .pfn = 900,
				    .kind = PAGE_ANON,
				    .exclusive = true,
				    .writable = true,
				    .refcount = 1,
				    .mapcount = 1 };
	struct store *parent = state(NULL, 1, &page, 8),
		     *child = state(parent, 2, &page, 5),
		     *third = state(parent, 3, &other, 8);
	struct event_member m[3] = { { .pid = 1, .now = parent },
				     { .pid = 2, .now = child },
				     { .pid = 3, .now = third } };
	struct event e = { .member = m, .nmembers = 2 };
	struct event_family seen = { 0 };

	EXPECT_INT(event_family_add(&e, 0, 1ull << 47, true, &seen), 0);
	EXPECT_INT(seen.n, 1);
	EXPECT_INT(seen.run[0].start, A);
	EXPECT_INT(seen.run[0].end, A + 5 * 4096);
	EXPECT(seen.run[0].same[0] && seen.run[0].same[1] && seen.run[0].shared);
	e.nmembers = 3;
	seen.n = 0;
	event_family_add(&e, 0, 1ull << 47, false, &seen);
	EXPECT_INT(seen.n, 2); /* pages 5 to 7: parent and third, each its own */
	EXPECT(seen.run[1].has[0] && !seen.run[1].has[1] && seen.run[1].has[2]);
	EXPECT(!seen.run[1].same[0] && !seen.run[1].same[2] && !seen.run[1].shared);
	/* part of it, and a member that is gone */
	m[1].now = NULL;
	seen.n = 0;
	event_family_add(&e, A + 0x1000, A + 0x2000, true, &seen);
	EXPECT_INT(seen.n, 0);
	free(seen.run);
	store_free(third);
	store_free(child);
	store_free(parent);
}

/* ---- the JSON of a recording */

/* Returns what @view shows of @e; the caller frees it. */
static char *shown(const struct event_view *view, const struct event *e)
{
	char *text = NULL;
	size_t len;
	struct render_event_options opt = { .out = open_memstream(&text, &len),
					    .verbose = true };

	EXPECT_INT(view->event(&opt, e), 0);
	if (view->end)
		EXPECT_INT(view->end(&opt, -1), 0);
	fclose(opt.out);
	return text;
}

static char *read_again;

static int on_read(void *ctx, const struct event *e)
{
	read_again = shown(ctx, e);
	return 0;
}

/* @e is the same to the text view when it was read from its JSON. */
static void same_again(const struct event *e)
{
	char *json = shown(&render_event_json_view, e);
	char *text = shown(&render_event_view, e);

	read_again = NULL;
	EXPECT_INT(render_event_read(json, &(struct event_view){ .event = on_read },
				     (void *)&render_event_view),
		   0);
	EXPECT_STR(read_again ? read_again : "nothing", text);
	free(read_again);
	free(text);
	free(json);
}

TEST(read_from_json)
{
	const struct spec shared = {
		.pfn = 0x1f0, .kind = PAGE_ANON, .refcount = 2, .mapcount = 2
	};
	const struct spec copy = { .pfn = 0x2f0,
				   .kind = PAGE_ANON,
				   .exclusive = true,
				   .writable = true,
				   .refcount = 1,
				   .mapcount = 1,
				   .leak = TRI_YES };
	struct store *sa = state(NULL, 1, &shared, 8), *sb = state(sa, 1, &copy, 3),
		     *child = state(sa, 2, &shared, 5);
	struct event_scope scope = {
		.pid = 1, .start = 0, .end = UINT64_MAX, .before = sa, .after = sb
	};
	struct event_range range[2] = { { .pid = 1, .start = A + 4096, .end = A + 8192 },
					{ .pid = 1, .start = A, .end = A + 4096 } };
	struct event_member m[2] = { { .pid = 1, .now = sb },
				     { .pid = 2, .now = child } };
	struct event e = { .kind = EVENT_MADVISE,
			   .seq = 7,
			   .time_ns = 1764251234123456789,
			   .start_ns = 1764251200999999999,
			   .pid = 1,
			   .tid = 3,
			   .comm = "a \"\\\n\x1b)",
			   .call = "process_madvise",
			   .arg = { { "fd", EVENT_ARG_NUM, -1 },
				    { "iov", EVENT_ARG_HEX, A },
				    { "advice", EVENT_ARG_TEXT, .text = "cold" },
				    { "path", EVENT_ARG_TEXT, .text = "0x12\xff" } },
			   .nargs = 4,
			   .has_ret = true,
			   .ret = -14,
			   .scope = &scope,
			   .nscopes = 1,
			   .range = range,
			   .nranges = 2,
			   .member = m,
			   .nmembers = 2,
			   .incomplete = "more ranges than are compared" };
	struct event_family family = { 0 };

	compare(&e);
	event_warn(&e);
	EXPECT(e.nchanges == 2 && e.nwarnings == 1);
	EXPECT_INT(event_family_of(&e, &family), 0);
	EXPECT_INT(family.n, 2);
	e.family = family.run;
	e.nfamily = family.n;
	strcpy(e.arg[3].text, "0x12"); /* a path is no number */
	same_again(&e);
	e.ret = 4096;
	e.incomplete = NULL;
	e.since_ns = e.start_ns + 1;
	same_again(&e);
	free((void *)e.change);
	/* a fork that shares */
	family.n = 0;
	m[0].now = sa;
	e = (struct event){ .kind = EVENT_FORK,
			    .start_ns = 5,
			    .time_ns = 5,
			    .pid = 1,
			    .tid = 1,
			    .child = 2,
			    .has_ret = true,
			    .ret = 2,
			    .member = m,
			    .nmembers = 2 };
	EXPECT_INT(event_family_of(&e, &family), 0);
	EXPECT_INT(family.n, 1);
	e.family = family.run;
	e.nfamily = family.n;
	same_again(&e);
	e.shares_mm = true;
	e.nfamily = 0;
	same_again(&e);
	free(family.run);
	store_free(child);
	store_free(sb);
	store_free(sa);
}

TEST(a_recording_of_a_stranger)
{
	const char *json =
		"{\"event\":\"madvise\",\"start\":1.0,\"time\":1.0,\"pid\":1,\"tid\":1,"
		"\"comm\":\"\\u001b[31m\",\"call\":\"\\u009b31m\",\"incomplete\":\"\\u001b]0;x\\u0007\","
		"\"args\":{\"path\":\"\\u202e\"},\"changes\":[{\"what\":\"gone\",\"kind\":\"anon\","
		"\"differs\":{\"pfn\":[\"\\u001b[2J\",\"\\n\"],\"\\u001bc\":[\"1\"]}}]}";
	const char *name =
		"{\"event\":\"exec\",\"start\":1.0,\"args\":{\"\\u001b[1m\":1}}";
	const struct event_view view = { .event = on_read };

	read_again = NULL;
	EXPECT_INT(render_event_read(json, &view, (void *)&render_event_view), 0);
	for (const char *c = read_again; c && *c; c++)
		EXPECT((*c >= 0x20 && *c < 0x7f) || *c == '\n');
	EXPECT(read_again && strstr(read_again, "\\x1b[2J>\\x0a"));
	free(read_again);
	EXPECT_INT(render_event_read(name, &view, NULL), -EINVAL);
}

TEST(what_is_no_event)
{
	static const char *const none[] = {
		"",
		"{",
		"7",
		"[]",
		"{}",
		"{\"event\":\"exec\"}",
		"{\"event\":\"dance\",\"start\":1.0}",
		"{\"event\":\"exec\",\"start\":1.0,\"warnings\":[{\"id\":\"%n\"}]}",
		"{\"event\":\"exec\",\"start\":1.0,\"changes\":[{}]}",
		"{\"event\":\"exec\",\"start\":1.0,\"x\":[[[[[[[[[[]]]]]]]]]]}",
	};
	const struct event_view view = { .event = on_read };
	const char *some =
		"{\"event\":\"exec\",\"start\":1.0,\"args\":7,\"family\":[4],\"members\":{}}";
	char *many = malloc(3000);

	for (unsigned i = 0; i < ARRAY_SIZE(none); i++)
		EXPECT_INT(render_event_read(none[i], &view, NULL), -EINVAL);
	EXPECT_INT(render_event_read(some, &view, (void *)&render_event_view), 0);
	free(read_again);
	/* json-c would make 270 bytes of each of these */
	strcpy(many, "{\"event\":\"exec\",\"start\":1.0,\"x\":[{}");
	while (strlen(many) < 2990)
		strcat(many, ",{}");
	strcat(many, "]}");
	EXPECT_INT(render_event_read(many, &view, (void *)&render_event_view), -EINVAL);
	free(many);
}

/* ---- what a view gets of the events, and their sums */

static struct event got;
static struct event_change got_change[4];
static unsigned gots;

static int on_got(void *ctx, const struct event *e)
{
	got = *e;
	for (size_t i = 0; i < MIN(e->nchanges, 4); i++)
		got_change[i] = e->change[i];
	gots++;
	return 0;
}

static const struct event_view got_view = { .event = on_got };

static struct event_select want(const char *list)
{
	struct event_select s = { .view = &got_view };
	const char *bad;
	size_t len;

	EXPECT_INT(event_select_parse(&s, list, &bad, &len), 0);
	gots = 0;
	return s;
}

TEST(selection)
{
	struct event fork = { .kind = EVENT_FORK }, leak = { .kind = EVENT_MUNMAP },
		     safe = { .kind = EVENT_VMSPLICE };
	struct event_select s = want("fork,leaks");
	const struct event_view *view = &event_select_view;
	const char *bad;
	size_t len;

	event_warn_add(&leak, "leak-next-write", 1, A, 1);
	event_warn_add(&safe, "vmsplice-shared", 1, A, 1);
	view->event(&s, &fork);
	view->event(&s, &leak);
	EXPECT_INT(gots, 2);
	view->event(&s, &safe);
	EXPECT_INT(gots, 2);
	s = want("fork");
	view->event(&s, &leak);
	EXPECT_INT(gots, 0);
	s = want("warnings");
	view->event(&s, &fork);
	view->event(&s, &leak);
	view->event(&s, &safe);
	EXPECT_INT(gots, 2);
	EXPECT_INT(event_select_parse(&s, "fork,dance,exit", &bad, &len), -EINVAL);
	EXPECT(!strncmp(bad, "dance,", 6) && len == 5);
	EXPECT_INT(event_select_parse(&s, "fork,", &bad, &len), -EINVAL);
}

TEST(selection_of_addresses)
{
	const struct collect_range ranges[] = { { A + 0x1800, A + 0x3000 },
						{ A + 0x8000, A + 0x8001 } };
	struct event_change change[] = {
		{ .pid = 1, .start = A, .end = A + 0x2000, .pages = 2, .size = 4096 },
		{ .pid = 1,
		  .start = A + 0x8000,
		  .end = A + 0x9000,
		  .pages = 1,
		  .size = 4096 },
		{ .pid = 1,
		  .start = A + 0xa000,
		  .end = A + 0xb000,
		  .pages = 1,
		  .size = 4096 },
	};
	struct event e = { .kind = EVENT_MUNMAP, .change = change, .nchanges = 3 };
	struct event_select s = { .ranges = ranges, .nranges = 2, .view = &got_view };

	gots = 0;
	event_warn_add(&e, "leak", 1, A + 0x1000, 1);
	event_warn_add(&e, "leak-next-write", 1, A, 1);
	event_select_view.event(&s, &e);
	EXPECT_INT(gots, 1);
	EXPECT_INT(got.nchanges, 2);
	EXPECT_INT(got_change[0].start, A + 0x1000);
	EXPECT_INT(got_change[0].pages, 1);
	EXPECT_INT(got_change[1].start, A + 0x8000);
	EXPECT_INT(got.nwarnings, 1);
	EXPECT_STR(got.warning[0].id, "leak");
	/* nothing of it is left; but a process that comes is shown */
	e.change += 2;
	e.nchanges = 1;
	event_select_view.event(&s, &e);
	EXPECT_INT(gots, 1);
	e.kind = EVENT_FORK;
	event_select_view.event(&s, &e);
	EXPECT_INT(gots, 2);
	EXPECT_INT(got.nchanges, 0);
}

/* A store or a call of process @pid at @ms changes @pages. */
static void happens(struct render_event_options *opt, enum event_kind kind, pid_t pid,
		    u64 ms, enum event_cause cause, u64 pages)
{
	struct event_change change = { .pid = pid,
				       .kind = PAGE_ANON,
				       .cause = cause,
				       .start = A,
				       .end = A + pages * 4096,
				       .pages = pages,
				       .size = 4096 };
	struct event e = { .kind = kind,
			   .seq = ms,
			   .start_ns = 1,
			   .time_ns = 1 + ms * 1000000,
			   .pid = pid,
			   .tid = pid,
			   .comm = "sh",
			   .change = &change,
			   .nchanges = 1 };

	if (cause == EVENT_CAUSE_GONE)
		event_warn_add(&e, "leak-next-write", pid, A, 3);
	EXPECT_INT(render_event_view.event(opt, &e), 0);
}

TEST(sums_of_intervals)
{
	char *text = NULL;
	size_t len;
	struct render_event_options opt = { .out = open_memstream(&text, &len) };

	/* stores fold up to a second, or to the next event with a warning */
	happens(&opt, EVENT_WRITE_FAULT, 7, 100, EVENT_CAUSE_COPIED, 256);
	happens(&opt, EVENT_WRITE_FAULT, 7, 600, EVENT_CAUSE_COPIED, 256);
	happens(&opt, EVENT_MPROTECT, 8, 700, EVENT_CAUSE_PROTECTED, 2);
	happens(&opt, EVENT_MUNMAP, 9, 700, EVENT_CAUSE_COUNTED, 5);
	happens(&opt, EVENT_WRITE_FAULT, 7, 1200, EVENT_CAUSE_REUSED, 1);
	happens(&opt, EVENT_MUNMAP, 8, 1300, EVENT_CAUSE_GONE, 1);
	EXPECT_INT(render_event_view.end(&opt, -1), 0);
	fclose(opt.out);
	EXPECT_STR(
		text,
		"\n 0.700000 7 sh: write-fault copied 2M (2 times)\n"
		" 0.700000 8 sh: mprotect protected 8K\n"
		"\n 1.200000 7 sh: write-fault reused 4K\n"
		"\n 1.300000 8 sh munmap\n    8 7f0000000000 1x4K anon gone:\n"
		"  ! 8 7f0000000000: the next store to 3 pages will reuse it, and a reference\n"
		"    taken through another process's mapping will see it (leak)\n"
		"\nAfter 1.300000 s: 3 write-fault, 2 munmap, 1 mprotect\n"
		"    7 sh: write-fault copied 2M, reused 4K (3 times)\n"
		"    8 sh: mprotect protected 8K\n    8 sh: munmap gone 4K\n"
		"  ! leak-next-write: 3 pages, first of 8 at 7f0000000000 after 1.300000 s (event\n"
		"    1300)\n");
	free(text);
}
