/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/render_event.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/escape.h"
#include "lib/text.h"
#include "render/columns.h"

#define WIDTH 80
#define GROUPS 24
#define QUIET_RUNS 4 /* shown of the family, and of each group that has few */

/* ---- a line that breaks at blanks */

struct line {
	FILE *out;
	unsigned col, indent;
};

/* Adds a word; starts a new line when it does not fit. */
static PRINTF(2, 3) void put(struct line *l, const char *fmt, ...)
{
	char word[512];
	unsigned len;

	TEXT_FORMAT(word, sizeof(word), fmt);
	len = (unsigned)strlen(word);
	if (l->col > l->indent && l->col + 1 + len > WIDTH) {
		fputc('\n', l->out);
		l->col = 0;
	}
	if (l->col < l->indent) {
		fprintf(l->out, "%*s", (int)(l->indent - l->col), "");
		l->col = l->indent;
	} else if (l->col) {
		fputc(' ', l->out);
		l->col++;
	}
	fputs(word, l->out);
	l->col += len;
}

/* Adds a sentence word by word. */
static void put_words(struct line *l, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, " ");

		put(l, "%.*s", (int)n, text);
		text += n + (text[n] == ' ');
	}
}

static void end_line(struct line *l)
{
	fputc('\n', l->out);
	l->col = 0;
}

/* ---- what changed, in words */

static void put_differ(struct line *l, const struct event_differ *d)
{
	const char *name = strcmp(d->name, "kind") ? d->name : "";

	if (d->before[0])
		put(l, "%s%s%s>%s", name, name[0] ? " " : "", d->before, d->after);
	else if (!strcmp(name, "excl"))
		put(l, "exclusive");
	else if (!strcmp(name, "write"))
		put(l, "writable");
	else
		put(l, "%s %s", name, d->after);
}

static void put_run(const struct render_event_options *r, const struct event_change *c)
{
	struct event_differ differ[EVENT_DIFFERS];
	unsigned n = render_event_differ(c, differ);
	struct line l = { .out = r->out, .indent = 4 };

	put(&l, "%d", c->pid);
	put(&l, "%012llx", c->start);
	put(&l, "%llux%s", c->pages, COLUMNS_SIZE(c->size));
	put(&l, "%s", page_kind_name(c->kind));
	put(&l, "%s:", event_causes[c->cause].word);
	l.indent = 8;
	for (unsigned i = 0; i < n; i++)
		put_differ(&l, &differ[i]);
	end_line(&l);
}

/* ---- quiet: like runs are told together */

struct group {
	pid_t pid;
	u8 cause, kind;
	u64 size, pages, first, last;
	unsigned runs;
};

struct groups {
	unsigned n, runs;
	bool more;
	struct group g[GROUPS];
};

/* A paragraph without -v mentions the change. */
static bool telling(const struct event *e, const struct event_change *c)
{
	if (c->leaks)
		return true;
	if (c->kind == PAGE_FILE || c->kind == PAGE_SPECIAL)
		return e->kind == EVENT_VMSPLICE; /* everybody uses the page cache */
	switch (c->cause) {
	case EVENT_CAUSE_COUNTED:
		return event_kinds[e->kind].flags & EVENT_COUNTS && !event_is_noise(e, c);
	case EVENT_CAUSE_READ_IN:
	case EVENT_CAUSE_POPULATED:
		return !e->since_ns; /* programs touch new pages all the time */
	case EVENT_CAUSE_OTHER:
		return false;
	default:
		return true;
	}
}

static void gather(struct groups *gs, const struct event_change *c)
{
	size_t i =
		ARRAY_SEEK(k, gs->n,
			   gs->g[k].pid == c->pid && gs->g[k].cause == c->cause &&
				   gs->g[k].kind == c->kind && gs->g[k].size == c->size);

	if (i == GROUPS) {
		gs->more = true;
		return;
	}
	struct group *g = &gs->g[i];
	if (i == gs->n) {
		gs->n++;
		*g = (struct group){ .pid = c->pid,
				     .cause = c->cause,
				     .kind = c->kind,
				     .size = c->size,
				     .first = c->start };
	}
	g->pages += c->pages;
	g->runs++;
	gs->runs++;
	g->last = c->end;
}

