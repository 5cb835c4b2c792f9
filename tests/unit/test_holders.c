/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fnmatch.h>

#include "kpageflags.h"
#include "page/holders.h"
#include "page/structpage.h"
#include "test.h"

static struct holder_end ends[] = {
	{ .pid = 42, .fd = 5, .reads = true, .comm = "cow" },
	{ .pid = 42, .fd = 6, .writes = true, .comm = "cow" },
	{ .pid = 77, .fd = 3, .comm = "ring" },
};

/* A pipe with frames 0x150 and 0x100, a ring's buffer of 16 small pages, one of half a THP. */
static struct holder four[] = {
	{ .kind = HOLDERS_PIPE,
	  .object = 9,
	  .slot = 1,
	  .pfn = 0x150,
	  .pages = 1,
	  .nends = 2,
	  .end = ends },
	{ .kind = HOLDERS_PIPE,
	  .object = 9,
	  .slot = 0,
	  .pfn = 0x100,
	  .pages = 1,
	  .nends = 2,
	  .end = ends },
	{ .kind = HOLDERS_IO_URING,
	  .slot = 0,
	  .pfn = 0x300,
	  .pages = 16,
	  .addr = 0x7f0000000000,
	  .bytes = 65536,
	  .nends = 1,
	  .end = ends + 2 },
	{ .kind = HOLDERS_IO_URING,
	  .slot = 1,
	  .pfn = 0x400,
	  .pages = 256,
	  .whole = true,
	  .nends = 1,
	  .end = ends + 2 },
	{ .kind = HOLDERS_VMPIN,
	  .certainty = HOLDERS_CANDIDATE,
	  .bytes = 4096,
	  .nends = 1,
	  .end = ends },
};

static struct holders all(void)
{
	static struct holder copy[ARRAY_SIZE(four)];
	struct holders h = { .holder = copy, .n = ARRAY_SIZE(four), .complete = true };

	memcpy(copy, four, sizeof(four));
	holders_sort(&h);
	return h;
}

static struct page_class class;

static struct page_run small(u64 pfn, s64 excess)
{
	class = (struct page_class){ .page = { .size = 4096,
					       .kind = PAGE_ANON,
					       .leaf = RAW_LEVEL_PTE,
					       .expected = 1,
					       .refcount = 1 + excess,
					       .excess = excess } };
	return (struct page_run){ .pages = 1, .pfn = pfn, .class = &class };
}

TEST(sorting)
{
	struct holders h = all();

	EXPECT_INT(h.nexact, 4);
	EXPECT_INT(h.holder[3].reach, 0x500);
	EXPECT_INT(h.holder[0].pfn, 0x100);
	EXPECT_INT(h.holder[4].kind, HOLDERS_VMPIN);
}

TEST(lookup)
{
	struct holders h = all();
	size_t pos = 0;

	EXPECT_INT(holders_next(&h, 0x305, 0x306, &pos)->pfn, 0x300);
	EXPECT(!holders_next(&h, 0x305, 0x306, &pos));
	pos = 0;
	EXPECT(!holders_next(&h, 0x310, 0x311, &pos));
	pos = 0;
	EXPECT(!holders_next(&h, 0, 0x100, &pos));
	pos = 0;
	EXPECT(!holders_next(&h, 0x10000, 0x10001, &pos));
}

TEST(pipe_explains_one_reference)
{
	struct holders h = all();
	struct page_run p = small(0x100, 1);
	struct holders_ledger l;
	char text[200];

	holders_explain(&h, &p, 42, &l);
	EXPECT_INT(l.n, 1);
	EXPECT_INT(l.explained, 1);
	EXPECT_INT(l.unexplained, 0);
	EXPECT_STR(holders_text(&l.holder[0], text, sizeof(text)),
		   "pipe 9 slot 0: read by cow(42) fd 5, written by cow(42) fd 6");
}

