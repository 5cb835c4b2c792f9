/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walk of page tables, over tables and struct pages of this test's own: what changes while it reads
 * must not be taken for what it was.
 */
#include "live/peek.h"

#include <errno.h>

#include "test.h"

#define SIZE 4096ull
#define PRESENT 1ull
#define HUGE_LEAF 0x80ull
#define FRAMES 64
#define ADDR 0x200000ull /* the first entry of its tables */
#define HEAD_BIT 6

/* Frames of page tables, by their PFNs. */
enum { PGD, PUD, PMD, PT, OTHER_PT, TABLES };

/* A page of the process begins here. */
#define DATA 16

struct fake_page {
	u64 flags, head, pad, mapping, index, private;
	s32 mapcount, refcount;
	u64 memcg;
};

static u64 table[TABLES][512] __attribute__((aligned(4096)));
static struct fake_page page[FRAMES];
static struct structpage_rec rec[STRUCTPAGE_RECS];
static struct structpage_peek peeks[STRUCTPAGE_PEEKS];
static struct structpage_walk walk;
static struct structpage_call machine;
static struct structpage_layout layout;
static bool gone, unreadable;
/* Called after a peek at @pfn's struct page. */
static void (*looked)(u64 pfn);
static unsigned looks;

static int run(void *ctx)
{
	const char *pages = (const char *)page, *tables = (const char *)table;

	(void)ctx;
	for (u32 i = walk.peeks; i < walk.peeks + walk.npeeks; i++) {
		struct structpage_peek *p = &peeks[i];
		const char *at = (const char *)(uintptr_t)p->addr;
		bool is_page = at >= pages && at + p->bytes <= pages + sizeof(page);

		p->err = -EFAULT;
		if ((is_page && !unreadable) ||
		    (at >= tables && at + p->bytes <= tables + sizeof(table))) {
			memcpy(p->data, at, p->bytes);
			p->err = 0;
		}
		if (is_page && looked)
			looked((u64)(at - pages) / sizeof(*page));
	}
	walk.pgd = (uintptr_t)table[PGD];
	walk.mm_users = !gone;
	walk.err = gone ? -ESRCH : 0;
	return 0;
}

static void set_up(void)
{
	memset(table, 0, sizeof(table));
	memset(page, 0, sizeof(page));
	memset(&walk, 0, sizeof(walk));
	gone = unreadable = false;
	looked = NULL;
	looks = 0;
	machine = (struct structpage_call){
		.vmemmap = (uintptr_t)page,
		.page_offset = (uintptr_t)table,
		.valid = PRESENT,
		.leaf_mask = HUGE_LEAF,
		.leaf = HUGE_LEAF,
		.max_pfn = FRAMES,
		.zero_pfn = { ~0ull, ~0ull },
		.page_shift = 12,
		.levels = 4,
	};
	for (unsigned i = 0; i < 4; i++)
		machine.pfn_mask[i] =
			0x000ffffffffff000 & -(SIZE << (i > 1 ? 9 * (i - 1) : 0));
	layout = (struct structpage_layout){
		.flags = offsetof(struct fake_page, flags),
		.head = offsetof(struct fake_page, head),
		.mapping = offsetof(struct fake_page, mapping),
		.mapcount = offsetof(struct fake_page, mapcount),
		.refcount = offsetof(struct fake_page, refcount),
		/* in the second page of the folio: */
		.order = sizeof(struct fake_page),
		.entire = sizeof(struct fake_page) + offsetof(struct fake_page, mapcount),
		.large = sizeof(struct fake_page) + offsetof(struct fake_page, refcount),
		.pincount = STRUCTPAGE_ABSENT,
		.mm_ids = STRUCTPAGE_ABSENT,
		.double_map = STRUCTPAGE_ABSENT,
		.private = STRUCTPAGE_ABSENT,
		.head_bit = BIT(HEAD_BIT),
	};
	for (unsigned i = DATA; i < FRAMES; i++)
		page[i] = (struct fake_page){ .flags = i << 8,
					      .mapping = 1,
					      .refcount = 1 };
	table[PGD][0] = PUD * SIZE | PRESENT;
	table[PUD][0] = PMD * SIZE | PRESENT;
	table[PMD][1] = PT * SIZE | PRESENT;
}

