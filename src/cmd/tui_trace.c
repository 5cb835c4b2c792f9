/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/tui_trace.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "os/clock.h"
#include "render/render_event.h"

/* ---- an event in one line */

/* Returns @separator where something precedes it. */
static const char *between(FILE *l, const char *separator)
{
	return ftell(l) ? separator : "";
}

static void put_args(FILE *l, const struct event *e)
{
	for (unsigned i = 0; i < e->nargs; i++) {
		char text[500];

		fprintf(l, "%s%s", i ? " " : between(l, "; "),
			render_event_arg(&e->arg[i], text, sizeof(text)));
	}
	if (e->child)
		fprintf(l, "%schild %d", between(l, ", "), (int)e->child);
	else if (e->has_ret && e->ret < 0)
		fprintf(l, " → %s", strerror((int)-e->ret));
	else if (e->has_ret && e->kind != EVENT_MMAP)
		fprintf(l, " = %lld", e->ret);
}

struct causes {
	u64 bytes[EVENT_CAUSES], all;
	u64 addr; /* of the first change, preferably by a fault */
	bool by_fault;
};

static void count_causes(const struct event *e, struct causes *n)
{
	for (size_t i = 0; i < e->nchanges; i++) {
		const struct event_change *c = &e->change[i];
		bool fault = event_causes[c->cause].fault;

		if (c->pid == e->pid && (!n->addr || (!n->by_fault && fault))) {
			n->addr = c->start;
			n->by_fault = fault;
		}
		n->bytes[c->cause] += c->end - c->start;
		n->all += c->end - c->start;
	}
}

static void put_causes(FILE *l, const struct causes *n, u32 page)
{
	const char *sep = between(l, "; ");

	for (unsigned i = 0; i < EVENT_CAUSES; i++) {
		if (!n->bytes[i])
			continue;
		fprintf(l, "%s%llu %s", sep, n->bytes[i] / page, event_causes[i].word);
		sep = ", ";
	}
}

/* ---- what the trace tells */

/* Makes one store of all members; NULL when nothing is known of any. */
static struct store *family_store(const struct event_member *m, unsigned n)
{
	struct store *s = NULL;

	for (unsigned i = 0; i < n; i++) {
		const struct store *now = m[i].now;

		if (!now || !now->nprocs)
			continue;
		if (!s) {
			s = store_new(&(struct store_options){ .holes = now->opt.holes },
				      now);
			if (!s ||
			    store_view.begin(s, &(struct report_head){ &now->kernel,
								       &now->machine })) {
				store_free(s);
				return NULL;
			}
		}
		store_merge_add(s, now, m[i].pid);
	}
	return s;
}

/* Pages were only mapped or counted between two calls: the picture shows that anyway. */
static bool is_noise(const struct event *e, const struct causes *n)
{
	return e->kind == EVENT_CHANGE &&
	       n->bytes[EVENT_CAUSE_READ_IN] + n->bytes[EVENT_CAUSE_COUNTED] == n->all;
}

/*
 * Puts the cursor's new place into @m: what is warned of, a leak before the rest, which makes @m a
 * warning.  Else fork, exec and exit concern every page.
 */
static void place(const struct event *e, const struct causes *n, struct tui_moment *m)
{
	const struct event_warning *w = e->nwarnings ? e->warning : NULL;

	for (unsigned i = 1; i < e->nwarnings && !w->leak; i++)
		if (e->warning[i].leak)
			w = &e->warning[i];
	if (w) {
		m->warning = w->leak;
		m->at_pid = w->pid;
		m->addr = w->addr;
	} else if (e->kind != EVENT_FORK && e->kind != EVENT_EXEC &&
		   e->kind != EVENT_EXIT) {
		m->addr = e->nranges && e->range[0].pid == e->pid ? e->range[0].start
								  : n->addr;
	}
}

/* Returns what the timeline says of @e, for free(), or NULL. */
static char *describe(const struct event *e, const struct causes *n, u32 page)
{
	char *line = NULL;
	size_t len;
	FILE *l = open_memstream(&line, &len);

	if (!l)
		return NULL;
	for (unsigned i = 0; i < e->nwarnings; i++)
		fprintf(l, "%s%s", between(l, "; "), EVENT_WARN_TEXT(&e->warning[i]));
	put_causes(l, n, page);
	put_args(l, e);
	if (e->incomplete)
		fprintf(l, "%s%s", between(l, "; "), e->incomplete);
	fclose(l);
	return line;
}