TEST(expected_references_have_parts)
{
	static const struct {
		struct page_info page;
		const char *text;
	} rows[] = {
		{ { .kind = PAGE_ANON, .anon = true, .folio_mapcount = 1, .expected = 1 },
		  "1 mapping" },
		{ { .kind = PAGE_ANON, .anon = true, .folio_mapcount = 2, .expected = 3 },
		  "2 mappings, 1 swap cache" },
		{ { .kind = PAGE_FILE,
		    .flags = KPF_BIT(PRIVATE),
		    .flags_known = KPF_BIT(PRIVATE),
		    .folio_mapcount = 1,
		    .expected = 3 },
		  "1 mapping, 1 page cache, 1 private" },
		{ { .kind = PAGE_SHMEM,
		    .folio_mapcount = 1,
		    .expected = 513,
		    .order = 9 },
		  "1 mapping, 512 page cache" },
		{ { .kind = PAGE_HUGETLB,
		    .flags = KPF_BIT(PRIVATE),
		    .flags_known = KPF_BIT(PRIVATE),
		    .folio_mapcount = 2,
		    .expected = 3 },
		  "2 mappings, 1 page cache" },
		{ { .kind = PAGE_FILE, .folio_mapcount = 1, .expected = -1 }, "" },
	};
	char text[80];

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		EXPECT_STR(page_count_expected_text(&rows[i].page, text, sizeof(text)),
			   rows[i].text);
}

TEST(remainder_is_said)
{
	struct holders h = all();
	struct page_run p = small(0x100, 2);
	struct holders_ledger l;
	char text[100];

	holders_explain(&h, &p, 42, &l);
	EXPECT_INT(l.unexplained, 1);
	EXPECT_INT(l.n, 3); /* the pipe, an LRU batch, and the process's own VmPin */
	EXPECT_INT(l.holder[1].kind, HOLDERS_LRU_BATCH);
	EXPECT_INT(l.holder[1].certainty, HOLDERS_POSSIBLE);
	EXPECT_STR(holders_text(&l.holder[1], text, sizeof(text)),
		   "perhaps an LRU batch of some CPU");
	EXPECT_INT(l.holder[2].kind, HOLDERS_VMPIN);
	class.page.excess = class.page.refcount =
		3; /* two references are not one batch's */
	holders_explain(&h, &p, 42, &l);
	EXPECT_INT(l.unexplained, 2);
	EXPECT_INT(l.n, 2);
	class.page.excess = 2;
	holders_explain(&h, &p, 43, &l);
	EXPECT_INT(l.n, 2); /* another process's candidates are none */
}

TEST(pins_of_small_pages_weigh_1024)
{
	struct holders h = all();
	struct page_run p = small(0x308, 1024);
	struct holders_ledger l;

	holders_explain(&h, &p, 42, &l);
	EXPECT_INT(l.explained, 1024);
	EXPECT_INT(l.unexplained, 0);
	EXPECT_INT(l.holder[0].slot, 0);
}

TEST(large_folio)
{
	struct holders h = all();
	struct page_run p = small(0x410, 1);
	struct holders_ledger l;

	class.page.order = 9;
	holders_explain(&h, &p, 42, &l);
	EXPECT_INT(l.n, 1);
	EXPECT_INT(l.explained, 1); /* one pin for the folio as a whole */
	EXPECT_INT(l.unexplained, 0);
}

/* A run of small pages is explained as far as its least explained page. */
TEST(run)
{
	struct holders h = all();
	struct page_run p = small(0x300, 1024);
	struct holders_ledger l;

	p.pages = 16;
	holders_explain(&h, &p, 42, &l);
	EXPECT_INT(l.unexplained, 0);
	p.pages = 17;
	holders_explain(&h, &p, 42, &l);
	EXPECT_INT(l.unexplained, 1024);
}

