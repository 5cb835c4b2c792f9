/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/table.h"

#include <errno.h>
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_CHUNK 512 /* rows kept before they are printed */
#define TABLE_LINE 4096 /* the longest row that table_write() makes */

/*
 * libsmartcols lays out the first chunk and prints it with the headings.  From then on columns
 * keep their width, and table_write() makes rows of plain cells: libsmartcols 2.38 needs 2.1 us
 * for a row of twelve cells at best (2.7 us as used here), mostly for fputs() of single blanks
 * and for mbrtowc(); table_write() needs a tenth of it.  Rows with colour, or with characters
 * that must be measured or escaped, still go through libsmartcols.
 */
struct table {
	struct libscols_table *tb;
	struct table_options opt;
	unsigned ncols, rows;
	bool printed; /* the first chunk and the headings are out */
	struct table_fixed {
		unsigned width;
		bool right, cut;
	} * fixed; /* by column; valid when ->printed */
};

static int table_add_column(struct table *t, const struct table_column *col, bool last)
{
	bool cut = col->truncate && t->opt.width;
	int flags = (col->right ? SCOLS_FL_RIGHT : 0) | (cut ? SCOLS_FL_TRUNC : 0);
	struct libscols_column *cl =
		scols_table_new_column(t->tb, col->name, last ? 1 : col->width, flags);

	return cl ? 0 : -ENOMEM;
}

int table_new(const struct table_options *opt, const struct table_column *cols,
	      unsigned n, struct table **ret)
{
	struct table *t = calloc(1, sizeof(*t));
	int err = 0;

	if (!t)
		return -ENOMEM;
	t->opt = *opt;
	t->ncols = n;
	t->tb = scols_new_table();
	t->fixed = calloc(n, sizeof(*t->fixed));
	if (!t->tb || !t->fixed) {
		table_free(t);
		return -ENOMEM;
	}
	scols_table_set_stream(t->tb, opt->out);
	scols_table_enable_noheadings(t->tb, opt->noheadings);
	scols_table_enable_raw(t->tb, opt->format == TABLE_RAW);
	scols_table_enable_export(t->tb, opt->format == TABLE_PAIRS);
	scols_table_enable_shellvar(t->tb, opt->format == TABLE_PAIRS);
	scols_table_set_termforce(t->tb, opt->width ? SCOLS_TERMFORCE_ALWAYS
						    : SCOLS_TERMFORCE_NEVER);
	if (opt->width)
		scols_table_set_termwidth(t->tb, opt->width);
	scols_table_enable_colors(t->tb, 1);
	for (unsigned i = 0; i < n && !err; i++)
		err = table_add_column(t, &cols[i], i + 1 == n);
	if (err) {
		table_free(t);
		return err;
	}
	*ret = t;
	return 0;
}

/*
 * Makes a column as wide as its hint, its heading and its cells need.  Without
 * SCOLS_FL_STRICTWIDTH libsmartcols ignores the hint when no cell is wider than the heading,
 * and with it the heading when the hint is not wider.
 */
static void table_keep_width(struct libscols_column *cl, double hint)
{
	const char *name = scols_cell_get_data(scols_column_get_header(cl));
	int flags = scols_column_get_flags(cl) & ~SCOLS_FL_STRICTWIDTH;

	if (hint > strlen(name))
		flags |= SCOLS_FL_STRICTWIDTH;
	scols_column_set_whint(cl, hint);
	scols_column_set_flags(cl, flags);
}

/* Keeps the widths of the first chunk for all that follow. */
static void table_fix(struct table *t)
{
	for (unsigned i = 0; i < t->ncols; i++) {
		struct libscols_column *cl = scols_table_get_column(t->tb, i);
		struct table_fixed *f = &t->fixed[i];

		f->right = scols_column_is_right(cl);
		f->cut = scols_column_is_trunc(cl);
		f->width = t->opt.format == TABLE_TEXT ? scols_column_get_width(cl) : 0;
		if (f->width && i + 1 < t->ncols)
			table_keep_width(cl, f->width);
	}
}

