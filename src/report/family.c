/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/family.h"

#include "lib/array.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/pure.h"

/* A run of frames that a member maps. */
struct family_run {
	u64 pfn;
	u32 member, vma, row;
};

/* Where the sweep over the frames is. */
struct family_sweep {
	const struct store *s;
	struct family *f;
	u32 base;
	struct family_run *run;
	size_t nruns, room;
	/* runs that have the frame at ->pfn, and the address after each */
	struct family_now {
		const struct family_run *run;
		u64 end;
	} * now;
	size_t nnow, now_room;
	u64 pfn;
	u32 *seen, stamp; /* [i] == stamp: member i maps the frame */
	u32 *mapper;      /* those members */
	size_t nmappers;
};

/* ---- one page beside another process */

static bool family_same_object(const struct vma *a, const struct vma *b)
{
	if (a->inode != b->inode || a->dev_major != b->dev_major ||
	    a->dev_minor != b->dev_minor)
		return false;
	return !a->inode || a->start - a->offset == b->start - b->offset;
}

/*
 * Only this process maps the page, as it was read: what another one shows of it, unless it has the same
 * memory (vfork), is older or newer.
 */
static bool family_alone(const struct page_info *page)
{
	return page_knows(page, PAGE_F_MAPCOUNT) &&
	       page->mapcount_kind == PAGE_COUNT_EXACT && page->mapcount == 1;
}

/* @page, at @addr of @row, beside the page of @with that lies there. */
static enum family_class family_beside(const struct store *s, const struct page_run *row,
				       const struct page_info *page, u64 addr,
				       const struct page_run *other)
{
	const struct page_info *with = &other->class->page;
	u32 base = kernel_page_size(&s->kernel.ev);

	if (with->kind == PAGE_NONE || with->kind == PAGE_GUARD ||
	    with->kind == PAGE_MARKER || page_is_zero(with))
		return FAMILY_NEW;
	if (!report_ordinary(with) || !page_knows(with, PAGE_F_PFN))
		return FAMILY_UNKNOWN;
	return row->pfn + (addr - row->addr) / base ==
				       other->pfn + (addr - other->addr) / base &&
			       (!family_alone(page) || family_alone(with))
		       ? FAMILY_SAME
		       : FAMILY_COPIED;
}

enum family_class family_at(const struct store *s, const struct store_vma *v,
			    const struct page_run *row, u64 addr,
			    const struct store_process *with, u64 *ret_end)
{
	const struct page_info *page = &row->class->page;
	u64 end = page_end(row);
	size_t i = store_vma_from(with, addr), n;
	const struct store_vma *other = i < with->nvmas ? &with->vma[i] : NULL;
	const struct page_run *at = NULL;

	*ret_end = end;
	if (!report_ordinary(page))
		return FAMILY_NONE;
	if (!page_knows(page, PAGE_F_PFN))
		return FAMILY_UNKNOWN;
	if (!other || other->vma.start > addr) {
		*ret_end = other ? MIN(end, other->vma.start) : end;
		return FAMILY_NEW;
	}
	end = *ret_end = MIN(end, other->vma.end);
	if (!family_same_object(&v->vma, &other->vma))
		return FAMILY_NEW;
	n = store_row_from(other, addr);
	if (n < store_nrows(other))
		at = &other->rows->row[n];
	if (at && at->addr <= addr) {
		*ret_end = MIN(end, page_end(at));
		return family_beside(s, row, page, addr, at);
	}
	*ret_end = at ? MIN(end, at->addr) : end;
	return store_covers(s, other, addr) ? FAMILY_NEW : FAMILY_UNKNOWN;
}

/* ---- the frames of all */

static const struct store_vma *family_vma(const struct family_sweep *w,
					  const struct family_run *r)
{
	return &w->f->member[r->member].process->vma[r->vma];
}

static const struct page_run *family_row(const struct family_sweep *w,
					 const struct family_run *r)
{
	return &family_vma(w, r)->rows->row[r->row];
}

static const struct page_info *family_page(const struct family_sweep *w,
					   const struct family_run *r)
{
	return &family_row(w, r)->class->page;
}

ARRAY_ORDER(family_by_pfn, struct family_run,
	    ORDER(x->pfn, y->pfn) ?: ORDER(x->member, y->member))