/* Pages whose words are alike. */
static void make_alike(unsigned pfn, unsigned n)
{
	for (unsigned i = pfn; i < pfn + n; i++)
		page[i] = page[pfn];
}

static void map(unsigned entry, u64 pfn)
{
	table[PT][entry] = pfn * SIZE | PRESENT;
}

/* Walks [ADDR, ADDR + @pages pages), whose records are rec[0] to rec[walk.n - 1]. */
static void observe(unsigned pages)
{
	const struct peek_io io = { .machine = &machine,
				    .layout = &layout,
				    .page_size = sizeof(struct fake_page),
				    .rec = rec,
				    .walk = &walk,
				    .peek = peeks,
				    .run = run };

	walk.addr = ADDR;
	walk.end = ADDR + pages * SIZE;
	memset(rec, 0xff, sizeof(rec));
	EXPECT_INT(peek_observe(&io), 0);
}

/* Record @i is of @n pages from the one at @entry on, with @pfn. */
static void expect_pages(unsigned i, unsigned entry, unsigned n, u64 pfn)
{
	EXPECT(i < walk.n);
	EXPECT_INT(rec[i].addr, ADDR + entry * SIZE);
	EXPECT_INT(rec[i].pages, n);
	EXPECT_INT(rec[i].pfn, pfn);
	EXPECT_INT(rec[i].has, STRUCTPAGE_PRESENT | STRUCTPAGE_PAGE);
	EXPECT_INT(rec[i].flags, page[pfn].flags);
	EXPECT_INT(rec[i].refcount, page[pfn].refcount);
	EXPECT_INT(rec[i].mapcount, page[pfn].mapcount);
}

TEST(pages_and_holes)
{
	set_up();
	make_alike(DATA, 3);
	map(0, DATA);
	map(1, DATA + 1);
	map(2, DATA + 2);
	map(4, DATA + 8);
	observe(512);
	EXPECT_INT(walk.addr, ADDR + 512 * SIZE);
	EXPECT_INT(walk.n, 4);
	expect_pages(0, 0, 3, DATA);
	EXPECT_INT(rec[1].has, 0);
	EXPECT_INT(rec[1].pages, 1);
	expect_pages(2, 4, 1, DATA + 8);
	EXPECT_INT(rec[3].has, 0);
	EXPECT_INT(rec[3].pages, 512 - 5);
}

/* Empty entries above the leaves are taken in groups; nothing between the records is left out. */
TEST(wide_holes)
{
	u64 at = ADDR;
	unsigned found = 0;

	set_up();
	table[PUD][3] = PMD * SIZE | PRESENT;
	map(7, DATA);
	observe(4 << 18);
	EXPECT_INT(walk.addr, ADDR + (4ull << 30));
	EXPECT(walk.n < 16);
	for (unsigned i = 0; i < walk.n; i++) {
		EXPECT_INT(rec[i].addr, at);
		at += rec[i].pages * SIZE;
		if (rec[i].has)
			expect_pages(i, found++ ? (3 << 18) + 7 : 7, 1, DATA);
	}
	EXPECT_INT(at, walk.addr);
	EXPECT_INT(found, 2);
}

/* Swapped or protected entries keep their words, a frame without a struct page has none. */
TEST(entries_of_other_kinds)
{
	set_up();
	table[PT][0] = 0x1234000;
	map(1, FRAMES + 5);
	map(2, DATA);
	observe(3);
	EXPECT_INT(walk.n, 3);
	EXPECT_INT(rec[0].has, 0);
	EXPECT_INT(rec[0].pte, 0x1234000);
	EXPECT_INT(rec[1].has, STRUCTPAGE_PRESENT);
	EXPECT_INT(rec[1].pfn, FRAMES + 5);
	expect_pages(2, 2, 1, DATA);
}

