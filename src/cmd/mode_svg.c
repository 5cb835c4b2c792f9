/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --svg: a picture of what the options select, drawn from a report that is kept in it. */
#include "cmd/session.h"

#include "os/tempfile.h"
#include "render/render_svg.h"
#include "replay/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PICTURE_REPORT (16 << 20) /* bytes of a report that goes into a picture */

static int picture_begin(void *ctx, const struct report_head *head)
{
	struct highlights *h = ctx;

	h->base = kernel_page_size(&head->kernel->ev);
	h->cpus = head->machine->cpus;
	return 0;
}

static int picture_row(void *ctx, const struct report_row *row)
{
	highlights_look(ctx, row);
	return 0;
}

static int picture_end(void *ctx, const struct report_totals *t)
{
	highlights_end(ctx);
	return 0;
}

static const struct report_view picture_view = { .begin = picture_begin,
						 .row = picture_row,
						 .end = picture_end };

/* The processes of the report, each behind its parent. */
static pid_t *picture_pids(struct source *src, unsigned *ret_n)
{
	size_t n;
	const pid_t *pids = replay_pids(src, &n);
	pid_t *ret = calloc(MAX(n, 1), sizeof(*ret));
	struct process p;

	*ret_n = (unsigned)n;
	for (size_t i = 0, at; ret && i < n; i++) {
		ret[at = i] = pids[i];
		/* before the first of its children */
		for (size_t k = n <= FAMILY_MEMBERS ? i : 0; k-- > 0;)
			if (!src->ops->open(src, ret[k], &p) && p.ppid == pids[i])
				at = k;
		memmove(&ret[at + 1], &ret[at], (i - at) * sizeof(*ret));
		ret[at] = pids[i];
	}
	return ret;
}

/* Draws the report in @src, which is the one in @tmp. */
static int picture_draw(struct session *s, struct source *src, FILE *tmp)
{
	bool live = !s->opt.replay && !s->opt.given[OPTION_REDACT], found;
	struct highlights *h = calloc(1, sizeof(*h));
	struct svg_time *time = calloc(1, sizeof(*time));
	struct collect_options opt = { .model = s->has_model ? &s->model : NULL,
				       .holders = true };
	struct render_svg r = {
		.h = h, .time = time, .version = s->opt.render.version, .ctx = tmp
	};
	struct stat st;
	struct store *store = NULL;
	struct family *family = NULL;
	pid_t *pids = picture_pids(src, &opt.npids);
	int err = h && time && pids ? 0 : -ENOMEM;

	opt.pids = pids;
	if (!fstat(fileno(tmp), &st) && st.st_size <= PICTURE_REPORT)
		r.report = tempfile_copy;
	else
		diag_add(
			&s->diag, DIAG_NOTE,
			"the report is larger than %u MiB, and so not in the picture; --report=FILE writes it",
			PICTURE_REPORT >> 20);
	if (!err)
		err = store_collect(src, &opt, NULL, &s->diag, &store);
	if (!err)
		err = store->nprocs ? mode_family_new(s, store, &family) : -ESRCH;
	opt.again = true;
	opt.wait = live ? session_wait : NULL;
	opt.again_at = live ? s->source : NULL;
	if (!err)
		err = collect_run(src, &opt, &picture_view, h, &s->diag);
	if (!err && s->opt.replay)
		err = mode_trace_replay(s, &svg_time_view, time, &found);
	r.s = store;
	r.f = family;
	if (!err)
		err = render_svg(&r, s->out.file ? s->out.file : s->opt.render.out);
	if (time)
		svg_time_deinit(time);
	free(time);
	free(pids);
	free(h);
	family_free(family);
	store_free(store);
	return err;
}

int mode_svg(struct session *s)
{
	struct source *src = NULL;
	FILE *tmp;
	int err;

	s->opt.redact = false; /* session_redact() has done it */
	err = mode_report_make(s, &tmp, false);
	if (!err) {
		src = replay_open_fd(fileno(tmp), "the report", &s->diag);
		err = src ? replay_read(src) : -EIO;
		if (!err)
			err = picture_draw(s, src, tmp);
		fclose(tmp);
	}
	if (src)
		src->ops->close(src);
	return session_exit(s, outfile_close(&s->out, err));
}
