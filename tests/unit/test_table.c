/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <locale.h>
#include <stdlib.h>

#include "render/columns.h"
#include "render/render.h"
#include "render/table.h"
#include "test.h"

#define ROWS 1100 /* more than two chunks */

static const struct table_column cols[] = {
	{ .name = "ADDR", .width = 12, .right = true },
	{ .name = "PAGES", .width = 5, .right = true },
	{ .name = "KIND", .width = 7 },
	{ .name = "NAME", .width = 20, .truncate = true },
};
static char *lines[ROWS + 2];
static unsigned nlines;

/* Prints ROWS rows alike, but for row @odd, which is @row in @color; the lines are in lines[]. */
static void print(struct table_options opt, unsigned odd, const char *const *row,
		  const char *const *color)
{
	static const char *const plain[] = { "7f0000001000", "1", "anon", "heap" };
	static char *text;
	size_t len;
	struct table *t;

	free(text);
	text = NULL;
	setlocale(LC_CTYPE, "C.UTF-8");
	opt.out = open_memstream(&text, &len);
	EXPECT_INT(table_new(&opt, cols, ARRAY_SIZE(cols), &t), 0);
	for (unsigned i = 0; i < ROWS; i++)
		EXPECT_INT(table_row(t, i == odd ? row : plain, i == odd ? color : NULL),
			   0);
	EXPECT_INT(table_end(t), 0);
	table_free(t);
	fclose(opt.out);
	nlines = 0;
	for (char *s = strtok(text, "\n"); s && nlines < ARRAY_SIZE(lines);
	     s = strtok(NULL, "\n"))
		lines[nlines++] = s;
}

/* All rows but that of index @odd are alike. */
static void expect_alike(unsigned odd)
{
	EXPECT_INT(nlines, ROWS + 1);
	for (unsigned i = 2; i < nlines; i++)
		if (i != odd + 1)
			EXPECT_STR(lines[i], lines[1]);
}

TEST(later_rows_line_up_with_the_headings)
{
	print((struct table_options){ 0 }, ROWS, NULL, NULL);
	expect_alike(ROWS);
	EXPECT_STR(lines[0], "        ADDR PAGES KIND    NAME");
	EXPECT_STR(lines[1], "7f0000001000     1 anon    heap");
}

TEST(a_wide_cell_moves_its_own_row_only)
{
	static const char *const row[] = { "ffffffffff600000", "1", "special", "x" };

	print((struct table_options){ 0 }, 700, row, NULL);
	expect_alike(700);
	EXPECT_STR(lines[701], "ffffffffff600000     1 special x");
}

TEST(rows_that_have_to_be_measured_stay_in_order)
{
	static const char *const row[] = { "1000", "1", "\xc3\xa4", "n\\x1b" };
	static const char *const color[] = { NULL, NULL, "red", NULL };

	print((struct table_options){ 0 }, 700, row, NULL);
	expect_alike(700);
	EXPECT_STR(lines[701], "        1000     1 \xc3\xa4       n\\x5cx1b");
	print((struct table_options){ .width = 80 }, 1000, row, color);
	expect_alike(1000);
	EXPECT(strstr(lines[1001], "\033[31m\xc3\xa4") != NULL);
}

TEST(the_edge_of_the_terminal_cuts_every_chunk)
{
	static const char *const row[] = { "1000", "1", "anon",
					   "/a/rather/long/name/of/a/file" };

	print((struct table_options){ .width = 40 }, 600, row, NULL);
	expect_alike(600);
	EXPECT_STR(lines[601], "        1000     1 anon    /a/rather/lon");
}

TEST(raw_rows_have_no_blanks_in_cells)
{
	static const char *const row[] = { "1000", "1", "a b", "c\\d" };

	print((struct table_options){ .format = TABLE_RAW, .noheadings = true }, 600, row,
	      NULL);
	EXPECT_INT(nlines, ROWS);
	EXPECT_STR(lines[0], "7f0000001000 1 anon heap");
	EXPECT_STR(lines[ROWS - 1], lines[0]);
	EXPECT_STR(lines[600], "1000 1 a\\x20b c\\x5cd");
}

TEST(digits_are_those_of_printf)
{
	static const u64 numbers[] = { 0, 9, 10, 0x7f0000001000, UINT64_MAX, 1ull << 63 };
	char got[40], want[40];

	for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++) {
		snprintf(want, sizeof(want), "0x%llx", numbers[i]);
		EXPECT_STR(columns_digits(numbers[i], 16, "0x", got, sizeof(got)), want);
		snprintf(want, sizeof(want), "%llu", numbers[i]);
		EXPECT_STR(columns_digits(numbers[i], 10, "", got, sizeof(got)), want);
	}
	EXPECT_STR(columns_digits(100, 10, "", got, 3), "");
	EXPECT_STR(columns_digits(100, 10, "", got, 4), "100");
}

/* The process ended before there was anything of it to show. */
TEST(a_view_that_never_began_is_released)
{
	static const struct render_view *const views[] = {
		&render_summary_view,
		&render_pages_view,
		&render_json_view,
		&render_all_view,
	};
	static const struct render_options opt;

	for (unsigned i = 0; i < ARRAY_SIZE(views); i++) {
		void *ctx = calloc(1, views[i]->size);

		EXPECT(ctx);
		*(const struct render_options **)ctx = &opt;
		if (views[i]->deinit)
			views[i]->deinit(ctx);
		free(ctx);
	}
}
