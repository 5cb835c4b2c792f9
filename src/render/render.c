/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Helpers of all views. */
#include "render/render.h"

#include "lib/array.h"
#include "lib/text.h"
#include <string.h>

void render_columns_chosen(struct render_options *opt, enum columns_of of,
			   const struct report_row *sum)
{
	const struct column *added[RENDER_COLUMNS_MAX];
	unsigned n = opt->ncolumns, usual = 0;
	bool all = opt->format != TABLE_TEXT && of != COLUMNS_PAGE;
	const char *bad;
	size_t len;

	if (n && !opt->add)
		return;
	memcpy(added, opt->columns, n * sizeof(*added));
	opt->ncolumns = 0;
	if (columns_rows[of].usual)
		columns_select(of, columns_rows[of].usual, opt->columns, &opt->ncolumns,
			       RENDER_COLUMNS_MAX, &bad, &len);
	else
		opt->ncolumns = columns_fit(of, all ? 0 : opt->width, sum, opt->columns);
	/* one that is added stands behind the usual ones, and not among them, too */
	for (unsigned i = 0; i < opt->ncolumns; i++)
		if (!ARRAY_ANY(k, n, added[k] == opt->columns[i]))
			opt->columns[usual++] = opt->columns[i];
	opt->ncolumns = usual;
	n = MIN(n, RENDER_COLUMNS_MAX - opt->ncolumns);
	memcpy(opt->columns + opt->ncolumns, added, n * sizeof(*added));
	opt->ncolumns += n;
	opt->add = false;
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

void render_block(FILE *out, const char *label, unsigned indent, const char *fmt, ...)
{
	char text[1200];

	TEXT_FORMAT(text, sizeof(text), fmt);
	fprintf(out, "%-*s", (int)indent, label);
	render_wrap(out, indent, indent, text);
}