static int on_event(void *ctx, const struct event *e)
{
	struct tui_trace *tt = ctx;
	struct causes causes = { 0 };
	struct tui_moment m = {
		.kind = event_is_between(e) ? TUI_MOMENT_SAMPLE : TUI_MOMENT_EVENT,
		.pid = e->pid,
		.time_ns = tt->base_ns + e->time_ns - MIN(e->start_ns, e->time_ns),
		.what = (char *)event_kinds[e->kind].word
	};

	count_causes(e, &causes);
	if (is_noise(e, &causes))
		return 0;
	m.text = describe(e, &causes, tui_state_page_size(tt->t));
	if (!m.text)
		return -ENOMEM;
	m.partial = true;
	m.changed = causes.all;
	place(e, &causes, &m);
	int err = tui_history_add(tui_state_history(tt->t), &m,
				  family_store(e->member, e->nmembers));
	free(m.text);
	if (err)
		return err;
	if (!tt->w)
		return 0;
	tui_view_moment(tt->t);
	tt->stop_worthy |= event_kinds[e->kind].flags & EVENT_STOPS || e->nwarnings;
	if (m.at_pid && (!tt->at_pid || m.warning)) {
		tt->at_pid = m.at_pid;
		tt->at_addr = m.addr;
	}
	/* A stop keeps the name of its event, whatever is found when all pages are read then. */
	if (tt->stopped || (event_is_between(e) && !e->nwarnings))
		return 0;
	snprintf(tui_state_status(tt->t)->where, sizeof(tui_state_status(tt->t)->where),
		 "after %s of %d", event_kinds[e->kind].word, (int)e->pid);
	return 0;
}

const struct event_view tui_trace_view = { .event = on_event };

/* Makes the members' latest states the present. */
static void take_members(struct tui_trace *tt)
{
	unsigned n;
	const struct event_member *m = trace_members(tt->trace, &n);
	struct store *s = family_store(m, n), *old = tt->w->live;
	const struct tui_history *h = tui_state_history(tt->t);
	size_t last = s ? SIZE_MAX : tui_history_with_pages(h, h->n);
	u64 seen_ns = clock_now() - tt->w->start_ns;

	/* All have ended: their last event has what they had then. */
	if (last != SIZE_MAX) {
		s = store_copy(h->moment[last].store);
		seen_ns = h->moment[last].time_ns;
	}
	if (!s)
		return;
	if (n)
		tt->w->npids = 0;
	for (unsigned i = 0; i < n && tt->w->npids < TUI_WATCH_PIDS; i++)
		if (m[i].now) {
			tt->w->gone[tt->w->npids] = false;
			tt->w->pid[tt->w->npids++] = m[i].pid;
		}
	tui_watch_drop(tt->w, NULL, 0);
	tt->w->live = s;
	tui_state_status(tt->t)->seen_s = (double)seen_ns / 1e9;
	tui_state_live(tt->t, s);
	tui_view_changed(tt->t, tui_state_pid(tt->t), 0, UINT64_MAX);
	store_free(old);
}

/* ---- the target */

static void show_target(struct tui_trace *tt)
{
	struct tui_status *s = tui_state_status(tt->t);

	s->target = tt->over      ? TUI_TARGET_GONE
		    : tt->stopped ? TUI_TARGET_STOPPED
				  : TUI_TARGET_RUNNING;
	s->stepping = tt->stepping;
	if (!tt->stopped)
		s->where[0] = '\0';
}

/* Gives the command a file for its output and an empty input; fds are gupinfo's own. */
static void lend(struct tui_trace *tt, int fds[3])
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	tt->output = memfd_create("gupinfo-output", MFD_CLOEXEC);
	for (int i = 0; i < 3; i++)
		fds[i] = fcntl(i, F_DUPFD_CLOEXEC, 3);
	if (null >= 0)
		dup2(null, 0);
	for (int i = 1; i < 3; i++)
		if (tt->output >= 0 || null >= 0)
			dup2(tt->output >= 0 ? tt->output : null, i);
	if (null >= 0)
		close(null);
}

