/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tui/tui_grid.h"
#include "lib/array.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LENS_STATE, LENS_REQUEST, LENS_WRITE, LENS_FORK, LENS_FAMILY, LENS_MIGRATE };

const struct tui_letter tui_grid_letters[TUI_GLYPHS] = {
#define GLYPH(id, ln, ch, r, w, wd, text)       \
	[TUI_GLYPH_##id] = { .lens = LENS_##ln, \
			     .letter = ch,      \
			     .role = TUI_##r,   \
			     .weight = w,       \
			     .word = wd,        \
			     .meaning = text },
#include "tui/tui_glyphs.def"
};

/* Of each kind of lens its name, and the letters of a hole and of what is not known. */
static const struct {
	const char *name; /* NULL: the request's */
	u8 hole, unknown;
} lenses[] = {
	[LENS_STATE] = { "state", TUI_GLYPH_ABSENT, TUI_GLYPH_UNKNOWN },
	[LENS_REQUEST] = { NULL, TUI_GLYPH_R_ABSENT, TUI_GLYPH_R_UNKNOWN },
	[LENS_WRITE] = { "write", TUI_GLYPH_T_ABSENT, TUI_GLYPH_T_UNKNOWN },
	[LENS_FORK] = { "fork", TUI_GLYPH_K_ABSENT, TUI_GLYPH_K_UNKNOWN },
	[LENS_FAMILY] = { "family", TUI_GLYPH_F_ABSENT, TUI_GLYPH_F_UNKNOWN },
	[LENS_MIGRATE] = { "migrate", TUI_GLYPH_M_ABSENT, TUI_GLYPH_M_UNKNOWN },
};

static u8 kind_of(enum tui_lens lens)
{
	return lens == TUI_LENS_STATE  ? LENS_STATE
	       : lens < TUI_LENS_WRITE ? LENS_REQUEST
				       : (u8)(LENS_WRITE + lens - TUI_LENS_WRITE);
}

const char *tui_grid_lens_name(enum tui_lens lens)
{
	const char *name = lenses[kind_of(lens)].name;

	return name ? name : gup_requests[lens - TUI_LENS_REQUEST].name;
}

bool tui_grid_of_lens(enum tui_glyph g, enum tui_lens lens)
{
	return tui_grid_letters[g].lens == kind_of(lens);
}

enum tui_glyph tui_grid_hole(enum tui_lens lens)
{
	return lenses[kind_of(lens)].hole;
}

static enum tui_glyph unknown_of(enum tui_lens lens)
{
	return lenses[kind_of(lens)].unknown;
}

/* tui_glyphs.def has the letters of these in the order of their enums. */
_Static_assert(TUI_GLYPH_LEAK - TUI_GLYPH_ABSENT == (int)REPORT_LEAK, "");
_Static_assert(TUI_GLYPH_R_UNKNOWN - TUI_GLYPH_R_FAST == (int)GUP_WORD_UNKNOWN, "");
_Static_assert(TUI_GLYPH_T_UNKNOWN - TUI_GLYPH_T_NONE == (int)GUP_WRITE_UNKNOWN, "");
_Static_assert(TUI_GLYPH_F_UNKNOWN - TUI_GLYPH_F_ABSENT == (int)FAMILY_UNKNOWN, "");
_Static_assert(TUI_GLYPH_K_UNKNOWN - TUI_GLYPH_K_SHARE == (int)GUP_FORK_UNKNOWN, "");
_Static_assert(TUI_GLYPH_M_UNKNOWN - TUI_GLYPH_M_YES == (int)GUP_MIGRATE_UNKNOWN, "");

enum tui_glyph tui_grid_of_word(enum gup_word word)
{
	return TUI_GLYPH_R_FAST + word;
}

const struct store_process *tui_grid_other(const struct store *s,
					   const struct store_process *p)
{
	const struct store_process *other = NULL;

	for (size_t i = s->nprocs; i-- > 0;) {
		const struct store_process *o = &s->proc[i];

		if (o->process.pid == p->process.ppid)
			return o;
		if (o != p && (!other || other->process.ppid != p->process.pid ||
			       o->process.ppid == p->process.pid))
			other = o;
	}
	return other;
}

static enum tui_glyph class_glyph(const struct page_class *c, enum tui_lens lens)
{
	const struct gup_verdicts *v = c->verdicts;

	switch (kind_of(lens)) {
	case LENS_STATE:
		return TUI_GLYPH_ABSENT + report_state(c);
	case LENS_WRITE:
		return v->write.leak == TRI_YES ? TUI_GLYPH_T_LEAK
						: TUI_GLYPH_T_NONE + v->write.fault;
	case LENS_FORK:
		return TUI_GLYPH_K_SHARE + v->fork.word;
	case LENS_MIGRATE:
		return TUI_GLYPH_M_YES + v->migrate.word;
	default:
		return tui_grid_of_word(v->req[lens - TUI_LENS_REQUEST].word);
	}
}

