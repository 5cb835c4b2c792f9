/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kpageflags.h"
#include "pagemap.h"
#include "report/blockers.h"
#include "test.h"

static struct kernel kernel;
static const struct page_span span[] = { { 0, 1 << 20, 0, 0, PAGE_ZONE_MOVABLE } };
/* PG_lru is bit 5, PG_swapbacked bit 18, PG_dirty bit 4 of these page->flags */
static struct kpf_layout layout;
static struct page_context context;

static void begin(const char *model)
{
	struct kernel_evidence ev;
	const char *why;

	kernel_evidence_init(&ev);
	strcpy(ev.arch, "x86_64");
	ev.page_size = 4096;
	ev.pmd_size = 2 << 20;
	EXPECT_INT(kernel_resolve_model(&ev, model, &kernel, &why), 0);
	memset(&layout, 0xff, sizeof(layout));
	layout.lru = 5;
	layout.swapbacked = 18;
	layout.dirty = 4;
	context = (struct page_context){ .kernel = &kernel,
					 .spans = span,
					 .nspans = 1,
					 .have_bpf = true,
					 .layout = &layout };
}

static struct vma file_of(enum vma_fs fs)
{
	return (struct vma){ .fs = fs,
			     .read = true,
			     .has_flags = true,
			     .shared = fs != VMA_FS_NONE,
			     .flags = fs == VMA_FS_NONE ? VF(READ)
				      : fs == VMA_FS_HUGETLB
					      ? VF(READ) | VF(HUGETLB)
					      : VF(READ) | VF(MAYSHARE) | VF(SHARED),
			     .pkey = -1 };
}

/* A frame whose struct page was read. */
static struct raw_page raw_of(u64 pfn, u64 word, enum raw_mapping mapping, int refs,
			      int maps)
{
	return (struct raw_page){ .pfn = pfn,
				  .head_pfn = pfn,
				  .pages = 1,
				  .has = RAW_HAS_PFN | RAW_HAS_KPAGEFLAGS |
					 RAW_HAS_PAGEMAP | RAW_HAS_PAGE | RAW_HAS_LARGE |
					 RAW_HAS_BATCHES,
				  .pagemap = PAGEMAP_PRESENT,
				  .kpageflags = word,
				  .flags = word & KPF_BIT(LRU) ? BIT(5) : 0,
				  .head_flags = (word & KPF_BIT(LRU) ? BIT(5) : 0) |
						(word & KPF_BIT(DIRTY) ? BIT(4) : 0),
				  .mapping = (u8)mapping,
				  .page_type = (u32)(maps - 1),
				  .refcount = refs,
				  .mapcount = maps,
				  .large_mapcount = maps };
}

