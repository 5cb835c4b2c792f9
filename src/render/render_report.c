/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/render_report.h"

#include "render/dump_page.h"
#include "page/holders.h"
#include "report/lint.h"
#include "gup/predict.h"
#include "reportfile/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Why a page is suspicious, the worst first. */
enum report_rank {
	RANK_LEAK,
	RANK_BUG,
	RANK_PIN,
	RANK_UNEXPLAINED,
	RANK_SEEN,
	RANK_PINNED,
	RANK_RACED,
	RANK_NONE
};

static const char *const rank_text[] = {
	[RANK_LEAK] = "a store is seen through a reference that may be another process's",
	[RANK_BUG] = "an invariant of mm does not hold",
	[RANK_PIN] = "maybe pinned, but not exclusive",
	[RANK_UNEXPLAINED] = "references that page tables and caches do not explain",
	[RANK_SEEN] = "a store is seen by a reference outside the page tables",
	[RANK_PINNED] = "pinned",
	[RANK_RACED] = "changed while it was read",
};

#define REPORT_HOLDERS 4 /* named on the first page, for each page */

struct report_suspect {
	u8 rank;
	u64 lint;  /* BIT(LINT_*) */
	u64 pages; /* like leaves in its VMA */
	struct process process;
	struct vma vma;
	struct page_run page;
	struct gup_verdicts verdicts;
	unsigned nholders;
	bool has_ledger; /* for holders */
	s64 unexplained; /* references; -1 unknown */
	char holder[REPORT_HOLDERS][200];
};

struct render_report {
	FILE *out;
	struct render_report_facts facts;
	u32 base, kv;
	struct kernel kernel;
	struct source_evidence evidence[SOURCE_FACTS];
	unsigned processes;
	struct process process; /* the first one */
	u64 count[RANK_NONE + 1];
	u64 pages;
	unsigned n;
	struct report_suspect suspect[RENDER_REPORT_PAGES];
};

/* ---- text */

void render_report_line(FILE *out, unsigned indent, const char *fmt, ...)
{
	char raw[2000], text[8000];
	size_t n = 0, column = 0, last;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	for (const char *s = raw; *s && n + 5 < sizeof(text); s++) {
		if ((u8)*s >= 0x20 && (u8)*s < 0x7f)
			text[n++] = *s;
		else
			n += (size_t)snprintf(text + n, 5, "\\x%02x", (u8)*s);
	}
	text[n] = '\0';
	for (char *at = text; *at; at += last) {
		size_t room = RECORD_COLUMNS - indent - (column ? 2 : 0);

		last = strlen(at);
		if (last > room) {
			for (last = room;
			     last > room / 2 && at[last] != ' ' && at[last - 1] != '|';)
				last--;
			if (at[last] != ' ' && at[last - 1] != '|')
				last = room;
		}
		fprintf(out, "%*s%.*s\n", (int)(indent + (column ? 2 : 0)), "", (int)last,
			at);
		column = 1;
		while (at[last] == ' ')
			last++;
	}
	if (!*text)
		fputc('\n', out);
}

/* ---- choosing */

static u64 report_findings(const struct report_row *row, enum report_rank *ret)
{
	const struct page_run *p = row->page;
	const struct gup_verdicts *v = row->verdicts;
	u64 lint = lint_row(row, -1), bugs = 0;
	bool pinned = p->why[PAGE_F_PINCOUNT] == PAGE_WHY_KNOWN && p->pincount > 0;

	for (unsigned i = 0; i < LINTS; i++)
		if (lint & BIT(i) && lint_class_of(i, row) == LINT_CLASS_BUG)
			bugs |= BIT(i);
	if (p->present != TRI_YES)
		*ret = RANK_NONE;
	else if (v->write.leak == TRI_YES)
		*ret = RANK_LEAK;
	else if (bugs)
		*ret = RANK_BUG;
	else if (pinned && p->anon_exclusive == TRI_NO)
		*ret = RANK_PIN;
	else if (p->expected >= 0 && p->why[PAGE_F_REFCOUNT] == PAGE_WHY_KNOWN &&
		 p->excess > 0 && !pinned && v->write.seen_by_refs != TRI_YES &&
		 (!row->ledger || row->ledger->unexplained != 0))
		*ret = RANK_UNEXPLAINED;
	else if (v->write.seen_by_refs == TRI_YES && !pinned)
		*ret = RANK_SEEN;
	else if (pinned)
		*ret = RANK_PINNED;
	else
		*ret = p->raced ? RANK_RACED : RANK_NONE;
	return bugs;
}

