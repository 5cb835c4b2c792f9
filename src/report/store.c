/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "report/store_int.h"

#include "lib/pure.h"

/* ---- row blocks, shared between copies */

static void rows_unref(struct store_rows *rows)
{
	if (rows && !--rows->refs)
		free(rows);
}

int store_rows_own(struct store *s, struct store_vma *v, size_t n)
{
	struct store_rows *old = v->rows, *new;
	size_t had = old ? old->room : 0, room = n <= had ? had : MAX(n, MAX(had * 2, 4));

	if (old && old->refs == 1 && n <= had)
		return 0;
	/* A block that nobody shares grows where it is, or moves without a copy if it is large. */
	bool own = old && old->refs == 1;
	new = realloc(own ? old : NULL, sizeof(*new) + room * sizeof(new->row[0]));
	if (!new)
		return -ENOMEM;
	if (!own) {
		new->n = store_nrows(v);
		if (old)
			memcpy(new->row, old->row, old->n * sizeof(new->row[0]));
		rows_unref(old);
	}
	new->refs = 1;
	new->room = room;
	s->bytes += (room - had) * sizeof(new->row[0]);
	v->rows = new;
	return 0;
}

int store_rows_add(struct store *s, struct store_vma *v, const struct page_run *row)
{
	int err = store_rows_own(s, v, store_nrows(v) + 1);

	if (!err)
		v->rows->row[v->rows->n++] = *row;
	return err;
}

void store_vma_share(const struct store_vma *from, struct store_vma *to)
{
	*to = *from;
	if (to->rows)
		to->rows->refs++;
}

void store_process_free(struct store_process *p)
{
	for (size_t i = 0; i < p->nvmas; i++)
		rows_unref(p->vma[i].rows);
	free(p->vma);
}

int store_process_copy(const struct store_process *from, struct store_process *to)
{
	*to = *from;
	to->room = to->nvmas;
	to->vma = calloc(MAX(from->nvmas, 1), sizeof(*to->vma));
	if (!to->vma) {
		to->nvmas = 0;
		return -ENOMEM;
	}
	for (size_t i = 0; i < to->nvmas; i++)
		store_vma_share(&from->vma[i], &to->vma[i]);
	return 0;
}

/* ---- life */

struct store *store_new(const struct store_options *opt, const struct store *like)
{
	struct store *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	if (opt)
		s->opt = *opt;
	s->opt.ranges = NULL;
	s->opt.nranges = 0;
	if (!s->opt.max_bytes)
		s->opt.max_bytes = STORE_MAX_BYTES;
	s->judge = like ? verdict_cache_ref(like->judge)
			: verdict_cache_new(STORE_MAX_CLASSES, true);
	if (opt && opt->nranges) {
		size_t len = opt->nranges * sizeof(*opt->ranges);
		struct collect_range *ranges = malloc(len);

		if (ranges) {
			memcpy(ranges, opt->ranges, len);
			s->opt.ranges = ranges;
			s->opt.nranges = opt->nranges;
		}
	}
	if (!s->judge || (opt && s->opt.nranges != opt->nranges)) {
		store_free(s);
		return NULL;
	}
	return s;
}

void store_free(struct store *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->nprocs; i++)
		store_process_free(&s->proc[i]);
	free(s->proc);
	free(s->spans);
	free((void *)s->opt.ranges);
	verdict_cache_unref(s->judge);
	free(s);
}

/* Copies kernel, machine and spans, and lets the copy point to itself. */
static int set_head(struct store *s, const struct kernel *kernel,
		    const struct source_machine *machine)
{
	size_t len = machine->page.nspans * sizeof(*s->spans);
	struct page_span *spans = NULL;

	if (len && machine->page.spans) {
		spans = malloc(len);
		if (!spans)
			return -ENOMEM;
		memcpy(spans, machine->page.spans, len);
	}
	free(s->spans);
	s->spans = spans;
	s->kernel = *kernel;
	s->machine = *machine;
	s->machine.page.kernel = &s->kernel;
	s->machine.page.spans = spans;
	s->machine.page.nspans = spans ? machine->page.nspans : 0;
	s->machine.page.layout = NULL; /* the source owns these */
	s->machine.page.pte = NULL;
	s->has_head = true;
	return 0;
}

