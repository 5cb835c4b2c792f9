/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --trace and --demo. */
#include "cmd/session.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <unistd.h>

#include "demo/demo.h"
#include "render/render_demo.h"
#include "os/tempfile.h"
#include "render/rows.h"
#include "render/render_event.h"
#include "replay/replay.h"
#include "trace/trace.h"

/* ---- --events, --range, --filter and --bits */

static bool trace_named(void *ctx, const struct vma *vma)
{
	struct session *s = ctx;
	struct collect_options asked = session_asked(s);

	return collect_check_name(&asked, vma);
}

/* The page, as it is or, when it is gone, as it was. */
static bool trace_keep(void *ctx, const struct event_change *c)
{
	const struct store_side *side = c->c.b.row ? &c->c.b : &c->c.a;
	struct report_row row;

	if (!side->row)
		return false;
	row = store_diff_row(&c->c, side);
	return session_keep(ctx, &row);
}

/* What the options leave of the events, for @view. */
static struct event_select trace_select(struct session *s, const struct event_view *view,
					void *view_ctx)
{
	struct event_select select = s->opt.events;

	select.ranges = s->opt.range;
	select.nranges = s->opt.nranges;
	select.named = s->opt.nnames ? trace_named : NULL;
	select.keep = s->filter || s->opt.bits ? trace_keep : NULL;
	select.ctx = s;
	select.view = view;
	select.view_ctx = view_ctx;
	return select;
}

/* --output FILE: shows events by @view and keeps a recording. */
static int record(struct session *s, const struct trace_options *topt,
		  const struct event_view *view, void *view_ctx, int *ret_status)
{
	struct render_event_record_options ropt = { .file = s->out.file,
						    .inner = view,
						    .inner_ctx = view_ctx,
						    .version = s->opt.render.version };
	void *ctx = NULL;
	int err = tempfile_open(&ropt.data), kept;

	if (err)
		diag_add(&s->diag, DIAG_ERROR, "cannot write a temporary file: %s",
			 strerror(-err));
	else
		err = render_event_record_new(&ropt, &ctx);
	if (!err)
		err = trace_run(topt, s->source, &render_event_record_view, ctx, &s->diag,
				ret_status);
	render_event_record_free(ctx);
	if (ropt.data)
		fclose(ropt.data);
	/* a recording that was cut short can be replayed as far as it goes */
	kept = outfile_close(&s->out, ftello(s->out.file) > 0 ? 0 : err);
	return err ? err : kept;
}

/* ---- --replay FILE --trace: the events of a recording */

int mode_trace_replay(struct session *s, const struct event_view *view, void *ctx,
		      bool *ret_found)
{
	static const struct record_handler handler = { .text = render_event_replay_line };
	struct kernel judge = *s->source->machine->page.kernel;
	struct report_head head = { .machine = s->source->machine, .kernel = &judge };
	struct render_event_replay r = {
		.view = view, .ctx = ctx, .head = &head, .json = !view
	};
	struct event_select select = trace_select(s, &render_event_replay_json, &r);
	int err, last;

	snprintf(judge.model, sizeof(judge.model), "%s", replay_model(s->source));
	if (!view && (s->opt.given[OPTION_EVENTS] || s->opt.nranges)) {
		r.view = &event_select_view;
		r.ctx = &select;
	}
	err = replay_scan(s->source, &handler, &r);
	last = render_event_replay_end(&r);
	if (r.unreadable)
		diag_add(
			&s->diag, DIAG_INCOMPLETE,
			"%s: %u events cannot be read: they are damaged or too large, or another version of gupinfo has recorded them; --trace --json-lines shows them as they are",
			s->opt.replay, r.unreadable);
	*ret_found = r.found;
	return err ? err : last;
}