static void show_groups(const struct render_event_options *r, const struct groups *gs)
{
	for (unsigned i = 0; i < gs->n; i++) {
		const struct group *g = &gs->g[i];
		struct line l = { .out = r->out, .indent = 4 };

		put(&l, "%d", g->pid);
		put(&l, "%llux%s", g->pages, COLUMNS_SIZE(g->size));
		put(&l, "%s", page_kind_name(g->kind));
		l.indent = 8;
		put_words(&l, event_causes[g->cause].text);
		if (g->runs > 1)
			put(&l, "(%u runs,", g->runs);
		put(&l, "%s%llx-%llx%s", g->runs > 1 ? "" : "(", g->first, g->last, ")");
		end_line(&l);
	}
	if (gs->more)
		fputs("    and more; -v shows every run\n", r->out);
}

static void show_changes(const struct render_event_options *r, const struct event *e)
{
	struct groups gs = { 0 };

	for (size_t i = 0; i < e->nchanges; i++) {
		struct event_change c = event_join(e, &i);

		if (telling(e, &c))
			gather(&gs, &c);
	}
	if (!r->verbose && (gs.runs > QUIET_RUNS || gs.more)) {
		show_groups(r, &gs);
		return;
	}
	for (size_t i = 0; i < e->nchanges; i++) {
		struct event_change c = r->verbose ? e->change[i] : event_join(e, &i);

		if (r->verbose || telling(e, &c))
			put_run(r, &c);
	}
}

/* ---- the family */

static u64 shared_pages(const struct event_shared *run)
{
	return MAX((run->end - run->start) / run->size, 1);
}

static void show_shared(const struct render_event_options *r, const struct event *e,
			const struct event_shared *run)
{
	struct line l = { .out = r->out, .indent = 4 };
	unsigned first = EVENT_FAMILY;

	put(&l, "family %012llx", run->start);
	put(&l, "%llux%s:", shared_pages(run), COLUMNS_SIZE(run->size));
	l.indent = 8;
	for (unsigned i = 0; i < run->n; i++) {
		const char *sep = i + 1 < run->n ? "," : "";
		pid_t pid = e->member[i].pid;

		if (!run->has[i])
			put(&l, "%d none%s", pid, sep);
		else if (!run->pfn_known[i])
			put(&l, "%d pfn ?%s", pid, sep);
		else if (first < EVENT_FAMILY && run->pfn[i] == run->pfn[first])
			put(&l, "%d the same%s", pid, sep);
		else
			put(&l, "%d pfn %llx%s", pid, run->pfn[i], sep);
		if (first == EVENT_FAMILY && run->has[i] && run->pfn_known[i])
			first = i;
	}
	end_line(&l);
}

/* What a fork shares is summed up; its runs are for -v. */
static void sum_family(const struct render_event_options *r, const struct event *e)
{
	unsigned n = MIN(e->nmembers, EVENT_FAMILY);
	bool hidden = false;
	u64 pages = 0;

	for (size_t i = 0; i < e->nfamily; i++) {
		hidden |= e->family[i].hidden;
		pages += shared_pages(&e->family[i]);
	}
	if (hidden)
		fprintf(r->out,
			"    family what %u processes share is not known: page frames are hidden\n",
			n);
	else
		fprintf(r->out, "    family %u processes share %llu pages in %zu runs\n",
			n, pages, e->nfamily);
}

static void show_family(const struct render_event_options *r, const struct event *e)
{
	bool fork = e->kind == EVENT_FORK && !e->shares_mm && !e->nranges;
	size_t limit = r->verbose ? SIZE_MAX : fork ? 0 : QUIET_RUNS;

	for (size_t i = 0; i < MIN(e->nfamily, limit); i++)
		show_shared(r, e, &e->family[i]);
	if (fork && e->nmembers >= 2 && !e->since_ns && !e->incomplete)
		sum_family(r, e);
	else if (e->nfamily > limit && !fork) /* what is incomplete has no sum */
		fprintf(r->out, "    and %zu more runs\n", e->nfamily - limit);
}

/* ---- the paragraph */

const char *render_event_arg(const struct event_arg *a, char *buf, size_t size)
{
	if (a->kind == EVENT_ARG_TEXT)
		snprintf(buf, size, "%s=%s", a->name,
			 ESCAPED(a->text, 4 * sizeof(a->text)));
	else
		snprintf(buf, size, a->kind == EVENT_ARG_HEX ? "%s=%llx" : "%s=%lld",
			 a->name, (u64)a->num);
	return buf;
}