/* Makes an empty store that has the machine and the options of @s. */
static struct store *store_like(const struct store *s)
{
	struct store *c = store_new(&s->opt, s);

	if (c && s->has_head && set_head(c, &s->kernel, &s->machine)) {
		store_free(c);
		return NULL;
	}
	return c;
}

struct store *store_copy(const struct store *s)
{
	struct store *c = store_like(s);

	if (!c)
		return NULL;
	c->ended = s->ended;
	c->totals = s->totals;
	c->bytes = s->bytes;
	c->dropped = s->dropped;
	c->proc = calloc(s->nprocs ? s->nprocs : 1, sizeof(*c->proc));
	if (!c->proc)
		goto fail;
	c->room = s->nprocs;
	for (size_t i = 0; i < s->nprocs; i++) {
		c->nprocs++;
		if (store_process_copy(&s->proc[i], &c->proc[i]))
			goto fail;
	}
	return c;
fail:
	store_free(c);
	return NULL;
}

struct store *store_part(const struct store *s, pid_t pid, u64 start, u64 end)
{
	const struct store_process *p = store_process_by_pid(s, pid);
	struct store *c = p ? store_like(s) : NULL;
	struct store_process some, *to;

	if (!c)
		return NULL;
	some = *p;
	some.vma = p->vma + store_vma_from(p, start);
	some.nvmas = 0;
	while (some.vma + some.nvmas < p->vma + p->nvmas &&
	       some.vma[some.nvmas].vma.start < end)
		some.nvmas++;
	some.has_totals = false;
	to = array_add(&c->proc, &c->nprocs, &c->room, sizeof(*to));
	if (to && !store_process_copy(&some, to))
		return c;
	store_free(c);
	return NULL;
}

/* ---- filling */

static int on_begin(void *ctx, const struct report_head *head)
{
	return set_head(ctx, head->kernel, head->machine);
}

static int on_process(void *ctx, const struct process *p)
{
	struct store *s = ctx;

	struct store_process *new =
		array_add(&s->proc, &s->nprocs, &s->room, sizeof(*new));

	if (!new)
		return -ENOMEM;
	new->process = *p;
	return 0;
}

static int on_vma(void *ctx, const struct process *p, const struct vma *vma)
{
	struct store *s = ctx;
	struct store_process *proc = &s->proc[s->nprocs - 1];
	struct store_vma *new =
		array_add(&proc->vma, &proc->nvmas, &proc->room, sizeof(*new));

	if (!new)
		return -ENOMEM;
	new->vma = *vma;
	s->bytes += sizeof(*new);
	return 0;
}

static bool in_ranges(const struct store_options *opt, u64 start, u64 end)
{
	return !opt->nranges ||
	       ARRAY_ANY(i, opt->nranges,
			 opt->ranges[i].start < end && start < opt->ranges[i].end);
}

static int on_row(void *ctx, const struct report_row *row)
{
	struct store *s = ctx;
	struct page_run new = row->run;
	const struct page_class *class = new.class;
	struct store_process *proc = &s->proc[s->nprocs - 1];

	if (!in_ranges(&s->opt, new.addr, page_end(&new)))
		return 0;
	struct store_vma *v = &proc->vma[proc->nvmas - 1];
	int err = s->bytes < s->opt.max_bytes ? 0 : -EAGAIN;
	if (!err && !verdict_cache_has(s->judge, class))
		err = verdict_cache_class(s->judge, &class->page,
					  row->raw ? row->raw : &class->raw,
					  class->verdicts, &new.class);
	if (err == -EAGAIN) {
		s->dropped++;
		v->dropped = true;
	}
	if (err)
		return err == -EAGAIN ? 0 : err;
	return store_rows_add(s, v, &new);
}

