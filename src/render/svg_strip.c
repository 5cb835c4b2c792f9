/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/svg_strip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "render/columns.h"

#define ROWS 40      /* mappings with strips at most, ... */
#define FEW 12       /* ... and so many even if they have next to nothing */
#define LINES 4      /* of a strip */
#define ALL_LINES 90 /* of all strips, about */
#define STRIP_NEWS (1ull << 60)
#define GAP 8 /* between processes */
#define HEIGHT 10

/* Mappings of several processes that begin at one address. */
struct strip_row {
	u64 start, pages; /* base pages of the largest */
	u64 weight;       /* in which order they are chosen */
	u64 seen;         /* pages that are there */
	bool dense;       /* it decides on the scale */
};

struct strip {
	struct svg *svg;
	const struct store *s;
	const struct family *f;
	size_t first, n;
	u32 base;
	struct strip_row *row;
	size_t nrows, room, left_out;
	u64 left_out_bytes;
	unsigned width, cells; /* of the strip of one process, and how many cells fit */
	unsigned cell_px;      /* width of a cell */
	u64 cell_pages;
	struct svg_cell *cell; /* of one strip */
};

/* ---- what a page is */

static enum svg_kind strip_kind(enum report_state state)
{
	static const u8 kinds[REPORT_STATES] = {
		[REPORT_ABSENT] = SVG_ABSENT,
		[REPORT_FILE] = SVG_FILE,
		[REPORT_EXCLUSIVE] = SVG_EXCLUSIVE,
		[REPORT_SHARED] = SVG_SHARED,
		[REPORT_WAITING] = SVG_WAITING,
		[REPORT_ZERO] = SVG_OTHER,
		[REPORT_KSM] = SVG_KSM,
		[REPORT_SWAP] = SVG_SWAP,
		[REPORT_GUARD] = SVG_ABSENT,
		[REPORT_DEVICE] = SVG_OTHER,
		[REPORT_UNKNOWN] = SVG_UNKNOWN,
		[REPORT_EXTRA] = SVG_EXTRA,
		[REPORT_MAYBE] = SVG_PINNED,
		[REPORT_PINNED] = SVG_PINNED,
		[REPORT_BAD] = SVG_UNKNOWN,
		[REPORT_LEAK] = SVG_LEAK,
	};

	return kinds[state];
}

static enum svg_kind strip_beside(enum family_class class)
{
	static const u8 kinds[FAMILY_CLASSES] = { [FAMILY_SAME] = SVG_SAME,
						  [FAMILY_COPIED] = SVG_COPIED,
						  [FAMILY_NEW] = SVG_NEW,
						  [FAMILY_UNKNOWN] = SVG_UNKNOWN };

	return kinds[class];
}

/* A member is shown beside its parent, if that is of the family. */
static const struct store_process *strip_parent(const struct strip *t,
						const struct family_member *m)
{
	return m->sums.with && m->sums.with->pid == m->process->process.ppid
		       ? t->f->member[m->with].process
		       : NULL;
}

void svg_strip_sums(const struct family_member *m, u32 base, u64 ret[SVG_KINDS])
{
	const struct report_totals *t = &m->process->totals;

	memset(ret, 0, SVG_KINDS * sizeof(*ret));
	ret[SVG_OTHER] = t->other * base;
	ret[SVG_SWAP] = t->swapped * base;
	if (m->sums.with && m->sums.with->pid == m->process->process.ppid) {
		for (unsigned c = 1; c < FAMILY_CLASSES; c++)
			ret[strip_beside(c)] += m->sums.pages[c] * base;
		return;
	}
	ret[SVG_EXCLUSIVE] = t->exclusive * base;
	ret[SVG_WAITING] = t->waiting * base;
	ret[SVG_SHARED] = t->shared * base;
	ret[SVG_FILE] = t->private_file * base;
	ret[SVG_UNKNOWN] = t->part_unknown * base;
}

/* ---- which mappings, at which scale */

ARRAY_ORDER(strip_by_weight, struct strip_row,
	    ORDER(y->weight, x->weight) ?: ORDER(x->start, y->start))

static int strip_gather(struct strip *t, const struct store_vma *v)
{
	const struct report_totals *sum = &v->totals;
	u64 seen = sum->present + sum->swapped;
	struct strip_row new = {
		.start = v->vma.start,
		.pages = (v->vma.end - v->vma.start) / t->base,
		.weight = seen + (sum->leaks || sum->pinned ? STRIP_NEWS : 0),
		.seen = seen,
		.dense = seen * 16 >= (v->vma.end - v->vma.start) / t->base,
	};

	if (!seen)
		return 0;
	for (size_t i = 0; i < t->nrows; i++) {
		struct strip_row *row = &t->row[i];

		if (row->start != new.start)
			continue;
		row->pages = MAX(row->pages, new.pages);
		row->weight = MAX(row->weight, new.weight);
		row->seen = MAX(row->seen, seen);
		row->dense |= new.dense;
		return 0;
	}
	return array_put(&t->row, &t->nrows, &t->room, sizeof(new), &new);
}

