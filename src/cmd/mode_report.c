/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --report, --lint, --redact: modes around report files. */
#include "version.h"

#include "cmd/session.h"

#include "reportfile/capture.h"
#include "live/sysinfo.h"
#include "reportfile/redact.h"
#include "render/render_event.h"
#include "render/render_report.h"
#include "render/rows.h"
#include "report/lint.h"
#include "replay/replay.h"
#include "os/tempfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct collect_options report_options(struct session *s)
{
	struct collect_options c = session_asked(s);

	c.smaps = true; /* a report keeps everything that was said of a VMA */
	return c;
}

/* ---- the body of a report */

struct report_copy {
	struct record_writer *w;
	bool before; /* the sections before the pages, else those after */
	bool events; /* of these only the events of a recording */
	bool skip;
};

/* Skips sections that follow the pages, or that this run writes itself. */
static int report_copy_text(void *ctx, const char *section, const char *line)
{
	struct report_copy *c = ctx;

	if (!line) {
		bool after = !strcmp(section, "dmesg") || !strcmp(section, "method") ||
			     !strcmp(section, "reproduce");

		c->skip = after == c->before ||
			  (c->events && strcmp(section, RENDER_EVENT_SECTION));
		return c->skip ? 0 : record_write_section(c->w, section);
	}
	return c->skip ? 0 : record_write_verbatim(c->w, line);
}

/* A report of a report keeps its text. */
static int report_copy(struct session *s, struct record_writer *w, bool before,
		       bool events)
{
	static const struct record_handler handler = { .text = report_copy_text };
	struct report_copy copy = { .w = w, .before = before, .events = events };

	return replay_scan(s->source, &handler, &copy);
}

static void report_method(struct session *s, struct record_writer *w,
			  const struct capture_result *r)
{
	const struct source_machine *m = s->source->machine;

	record_write_section(w, "method");
	record_write_text(w, "gupinfo %s, report format %u.%u", GUPINFO_VERSION,
			  RECORD_MAJOR, RECORD_MINOR);
	for (unsigned i = 0; i < SOURCE_FACTS; i++) {
		record_write_text(w, "%s: %s", source_facts[i].name,
				  m->evidence[i].ok ? "read" : m->evidence[i].why);
	}
	record_write_text(w, "struct page read by: %s",
			  m->structpage_by ? m->structpage_by : "nothing");
	record_write_text(
		w,
		"%llu processes, %llu areas, %llu runs, of which %llu changed while they were read",
		r->processes, r->vmas, r->runs, r->raced);
	record_write_text(
		w,
		"the processes ran on: nothing was stopped or locked; memory contents were not read");
	for (unsigned i = 0; i < s->diag.n; i++)
		record_write_text(w, "note: %s", s->diag.message[i].text);
	record_write_section(w, "reproduce");
	record_write_text(w,
			  "gupinfo --replay FILE           the summary, on any machine");
	record_write_text(w, "gupinfo --replay FILE --pages   every run of pages");
	record_write_text(w, "gupinfo --replay FILE --explain ADDR");
	record_write_text(w, "gupinfo --replay FILE --model %s", "6.1");
}

/* Writes a whole body, machine to end line, into @tmp. */
static int report_body(struct session *s, FILE *tmp, bool text)
{
	static struct record_writer w;
	struct collect_options opt = report_options(s);
	struct capture_result result;
	int err = record_write_init(&w, tempfile_put, tmp);

	if (!err)
		err = capture_machine(s->source, opt.model, &w);
	if (!err && s->opt.replay)
		err = report_copy(s, &w, true, !text);
	if (!err && text && !s->opt.replay) {
		err = sysinfo_write(&w);
		for (unsigned i = 0; !err && i < opt.npids; i++)
			err = sysinfo_process(&w, opt.pids[i]);
	}
	if (!err)
		err = capture_pages(s->source, &opt, &w, &result, &s->diag);
	if (!err && text)
		session_missing(s, &s->diag);
	if (!err && text && s->opt.replay) {
		err = report_copy(s, &w, false, false);
	} else if (!err && text) {
		sysinfo_dmesg(&w);
		report_method(s, &w, &result);
	}
	if (!err)
		err = record_write_end(&w);
	record_write_deinit(&w);
	return err ? err : fflush(tmp) ? -errno : 0;
}

/* Replaces the content of @tmp by its redacted form. */
static int report_redact(struct session *s, FILE **tmp)
{
	FILE *clean;
	struct redact *r = redact_new(s->opt.redact_addresses);
	int err = r ? tempfile_open(&clean) : -ENOMEM;
	char why[200];

	if (err) {
		redact_free(r);
		return err;
	}
	record_write_magic(tempfile_put, clean);
	err = replay_scan_fd(fileno(*tmp), &redact_scan, r, why);
	if (!err)
		err = redact_begin(r, tempfile_put, clean);
	if (!err)
		err = replay_scan_fd(fileno(*tmp), &redact_write, r, why);
	if (!err)
		err = redact_end(r);
	if (!err && fflush(clean))
		err = -errno;
	redact_free(r);
	fclose(*tmp);
	*tmp = clean;
	return err;
}

/* A report file starts with the magic line: only with it can the body be replayed. */
int mode_report_make(struct session *s, FILE **ret, bool text)
{
	struct collect_options copt = report_options(s);
	int err = collect_check(s->source, &copt, &s->diag);
	FILE *tmp;

	if (!err)
		err = tempfile_open(&tmp);
	if (err)
		return err;
	err = record_write_magic(tempfile_put, tmp);
	if (!err)
		err = report_body(s, tmp, text);
	if (!err && s->opt.redact)
		err = report_redact(s, &tmp);
	if (err)
		fclose(tmp);
	else
		*ret = tmp;
	return err;
}