static int on_vma_end(void *ctx, const struct process *p, const struct vma *vma,
		      const struct report_totals *t)
{
	struct store *s = ctx;
	struct store_process *proc = &s->proc[s->nprocs - 1];

	proc->vma[proc->nvmas - 1].totals = *t;
	proc->vma[proc->nvmas - 1].has_totals = true;
	return 0;
}

static int on_process_end(void *ctx, const struct process *p,
			  const struct report_totals *t)
{
	struct store *s = ctx;

	s->proc[s->nprocs - 1].totals = *t;
	s->proc[s->nprocs - 1].has_totals = true;
	return 0;
}

static int on_end(void *ctx, const struct report_totals *t)
{
	struct store *s = ctx;

	s->totals = *t;
	s->ended = true;
	return 0;
}

const struct report_view store_view = {
	.begin = on_begin,
	.process = on_process,
	.vma = on_vma,
	.row = on_row,
	.vma_end = on_vma_end,
	.process_end = on_process_end,
	.end = on_end,
};

/* ---- reading */

const struct store_process *store_process_by_pid(const struct store *s, pid_t pid)
{
	for (size_t i = 0; i < s->nprocs; i++)
		if (s->proc[i].process.pid == pid)
			return &s->proc[i];
	return NULL;
}

size_t store_vma_from(const struct store_process *p, u64 addr)
{
	return ARRAY_FIRST(i, 0, p->nvmas, p->vma[i].vma.end <= addr);
}

const struct store_vma *store_vma_at(const struct store_process *p, u64 addr)
{
	size_t i = store_vma_from(p, addr);

	return i < p->nvmas && p->vma[i].vma.start <= addr ? &p->vma[i] : NULL;
}

size_t store_row_from(const struct store_vma *v, u64 addr)
{
	return ARRAY_FIRST(i, 0, store_nrows(v), page_end(&v->rows->row[i]) <= addr);
}

const struct page_run *store_row_at(const struct store_vma *v, u64 addr)
{
	size_t i = store_row_from(v, addr);

	return i < store_nrows(v) && v->rows->row[i].addr <= addr ? &v->rows->row[i]
								  : NULL;
}

struct page_run store_page_at(const struct store *s, const struct page_run *row, u64 addr)
{
	struct page_run page = *row;

	page_cut(&page, addr, addr + 1, kernel_page_size(&s->kernel.ev));
	return page;
}

bool store_row_frame(const struct store *s, const struct page_run *row, u64 pfn,
		     u64 *ret_addr)
{
	const struct page_info *p = &row->class->page;
	u64 base = kernel_page_size(&s->kernel.ev);

	if (!page_knows(p, PAGE_F_PFN) || !row->pfn || pfn < row->pfn ||
	    pfn - row->pfn >= row->pages * p->size / base)
		return false;
	*ret_addr = row->addr + (pfn - row->pfn) * base;
	return true;
}

bool store_covers(const struct store *s, const struct store_vma *v, u64 addr)
{
	if (addr < v->vma.start || addr >= v->vma.end || v->dropped ||
	    !in_ranges(&s->opt, addr, addr + 1))
		return false;
	return !s->opt.holes || store_row_at(v, addr);
}

struct report_row store_report_row(const struct store *s, const struct store_process *p,
				   const struct store_vma *v, const struct page_run *row,
				   u64 start, u64 end)
{
	struct report_row ret = { .process = &p->process,
				  .vma = &v->vma,
				  .run = *row,
				  .raw = &row->class->raw };

	page_cut(&ret.run, MAX(start, row->addr), MIN(end, page_end(row)),
		 kernel_page_size(&s->kernel.ev));
	return ret;
}

int store_collect(struct source *src, const struct collect_options *opt,
		  const struct store *like, struct diag *diag, struct store **ret)
{
	struct collect_options own = *opt;
	struct store *s = store_new(&(struct store_options){ .ranges = opt->ranges,
							     .nranges = opt->nranges,
							     .holes = opt->holes },
				    like);
	int err = s ? 0 : -ENOMEM;

	if (!err) {
		own.judge = s->judge;
		err = collect_run(src, &own, &store_view, s, diag);
	}
	if (err)
		store_free(s);
	else
		*ret = s;
	return err;
}
