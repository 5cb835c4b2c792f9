/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/js.h"
#include "render/rows.h"

#include <errno.h>
#include <stdlib.h>

struct render_pages {
	struct render_options opt;
	struct js js;
	struct rows *rows;
};

int render_pages_new(const struct render_options *opt, void **ret)
{
	struct render_pages *r = calloc(1, sizeof(*r));
	int err = r ? 0 : -ENOMEM;

	if (r) {
		r->opt = *opt;
		r->js.out = opt->out;
		err = rows_new(opt, COLUMNS_PAGE, NULL, opt->json ? &r->js : NULL,
			       &r->rows);
	}
	if (err)
		free(r);
	else
		*ret = r;
	return err;
}

void render_pages_free(void *ctx)
{
	struct render_pages *r = ctx;

	if (!r)
		return;
	rows_free(r->rows);
	free(r);
}

static int render_pages_begin(void *ctx, const struct report_head *head)
{
	struct render_pages *r = ctx;

	if (r->opt.json)
		render_json_rows(&r->js, &r->opt, head);
	return 0;
}

static int render_pages_row(void *ctx, const struct report_row *row)
{
	struct render_pages *r = ctx;

	return rows_add(r->rows, row);
}

static int render_pages_end(void *ctx, const struct report_totals *t)
{
	struct render_pages *r = ctx;
	int err = rows_end(r->rows, NULL);

	return err || !r->opt.json ? err : render_json_rows_end(&r->js, &r->opt);
}

const struct report_view render_pages_view = {
	.begin = render_pages_begin,
	.row = render_pages_row,
	.end = render_pages_end,
};