static void take_back(int fds[3])
{
	for (int i = 0; i < 3; i++)
		if (fds[i] >= 0) {
			dup2(fds[i], i);
			close(fds[i]);
		}
}

int tui_trace_start(struct tui_trace *tt, char *const *argv, const pid_t *pids,
		    unsigned npids, bool sigpipe_default, struct source *src,
		    const struct kernel *model, struct tui *t, struct tui_watch *w,
		    struct diag *diag)
{
	struct trace_options opt = { .argv = argv,
				     .each_mmap = true,
				     .pids = pids,
				     .npids = npids,
				     .model = model,
				     .holes = true,
				     .sigpipe_default = sigpipe_default };
	int fds[3] = { -1, -1, -1 }, err;

	*tt = (struct tui_trace){ .t = t, .w = w, .output = -1, .stepping = true };
	if (argv)
		lend(tt, fds);
	err = trace_new(&opt, src, &tui_trace_view, tt, diag, &tt->trace);
	take_back(fds);
	if (err) {
		tt->trace = NULL;
		return err;
	}
	w->traced = true;
	show_target(tt);
	return 0;
}

void tui_trace_stop(struct tui_trace *tt, int fd)
{
	char buf[4096];
	off_t at = 0;
	ssize_t n;

	trace_free(tt->trace);
	tt->trace = NULL;
	if (tt->output <= 0)
		return;
	while ((n = pread(tt->output, buf, sizeof(buf), at)) > 0) {
		at += n;
		if (write(fd, buf, (size_t)n) != n)
			break;
	}
	close(tt->output);
	tt->output = -1;
}

void tui_trace_step(struct tui_trace *tt)
{
	tt->stopped = false;
	tui_trace_hold(tt);
}

void tui_trace_go(struct tui_trace *tt)
{
	tt->stepping = tt->stopped = false;
	show_target(tt);
}

void tui_trace_hold(struct tui_trace *tt)
{
	tt->stepping = true;
	tt->stop_worthy = false;
	tt->at_pid = 0;
	show_target(tt);
}

/* The tracer blocks these signals; while the target stands still, only this checks for them. */
static bool asked_to_end(void)
{
	static const int signals[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT };
	struct timespec none = { 0 };
	sigset_t set;

	sigemptyset(&set);
	for (unsigned i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&set, signals[i]);
	return sigtimedwait(&set, NULL, &none) > 0;
}

bool tui_trace_round(struct tui_trace *tt)
{
	u64 until = clock_now() + 30000000u;
	bool shown = false;

	if (!tt->trace)
		return false;
	if (asked_to_end())
		tt->ended = true;
	if (tt->over)
		return false;
	/* The trace reads a new program's memory at once. */
	tui_watch_drop(tt->w, NULL, 0);
	while (!tt->stopped && !tt->over && !tt->ended && clock_now() < until) {
		int r = trace_step(tt->trace, 20);

		shown |= r == 1;
		if (r == -EINTR)
			tt->ended = true;
		else if (r < 0)
			tt->over = true;
		/* Nothing stands still at the end of a process: the next one that does is the stop. */
		if (r == 1 && tt->stepping && tt->stop_worthy && trace_held(tt->trace)) {
			tt->stopped = true;
			tt->stepping = false;
		}
	}
	if (shown) {
		/* trace_step() rereads only the call's ranges; the screen shows all. */
		if (tt->stopped)
			trace_look(tt->trace);
		take_members(tt);
		if (tt->stopped)
			tui_history_replace(tui_state_history(tt->t),
					    store_copy(tt->w->live));
		if (tt->stopped && tt->at_pid)
			tui_state_goto(tt->t, tt->at_pid, tt->at_addr);
	}
	if (tt->over) {
		struct tui_moment m = { .kind = TUI_MOMENT_NOTE,
					.what = (char *)"end",
					.text = (char *)"every traced process has ended",
					.time_ns = clock_now() - tt->w->start_ns };

		tui_history_add(tui_state_history(tt->t), &m, NULL);
		tui_view_moment(tt->t);
	}
	show_target(tt);
	return shown;
}
