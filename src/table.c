/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table.h"

#include <errno.h>
#include <libsmartcols.h>
#include <stdlib.h>

#define TABLE_CHUNK 512 /* rows kept before they are printed */

struct table {
	struct libscols_table *tb;
	struct table_options opt;
	unsigned ncols, rows;
	bool printed; /* a chunk and its headings are out */
};

static int table_add_column(struct table *t, const struct table_column *col, bool last)
{
	int flags = (col->right ? SCOLS_FL_RIGHT : 0) |
		    (col->truncate && t->opt.width ? SCOLS_FL_TRUNC : 0);
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
	if (!t->tb) {
		free(t);
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

/* From the first full chunk on, columns keep their width so that chunks line up. */
static int table_print(struct table *t, bool more)
{
	int err;

	if (more && !t->printed && t->opt.format == TABLE_TEXT)
		for (unsigned i = 0; i + 1 < t->ncols; i++) {
			struct libscols_column *cl = scols_table_get_column(t->tb, i);

			scols_column_set_flags(cl, scols_column_get_flags(cl) |
							   SCOLS_FL_STRICTWIDTH);
		}
	err = scols_print_table(t->tb);
	scols_table_remove_lines(t->tb);
	t->rows = 0;
	t->printed = true;
	scols_table_enable_noheadings(t->tb, 1);
	return err;
}

int table_row(struct table *t, const char *const *text, const char *const *color)
{
	struct libscols_line *ln;

	if (t->rows == TABLE_CHUNK) {
		int err = table_print(t, true);

		if (err)
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

int table_end(struct table *t, bool headings)
{
	if (t->rows)
		return table_print(t, t->printed);
	if (t->printed || !headings || t->opt.noheadings || t->opt.format == TABLE_PAIRS)
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
	free(t);
}