static int family_runs(struct family_sweep *w, u32 member, u32 vma)
{
	const struct store_vma *v = &w->f->member[member].process->vma[vma];
	int err = 0;

	for (size_t i = 0; i < store_nrows(v) && !err; i++) {
		const struct page_info *page = &v->rows->row[i].class->page;
		struct family_run new = { v->rows->row[i].pfn, member, vma, (u32)i };

		if (report_ordinary(page) && page_knows(page, PAGE_F_PFN) && new.pfn)
			err = array_put(&w->run, &w->nruns, &w->room, sizeof(new), &new);
	}
	return err;
}

/* Counts @n frames from ->pfn of @now in its member, by what the process beside it has. */
static void family_count_run(struct family_sweep *w, const struct family_now *now, u64 n)
{
	const struct family_run *r = now->run;
	struct family_member *m = &w->f->member[r->member];
	const struct page_run *row = family_row(w, r);
	u64 addr = row->addr + (w->pfn - r->pfn) * w->base, end = addr + n * w->base;
	bool same = w->seen[m->with] == w->stamp && !family_alone(family_page(w, r));

	const struct store_process *with = w->f->member[m->with].process;
	/* of a process that is not a child the same address means nothing */
	bool child = with->process.pid == m->process->process.ppid;

	if (m->with == r->member)
		return;
	while (addr < end) {
		u64 next = end;
		enum family_class class =
			same ? FAMILY_SAME
			     : family_at(w->s, family_vma(w, r), row, addr, with, &next);

		class = class == FAMILY_COPIED && !child ? FAMILY_NEW : class;
		next = MIN(next, end);
		m->vma[r->vma].pages[class] += (next - addr) / w->base;
		addr = next;
	}
}

/* Whether others than the @mapped entries of members map the frame. */
static void family_count_own(struct family_sweep *w, u64 n)
{
	bool known = true;
	s64 most = 0;

	for (size_t i = 0; i < w->nnow; i++) {
		const struct page_info *page = family_page(w, w->now[i].run);

		known &= page_knows(page, PAGE_F_MAPCOUNT) &&
			 page->mapcount_kind == PAGE_COUNT_EXACT;
		most = MAX(most, page->mapcount);
	}
	if (!known)
		w->f->own_unknown += n;
	else if (most <= (s64)w->nnow)
		w->f->own += n;
}

/* Counts @n frames from ->pfn on, which all of ->now have. */
static void family_count(struct family_sweep *w, u64 n)
{
	struct family *f = w->f;
	const struct page_info *page = family_page(w, w->now[0].run);
	enum family_kind kind = page->kind == PAGE_KSM ? FAMILY_KSM
				: page_is_anon(page)   ? FAMILY_ANON
						       : FAMILY_FILE;

	w->stamp++;
	w->nmappers = 0;
	for (size_t i = 0; i < w->nnow; i++) {
		u32 m = w->now[i].run->member;

		if (w->seen[m] != w->stamp)
			w->mapper[w->nmappers++] = m;
		w->seen[m] = w->stamp;
	}
	f->frames += n;
	f->by[w->nmappers] += n;
	family_count_own(w, n);
	for (size_t i = 0; i < w->nmappers; i++)
		for (size_t j = 0; j < i; j++) {
			size_t a = MIN(w->mapper[i], w->mapper[j]);
			size_t b = MAX(w->mapper[i], w->mapper[j]);

			f->pair[family_pair_at(a, b)].pages[kind] += n;
		}
	for (size_t i = 0; i < w->nnow; i++)
		family_count_run(w, &w->now[i], n);
}

/* The next run begins here, or where the first of those ends that have the frame. */
static u64 family_next(const struct family_sweep *w, size_t at)
{
	u64 next = at < w->nruns ? w->run[at].pfn : UINT64_MAX;

	for (size_t i = 0; i < w->nnow; i++)
		next = MIN(next, w->now[i].end);
	return next;
}

