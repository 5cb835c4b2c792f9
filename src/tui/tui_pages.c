/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/columns.h"
#include "tui/tui_int.h"

#define RECENT_NS 2500000000ull

/* ---- which cells are on the screen */

/* Estimates the number of cells for which the pane has room. */
static u64 room_for(const struct tui *t)
{
	const struct tui_rect *r = &t->layout.pane[TUI_PANE_GRID];

	return (u64)MAX(r->w - 10, 8) * (u64)MAX(r->h - 2, 1);
}

/* Returns the finest zoom that shows all of the mapping. */
static unsigned best_zoom(const struct tui *t, const struct store_vma *v)
{
	u64 pages = (v->vma.end - v->vma.start) / tui_state_page_size(t);
	unsigned zoom = 0;

	if (t->layout.narrow) /* a line for each */
		return TUI_ZOOM_FOLIO;
	while (zoom + 1 < TUI_ZOOMS && (zoom ? pages >> (zoom - 1) : pages) > room_for(t))
		zoom += zoom ? 1 : 2;
	return zoom;
}

void tui_pages_chosen(struct tui *t)
{
	const struct store_vma *v = tui_state_vma(t);

	t->zoomed = v ? v->vma.start : 0;
}

static bool make_map(struct tui *t, const struct store *s, const struct store_vma *v)
{
	struct tui_gridview *g = &t->grid;
	bool folios = t->zoom == TUI_ZOOM_FOLIO;
	const struct tui_mapkey key = { folios ? s : NULL, folios ? t->generation : 0,
					v->vma.start,      v->vma.end,
					tui_state_pid(t),  t->zoom };

	if (g->map.cells && !memcmp(&g->map_key, &key, sizeof(key)))
		return true;
	tui_grid_map_deinit(&g->map);
	if (tui_grid_map(&g->map, s, v, t->zoom))
		return false;
	g->map_key = key;
	return true;
}

/* Returns the digits of the largest offset. */
static int label_digits(const struct tui_map *m)
{
	int n = 1;

	for (u64 size = (m->end - m->start - 1) >> 4; size; size >>= 4)
		n++;
	return n;
}

static void make_geometry(struct tui *t)
{
	struct tui_gridview *g = &t->grid;
	const struct tui_rect *r = &t->layout.pane[TUI_PANE_GRID];
	int w = r->w;

	g->label = label_digits(&g->map) + 1;
	if (t->layout.narrow) {
		g->label = 13;
		g->per_row = 1;
	} else {
		w -= g->label + 1;
		g->per_row = w >= 16 ? w / 8 * 8 : MAX(w, 1);
	}
	g->legend = t->layout.narrow ? 0 : r->h < 10 ? 1 : 2;
	g->rows = MAX(r->h - g->legend -
			      (!t->layout.narrow && !t->layout.shown[TUI_PANE_DETAIL]),
		      1);
	/* The cursor is on the screen, and rows start at multiples. */
	u64 cell = tui_grid_cell_of(&g->map, t->addr);
	u64 row = cell / (u64)g->per_row, top = g->top / (u64)g->per_row;
	if (g->geometry_zoom != t->zoom) /* after zooming, not at the edge */
		top = row - MIN(row, (u64)g->rows / 3);
	g->geometry_zoom = t->zoom;
	if (row < top)
		top = row;
	if (row >= top + (u64)g->rows)
		top = row - (u64)g->rows + 1;
	u64 last = (g->map.cells - 1) / (u64)g->per_row + 1;
	top = MIN(top, last - MIN(last, (u64)g->rows));
	g->top = top * (u64)g->per_row;
}

static bool make_room(struct tui_gridview *g, size_t n)
{
	struct tui_shown *cell;

	if (n <= g->room)
		return true;
	cell = realloc(g->cell, n * sizeof(*cell));
	if (!cell)
		return false;
	g->cell = cell;
	g->room = n;
	return true;
}

/* ---- differences to the mark */

static int on_change(void *ctx, const struct store_change *c)
{
	struct tui_gridview *g = ctx;
	u64 first = tui_grid_cell_of(&g->map, c->start);
	u64 last = tui_grid_cell_of(&g->map, c->end - 1);

	for (u64 i = MAX(first, g->top); i <= last && i < g->top + g->n; i++)
		g->cell[i - g->top].changed |= c->what;
	return 0;
}