/* ---- --report */

/* Copies from text sections what the first page shows. */
static int report_facts_text(void *ctx, const char *section, const char *line)
{
	struct render_report_facts *f = ctx;

	if (line && !strcmp(section, "system") && !strncmp(line, "taint: ", 7))
		snprintf(f->taint, sizeof(f->taint), "%s", line + 7);
	if (line && !strcmp(section, "options") &&
	    (!strncmp(line, "CONFIG_DEBUG_VM=", 16) ||
	     !strncmp(line, "CONFIG_GUP_TEST=", 16) ||
	     !strncmp(line, "CONFIG_TRANSPARENT_HUGEPAGE=", 28) ||
	     !strncmp(line, "CONFIG_NO_PAGE_MAPCOUNT=", 24) ||
	     !strncmp(line, "CONFIG_KSM=", 11) || !strncmp(line, "CONFIG_CMA=", 11) ||
	     !strncmp(line, "CONFIG_NUMA_BALANCING=", 22)))
		snprintf(f->config + strlen(f->config),
			 sizeof(f->config) - strlen(f->config), "%s%s",
			 f->config[0] ? " " : "", line + 7);
	if (line && !strcmp(section, "options") && !strncmp(line, "not readable", 12))
		snprintf(f->config, sizeof(f->config), "%s", line);
	return 0;
}

/* Skips the first line of the body. */
struct report_tail {
	FILE *out;
	bool past;
};

static int report_put_tail(void *ctx, const char *buf, size_t len)
{
	struct report_tail *t = ctx;
	const char *newline;

	if (t->past)
		return tempfile_put(t->out, buf, len);
	newline = memchr(buf, '\n', len);
	if (!newline)
		return 0;
	t->past = true;
	newline++;
	return tempfile_put(t->out, newline, len - (size_t)(newline - buf));
}

static int report_first_page(struct session *s, FILE *tmp, FILE *out)
{
	static const struct record_handler facts_handler = { .text = report_facts_text };
	struct render_report *view = calloc(1, sizeof(*view));
	struct source *src =
		view ? replay_open_fd(fileno(tmp), "the new report", &s->diag) : NULL;
	bool live = !s->opt.replay && !s->opt.redact;
	struct collect_options opt = { .model = s->has_model ? &s->model : NULL,
				       .holders = true,
				       .again = true,
				       .wait = live ? session_wait : NULL,
				       .again_at = live ? s->source : NULL };
	size_t n;
	int err;

	if (!src) {
		free(view);
		return -EIO;
	}
	view->out = out;
	err = replay_read(src);
	opt.pids = replay_pids(src, &n);
	opt.npids = (unsigned)n;
	if (!err)
		err = replay_scan(src, &facts_handler, &view->facts);
	if (!err)
		err = collect_run(src, &opt, &render_report_view, view, &s->diag);
	free(view);
	src->ops->close(src);
	return err;
}

int mode_report(struct session *s)
{
	FILE *tmp;
	struct report_tail tail = { .out = s->out.file ? s->out.file : stdout };
	int err = mode_report_make(s, &tmp, true);

	if (!err) {
		err = record_write_magic(tempfile_put, tail.out);
		if (!err)
			err = report_first_page(s, tmp, tail.out);
		if (!err)
			err = tempfile_copy(tmp, report_put_tail, &tail);
		fclose(tmp);
	}
	return session_exit(s, outfile_close(&s->out, err));
}

/* ---- --redact with other views */

int session_redact(struct session *s)
{
	FILE *tmp;
	struct source *src;
	int err;

	if (!s->opt.redact || s->opt.mode == MODE_REPORT)
		return 0;
	err = mode_report_make(s, &tmp, false);
	if (err)
		return session_exit(s, err);
	src = replay_open_fd(fileno(tmp), "the redacted report", &s->diag);
	fclose(tmp);
	if (!src)
		return EXIT_FAILED;
	s->source->ops->close(s->source);
	s->source = src;
	if (replay_read(src))
		return EXIT_FAILED;
	if (s->opt.redact_addresses)
		s->opt.nranges = 0; /* redaction has changed the addresses */
	s->opt.nnames = 0;
	return 0;
}

/* ---- --lint */

static void lint_pins(struct session *s, u64 found[3])
{
	u64 acquired, released;

	if (s->opt.replay || sysinfo_pins(&acquired, &released) || released <= acquired ||
	    released - acquired <= sysinfo_pins_kept(s->source->machine))
		return;
	found[LINT_CLASS_BUG]++;
	if (!s->opt.render.json && !rows_asked(&s->opt.render))
		printf("bug: more-unpins-than-pins: nr_foll_pin_released %llu > nr_foll_pin_acquired %llu\n",
		       released, acquired);
}

int mode_lint(struct session *s)
{
	struct render_report_lint lint = { .opt = &s->opt.render };
	bool all = s->opt.given[OPTION_ALL] && !s->opt.comm && !s->opt.replay;
	int status, err = all ? mode_all_processes(s) : 0;

	if (!err)
		err = session_collect(s, &render_report_lint_view, &lint, false);
	rows_free(lint.rows);
	lint_pins(s, lint.found);
	status = session_exit(s, err);
	/* Races and what has an explanation are shown, but nothing is wrong with the kernel. */
	return lint.found[LINT_CLASS_BUG] && status != EXIT_FAILED ? EXIT_FOUND : status;
}
