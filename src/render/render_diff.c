/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/render_diff.h"

#include "lib/escape.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char *const diff_words[9] = { "appeared", "vanished", "moved",
					   "state",    "counts",   "verdict",
					   "minor",    "known",    "mapped" };

/* Formats "state,verdict". */
static void diff_what(u32 what, char *buf, size_t size)
{
	size_t at = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < ARRAY_SIZE(diff_words); i++)
		if (what & BIT(i) & STORE_REAL && at < size)
			at += (size_t)snprintf(buf + at, size - at, "%s%s", at ? "," : "",
					       diff_words[i]);
}

static const char *diff_exclusive(const struct page_run *p)
{
	return p->anon_exclusive == TRI_YES ? " excl"
	       : p->anon_exclusive == TRI_NO && (p->kind == PAGE_ANON || p->anon)
		       ? " shared"
		       : "";
}

static void diff_number(bool known, s64 n, const char *name, char *buf, size_t size)
{
	if (known)
		snprintf(buf, size, " %s %" PRId64, name, n);
	else
		snprintf(buf, size, " %s ?", name);
}

/* Describes one side of a change in a few words. */
static void diff_side(const struct store_change *c, const struct store_side *side,
		      char *buf, size_t size)
{
	char ref[40], map[40], pfn[40] = "";
	struct page_run page, *p = &page;

	if (!side->class || side->class->page.kind == PAGE_NONE) {
		snprintf(buf, size, "%s", side->vma ? "hole" : "not mapped");
		return;
	}
	store_diff_page(c, side, p);
	if (p->present != TRI_YES) {
		snprintf(buf, size, "%s", page_kind_name(p->kind));
		return;
	}
	diff_number(p->why[PAGE_F_REFCOUNT] == PAGE_WHY_KNOWN, p->refcount, "ref", ref,
		    sizeof(ref));
	diff_number(p->why[PAGE_F_MAPCOUNT] == PAGE_WHY_KNOWN, p->mapcount, "map", map,
		    sizeof(map));
	if (p->why[PAGE_F_PFN] == PAGE_WHY_KNOWN && c->what & STORE_MOVED)
		snprintf(pfn, sizeof(pfn), " pfn %#" PRIx64, p->pfn);
	snprintf(buf, size, "%s%s%s%s%s%s", page_kind_name(p->kind), diff_exclusive(p),
		 map, ref, pfn,
		 side->class->verdicts->write.leak == TRI_YES ? " LEAK" : "");
}

/* Formats "pin-r fast -> copy" for each request whose word changed. */
static void diff_verdicts(const struct store_change *c, char *buf, size_t size)
{
	const struct gup_verdicts *va, *vb;
	size_t at = 0;

	buf[0] = '\0';
	if (!(c->what & STORE_VERDICT) || !c->a.class || !c->b.class)
		return;
	va = c->a.class->verdicts;
	vb = c->b.class->verdicts;
	for (unsigned i = 0; i < GUP_REQUESTS && at < size; i++) {
		const struct gup_verdict *a = &va->req[i];
		const struct gup_verdict *b = &vb->req[i];

		if (a->word != b->word || a->err != b->err)
			at += (size_t)snprintf(buf + at, size - at, "%s%s %s -> %s",
					       at ? ", " : "", gup_request_name(i),
					       gup_word_name(a->word, a->err),
					       gup_word_name(b->word, b->err));
	}
	if (at < size && va->write.fault != vb->write.fault)
		at += (size_t)snprintf(buf + at, size - at, "%sstore %s -> %s",
				       at ? ", " : "", gup_write_name(va->write.fault),
				       gup_write_name(vb->write.fault));
	if (at < size && va->fork.word != vb->fork.word)
		snprintf(buf + at, size - at, "%sfork %s -> %s", at ? ", " : "",
			 gup_fork_name(va->fork.word), gup_fork_name(vb->fork.word));
}

static void diff_json_side(struct js *j, const char *key, const struct store_change *c,
			   const struct store_side *side)
{
	struct page_run page;
	struct report_row row = { .process = &side->process->process, .page = &page };

	if (!side->class) {
		js_null(j, key);
		return;
	}
	store_diff_page(c, side, &page);
	row.verdicts = side->class->verdicts;
	render_json_page_place(j, key, &row, false);
	render_json_page_rest(j, &row);
}

static void diff_json(struct render_diff *d, const struct store_change *c)
{
	struct js *j = &d->js;

	js_line(j);
	js_open(j, NULL, '{');
	js_num(j, "pid", c->b.process->process.pid);
	js_hex(j, "start", c->start);
	js_hex(j, "end", c->end);
	js_open(j, "what", '[');
	for (unsigned i = 0; i < ARRAY_SIZE(diff_words); i++)
		if (c->what & BIT(i) & STORE_REAL)
			js_str(j, NULL, diff_words[i]);
	js_close(j, ']');
	diff_json_side(j, "before", c, &c->a);
	diff_json_side(j, "after", c, &c->b);
	js_close(j, '}');
}

