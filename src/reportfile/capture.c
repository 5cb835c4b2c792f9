/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reportfile/capture.h"

#include "page/holders.h"
#include "page/page.h"
#include "gup/predict.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pure.h"

#define CAPTURE_SLOTS 512 /* a power of two; direct-mapped */

struct capture {
	struct source *src;
	const struct collect_options *opt;
	struct record_writer *w;
	struct capture_result *result;
	struct diag *diag;
	struct kernel running, judge;
	struct source_machine machine;
	struct page_context ctx;
	struct process process;
	const struct vma *vma;
	bool vma_written, any;
	const struct holders *holders; /* NULL: the source has none */
	u8 *held;                      /* by holder: it holds a recorded page */
	struct raw_page run;           /* the pending run; no ->pages: none */
	struct {
		bool used;
		struct facts facts;
		struct record_judgement judged;
	} slot[CAPTURE_SLOTS];
};

static const struct record_judgement *capture_judge(struct capture *c,
						    const struct facts *f)
{
	u64 h = f->known * 0x9e3779b97f4a7c15ull ^ f->value * 0xc2b2ae3d27d4eb4full;
	unsigned i = (unsigned)(h >> 40) & (CAPTURE_SLOTS - 1);
	struct gup_verdicts v;

	if (!c->slot[i].used || c->slot[i].facts.known != f->known ||
	    c->slot[i].facts.value != f->value) {
		predict_all(&c->judge, f, &v);
		record_judge(&v, &c->slot[i].judged);
		c->slot[i].facts = *f;
		c->slot[i].used = true;
	}
	return &c->slot[i].judged;
}

/* Describes a state in a few words, without what is unknown. */
static void capture_note(const struct page_run *p, char *buf, size_t size)
{
	static const char *const exclusive[] = { ", not exclusive", ", exclusive", "" };
	static const char *const leaf[] = { "", "", " at PMD", " at PUD" };

	snprintf(buf, size, "%s%s%s%s%s%s%s", page_kind_name(p->kind), leaf[p->leaf & 3],
		 p->kind == PAGE_HUGETLB && p->anon ? ", anon" : "",
		 exclusive[MIN(p->anon_exclusive, TRI_UNKNOWN)],
		 !(p->pte_known & PAGE_PTE_WRITE) ? ""
		 : p->pte & PAGE_PTE_WRITE        ? ", writable"
						  : ", read-only",
		 p->order ? ", large folio" : "", p->raced ? ", raced" : "");
}

/* Marks the holders of frames of @page's run and of its folio. */
static void capture_held(struct capture *c, const struct page_run *page)
{
	const struct kernel_evidence *ev = &c->machine.kernel;
	u64 frames = page->pages * (page->size / kernel_page_size(ev));
	u64 start = page->pfn, end = page->pfn + frames;
	const struct holder *h;
	size_t pos = 0;

	if (!c->held || page->why[PAGE_F_PFN] != PAGE_WHY_KNOWN)
		return;
	if (page->order) {
		start = MIN(start, page->head_pfn);
		end = MAX(end, page->head_pfn + BIT(page->order));
	}
	while ((h = holders_next(c->holders, start, end, &pos)))
		c->held[h - c->holders->holder] = 1;
}

/* Writes the pending run. */
static int capture_flush(struct capture *c)
{
	struct page_run page;
	char note[120];
	int err;

	if (!c->run.pages)
		return 0;
	if (!c->vma_written) {
		c->vma_written = true;
		c->result->vmas++;
		err = record_write_vma(c->w, c->vma);
		if (err)
			return err;
	}
	page_read(&c->ctx, c->vma, &c->run, &page);
	capture_note(&page, note, sizeof(note));
	capture_held(c, &page);
	err = record_write_run(c->w, &c->run, capture_judge(c, &page.facts), note);
	c->result->runs++;
	c->result->raced += (c->run.has & RAW_RACED) != 0;
	c->run.pages = 0;
	return err;
}

/* @next continues @run: same words, next address and PFN. */
static bool capture_continues(const struct capture *c, const struct raw_page *run,
			      const struct raw_page *next)
{
	const struct kernel_evidence *ev = &c->machine.kernel;
	u64 leaf = record_leaf_size(run, ev->page_size, ev->pmd_size);
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

static int capture_raw(void *ctx, const struct raw_page *raw, size_t n)
{
	struct capture *c = ctx;
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		if (c->run.pages && capture_continues(c, &c->run, &raw[i])) {
			c->run.pages += raw[i].pages;
			continue;
		}
		err = capture_flush(c);
		c->run = raw[i];
	}
	return err;
}

static bool capture_named(const struct capture *c, const struct vma *vma)
{
	const char *base = strrchr(vma->name, '/');

	for (unsigned i = 0; i < c->opt->nnames; i++)
		if (vma->name[0] && (!strcmp(vma->name, c->opt->names[i]) ||
				     (base && !strcmp(base + 1, c->opt->names[i]))))
			return true;
	return false;
}