static u64 strip_lines(const struct strip *t, u64 pages)
{
	u64 cells = (pages + t->cell_pages - 1) / t->cell_pages;

	return MIN((cells + t->cells - 1) / t->cells, (u64)LINES);
}

/* The finest scale at which no dense mapping has more than LINES lines, and all of them few. */
static void strip_scale(struct strip *t)
{
	u64 most = 1, lines;

	for (size_t i = 0; i < t->nrows; i++)
		if (t->row[i].dense)
			most = MAX(most, t->row[i].pages);
	t->cell_px = (unsigned)MIN(MAX(t->width / most, 2ull), 12ull);
	t->cells = t->width / t->cell_px;
	t->cell_pages = 1;
	do {
		lines = 0;
		for (size_t i = 0; i < t->nrows; i++)
			lines += strip_lines(t, t->row[i].pages);
		if (lines <= ALL_LINES && most <= t->cell_pages * t->cells * LINES)
			return;
		t->cell_pages *= 2;
	} while (t->cell_pages < 1ull << 40);
}

static int strip_choose(struct strip *t)
{
	u64 all = 0, shown = 0;
	size_t kept;
	int err = 0;

	for (size_t m = t->first; m < t->first + t->n; m++) {
		const struct store_process *p = t->f->member[m].process;

		for (size_t i = 0; i < p->nvmas && !err; i++)
			err = strip_gather(t, &p->vma[i]);
	}
	if (err || !t->nrows)
		return err;
	qsort(t->row, t->nrows, sizeof(*t->row), strip_by_weight);
	for (size_t i = 0; i < t->nrows; i++)
		all += t->row[i].seen;
	for (kept = 0;
	     kept < MIN(t->nrows, (size_t)ROWS) &&
	     (kept < FEW || t->row[kept].weight >= STRIP_NEWS || shown < all - all / 100);
	     kept++)
		shown += t->row[kept].seen;
	t->left_out = t->nrows - kept;
	t->left_out_bytes = (all - shown) * t->base;
	t->nrows = kept;
	array_sort(t->row, t->nrows, sizeof(*t->row));
	strip_scale(t);
	return 0;
}

/* ---- drawing */

/* Adds @n base pages of a kind from page @from of the mapping on to the cells of @pages each. */
static void strip_count(struct strip *t, u64 from, u64 n, u64 pages, enum svg_kind kind)
{
	for (u64 at = from; at < from + n;) {
		u64 next = MIN((at / pages + 1) * pages, from + n);

		t->cell[MIN(at / pages, (u64)t->cells * LINES - 1)].pages[kind] +=
			next - at;
		at = next;
	}
}

static void strip_fill(struct strip *t, const struct store_vma *v,
		       const struct store_process *parent, u64 pages)
{
	memset(t->cell, 0, t->cells * LINES * sizeof(*t->cell));
	for (size_t i = 0; i < store_nrows(v); i++) {
		const struct page_run *row = &v->rows->row[i];
		enum report_state state = report_state(row->class);
		bool news = state > REPORT_UNKNOWN && state != REPORT_BAD;
		u64 next;

		for (u64 addr = MAX(row->addr, v->vma.start);
		     addr < MIN(page_end(row), v->vma.end); addr = next) {
			enum family_class class = FAMILY_NONE;

			next = MIN(page_end(row), v->vma.end);
			if (parent)
				class = family_at(t->s, v, row, addr, parent, &next);
			strip_count(t, (addr - v->vma.start) / t->base,
				    (next - addr) / t->base, pages,
				    class && !news ? strip_beside(class)
						   : strip_kind(state));
		}
	}
}

/* One line of cells, as boxes of like neighbours. */
static void strip_line(struct strip *t, unsigned x, unsigned y, u64 start, u64 pages,
		       unsigned from, unsigned to)
{
	char text[300];

	for (unsigned i = from, next; i < to; i = next) {
		u8 kind = t->cell[i].shown;

		for (next = i + 1; next < to && t->cell[next].shown == kind;)
			next++;
		if (kind)
			svg_box(t->svg, x + (i - from) * t->cell_px, y,
				(next - i) * t->cell_px, HEIGHT, kind, "%llx-%llx: %s",
				start + i * pages * t->base,
				start + next * pages * t->base,
				svg_cells_text(t->cell, i, next, text, sizeof(text)));
	}
}