void render_diff_begin(struct render_diff *d)
{
	d->js.out = d->opt->out;
	if (!d->json)
		return;
	render_json_begin(&d->js);
	js_open(&d->js, "diff", '[');
}

int render_diff_change(void *ctx, const struct store_change *c)
{
	struct render_diff *d = ctx;
	FILE *out = d->opt->out;
	char what[120], a[200], b[200], verdicts[400], name[200];

	for (unsigned i = 0; i < ARRAY_SIZE(d->pages); i++)
		if (c->what & BIT(i))
			d->pages[i] += (c->end - c->start) / d->base;
	if (d->json) {
		diff_json(d, c);
		d->changes++;
		return ferror(out) ? -EIO : 0;
	}
	diff_what(c->what, what, sizeof(what));
	if (!d->changes || d->pid != c->b.process->process.pid)
		fprintf(out, "process %d %s\n", (int)c->b.process->process.pid,
			escape_text(name, sizeof(name), c->b.process->process.comm));
	d->pid = c->b.process->process.pid;
	d->changes++;
	diff_side(c, &c->a, a, sizeof(a));
	diff_side(c, &c->b, b, sizeof(b));
	diff_verdicts(c, verdicts, sizeof(verdicts));
	fprintf(out, "%" PRIx64 "-%" PRIx64 " %" PRIu64 " %s\n    %s -> %s\n", c->start,
		c->end, (c->end - c->start) / d->base, what, a, b);
	if (verdicts[0])
		fprintf(out, "    %s\n", verdicts);
	return ferror(out) ? -EIO : 0;
}

void render_diff_process(struct render_diff *d, const struct process *p, char side)
{
	struct js *j = &d->js;
	char name[200];

	d->changes++;
	if (!d->json) {
		fprintf(d->opt->out, "process %d %s is only in %c\n", (int)p->pid,
			escape_text(name, sizeof(name), p->comm), side);
		return;
	}
	js_line(j);
	js_open(j, NULL, '{');
	js_num(j, "pid", p->pid);
	js_open(j, "what", '[');
	js_str(j, NULL, "process");
	js_close(j, ']');
	js_str(j, "only", (char[]){ side, '\0' });
	js_close(j, '}');
}

void render_diff_end(struct render_diff *d)
{
	FILE *out = d->opt->out;

	if (d->json) {
		js_close(&d->js, ']');
		js_open(&d->js, "pages", '{');
		for (unsigned i = 0; i < ARRAY_SIZE(d->pages); i++)
			js_num(&d->js, diff_words[i], (s64)d->pages[i]);
		js_close(&d->js, '}');
		render_json_end(&d->js);
		return;
	}
	if (!d->changes) {
		fputs("no page differs\n", out);
	} else {
		fputs("pages:", out);
		for (unsigned i = 0; i < ARRAY_SIZE(d->pages); i++)
			if (d->pages[i])
				fprintf(out, " %s %" PRIu64, diff_words[i], d->pages[i]);
		fputc('\n', out);
	}
	if (d->skipped)
		fprintf(out,
			"not compared, because one side does not know them: %" PRIu64
			" pages\n",
			d->skipped / d->base);
}

void render_diff_rejudged(const struct render_options *opt, const struct model_diff *r,
			  const char *recorded)
{
	FILE *out = opt->out;

	fprintf(out, "\nThe whole report judged by %s instead of %s:\n  ",
		r->judge->model, recorded && *recorded ? recorded : "what was recorded");
	if (!r->differ)
		fprintf(out, "no verdict differs");
	else
		fprintf(out, "%" PRIu64 " of %" PRIu64 " pages differ", r->differ,
			r->differ + r->same);
	if (r->unjudged)
		fprintf(out, "; %" PRIu64 " had no recorded verdict", r->unjudged);
	fputs(".\n", out);
	for (unsigned i = 0; i < r->n; i++) {
		const struct model_diff_change *c = &r->change[i];

		fprintf(out,
			"  %-6s %8s -> %-8s %8" PRIu64 " page%s, the first %d:%" PRIx64
			"\n",
			model_diff_what_name(c->what), model_diff_word(c, false),
			model_diff_word(c, true), c->pages, c->pages == 1 ? " " : "s",
			(int)c->pid, c->addr);
	}
	if (r->dropped)
		fprintf(out, "  and more kinds of change\n");
}
