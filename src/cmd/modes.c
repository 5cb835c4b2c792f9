/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modes that show a report on a stream. */
#include "cmd/session.h"

#include "render/rows.h"

#include <errno.h>
#include <stdlib.h>

int session_view(struct session *s, const struct render_view *view, bool holes)
{
	void *ctx = calloc(1, view->size);
	int err = -ENOMEM;

	if (ctx) {
		*(const struct render_options **)ctx = &s->opt.render;
		err = session_collect(s, &view->report, ctx, holes);
		if (view->deinit)
			view->deinit(ctx);
		free(ctx);
	}
	return session_exit(s, err);
}

int mode_summary(struct session *s)
{
	int status;

	if (s->opt.render.json && !s->opt.render.ncolumns)
		return session_view(s, &render_json_view, false);
	status = session_view(s, &render_summary_view, false);
	session_rejudged(s);
	return status;
}

int mode_pages(struct session *s)
{
	if (s->opt.render.json && !s->opt.render.ncolumns)
		return session_view(s, &render_json_view, false);
	render_columns_chosen(&s->opt.render, COLUMNS_PAGE, NULL);
	return session_view(s, &render_pages_view, false);
}

static int explain_one(struct session *s, unsigned i)
{
	struct render_explain e = { .opt = &s->opt.render, .addr = s->opt.explain[i] };
	int err;

	if (i)
		fputc('\n', s->opt.render.out);
	s->opt.range[0] = s->opt.range[i];
	s->opt.nranges = 1;
	err = session_collect(s, &render_explain_view, &e, true);
	if (!err && !e.found)
		diag_add(&s->diag, DIAG_ERROR,
			 "%llx is in no mapping of the process; --pages lists what is",
			 e.addr);
	return err;
}

int mode_explain(struct session *s)
{
	struct options *opt = &s->opt;
	int err = 0;

	for (opt->nranges = 0; opt->nranges < opt->nexplain; opt->nranges++) {
		u64 page = ROUND_DOWN(opt->explain[opt->nranges], KERNEL_PAGE_LEAST);

		opt->range[opt->nranges] =
			(struct collect_range){ .start = page,
						.end = page + KERNEL_PAGE_LEAST };
	}
	if (opt->render.json)
		return session_view(s, &render_json_view, true);
	for (unsigned i = 0; i < opt->nexplain && !err; i++)
		err = explain_one(s, i);
	return session_exit(s, err);
}

int mode_facts(struct session *s)
{
	const struct source_machine *m = s->source->machine;
	const struct report_head head = { s->has_model ? &s->model : m->page.kernel, m };

	return session_exit(s, render_facts(&s->opt.render, &head));
}

int mode_list_columns(struct session *s)
{
	return session_exit(s, rows_columns(&s->opt.render));
}
