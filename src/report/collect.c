/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/collect.h"

#include "page/holders.h"
#include "report/lint.h"
#include "lib/array.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pure.h"

struct collector {
	const struct collect_options *opt;
	struct source *src;
	const struct report_view *view;
	void *view_ctx;
	struct diag *diag;

	struct page_context
		page_ctx; /* ->kernel gives the words of /proc their meaning */
	u32 base;
	bool fold;    /* the source may fold runs */
	bool repeats; /* ->opt->again, but a report shows the same at each look */

	struct verdict_cache *judge;

	struct process process;
	const struct vma *vma;
	bool process_open; /* the view's process() was called for ->process */
	bool vma_open;     /* the view's vma() was called for ->vma */
	u64 vmas_from;     /* VMAs that end there or below were visited */
	struct page_run pending;
	struct raw_page raw;     /* the words of its first page */
	bool folded;             /* it has the PFN of its first page only */
	struct page_run counted; /* pages of its class that ->vma_totals has not yet */
	struct report_totals vma_totals, process_totals, totals;
	struct report_folio folio;

	struct holders *holders; /* NULL: not read yet */
	bool holders_tried, holders_said;
	struct holders_ledger ledger; /* of the row that is delivered */
	const char *cgroup;           /* likewise */

	struct collect_range *again; /* of ->vma, to be looked at again */
	size_t nagain, again_room;
	unsigned look; /* the first is 0 */
	unsigned waits;
};

#define COLLECT_LOOKS 4      /* at a page that is suspicious */
#define COLLECT_WAITS 16     /* of a run */
#define COLLECT_CLASSES 1024 /* kept when no store keeps them */

static int collect_flush(struct collector *c);

static int collect_open_vma(struct collector *c)
{
	if (c->vma_open)
		return 0;
	c->vma_open = true;
	return c->view->vma ? c->view->vma(c->view_ctx, &c->process, c->vma) : 0;
}

/* Finds all holders, once. */
static void collect_find_holders(struct collector *c)
{
	const struct source_ops *ops = c->src->ops;

	if (!c->holders_tried && ops->holders &&
	    ops->holders(c->src, c->opt->pids, c->opt->npids, &c->holders))
		c->holders = NULL;
	c->holders_tried = true;
}

/*
 * Counts what the process holds though nothing maps it.  BPF sees into its pipes and rings; a report
 * has the holders of mapped pages only.
 */
static void collect_unmapped(struct collector *c)
{
	const struct source_ops *ops = c->src->ops;
	struct report_totals *t = &c->process_totals;
	pid_t pid = c->process.tgid ? c->process.tgid : c->process.pid;
	struct holders *own = NULL;
	u32 kinds = 0;
	s64 n = -1;

	if (c->opt->holders && !c->page_ctx.recorded &&
	    c->src->machine->evidence[SOURCE_STRUCTPAGE].ok) {
		t->held_looked = 1;
		if (ops->may_hold)
			kinds = ops->may_hold(c->src, c->process.pid);
		/* of many processes all holders are found once */
		if (ops->may_hold && !kinds)
			n = 0;
		else if (c->holders_tried || c->opt->npids != 1 || !ops->held)
			collect_find_holders(c);
		else if (ops->held(c->src, pid, kinds, &own))
			own = NULL;
		if (n < 0 && (own || c->holders))
			n = holders_unmapped(own ? own : c->holders, pid);
	}
	t->held_unmapped = n > 0 ? n : 0;
	t->held_unknown = n < 0;
}

/* Looks for holders of a page with more references than mappings and caches explain. */
static void collect_holders(struct collector *c, struct report_row *row)
{
	const struct page_info *page = report_page(row);

	if (!c->opt->holders || !page_knows(page, PAGE_F_REFCOUNT) ||
	    page->expected < 0 || page->excess <= 0 ||
	    (report_only_batch(page) && !page->batches))
		return;
	if (!report_only_batch(page))
		collect_find_holders(c);
	if (!c->holders && !page->batches)
		return;
	holders_explain(c->holders, &row->run, c->process.pid, &c->ledger);
	if (!report_only_batch(page) && c->holders && !c->holders->complete &&
	    !c->holders_said) {
		diag_add(c->diag, DIAG_INCOMPLETE, "holders: %s", c->holders->why);
		c->holders_said = true;
	}
	row->ledger = &c->ledger;
	row->holders = c->ledger.holder;
	row->nholders = c->ledger.n;
}

