/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tui/tui_int.h"

#define MIN_COLS 20
#define MIN_ROWS 5
#define NARROW 60
#define WIDE 100
#define DETAIL_ROWS 40 /* what a page has to show */
#define FAMILY_COLS 64 /* and a relative */
#define PLOT_ROWS 7
#define TALL 20      /* on less the plot gets only what the grid leaves */
#define GRID_FRAME 4 /* title, legend and a line of words */

static void place(struct tui_layout *l, enum tui_pane pane, int x, int y, int w, int h)
{
	/* The first line is the title's. */
	l->pane[pane] = (struct tui_rect){ x, y + 1, w, h - 1 };
	l->shown[pane] = w > 0 && h > 1;
}

/* Returns the rows below the others: timeline and family, by what they have to show. */
static int make_bottom(const struct tui *t, struct tui_layout *l)
{
	const struct tui_rect *b = &l->body;
	const struct store *s = tui_state_store(t);
	int family = s && s->nprocs > 1 ? (int)s->nprocs + 1 : 0, h;
	bool beside = family && b->w >= WIDE;
	int above = MAX((int)t->nsorted + 2, b->w >= WIDE ? DETAIL_ROWS : 0);
	int most = MAX(b->h * 2 / 5, b->h - above);
	int w = beside ? MAX(b->w / 2, b->w - FAMILY_COLS) : b->w;

	if (b->h < 12)
		return 0;
	h = MIN(1 + tui_panes_time_lines(t, w - beside, most), most);
	if (beside) {
		h = MAX(h, MIN(family, most));
		place(l, TUI_PANE_FAMILY, b->x + w, b->y + b->h - h, b->w - w, h);
	} else if (family) {
		family = MIN(family, most / 2);
		h = MIN(h, most - family);
		place(l, TUI_PANE_FAMILY, b->x, b->y + b->h - family, w, family);
		place(l, TUI_PANE_TIME, b->x, b->y + b->h - family - h, w, h);
		return family + h;
	}
	place(l, TUI_PANE_TIME, b->x, b->y + b->h - h, w - beside, h);
	return h;
}

/* Returns the rows of the grid, of @h, in @w columns; what it does not need is the plot's. */
static int grid_rows(const struct tui *t, int w, int h)
{
	const struct store_vma *v = tui_state_vma(t);
	u64 pages = v ? (v->vma.end - v->vma.start) / tui_state_page_size(t) : 1;
	u64 most = (u64)(h < TALL ? h : h - PLOT_ROWS),
	    per_row = (u64)MAX(w / 8 * 8 - 8, 8), need;

	if (!t->history.n || h < PLOT_ROWS)
		return h;
	if (v && t->zoomed == v->vma.start)
		return (int)most;
	do { /* as the zoom is chosen */
		need = (pages - 1) / per_row + 1 + GRID_FRAME;
		pages = (pages + 1) / 2;
	} while (need > most);
	return (int)need > h - PLOT_ROWS ? h : (int)need;
}

static void make_wide(const struct tui *t, struct tui_layout *l)
{
	const struct tui_rect *b = &l->body;
	int h = b->h - make_bottom(t, l);
	static const struct {
		int cols, vmas, detail; /* from @cols on */
	} widths[] = {
		{ 180, 62, 60 },  { 140, 46, 52 }, { 120, 36, 44 },
		{ WIDE, 34, 40 }, { 80, 34, 0 },   { 0, 26, 0 },
	};
	unsigned k = 0;
	while (b->w < widths[k].cols)
		k++;
	int vmas = widths[k].vmas, detail = widths[k].detail;
	int w = b->w - vmas - 1 - (detail ? detail + 1 : 0), grid = grid_rows(t, w, h);

	place(l, TUI_PANE_VMAS, b->x, b->y, vmas, h);
	place(l, TUI_PANE_GRID, b->x + vmas + 1, b->y, w, grid);
	place(l, TUI_PANE_PLOT, b->x + vmas + 1, b->y + grid, w, h - grid);
	if (detail)
		place(l, TUI_PANE_DETAIL, b->x + vmas + 1 + w + 1, b->y, detail, h);
}

void tui_layout_make(const struct tui *t, struct tui_layout *ret)
{
	int cols = t->screen.cols, rows = t->screen.rows;
	int header = rows < 8 ? 1 : rows < 16 ? 2 : 3, bar = rows < 6 ? 0 : 1;

	*ret = (struct tui_layout){ 0 };
	if (cols < MIN_COLS || rows < MIN_ROWS) {
		ret->too_small = true;
		return;
	}
	ret->header = (struct tui_rect){ 0, 0, cols, header };
	ret->bar = (struct tui_rect){ 0, rows - bar, cols, bar };
	ret->body = (struct tui_rect){ 0, header, cols, rows - header - bar };
	ret->narrow = cols < NARROW;
	ret->alone = ret->narrow || t->alone;
	if (ret->alone)
		place(ret, t->focus, 0, header, cols, ret->body.h);
	else
		make_wide(t, ret);
}
