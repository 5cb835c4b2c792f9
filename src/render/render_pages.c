/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/rows.h"

struct render_pages {
	const struct render_options *opt;
	struct rows *rows;
};

static int render_pages_begin(void *ctx, const struct report_head *head)
{
	struct render_pages *r = ctx;

	return rows_new(r->opt, COLUMNS_PAGE, NULL, head, &r->rows);
}

static int render_pages_row(void *ctx, const struct report_row *row)
{
	return rows_add(((struct render_pages *)ctx)->rows, row);
}

static int render_pages_end(void *ctx, const struct report_totals *t)
{
	return rows_end(((struct render_pages *)ctx)->rows, NULL);
}

static void render_pages_deinit(void *ctx)
{
	rows_free(((struct render_pages *)ctx)->rows);
}

const struct render_view render_pages_view = {
	.report = { .begin = render_pages_begin,
		    .row = render_pages_row,
		    .end = render_pages_end },
	.size = sizeof(struct render_pages),
	.deinit = render_pages_deinit,
};