static void report_keep_holders(struct report_suspect *s, const struct report_row *row)
{
	s->has_ledger = row->ledger != NULL;
	s->unexplained = row->ledger ? row->ledger->unexplained : -1;
	for (unsigned i = 0; i < row->nholders && s->nholders < REPORT_HOLDERS; i++)
		holders_text(&row->holders[i], s->holder[s->nholders++],
			     sizeof(s->holder[0]));
}

static void report_keep(struct render_report *r, const struct report_row *row,
			enum report_rank rank, u64 lint)
{
	unsigned at = r->n;

	for (unsigned i = 0; i < r->n; i++) {
		struct report_suspect *s = &r->suspect[i];

		if (s->rank == rank && s->process.pid == row->process->pid &&
		    s->vma.start == row->vma->start) {
			s->pages += row->page->pages;
			return;
		}
	}
	while (at && r->suspect[at - 1].rank > rank)
		at--;
	if (at == RENDER_REPORT_PAGES)
		return;
	if (r->n < RENDER_REPORT_PAGES)
		r->n++;
	for (unsigned i = r->n - 1; i > at; i--)
		r->suspect[i] = r->suspect[i - 1];
	r->suspect[at] = (struct report_suspect){ .rank = (u8)rank,
						  .lint = lint,
						  .pages = row->page->pages,
						  .process = *row->process,
						  .vma = *row->vma,
						  .page = *row->page,
						  .verdicts = *row->verdicts };
	report_keep_holders(&r->suspect[at], row);
}

/* ---- the view */

static int report_begin(void *ctx, const struct report_head *head)
{
	struct render_report *r = ctx;

	r->kernel = *head->kernel;
	r->kv = head->kernel->kv;
	r->base = kernel_page_size(&head->machine->kernel);
	memcpy(r->evidence, head->machine->evidence, sizeof(r->evidence));
	return 0;
}

static int report_process(void *ctx, const struct process *p)
{
	struct render_report *r = ctx;

	if (!r->processes++)
		r->process = *p;
	return 0;
}

static int report_row(void *ctx, const struct report_row *row)
{
	struct render_report *r = ctx;
	u64 pages = row->page->pages * (row->page->size / r->base);
	enum report_rank rank;
	u64 lint = report_findings(row, &rank);

	r->pages += row->page->present == TRI_YES ? pages : 0;
	r->count[rank] += pages;
	if (rank < RANK_NONE)
		report_keep(r, row, rank, lint);
	return 0;
}

static void report_verdict(struct render_report *r, const struct report_totals *t)
{
	char who[200];
	unsigned worst = 0;

	if (r->processes == 1)
		snprintf(who, sizeof(who), "process %d (%s)", (int)r->process.pid,
			 r->process.comm);
	else
		snprintf(who, sizeof(who), "%u processes", r->processes);
	while (worst < RANK_RACED && !r->count[worst])
		worst++;
	if (worst < RANK_PINNED)
		render_report_line(r->out, 0, "Verdict: %" PRIu64 " page%s of %s: %s.",
				   r->count[worst], r->count[worst] == 1 ? "" : "s", who,
				   rank_text[worst]);
	else
		render_report_line(r->out, 0,
				   "Verdict: nothing suspicious among %" PRIu64
				   " present pages of %s%s.",
				   r->pages, who,
				   t->unknown ? ", as far as could be read" : "");
	if (t->unknown)
		render_report_line(r->out, 0,
				   "         %" PRIu64 " pages have verdicts that an "
				   "unread fact would decide.",
				   t->unknown);
}

static void report_ledger(struct render_report *r, const struct report_suspect *s)
{
	const struct page_run *p = &s->page;

	if (p->why[PAGE_F_REFCOUNT] == PAGE_WHY_KNOWN && p->expected >= 0)
		render_report_line(r->out, 3,
				   "ledger: refcount %" PRId64 " = %" PRId64
				   " of mappings and caches + %" PRId64 " others%s",
				   p->refcount, p->expected, p->excess,
				   p->pincount > 0 ? " (pins count here)" : "");
	else
		render_report_line(r->out, 3, "ledger: refcount not known (%s)",
				   page_why_text(p->why[PAGE_F_REFCOUNT]));
}