/* Batches that were read are holders like others, and no other one is possible. */
TEST(batches)
{
	struct holders h = all();
	struct page_run p = small(0x100, 3);
	struct holders_ledger l;
	char text[80];

	class.page.has_batches = true;
	class.page.batches = STRUCTPAGE_BATCH(STRUCTPAGE_LRU_LAZYFREE, 3);
	holders_explain(&h, &p, 43, &l);
	EXPECT_INT(l.explained, 2);
	EXPECT_INT(l.unexplained, 1);
	EXPECT_INT(l.n, 2);
	EXPECT_INT(l.holder[0].certainty, HOLDERS_EXACT);
	EXPECT_STR(holders_text(&l.holder[0], text, sizeof(text)),
		   "the lru_lazyfree batch of CPU 3");
	EXPECT(!holders_may_be_batched(&class.page));
	class.page.excess = 1;
	holders_explain(NULL, &p, 43, &l);
	EXPECT_INT(l.unexplained, 0);
	class.page.batches |= STRUCTPAGE_BATCH(STRUCTPAGE_MLOCK, 0x1fff) << 16;
	holders_explain(NULL, &p, 43, &l);
	EXPECT_INT(l.n, 2);
	EXPECT_INT(l.explained, 2);
	class.page.batches = 0x10000; /* of a report that somebody made */
	holders_explain(NULL, &p, 43, &l);
	EXPECT_STR(holders_text(&l.holder[0], text, sizeof(text)),
		   "the ? batch of CPU 1");
}

/* Holders that all overlap, as somebody may write them into a report: the search ends. */
TEST(holders_without_end)
{
	enum { MANY = 200000, STEPS = 10 * MANY };
	static struct holder many[MANY];
	struct holders h = { .holder = many, .n = MANY, .complete = true };
	struct page_run p = small(1 << 20, 1);
	struct holders_ledger l;
	unsigned looks = 0;

	for (u64 i = 0; i < MANY; i++)
		many[i] = (struct holder){ .kind = HOLDERS_PIPE,
					   .pfn = i,
					   .pages = 1ULL << 60 };
	holders_sort(&h);
	h.steps = STEPS;
	holders_explain(&h, &p, 42, &l);
	EXPECT_INT(l.explained, MANY);
	EXPECT_INT(l.unexplained, 0);
	EXPECT_INT(l.n + l.more, MANY);
	EXPECT_INT(h.steps, STEPS - 2 * MANY);
	/* a page that none reaches takes none of them */
	p.pfn = 1ULL << 61;
	holders_explain(&h, &p, 42, &l);
	EXPECT_INT(l.unexplained, 1);
	EXPECT_INT(h.steps, STEPS - 2 * MANY);
	p.pfn = 1 << 20;
	p.pages = 1ULL << 50;
	for (; h.complete && looks < 10; looks++)
		holders_explain(&h, &p, 42, &l);
	EXPECT_INT(looks, 4);
	EXPECT_INT(l.unexplained, -1);
	EXPECT(h.why[0]);
	/* candidates, too */
	for (u64 i = 0; i < MANY; i++)
		many[i] = (struct holder){ .kind = HOLDERS_VMPIN,
					   .certainty = HOLDERS_CANDIDATE };
	h.complete = true;
	holders_sort(&h);
	h.steps = MANY - 1;
	holders_explain(&h, &p, 42, &l);
	EXPECT_INT(l.unexplained, -1);
	EXPECT(!h.complete);
}

TEST(nothing_looked_for)
{
	struct page_run p = small(0x100, 1);
	struct holders_ledger l;

	holders_explain(NULL, &p, 42, &l);
	EXPECT_INT(l.n, 0);
	EXPECT_INT(l.unexplained, -1);
}

TEST(words)
{
	char text[12];

	for (unsigned i = 0; i < HOLDERS_KINDS; i++)
		EXPECT(strcmp(holders_kind_name(i), "?"));
	holders_text(&four[0], text, sizeof(text)); /* cut, not overrun */
	EXPECT_STR(text, "pipe 9 slot");
}

TEST(frames_that_nothing_maps_count_once_for_each_process_that_has_the_holder_open)
{
	struct holders h = all();

	EXPECT_INT(holders_unmapped(&h, 42), 0);
	h.holder[0].unmapped = 1; /* of the pipe: 0x100 */
	h.holder[2].unmapped = 9; /* of the ring: in 0x300 to 0x310 */
	EXPECT_INT(holders_unmapped(&h, 42), 1);
	EXPECT_INT(holders_unmapped(&h, 77), 9);
	EXPECT_INT(holders_unmapped(&h, 1), 0);
	h.holder[3].pfn = 0x300; /* a second buffer of the same frames */
	h.holder[3].pages = 16;
	h.holder[3].unmapped = 9;
	EXPECT_INT(holders_unmapped(&h, 77), 9);
	h.holder[0].unmapped = -1;
	EXPECT_INT(holders_unmapped(&h, 42), -1);
	EXPECT_INT(holders_unmapped(&h, 77), 9);
	h.complete = false;
	EXPECT_INT(holders_unmapped(&h, 77), -1);
}