static int family_sweep(struct family_sweep *w)
{
	size_t at = 0, kept;

	qsort(w->run, w->nruns, sizeof(*w->run), family_by_pfn);
	while (at < w->nruns || w->nnow) {
		if (!w->nnow)
			w->pfn = w->run[at].pfn;
		for (; at < w->nruns && w->run[at].pfn == w->pfn; at++) {
			const struct family_run *r = &w->run[at];
			struct family_now new = {
				r, r->pfn + family_row(w, r)->pages *
						    family_page(w, r)->size / w->base
			};

			if (array_put(&w->now, &w->nnow, &w->now_room, sizeof(new), &new))
				return -ENOMEM;
		}
		u64 next = family_next(w, at);

		family_count(w, next - w->pfn);
		w->pfn = next;
		kept = 0;
		for (size_t i = 0; i < w->nnow; i++)
			if (w->now[i].end > next)
				w->now[kept++] = w->now[i];
		w->nnow = kept;
	}
	return 0;
}

/* ---- its life */

/* What the sweep did not see has no known frame, or was not kept. */
static void family_rest(struct family_member *m, const struct process *with)
{
	const struct store_process *p = m->process;

	m->sums.with = with;
	for (size_t i = 0; i < p->nvmas; i++) {
		const struct report_totals *t = &p->vma[i].totals;
		u64 *pages = m->vma[i].pages, seen = 0;

		m->vma[i].with = with;
		for (unsigned c = 0; c < FAMILY_CLASSES; c++)
			seen += pages[c];
		if (with && t->present > t->other + seen)
			pages[FAMILY_UNKNOWN] += t->present - t->other - seen;
		for (unsigned c = 0; c < FAMILY_CLASSES; c++)
			m->sums.pages[c] += pages[c];
	}
}

static int family_members(struct family *f, const struct store *s)
{
	f->member = calloc(MAX(s->nprocs, 1), sizeof(*f->member));
	f->pair = calloc(family_pair_at(0, MAX(s->nprocs, 1)) + 1, sizeof(*f->pair));
	f->by = calloc(s->nprocs + 1, sizeof(*f->by));
	if (!f->member || !f->pair || !f->by)
		return -ENOMEM;
	f->n = s->nprocs;
	for (size_t i = 0; i < f->n; i++) {
		struct family_member *m = &f->member[i];

		m->process = &s->proc[i];
		for (size_t j = 0; j < f->n; j++) {
			if (s->proc[j].process.pid == m->process->process.ppid)
				m->with = j;
			if (j < i)
				f->pair[family_pair_at(j, i)] =
					(struct family_pair){ &s->proc[j].process,
							      &s->proc[i].process };
		}
		m->vma = calloc(MAX(m->process->nvmas, 1), sizeof(*m->vma));
		if (!m->vma)
			return -ENOMEM;
	}
	return 0;
}

static int family_fill(struct family *f, const struct store *s)
{
	struct family_sweep w = { .s = s,
				  .f = f,
				  .base = kernel_page_size(&s->kernel.ev) };
	int err = family_members(f, s);
	u64 placed = 0;

	w.seen = calloc(MAX(f->n, 1), sizeof(*w.seen));
	w.mapper = calloc(MAX(f->n, 1), sizeof(*w.mapper));
	if (!w.seen || !w.mapper)
		err = -ENOMEM;
	for (u32 m = 0; m < f->n && !err; m++)
		for (u32 v = 0; v < f->member[m].process->nvmas && !err; v++)
			err = family_runs(&w, m, v);
	for (size_t i = 0; i < w.nruns; i++)
		placed += family_row(&w, &w.run[i])->pages *
			  family_page(&w, &w.run[i])->size / w.base;
	for (size_t i = 0; i < f->n; i++)
		f->unplaced += s->proc[i].totals.present - s->proc[i].totals.other;
	f->unplaced -= MIN(placed, f->unplaced);
	if (!err)
		err = family_sweep(&w);
	for (size_t i = 0; i < f->n && !err; i++)
		family_rest(&f->member[i],
			    f->member[i].with == i
				    ? NULL
				    : &f->member[f->member[i].with].process->process);
	free(w.run);
	free(w.now);
	free(w.seen);
	free(w.mapper);
	return err;
}

int family_new(const struct store *s, struct family **ret)
{
	struct family *f;
	int err;

	if (s->nprocs > FAMILY_MEMBERS)
		return -E2BIG;
	f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	err = family_fill(f, s);
	if (err)
		family_free(f);
	else
		*ret = f;
	return err;
}

void family_free(struct family *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n; i++)
		free(f->member[i].vma);
	free(f->member);
	free(f->pair);
	free(f->by);
	free(f);
}