/* It depends on its holders whether a reference is to @page, or a batch's, or to another of its folio. */
static bool collect_held_unknown(const struct page_info *page)
{
	return fact_get(&page->facts, FACT_HELD) == TRI_UNKNOWN && page->excess > 0 &&
	       page_knows(page, PAGE_F_PFN);
}

/*
 * A reference that a holder explains is no batch's: somebody can read the page through it.  Where
 * holders explain all references of a folio, none is to a page that they do not hold.
 */
static void collect_held(struct collector *c, struct report_row *row)
{
	struct page_info page;
	bool held;
	u64 n;

	if (!row->ledger || !collect_held_unknown(report_page(row)))
		return;
	page = *report_page(row);
	n = holders_alike(c->holders, row->run.pfn, row->run.pages, &held);
	if (n < row->run.pages || (!held && row->ledger->unexplained) ||
	    (c->holders && !c->holders->steps)) /* the search gave up */
		return;
	fact_set(&page.facts, F(HELD), held);
	fact_infer(NULL, &page.facts);
	/* When the cache is full, what was judged without holders holds, too. */
	verdict_cache_judge(c->judge, &page, row->raw, &row->run.class);
}

/*
 * Who unmaps a page drops its reference later (mmu_gather), who maps it takes one before; on a busy
 * machine such a task may have to wait for a processor in between.
 */
static void collect_wait(struct collector *c)
{
	if (c->look < 2 || !c->opt->wait || c->waits == COLLECT_WAITS)
		return;
	c->waits++;
	c->opt->wait(c->look == 2 ? 20 : 100);
}

/* Keeps the range of @run for the next look. */
static int collect_later(struct collector *c, const struct page_run *run)
{
	struct collect_range new = { .start = run->addr, .end = page_end(run) };

	if (c->nagain && c->again[c->nagain - 1].end == new.start) {
		c->again[c->nagain - 1].end = new.end;
		return 0;
	}

	return array_put(&c->again, &c->nagain, &c->again_room, sizeof(new), &new);
}

static struct report_row collect_row(const struct collector *c,
				     const struct page_run *run,
				     const struct raw_page *raw)
{
	return (struct report_row){
		.process = &c->process, .vma = c->vma, .run = *run, .raw = raw
	};
}

/* Passes a part of the run that waited to the view. */
static int collect_deliver(struct collector *c, const struct page_run *part)
{
	struct report_row row = collect_row(c, part, &c->raw);

	bool again = c->repeats && c->look + 1 < COLLECT_LOOKS;

	if (again && !c->look && lint_suspicious(&row, 0))
		return collect_later(c, part);
	collect_holders(c, &row);
	if (again && lint_suspicious(&row, c->look))
		return collect_later(c, part);
	collect_held(c, &row);
	row.cgroup = c->cgroup;
	if (c->opt->keep && !c->opt->keep(c->opt->keep_ctx, &row))
		return 0;
	report_count_later(&c->vma_totals, &c->counted, &row, c->base);
	if (report_page(&row)->kind == PAGE_NONE && !c->opt->holes)
		return 0;
	int err = collect_open_vma(c);

	return err || !c->view->row ? err : c->view->row(c->view_ctx, &row);
}

/* Returns how many pages of @run from page @at on are shown as one row. */
static u64 collect_part(struct collector *c, const struct page_run *run, u64 at)
{
	const struct page_info *page = &run->class->page;
	u64 n = run->pages - at;
	bool held;

	if (c->opt->cgroups)
		n = source_cgroup(c->src, run, at, c->base, &c->cgroup);
	if (c->opt->each && page->kind != PAGE_NONE)
		return 1;
	if (!c->opt->holders || run->pages == 1 || !collect_held_unknown(page))
		return n;
	collect_find_holders(c);
	return holders_alike(c->holders, run->pfn + at, n, &held);
}