TEST(struct_pages_that_cannot_be_read)
{
	set_up();
	map(0, DATA);
	unreadable = true;
	observe(1);
	EXPECT_INT(walk.n, 1);
	EXPECT_INT(rec[0].has, STRUCTPAGE_PRESENT);
}

/* A tail has the words of its head, which lies elsewhere. */
static void make_folio(unsigned pfn, unsigned order)
{
	page[pfn].flags |= BIT(HEAD_BIT);
	page[pfn].refcount = 77;
	page[pfn + 1].flags = order;
	page[pfn + 1].mapcount = 4;
	page[pfn + 1].refcount = 9;
	for (unsigned i = 1; i < 1u << order; i++)
		page[pfn + i].head = (uintptr_t)&page[pfn] | 1;
}

TEST(tails_have_the_words_of_their_head)
{
	set_up();
	make_folio(DATA, 2);
	map(0, DATA + 3);
	map(1, DATA);
	map(2, DATA + 32);
	observe(3);
	EXPECT_INT(walk.n, 3);
	for (unsigned i = 0; i < 2; i++) {
		EXPECT_INT(rec[i].head_pfn, DATA);
		EXPECT_INT(rec[i].head_flags, page[DATA].flags);
		EXPECT_INT(rec[i].refcount, 77);
		EXPECT_INT(rec[i].order, 2);
		EXPECT_INT(rec[i].entire, 4);
		EXPECT_INT(rec[i].large, 9);
	}
	EXPECT_INT(rec[0].pfn, DATA + 3);
	expect_pages(2, 2, 1, DATA + 32);
}

static void split_folio(u64 pfn)
{
	if (pfn != DATA || looks++)
		return;
	for (unsigned i = 0; i < 4; i++)
		page[DATA + i] =
			(struct fake_page){ .flags = i, .mapping = 1, .refcount = 5 };
}

/* Its entries may be the same before and after. */
TEST(folio_that_is_split_meanwhile)
{
	set_up();
	make_folio(DATA, 2);
	map(0, DATA + 2);
	map(1, DATA + 3);
	looked = split_folio;
	observe(2);
	EXPECT(looks > 0);
	EXPECT_INT(walk.n, 2);
	expect_pages(0, 0, 1, DATA + 2);
	EXPECT_INT(rec[0].order, 0);
	EXPECT_INT(rec[0].head_pfn, DATA + 2);
	expect_pages(1, 1, 1, DATA + 3);
}

/* Before 6.10 the mapcount of a folio is the sum of those of its pages. */
TEST(mapcounts_are_summed_up)
{
	set_up();
	make_folio(DATA, 4);
	layout.large = STRUCTPAGE_ABSENT;
	for (unsigned i = 0; i < 16; i++)
		page[DATA + i].mapcount = i % 3 ? (int)i : -1;
	map(0, DATA + 2);
	observe(1);
	EXPECT_INT(rec[0].has, STRUCTPAGE_PRESENT | STRUCTPAGE_PAGE | STRUCTPAGE_SUM);
	/* 1 2 4 5 7 8 10 11 13 14, each and 1 */
	EXPECT_INT(rec[0].large, 75 + 10);
}

/* Walks three pages, after a peek at whose struct pages @meanwhile happens; those around the second stay as they are. */
static void observe_three(void (*meanwhile)(u64 pfn))
{
	set_up();
	for (unsigned i = 0; i < 3; i++)
		map(i, DATA + i);
	looked = meanwhile;
	observe(3);
	EXPECT_INT(walk.n, 3);
	expect_pages(0, 0, 1, DATA);
	expect_pages(2, 2, 1, DATA + 2);
}

