/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/render_event.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "render/js.h"
#include "render/render.h"

struct render_event_json {
	struct render_event_options opt;
};

static void json_args(struct js *j, const struct event *e)
{
	js_open(j, "args", '{');
	for (unsigned i = 0; i < e->nargs; i++) {
		const struct event_arg *a = &e->arg[i];

		if (a->kind == EVENT_ARG_TEXT)
			js_str(j, a->name, a->text);
		else if (a->kind == EVENT_ARG_HEX)
			js_hex(j, a->name, (u64)a->num);
		else
			js_num(j, a->name, a->num);
	}
	js_close(j, '}');
}

static void json_ranges(struct js *j, const struct event *e)
{
	js_open(j, "ranges", '[');
	for (unsigned i = 0; i < e->nranges; i++) {
		js_open(j, NULL, '{');
		js_num(j, "pid", e->range[i].pid);
		js_hex(j, "start", e->range[i].start);
		js_hex(j, "end", e->range[i].end);
		js_close(j, '}');
	}
	js_close(j, ']');
}

static void json_warnings(struct js *j, const struct event *e)
{
	struct event_warning w[EVENT_WARNINGS];
	unsigned n = event_warn_list(e, w);
	char text[300];

	js_open(j, "warnings", '[');
	for (unsigned i = 0; i < n; i++) {
		js_open(j, NULL, '{');
		js_str(j, "id", w[i].id);
		js_str(j, "text", event_warn_text(&w[i], text, sizeof(text)));
		js_bool(j, "leak", w[i].leak);
		js_num(j, "pid", w[i].pid);
		js_hex(j, "addr", w[i].addr);
		js_num(j, "pages", (s64)w[i].pages);
		js_close(j, '}');
	}
	js_close(j, ']');
}

/* A run that two or more of the family share. */
static int json_shared(void *ctx, const struct event_shared *run)
{
	struct js *j = ctx;

	js_open(j, NULL, '{');
	js_hex(j, "addr", run->start);
	js_num(j, "pages", (s64)MAX((run->end - run->start) / run->size, 1));
	js_num(j, "size", (s64)run->size);
	js_open(j, "members", '[');
	for (unsigned i = 0; i < run->n; i++) {
		js_open(j, NULL, '{');
		js_num(j, "pid", run->member[i].pid);
		js_bool(j, "present", run->has[i]);
		if (run->pfn_known[i])
			js_hex(j, "pfn", run->pfn[i]);
		else
			js_null(j, "pfn");
		js_tri(j, "shared",
		       run->hidden && run->has[i] ? TRI_UNKNOWN
		       : run->same[i]             ? TRI_YES
						  : TRI_NO);
		js_close(j, '}');
	}
	js_close(j, ']');
	js_close(j, '}');
	return 0;
}

static void json_family(struct js *j, const struct event *e)
{
	bool show = e->nmembers >= 2 && !e->since_ns;

	js_open(j, "family", '[');
	for (unsigned i = 0; show && i < e->nranges; i++)
		event_family(e, e->range[i].start, e->range[i].end, true, json_shared, j);
	if (show && e->kind == EVENT_FORK && !e->shares_mm)
		event_family(e, 0, 1ULL << 63, true, json_shared, j);
	js_close(j, ']');
}

struct changes {
	struct js *js;
	bool after, verbose;
};

static int json_page(void *ctx, const struct event_change *c)
{
	const struct changes *p = ctx;
	const struct store_change *s = c->c;
	const struct store_process *proc = p->after ? s->proc_b : s->proc_a;
	const struct store_vma *vma = p->after ? s->vma_b : s->vma_a;

	if (!(p->after ? s->has_b : s->has_a) || !proc ||
	    (!p->verbose && event_is_noise(c)))
		return 0;
	struct report_row row = { .process = &proc->process,
				  .vma = vma ? &vma->vma : NULL,
				  .page = p->after ? &s->page_b : &s->page_a,
				  .verdicts = p->after ? s->verdicts_b : s->verdicts_a };

	render_json_page_place(p->js, NULL, &row, true);
	render_json_page_rest(p->js, &row);
	return 0;
}

static int json_cause(void *ctx, const struct event_change *c)
{
	const struct changes *causes = ctx;
	const struct page_run *p = c->c->has_b ? &c->c->page_b : &c->c->page_a;
	struct js *j = causes->js;

	if (!causes->verbose && event_is_noise(c))
		return 0;
	js_open(j, NULL, '{');
	js_num(j, "pid", c->pid);
	js_hex(j, "addr", c->c->start);
	js_num(j, "pages", (s64)p->pages);
	js_num(j, "size", (s64)p->size);
	js_str(j, "what", event_cause_name(c->cause));
	js_close(j, '}');
	return 0;
}

static void json_head(struct js *j, const struct event *e)
{
	char comm[sizeof(e->comm)];

	memcpy(comm, e->comm, sizeof(comm));
	comm[sizeof(comm) - 1] = '\0';
	js_str(j, "event", event_name(e->kind));
	js_num(j, "seq", (s64)e->seq);
	js_seconds(j, "time", e->time_ns);
	if (e->since_ns)
		js_seconds(j, "since", e->since_ns);
	js_num(j, "pid", e->pid);
	js_num(j, "tid", e->tid);
	js_str(j, "comm", comm);
	if (e->call[0])
		js_str(j, "call", e->call);
	json_args(j, e);
	js_num_if(j, "ret", e->has_ret, e->ret);
	if (e->kind == EVENT_FORK) {
		js_num(j, "child", e->child);
		js_bool(j, "shares_mm", e->shares_mm);
	}
	if (e->incomplete)
		js_str(j, "incomplete", e->incomplete);
	json_ranges(j, e);
	json_warnings(j, e);
}

static void json_event(struct js *j, const struct event *e, bool verbose)
{
	struct changes changes = { .js = j, .verbose = verbose };

	js_open(j, NULL, '{');
	json_head(j, e);
	js_open(j, "changes", '[');
	event_walk(e, STORE_REAL, json_cause, &changes);
	js_close(j, ']');
	json_family(j, e);
	js_open(j, "before", '[');
	event_walk(e, STORE_REAL, json_page, &changes);
	js_close(j, ']');
	changes.after = true;
	js_open(j, "after", '[');
	event_walk(e, STORE_REAL, json_page, &changes);
	js_close(j, ']');
	js_close(j, '}');
}

/* Writes one line at once: the traced program may write to the same stream. */
static int on_event(void *ctx, const struct event *e)
{
	struct render_event_json *r = ctx;
	char *text = NULL;
	size_t len = 0;
	struct js j = { .out = open_memstream(&text, &len) };
	int err = 0;

	if (!j.out)
		return -ENOMEM;
	json_event(&j, e, r->opt.verbose);
	fputc('\n', j.out);
	if (fclose(j.out))
		err = -ENOMEM;
	if (!err && (fwrite(text, 1, len, r->opt.out) != len || fflush(r->opt.out)))
		err = -EPIPE;
	free(text);
	return err;
}

const struct event_view render_event_json_view = { .event = on_event };

int render_event_json_new(const struct render_event_options *opt, void **ret)
{
	struct render_event_json *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->opt = *opt;
	*ret = r;
	return 0;
}

void render_event_json_free(void *ctx)
{
	free(ctx);
}