TEST(each_kind_has_its_sentence)
{
	static const struct {
		enum holders_kind kind;
		const char *text;
	} rows[] = {
		{ HOLDERS_PIPE, "pipe 9 slot 1" },
		{ HOLDERS_IO_URING, "io_uring buffer 1, 0x7000+64K" },
		{ HOLDERS_MAPPING, "mapped at 0x7000+64K" },
		{ HOLDERS_PAGE_CACHE, "the page cache" },
		{ HOLDERS_SWAP_CACHE, "the swap cache" },
		{ HOLDERS_LRU_BATCH, "NAME" },
		{ HOLDERS_VFIO, "NAME" },
		{ HOLDERS_IOMMUFD, "NAME" },
		{ HOLDERS_RDMA, "NAME" },
		{ HOLDERS_AF_XDP, "AF_XDP umem, 64 KiB" },
		{ HOLDERS_VMPIN, "what VmPin counts, 64 KiB" },
		{ HOLDERS_MLOCK, "mlock 0x7000+64K" },
		{ HOLDERS_UNKNOWN, "NAME" },
		{ HOLDERS_SOCKET_SEND, "send queue of socket 9" },
		{ HOLDERS_SOCKET_RECEIVE, "receive queue of socket 9" },
		{ HOLDERS_IO_URING_PROVIDED,
		  "io_uring ring of provided buffers, group 1" },
		{ HOLDERS_IO_URING_RING, "io_uring rings in memory of the process" },
		{ HOLDERS_UDMABUF, "udmabuf, 64 KiB" },
		{ HOLDERS_UDMABUF_GET, "udmabuf, 64 KiB" },
		{ HOLDERS_DIRECT_IO, "direct I/O in flight: NAME" },
		{ HOLDERS_KVM, "KVM, which pins memory of encrypted guests only" },
		{ HOLDERS_VDPA, "NAME" },
		{ HOLDERS_UBLK, "NAME" },
		{ HOLDERS_DMABUF, "a dma-buf" },
	};
	char text[100];

	EXPECT_INT(ARRAY_SIZE(rows), HOLDERS_KINDS);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct holder h = { .kind = rows[i].kind,
				    .object = 9,
				    .slot = 1,
				    .addr = 0x7000,
				    .bytes = 65536,
				    .name = "NAME" };

		EXPECT_STR(holders_what(&h, text, sizeof(text)), rows[i].text);
	}
}

/* Links as /proc/PID/fd has them: of drivers that may pin memory, each its own; others none. */
TEST(an_open_device_is_a_candidate_of_its_kind)
{
	static const struct {
		const char *link;
		int kind; /* -1: of none */
	} rows[] = {
		{ "/dev/vfio/12", HOLDERS_VFIO },
		{ "/dev/iommu", HOLDERS_IOMMUFD },
		{ "/dev/infiniband/uverbs0", HOLDERS_RDMA },
		{ "anon_inode:kvm-vm", HOLDERS_KVM },
		{ "/dev/vhost-vdpa-0", HOLDERS_VDPA },
		{ "/dev/ublkc3", HOLDERS_UBLK },
		{ "/dmabuf:heap", HOLDERS_DMABUF },
		{ "/dev/vfio/vfio", -1 }, /* the container, which has no group yet */
		{ "/dev/kvm", -1 },
		{ "/dev/ublk-control", -1 },
		{ "anon_inode:kvm-vcpu:0", -1 },
		{ "/tmp/dev/iommu", -1 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		for (int kind = 0; kind < HOLDERS_KINDS; kind++) {
			const char *open = holders_kinds[kind].open;

			EXPECT_INT(open && !fnmatch(open, rows[i].link, 0),
				   kind == rows[i].kind);
		}
}
