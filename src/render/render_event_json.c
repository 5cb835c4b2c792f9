/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/render_event.h"

#include <errno.h>
#include <stdlib.h>

#include "render/js.h"
#include "render/render.h"

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
	js_open(j, "warnings", '[');
	for (unsigned i = 0; i < e->nwarnings; i++) {
		const struct event_warning *w = &e->warning[i];

		js_open(j, NULL, '{');
		js_str(j, "id", w->id);
		js_str(j, "text", EVENT_WARN_TEXT(w));
		js_bool(j, "leak", w->leak);
		js_num(j, "pid", w->pid);
		js_hex(j, "addr", w->addr);
		js_num(j, "pages", (s64)w->pages);
		js_close(j, '}');
	}
	js_close(j, ']');
}

/* The runs of the family that somebody @shares or may share, or the others. */
static void json_family(struct js *j, const struct event *e, const char *key, bool shares)
{
	js_open(j, key, '[');
	for (size_t k = 0; k < e->nfamily; k++) {
		const struct event_shared *run = &e->family[k];

		if (run->shared != shares)
			continue;
		js_open(j, NULL, '{');
		js_hex(j, "addr", run->start);
		js_num(j, "pages", (s64)MAX((run->end - run->start) / run->size, 1));
		js_num(j, "size", (s64)run->size);
		js_open(j, "members", '[');
		for (unsigned i = 0; i < run->n; i++) {
			js_open(j, NULL, '{');
			js_num(j, "pid", e->member[i].pid);
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
	}
	js_close(j, ']');
}

/* The event under construction. */
struct json_event {
	struct js j;
	bool verbose, compact;
	/* compact: by page_class.id, the class of which a row has all members */
	const struct page_class *written[RENDER_EVENT_CLASSES];
};

static void json_page(struct json_event *o, const struct event_change *c,
		      const struct store_side *side)
{
	const struct page_class *class = side->class, **written;

	if (!class)
		return;
	struct report_row row = store_diff_row(&c->c, side);

	render_json_page_place(&o->j, NULL, &row, true);
	written = &o->written[class->id % RENDER_EVENT_CLASSES];
	/* what a page of swap shares with others is not all of it */
	if (o->compact && class->page.kind != PAGE_SWAP &&
	    (!*written || *written == class)) {
		js_num(&o->j, "class", class->id % RENDER_EVENT_CLASSES);
		if (*written) {
			js_close(&o->j, '}');
			return;
		}
		*written = class;
	}
	render_json_page_rest(&o->j, &row);
}

static void json_before(struct json_event *o, const struct event_change *c)
{
	json_page(o, c, &c->c.a);
}

static void json_after(struct json_event *o, const struct event_change *c)
{
	json_page(o, c, &c->c.b);
}

static void json_change(struct json_event *o, const struct event_change *c)
{
	struct js *j = &o->j;
	struct event_differ differ[EVENT_DIFFERS];
	unsigned n = render_event_differ(c, differ);

	js_open(j, NULL, '{');
	js_num(j, "pid", c->pid);
	js_hex(j, "addr", c->start);
	js_num(j, "pages", (s64)c->pages);
	js_num(j, "size", (s64)c->size);
	js_str(j, "what", event_causes[c->cause].word);
	js_hex(j, "end", c->end);
	js_str(j, "kind", page_kind_name(c->kind));
	js_bool(j, "leak_changed", c->leaks);
	js_open(j, "differs", '{');
	for (unsigned i = 0; i < n; i++) {
		js_open(j, differ[i].name, '[');
		if (differ[i].before[0])
			js_str(j, NULL, differ[i].before);
		js_str(j, NULL, differ[i].after);
		js_close(j, ']');
	}
	js_close(j, '}');
	js_close(j, '}');
}

static void json_head(struct js *j, const struct event *e)
{
	js_str(j, "event", event_kinds[e->kind].word);
	js_num(j, "seq", (s64)e->seq);
	js_seconds(j, "time", e->time_ns);
	js_seconds(j, "start", e->start_ns);
	if (e->since_ns)
		js_seconds(j, "since", e->since_ns);
	if (e->looked_ns)
		js_seconds(j, "looked", e->looked_ns);
	js_num(j, "pid", e->pid);
	js_num(j, "tid", e->tid);
	js_str(j, "comm", e->comm);
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

/* Lists of all changes what @one writes; joined: of those that continue each other in one. */
static void json_changes(struct json_event *o, const struct event *e, const char *key,
			 bool joined,
			 void (*one)(struct json_event *o, const struct event_change *c))
{
	js_open(&o->j, key, '[');
	for (size_t i = 0; i < e->nchanges; i++) {
		struct event_change c = joined ? event_join(e, &i) : e->change[i];

		if (o->verbose || !event_is_noise(e, &c))
			one(o, &c);
	}
	js_close(&o->j, ']');
}

static void json_event(struct json_event *o, const struct event *e, u64 *ret_pages)
{
	struct js *j = &o->j;

	js_open(j, NULL, '{');
	json_head(j, e);
	json_changes(o, e, "changes", o->compact, json_change);
	js_open(j, "members", '[');
	for (unsigned i = 0; i < e->nmembers; i++)
		js_num(j, NULL, e->member[i].pid);
	js_close(j, ']');
	json_family(j, e, "family", true);
	json_family(j, e, "apart", false);
	*ret_pages = (u64)ftello(j->out);
	json_changes(o, e, "before", false, json_before);
	json_changes(o, e, "after", false, json_after);
	js_close(j, '}');
}

int render_event_json(const struct event *e, bool verbose, bool compact, char **ret,
		      size_t *ret_len, u64 *ret_pages)
{
	struct json_event o = { .j.out = open_memstream(ret, ret_len),
				.verbose = verbose,
				.compact = compact };

	if (!o.j.out)
		return -ENOMEM;
	json_event(&o, e, ret_pages);
	fputc('\n', o.j.out);
	if (!fclose(o.j.out))
		return 0;
	free(*ret);
	return -ENOMEM;
}

/* Writes one line at once: the traced program may write to the same stream. */
static int on_event(void *ctx, const struct event *e)
{
	const struct render_event_options *r = ctx;
	char *text;
	size_t len;
	u64 pages;
	int err = render_event_json(e, r->verbose, false, &text, &len, &pages);

	if (err)
		return err;
	if (fwrite(text, 1, len, r->out) != len || fflush(r->out))
		err = -EPIPE;
	free(text);
	return err;
}

const struct event_view render_event_json_view = { .event = on_event };