TEST(frames)
{
	static const struct {
		const char *name;
		u64 word;
		u8 mapping, fs;
		int refs, maps;
		bool no_page; /* only kpageflags was read */
		u8 state;
		const char *kind, *why;
	} cases[] = {
		{ "absent", KPF_BIT(NOPAGE), 0, 0, 0, 0, true, FRAME_ABSENT, "nopage",
		  "gone" },
		{ "free", KPF_BIT(BUDDY), 0, 0, 0, 0, true, FRAME_FREE, "free", NULL },
		{ "slab", KPF_BIT(SLAB), 0, 0, 0, 0, true, FRAME_BLOCKS, "slab",
		  "unmovable" },
		{ "page table", KPF_BIT(PGTABLE), 0, 0, 0, 0, true, FRAME_BLOCKS,
		  "pgtable", "unmovable" },
		{ "balloon", KPF_BIT(OFFLINE), 0, 0, 0, 0, true, FRAME_UNKNOWN, "offline",
		  "driver" },
		{ "free in a CPU's list", 0, RAW_MAPPING_NULL, 0, 0, 0, false, FRAME_FREE,
		  "free", NULL },
		{ "vmalloc", 0, RAW_MAPPING_NULL, 0, 1, 0, false, FRAME_BLOCKS, "kernel",
		  "unmovable" },
		{ "zsmalloc", 0, RAW_MAPPING_MOVABLE, 0, 1, 0, false, FRAME_UNKNOWN,
		  "driver", "driver" },
		{ "anonymous", KPF_BIT(LRU) | KPF_BIT(ANON), RAW_MAPPING_ANON,
		  VMA_FS_NONE, 1, 1, false, FRAME_MOVES, "anon", NULL },
		{ "anonymous, in a pipe", KPF_BIT(LRU) | KPF_BIT(ANON), RAW_MAPPING_ANON,
		  VMA_FS_NONE, 2, 1, false, FRAME_BLOCKS, "anon", "refs" },
		{ "anonymous, in a pipe, not mapped any more",
		  KPF_BIT(LRU) | KPF_BIT(ANON), RAW_MAPPING_ANON, VMA_FS_NONE, 1, 0,
		  false, FRAME_BLOCKS, "anon", "refs" },
		{ "anonymous, pinned", KPF_BIT(LRU) | KPF_BIT(ANON), RAW_MAPPING_ANON,
		  VMA_FS_NONE, 1025, 1, false, FRAME_BLOCKS, "anon", "pinned" },
		{ "anonymous, flags alone", KPF_BIT(LRU) | KPF_BIT(ANON), 0, VMA_FS_NONE,
		  0, 0, true, FRAME_UNKNOWN, "anon", "refcount" },
		{ "page cache", KPF_BIT(LRU), RAW_MAPPING_FILE, VMA_FS_DISK, 1, 0, false,
		  FRAME_MOVES, "file", NULL },
		{ "page cache that is read", KPF_BIT(LRU), RAW_MAPPING_FILE, VMA_FS_DISK,
		  2, 0, false, FRAME_BLOCKS, "file", "refs" },
		{ "ring of AIO", KPF_BIT(LRU), RAW_MAPPING_FILE, VMA_FS_AIO, 2, 0, false,
		  FRAME_MOVES, "file", NULL },
		{ "clean cache of network", KPF_BIT(LRU), RAW_MAPPING_FILE,
		  VMA_FS_CAREFUL, 1, 0, false, FRAME_MOVES, "file", NULL },
		{ "dirty cache of network", KPF_BIT(LRU) | KPF_BIT(DIRTY),
		  RAW_MAPPING_FILE, VMA_FS_CAREFUL, 1, 0, false, FRAME_UNKNOWN, "file",
		  "flags" },
		{ "dirty ramfs", KPF_BIT(LRU) | KPF_BIT(DIRTY), RAW_MAPPING_FILE,
		  VMA_FS_RAMFS, 1, 0, false, FRAME_BLOCKS, "file", "no-migrate-op" },
		{ "secret memory", 0, RAW_MAPPING_FILE, VMA_FS_SECRETMEM, 2, 1, false,
		  FRAME_BLOCKS, "file", "secretmem" },
		{ "free huge page", KPF_BIT(HUGE), RAW_MAPPING_NULL, VMA_FS_HUGETLB, 0, 0,
		  false, FRAME_FREE, "hugetlb", NULL },
	};

	begin("6.18");
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct raw_page raw = raw_of(0x1000, cases[i].word, cases[i].mapping,
					     cases[i].refs, cases[i].maps);
		struct vma file = file_of(cases[i].fs);
		struct frame f;

		if (cases[i].no_page)
			raw.has &= ~(RAW_HAS_PAGE | RAW_HAS_LARGE | RAW_HAS_BATCHES);
		frame_judge(&kernel, &context, &raw, &file, &f);
		if (f.state != cases[i].state)
			printf("# %s: %s, %s\n", cases[i].name, f.why ? f.why : "-",
			       f.text ? f.text : "-");
		EXPECT_INT(f.state, cases[i].state);
		EXPECT_STR(f.kind, cases[i].kind);
		if (f.state == FRAME_BLOCKS || f.state == FRAME_UNKNOWN)
			EXPECT_STR(f.why, cases[i].why);
	}
}

static const struct blockers_row *row_of(const struct blockers_row *rows, size_t n,
					 u64 pfn)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].pfn == pfn)
			return &rows[i];
	return NULL;
}

