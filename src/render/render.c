/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Helpers of all views, and --list-columns. */
#include "render/render.h"

#include "render/sums.h"

#include <string.h>

struct table_options render_table_options(const struct render_options *opt)
{
	bool cut = opt->cut && opt->format == TABLE_TEXT;

	return (struct table_options){ .out = opt->out,
				       .format = opt->format,
				       .noheadings = opt->noheadings,
				       .width = cut ? opt->width : 0 };
}

void render_columns_chosen(struct render_options *opt, enum columns_of of,
			   const struct report_row *sum)
{
	const struct column *added[RENDER_COLUMNS_MAX];
	unsigned n = opt->ncolumns;
	bool all = opt->format != TABLE_TEXT && of != COLUMNS_PAGE;

	if (n && !opt->add)
		return;
	memcpy(added, opt->columns, n * sizeof(*added));
	opt->ncolumns = columns_fit(of, all ? 0 : opt->width, sum, opt->columns);
	n = MIN(n, RENDER_COLUMNS_MAX - opt->ncolumns);
	memcpy(opt->columns + opt->ncolumns, added, n * sizeof(*added));
	opt->ncolumns += n;
	opt->add = false;
}

/* Names the rows of @col: "mappings, processes". */
static const char *columns_rows(const struct column *col, char *buf, size_t size)
{
	buf[0] = '\0';
	for (unsigned of = 0; of < COLUMNS_OF; of++)
		if (col->of & BIT(of))
			snprintf(buf + strlen(buf), size - strlen(buf), "%s%s",
				 *buf ? "," : "", columns_of_name(of));
	return buf;
}

int render_columns(const struct render_options *opt)
{
	static const struct table_column cols[] = {
		{ .name = "COLUMN", .width = 10 },
		{ .name = "OF", .width = 18 },
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
		char of[40];
		const char *text[] = { table[i].name,
				       columns_rows(&table[i], of, sizeof(of)),
				       table[i].help[0] ? table[i].help
							: sums_help(table[i].arg) };

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
