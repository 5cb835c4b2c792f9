/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/fold.h"

#include "lib/array.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pure.h"

/* By findings, then by resident size. */
ARRAY_ORDER(fold_weight, struct fold_row,
	    ORDER(y->severity, x->severity) ?:
	    ORDER(y->totals.present, x->totals.present) ?:
	    ORDER(x->vma.start, y->vma.start))

static const char *fold_name(const struct fold_row *r)
{
	return r->what ? r->what : r->vma.name;
}

static int fold_by_name(const void *a, const void *b)
{
	const struct fold_row *x = a, *y = b;
	int order = strcmp(fold_name(x), fold_name(y));

	return order ? order : x->vma.start < y->vma.start ? -1 : 1;
}

/* Whether a mapping is a row of its own: it has findings, or much memory of no file. */
static bool fold_alone(const struct fold_row *r, u64 present)
{
	bool file = r->vma.name[0] == '/' && !r->what;

	return r->mappings == 1 && (r->severity || (!file && r->totals.present &&
						    r->totals.present * 20 >= present));
}

static void fold_join(struct fold_row *to, const struct fold_row *from)
{
	report_add(&to->totals, &from->totals);
	to->mappings += from->mappings;
	to->severity = MAX(to->severity, from->severity);
}

/* ---- rows as they come */

static int fold_same_name(const void *a, const void *b)
{
	return strcmp(fold_name(a), fold_name(b));
}

/* Joins @row to the one of its name, which shows the first of its mappings. */
static int fold_by_name_now(struct fold *f, struct fold_row *row)
{
	struct fold_row **at = tfind(row, &f->names, fold_same_name), *to;

	if (at && row->vma.start > (*at)->vma.start) {
		fold_join(*at, row);
		return 0;
	}
	if (at) {
		fold_join(row, *at);
		row->next = (*at)->next;
		**at = *row;
		return 0;
	}
	to = malloc(sizeof(*to));
	if (!to)
		return -ENOMEM;
	*to = *row;
	if (!tsearch(to, &f->names, fold_same_name)) {
		free(to);
		return -ENOMEM;
	}
	to->next = f->list;
	f->list = to;
	return 0;
}

/*
 * Keeps the last row, whose neighbour @above is known now; of few rows alone, or with those of its name.
 * What is no row of its own among those up to here is none among all, of which it is a smaller part.
 */
static int fold_last(struct fold *f, const struct vma *above)
{
	struct fold_row *row = &f->last, *least = &f->alone[0], lighter;

	if (!row->mappings)
		return 0;
	row->what = vma_what(&row->vma, f->below.end ? &f->below : NULL, above);
	if (row->what && !row->vma.name[0] && row->totals.thp * 2 > row->totals.present)
		row->what = "anonymous, THP";
	f->below = row->vma;
	if (!f->few)
		return array_put(&f->row, &f->n, &f->room, sizeof(*row), row);
	f->present += row->totals.present;
	if (!fold_alone(row, f->present))
		return fold_by_name_now(f, row);
	if (f->nalone < FOLD_ALONE) {
		f->alone[f->nalone++] = *row;
		return 0;
	}
	for (size_t i = 1; i < f->nalone; i++)
		if (fold_weight(&f->alone[i], least) > 0)
			least = &f->alone[i];
	if (fold_weight(row, least) > 0)
		return fold_by_name_now(f, row);
	lighter = *least;
	*least = *row;
	return fold_by_name_now(f, &lighter);
}

int fold_add(struct fold *f, const struct vma *vma, const struct report_totals *t,
	     unsigned severity)
{
	int err = fold_last(f, vma);

	f->last = (struct fold_row){
		.vma = *vma, .totals = *t, .mappings = 1, .severity = severity
	};
	return err;
}

int fold_names(struct fold *f)
{
	int err = fold_last(f, NULL);

	for (size_t i = 0; !err && i < f->nalone; i++)
		err = array_put(&f->row, &f->n, &f->room, sizeof(*f->row), &f->alone[i]);
	for (struct fold_row *r = f->list; !err && r; r = r->next)
		err = array_put(&f->row, &f->n, &f->room, sizeof(*f->row), r);
	return err;
}

/* ---- all rows */

/* Joins neighbours of one name among the rows from @first on. */
static void fold_alike(struct fold *f, size_t first)
{
	size_t n = first;

	qsort(f->row + first, f->n - first, sizeof(*f->row), fold_by_name);
	for (size_t i = first; i < f->n; i++) {
		if (n > first &&
		    !strcmp(fold_name(&f->row[n - 1]), fold_name(&f->row[i])))
			fold_join(&f->row[n - 1], &f->row[i]);
		else
			f->row[n++] = f->row[i];
	}
	f->n = n;
}

void fold_rows(struct fold *f, size_t names)
{
	u64 present = 0;
	size_t alone = 0;

	if (!f->n)
		return;
	for (size_t i = 0; i < f->n; i++)
		present += f->row[i].totals.present;
	qsort(f->row, f->n, sizeof(*f->row), fold_weight);
	for (size_t i = 0; i < f->n && alone < FOLD_ALONE; i++) {
		struct fold_row r = f->row[i];

		if (!fold_alone(&r, present))
			continue;
		memmove(&f->row[alone + 1], &f->row[alone], (i - alone) * sizeof(r));
		f->row[alone++] = r;
	}
	fold_alike(f, alone);
	qsort(f->row + alone, f->n - alone, sizeof(*f->row), fold_weight);
	size_t last = alone + MIN(names, f->n - alone);

	for (; f->n > last + 1; f->n--) {
		f->row[last].what = "others; -v lists them";
		fold_join(&f->row[last], &f->row[f->n - 1]);
	}
	qsort(f->row, MIN(f->n, last), sizeof(*f->row), fold_weight);
}

void fold_deinit(struct fold *f)
{
	tdestroy(f->names, free);
	free(f->row);
	*f = (struct fold){ .few = f->few };
}
