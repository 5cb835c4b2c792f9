/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reportfile/capture.h"

#include "page/holders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pure.h"

struct capture {
	struct source *src;
	const struct collect_options *opt;
	struct record_writer *w;
	struct capture_result *result;
	const struct source_machine *machine;
	struct holders *holders; /* NULL: the source has none */
	u8 *held;                /* by holder: it holds a recorded page */
	struct raw_page raw;     /* not written yet; ->pages is 0: none */
	struct page_info page;   /* its meaning: the collection may forget its class */
	struct record_judgement judged;
	struct page_info noted; /* what ->note describes */
	char note[120];
};

/* Describes a state in a few words, without what is unknown. */
static void capture_note(const struct page_info *p, char *buf, size_t size)
{
	static const char *const exclusive[] = { ", not exclusive", ", exclusive", "" };
	static const char *const leaf[] = { "", "", " at PMD", " at PUD", " in hugepd" };

	snprintf(buf, size, "%s%s%s%s%s%s%s", page_kind_name(p->kind), leaf[p->leaf],
		 p->kind == PAGE_HUGETLB && p->anon ? ", anon" : "",
		 exclusive[MIN(p->anon_exclusive, TRI_UNKNOWN)],
		 !(p->pte_known & PAGE_PTE_WRITE) ? ""
		 : p->pte & PAGE_PTE_WRITE        ? ", writable"
						  : ", read-only",
		 p->order ? ", large folio" : "", p->raced ? ", raced" : "");
}

/* Marks the holders of frames of the pending run and of its folio. */
static void capture_held(struct capture *c)
{
	const struct kernel_evidence *ev = &c->machine->kernel;
	const struct page_info *page = &c->page;
	u64 frames = c->raw.pages * (page->size / kernel_page_size(ev));
	u64 start = c->raw.pfn, end = start + frames;
	const struct holder *h;
	size_t pos = 0;

	if (!c->held || !page_knows(page, PAGE_F_PFN))
		return;
	if (page->order) {
		start = ROUND_DOWN(start, BIT(page->order));
		end = MAX(end, start + BIT(page->order));
	}
	while ((h = holders_next(c->holders, start, end, &pos)))
		c->held[h - c->holders->holder] = 1;
}

/* Writes the pending run. */
static int capture_flush(struct capture *c)
{
	if (!c->raw.pages)
		return 0;
	if (memcmp(&c->noted, &c->page, sizeof(c->page)))
		capture_note(&c->page, c->note, sizeof(c->note));
	c->noted = c->page;
	capture_held(c);
	c->result->runs++;
	c->result->raced += c->page.raced;
	return record_write_run(c->w, &c->raw, &c->judged, c->note);
}

/* @next continues @run: same words, next address and PFN. */
static bool capture_continues(const struct capture *c, const struct raw_page *run,
			      const struct raw_page *next)
{
	const struct kernel_evidence *ev = &c->machine->kernel;
	u64 leaf = c->page.size;
	u64 steps = leaf / kernel_page_size(ev) * run->pages;
	struct raw_page expected = *run;

	expected.addr += leaf * run->pages;
	expected.pages = next->pages;
	if (run->has & RAW_HAS_PFN)
		expected.pfn += steps;
	/* An order-0 page is its own head; the tails of a folio share one. */
	if (run->has & RAW_HAS_PAGE && !run->order)
		expected.head_pfn += steps;
	return !memcmp(&expected, next, sizeof(expected));
}

static int capture_raw(void *ctx, const struct report_row *row)
{
	struct capture *c = ctx;
	int err;

	if (c->raw.pages && capture_continues(c, &c->raw, row->raw)) {
		c->raw.pages += row->raw->pages;
		return 0;
	}
	err = capture_flush(c);
	c->raw = *row->raw;
	c->page = *report_page(row);
	record_judge(row->run.class->verdicts, &c->judged);
	return err;
}

static int capture_begin(void *ctx, const struct report_head *head)
{
	struct capture *c = ctx;
	const struct source_ops *ops = c->src->ops;

	c->machine = head->machine;
	if (ops->holders &&
	    !ops->holders(c->src, c->opt->pids, c->opt->npids, &c->holders))
		c->held = calloc(c->holders->n + 1, 1);
	else
		c->holders = NULL;
	return record_write_section(c->w, "pages");
}

static int capture_process(void *ctx, const struct process *p)
{
	struct capture *c = ctx;
	struct process process = *p;

	c->result->processes++;
	process.part |= c->opt->nranges || c->opt->nnames;
	return record_write_process(c->w, &process);
}

static int capture_vma(void *ctx, const struct process *p, const struct vma *vma)
{
	struct capture *c = ctx;

	c->result->vmas++;
	return record_write_vma(c->w, vma);
}

static int capture_vma_end(void *ctx, const struct process *p, const struct vma *vma,
			   const struct report_totals *t)
{
	struct capture *c = ctx;
	int err = capture_flush(c);

	c->raw.pages = 0;
	return err;
}

/* Writes section "holders": holders of recorded pages, candidates of recorded processes. */
static int capture_end(void *ctx, const struct report_totals *t)
{
	struct capture *c = ctx;
	struct holders *h = c->holders;
	int err;

	if (!h)
		return 0;
	err = record_holders_begin(c->w, h->complete, h->why);
	for (size_t i = 0; i < h->n && !err; i++)
		if (i < h->nexact
			    ? c->held && c->held[i]
			    : holders_open_by(&h->holder[i], c->opt->pids, c->opt->npids))
			err = record_holders_write(c->w, &h->holder[i]);
	return err;
}

static const struct report_view capture_view = {
	.begin = capture_begin,
	.process = capture_process,
	.vma = capture_vma,
	.raw = capture_raw,
	.vma_end = capture_vma_end,
	.end = capture_end,
};

int capture_machine(struct source *src, const struct kernel *model,
		    struct record_writer *w)
{
	if (!model)
		model = src->machine->page.kernel;
	return record_write_machine(w, src->machine, model->model);
}

int capture_pages(struct source *src, const struct collect_options *opt,
		  struct record_writer *w, struct capture_result *ret, struct diag *diag)
{
	struct capture c = { .src = src, .opt = opt, .w = w, .result = ret };
	int err;

	*ret = (struct capture_result){ 0 };
	err = collect_run(src, opt, &capture_view, &c, diag);
	free(c.held);
	return err ? err : w->error;
}
