/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/fold.h"
#include "test.h"

#define MIB (1ull << 20)

static struct fold fold;
static struct fold_row made;

/* Adds the mapping that was made last: until then a test may change it. */
static void add(void)
{
	if (made.mappings)
		EXPECT_INT(fold_add(&fold, &made.vma, &made.totals, made.severity), 0);
	made.mappings = 0;
}

/* Makes a readable mapping of @bytes at @start, all of it resident. */
static struct fold_row *map(u64 start, u64 bytes, const char *name, unsigned severity)
{
	struct vma vma = { .start = start, .end = start + bytes, .read = true };
	struct report_totals t = { .size_bytes = bytes, .present = bytes >> 12 };

	snprintf(vma.name, sizeof(vma.name), "%s", name);
	add();
	made = (struct fold_row){
		.vma = vma, .totals = t, .mappings = 1, .severity = severity
	};
	return &made;
}

static void expect_row(size_t i, u32 mappings, u64 bytes, const char *name)
{
	const struct fold_row *r = &fold.row[i];

	EXPECT(i < fold.n);
	EXPECT_INT(r->mappings, mappings);
	EXPECT_INT(r->totals.present << 12, bytes);
	EXPECT_STR(r->what ? r->what : r->vma.name, name);
}

TEST(mappings_of_a_file_are_one_row_and_the_largest_rows_come_first)
{
	map(0x1000000, MIB, "/usr/bin/a", 0);
	map(0x2000000, 30 * MIB, "[heap]", 0);
	map(0x7000000, MIB, "/usr/lib/libc.so.6", 0);
	map(0x7100000, 2 * MIB, "/usr/lib/libc.so.6", 0);
	map(0x7300000, 4096, "/usr/lib/libc.so.6", 0);
	add();
	fold_names(&fold);
	fold_rows(&fold, SIZE_MAX);
	EXPECT_INT(fold.n, 3);
	expect_row(0, 1, 30 * MIB, "[heap]");
	expect_row(1, 3, 3 * MIB + 4096, "/usr/lib/libc.so.6");
	expect_row(2, 1, MIB, "/usr/bin/a");
	EXPECT_INT(fold.row[1].totals.size_bytes, 3 * MIB + 4096);
	fold_deinit(&fold);
}

TEST(a_mapping_with_a_finding_stands_alone_before_larger_ones)
{
	map(0x1000000, 4096, "/usr/lib/libc.so.6", 0);
	map(0x1001000, 4096, "/usr/lib/libc.so.6", 2);
	map(0x1002000, 4096, "/usr/lib/libc.so.6", 0);
	map(0x2000000, 30 * MIB, "[heap]", 0);
	add();
	fold_names(&fold);
	fold_rows(&fold, SIZE_MAX);
	EXPECT_INT(fold.n, 3);
	expect_row(0, 1, 4096, "/usr/lib/libc.so.6");
	EXPECT_INT(fold.row[0].vma.start, 0x1001000);
	expect_row(1, 1, 30 * MIB, "[heap]");
	expect_row(2, 2, 8192, "/usr/lib/libc.so.6");
	fold_deinit(&fold);
}

TEST(what_exceeds_the_rows_is_summed_up_in_the_last)
{
	u64 sum = 0;

	for (u64 i = 1; i <= 40; i++) {
		char name[32];

		snprintf(name, sizeof(name), "/lib/%02u", (unsigned)i);
		map(i << 24, i << 12, name, 0);
		sum += i << 12;
	}
	add();
	fold_names(&fold);
	fold_rows(&fold, 10);
	EXPECT_INT(fold.n, 11);
	expect_row(0, 1, 40 << 12, "/lib/40");
	EXPECT_INT(fold.row[10].mappings, 30);
	EXPECT_STR(fold.row[10].what, "others; -v lists them");
	for (size_t i = 0; i < fold.n; i++)
		sum -= fold.row[i].totals.present << 12;
	EXPECT_INT(sum, 0);
	fold_deinit(&fold);
}

