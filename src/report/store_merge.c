/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "report/store_int.h"

#include "lib/pure.h"

/* What is merged: [start, end) of @fresh's process @new into @s's process @old. */
struct merge {
	struct store *s;
	const struct store *fresh;
	struct store_process *old;
	const struct store_process *new;
	u64 start, end;
};

/* Cuts @row to the pages that lie wholly in [start, end); returns false when there are none. */
static bool cut_row(const struct store *s, struct page_run *row, u64 start, u64 end)
{
	u64 size = row->class->page.size, row_end = page_end(row);
	u64 skip = row->addr < start ? (start - row->addr + size - 1) / size : 0;
	u64 from = row->addr + skip * size, to = MIN(row_end, end);

	if (from + size > to)
		return false;
	page_cut(row, from, from + (to - from) / size * size,
		 kernel_page_size(&s->kernel.ev));
	return true;
}

/* Adds to @ret the pages of the old rows that lie wholly in [start, end). */
static int take_old(const struct merge *m, struct store_vma *ret, u64 start, u64 end)
{
	const struct store_process *old = m->old;
	int err = 0;

	for (size_t i = store_vma_from(old, start);
	     i < old->nvmas && old->vma[i].vma.start < end; i++) {
		const struct store_vma *v = &old->vma[i];

		for (size_t j = store_row_from(v, start); j < store_nrows(v) && !err;
		     j++) {
			struct page_run row = v->rows->row[j];

			if (cut_row(m->s, &row, start, end))
				err = store_rows_add(m->s, ret, &row);
		}
	}
	return err;
}

/* Adds @from to @t or subtracts it. */
static void totals_change(struct report_totals *t, const struct report_totals *from,
			  bool add)
{
	const u64 *f = (const u64 *)from;
	u64 *to = (u64 *)t;

	_Static_assert(sizeof(*t) % sizeof(u64) == 0, "sums only");
	for (size_t i = 0; i < sizeof(*t) / sizeof(u64); i++)
		to[i] = add ? to[i] + f[i] : to[i] - MIN(to[i], f[i]);
}

static void count_row(const struct store *s, const struct store_process *p,
		      const struct store_vma *v, const struct page_run *row,
		      struct report_totals *t)
{
	struct report_row r = store_report_row(s, p, v, row, 0, UINT64_MAX);

	report_count(t, &r, kernel_page_size(&s->kernel.ev));
}

static void recount(const struct store *s, const struct store_process *p,
		    struct store_vma *v)
{
	memset(&v->totals, 0, sizeof(v->totals));
	for (size_t i = 0; i < store_nrows(v); i++)
		count_row(s, p, v, &v->rows->row[i], &v->totals);
	v->totals.size_bytes = v->vma.end - v->vma.start;
	v->has_totals = true;
}

/* The VMA as @fresh has it, with the old rows that it still covers. */
static int kept_vma(const struct merge *m, const struct store_vma *v,
		    struct store_vma *ret)
{
	const struct store_vma *same = store_vma_at(m->old, v->vma.start);

	if (same && same->vma.start == v->vma.start && same->vma.end == v->vma.end) {
		store_vma_share(same, ret);
		ret->vma = v->vma;
		return 0;
	}
	*ret = *v;
	ret->rows = NULL;
	int err = take_old(m, ret, v->vma.start, v->vma.end);

	recount(m->s, m->new, ret);
	return err;
}

static bool overlaps(const struct store_vma *v, u64 start, u64 end)
{
	return v->vma.start < end && start < v->vma.end;
}

static void sum_up(struct store_process *p)
{
	memset(&p->totals, 0, sizeof(p->totals));
	p->has_totals = true;
	for (size_t i = 0; i < p->nvmas; i++) {
		report_add(&p->totals, &p->vma[i].totals);
		p->has_totals &= p->vma[i].has_totals;
	}
}

/* ---- the list of VMAs, when a mapping came, went or moved */

/* The old VMAs [from, to), among which the new list differs, and what takes their place. */
struct relist {
	size_t from, to;
	struct store_process list; /* only its VMAs */
};

/* Makes the list of what takes the place of the old VMAs.  0 or -ENOMEM. */
static int relisted(const struct merge *m, struct relist *ret)
{
	const struct store_process *old = m->old, *new = m->new;
	size_t i, j = 0, n = new->nvmas;
	bool all = m->start >= m->end;
	u64 start = n ? MIN(m->start, new->vma[0].vma.start) : m->start;
	u64 end = n ? MAX(m->end, new->vma[n - 1].vma.end) : m->end;
	int r = 0;

	i = ret->from = all ? 0 : store_vma_from(old, start);
	ret->to = all ? old->nvmas : i;
	while (ret->to < old->nvmas && old->vma[ret->to].vma.start < end)
		ret->to++;
	ret->list.vma = calloc(ret->to - i + n + 1, sizeof(*ret->list.vma));
	if (!ret->list.vma)
		return -ENOMEM;
	while (!r && (i < ret->to || j < n)) {
		const struct store_vma *o = i < ret->to ? &old->vma[i] : NULL;
		const struct store_vma *next = j < n ? &new->vma[j] : NULL;

		if (o && (all || overlaps(o, m->start, m->end) ||
			  (next && overlaps(o, next->vma.start, next->vma.end)))) {
			i++; /* the VMA is new in @fresh */
			continue;
		}
		struct store_vma *out = &ret->list.vma[ret->list.nvmas++];
		if (o && (!next || o->vma.start < next->vma.start)) {
			store_vma_share(o, out);
			i++;
		} else {
			r = kept_vma(m, next, out);
			j++;
		}
	}
	return r;
}

