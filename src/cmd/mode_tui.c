/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --tui: wires the terminal, the state and the sources together. */
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "live/procs.h"
#include "cmd/session.h"
#include "tui.h"
#include "tui/tui_state.h"
#include "cmd/tui_trace.h"
#include "cmd/tui_watch.h"
#include "os/clock.h"

#define TICK_MS 250

struct tui_live {
	struct session *s;
	struct tui *t;
	struct tui_watch watch;
	struct tui_trace trace;
	bool pipe_ignored; /* by our parent */
};

/* ---- choosing a process */

/* Reads VmPin: what drivers report as pinned; a lower bound. */
static bool pinned_bytes(struct tui_live *l, pid_t pid, u64 *ret)
{
	struct source *src = l->s->source;
	struct process p;

	if (src->ops->open(src, pid, &p))
		return false;
	src->ops->release(src, pid);
	*ret = p.vm_pin_bytes;
	return true;
}

static void offer_processes(struct tui_live *l)
{
	struct process *list = NULL;
	struct tui_proc *rows;
	size_t n = 0, kept = 0;
	int err = procs_list(NULL, &list, &n);

	rows = err ? NULL : calloc(MAX(n, 1), sizeof(*rows));
	if (!rows) {
		tui_state_message(l->t, TUI_BAD, "cannot list processes: %s",
				  err ? strerror(-err) : "no memory");
		free(list);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct tui_proc *r = &rows[kept];

		if (!list[i].rss_bytes) /* kernel threads have no pages */
			continue;
		r->process = list[i];
		r->totals.present = list[i].rss_bytes;
		r->totals.shared_unknown =
			procs_shared(list[i].pid, &r->totals.shared) != 0;
		r->totals.pins_unknown = !pinned_bytes(l, list[i].pid, &r->totals.pinned);
		kept++;
	}
	tui_picker_rows(l->t, rows, kept);
	free(rows);
	free(list);
}

static void choose(struct tui_live *l, pid_t pid)
{
	struct diag diag;

	diag_init(&diag);
	if (tui_watch_pids(&l->watch, &pid, 1, &diag)) {
		tui_state_message(l->t, TUI_BAD, "%s",
				  diag.n ? diag.message[0].text : "cannot read it");
		if (!l->watch.live)
			offer_processes(l);
	} else {
		tui_state_goto(l->t, pid, 0);
	}
	diag_deinit(&diag);
}

/* ---- the target */

/* Attaches to the process and stops it at events from now on. */
static void attach(struct tui_live *l)
{
	if (l->trace.trace) {
		tui_trace_hold(&l->trace);
		return;
	}
	if (tui_trace_start(&l->trace, NULL, l->watch.pid, l->watch.npids, false,
			    l->s->source, l->watch.model, l->t, &l->watch, &l->s->diag))
		tui_state_message(l->t, TUI_BAD, "cannot attach: %s",
				  l->s->diag.n ? l->s->diag.message[l->s->diag.n - 1].text
					       : "not permitted");
}

/* ---- who has the page */

/* Shows what --who shows, of the processes that are followed. */
static void who(struct tui_live *l)
{
	u64 addr = tui_state_addr(l->t);
	const struct store *s = l->watch.live;
	const struct store_process *p =
		s ? store_process_by_pid(s, tui_state_pid(l->t)) : NULL;
	const struct store_vma *v = p ? store_vma_at(p, addr) : NULL;
	const struct page_run *row = v ? store_row_at(v, addr) : NULL;
	struct render_options opt = { .width = 80, .version = l->s->opt.render.version };
	struct session own = *l->s; /* its messages are shown here */
	char *text = NULL, *at = NULL;
	struct tui_text lines = { 0 };
	pid_t pids[TUI_WATCH_PIDS];
	size_t len, n = 0;
	int cols, rows;

	if (!row || !page_knows(&row->class->page, PAGE_F_PFN)) {
		tui_state_message(l->t, TUI_WARN,
				  "no page with a known frame is there now");
		return;
	}
	opt.out = open_memstream(&text, &len);
	if (!opt.out)
		return;
	diag_init(&own.diag);
	for (; n < s->nprocs && n < ARRAY_SIZE(pids); n++)
		pids[n] = s->proc[n].process.pid;
	mode_who_page(&own, store_page_at(s, row, addr).pfn, pids, n, &opt);
	for (unsigned i = 0; i < own.diag.n; i++)
		fprintf(opt.out, "%s\n", own.diag.message[i].text);
	diag_deinit(&own.diag);
	fclose(opt.out);
	tui_size(&cols, &rows);
	for (char *line = text; text && (line = strtok_r(line, "\n", &at)); line = NULL) {
		tui_text_add(&lines, TUI_NORMAL, "%s", "");
		tui_text_wrap(&lines, TUI_NORMAL, 4, cols, line);
	}
	free(text);
	tui_state_text(l->t, "Who has this page, of those that are followed", &lines);
}