static int replay_events(struct session *s)
{
	struct render_event_options ropt = { .out = stdout,
					     .verbose = s->opt.given[OPTION_VERBOSE],
					     .color = s->opt.render.color };
	bool json = s->opt.render.json, found = false;
	struct event_select select;
	int err;

	if (s->filter || s->opt.bits || s->opt.nnames)
		return session_fail(
			s, EXIT_USAGE,
			"a recording has addresses and events, but not every page of each moment: --range takes addresses there, and --filter and --bits are for the trace itself");
	ropt.whole = s->opt.events.kinds;
	select = trace_select(s, &render_event_view, &ropt);
	err = mode_trace_replay(s, json ? NULL : &event_select_view, &select, &found);
	if (!err && found && !json)
		err = event_select_view.end(&select, -1);
	if (!err && !found)
		return session_fail(
			s, EXIT_FAILED,
			"%s holds no events: it is a report, not a recording of --trace",
			s->opt.replay);
	return session_exit(s, err);
}

static int trace_live(struct session *s)
{
	const struct options *o = &s->opt;
	bool json = o->render.json;
	/* When the reader goes away, gupinfo must survive until it has let the target go. */
	bool ignored = signal(SIGPIPE, SIG_IGN) == SIG_IGN;
	struct trace_options topt = {
		.argv = o->command,
		.pids = o->pids,
		.npids = o->npids,
		.no_stop = o->given[OPTION_NO_STOP],
		.interval_ms = (unsigned)o->interval_ms,
		/* text shows a mapping without pages only on request */
		.each_mmap = json || s->out.file || o->given[OPTION_VERBOSE] ||
			     o->events.kinds & BIT(EVENT_MMAP),
		.sigpipe_default = !ignored,
		.model = s->has_model ? &s->model : NULL
	};
	/* The command's standard output is its own: text for people goes where strace's goes. */
	struct render_event_options ropt = { .out = o->command && !json ? stderr : stdout,
					     .verbose = o->given[OPTION_VERBOSE] };
	struct event_select select =
		trace_select(s, json ? &render_event_json_view : &render_event_view,
			     &ropt);
	int status = -1, err;

	if (!o->command && !o->npids)
		return session_fail(
			s, EXIT_USAGE,
			"trace what? Give -- COMMAND or --pid PID; gupinfo --help explains");
	err = session_follow(s);
	if (err)
		return err;
	ropt.color = o->color == 1 ||
		     (!o->color && isatty(fileno(ropt.out)) && o->render.color);
	ropt.whole = o->events.kinds;
	fflush(stdout);
	if (s->out.file)
		err = record(s, &topt, &event_select_view, &select, &status);
	else
		err = trace_run(&topt, s->source, &event_select_view, &select, &s->diag,
				&status);
	if (err && err != -EPIPE && status >= 0)
		diag_add(&s->diag, DIAG_ERROR, "cannot write the events: %s",
			 strerror(-err));
	if (status < 0)
		return session_exit(s, err);
	s->wait_status = status;
	s->has_wait_status = true;
	return EXIT_COMPLETE;
}

int mode_trace(struct session *s)
{
	if (s->opt.replay)
		return replay_events(s);
	return trace_live(s);
}

int mode_demo(struct session *s)
{
	struct demo_options opt = { .name = s->opt.value[OPTION_DEMO],
				    .reserve = s->opt.given[OPTION_RESERVE_HUGEPAGES],
				    .model = s->has_model ? &s->model : NULL };
	unsigned wrong = 0;
	struct render_demo view = { .opt = &s->opt.render,
				    .out = s->opt.render.out,
				    .silent = s->opt.render.json ||
					      rows_asked(&s->opt.render),
				    .brief = !opt.name && !s->opt.given[OPTION_VERBOSE] };
	int err = demo_run(&opt, s->source, &render_demo_view, &view, &s->diag, &wrong);

	if (err == -EINVAL && s->diag.worst == DIAG_ERROR)
		return EXIT_USAGE;
	return !err && wrong ? EXIT_FOUND : session_exit(s, err);
}