/* Reads [from, to) of the VMA. */
static int capture_part(struct capture *c, u64 from, u64 to)
{
	int err = c->src->ops->observe(c->src, c->process.pid, c->vma, from, to,
				       capture_raw, c);
	int err2 = capture_flush(c);

	c->any = true;
	return err ? err : err2;
}

static int capture_vma(void *ctx, const struct vma *vma)
{
	struct capture *c = ctx;
	u64 base = kernel_page_size(&c->machine.kernel);
	int err = 0;

	c->vma = vma;
	c->vma_written = false;
	c->any = false;
	if (capture_named(c, vma) || (!c->opt->nranges && !c->opt->nnames)) {
		err = capture_part(c, vma->start, vma->end);
	} else {
		for (unsigned i = 0; i < c->opt->nranges && !err; i++) {
			u64 from = MAX(vma->start,
				       ROUND_DOWN(c->opt->ranges[i].start, base));
			u64 to = MIN(vma->end, ROUND_UP(c->opt->ranges[i].end, base));

			if (from < to)
				err = capture_part(c, from, to);
		}
	}
	if (c->any && !c->vma_written && !err) {
		c->result->vmas++;
		err = record_write_vma(c->w, vma);
	}
	return err;
}

static int capture_process(struct capture *c, pid_t pid)
{
	int err = c->src->ops->open(c->src, pid, &c->process);

	if (err)
		return err;
	c->ctx.has_pinned = c->process.has_pinned;
	err = record_write_process(c->w, &c->process);
	c->result->processes++;
	if (!err)
		err = c->src->ops->vmas(c->src, pid, capture_vma, c);
	c->run.pages = 0;
	c->src->ops->release(c->src, pid);
	return err;
}

static int capture_begin(struct capture *c, struct source *src,
			 const struct collect_options *opt, struct record_writer *w)
{
	int err;

	c->src = src;
	c->opt = opt;
	c->w = w;
	src->fold = false;
	src->smaps = true; /* a report keeps all that is known of a VMA */
	err = src->ops->machine(src, &c->machine);
	if (!err)
		err = kernel_resolve(&c->machine.kernel, &c->running);
	c->judge = opt->model ? *opt->model : c->running;
	c->ctx = c->machine.page;
	c->ctx.kernel = &c->running;
	return err;
}

static void capture_explain(struct capture *c, pid_t pid, int err)
{
	bool begun = c->process.pid == pid;

	diag_add(c->diag, begun || c->opt->npids > 1 ? DIAG_INCOMPLETE : DIAG_ERROR,
		 "process %d %s", (int)pid,
		 begun && err == -ESRCH ? "is gone; what was read is kept"
					: collect_why(err));
}

static bool capture_candidate(const struct capture *c, const struct holder *h)
{
	for (u32 i = 0; i < h->nends; i++)
		for (unsigned j = 0; j < c->opt->npids; j++)
			if (h->end[i].pid == c->opt->pids[j])
				return true;
	return false;
}

/* Writes section "holders": holders of recorded pages, candidates of recorded processes. */
static int capture_holders(struct capture *c)
{
	const struct holders *h = c->holders;
	int err;

	if (!h)
		return 0;
	err = record_holders_begin(c->w, h->complete, h->why);
	for (size_t i = 0; i < h->n && !err; i++)
		if (i < h->nexact ? c->held && c->held[i]
				  : capture_candidate(c, &h->holder[i]))
			err = record_holders_write(c->w, &h->holder[i]);
	return err;
}

int capture_machine(struct source *src, const struct collect_options *opt,
		    struct record_writer *w)
{
	struct capture *c = calloc(1, sizeof(*c));
	int err = c ? capture_begin(c, src, opt, w) : -ENOMEM;

	if (!err)
		err = record_write_machine(w, &c->machine, c->judge.model);
	free(c);
	return err;
}

int capture_pages(struct source *src, const struct collect_options *opt,
		  struct record_writer *w, struct capture_result *ret, struct diag *diag)
{
	struct capture *c = calloc(1, sizeof(*c));
	int err = c ? capture_begin(c, src, opt, w) : -ENOMEM, last = 0;
	unsigned done = 0;

	*ret = (struct capture_result){ 0 };
	if (!err) {
		c->result = ret;
		c->diag = diag;
		if (src->ops->holders &&
		    src->ops->holders(src, opt->pids, opt->npids, &c->holders))
			c->holders = NULL;
		if (c->holders)
			c->held = calloc(c->holders->n + 1, 1);
		err = record_write_section(w, "pages");
	}
	for (unsigned i = 0; !err && !w->error && i < opt->npids; i++) {
		u64 runs = ret->runs;

		c->process.pid = 0;
		last = capture_process(c, opt->pids[i]);
		done += !last || ret->runs != runs;
		if (last)
			capture_explain(c, opt->pids[i], last);
	}
	if (!err)
		err = capture_holders(c);
	if (c)
		free(c->held);
	free(c);
	if (err || w->error)
		return err ? err : w->error;
	return done || !opt->npids ? 0 : last;
}