/* ---- saving */

/* Saves a report of the followed processes, as they are now, in a new file here. */
static void save(struct tui_live *l)
{
	struct session *s = l->s, own;
	char name[80];

	if (tui_watch_over(&l->watch) && !s->opt.replay) {
		tui_state_message(
			l->t, TUI_WARN,
			"the process is gone: there is nothing to read any more");
		return;
	}
	for (unsigned i = 1; i < 1000; i++) {
		snprintf(name, sizeof(name), "gupinfo-%d-%u.txt",
			 (int)tui_state_pid(l->t), i);
		if (access(name, F_OK))
			break;
	}
	pid_t pids[ARRAY_SIZE(l->watch.pid)];

	/* The report is of the processes that are followed now, and its messages are its own. */
	own = *s;
	diag_init(&own.diag);
	if (!s->opt.replay) {
		own.opt.pids = pids;
		own.opt.npids = 0;
		for (unsigned i = 0; i < l->watch.npids; i++)
			if (!l->watch.gone[i])
				pids[own.opt.npids++] = l->watch.pid[i];
	}
	int status =
		outfile_open(&own.out, name, &own.diag) ? EXIT_FAILED : mode_report(&own);

	if (status == EXIT_COMPLETE || status == EXIT_INCOMPLETE)
		tui_state_message(l->t, TUI_GOOD, "saved %s: what is there now%s", name,
				  status == EXIT_INCOMPLETE
					  ? ", some facts could not be read"
					  : "");
	else
		tui_state_message(l->t, TUI_BAD, "not saved: %s",
				  own.diag.n ? own.diag.message[own.diag.n - 1].text
					     : "out of memory");
	diag_deinit(&own.diag);
}

/* ---- a report or a recording */

/* A report is one moment; a recording has its events before it. */
static int load_replay(struct tui_live *l)
{
	struct tui_trace events = { .t = l->t };
	struct tui_moment m = { .kind = TUI_MOMENT_NOTE,
				.what = (char *)"report",
				.text = (char *)"the pages as they were recorded" };
	struct session *s = l->s;
	bool found;
	int err = mode_trace_replay(s, &tui_trace_view, &events, &found);

	if (err)
		return err;
	struct tui_history *h = tui_state_history(l->t);
	m.time_ns = h->n ? h->moment[h->n - 1].time_ns : 0;
	err = tui_watch_read(&l->watch, s->opt.pids, s->opt.npids, &s->diag);
	if (err)
		return err;
	struct store *copy = store_copy(l->watch.live);
	if (!copy || tui_history_add(h, &m, copy))
		return -ENOMEM;
	tui_state_now(l->t, m.time_ns);
	tui_view_moment(l->t);
	return 0;
}

/* ---- the settings */

/* Returns where they are kept, for free(), or NULL. */
static char *config_path(void)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char *path = NULL;

	if (xdg && *xdg == '/' ? asprintf(&path, "%s/gupinfo/tui.conf", xdg) < 0
	    : home && *home == '/'
		    ? asprintf(&path, "%s/.config/gupinfo/tui.conf", home) < 0
		    : true)
		return NULL;
	return path;
}

#define CONFIG_MAX 65536