/* Prints the rows that are kept; @more will follow. */
static int table_print(struct table *t, bool more)
{
	int err;

	if (more && !t->printed && t->opt.format == TABLE_TEXT)
		for (unsigned i = 0; i + 1 < t->ncols; i++) {
			struct libscols_column *cl = scols_table_get_column(t->tb, i);

			table_keep_width(cl, scols_column_get_whint(cl));
		}
	err = scols_print_table(t->tb);
	if (!t->printed)
		table_fix(t);
	scols_table_remove_lines(t->tb);
	t->rows = 0;
	t->printed = true;
	scols_table_enable_noheadings(t->tb, 1);
	return err;
}

/* Returns the length of @s if it needs no escape and each byte is a column, else -1. */
static int table_plain(const char *s, bool raw)
{
	unsigned char first = raw ? '!' : ' ';
	int n = 0;

	for (; s[n]; n++)
		if ((unsigned char)(s[n] - first) > '~' - first || s[n] == '\\')
			return -1;
	return n || !raw ? n : -1;
}

/* Appends @n bytes of @s, aligned.  A cell that is too wide moves the rest of its row. */
static char *table_put(char *at, const struct table_fixed *f, const char *s, unsigned n,
		       bool last)
{
	unsigned pad;

	if (f->cut && n > f->width && f->width)
		n = f->width;
	pad = n < f->width ? f->width - n : 0;
	if (f->right) {
		memset(at, ' ', pad);
		at += pad;
	}
	memcpy(at, s, n);
	at += n;
	if (!f->right && !last) {
		memset(at, ' ', pad);
		at += pad;
	}
	*at++ = last ? '\n' : ' ';
	return at;
}

/* Writes a row of plain cells.  Returns 0, 1 when libsmartcols has to print it, or -errno. */
static int table_write(struct table *t, const char *const *text, const char *const *color)
{
	bool raw = t->opt.format == TABLE_RAW;
	char line[TABLE_LINE], *at = line;

	for (unsigned i = 0; i < t->ncols; i++) {
		const struct table_fixed *f = &t->fixed[i];
		int n = color && color[i] ? -1 : table_plain(text[i], raw);

		if (n < 0 ||
		    MAX((unsigned)n, f->width) + 1 > (size_t)(line + TABLE_LINE - at))
			return 1;
		at = table_put(at, f, text[i], n, i + 1 == t->ncols);
	}
	if (t->rows) {
		int err = table_print(t, true);

		if (err)
			return err;
	}
	return fwrite(line, at - line, 1, t->opt.out) == 1 ? 0 : -EIO;
}

int table_row(struct table *t, const char *const *text, const char *const *color)
{
	struct libscols_line *ln;
	int err = 0;

	if (t->rows == TABLE_CHUNK)
		err = table_print(t, true);
	if (err)
		return err;
	if (t->printed && t->opt.format != TABLE_PAIRS) {
		err = table_write(t, text, color);
		if (err <= 0)
			return err;
	}
	ln = scols_table_new_line(t->tb, NULL);
	if (!ln)
		return -ENOMEM;
	for (unsigned i = 0; i < t->ncols; i++) {
		if (scols_line_set_data(ln, i, text[i]))
			return -ENOMEM;
		if (color && color[i])
			scols_cell_set_color(scols_line_get_cell(ln, i), color[i]);
	}
	t->rows++;
	return 0;
}

int table_end(struct table *t)
{
	if (t->rows)
		return table_print(t, t->printed);
	if (t->printed || t->opt.noheadings || t->opt.format == TABLE_PAIRS)
		return 0;
	for (unsigned i = 0; i < t->ncols; i++) {
		struct libscols_column *cl = scols_table_get_column(t->tb, i);

		fprintf(t->opt.out, "%s%s", i ? " " : "",
			scols_cell_get_data(scols_column_get_header(cl)));
	}
	fputc('\n', t->opt.out);
	return 0;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	scols_unref_table(t->tb);
	free(t->fixed);
	free(t);
}
