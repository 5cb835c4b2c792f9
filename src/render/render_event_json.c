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

static struct js *json_args(const struct event *e)
{
	struct js *o = js_object();

	for (unsigned i = 0; i < e->nargs; i++) {
		const struct event_arg *a = &e->arg[i];

		if (a->kind == EVENT_ARG_TEXT)
			js_str(o, a->name, a->text);
		else if (a->kind == EVENT_ARG_HEX)
			js_hex(o, a->name, (u64)a->num);
		else
			js_num(o, a->name, a->num);
	}
	return o;
}

static struct js *json_ranges(const struct event *e)
{
	struct js *list = js_array();

	for (unsigned i = 0; i < e->nranges; i++) {
		struct js *o = js_object();

		js_num(o, "pid", e->range[i].pid);
		js_hex(o, "start", e->range[i].start);
		js_hex(o, "end", e->range[i].end);
		js_push(list, o);
	}
	return list;
}

static struct js *json_warnings(const struct event *e)
{
	struct event_warning w[EVENT_WARNINGS];
	unsigned n = event_warn_list(e, w);
	struct js *list = js_array();
	char text[300];

	for (unsigned i = 0; i < n; i++) {
		struct js *o = js_object();

		js_str(o, "id", w[i].id);
		js_str(o, "text", event_warn_text(&w[i], text, sizeof(text)));
		js_bool(o, "leak", w[i].leak);
		js_num(o, "pid", w[i].pid);
		js_hex(o, "addr", w[i].addr);
		js_num(o, "pages", (s64)w[i].pages);
		js_push(list, o);
	}
	return list;
}

/* ---- the family: runs that two or more share */

struct family {
	struct js *list;
	unsigned n;
};

static int json_shared(void *ctx, const struct event_shared *run)
{
	struct family *f = ctx;
	struct js *o = js_object(), *pages = js_array();

	js_hex(o, "addr", run->start);
	js_num(o, "pages", (s64)MAX((run->end - run->start) / run->size, 1));
	js_num(o, "size", (s64)run->size);
	for (unsigned i = 0; i < run->n; i++) {
		struct js *m = js_object();

		js_num(m, "pid", run->member[i].pid);
		js_bool(m, "present", run->has[i]);
		if (run->pfn_known[i])
			js_hex(m, "pfn", run->pfn[i]);
		else
			js_null(m, "pfn");
		if (run->hidden && run->has[i])
			js_null(m, "shared");
		else
			js_bool(m, "shared", run->same[i]);
		js_push(pages, m);
	}
	js_add(o, "members", pages);
	js_push(f->list, o);
	f->n++;
	return 0;
}

static struct js *json_family(const struct event *e)
{
	struct family f = { .list = js_array() };

	if (e->nmembers < 2 || e->since_ns)
		return f.list;
	for (unsigned i = 0; i < e->nranges; i++)
		event_family(e, e->range[i].start, e->range[i].end, true, json_shared,
			     &f);
	if (e->kind == EVENT_FORK && !e->shares_mm)
		event_family(e, 0, 1ULL << 63, true, json_shared, &f);
	return f.list;
}

/* ---- pages, streamed: a fork of a large process has many */

struct pages {
	FILE *out;
	bool after, verbose;
	unsigned n;
	int error;
};

static int json_page(void *ctx, const struct event_change *c)
{
	struct pages *p = ctx;
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
	if (p->n++)
		fputc(',', p->out);
	p->error = render_json_page(p->out, &row, true);
	return p->error;
}

struct causes {
	struct js *list;
	bool verbose;
};

static int json_cause(void *ctx, const struct event_change *c)
{
	struct causes *causes = ctx;
	struct js *o;
	const struct page_run *p = c->c->has_b ? &c->c->page_b : &c->c->page_a;

	if (!causes->verbose && event_is_noise(c))
		return 0;
	o = js_object();
	js_num(o, "pid", c->pid);
	js_hex(o, "addr", c->c->start);
	js_num(o, "pages", (s64)p->pages);
	js_num(o, "size", (s64)p->size);
	js_str(o, "what", event_cause_name(c->cause));
	js_push(causes->list, o);
	return 0;
}

static struct js *json_head(const struct event *e, bool verbose)
{
	struct js *o = js_object();
	struct causes changes = { .list = js_array(), .verbose = verbose };
	char comm[sizeof(e->comm)];

	memcpy(comm, e->comm, sizeof(comm));
	comm[sizeof(comm) - 1] = '\0';
	js_str(o, "event", event_name(e->kind));
	js_num(o, "seq", (s64)e->seq);
	js_double(o, "time", (double)e->time_ns / 1e9);
	if (e->since_ns)
		js_double(o, "since", (double)e->since_ns / 1e9);
	js_num(o, "pid", e->pid);
	js_num(o, "tid", e->tid);
	js_str(o, "comm", comm);
	if (e->call[0])
		js_str(o, "call", e->call);
	js_add(o, "args", json_args(e));
	if (e->has_ret)
		js_num(o, "ret", e->ret);
	else
		js_null(o, "ret");
	if (e->kind == EVENT_FORK) {
		js_num(o, "child", e->child);
		js_bool(o, "shares_mm", e->shares_mm);
	}
	if (e->incomplete)
		js_str(o, "incomplete", e->incomplete);
	js_add(o, "ranges", json_ranges(e));
	js_add(o, "warnings", json_warnings(e));
	event_walk(e, STORE_REAL, json_cause, &changes);
	js_add(o, "changes", changes.list);
	js_add(o, "family", json_family(e));
	return o;
}

/* Writes one line at once: the traced program may write to the same stream. */
static int on_event(void *ctx, const struct event *e)
{
	struct render_event_json *r = ctx;
	struct pages p = { 0 };
	char *text = NULL;
	size_t len = 0;
	int err = 0;

	FILE *out = open_memstream(&text, &len);
	if (!out)
		return -ENOMEM;
	struct js *head = json_head(e, r->opt.verbose);
	err = js_write(out, head);
	js_free(head);
	if (!err && !fflush(out) && len && text[len - 1] == '}')
		fseeko(out, -1, SEEK_END);
	p.out = out;
	p.verbose = r->opt.verbose;
	fputs(",\"before\":[", out);
	event_walk(e, STORE_REAL, json_page, &p);
	fputs("],\"after\":[", out);
	p.n = 0;
	p.after = true;
	event_walk(e, STORE_REAL, json_page, &p);
	fputs("]}\n", out);
	if (fclose(out))
		err = -ENOMEM;
	if (!err)
		err = p.error;
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