static void put_result(struct line *l, const struct event *e)
{
	if (!e->has_ret)
		return;
	if (e->ret < 0 && e->ret > -4096) {
		const char *name = strerrorname_np((int)-e->ret);
		put(l, "= %s", name ? name : "error");
	} else if (e->kind == EVENT_FORK) {
		put(l, "-> %d%s", e->child, e->shares_mm ? " (same address space)" : "");
	} else if (e->kind == EVENT_MMAP || e->kind == EVENT_MREMAP) {
		put(l, "= %llx", (u64)e->ret);
	} else {
		put(l, "= %lld", e->ret);
	}
}

static double seconds(const struct event *e, u64 t)
{
	return (double)(s64)(t - e->start_ns) / 1e9;
}

static void show_head(const struct render_event_options *r, const struct event *e)
{
	struct line l = { .out = r->out };
	char comm[500];

	put(&l, "%9.6f", seconds(e, e->time_ns));
	put(&l, "%d", e->pid);
	put(&l, "%s", ESCAPED(e->comm, 500));
	if (e->tid != e->pid)
		put(&l, "[%d]", e->tid);
	put(&l, "%s", e->call[0] ? e->call : event_kinds[e->kind].word);
	l.indent = 8;
	for (unsigned i = 0; i < e->nargs; i++)
		put(&l, "%s%s", render_event_arg(&e->arg[i], comm, sizeof(comm)),
		    i + 1 < e->nargs ? "," : "");
	put_result(&l, e);
	if (e->since_ns)
		put(&l, "(between %.6f and now)", seconds(e, e->since_ns));
	if (e->looked_ns)
		put(&l, "(its pages %.6f s later, while it ran on)",
		    (double)(s64)(e->looked_ns - e->time_ns) / 1e9);
	end_line(&l);
}

static void show_warnings(const struct render_event_options *r, const struct event *e)
{
	for (unsigned i = 0; i < e->nwarnings; i++) {
		const struct event_warning *w = &e->warning[i];
		struct line l = { .out = r->out, .indent = 2 };

		if (r->color && w->leak)
			fputs("\033[1;31m", r->out);
		put(&l, "!");
		l.indent = 4;
		put(&l, "%d %llx:", w->pid, w->addr);
		put_words(&l, EVENT_WARN_TEXT(w));
		if (r->color && w->leak)
			fputs("\033[0m", r->out);
		end_line(&l);
	}
}

/* ---- sums */

#define FOLD_NS 1000000000ull /* that a line sums up at most */
#define SUMS 20               /* lines of the summary */

/* The sums have it: not what other processes see of the counts. */
static bool is_summed(const struct event *e, const struct event_change *c)
{
	return telling(e, c) && c->cause != EVENT_CAUSE_COUNTED;
}

/* The event has no paragraph of its own. */
static bool is_folded(const struct render_event_options *r, const struct event *e)
{
	return !r->verbose && !e->nwarnings && !e->incomplete &&
	       !(event_kinds[e->kind].flags & EVENT_SHOWN) && !(r->whole >> e->kind & 1);
}

/* "4242 redis-server: write-fault copied 12M, reused 200K (3 times)", if it did anything. */
static bool show_sum(struct line *l, const struct event_sum *s)
{
	unsigned causes = 0;

	for (unsigned i = 0; i < EVENT_CAUSES; i++)
		causes += s->bytes[i] != 0;
	if (!causes)
		return false;
	put(l, "%d", s->pid);
	put(l, "%s:", ESCAPED(s->comm, 500));
	l->indent = 8;
	put(l, "%s", event_kinds[s->kind].word);
	for (unsigned i = 0; i < EVENT_CAUSES; i++)
		if (s->bytes[i])
			put(l, "%s %s%s", event_causes[i].word, COLUMNS_SIZE(s->bytes[i]),
			    --causes ? "," : "");
	if (s->events > 1)
		put(l, "(%llu times)", s->events);
	end_line(l);
	return true;
}

/* Shows what was folded since the last paragraph, a line for each process and kind. */
static void show_folded(struct render_event_options *r)
{
	struct event_sums *f = &r->now;

	if (f->n)
		fputc('\n', r->out);
	for (size_t i = 0; i < f->n; i++) {
		struct line l = { .out = r->out };

		put(&l, "%9.6f", (double)(s64)(f->time_ns - f->start_ns) / 1e9);
		show_sum(&l, &f->sum[i]);
	}
	f->n = 0;
	f->since_ns = 0;
}