/* Returns the text of the file, for free(), "" when there is none; NULL: it cannot be ours. */
static char *config_text(const char *path)
{
	char *text = calloc(1, CONFIG_MAX);
	int fd = path ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
	ssize_t n = text && fd >= 0 ? read(fd, text, CONFIG_MAX) : 0;

	if (fd >= 0)
		close(fd);
	if (n >= 0 && n < CONFIG_MAX)
		return text;
	free(text);
	return NULL;
}

/* Takes the settings of the file; @why gets the first line that is broken. */
static void config_read(struct tui_config *c, char *why, size_t size)
{
	char *path = config_path(), *text = config_text(path), line[120];

	tui_config_init(c);
	if (text && tui_config_read(c, text, line, sizeof(line)))
		snprintf(why, size, "%s: %s", path, line);
	free(text);
	free(path);
}

/* Makes the folders of @path that are missing. */
static void make_folders(char *path)
{
	for (char *at = path + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		mkdir(path, 0700);
		*at = '/';
	}
}

/* Writes the settings into the file; its other lines stay. */
static void config_keep(struct tui_live *l)
{
	char *path = config_path(), *old = config_text(path);
	char *text = old ? tui_config_write(tui_state_config(l->t), old) : NULL;
	struct outfile out;
	struct diag diag;
	int err = path && text ? 0 : -ENOMEM;

	diag_init(&diag);
	if (!err) {
		make_folders(path);
		err = outfile_open(&out, path, &diag);
	}
	if (!err)
		err = outfile_close(&out, fputs(text, out.file) < 0 ? -EIO : 0);
	if (err)
		tui_state_message(l->t, TUI_BAD, "not kept: %s",
				  diag.n ? diag.message[0].text
				  : path ? "the file that is there is no text of ours"
					 : "neither XDG_CONFIG_HOME nor HOME is set");
	else
		tui_state_message(l->t, TUI_GOOD, "kept in %s", path);
	diag_deinit(&diag);
	free(text);
	free(old);
	free(path);
}

/* ---- the loop */

/* Does what a key requested.  Returns false at the end. */
static bool answer(struct tui_live *l, enum tui_request request)
{
	switch (request) {
	case TUI_REQUEST_QUIT:
		return false;
	case TUI_REQUEST_REDRAW:
		tui_paint(tui_view_draw(l->t), true);
		break;
	case TUI_REQUEST_PICK:
		offer_processes(l);
		break;
	case TUI_REQUEST_PICKED:
		choose(l, tui_state_picked(l->t));
		break;
	case TUI_REQUEST_STEP:
		tui_trace_step(&l->trace);
		break;
	case TUI_REQUEST_GO:
		tui_trace_go(&l->trace);
		break;
	case TUI_REQUEST_STOP:
		attach(l);
		break;
	case TUI_REQUEST_WHO:
		who(l);
		break;
	case TUI_REQUEST_SAVE:
		save(l);
		break;
	case TUI_REQUEST_TERMINAL:
		tui_look(tui_state_config(l->t)->scheme, tui_state_config(l->t)->mouse);
		break;
	case TUI_REQUEST_KEEP:
		config_keep(l);
		break;
	case TUI_REQUEST_NONE:
		break;
	}
	return true;
}

static bool take_key(struct tui_live *l, u32 key, int x, int y)
{
	int cols, rows;

	switch (key) {
	case TUI_KEY_NONE:
		return true;
	case TUI_KEY_END_SIGNAL:
		return false;
	case TUI_KEY_RESIZE:
		tui_size(&cols, &rows);
		return !tui_state_resize(l->t, cols, rows);
	case TUI_KEY_MOUSE:
	case TUI_KEY_WHEEL_UP:
	case TUI_KEY_WHEEL_DOWN:
		return answer(l, tui_view_mouse(l->t, key, x, y));
	case 26: /* Ctrl-Z */
		tui_suspend();
		return true;
	}
	return answer(l, tui_view_key(l->t, key));
}