/* Passes the pending run to the view. */
static int collect_flush(struct collector *c)
{
	struct page_run run = c->pending;
	u64 n;
	int err = 0;

	c->pending.pages = 0;
	if (!c->look && run.pages)
		report_folios(&c->vma_totals, &c->folio, &run, c->folded, c->base);
	for (u64 i = 0; i < run.pages && !err; i += n) {
		struct page_run part = run;
		u64 size = run.class->page.size, start = run.addr + i * size;

		n = collect_part(c, &run, i);
		if (n < run.pages)
			page_cut(&part, start, start + n * size, c->base);
		err = collect_deliver(c, &part);
	}
	return err;
}

/* @next, unlike the pages of the run that waits, is shown as they are. */
static bool collect_looks_same(const struct collector *c, const struct page_run *next,
			       const struct raw_page *raw)
{
	const struct page_info *page = &c->pending.class->page,
			       *other = &next->class->page;
	struct report_row a = collect_row(c, &c->pending, &c->raw);
	struct report_row b = collect_row(c, next, raw);

	return c->opt->same && !c->opt->each && page->size == other->size &&
	       (page->kind == PAGE_NONE) == (other->kind == PAGE_NONE) &&
	       (c->opt->fold || page_frames_continue(&c->pending, next, c->base)) &&
	       c->opt->same(c->opt->same_ctx, &a, &b);
}

/* @next joins the pending run. */
static bool collect_merges(struct collector *c, const struct page_run *next,
			   const struct raw_page *raw)
{
	const struct page_run *run = &c->pending;
	bool like = run->class->like == next->class->like;

	if (next->addr != page_end(run))
		return false;
	if (like && !c->folded && !(raw->has & RAW_FOLDED) &&
	    page_frames_continue(run, next, c->base))
		return true;
	/* holders are found by PFN: keep the PFNs of pages that need them */
	if (c->opt->holders &&
	    (next->class->page.excess > 0 || run->class->page.excess > 0))
		return false;
	if (!(c->opt->fold && like) && !collect_looks_same(c, next, raw))
		return false;
	c->folded |= c->opt->fold;
	return true;
}

static int collect_page(struct collector *c, const struct raw_page *raw)
{
	struct page_run run;
	int err = verdict_cache_page(c->judge, c->vma, raw, &run);

	if (err == -EAGAIN) { /* the pending run refers to a class of the full cache */
		struct verdict_cache *new;

		err = collect_flush(c);
		report_count_later(&c->vma_totals, &c->counted, NULL, c->base);
		new = verdict_cache_renew(c->judge);
		c->judge = new ? new : c->judge;
		if (!err)
			err = new ? verdict_cache_page(new, c->vma, raw, &run) : -ENOMEM;
	}
	if (!err && c->view->raw)
		err = collect_open_vma(c);
	if (!err && c->view->raw) {
		struct report_row row = collect_row(c, &run, raw);

		err = c->view->raw(c->view_ctx, &row);
	}
	if (err)
		return err;
	if (c->pending.pages && collect_merges(c, &run, raw)) {
		c->pending.pages += run.pages;
		return 0;
	}
	err = collect_flush(c);
	c->pending = run;
	c->raw = *raw;
	c->folded = raw->has & RAW_FOLDED;
	return err;
}

static int collect_raw(void *ctx, const struct raw_page *raw, size_t n)
{
	struct collector *c = ctx;
	u64 leaves = 0;

	for (size_t i = 0; i < n; i++) {
		int err = collect_page(c, &raw[i]);

		if (err)
			return err;
		if (raw[i].pagemap || raw[i].pfn) /* not a hole */
			leaves += raw[i].pages;
	}
	return c->opt->tick ? c->opt->tick(c->opt->tick_ctx, &c->process, leaves) : 0;
}

