/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/render_event.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/escape.h"

#define WIDTH 80
#define GROUPS 24
#define QUIET_RUNS 4 /* shown of the family, and of each group that has few */

struct render_event {
	struct render_event_options opt;
	bool failed;
};

const char *render_event_size(u64 bytes, char *buf)
{
	static const char units[] = "BKMGT";
	unsigned u = 0;

	while (bytes && bytes % 1024 == 0 && u < 4) {
		bytes /= 1024;
		u++;
	}
	snprintf(buf, 16, "%" PRIu64 "%c", bytes, units[u]);
	return buf;
}

/* ---- a line that breaks at blanks */

struct line {
	FILE *out;
	unsigned col, indent;
};

/* Adds a word; starts a new line when it does not fit. */
static __attribute__((format(printf, 2, 3))) void put(struct line *l, const char *fmt,
						      ...)
{
	char word[512];
	va_list ap;
	unsigned len;

	va_start(ap, fmt);
	vsnprintf(word, sizeof(word), fmt, ap);
	va_end(ap);
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

static const char *yes_no(enum tri t)
{
	return t == TRI_YES ? "yes" : t == TRI_NO ? "no" : "?";
}

static enum tri pte_bit(const struct page_run *p, u16 bit)
{
	return tri_from(p->pte_known & bit, p->pte & bit);
}

static void put_tri(struct line *l, const char *name, enum tri a, enum tri b)
{
	if (a != b)
		put(l, "%s %s>%s", name, yes_no(a), yes_no(b));
}

static void text_count(const struct page_run *p, enum page_field field, s64 n,
		       char buf[24])
{
	if (p->why[field] != PAGE_WHY_KNOWN)
		snprintf(buf, 24, "%s",
			 p->why[field] == PAGE_WHY_NOT_APPLICABLE ? "-" : "?");
	else
		snprintf(buf, 24, "%" PRId64, n);
}

static void put_count(struct line *l, const char *name, enum page_field field,
		      const struct page_run *a, s64 na, const struct page_run *b, s64 nb)
{
	char ta[24], tb[24];

	text_count(a, field, na, ta);
	text_count(b, field, nb, tb);
	if (strcmp(ta, tb))
		put(l, "%s %s>%s", name, ta, tb);
}

static void put_pfn(struct line *l, const struct page_run *p)
{
	if (p->why[PAGE_F_PFN] == PAGE_WHY_KNOWN && p->pfn)
		put(l, "pfn %" PRIx64, p->pfn);
}

/* Adds the differences of two pages, field by field: "before>after". */
static void put_fields(struct line *l, const struct store_change *c)
{
	const struct gup_verdicts *va = c->a.class->verdicts, *vb = c->b.class->verdicts;
	struct page_run before, after, *a = &before, *b = &after;

	store_diff_page(c, &c->a, a);
	store_diff_page(c, &c->b, b);
	if (!(c->what & STORE_MOVED))
		put_pfn(l, b);

	if (a->kind != b->kind)
		put(l, "%s>%s", page_kind_name(a->kind), page_kind_name(b->kind));
	if (a->leaf != b->leaf && a->leaf && b->leaf) {
		char sa[16], sb[16];
		put(l, "leaf %s>%s", render_event_size(a->size, sa),
		    render_event_size(b->size, sb));
	}
	if (c->what & STORE_MOVED)
		put(l, "pfn %" PRIx64 ">%" PRIx64, a->pfn, b->pfn);
	put_tri(l, "excl", a->anon_exclusive, b->anon_exclusive);
	put_tri(l, "write", pte_bit(a, PAGE_PTE_WRITE), pte_bit(b, PAGE_PTE_WRITE));
	put_tri(l, "protnone", pte_bit(a, PAGE_PTE_PROTNONE),
		pte_bit(b, PAGE_PTE_PROTNONE));
	put_tri(l, "uffd-wp", pte_bit(a, PAGE_PTE_UFFD_WP), pte_bit(b, PAGE_PTE_UFFD_WP));
	put_count(l, "map", PAGE_F_MAPCOUNT, a, a->mapcount, b, b->mapcount);
	put_count(l, "ref", PAGE_F_REFCOUNT, a, a->refcount, b, b->refcount);
	put_count(l, "pin", PAGE_F_PINCOUNT, a, a->pincount, b, b->pincount);
	for (unsigned r = 0; r < GUP_REQUESTS; r++)
		if (va->req[r].word != vb->req[r].word)
			put(l, "%s %s>%s", gup_request_name(r),
			    gup_word_name(va->req[r].word, va->req[r].err),
			    gup_word_name(vb->req[r].word, vb->req[r].err));
	if (va->write.fault != vb->write.fault)
		put(l, "store %s>%s", gup_write_name(va->write.fault),
		    gup_write_name(vb->write.fault));
	put_tri(l, "leak", va->write.leak, vb->write.leak);
	if (va->fork.word != vb->fork.word)
		put(l, "fork %s>%s", gup_fork_name(va->fork.word),
		    gup_fork_name(vb->fork.word));
}

/* Adds the state of a page that was not there before. */
static void put_state(struct line *l, const struct page_run *p,
		      const struct gup_verdicts *v)
{
	put_pfn(l, p);
	if (p->anon_exclusive == TRI_YES)
		put(l, "exclusive");
	if (pte_bit(p, PAGE_PTE_WRITE) == TRI_YES)
		put(l, "writable");
	if (p->why[PAGE_F_MAPCOUNT] == PAGE_WHY_KNOWN)
		put(l, "map %" PRId64, p->mapcount);
	if (p->why[PAGE_F_REFCOUNT] == PAGE_WHY_KNOWN)
		put(l, "ref %" PRId64, p->refcount);
	if (v->write.leak == TRI_YES)
		put(l, "leak yes");
}

static void put_run(struct render_event *r, const struct event_change *c)
{
	const struct store_change *s = &c->c;
	const struct store_side *side = s->b.class ? &s->b : &s->a;
	const struct page_run *p = event_page(c);
	struct line l = { .out = r->opt.out, .indent = 4 };
	char size[16];

	put(&l, "%d", c->pid);
	put(&l, "%012" PRIx64, s->start);
	put(&l, "%" PRIu64 "x%s", event_pages(c), render_event_size(p->size, size));
	put(&l, "%s", page_kind_name(p->kind));
	put(&l, "%s:", event_cause_name(c->cause));
	l.indent = 8;
	if (s->a.class && s->b.class) {
		put_fields(&l, s);
	} else if (side->class) {
		struct page_run page;

		store_diff_page(s, side, &page);
		put_state(&l, &page, side->class->verdicts);
	}
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
	const struct page_class *a = c->c.a.class, *b = c->c.b.class;
	const struct page_run *p = event_page(c);

	if (c->c.what & STORE_VERDICT && a && b &&
	    a->verdicts->write.leak != b->verdicts->write.leak)
		return true;
	if (p->kind == PAGE_FILE || p->kind == PAGE_SPECIAL)
		return e->kind == EVENT_VMSPLICE; /* everybody uses the page cache */
	switch (c->cause) {
	case EVENT_CAUSE_COUNTED:
		return event_flags(e->kind) & EVENT_COUNTS;
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
	const struct page_run *p = event_page(c);
	unsigned i;

	for (i = 0; i < gs->n; i++)
		if (gs->g[i].pid == c->pid && gs->g[i].cause == c->cause &&
		    gs->g[i].kind == p->kind && gs->g[i].size == p->size)
			break;
	if (i == GROUPS) {
		gs->more = true;
		return;
	}
	struct group *g = &gs->g[i];
	if (i == gs->n) {
		gs->n++;
		*g = (struct group){ .pid = c->pid,
				     .cause = c->cause,
				     .kind = p->kind,
				     .size = p->size,
				     .first = c->c.start };
	}
	g->pages += event_pages(c);
	g->runs++;
	gs->runs++;
	g->last = c->c.end;
}

static void show_groups(struct render_event *r, const struct groups *gs)
{
	for (unsigned i = 0; i < gs->n; i++) {
		const struct group *g = &gs->g[i];
		struct line l = { .out = r->opt.out, .indent = 4 };
		char size[16];

		put(&l, "%d", g->pid);
		put(&l, "%" PRIu64 "x%s", g->pages, render_event_size(g->size, size));
		put(&l, "%s", page_kind_name(g->kind));
		l.indent = 8;
		put_words(&l, event_cause_text(g->cause));
		if (g->runs > 1)
			put(&l, "(%u runs,", g->runs);
		put(&l, "%s%" PRIx64 "-%" PRIx64 "%s", g->runs > 1 ? "" : "(", g->first,
		    g->last, ")");
		end_line(&l);
	}
	if (gs->more)
		fputs("    and more; -v shows every run\n", r->opt.out);
}

static void show_changes(struct render_event *r, const struct event *e)
{
	struct groups gs = { 0 };

	for (size_t i = 0; i < e->nchanges; i++)
		if (telling(e, &e->change[i]))
			gather(&gs, &e->change[i]);
	if (!r->opt.verbose && (gs.runs > QUIET_RUNS || gs.more)) {
		show_groups(r, &gs);
		return;
	}
	for (size_t i = 0; i < e->nchanges; i++)
		if (r->opt.verbose || telling(e, &e->change[i]))
			put_run(r, &e->change[i]);
}

/* ---- the family */

struct family {
	struct render_event *r;
	unsigned runs, shown, limit;
	u64 pages, hidden;
};

static int show_shared(void *ctx, const struct event_shared *run)
{
	struct family *f = ctx;
	struct line l = { .out = f->r->opt.out, .indent = 4 };
	unsigned first = 8;
	char size[16];

	if (run->hidden)
		f->hidden += (run->end - run->start) / run->size;
	else
		f->pages += (run->end - run->start) / run->size;
	if (f->runs++ >= f->limit)
		return 0;
	put(&l, "family %012" PRIx64, run->start);
	put(&l, "%" PRIu64 "x%s:", MAX((run->end - run->start) / run->size, 1),
	    render_event_size(run->size, size));
	l.indent = 8;
	for (unsigned i = 0; i < run->n; i++) {
		const char *sep = i + 1 < run->n ? "," : "";

		if (!run->has[i])
			put(&l, "%d none%s", run->member[i].pid, sep);
		else if (!run->pfn_known[i])
			put(&l, "%d pfn ?%s", run->member[i].pid, sep);
		else if (first < 8 && run->pfn[i] == run->pfn[first])
			put(&l, "%d the same%s", run->member[i].pid, sep);
		else
			put(&l, "%d pfn %" PRIx64 "%s", run->member[i].pid, run->pfn[i],
			    sep);
		if (first == 8 && run->has[i] && run->pfn_known[i])
			first = i;
	}
	end_line(&l);
	return 0;
}

static void show_family(struct render_event *r, const struct event *e)
{
	struct family f = { .r = r, .limit = r->opt.verbose ? UINT32_MAX : QUIET_RUNS };

	if (e->nmembers < 2 || e->since_ns)
		return;
	if (e->nranges) {
		for (unsigned i = 0; i < e->nranges; i++)
			event_family(e, e->range[i].start, e->range[i].end, false,
				     show_shared, &f);
	} else if (e->kind == EVENT_FORK && !e->shares_mm) {
		if (!r->opt.verbose)
			f.limit = 0;
		event_family(e, 0, 1ULL << 63, true, show_shared, &f);
		if (f.hidden)
			fprintf(r->opt.out,
				"    family what %u processes share is not known: page frames are hidden\n",
				MIN(e->nmembers, 8));
		else
			fprintf(r->opt.out,
				"    family %u processes share %" PRIu64
				" pages in %u runs\n",
				MIN(e->nmembers, 8), f.pages, f.runs);
		return;
	}
	if (f.runs > f.limit)
		fprintf(r->opt.out, "    and %u more runs\n", f.runs - f.limit);
}

/* ---- the paragraph */

static void put_arg(struct line *l, const struct event_arg *a, bool last)
{
	char text[500];

	if (a->kind == EVENT_ARG_TEXT)
		put(l, "%s=%s%s", a->name, escape_text(text, sizeof(text), a->text),
		    last ? "" : ",");
	else if (a->kind == EVENT_ARG_HEX)
		put(l, "%s=%" PRIx64 "%s", a->name, (u64)a->num, last ? "" : ",");
	else
		put(l, "%s=%" PRId64 "%s", a->name, a->num, last ? "" : ",");
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
		put(l, "= %" PRIx64, (u64)e->ret);
	} else {
		put(l, "= %" PRId64, e->ret);
	}
}

static double seconds(const struct event *e, u64 t)
{
	return (double)(s64)(t - e->start_ns) / 1e9;
}

static void show_head(struct render_event *r, const struct event *e)
{
	struct line l = { .out = r->opt.out };
	char comm[300];

	put(&l, "%9.6f", seconds(e, e->time_ns));
	put(&l, "%d", e->pid);
	put(&l, "%s", escape_text(comm, sizeof(comm), e->comm));
	if (e->tid != e->pid)
		put(&l, "[%d]", e->tid);
	put(&l, "%s", e->call[0] ? e->call : event_name(e->kind));
	l.indent = 8;
	for (unsigned i = 0; i < e->nargs; i++)
		put_arg(&l, &e->arg[i], i + 1 == e->nargs);
	put_result(&l, e);
	if (e->since_ns)
		put(&l, "(between %.6f and now)", seconds(e, e->since_ns));
	end_line(&l);
}

/* The event is shown without -v. */
static bool is_shown(const struct event *e)
{
	bool shown = event_flags(e->kind) & EVENT_SHOWN;

	for (size_t i = 0; i < e->nchanges && !shown; i++)
		shown = telling(e, &e->change[i]);
	return shown;
}

static void show_warnings(struct render_event *r, const struct event *e)
{
	char text[300];

	for (unsigned i = 0; i < e->nwarnings; i++) {
		const struct event_warning *w = &e->warning[i];
		struct line l = { .out = r->opt.out, .indent = 2 };

		if (r->opt.color && w->leak)
			fputs("\033[1;31m", r->opt.out);
		put(&l, "!");
		l.indent = 4;
		put(&l, "%d %" PRIx64 ":", w->pid, w->addr);
		put_words(&l, event_warn_text(w, text, sizeof(text)));
		if (r->opt.color && w->leak)
			fputs("\033[0m", r->opt.out);
		end_line(&l);
	}
}

static int on_begin(void *ctx, const struct report_head *head)
{
	struct render_event *r = ctx;

	fprintf(r->opt.out,
		"gupinfo --trace: kernel %s judged as %s; times are seconds since the start\n",
		head->machine->kernel.release, head->kernel->model);
	return 0;
}

static int flushed(struct render_event *r)
{
	return fflush(r->opt.out) || ferror(r->opt.out) ? -EPIPE : 0;
}

static int on_event(void *ctx, const struct event *e)
{
	struct render_event *r = ctx;

	if (!r->opt.verbose && !is_shown(e))
		return 0;
	fputc('\n', r->opt.out);
	show_head(r, e);
	show_changes(r, e);
	show_family(r, e);
	if (e->incomplete)
		fprintf(r->opt.out, "    pages were not compared: %s\n", e->incomplete);
	show_warnings(r, e);
	return flushed(r);
}

static int on_end(void *ctx, int status)
{
	return flushed(ctx);
}

const struct event_view render_event_view = { .begin = on_begin,
					      .event = on_event,
					      .end = on_end };

int render_event_new(const struct render_event_options *opt, void **ret)
{
	struct render_event *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->opt = *opt;
	*ret = r;
	return 0;
}

void render_event_free(void *ctx)
{
	free(ctx);
}
