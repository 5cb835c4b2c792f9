/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/render.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct render_pages {
	struct render_options opt;
	struct table *table;
};

int render_pages_new(const struct render_options *opt, void **ret)
{
	struct render_pages *r = calloc(1, sizeof(*r));
	struct table_column cols[RENDER_COLUMNS_MAX];
	int err;

	if (!r)
		return -ENOMEM;
	r->opt = *opt;
	if (!r->opt.ncolumns)
		render_default_columns(&r->opt);
	for (unsigned i = 0; i < r->opt.ncolumns; i++) {
		const struct column *c = r->opt.columns[i];

		cols[i] = (struct table_column){ .name = c->name,
						 .width = c->width,
						 .right = c->flags & COLUMN_RIGHT,
						 .truncate = i + 1 == r->opt.ncolumns };
	}
	struct table_options topt = render_table_options(opt);

	err = table_new(&topt, cols, r->opt.ncolumns, &r->table);
	if (err) {
		free(r);
		return err;
	}
	*ret = r;
	return 0;
}

void render_pages_free(void *ctx)
{
	struct render_pages *r = ctx;

	if (!r)
		return;
	table_free(r->table);
	free(r);
}

static const char *render_pages_color(const struct column *col,
				      const struct report_row *row)
{
	for (unsigned i = 0; i < GUP_REQUESTS; i++) {
		const struct gup_verdict *v = &row->verdicts->req[i];

		if (!strcasecmp(col->name, gup_request_name(i)))
			return render_word_color(v->word);
	}
	if (!strcmp(col->name, "LEAK") && row->verdicts->write.leak == TRI_YES)
		return "red";
	return NULL;
}

static int render_pages_row(void *ctx, const struct report_row *row)
{
	struct render_pages *r = ctx;
	const char *text[RENDER_COLUMNS_MAX], *color[RENDER_COLUMNS_MAX];
	static struct cell cells[RENDER_COLUMNS_MAX];
	static char bufs[RENDER_COLUMNS_MAX][32];

	for (unsigned i = 0; i < r->opt.ncolumns; i++) {
		columns_get(r->opt.columns[i], row, &cells[i]);
		text[i] = columns_text(&cells[i], r->opt.bytes, bufs[i], sizeof(bufs[i]));
		color[i] =
			r->opt.color ? render_pages_color(r->opt.columns[i], row) : NULL;
	}
	return table_row(r->table, text, color);
}

static int render_pages_end(void *ctx, const struct report_totals *t)
{
	struct render_pages *r = ctx;

	return table_end(r->table, true);
}

const struct report_view render_pages_view = {
	.row = render_pages_row,
	.end = render_pages_end,
};