static void once_elsewhere(u64 pfn)
{
	if (pfn == DATA + 1 && !looks++)
		map(1, DATA + 40);
}

TEST(entry_that_changes_while_its_page_is_read)
{
	observe_three(once_elsewhere);
	expect_pages(1, 1, 1, DATA + 40);
}

static void always_elsewhere(u64 pfn)
{
	if (pfn == DATA + 1 || pfn == DATA + 40)
		map(1, pfn == DATA + 1 ? DATA + 40 : DATA + 1);
}

TEST(entry_that_keeps_changing)
{
	observe_three(always_elsewhere);
	EXPECT(rec[1].has & STRUCTPAGE_RACED);
}

/* The hardware may set these bits at any time. */
static void use_it(u64 pfn)
{
	if (pfn == DATA)
		table[PT][0] |= 0x60;
}

TEST(bits_that_the_hardware_sets)
{
	set_up();
	machine.ignore = 0x60;
	map(0, DATA);
	looked = use_it;
	observe(1);
	expect_pages(0, 0, 1, DATA);
	EXPECT_INT(rec[0].pte, PRESENT | 0x60);
}

static void other_table(u64 pfn)
{
	if (pfn == DATA && !looks++) {
		table[OTHER_PT][0] = (DATA + 9) * SIZE | PRESENT;
		table[PMD][1] = OTHER_PT * SIZE | PRESENT;
	}
}

TEST(table_that_is_replaced_meanwhile)
{
	set_up();
	map(0, DATA);
	map(1, DATA + 1);
	looked = other_table;
	observe(2);
	EXPECT_INT(walk.n, 2);
	expect_pages(0, 0, 1, DATA + 9);
	EXPECT_INT(rec[1].has, 0);
}

static void split(u64 pfn)
{
	if (pfn == 0 && !looks++)
		table[PMD][2] = OTHER_PT * SIZE | PRESENT;
}

/* The entry is read again after the page: what was read on the way down is older. */
TEST(huge_leaf_that_is_split_meanwhile)
{
	set_up();
	table[PMD][2] = PRESENT | HUGE_LEAF;
	table[OTHER_PT][0] = (DATA + 1) * SIZE | PRESENT;
	map(0, DATA);
	looked = split;
	observe(1024);
	EXPECT(looks > 0);
	EXPECT_INT(walk.n, 4);
	expect_pages(0, 0, 1, DATA);
	EXPECT_INT(rec[1].has, 0);
	expect_pages(2, 512, 1, DATA + 1);
	EXPECT_INT(rec[3].has, 0);
}

TEST(huge_leaf)
{
	set_up();
	table[PMD][1] = PRESENT | HUGE_LEAF;
	observe(1024);
	EXPECT_INT(walk.n, 2);
	EXPECT_INT(rec[0].level, 2);
	EXPECT_INT(rec[0].pages, 1);
	EXPECT_INT(rec[1].pages, 512);
	/* a call that goes on inside it has it from the call before */
	walk.later = 1;
	observe(512);
	EXPECT_INT(walk.n, 1);
}

TEST(only_some_frames_are_asked_for)
{
	set_up();
	for (unsigned i = 0; i < 8; i++)
		map(i, DATA + i);
	walk.pfn_lo = DATA + 3;
	walk.pfn_hi = DATA + 5;
	observe(1024);
	EXPECT_INT(walk.n, 2);
	expect_pages(0, 3, 1, DATA + 3);
	expect_pages(1, 4, 1, DATA + 4);
}

TEST(process_that_is_gone)
{
	set_up();
	map(0, DATA);
	gone = true;
	observe(1);
	EXPECT_INT(walk.err, -ESRCH);
}

static void die(u64 pfn)
{
	gone = true;
}

/* What was read may be of tables that the kernel has freed. */
TEST(process_that_dies_meanwhile)
{
	set_up();
	map(0, DATA);
	looked = die;
	observe(1);
	EXPECT_INT(walk.err, -ESRCH);
}