/* Two processes, of which the lens shows what @p has beside @other; NULL: there is no other. */
struct beside {
	const struct store *s;
	const struct store_process *other;
	bool kin; /* one is the other's parent: unlike frames were copied */
	/* The letters of classes that were looked at, when there are many runs; or NULL. */
	struct known {
		const struct page_class *class;
		u8 glyph;
	} * known;
};

#define KNOWN 64

static struct beside beside(const struct store *s, const struct store_process *p)
{
	const struct store_process *o = tui_grid_other(s, p);

	return (struct beside){ s, o,
				o && (o->process.pid == p->process.ppid ||
				      o->process.ppid == p->process.pid),
				NULL };
}

/* Returns the glyph of @row at @addr, and up to where it is the same. */
static enum tui_glyph glyph_at(const struct beside *b, const struct store_vma *v,
			       const struct page_run *row, u64 addr, enum tui_lens lens,
			       u64 *ret_end)
{
	enum family_class class;

	*ret_end = page_end(row);
	if (row->class->page.kind == PAGE_NONE)
		return tui_grid_hole(lens);
	if (lens != TUI_LENS_FAMILY) {
		struct known none = { 0 },
			     *k = b->known ? &b->known[row->class->id % KNOWN] : &none;

		if (k->class != row->class)
			*k = (struct known){ row->class,
					     (u8)class_glyph(row->class, lens) };
		return k->glyph;
	}
	if (!b->other)
		return TUI_GLYPH_F_UNKNOWN;
	class = family_at(b->s, v, row, addr, b->other, ret_end);
	return TUI_GLYPH_F_ABSENT +
	       (class == FAMILY_COPIED && !b->kin ? FAMILY_NEW : class);
}

enum tui_glyph tui_grid_glyph(const struct store *s, const struct store_process *p,
			      const struct store_vma *v, const struct page_run *row,
			      u64 addr, enum tui_lens lens)
{
	const struct beside b = beside(s, p);
	u64 ignored;

	return glyph_at(&b, v, row, addr, lens, &ignored);
}

/* Adds the bytes of [@from, @to) of a run by letter. */
static void count_run(const struct beside *b, const struct store_vma *v,
		      const struct page_run *row, u64 from, u64 to, enum tui_lens lens,
		      u64 *bytes)
{
	for (u64 next; from < to; from = next) {
		enum tui_glyph g = glyph_at(b, v, row, from, lens, &next);

		next = MIN(next, to);
		bytes[g] += next - from;
	}
}

/* ---- zoom */

static u64 zoom_pages(unsigned zoom)
{
	return zoom < 2 ? 1 : 1ull << (zoom - 1);
}

/* Appends @cells cells of @step bytes from @addr on; the first one has @first bytes. */
static int add_segment(struct tui_map *m, size_t *room, u64 addr, u64 cells, u64 first,
		       u64 step)
{
	struct tui_segment *new =
		array_add(&m->segment, &m->nsegments, room, sizeof(*new));

	if (!new)
		return -ENOMEM;
	*new = (struct tui_segment){ m->cells, addr, first, step };
	m->cells += cells;
	return 0;
}

/* Makes one segment a row: a cell is a folio; a run without pages is one cell. */
static int map_folios(struct tui_map *m, const struct store *s, const struct store_vma *v)
{
	u64 base = kernel_page_size(&s->kernel.ev), at = m->start;
	size_t room = 0;
	int r = 0;

	for (size_t i = store_row_from(v, m->start); !r && i < store_nrows(v); i++) {
		const struct page_run *row = &v->rows->row[i];
		const struct page_info *p = &row->class->page;
		u64 start = MAX(row->addr, m->start);
		u64 end = MIN(page_end(row), m->end);

		if (start > at)
			r = add_segment(m, &room, at, 1, start - at, start - at);
		if (r || start >= end)
			continue;
		at = end;
		if (p->kind == PAGE_NONE) {
			r = add_segment(m, &room, start, 1, end - start, end - start);
			continue;
		}
		bool folios = page_knows(p, PAGE_F_FOLIO) && p->order && p->order < 32 &&
			      page_knows(p, PAGE_F_PFN);
		u64 step = folios ? MAX(base << p->order, p->size) : p->size;
		u64 head = folios ? (row->pfn * base) & (step - 1) : 0;
		u64 first = MIN(step - head, end - start);
		r = add_segment(m, &room, start,
				1 + (end - start - first + step - 1) / step, first, step);
	}
	if (!r && at < m->end)
		r = add_segment(m, &room, at, 1, m->end - at, m->end - at);
	return r;
}

int tui_grid_map(struct tui_map *m, const struct store *s, const struct store_vma *v,
		 unsigned zoom)
{
	memset(m, 0, sizeof(*m));
	m->start = v->vma.start;
	m->end = v->vma.end;
	if (zoom == TUI_ZOOM_FOLIO) {
		int r = map_folios(m, s, v);

		if (r)
			tui_grid_map_deinit(m);
		return r;
	}
	m->step = kernel_page_size(&s->kernel.ev) * zoom_pages(zoom);
	m->base = m->start & ~(m->step - 1);
	m->cells = (m->end - m->base - 1) / m->step + 1;
	return 0;
}