static void loop(struct tui_live *l)
{
	u64 next = 0;
	int x = 0, y = 0;

	for (bool on = true; on;) {
		u64 now = clock_now();

		if (tui_trace_round(&l->trace) || l->trace.ended)
			next = 0;
		if (l->trace.ended)
			return;
		if (now >= next && !l->trace.stopped && !l->s->opt.replay) {
			tui_watch_round(&l->watch);
			next = now + TICK_MS * 1000000ull;
		}
		if (l->trace.stopped) /* nothing moves: wait for a key, and for signals */
			next = clock_now() + 100000000u;
		tui_paint(tui_view_draw(l->t), false);
		now = clock_now();
		int wait = now >= next ? 0 : (int)((next - now) / 1000000) + 1;
		if (l->trace.trace && !l->trace.stopped && !l->trace.over)
			wait = MIN(wait, 5); /* the target waits for gupinfo */
		u32 key = tui_key(wait, &x, &y);
		/* Handle all keys that wait before drawing. */
		for (; on && key; key = on ? tui_key(0, &x, &y) : 0) {
			on = take_key(l, key, x, y);
			next = MIN(next, clock_now() + 20000000u);
		}
	}
}

/* ---- beginning and end */

static int begin_state(struct tui_live *l, const struct tui_config *config)
{
	struct tui_options opt = { .ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0,
				   .replay = l->s->opt.replay != NULL,
				   .follow = l->s->opt.command || l->s->opt.replay,
				   .name = l->s->opt.replay,
				   .config = config };

	tui_size(&opt.cols, &opt.rows);
	l->t = tui_view_new(&opt);
	return l->t ? 0 : -ENOMEM;
}

static void missing_facts(struct tui_live *l)
{
	const struct source_evidence *e =
		&l->s->source->machine->evidence[SOURCE_STRUCTPAGE];

	if (!e->ok)
		snprintf(tui_state_status(l->t)->problem, 160,
			 "no refcounts, pins, PTE bits: %.120s", e->why);
}

static int run(struct tui_live *l, const struct tui_config *config, const char *broken)
{
	struct session *s = l->s;
	int err = begin_state(l, config);

	if (!err)
		err = tui_watch_init(&l->watch, s->source,
				     s->has_model ? &s->model : NULL, l->t);
	if (err)
		return err;
	missing_facts(l);
	if (s->opt.replay)
		err = load_replay(l);
	else if (s->opt.command)
		err = tui_trace_start(&l->trace, s->opt.command, NULL, 0,
				      !l->pipe_ignored, s->source, l->watch.model, l->t,
				      &l->watch, &s->diag);
	else if (s->opt.npids)
		err = tui_watch_pids(&l->watch, s->opt.pids, s->opt.npids, &s->diag);
	else
		offer_processes(l);
	if (!err && s->opt.nranges && s->opt.npids)
		tui_state_goto(l->t, s->opt.pids[0], s->opt.range[0].start);
	if (!err && broken[0])
		tui_state_message(l->t, TUI_WARN, "%s", broken);
	if (!err)
		loop(l);
	return err;
}

int mode_tui(struct session *s)
{
	const char *no_color = getenv("NO_COLOR");
	bool color = s->opt.color == 1 || (!s->opt.color && (!no_color || !*no_color));
	struct tui_live l = { .s = s,
			      .trace.output = -1,
			      .pipe_ignored = signal(SIGPIPE, SIG_IGN) == SIG_IGN };
	struct tui_config config;
	char why[300], broken[300] = "";
	int err = s->opt.npids == 1 ? session_follow(s) : 0;

	if (err)
		return err;
	config_read(&config, broken, sizeof(broken));
	config.mouse &= !s->opt.given[OPTION_NO_MOUSE];
	if (tui_start(dynlib_load, color ? config.scheme : TUI_SCHEME_NONE, config.mouse,
		      why, sizeof(why)))
		return session_fail(s, EXIT_FAILED, "%s", why);
	err = run(&l, &config, broken);
	tui_stop();
	tui_trace_stop(&l.trace, STDOUT_FILENO);
	tui_watch_deinit(&l.watch);
	tui_view_free(l.t);
	if (err)
		return session_exit(s, err);
	if (tui_signal())
		return 128 + tui_signal();
	return l.trace.ended ? 128 + SIGTERM : EXIT_COMPLETE;
}