static void report_holders(struct render_report *r, const struct report_suspect *s)
{
	for (unsigned i = 0; i < s->nholders; i++)
		render_report_line(r->out, 3, "holder: %s", s->holder[i]);
	if (s->has_ledger && s->unexplained > 0)
		render_report_line(r->out, 3, "holder: not found for %" PRId64 " of them",
				   s->unexplained);
}

static void report_suspect(struct render_report *r, unsigned number)
{
	const struct report_suspect *s = &r->suspect[number];
	const struct gup_verdicts *v = &s->verdicts;
	struct dump_page dump;
	char words[200];
	int at = 0;

	fputc('\n', r->out);
	render_report_line(r->out, 0, "%u. pid %d, %" PRIx64 " (%s, %s%s): %s",
			   number + 1, (int)s->process.pid, s->page.addr,
			   s->vma.name[0] ? s->vma.name : "anonymous area",
			   page_kind_name(s->page.kind),
			   s->page.anon_exclusive == TRI_YES  ? ", exclusive"
			   : s->page.anon_exclusive == TRI_NO ? ", not exclusive"
							      : "",
			   rank_text[s->rank]);
	if (s->pages > 1)
		render_report_line(r->out, 3,
				   "and %" PRIu64 " more pages of this area are like it",
				   s->pages - 1);
	dump_page(&s->page, &s->vma, r->kv, r->base, &dump);
	for (unsigned i = 0; i < dump.n; i++)
		render_report_line(r->out, 3, "%s", dump.line[i]);
	for (unsigned i = 0; i < LINTS; i++)
		if (s->lint & BIT(i))
			render_report_line(r->out, 3, "page dumped because: %s (%s)",
					   lint_name(i), lint_invariant(i));
	report_ledger(r, s);
	report_holders(r, s);
	for (unsigned i = 0; i < GUP_REQUESTS; i++)
		at += snprintf(words + at, sizeof(words) - (size_t)at, "%s%s=%s",
			       i ? " " : "", gup_request_name(i),
			       gup_word_name(v->req[i].word, v->req[i].err));
	render_report_line(r->out, 3, "gup: %s", words);
	render_report_line(r->out, 3,
			   "if it stores now: %s; seen by references: %s; leak: %s",
			   gup_write_name(v->write.fault),
			   gup_tri_name(v->write.seen_by_refs),
			   gup_tri_name(v->write.leak));
	render_report_line(r->out, 3, "if it forks now: %s", gup_fork_name(v->fork.word));
}

static int report_end(void *ctx, const struct report_totals *t)
{
	struct render_report *r = ctx;
	const struct kernel *k = &r->kernel;

	report_verdict(r, t);
	render_report_line(r->out, 0,
			   "Kernel:  %s %s %s, %u KiB pages, judged as %s (%s)",
			   k->ev.release, k->ev.arch, k->ev.version, r->base / 1024,
			   k->model, kernel_proof_name(kernel_proof(k, NULL)));
	if (r->facts.config[0])
		render_report_line(r->out, 0, "Config:  %s", r->facts.config);
	if (r->facts.taint[0])
		render_report_line(r->out, 0, "Taint:   %s", r->facts.taint);
	for (unsigned i = 0; i < SOURCE_FACTS; i++)
		if (!r->evidence[i].ok)
			render_report_line(r->out, 0, "Missing: %s: %s",
					   i == SOURCE_PAGEMAP      ? "pagemap"
					   : i == SOURCE_KPAGEFLAGS ? "kpageflags"
					   : i == SOURCE_KPAGECOUNT ? "kpagecount"
					   : i == SOURCE_STRUCTPAGE
						   ? "struct page"
						   : "page-table entries",
					   r->evidence[i].why);
	for (unsigned i = 0; i < r->n; i++)
		report_suspect(r, i);
	fputc('\n', r->out);
	return ferror(r->out) ? -EIO : 0;
}

const struct report_view render_report_view = {
	.begin = report_begin,
	.process = report_process,
	.row = report_row,
	.end = report_end,
};

int render_report_new(FILE *out, const struct render_report_facts *facts, void **ret)
{
	struct render_report *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->out = out;
	r->facts = *facts;
	*ret = r;
	return 0;
}

void render_report_free(void *ctx)
{
	free(ctx);
}