static void make_changes(struct tui *t, const struct store *s,
			 const struct store_process *p)
{
	struct tui_gridview *g = &t->grid;
	u64 start, end, ignored;

	if (!t->diff || !t->mark_store)
		return;
	for (size_t i = 0; i < g->n; i++)
		g->cell[i].changed = 0;
	tui_grid_cell_range(&g->map, g->top, &start, &ignored);
	tui_grid_cell_range(&g->map, g->top + g->n - 1, &ignored, &end);
	store_diff(t->mark_store, store_process_by_pid(t->mark_store, p->process.pid), s,
		   p, start, end, STORE_REAL, on_change, g, NULL);
}

bool tui_pages_prepare(struct tui *t)
{
	struct tui_gridview *g = &t->grid;
	const struct store *s = tui_state_store(t);
	const struct store_process *p = tui_state_process(t);
	const struct store_vma *v = tui_state_vma(t);

	if (v && t->zoomed != v->vma.start && t->layout.shown[TUI_PANE_GRID])
		t->zoom = best_zoom(t, v);
	if (!v || !make_map(t, s, v) || !g->map.cells)
		return false;
	if (t->layout.shown[TUI_PANE_GRID])
		make_geometry(t);
	if (g->per_row < 1)
		g->per_row = 1;
	if (g->rows < 1 || g->top >= g->map.cells) {
		g->rows = MAX(g->rows, 1);
		g->top = 0;
	}
	size_t n = (size_t)MIN((u64)(g->rows * g->per_row), g->map.cells - g->top);
	if (!make_room(g, n))
		return false;
	const struct tui_gridkey key = { s,       v->vma.start,        g->top,
					 n,       p->process.pid,      t->lens,
					 t->zoom, t->filter_generation };
	bool same = !memcmp(&g->key, &key, sizeof(key)) &&
		    (t->is_live || g->changed_generation == t->generation) &&
		    t->zoom != TUI_ZOOM_FOLIO;
	for (size_t i = 0; !same && i < n; i++)
		g->cell[i].valid = false;
	g->key = key;
	g->n = n;
	g->changed_generation = t->generation;
	for (size_t i = 0; i < n; i++) {
		u64 start, end;

		if (g->cell[i].valid)
			continue;
		tui_grid_cell_range(&g->map, g->top + i, &start, &end);
		g->cell[i].as =
			tui_grid_cell(s, p, v, start, end, t->lens, t->filter, t->find);
		g->cell[i].valid = true;
	}
	make_changes(t, s, p);
	return true;
}

void tui_pages_invalidate(struct tui *t, u64 start, u64 end)
{
	struct tui_gridview *g = &t->grid;

	if (!g->map.cells || end <= g->map.start || start >= g->map.end || start >= end)
		return;
	u64 first = tui_grid_cell_of(&g->map, start),
	    last = tui_grid_cell_of(&g->map, end - 1);
	for (u64 i = MAX(first, g->top); i <= last && i < g->top + g->n; i++)
		g->cell[i - g->top].valid = false;
}

void tui_pages_deinit(struct tui *t)
{
	tui_grid_map_deinit(&t->grid.map);
	free(t->grid.cell);
}

/* ---- moving */

static void go_to_cell(struct tui *t, s64 cell)
{
	struct tui_gridview *g = &t->grid;
	u64 start, end;

	cell = MIN(MAX(cell, 0), (s64)g->map.cells - 1);
	tui_grid_cell_range(&g->map, (u64)cell, &start, &end);
	tui_state_cursor(t, start);
}

void tui_pages_move(struct tui *t, int dx, int dy)
{
	struct tui_gridview *g = &t->grid;

	if (!g->map.cells || !tui_state_vma(t))
		return;
	s64 cell = (s64)tui_grid_cell_of(&g->map, t->addr);
	s64 to = cell + dx + (s64)dy * g->per_row;
	if (dy < 0 && to < 0) /* stay in the column */
		to = cell % g->per_row;
	if (dy > 0 && to >= (s64)g->map.cells &&
	    cell / g->per_row == ((s64)g->map.cells - 1) / g->per_row)
		to = cell;
	go_to_cell(t, to);
}

void tui_pages_end(struct tui *t, bool last)
{
	if (t->grid.map.cells)
		go_to_cell(t, last ? (s64)t->grid.map.cells - 1 : 0);
}