static void count_warnings(struct render_event_options *r, const struct event *e)
{
	for (unsigned i = 0; i < e->nwarnings; i++) {
		const struct event_warning *w = &e->warning[i];
		struct render_event_warned *at = r->warned;

		while (at < r->warned + RENDER_EVENT_WARNINGS - 1 && at->events &&
		       strcmp(at->first.id, w->id))
			at++;
		if (!at->events)
			*at = (struct render_event_warned){ .first = *w,
							    .seq = e->seq,
							    .time_ns = e->time_ns };
		at->events++;
		at->pages += w->pages;
	}
}

static void show_kinds(const struct render_event_options *r)
{
	struct line l = { .out = r->out, .indent = 8 };
	const u64 *events = r->all.events;
	unsigned kinds = 0;

	l.col = (unsigned)fprintf(r->out, "\nAfter %.6f s:",
				  (double)(s64)(r->all.time_ns - r->all.start_ns) / 1e9);
	for (unsigned kind = 0; kind < EVENTS; kind++)
		kinds += events[kind] != 0;
	for (unsigned kind = 0; kind < EVENTS; kind++)
		if (events[kind])
			put(&l, "%llu %s%s", events[kind], event_kinds[kind].word,
			    --kinds ? "," : "");
	end_line(&l);
}

static void show_summary(const struct render_event_options *r)
{
	unsigned lines = 0;
	char text[200];

	show_kinds(r);
	for (size_t i = 0; i < r->all.n && lines < SUMS; i++) {
		struct line l = { .out = r->out, .indent = 4 };

		lines += show_sum(&l, &r->all.sum[i]);
	}
	if (lines == SUMS || r->all.more)
		fputs("    ...\n", r->out);
	for (unsigned i = 0; i < RENDER_EVENT_WARNINGS && r->warned[i].events; i++) {
		const struct render_event_warned *w = &r->warned[i];
		struct line l = { .out = r->out, .indent = 2 };

		put(&l, "!");
		l.indent = 4;
		snprintf(text, sizeof(text),
			 "%s: %llu page%s, first of %d at %llx after %.6f s (event %llu)",
			 w->first.id, w->pages, w->pages == 1 ? "" : "s", w->first.pid,
			 w->first.addr, (double)(s64)(w->time_ns - r->all.start_ns) / 1e9,
			 w->seq);
		put_words(&l, text);
		end_line(&l);
	}
	if (!r->warned[0].events)
		fputs("    no warnings\n", r->out);
}

static int on_begin(void *ctx, const struct report_head *head)
{
	const struct render_event_options *r = ctx;

	/* a recording of a stranger says which kernel it was */
	fprintf(r->out,
		"gupinfo --trace: kernel %s judged as %s; times are seconds since the start\n",
		ESCAPED(head->machine->kernel.release, 300),
		ESCAPED(head->kernel->model, 100));
	return 0;
}

static int flushed(const struct render_event_options *r)
{
	return fflush(r->out) || ferror(r->out) ? -EPIPE : 0;
}

static int on_event(void *ctx, const struct event *e)
{
	struct render_event_options *r = ctx;
	bool folded = is_folded(r, e);
	int err = event_select_sum(&r->all, e, is_summed);

	count_warnings(r, e);
	if (err || (!r->verbose && !(event_kinds[e->kind].flags & EVENT_SHOWN) &&
		    !ARRAY_ANY(i, e->nchanges,
			       folded ? is_summed(e, &e->change[i])
				      : telling(e, &e->change[i]))))
		return err;
	if (r->now.n && (!folded || e->time_ns - r->now.since_ns >= FOLD_NS))
		show_folded(r);
	if (folded) {
		err = event_select_sum(&r->now, e, is_summed);
		return err ? err : flushed(r);
	}
	fputc('\n', r->out);
	show_head(r, e);
	show_changes(r, e);
	show_family(r, e);
	if (e->incomplete)
		fprintf(r->out, "    pages were not compared: %s\n", e->incomplete);
	show_warnings(r, e);
	return flushed(r);
}

static int on_end(void *ctx, int status)
{
	struct render_event_options *r = ctx;

	show_folded(r);
	if (r->all.n)
		show_summary(r);
	else
		fputs("\nno events\n", r->out);
	free(r->now.sum);
	free(r->all.sum);
	r->now = r->all = (struct event_sums){ 0 };
	return flushed(r);
}

const struct event_view render_event_view = { .begin = on_begin,
					      .event = on_event,
					      .end = on_end };