void tui_grid_map_deinit(struct tui_map *m)
{
	free(m->segment);
	memset(m, 0, sizeof(*m));
}

/* Returns the last segment that begins at or before cell @cell, or (SIZE_MAX) at @addr. */
static size_t find_segment(const struct tui_map *m, u64 cell, u64 addr)
{
	const struct tui_segment *g = m->segment;

	return ARRAY_FIRST(i, 1, m->nsegments,
			   cell == SIZE_MAX ? g[i].addr <= addr : g[i].cell <= cell) -
	       1;
}

void tui_grid_cell_range(const struct tui_map *m, u64 cell, u64 *ret_start, u64 *ret_end)
{
	if (m->step) {
		*ret_start = MAX(m->base + cell * m->step, m->start);
		*ret_end = MIN(m->base + (cell + 1) * m->step, m->end);
		return;
	}
	*ret_start = *ret_end = m->end;
	if (!m->nsegments || cell >= m->cells)
		return;
	size_t i = find_segment(m, cell, 0);
	const struct tui_segment *g = &m->segment[i];
	u64 limit = i + 1 < m->nsegments ? g[1].addr : m->end;
	u64 n = cell - g->cell;
	*ret_start = n ? g->addr + g->first + (n - 1) * g->step : g->addr;
	*ret_end = MIN(g->addr + g->first + n * g->step, limit);
}

u64 tui_grid_cell_of(const struct tui_map *m, u64 addr)
{
	if (!m->cells)
		return 0;
	addr = MIN(MAX(addr, m->start), m->end - 1);
	if (m->step)
		return (addr - m->base) / m->step;
	const struct tui_segment *g = &m->segment[find_segment(m, SIZE_MAX, addr)];
	u64 off = addr - g->addr;
	return g->cell + (off < g->first ? 0 : 1 + (off - g->first) / g->step);
}

void tui_grid_scale(unsigned zoom, u32 page_size, char *buf, size_t size)
{
	u64 pages = zoom_pages(zoom);

	if (zoom == TUI_ZOOM_FOLIO)
		snprintf(buf, size, "1 cell = 1 folio or hole");
	else
		snprintf(buf, size, "1 cell = %llu page%s (%s)", pages, zoom ? "s" : "",
			 COLUMNS_SIZE(pages * page_size));
}

/* ---- cells */

static bool matches(const struct store *s, const struct store_process *p,
		    const struct store_vma *v, const struct page_run *row,
		    const struct filter *filter, u64 start, u64 end)
{
	struct report_row r = store_report_row(s, p, v, row, start, end);

	return filter_match(filter, &r) == TRI_YES;
}

struct tui_gridcell tui_grid_cell(const struct store *s, const struct store_process *p,
				  const struct store_vma *v, u64 start, u64 end,
				  enum tui_lens lens, const struct filter *filter,
				  const struct filter *find)
{
	u64 bytes[TUI_GLYPHS] = { 0 }, at = start;
	struct tui_gridcell cell = { .unmatched = filter != NULL };
	const struct beside b = beside(s, p);
	unsigned kinds = 0, best = TUI_GLYPHS;

	for (size_t i = store_row_from(v, start); i < store_nrows(v) && at < end; i++) {
		const struct page_run *row = &v->rows->row[i];
		u64 from = MAX(row->addr, at), to = MIN(page_end(row), end);

		if (row->addr >= end)
			break;
		if (filter && cell.unmatched && matches(s, p, v, row, filter, from, to))
			cell.unmatched = false;
		if (find && !cell.hit && matches(s, p, v, row, find, from, to))
			cell.hit = true;
		if (from > at)
			bytes[store_covers(s, v, at) ? tui_grid_hole(lens)
						     : unknown_of(lens)] += from - at;
		count_run(&b, v, row, from, to, lens, bytes);
		at = to;
	}
	if (at < end)
		bytes[store_covers(s, v, at) ? tui_grid_hole(lens) : unknown_of(lens)] +=
			end - at;
	for (unsigned g = 0; g < TUI_GLYPHS; g++) {
		if (!bytes[g])
			continue;
		kinds++;
		if (best == TUI_GLYPHS ||
		    tui_grid_letters[g].weight > tui_grid_letters[best].weight ||
		    (tui_grid_letters[g].weight == tui_grid_letters[best].weight &&
		     bytes[g] > bytes[best]))
			best = g;
	}
	cell.glyph = (u8)(best < TUI_GLYPHS ? best : unknown_of(lens));
	cell.mixed = kinds > 1;
	return cell;
}

void tui_grid_count(const struct store *s, const struct store_process *p,
		    const struct store_vma *v, enum tui_lens lens, u64 *ret)
{
	struct beside b = beside(s, p);
	struct known known[KNOWN] = { 0 };

	b.known = known;

	for (size_t i = 0; i < store_nrows(v); i++) {
		const struct page_run *row = &v->rows->row[i];

		count_run(&b, v, row, row->addr, page_end(row), lens, ret);
	}
}
