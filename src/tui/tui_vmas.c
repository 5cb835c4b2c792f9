/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/columns.h"
#include "lib/escape.h"
#include "tui/tui_int.h"

/* ---- order */

struct sorting {
	const struct store_process *p;
	u8 order;
};

static u64 sort_key(const struct store_vma *v, u8 order)
{
	switch (order) {
	case TUI_ORDER_SIZE:
		return v->vma.end - v->vma.start;
	case TUI_ORDER_RSS:
		return v->totals.present;
	case TUI_ORDER_PINNED:
		return v->totals.pinned;
	case TUI_ORDER_SHARED:
		return v->totals.shared;
	}
	return 0;
}

static int compare(const void *a, const void *b, void *ctx)
{
	const struct sorting *s = ctx;
	u32 ia = *(const u32 *)a, ib = *(const u32 *)b;
	u64 ka = sort_key(&s->p->vma[ia], s->order),
	    kb = sort_key(&s->p->vma[ib], s->order);

	if (ka != kb)
		return ka > kb ? -1 : 1;
	return ia < ib ? -1 : ia > ib;
}

void tui_vmas_sort(struct tui *t)
{
	const struct store_process *p = tui_state_process(t);
	struct sorting s = { p, t->order };
	size_t n = p ? p->nvmas : 0;

	t->sorted_stale = false;
	t->nsorted = 0;
	u32 *sorted = realloc(t->sorted, MAX(n, 1) * sizeof(*sorted));
	if (!sorted)
		return;
	t->sorted = sorted;
	for (size_t i = 0; i < n; i++)
		sorted[i] = (u32)i;
	if (t->order != TUI_ORDER_ADDR)
		qsort_r(sorted, n, sizeof(*sorted), compare, &s);
	t->nsorted = n;
}

const struct store_vma *tui_vmas_at(const struct tui *t, size_t i)
{
	const struct store_process *p = tui_state_process(t);

	return p && i < t->nsorted && t->sorted[i] < p->nvmas ? &p->vma[t->sorted[i]]
							      : NULL;
}

size_t tui_vmas_selected(const struct tui *t)
{
	const struct store_process *p = tui_state_process(t);
	const struct store_vma *v = tui_state_vma(t);

	if (!p || !v)
		return 0;
	if (t->order == TUI_ORDER_ADDR)
		return (size_t)(v - p->vma);
	for (size_t i = 0; i < t->nsorted; i++)
		if (t->sorted[i] == (u32)(v - p->vma))
			return i;
	return 0;
}

void tui_vmas_move(struct tui *t, s64 by)
{
	if (t->sorted_stale)
		tui_vmas_sort(t);
	s64 i = (s64)tui_vmas_selected(t) + by;

	if (!t->nsorted)
		return;
	const struct store_vma *v =
		tui_vmas_at(t, (size_t)MIN(MAX(i, 0), (s64)t->nsorted - 1));
	if (v && v != tui_state_vma(t))
		tui_state_cursor(t, v->vma.start);
}

void tui_vmas_click(struct tui *t, int line)
{
	const struct store_vma *v = tui_vmas_at(t, t->vma_top + (size_t)MAX(line - 1, 0));

	if (line >= 1 && v)
		tui_state_cursor(t, v->vma.start);
}

/* ---- the bar: how the pages of a mapping answer the lens */

struct part {
	u8 letter, role;
	u64 n;
};

static unsigned request_parts(const struct report_totals *t, unsigned req,
			      struct part *ret)
{
	unsigned n = 0;

	for (unsigned w = 0; w < GUP_WORDS; w++) {
		enum tui_glyph g = tui_grid_of_word(w);

		if (t->gup[req][w])
			ret[n++] = (struct part){ tui_grid_letter(g), tui_grid_role(g),
						  t->gup[req][w] };
	}
	return n;
}

void tui_vmas_invalidate(struct tui *t, u64 start, u64 end)
{
	for (unsigned i = 0; i < TUI_BARS; i++)
		if (t->bar[i].start < end && start < t->bar[i].end)
			t->bar[i].stale = true;
}

/* Returns the bytes of each letter in @v. */
static const u64 *count_letters(const struct tui *t, const struct store_vma *v)
{
	const struct store *s = tui_state_store(t);
	struct tui_bar *b = &t->bar[(v->vma.start >> 12) % TUI_BARS];

	if (b->store != s || b->pid != tui_state_pid(t) || b->start != v->vma.start ||
	    b->end != v->vma.end || b->lens != t->lens ||
	    (b->stale &&
	     (store_nrows(v) < 4096 || t->now_ns - b->time_ns > 2000000000u)) ||
	    (s != t->live && b->generation != t->generation)) {
		memset(b, 0, sizeof(*b));
		b->store = s;
		b->pid = tui_state_pid(t);
		b->start = v->vma.start;
		b->end = v->vma.end;
		b->lens = t->lens;
		b->generation = t->generation;
		b->time_ns = t->now_ns;
		tui_grid_count(s, v, t->lens, b->bytes);
	}
	return b->bytes;
}