/* Counts VMA @v of the process in what the store and the process sum up, or takes it off. */
static void count_vma(const struct merge *m, const struct store_vma *v, bool add)
{
	size_t bytes =
		sizeof(*v) + (v->rows ? v->rows->room * sizeof(struct page_run) : 0);

	m->s->bytes += add ? bytes : -MIN(bytes, m->s->bytes);
	totals_change(&m->old->totals, &v->totals, add);
	m->old->has_totals &= v->has_totals;
}

/* Has room for @n VMAs of the process.  0 or -ENOMEM. */
static int make_room(struct store_process *p, size_t n)
{
	struct store_vma *vma =
		n > p->room ? realloc(p->vma, 2 * n * sizeof(*vma)) : p->vma;

	if (!vma)
		return -ENOMEM;
	p->room = n > p->room ? 2 * n : p->room;
	p->vma = vma;
	return 0;
}

/*
 * Gives the process the VMAs of @fresh, with the rows that they still cover: other VMAs, of which there
 * may be many, are not looked at.  0 or -ENOMEM.
 */
static int relist(const struct merge *m)
{
	struct store_process *p = m->old, gone = { 0 };
	struct relist new = { 0 };
	size_t bytes = m->s->bytes, put;
	int r = relisted(m, &new);

	m->s->bytes = bytes; /* the rows of the list are counted with it */
	gone.nvmas = new.to - new.from;
	put = new.list.nvmas;
	gone.vma = malloc((gone.nvmas + 1) * sizeof(*gone.vma));
	if (!r && (!gone.vma || make_room(p, MAX(p->nvmas - gone.nvmas + put, 1))))
		r = -ENOMEM;
	if (r) {
		free(gone.vma);
		store_process_free(&new.list);
		return r;
	}
	struct store_vma *at = &p->vma[new.from];
	memcpy(gone.vma, at, gone.nvmas * sizeof(*at));
	memmove(at + put, &p->vma[new.to], (p->nvmas - new.to) * sizeof(*at));
	memcpy(at, new.list.vma, put * sizeof(*at));
	p->nvmas = p->nvmas - gone.nvmas + put;
	for (size_t i = 0; i < gone.nvmas; i++)
		count_vma(m, &gone.vma[i], false);
	for (size_t i = 0; i < put; i++)
		count_vma(m, &at[i], true);
	store_process_free(&gone);
	free(new.list.vma);
	return 0;
}

static bool same_list(const struct merge *m)
{
	const struct store_process *old = m->old, *new = m->new;
	size_t i = store_vma_from(old, m->start), j = 0;

	if (m->start >= m->end)
		return false;
	for (; i < old->nvmas && old->vma[i].vma.start < m->end; i++, j++)
		if (j >= new->nvmas || new->vma[j].vma.start != old->vma[i].vma.start ||
		    new->vma[j].vma.end != old->vma[i].vma.end)
			return false;
	return j == new->nvmas;
}

/* ---- rows */

/* Replaces rows from @i on by as many rows; most of them are the same. */
static void replace_alike(const struct store *s, const struct store_process *p,
			  struct store_vma *v, size_t i, const struct store_vma *nv)
{
	struct report_totals gone = { 0 };

	for (size_t k = 0; k < store_nrows(nv); k++) {
		struct page_run *row = &v->rows->row[i + k];

		if (!memcmp(row, &nv->rows->row[k], sizeof(*row)))
			continue;
		count_row(s, p, v, row, &gone);
		*row = nv->rows->row[k];
		count_row(s, p, v, row, &v->totals);
	}
	totals_change(&v->totals, &gone, false);
	v->vma = nv->vma;
}

