/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/pins.h"
#include "test.h"

/* Process 10 made a ring, which its child 11 has open too; both have a pipe; 12 is not asked for. */
static const struct holder_end ends[] = {
	{ .pid = 10, .fd = 3, .owner = true }, { .pid = 11, .fd = 3 },
	{ .pid = 10, .fd = 4, .reads = true }, { .pid = 10, .fd = 5, .writes = true },
	{ .pid = 12, .fd = 7, .owner = true }, { .pid = 11, .fd = 9 },
};

static struct holder list[] = {
	/* 8 small pages, then 4 pages of a folio of 512, of which the ring keeps one pin */
	{ .kind = HOLDERS_IO_URING,
	  .pfn = 100,
	  .pages = 8,
	  .memory = 8,
	  .unmapped = 8,
	  .lone = 8,
	  .span_pfn = 100,
	  .span = 8,
	  .nends = 2,
	  .end = ends },
	{ .kind = HOLDERS_IO_URING,
	  .slot = 1,
	  .whole = true,
	  .pfn = 1040,
	  .pages = 4,
	  .memory = 4,
	  .span_pfn = 1024,
	  .span = 512,
	  .nends = 2,
	  .end = ends },
	{ .kind = HOLDERS_IO_URING,
	  .slot = 2,
	  .whole = true,
	  .pfn = 1050,
	  .pages = 2,
	  .memory = 2,
	  .span_pfn = 1024,
	  .span = 512,
	  .nends = 2,
	  .end = ends },
	/* a page of the ring, and the same page again; bytes that were written */
	{ .kind = HOLDERS_PIPE,
	  .object = 77,
	  .pfn = 101,
	  .pages = 1,
	  .memory = 1,
	  .unmapped = 1,
	  .nends = 2,
	  .end = ends + 2 },
	{ .kind = HOLDERS_PIPE,
	  .object = 77,
	  .slot = 1,
	  .pfn = 101,
	  .pages = 1,
	  .memory = 1,
	  .unmapped = 1,
	  .nends = 2,
	  .end = ends + 2 },
	{ .kind = HOLDERS_PIPE,
	  .object = 77,
	  .slot = 2,
	  .pfn = 900,
	  .pages = 1,
	  .nends = 2,
	  .end = ends + 2 },
	{ .kind = HOLDERS_IO_URING,
	  .pfn = 5000,
	  .pages = 16,
	  .memory = -1,
	  .unmapped = -1,
	  .nends = 1,
	  .end = ends + 4 },
	{ .kind = HOLDERS_VFIO,
	  .certainty = HOLDERS_CANDIDATE,
	  .nends = 1,
	  .end = ends + 5,
	  .name = "/dev/vfio/1" },
};

static struct pins made(struct holders *h)
{
	static struct pins_process of[2] = {
		{ .process = { .pid = 10, .vm_pin_bytes = 530 * 4096 } },
		{ .process = { .pid = 11, .vm_pin_bytes = 4096, .vm_lck_bytes = 8192 } },
	};
	struct pins p = { .n = 2,
			  .base = 4096,
			  .has_counters = true,
			  .acquired = 1030,
			  .released = 1000 };

	*h = (struct holders){ .holder = list, .n = ARRAY_SIZE(list), .complete = true };
	holders_sort(h);
	p.process = malloc(sizeof(of));
	memcpy(p.process, of, sizeof(of));
	EXPECT_INT(pins_locked(&p, 1, 0x1000, 4096), 0);
	EXPECT_INT(pins_make(&p, h), 0);
	return p;
}

TEST(rows_of_processes)
{
	static const struct {
		size_t of;
		u8 kind;
		u64 held;
		s64 unmapped, pins;
		int fd;
	} want[] = {
		{ 0, HOLDERS_PIPE, 1, 1, 0, 4 },
		{ 0, HOLDERS_IO_URING, 8, 8, 8, 3 },
		{ 0, HOLDERS_IO_URING, 4, 0, 1, 3 },
		{ 0, HOLDERS_IO_URING, 2, 0, 1, 3 },
		{ 0, HOLDERS_UNKNOWN, 530 - 520, -1, -1, -1 },
		{ 1, HOLDERS_IO_URING, 8, 8, 8, 3 },
		{ 1, HOLDERS_IO_URING, 4, 0, 1, 3 },
		{ 1, HOLDERS_IO_URING, 2, 0, 1, 3 },
		{ 1, HOLDERS_MLOCK, 1, 0, 0, -1 },
		{ 1, HOLDERS_VFIO, 0, -1, -1, 9 },
		{ 1, HOLDERS_UNKNOWN, 1, -1, -1, -1 },
		{ 1, HOLDERS_UNKNOWN, 1, -1, -1, -1 },
	};
	struct holders h;
	struct pins p = made(&h);
	char text[100];

	EXPECT_INT(p.nrows, ARRAY_SIZE(want));
	for (size_t i = 0; i < p.nrows && i < ARRAY_SIZE(want); i++) {
		EXPECT_INT(p.row[i].of, want[i].of);
		EXPECT_INT(p.row[i].holder.kind, want[i].kind);
		EXPECT_INT(p.row[i].held, want[i].held);
		EXPECT_INT(p.row[i].unmapped, want[i].unmapped);
		EXPECT_INT(p.row[i].pins, want[i].pins);
		EXPECT_INT(p.row[i].fd, want[i].fd);
	}
	EXPECT_STR(pins_text(&p.row[0], PINS_WHAT, text, sizeof(text)),
		   "pipe 77, 3 buffers");
	EXPECT_STR(pins_text(&p.row[9], PINS_WHAT, text, sizeof(text)), "/dev/vfio/1");
	pins_deinit(&p);
}

TEST(sums_count_once)
{
	struct holders h;
	struct pins p = made(&h);

	EXPECT_INT(p.held, 8 + 4 + 2); /* the pipe's page is the ring's */
	EXPECT_INT(p.unmapped, 8);
	EXPECT(!p.unmapped_unknown); /* nothing is known of process 12, which was not asked for */
	EXPECT_INT(p.pins, 10);
	EXPECT_INT(p.found, 26);
	EXPECT_INT(pins_unexplained(&p), 4);
	/* the folio once; to the process that made the ring */
	EXPECT_INT(p.process[0].charged, 520 * 4096);
	EXPECT_INT(p.process[1].charged, 0);
	pins_deinit(&p);
}

TEST(without_holders)
{
	struct pins p = { .base = 4096 };

	EXPECT_INT(pins_make(&p, NULL), 0);
	EXPECT_INT(p.nrows, 0);
	EXPECT(!p.complete);
	EXPECT_INT(pins_unexplained(&p), 0);
	pins_deinit(&p);
}