/* Frames of one cause that two processes map are rows of both, and what nobody maps is one of its own. */
TEST(owners)
{
	struct vma anon = file_of(VMA_FS_NONE);
	struct raw_page raw =
		raw_of(0x1000, KPF_BIT(LRU) | KPF_BIT(ANON), RAW_MAPPING_ANON, 2, 1);
	const struct blockers_row *r;
	struct blockers_row *rows;
	struct blockers b;
	size_t n;

	begin("6.18");
	b = (struct blockers){ .kernel = &kernel, .page = &context };
	raw.pages = 16;
	EXPECT_INT(blockers_add(&b, &raw, &anon), 0);
	raw.pfn = raw.head_pfn = 0x1010;
	raw.refcount = raw.mapcount = raw.large_mapcount = 1; /* moves */
	EXPECT_INT(blockers_add(&b, &raw, &anon), 0);
	raw = raw_of(0x2000, KPF_BIT(SLAB), RAW_MAPPING_NULL, 1, 0);
	raw.pages = 100;
	EXPECT_INT(blockers_add(&b, &raw, &anon), 0);
	EXPECT_INT(b.frames[FRAME_BLOCKS], 116);
	EXPECT_INT(b.frames[FRAME_MOVES], 16);
	blockers_sort(&b);
	EXPECT_INT(b.unowned, 1);
	EXPECT_INT(blockers_map(&b, 7, "seven", 0x7000, 0x1004, 4), 0);
	EXPECT_INT(blockers_map(&b, 7, "seven", 0x7000, 0x2000, 4),
		   0); /* nobody maps slab */
	blockers_sort(&b);
	EXPECT_INT(b.unowned, 2);
	EXPECT_INT(blockers_map(&b, 8, "eight", 0x8000, 0x1000, 16), 0);
	blockers_sort(&b);
	EXPECT_INT(b.unowned, 0);
	EXPECT_INT(blockers_rows(&b, &rows, &n), 0);
	EXPECT_INT(n, 3);
	EXPECT_INT(rows[0].pages, 100);
	EXPECT(!rows[0].owner);
	r = row_of(rows, n, 0x1004);
	EXPECT(r && r->owner && r->owner->pid == 7 && r->pages == 4 && r->addr == 0x7000);
	r = row_of(rows, n, 0x1000);
	EXPECT(r && r->owner && r->owner->pid == 8 && r->pages == 12 &&
	       r->addr == 0x8000);
	free(rows);
	blockers_deinit(&b);
}

/* One holder of frames that follow each other is one row, whatever its slots. */
TEST(holders)
{
	struct holder_end end = { .pid = 9, .fd = 3, .reads = true, .comm = "reader" };
	struct holder list[3] = { { .kind = HOLDERS_PIPE,
				    .object = 42,
				    .slot = 0,
				    .pfn = 0x1001,
				    .pages = 1,
				    .nends = 1,
				    .end = &end },
				  { .kind = HOLDERS_PIPE,
				    .object = 42,
				    .slot = 1,
				    .pfn = 0x1002,
				    .pages = 1,
				    .nends = 1,
				    .end = &end } };
	struct holders h = { .holder = list, .n = 2, .complete = true };
	struct vma anon = file_of(VMA_FS_NONE);
	struct raw_page raw =
		raw_of(0x1000, KPF_BIT(LRU) | KPF_BIT(ANON), RAW_MAPPING_ANON, 2, 1);
	struct blockers_row *rows;
	struct blockers b;
	size_t n;

	begin("6.18");
	holders_sort(&h);
	b = (struct blockers){ .kernel = &kernel, .page = &context, .holders = &h };
	raw.pages = 4;
	EXPECT_INT(blockers_add(&b, &raw, &anon), 0);
	blockers_sort(&b);
	EXPECT_INT(blockers_rows(&b, &rows, &n), 0);
	EXPECT_INT(n, 2);
	for (size_t i = 0; i < n; i++) {
		bool held = rows[i].pfn == 0x1001;

		EXPECT_INT(rows[i].pages, 2);
		EXPECT_STR(rows[i].cause->holder,
			   held ? "pipe 42: read by reader(9) fd 3" : "");
	}
	free(rows);
	blockers_deinit(&b);
}
