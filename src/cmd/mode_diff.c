/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --diff A B, and what --replay --model adds to the summary. */
#include "cmd/session.h"

#include "live/live.h"
#include "os/confine.h"
#include "render/render_diff.h"
#include "render/rows.h"
#include "replay/replay.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_TROUBLE 2 /* as diff(1): 0 same, 1 different, 2 trouble */

/* A side of --diff: a report, or a PID when no such file exists. */
struct diff_side {
	struct source *src;
	const pid_t *pids;
	unsigned npids;
	pid_t pid;
	struct kernel model;
	bool has_model, file;
};

static int diff_open(struct session *s, const char *name, struct diff_side *side)
{
	if (name[strspn(name, "0123456789")] || access(name, F_OK) == 0) {
		side->src = replay_open(name, &s->diag);
		side->file = true;
	} else {
		side->src =
			live_open(&(struct live_options){ .evidence = s->opt.evidence },
				  &s->diag);
		side->pid = atoi(name);
		side->pids = &side->pid;
		side->npids = 1;
	}
	return side->src ? 0 : EXIT_TROUBLE;
}

/* Reads what was opened, as far as it is a file. */
static int diff_read(struct diff_side *side)
{
	size_t n;

	if (!side->file)
		return 0;
	if (replay_read(side->src))
		return EXIT_TROUBLE;
	side->pids = replay_pids(side->src, &n);
	side->npids = (unsigned)n;
	return 0;
}

static struct store *diff_collect(struct session *s, struct diff_side *side,
				  const struct store *like)
{
	struct store *store = store_new(&(struct store_options){ .holes = true }, like);
	const char *why = "";
	struct collect_options opt = {
		.pids = side->pids,
		.npids = side->npids,
		.ranges = s->opt.range,
		.nranges = s->opt.nranges,
		.names = s->opt.name,
		.nnames = s->opt.nnames,
		.holes = true,
	};
	int err = store ? 0 : -ENOMEM;

	if (!err && s->opt.model) {
		err = kernel_resolve_model(&side->src->machine->kernel, s->opt.model,
					   &side->model, &why);
		opt.model = &side->model;
		if (err)
			session_fail(s, err, "--model %.40s: %s", s->opt.model, why);
	}
	if (!err)
		opt.judge = store->judge;
	if (!err)
		err = collect_run(side->src, &opt, &store_view, store, &s->diag);
	if (!err)
		return store;
	store_free(store);
	return NULL;
}

/* Returns the process of @b to compare with @p: of the same PID, or the only one of both. */
static const struct store_process *
diff_partner(const struct store *a, const struct store *b, const struct store_process *p)
{
	const struct store_process *same = store_process_by_pid(b, p->process.pid);

	return same ? same : a->nprocs == 1 && b->nprocs == 1 ? &b->proc[0] : NULL;
}

static int diff_stores(struct render_diff *d)
{
	int err = 0;

	for (size_t i = 0; i < d->a->nprocs && !err; i++) {
		const struct store_process *p = &d->a->proc[i];
		const struct store_process *q = diff_partner(d->a, d->b, p);
		u64 skipped = 0;

		err = q ? store_diff(d->a, p, d->b, q, 0, UINT64_MAX, STORE_REAL,
				     render_diff_change, d, &skipped)
			: render_diff_process(d, &p->process, "A");
		d->skipped += skipped;
	}
	for (size_t i = 0; i < d->b->nprocs && !err; i++)
		if (!diff_partner(d->b, d->a, &d->b->proc[i]))
			err = render_diff_process(d, &d->b->proc[i].process, "B");
	return err;
}

int mode_diff(struct session *s)
{
	struct diff_side a = { 0 }, b = { 0 };
	struct render_diff d = { .opt = &s->opt.render };
	struct store *sa = NULL, *sb = NULL;
	int err = diff_open(s, s->opt.value[OPTION_DIFF], &a);

	if (!err)
		err = diff_open(s, s->opt.diff_b, &b);
	if (!err && a.file && b.file)
		session_confine(s);
	else if (!err)
		confine_caps(CONFINE_READ);
	if (!err)
		err = diff_read(&a);
	if (!err)
		err = diff_read(&b);
	if (!err) {
		sa = diff_collect(s, &a, NULL);
		sb = sa ? diff_collect(s, &b, sa) : NULL;
		err = sb ? 0 : EXIT_TROUBLE;
	}
	if (!err) {
		d.a = sa;
		d.b = sb;
		d.base = kernel_page_size(&sa->machine.kernel);
		err = render_diff_begin(&d);
		if (!err)
			err = diff_stores(&d);
		if (!err)
			err = render_diff_end(&d);
		rows_free(d.rows);
		if (sa->dropped || sb->dropped)
			diag_add(
				&s->diag, DIAG_INCOMPLETE,
				"the reports are too large to be compared whole; give --range");
	}
	store_free(sb);
	store_free(sa);
	if (a.src)
		a.src->ops->close(a.src);
	if (b.src)
		b.src->ops->close(b.src);
	if (err || s->diag.worst == DIAG_ERROR)
		return err == -EPIPE ? EXIT_COMPLETE : EXIT_TROUBLE;
	if (d.changes)
		return 1;
	return s->diag.worst == DIAG_INCOMPLETE ? EXIT_INCOMPLETE : EXIT_COMPLETE;
}

void session_rejudged(struct session *s)
{
	struct model_diff *r;

	if (!s->opt.replay || !s->has_model || s->opt.redact)
		return;
	r = malloc(sizeof(*r));
	if (!r)
		return;
	model_diff_init(r, s->source->machine, &s->model);
	if (!replay_scan(s->source, &model_diff_handler, r))
		render_diff_rejudged(&s->opt.render, r, replay_model(s->source));
	free(r);
}
