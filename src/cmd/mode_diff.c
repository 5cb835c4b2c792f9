/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --diff A B, and what --replay --model adds to the summary. */
#include "cmd/session.h"

#include "live/live.h"
#include "os/confine.h"
#include "render/render_diff.h"
#include "render/rows.h"
#include "replay/replay.h"

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
	bool file;
	struct store *store; /* what was collected: a live source is closed then */
};

static int diff_open(struct session *s, const char *name, struct diff_side *side)
{
	if (name[strspn(name, "0123456789")] || access(name, F_OK) == 0) {
		side->src = replay_open(name, &s->diag);
		side->file = true;
	} else {
		side->src =
			live_open(&(struct live_options){ .evidence = s->opt.evidence,
							  .jobs = (unsigned)s->opt.jobs },
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

static int diff_collect(struct session *s, struct diff_side *side,
			const struct store *like)
{
	struct collect_options opt = session_asked(s);
	int err = session_model(s, &side->src->machine->kernel, &side->model);

	if (err)
		return EXIT_TROUBLE;
	opt.pids = side->pids;
	opt.npids = side->npids;
	opt.model = s->opt.model ? &side->model : NULL;
	opt.holes = true;
	err = store_collect(side->src, &opt, like, &s->diag, &side->store);
	if (!side->file) { /* and end its threads */
		side->src->ops->close(side->src);
		side->src = NULL;
	}
	return err ? EXIT_TROUBLE : 0;
}

/*
 * Live processes first: then all capabilities can be given up, and threads that have them are gone,
 * before the first byte of a file is looked at.
 */
static int diff_read_both(struct session *s, struct diff_side *side)
{
	const struct store *like = NULL;
	int err = 0;

	confine_caps(CONFINE_READ);
	for (unsigned files = 0; files < 2 && !err; files++) {
		if (files && (side[0].file || side[1].file))
			session_confine(s);
		for (unsigned i = 0; i < 2 && !err; i++) {
			if (side[i].file != files)
				continue;
			err = diff_read(&side[i]);
			if (!err)
				err = diff_collect(s, &side[i], like);
			like = side[i].store;
		}
	}
	return err;
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
	const char *names[] = { s->opt.value[OPTION_DIFF], s->opt.diff_b };
	struct diff_side side[2] = { 0 };
	struct render_diff d = { .opt = &s->opt.render };
	int err = 0;

	for (unsigned i = 0; i < 2 && !err; i++)
		err = diff_open(s, names[i], &side[i]);
	if (!err)
		err = diff_read_both(s, side);
	if (!err) {
		d.a = side[0].store;
		d.b = side[1].store;
		d.base = kernel_page_size(&d.a->machine.kernel);
		err = render_diff_begin(&d);
		if (!err)
			err = diff_stores(&d);
		if (d.a->dropped || d.b->dropped)
			diag_add(
				&s->diag, DIAG_INCOMPLETE,
				"the reports are too large to be compared whole; give --range");
		if (!err)
			err = render_diff_end(&d);
		rows_free(d.rows);
	}
	for (unsigned i = 2; i--;) {
		store_free(side[i].store);
		if (side[i].src)
			side[i].src->ops->close(side[i].src);
	}
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
	*r = (struct model_diff){ .judge = &s->model, .machine = *s->source->machine };
	if (!replay_scan(s->source, &model_diff_handler, r))
		render_diff_rejudged(&s->opt.render, r, replay_model(s->source));
	free(r);
}
