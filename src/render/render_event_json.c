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
	char text[300];

	js_open(j, "warnings", '[');
	for (unsigned i = 0; i < e->nwarnings; i++) {
		const struct event_warning *w = &e->warning[i];

		js_open(j, NULL, '{');
		js_str(j, "id", w->id);
		js_str(j, "text", event_warn_text(w, text, sizeof(text)));
		js_bool(j, "leak", w->leak);
		js_num(j, "pid", w->pid);
		js_hex(j, "addr", w->addr);
		js_num(j, "pages", (s64)w->pages);
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

static void json_page(struct js *j, const struct event_change *c, bool after)
{
	const struct store_side *side = after ? &c->c.b : &c->c.a;
	struct page_run page;

	if (!side->class)
		return;
	store_diff_page(&c->c, side, &page);
	struct report_row row = { .process = &side->process->process,
				  .vma = &side->vma->vma,
				  .page = &page,
				  .verdicts = side->class->verdicts };

	render_json_page_place(j, NULL, &row, true);
	render_json_page_rest(j, &row);
}

static void json_cause(struct js *j, const struct event_change *c)
{
	js_open(j, NULL, '{');
	js_num(j, "pid", c->pid);
	js_hex(j, "addr", c->c.start);
	js_num(j, "pages", (s64)event_pages(c));
	js_num(j, "size", (s64)event_page(c)->size);
	js_str(j, "what", event_cause_name(c->cause));
	js_close(j, '}');
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

/* Lists what changed: the causes, or the pages as they were or are. */
static void json_changes(struct js *j, const struct event *e, const char *key,
			 bool verbose)
{
	js_open(j, key, '[');
	for (size_t i = 0; i < e->nchanges; i++) {
		const struct event_change *c = &e->change[i];

		if (!verbose && event_is_noise(c))
			continue;
		if (key[0] == 'c')
			json_cause(j, c);
		else
			json_page(j, c, key[0] == 'a');
	}
	js_close(j, ']');
}

static void json_event(struct js *j, const struct event *e, bool verbose)
{
	js_open(j, NULL, '{');
	json_head(j, e);
	json_changes(j, e, "changes", verbose);
	json_family(j, e);
	json_changes(j, e, "before", verbose);
	json_changes(j, e, "after", verbose);
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
