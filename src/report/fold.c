/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/fold.h"

#include "lib/array.h"

#include <stdlib.h>
#include <string.h>

#include "lib/pure.h"

int fold_add(struct fold *f, const struct vma *vma, const struct report_totals *t,
	     unsigned severity)
{
	struct fold_row row = {
		.vma = *vma, .totals = *t, .mappings = 1, .severity = severity
	};

	return array_put(&f->row, &f->n, &f->room, sizeof(row), &row);
}

void fold_names(struct fold *f)
{
	for (size_t i = 0; i < f->n; i++) {
		struct fold_row *r = &f->row[i];
		const struct vma *below = i ? &r[-1].vma : NULL;

		r->what = vma_what(&r->vma, below, i + 1 < f->n ? &r[1].vma : NULL);
		if (r->what && !r->vma.name[0] && r->totals.thp * 2 > r->totals.present)
			r->what = "anonymous, THP";
	}
}

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

	return r->severity ||
	       (!file && r->totals.present && r->totals.present * 20 >= present);
}

static void fold_join(struct fold_row *to, const struct fold_row *from)
{
	report_add(&to->totals, &from->totals);
	to->mappings += from->mappings;
	to->severity = MAX(to->severity, from->severity);
}

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
	free(f->row);
	*f = (struct fold){ .n = 0 };
}
