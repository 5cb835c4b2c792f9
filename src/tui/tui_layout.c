/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tui/tui_int.h"

#define MIN_COLS 20
#define MIN_ROWS 5
#define NARROW 60
#define WIDE 100

bool tui_layout_has(const struct tui_layout *l, enum tui_pane pane)
{
	return l->shown[pane];
}

static void place(struct tui_layout *l, enum tui_pane pane, int x, int y, int w, int h)
{
	/* The first line is the title's. */
	l->pane[pane] = (struct tui_rect){ x, y + 1, w, h - 1 };
	l->shown[pane] = w > 0 && h > 1;
}

/* Lets one list fill the body. */
static void make_narrow(const struct tui *t, struct tui_layout *l)
{
	const struct tui_rect *b = &l->body;

	l->narrow = true;
	place(l, t->focus, b->x, b->y, b->w, b->h);
}

/* Places the timeline and, when there is a family, the family beside it. */
static int make_bottom(const struct tui *t, struct tui_layout *l)
{
	const struct tui_rect *b = &l->body;
	const struct store *s = tui_state_store(t);
	bool family = s && s->nprocs > 1;
	int h = b->h < 12 ? 0 : b->h < 22 ? 5 : b->h < 36 ? 8 : 12;
	int w = family ? b->w / 2 : b->w;

	if (!h)
		return 0;
	place(l, TUI_PANE_TIME, b->x, b->y + b->h - h, family ? w - 1 : w, h);
	if (family)
		place(l, TUI_PANE_FAMILY, b->x + w, b->y + b->h - h, b->w - w, h);
	return h;
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
	int grid = b->w - vmas - 1 - (detail ? detail + 1 : 0);

	place(l, TUI_PANE_VMAS, b->x, b->y, vmas, h);
	place(l, TUI_PANE_GRID, b->x + vmas + 1, b->y, grid, h);
	if (detail)
		place(l, TUI_PANE_DETAIL, b->x + vmas + 1 + grid + 1, b->y, detail, h);
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
	if (cols < NARROW)
		make_narrow(t, ret);
	else
		make_wide(t, ret);
}