/* Makes the parts of @v's bar; at most TUI_GLYPHS. */
static unsigned bar_parts(const struct tui *t, const struct store_vma *v,
			  struct part *ret)
{
	const u64 *bytes;
	unsigned n = 0;

	if (t->lens >= TUI_LENS_REQUEST && t->lens < TUI_LENS_WRITE)
		return request_parts(&v->totals, t->lens - TUI_LENS_REQUEST, ret);
	bytes = count_letters(t, v);
	for (unsigned g = 0; g < TUI_GLYPHS; g++)
		if (bytes[g] && g != tui_grid_hole(t->lens))
			ret[n++] = (struct part){ tui_grid_letter(g), tui_grid_role(g),
						  bytes[g] };
	return n;
}

/* Draws a bar: every part gets one letter first, the rest is shared by size. */
static void draw_bar(struct tui *t, const struct store_vma *v, int x, int y, int w)
{
	struct part part[TUI_GLYPHS];
	int len[TUI_GLYPHS] = { 0 }, left = w;
	unsigned n = bar_parts(t, v, part);
	u64 sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += part[i].n;
	for (unsigned i = 0; i < n && left; i++, left--)
		len[i] = 1;
	for (; n && left > 0; left--) { /* the part that lacks most */
		unsigned best = 0;
		double lack = -1e30;

		for (unsigned i = 0; i < n; i++) {
			double l = (double)part[i].n / (double)sum * w - len[i];
			if (l > lack) {
				lack = l;
				best = i;
			}
		}
		len[best]++;
	}
	for (unsigned i = 0; i < n; i++) {
		tui_screen_fill(&t->screen, x, y, len[i], part[i].role, part[i].letter);
		x += len[i];
	}
}

/* ---- lines */

enum {
	COL_ADDR,
	COL_PERMS,
	COL_SIZE,
	COL_RSS,
	COL_SHARED,
	COL_PINS,
	COL_BAR,
	COL_NAME,
	COLS
};

static const struct {
	const char *title;
	u8 width, order; /* shown when the pane has room, by order */
	bool right;
} cols[COLS] = {
	[COL_ADDR] = { .title = "address", .width = 12, .order = 0 },
	[COL_SIZE] = { .title = "size", .width = 5, .order = 1, .right = true },
	[COL_BAR] = { .title = "pages", .width = 6, .order = 2 },
	[COL_NAME] = { .title = "name", .width = 7, .order = 3 },
	[COL_RSS] = { .title = "rss", .width = 5, .order = 4, .right = true },
	[COL_SHARED] = { .title = "sh%", .width = 4, .order = 5, .right = true },
	[COL_PINS] = { .title = "pins", .width = 5, .order = 6, .right = true },
	[COL_PERMS] = { .title = "perm", .width = 4, .order = 7 },
};

/* Sets widths for a pane of @w columns; 0: not shown. */
static void fit(int w, int width[COLS])
{
	int left = w + 1;

	memset(width, 0, COLS * sizeof(*width));
	for (unsigned order = 0; order < COLS; order++)
		for (unsigned c = 0; c < COLS; c++)
			if (cols[c].order == order && left >= cols[c].width + 1) {
				width[c] = cols[c].width;
				left -= cols[c].width + 1;
			}
	if (left > 8 && width[COL_BAR]) {
		width[COL_BAR] += left / 3;
		left -= left / 3;
	}
	if (width[COL_NAME])
		width[COL_NAME] += left;
}