/* However many findings there are, few rows stand alone; here the row of the others is larger. */
TEST(findings_of_one_name_fold_when_there_are_many)
{
	for (u64 i = 1; i <= 20; i++)
		map(i << 24, i << 12, "", 1);
	add();
	fold_names(&fold);
	fold_rows(&fold, 10);
	EXPECT_INT(fold.n, FOLD_ALONE + 1);
	EXPECT_INT(fold.row[0].mappings, 20 - FOLD_ALONE);
	fold_deinit(&fold);
}

TEST(anonymous_mappings_are_called_by_what_they_are)
{
	struct fold_row *r = map(64 * MIB, MIB, "", 0);

	r->vma.flags = VF(NORESERVE);
	r = map(65 * MIB, 63 * MIB, "", 0);
	r->vma.read = false;
	r = map(200 * MIB, 4096, "", 0);
	r->vma.read = false;
	r = map(200 * MIB + 4096, 8 * MIB, "", 0);
	r->vma.flags = VF(NOHUGEPAGE);
	r = map(300 * MIB, MIB, "", 0);
	r->vma.write = r->vma.exec = true;
	r = map(310 * MIB, MIB, "", 0);
	r->totals.thp = r->totals.present;
	map(320 * MIB, MIB, "/anon_hugepage (deleted)", 0);
	r = map(330 * MIB, MIB, "/dev/zero (deleted)", 0);
	r->vma.shared = true;
	map(340 * MIB, MIB, "", 0);
	r = map(350 * MIB, MIB, "", 0);
	r->vma.flags = VF(GROWSDOWN);
	add();
	fold_names(&fold);
	expect_row(0, 1, MIB, "malloc arena");
	expect_row(1, 1, 63 * MIB, "no access");
	expect_row(3, 1, 8 * MIB, "thread stack");
	expect_row(4, 1, MIB, "writable code (JIT)");
	expect_row(5, 1, MIB, "anonymous, THP");
	expect_row(6, 1, MIB, "anonymous hugetlb");
	expect_row(7, 1, MIB, "shared anonymous");
	expect_row(8, 1, MIB, "anonymous");
	expect_row(9, 1, MIB, "stack");
	EXPECT_STR(vma_base_name(&fold.row[6].vma), "anon_hugepage (deleted)");
	fold_deinit(&fold);
}

/* Adds @n mappings, some with findings, of a few names and sizes; returns their rows. */
static struct fold random_rows(bool few, unsigned seed, unsigned n, size_t names)
{
	static const char *const name[] = {
		"", "/lib/a", "/lib/b", "[heap]", "/bin/c", ""
	};

	fold.few = few;
	srand(seed);
	for (u64 at = 1; at <= n; at++) {
		u64 pages = 1 + (u64)rand() % (rand() % 16 ? 8 : 4096);
		struct vma vma = { .start = at << 30, .end = (at << 30) + (pages << 12) };
		struct report_totals t = { .present = rand() % 8 ? pages : 0 };

		vma.read = rand() % 4;
		vma.exec = !(rand() % 16);
		t.thp = rand() % 16 ? 0 : t.present;
		snprintf(vma.name, sizeof(vma.name), "%s", name[rand() % 6]);
		EXPECT_INT(fold_add(&fold, &vma, &t,
				    rand() % (seed % 2 ? 100 : 1000) == 1),
			   0);
	}
	EXPECT_INT(fold_names(&fold), 0);
	fold_rows(&fold, names);
	return fold;
}

TEST(few_rows_are_kept_of_many_mappings_and_folded_alike)
{
	for (unsigned seed = 0; seed < 200; seed++) {
		size_t names = seed % 3 ? 3 : SIZE_MAX;
		struct fold all, few;

		fold = (struct fold){ .n = 0 };
		all = random_rows(false, seed, seed * 2, names);
		fold = (struct fold){ .n = 0 };
		few = random_rows(true, seed, seed * 2, names);
		EXPECT_INT(few.n, all.n);
		for (size_t i = 0; i < few.n && i < all.n; i++) {
			struct fold_row *a = &all.row[i], *b = &few.row[i];

			a->next = b->next = NULL;
			EXPECT(!memcmp(a, b, sizeof(*a)));
		}
		EXPECT(few.n <= 40);
		fold_deinit(&few);
		fold_deinit(&all);
	}
	fold = (struct fold){ .n = 0 };
}
