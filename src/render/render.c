/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Helpers of all views, and --list-columns. */
#include "render/render.h"

#include <string.h>

const char *render_word_color(enum gup_word word)
{
	switch (word) {
	case GUP_WORD_COPY:
	case GUP_WORD_MIGRATE:
		return "yellow";
	case GUP_WORD_MARK:
	case GUP_WORD_REUSE:
		return "cyan";
	case GUP_WORD_ERRNO:
		return "red";
	case GUP_WORD_UNKNOWN:
		return "magenta";
	default:
		return NULL;
	}
}

struct table_options render_table_options(const struct render_options *opt)
{
	bool cut = opt->cut && opt->format == TABLE_TEXT;

	return (struct table_options){ .out = opt->out,
				       .format = opt->format,
				       .noheadings = opt->noheadings,
				       .width = cut ? opt->width : 0 };
}

/* Selects the default columns that fit: the page set, then wide ones while there is room. */
void render_default_columns(struct render_options *opt)
{
	unsigned n, room = opt->width;
	const struct column *table = columns_table(&n);

	for (unsigned i = 0; i < n; i++)
		if (table[i].flags & COLUMN_PAGES)
			room -= MIN(room, table[i].width + 1u);
	for (unsigned i = 0; i < n; i++) {
		bool take = table[i].flags & COLUMN_PAGES;

		if (!take && table[i].flags & COLUMN_WIDE &&
		    table[i].width + 1u <= room) {
			take = true;
			room -= table[i].width + 1;
		}
		if (take)
			opt->columns[opt->ncolumns++] = &table[i];
	}
}

int render_columns(const struct render_options *opt)
{
	static const struct table_column cols[] = {
		{ .name = "COLUMN", .width = 10 },
		{ .name = "DESCRIPTION", .width = 40, .truncate = true },
	};
	struct table_options topt = render_table_options(opt);
	struct table *t;
	unsigned n;
	const struct column *table = columns_table(&n);
	int err = table_new(&topt, cols, ARRAY_SIZE(cols), &t);

	if (err)
		return err;
	for (unsigned i = 0; i < n && !err; i++) {
		const char *text[] = { table[i].name, table[i].help };

		err = table_row(t, text, NULL);
	}
	if (!err)
		err = table_end(t, true);
	table_free(t);
	return err;
}

void render_wrap(FILE *out, unsigned col, unsigned indent, const char *text)
{
	for (bool first = true; *text; first = false) {
		size_t word = strcspn(text, " ");

		if (!first && col + 1 + word > 79) {
			fprintf(out, "\n%*s", (int)indent, "");
			col = indent;
		} else if (!first) {
			fputc(' ', out);
			col++;
		}
		fprintf(out, "%.*s", (int)word, text);
		col += (unsigned)word;
		text += word + strspn(text + word, " ");
	}
	fputc('\n', out);
}

void render_block(FILE *out, const char *label, unsigned indent, const char *text)
{
	fprintf(out, "%-*s", (int)indent, label);
	render_wrap(out, indent, indent, text);
}