/* Reads the requested parts of the VMA; sets *@ret_any when there are any. */
static int collect_parts(struct collector *c, const struct vma *vma, bool *ret_any)
{
	const struct collect_options *opt = c->opt;
	int err = 0;

	if ((!opt->nranges && !opt->nnames) || collect_check_name(opt, vma)) {
		*ret_any = true;
		return c->src->ops->observe(c->src, c->process.pid, vma, vma->start,
					    vma->end, c->fold, collect_raw, c);
	}
	for (unsigned i = 0; i < opt->nranges && !err; i++) {
		u64 from = MAX(vma->start, ROUND_DOWN(opt->ranges[i].start, c->base));
		u64 to = MIN(vma->end, ROUND_UP(opt->ranges[i].end, c->base));

		if (from >= to)
			continue;
		*ret_any = true;
		err = c->src->ops->observe(c->src, c->process.pid, vma, from, to, c->fold,
					   collect_raw, c);
	}
	return err;
}

/* Observes @range again, at @src or, when the process is gone there, at the first source. */
static int collect_again_range(struct collector *c, struct source *src,
			       const struct collect_range *range)
{
	bool fold = c->fold && src == c->src && !c->opt->holders;
	int err = src->ops->observe(src, c->process.pid, c->vma, range->start, range->end,
				    fold, collect_raw, c);
	int err2 = collect_flush(c);

	if (err >= 0 || src == c->src)
		return err ? err : err2;
	c->look = COLLECT_LOOKS - 1;
	return collect_again_range(c, c->src, range);
}

/* Observes again what was suspicious: page by page, as holders are found by PFN. */
static int collect_again_at(struct collector *c, struct source *src)
{
	int err = 0;

	while (c->nagain && !err) {
		struct collect_range *list = c->again;
		size_t n = c->nagain;

		c->again = NULL;
		c->nagain = c->again_room = 0;
		c->look++;
		collect_wait(c);
		for (size_t i = 0; i < n && !err; i++)
			err = collect_again_range(c, src, &list[i]);
		free(list);
	}
	c->nagain = c->look = 0;
	return err;
}

static int collect_again(struct collector *c)
{
	struct source *src = c->opt->again_at;
	struct process process;
	int err;

	if (!c->nagain)
		return 0;
	if (!src || src->ops->open(src, c->process.pid, &process))
		return collect_again_at(c, c->src);
	err = collect_again_at(c, src);
	src->ops->release(src, c->process.pid);
	return err;
}

/* A process of which nothing can be read is not shown: its sums would be 0 without being known. */
static int collect_open_process(struct collector *c)
{
	bool was = c->process_open;

	c->process_open = true;
	return was || !c->view->process ? 0 : c->view->process(c->view_ctx, &c->process);
}

static int collect_vma(void *ctx, const struct vma *vma)
{
	struct collector *c = ctx;
	bool any = false;
	int err, err2;

	if (vma->end <= c->vmas_from) /* it was visited, or is before the range */
		return 0;
	err = collect_open_process(c);
	if (err)
		return err;
	c->vma = vma;
	c->vma_open = false;
	verdict_cache_next_vma(c->judge, vma);
	memset(&c->vma_totals, 0, sizeof(c->vma_totals));
	err = collect_parts(c, vma, &any);
	err2 = collect_flush(c);

	report_folios(&c->vma_totals, &c->folio, NULL, false, c->base);
	err = err ? err : err2;
	if (!err)
		err = collect_again(c);
	report_count_later(&c->vma_totals, &c->counted, NULL, c->base);
	c->nagain = 0;
	if (any && (!err || c->vma_open))
		c->vma_totals.size_bytes = vma->end - vma->start;
	if (any && !err && !c->opt->keep)
		err = collect_open_vma(c);
	if (c->vma_open && c->view->vma_end) {
		err2 = c->view->vma_end(c->view_ctx, &c->process, vma, &c->vma_totals);
		err = err ? err : err2;
	}
	report_add(&c->process_totals, &c->vma_totals);
	return err;
}