/* The strip of one process; returns how many lines it has. */
static unsigned strip_draw(struct strip *t, const struct strip_row *row, size_t column,
			   u64 pages)
{
	const struct family_member *m = &t->f->member[t->first + column];
	const struct store_vma *v = store_vma_at(m->process, row->start);
	unsigned x = SVG_LEFT + (unsigned)column * (t->width + GAP), line = 0;
	u64 cells;

	if (!v || v->vma.start != row->start)
		return 0;
	strip_fill(t, v, strip_parent(t, m), pages);
	cells = ((v->vma.end - v->vma.start) / t->base + pages - 1) / pages;
	svg_cells_choose(t->cell, (unsigned)MIN(cells, (u64)t->cells * LINES));
	for (u64 from = 0; from < cells; from += t->cells, line++) {
		unsigned to = (unsigned)MIN(from + t->cells, cells);

		svg_box(t->svg, x, t->svg->y + line * (HEIGHT + 2),
			(to - (unsigned)from) * t->cell_px, HEIGHT, SVG_ABSENT,
			"%s %llx-%llx", v->vma.name, v->vma.start, v->vma.end);
		strip_line(t, x, t->svg->y + line * (HEIGHT + 2), v->vma.start, pages,
			   (unsigned)from, to);
	}
	return line;
}

/* The beginning of the last part of its path. */
static const char *strip_name(const struct store_vma *v, size_t n, char *buf, size_t size)
{
	const char *name = vma_base_name(&v->vma);
	size_t len = strlen(name);

	if (len <= n)
		snprintf(buf, size, "%s", len ? name : "(anonymous)");
	else
		snprintf(buf, size, "%.*s…", (int)n - 1, name);
	return buf;
}

static void strip_label(struct strip *t, const struct strip_row *row, u64 pages)
{
	const struct store_vma *v = NULL;
	const char *size = COLUMNS_SIZE(row->pages * t->base);
	char name[VMA_NAME_MAX + 8], title[VMA_NAME_MAX + 120];

	for (size_t i = 0; i < t->n && !(v && v->vma.start == row->start); i++)
		v = store_vma_at(t->f->member[t->first + i].process, row->start);
	snprintf(title, sizeof(title), "%s %s, %llx-%llx, %s, %s resident", v->vma.name,
		 VMA_PERMS(&v->vma), v->vma.start, v->vma.end, size,
		 COLUMNS_SIZE(v->totals.present * t->base));
	svg_text(t->svg, 0, t->svg->y + 8, "m", title, "%llx", row->start);
	svg_text(t->svg, 70, t->svg->y + 8, "m", title, "%s",
		 strip_name(v, 13, name, sizeof(name)));
	svg_text(t->svg, SVG_LEFT - 6, t->svg->y + 8, "m r", title, "%s", size);
	if (pages != t->cell_pages)
		svg_text(t->svg, SVG_LEFT - 6, t->svg->y + 8 + HEIGHT, "n r", NULL,
			 "1 px = %s here", COLUMNS_SIZE(pages * t->base / t->cell_px));
}

static void strip_mapping(struct strip *t, const struct strip_row *row)
{
	u64 room = (u64)t->cells * LINES, pages = t->cell_pages;
	unsigned lines = 1;

	if (row->pages > pages * room)
		pages = (row->pages + room - 1) / room;
	strip_label(t, row, pages);
	lines += pages != t->cell_pages;
	for (size_t i = 0; i < t->n; i++) {
		unsigned drawn = strip_draw(t, row, i, pages);

		lines = MAX(lines, drawn);
	}
	t->svg->y += lines * (HEIGHT + 2) + 2;
}

static void strip_head(struct strip *t)
{
	if (t->cell_pages > 1)
		svg_text(t->svg, 0, t->svg->y + 8, "n", NULL, "1 px = %s",
			 COLUMNS_SIZE(t->cell_pages * t->base / t->cell_px));
	else
		svg_text(t->svg, 0, t->svg->y + 8, "n", NULL, "%u px = 1 page of %s",
			 t->cell_px, COLUMNS_SIZE(t->base));
	for (size_t i = 0; i < t->n; i++) {
		const struct process *p = &t->f->member[t->first + i].process->process;

		svg_text(t->svg, SVG_LEFT + (unsigned)i * (t->width + GAP), t->svg->y + 8,
			 "b", NULL, "%d %s", (int)p->pid, p->comm);
	}
	t->svg->y += 14;
}

int svg_strip(struct svg *svg, const struct store *s, const struct family *f,
	      size_t first, size_t n)
{
	struct strip t = { .svg = svg,
			   .s = s,
			   .f = f,
			   .first = first,
			   .n = n,
			   .base = kernel_page_size(&s->kernel.ev),
			   .width = (SVG_WIDTH - SVG_LEFT + GAP) / (unsigned)n - GAP };
	int err = strip_choose(&t);

	t.cell = err || !t.nrows ? NULL : calloc(t.cells * LINES, sizeof(*t.cell));
	if (t.cell)
		strip_head(&t);
	else if (t.nrows)
		err = -ENOMEM;
	for (size_t i = 0; t.cell && i < t.nrows; i++)
		strip_mapping(&t, &t.row[i]);
	if (t.left_out)
		svg_text(svg, 0, svg->y + 8, "n", NULL,
			 "and %zu smaller mappings, of which %s are resident", t.left_out,
			 COLUMNS_SIZE(t.left_out_bytes));
	svg->y += 14;
	free(t.cell);
	free(t.row);
	return err;
}