void tui_pages_click(struct tui *t, int x, int y)
{
	const struct tui_gridview *g = &t->grid;
	int dx = t->layout.narrow ? 0 : x - g->label - 1;

	if (dx >= 0 && dx < g->per_row && y >= 0 && y < g->rows)
		go_to_cell(t, (s64)g->top + y * g->per_row + dx);
}

/* ---- drawing */

static u8 change_role(u32 what, u32 *letter)
{
	*letter = what & STORE_APPEARED   ? '+'
		  : what & STORE_VANISHED ? '-'
		  : what & STORE_MOVED    ? '>'
		  : what & STORE_STATE    ? '~'
		  : what & STORE_COUNTS   ? '#'
					  : 'v';
	return what & STORE_APPEARED   ? TUI_D_APPEARED
	       : what & STORE_VANISHED ? TUI_D_VANISHED
	       : what & STORE_MOVED    ? TUI_D_MOVED
				       : TUI_D_CHANGED;
}

/* Marks the cells that changed a moment ago, or by the shown event. */
static void mark_recent(struct tui *t)
{
	struct tui_gridview *g = &t->grid;
	const struct tui_history *h = &t->history;
	u64 since = t->is_live && t->now_ns > RECENT_NS ? t->now_ns - RECENT_NS : 0;

	for (size_t i = 0; i < g->n; i++)
		g->cell[i].recent = false;
	for (unsigned k = 0; k < h->nrecent; k++) {
		const struct tui_recent *r = &h->recent[k];

		if (r->time_ns < since || r->pid != g->key.pid ||
		    r->end <= g->map.start || r->start >= g->map.end)
			continue;
		u64 first = MAX(tui_grid_cell_of(&g->map, r->start), g->top);
		u64 last = tui_grid_cell_of(&g->map, r->end - 1);
		for (u64 i = first; i <= last && i < g->top + g->n; i++)
			g->cell[i - g->top].recent = true;
	}
}

static void draw_cell(struct tui *t, size_t i, int x, int y, bool cursor)
{
	struct tui_gridview *g = &t->grid;
	const struct tui_gridcell *c = &g->cell[i].as;
	u32 changed = g->cell[i].changed;
	u32 ch = tui_grid_letters[c->glyph].letter;
	u8 role = tui_grid_letters[c->glyph].role, attr = 0;
	char text[8];

	if (c->mixed && ch >= 'a' && ch <= 'z')
		ch -= 'a' - 'A';
	if (c->unmatched)
		role = TUI_LINE;
	if (c->hit)
		role = TUI_HIT;
	if (t->diff && t->mark_store)
		role = changed ? change_role(changed, &ch) : TUI_LINE;
	else if (g->cell[i].recent)
		attr |= TUI_RECENT;
	if (cursor)
		attr |= TUI_REVERSE;
	snprintf(text, sizeof(text), "%s", ch == '.' ? "·" : (char[]){ (char)ch, 0 });
	tui_screen_put(&t->screen, x, y, 1, role, attr, text);
}

/* Draws one word for each letter on the screen, the most frequent first, with its part of the mapping. */
static void draw_legend(struct tui *t, int y)
{
	const struct tui_gridview *g = &t->grid;
	const struct tui_rect *r = &t->layout.pane[TUI_PANE_GRID];
	struct tui_line l = { &t->screen, r->x, y, r->x + r->w };
	const u64 *bytes = tui_vmas_letters(t, tui_state_vma(t));
	u64 n[TUI_GLYPHS] = { 0 };
	int last = y + g->legend - 1;
	char text[40];

	if (t->diff) {
		tui_screen_add(&l, TUI_DIM, "+ new  - gone  > replaced  ~ state");
		l.x = r->x;
		l.y++;
		if (g->legend > 1)
			tui_screen_add(&l, TUI_DIM, "# counts  v verdict");
		return;
	}
	for (size_t i = 0; i < g->n; i++)
		n[g->cell[i].as.glyph]++;
	for (unsigned k = 0; k < TUI_GLYPHS; k++) {
		unsigned best = 0;

		for (unsigned j = 1; j < TUI_GLYPHS; j++)
			if (n[j] > n[best])
				best = j;
		if (!n[best])
			break;
		n[best] = 0;
		const struct tui_letter *letter = &tui_grid_letters[best];
		bool hole = best == tui_grid_hole(t->lens);
		bool amount = !hole && bytes[best]; /* what was not read has none */
		snprintf(text, sizeof(text), "%s%s%s", letter->word, amount ? " " : "",
			 amount ? COLUMNS_SIZE(bytes[best]) : "");
		int need = 2 + tui_screen_width(text);
		if (l.x + need > l.end && l.y < last) {
			l.y++;
			l.x = r->x;
		}
		if (l.x + need > l.end)
			continue; /* a shorter one may fit */
		tui_screen_add(&l, letter->role, "%s",
			       hole ? "·" : (char[]){ (char)letter->letter, 0 });
		tui_screen_add(&l, TUI_DIM, " %s  ", text);
	}
}