static void col_text(const struct tui *t, const struct store_vma *v, unsigned col,
		     char *buf, size_t size)
{
	u64 page = tui_state_page_size(t);
	char perms[5], name[4 * VMA_NAME_MAX];
	const struct report_totals *n = &v->totals;

	buf[0] = '\0';
	switch (col) {
	case COL_ADDR:
		if (v->vma.start >> 48) /* the end of a name identifies it better */
			snprintf(buf, size, "…%011llx",
				 (unsigned long long)v->vma.start & (BIT(44) - 1));
		else
			snprintf(buf, size, "%llx", (unsigned long long)v->vma.start);
		break;
	case COL_PERMS:
		vma_perms(&v->vma, perms);
		snprintf(buf, size, "%s", perms);
		break;
	case COL_SIZE:
		columns_size(v->vma.end - v->vma.start, buf, size);
		break;
	case COL_RSS:
		if (v->has_totals)
			columns_size(n->present * page, buf, size);
		else
			snprintf(buf, size, "?");
		break;
	case COL_SHARED:
		if (n->present)
			snprintf(buf, size, "%llu%%",
				 (unsigned long long)(n->shared * 100 / n->present));
		break;
	case COL_PINS:
		if (n->pinned)
			snprintf(buf, size, "%llu", (unsigned long long)n->pinned);
		break;
	case COL_NAME: {
		const char *slash = strrchr(v->vma.name, '/');

		escape_text(name, sizeof(name),
			    v->vma.name[0] == '/' && slash[1] ? slash + 1 : v->vma.name);
		snprintf(buf, size, "%s", name);
		break;
	}
	}
}

static void draw_line(struct tui *t, const struct store_vma *v, int y,
		      const int width[COLS], bool selected)
{
	static const u8 order[COLS] = { COL_ADDR,   COL_PERMS, COL_SIZE, COL_RSS,
					COL_SHARED, COL_PINS,  COL_BAR,  COL_NAME };
	const struct tui_rect *r = &t->layout.pane[TUI_PANE_VMAS];
	int x = r->x;
	char text[4 * VMA_NAME_MAX];

	for (unsigned i = 0; i < COLS; i++) {
		unsigned c = order[i];

		if (!width[c])
			continue;
		u8 role = v->totals.leaks && c == COL_ADDR ? TUI_BAD
			  : c == COL_PINS                  ? TUI_S_PINNED
			  : c == COL_ADDR || c == COL_NAME ? TUI_NORMAL
							   : TUI_DIM;
		col_text(t, v, c, text, sizeof(text));
		int pad = cols[c].right ? width[c] - tui_screen_width(text) : 0;
		if (c == COL_BAR)
			draw_bar(t, v, x, y, width[c]);
		else
			tui_screen_put(&t->screen, x + MAX(pad, 0), y,
				       width[c] - MAX(pad, 0), role, 0, text);
		x += width[c] + 1;
	}
	if (selected)
		tui_screen_paint(&t->screen, r->x, y, r->w,
				 t->focus == TUI_PANE_VMAS ? TUI_REVERSE : TUI_UNDERLINE);
}

static void draw_titles(struct tui *t, const int width[COLS])
{
	static const u8 order[COLS] = { COL_ADDR,   COL_PERMS, COL_SIZE, COL_RSS,
					COL_SHARED, COL_PINS,  COL_BAR,  COL_NAME };
	const struct tui_rect *r = &t->layout.pane[TUI_PANE_VMAS];
	int x = r->x;

	for (unsigned i = 0; i < COLS; i++) {
		unsigned c = order[i];

		if (!width[c])
			continue;
		const char *title =
			c == COL_BAR ? tui_grid_lens_name(t->lens) : cols[c].title;
		int pad = cols[c].right ? width[c] - (int)strlen(title) : 0;
		tui_screen_put(&t->screen, x + MAX(pad, 0), r->y, width[c], TUI_DIM, 0,
			       title);
		x += width[c] + 1;
	}
}

void tui_vmas_draw(struct tui *t)
{
	static const char *const orders[TUI_ORDERS] = { "", " by size", " by rss",
							" by pins", " by sharing" };
	const struct tui_rect *r = &t->layout.pane[TUI_PANE_VMAS];
	size_t selected = tui_vmas_selected(t), rows = (size_t)MAX(r->h - 1, 0);
	int width[COLS];
	char title[60];

	snprintf(title, sizeof(title), "Mappings%s %zu/%zu", orders[t->order],
		 t->nsorted ? selected + 1 : 0, t->nsorted);
	tui_panes_title(t, TUI_PANE_VMAS, title);
	fit(r->w, width);
	draw_titles(t, width);
	if (selected < t->vma_top)
		t->vma_top = selected;
	if (rows && selected >= t->vma_top + rows)
		t->vma_top = selected - rows + 1;
	t->vma_top = MIN(t->vma_top, t->nsorted - MIN(t->nsorted, rows));
	for (size_t i = 0; i < rows; i++) {
		const struct store_vma *v = tui_vmas_at(t, t->vma_top + i);

		if (!v)
			break;
		draw_line(t, v, r->y + 1 + (int)i, width, t->vma_top + i == selected);
	}
}