/* Replaces the rows of @v in [from, to) by those of @fresh. */
static int replace_rows(struct store *s, const struct store_process *p,
			struct store_vma *v, const struct store *fresh,
			const struct store_vma *nv, u64 from, u64 to)
{
	size_t n = store_nrows(v), add = store_nrows(nv), i = store_row_from(v, from),
	       j = i;
	struct report_totals gone = { 0 };
	struct page_run left, right;
	bool has_left = false, has_right = false;

	while (j < n && v->rows->row[j].addr < to)
		j++;
	if (i < j) {
		left = v->rows->row[i];
		right = v->rows->row[j - 1];
		has_left = left.addr < from && cut_row(s, &left, 0, from);
		has_right = page_end(&right) > to && cut_row(s, &right, to, UINT64_MAX);
	}
	size_t put = has_left + add + has_right, after = n - j;
	if (add == j - i && put == add && !store_rows_own(s, v, n)) {
		replace_alike(s, p, v, i, nv);
		return 0;
	}
	if (store_rows_own(s, v, n - (j - i) + put))
		return -ENOMEM;
	struct page_run *row = v->rows->row;
	for (size_t k = i; k < j; k++)
		count_row(s, p, v, &row[k], &gone);
	memmove(&row[i + put], &row[j], after * sizeof(*row));
	if (has_left)
		row[i] = left;
	if (add)
		memcpy(&row[i + has_left], nv->rows->row, add * sizeof(*row));
	if (has_right)
		row[i + has_left + add] = right;
	v->rows->n = i + put + after;
	for (size_t k = i; k < i + put; k++)
		count_row(s, p, v, &row[k], &v->totals);
	totals_change(&v->totals, &gone, false);
	v->vma = nv->vma;
	return 0;
}

/* Replaces the rows of @v in the range by those of @nv, the same mapping. */
static int merge_vma(const struct merge *m, struct store_vma *v,
		     const struct store_vma *nv)
{
	u64 from = MAX(m->start, v->vma.start), to = MIN(m->end, v->vma.end);
	size_t n = store_nrows(nv);
	int r;

	v->dropped =
		nv->dropped || (v->dropped && (from > v->vma.start || to < v->vma.end));
	if (n) { /* leaves may reach beyond the range */
		from = MIN(from, nv->rows->row[0].addr);
		to = MAX(to, page_end(&nv->rows->row[n - 1]));
	}
	totals_change(&m->old->totals, &v->totals, false);
	r = replace_rows(m->s, m->old, v, m->fresh, nv, from, to);
	if (!v->has_totals)
		recount(m->s, m->old, v);
	totals_change(&m->old->totals, &v->totals, true);
	return r;
}

int store_merge(struct store *s, const struct store *fresh, pid_t pid, u64 start, u64 end)
{
	const struct store_process *new = store_process_by_pid(fresh, pid);
	struct store_process *old = (void *)store_process_by_pid(s, pid);
	struct merge m = { s, fresh, old, new, start, end };
	int r = 0;

	if (s->judge != fresh->judge)
		return -EINVAL;
	if (!old || !new)
		return -ESRCH;
	if (!same_list(&m))
		r = relist(&m);
	for (size_t j = 0; j < new->nvmas &&start < end && !r; j++)
		r = merge_vma(&m, &old->vma[store_vma_from(old, new->vma[j].vma.start)],
			      &new->vma[j]);
	old->process = new->process;
	if (!old->has_totals)
		sum_up(old);
	return r;
}

/*
 * Has the mappings of @p, a copy, share the blocks of rows that @old has with the same rows: then a
 * comparison with an earlier copy of @old need not look at them.
 */
static void share_rows(const struct store_process *old, struct store_process *p)
{
	for (size_t i = 0; i < p->nvmas; i++) {
		struct store_vma *v = &p->vma[i];
		const struct store_vma *o = store_vma_at(old, v->vma.start);

		if (!o || !v->rows || store_nrows(o) != store_nrows(v) ||
		    memcmp(o->rows->row, v->rows->row,
			   v->rows->n * sizeof(v->rows->row[0])))
			continue;
		v->rows->refs--; /* @p's original has it, too */
		v->rows = o->rows;
		v->rows->refs++;
	}
}

int store_merge_add(struct store *s, const struct store *from, pid_t pid)
{
	const struct store_process *p = store_process_by_pid(from, pid);
	const struct store_process *old = store_process_by_pid(s, pid);
	struct store_process copy;

	if (s->judge != from->judge)
		return -EINVAL;
	if (!p)
		return -ESRCH;
	if (store_process_copy(p, &copy))
		return -ENOMEM;
	if (old)
		share_rows(old, &copy);
	if (!array_add(&s->proc, &s->nprocs, &s->room, sizeof(copy))) {
		store_process_free(&copy);
		return -ENOMEM;
	}
	store_merge_drop(s, pid);
	s->proc[s->nprocs - 1] = copy;
	return 0;
}

void store_merge_drop(struct store *s, pid_t pid)
{
	for (size_t i = 0; i < s->nprocs; i++)
		if (s->proc[i].process.pid == pid) {
			store_process_free(&s->proc[i]);
			s->nprocs--;
			memmove(&s->proc[i], &s->proc[i + 1],
				(s->nprocs - i) * sizeof(*s->proc));
			return;
		}
}
