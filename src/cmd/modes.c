/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modes that show a report on a stream. */
#include "cmd/session.h"

#include <errno.h>
#include <inttypes.h>

/* Runs @view over what the options select, and releases its context. */
static int mode_view(struct session *s, const struct report_view *view, void *ctx,
		     void (*release)(void *), bool holes)
{
	int err = session_collect(s, view, ctx, holes);

	release(ctx);
	return session_exit(s, err);
}

static int mode_json(struct session *s, bool holes)
{
	void *ctx;
	int err = render_json_new(&s->opt.render, s->opt.json_lines, true, &ctx);

	return err ? session_exit(s, err)
		   : mode_view(s, &render_json_view, ctx, render_json_free, holes);
}

int mode_summary(struct session *s)
{
	void *ctx;
	int err;

	if (s->opt.json && !s->opt.render.ncolumns)
		return mode_json(s, false);
	err = render_summary_new(&s->opt.render, &ctx);
	if (err)
		return session_exit(s, err);
	err = mode_view(s, &render_summary_view, ctx, render_summary_free, false);
	session_rejudged(s);
	return err;
}

int mode_pages(struct session *s)
{
	void *ctx;
	int err;

	if (s->opt.render.json && !s->opt.render.ncolumns)
		return mode_json(s, false);
	render_columns_chosen(&s->opt.render, COLUMNS_PAGE, NULL);
	err = render_pages_new(&s->opt.render, &ctx);
	return err ? session_exit(s, err)
		   : mode_view(s, &render_pages_view, ctx, render_pages_free, false);
}

static int explain_one(struct session *s, unsigned i)
{
	void *ctx;
	int err = render_explain_new(&s->opt.render, s->opt.explain[i], &ctx);

	if (err)
		return err;
	if (i)
		fputc('\n', s->opt.render.out);
	s->opt.range[0] = s->opt.range[i];
	s->opt.nranges = 1;
	err = session_collect(s, &render_explain_view, ctx, true);
	if (!err && !render_explain_found(ctx))
		diag_add(&s->diag, DIAG_ERROR,
			 "%" PRIx64
			 " is in no mapping of the process; --pages lists what is",
			 s->opt.explain[i]);
	render_explain_free(ctx);
	return err;
}

int mode_explain(struct session *s)
{
	struct options *opt = &s->opt;
	int err = 0;

	for (opt->nranges = 0; opt->nranges < opt->nexplain; opt->nranges++) {
		u64 page = ROUND_DOWN(opt->explain[opt->nranges], 4096);

		opt->range[opt->nranges] =
			(struct collect_range){ .start = page, .end = page + 4096 };
	}
	if (opt->json || opt->json_lines)
		return mode_json(s, true);
	for (unsigned i = 0; i < opt->nexplain && !err; i++)
		err = explain_one(s, i);
	return session_exit(s, err);
}

int mode_facts(struct session *s)
{
	const struct source_machine *m = s->source->machine;
	int err = render_facts(&s->opt.render, s->has_model ? &s->model : m->page.kernel,
			       m, s->opt.json || s->opt.json_lines);

	return session_exit(s, err);
}

int mode_list_columns(struct session *s)
{
	return session_exit(s, render_columns(&s->opt.render));
}