/* Adds the page under @addr, where there is no detail pane. */
static void draw_line(struct tui *t, u64 addr, struct tui_line *l)
{
	const struct store *s = tui_state_store(t);
	const struct store_vma *v = tui_state_vma(t);
	const struct page_run *row = store_row_at(v, addr);
	const struct report_row page = { .run.class = row ? row->class : NULL };

	if (!row || row->class->page.kind == PAGE_NONE)
		tui_screen_add(l, TUI_DIM,
			       row || store_covers(s, v, addr) ? "absent" : "? not read");
	else
		tui_screen_add(l, TUI_NORMAL, "%s map %s ref %s pin %s",
			       page_kind_name(row->class->page.kind),
			       COLUMNS_NAMED("MAP", &page), COLUMNS_NAMED("REF", &page),
			       COLUMNS_NAMED("PIN", &page));
}

static void draw_rows(struct tui *t)
{
	struct tui_gridview *g = &t->grid;
	const struct tui_rect *r = &t->layout.pane[TUI_PANE_GRID];
	u64 cursor = tui_grid_cell_of(&g->map, t->addr);
	bool focus = t->focus == TUI_PANE_GRID;

	for (size_t i = 0; i < g->n; i++) {
		int y = r->y + (int)i / g->per_row, at = (int)i % g->per_row;
		struct tui_line l = { &t->screen, r->x, y, r->x + r->w };
		u64 start, end;

		tui_grid_cell_range(&g->map, g->top + i, &start, &end);
		if (!at && t->layout.narrow)
			tui_screen_add(&l, TUI_DIM, "%llx", start);
		else if (!at)
			tui_screen_add(&l, TUI_DIM, "+%0*llx", g->label - 1,
				       (MAX(start, g->map.start) - g->map.start));
		draw_cell(t, i, r->x + g->label + 1 + at, y, g->top + i == cursor);
		if (!t->layout.narrow)
			continue;
		l.x = r->x + g->label + 3;
		draw_line(t, start, &l);
		if (g->top + i == cursor && focus)
			tui_screen_paint(&t->screen, r->x, y, r->w, TUI_REVERSE);
	}
}

void tui_pages_draw(struct tui *t)
{
	struct tui_gridview *g = &t->grid;
	const struct tui_rect *r = &t->layout.pane[TUI_PANE_GRID];
	char title[200], scale[60];

	const struct store_process *other =
		t->lens == TUI_LENS_FAMILY
			? tui_grid_other(tui_state_store(t), tui_state_process(t))
			: NULL;
	char beside[30] = "";

	if (other)
		snprintf(beside, sizeof(beside), "beside %d", (int)other->process.pid);
	tui_grid_scale(t->zoom, tui_state_page_size(t), scale, sizeof(scale));
	snprintf(title, sizeof(title), "%s%s%s  %s",
		 t->diff ? "since the mark"
		 : other ? ""
			 : tui_grid_lens_name(t->lens),
		 beside, t->filter ? ", filtered" : "", scale);
	tui_panes_title(t, TUI_PANE_GRID, title);
	mark_recent(t);
	draw_rows(t);
	if (t->layout.narrow)
		return;
	draw_legend(t, r->y + g->rows);
	if (t->layout.shown[TUI_PANE_DETAIL])
		return;
	struct tui_line l = { &t->screen, r->x, r->y + g->rows + g->legend, r->x + r->w };
	tui_screen_add(&l, TUI_STRONG, "%llx ", t->addr);
	draw_line(t, t->addr, &l);
}