/* Visits the VMAs: those of a single range one by one, as far as the source can. */
static int collect_vmas(struct collector *c, pid_t pid)
{
	const struct source_ops *ops = c->src->ops;
	const struct collect_options *opt = c->opt;
	bool few = opt->nranges == 1 && !opt->nnames && !opt->smaps && ops->vma_at;
	struct vma vma;
	int err = 0;

	c->vmas_from = few ? opt->ranges[0].start : 0;
	while (few && c->vmas_from < opt->ranges[0].end) {
		err = ops->vma_at(c->src, pid, c->vmas_from, opt->ranges[0].end, &vma);
		if (err == -ENOENT)
			return 0;
		if (err && err != -ESRCH)
			break;
		if (!err)
			err = collect_vma(c, &vma);
		if (err)
			return err;
		c->vmas_from = vma.end;
	}
	if (few && !err)
		return 0;
	return ops->vmas(c->src, pid, opt->smaps, collect_vma, c);
}

static int collect_process(struct collector *c, pid_t pid)
{
	const struct source_ops *ops = c->src->ops;
	bool known = c->opt->known && ops->glance;
	int err;

	memset(&c->process_totals, 0, sizeof(c->process_totals));
	if (known)
		c->process = *c->opt->known;
	err = known ? ops->glance(c->src, pid, &c->process)
		    : ops->open(c->src, pid, &c->process);
	if (err)
		return err;
	collect_why_note(&c->process, c->diag);
	c->page_ctx.has_pinned = c->process.has_pinned;
	verdict_cache_next_process(c->judge);
	c->process_open = false;
	err = collect_vmas(c, pid);
	if (!err)
		err = collect_open_process(c);
	if (err <= 0 && c->process_open)
		collect_unmapped(c);
	if (err <= 0 && c->process_open && c->view->process_end) {
		int err2 = c->view->process_end(c->view_ctx, &c->process,
						&c->process_totals);

		err = err ? err : err2;
	}
	report_add(&c->totals, &c->process_totals);
	if (!known)
		ops->release(c->src, pid);
	return err;
}

static int collect_processes(struct collector *c)
{
	unsigned read = 0;
	int last = -ESRCH;

	for (unsigned i = 0; i < c->opt->npids; i++) {
		c->process.pid = 0;
		int err = collect_process(c, c->opt->pids[i]);

		if (err > 0 || err == -ENOMEM ||
		    (c->opt->whole && (err == -ESRCH || err == -EINTR)))
			return err;
		if (!err || c->process_totals.size_bytes)
			read++;
		if (err) {
			collect_why_failed(&c->process, c->opt->pids[i], err,
					   c->process_totals.size_bytes,
					   c->opt->npids == 1, c->diag);
			last = err;
		}
	}
	return read || !c->opt->npids ? 0 : last;
}

int collect_run(struct source *src, const struct collect_options *opt,
		const struct report_view *view, void *view_ctx, struct diag *diag)
{
	struct collector *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return -ENOMEM;
	*c = (struct collector){
		.opt = opt, .src = src, .view = view, .view_ctx = view_ctx, .diag = diag
	};
	c->judge = opt->judge ? verdict_cache_ref(opt->judge)
			      : verdict_cache_new(COLLECT_CLASSES, false);
	if (!c->judge) {
		free(c);
		return -ENOMEM;
	}
	if (src->ops->refresh)
		src->ops->refresh(src);
	c->base = kernel_page_size(&src->machine->kernel);
	c->page_ctx = src->machine->page;
	c->repeats = opt->again && (opt->again_at || !c->page_ctx.recorded);
	c->fold = opt->fold && (!opt->holders || c->repeats) && !opt->each && !opt->keep;
	/* what is read again is not folded */
	src->ahead = (c->fold || !c->repeats) && !opt->nranges && !opt->nnames;
	src->ahead_folds = c->fold;
	struct report_head head = { .kernel =
					    opt->model ? opt->model : c->page_ctx.kernel,
				    .machine = src->machine };

	verdict_cache_begin(c->judge, head.kernel, &c->page_ctx);
	err = view->begin ? view->begin(view_ctx, &head) : 0;
	if (!err)
		err = collect_processes(c);
	if (err <= 0 && view->end) {
		int err2 = view->end(view_ctx, &c->totals);

		err = err ? err : err2;
	}
	verdict_cache_unref(c->judge);
	free(c->again);
	free(c);
	return err;
}
