/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tui/tui_int.h"

/* ---- order */

struct sorting {
	const struct tui *t;
	const struct store_process *p;
};

static const struct tui_columns *columns(const struct tui *t)
{
	return &t->config.table[TUI_TABLE_MAPPINGS];
}

/* Mappings are in the order of their addresses. */
static bool as_they_are(const struct tui *t)
{
	return !columns(t)->descending && !strcmp(columns(t)->by->name, "START");
}

static struct report_row row_of(const struct tui *t, const struct store_vma *v)
{
	return (struct report_row){ .vma = &v->vma,
				    .totals = &v->totals,
				    .base = tui_state_page_size(t),
				    .what = tui_state_what(t, v) };
}

static int compare(const void *a, const void *b, void *ctx)
{
	const struct sorting *s = ctx;
	u32 ia = *(const u32 *)a, ib = *(const u32 *)b;
	struct report_row x = row_of(s->t, &s->p->vma[ia]);
	struct report_row y = row_of(s->t, &s->p->vma[ib]);
	int order = columns_order(columns(s->t)->by, &x, &y, columns(s->t)->descending);

	return order ? order : ia < ib ? -1 : ia > ib;
}

void tui_vmas_sort(struct tui *t)
{
	const struct store_process *p = tui_state_process(t);
	struct sorting s = { t, p };
	size_t n = p ? p->nvmas : 0;

	t->sorted_stale = false;
	t->nsorted = 0;
	u32 *sorted = realloc(t->sorted, MAX(n, 1) * sizeof(*sorted));
	if (!sorted)
		return;
	t->sorted = sorted;
	for (size_t i = 0; i < n; i++)
		sorted[i] = (u32)i;
	if (!as_they_are(t))
		qsort_r(sorted, n, sizeof(*sorted), compare, &s);
	t->nsorted = n;
}

static const struct store_vma *vma_at(const struct tui *t, size_t i)
{
	const struct store_process *p = tui_state_process(t);

	return p && i < t->nsorted && t->sorted[i] < p->nvmas ? &p->vma[t->sorted[i]]
							      : NULL;
}

/* Returns the position in the sorted list. */
static size_t selected_at(const struct tui *t)
{
	const struct store_process *p = tui_state_process(t);
	const struct store_vma *v = tui_state_vma(t);

	if (!p || !v)
		return 0;
	if (as_they_are(t))
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
	s64 i = (s64)selected_at(t) + by;

	if (!t->nsorted)
		return;
	const struct store_vma *v =
		vma_at(t, (size_t)MIN(MAX(i, 0), (s64)t->nsorted - 1));
	if (v && v != tui_state_vma(t))
		tui_state_cursor(t, v->vma.start);
}

void tui_vmas_click(struct tui *t, int x, int line)
{
	const struct store_vma *v = vma_at(t, t->vma_top + (size_t)MAX(line - 1, 0));
	struct tui_list l;

	tui_list_fit(&l, columns(t), true, t->layout.pane[TUI_PANE_VMAS].w);
	if (!line && tui_list_at(&l, x))
		tui_list_sort(t, TUI_TABLE_MAPPINGS, tui_list_at(&l, x));
	else if (line && v)
		tui_state_cursor(t, v->vma.start);
}

/* ---- the bar: how the pages of a mapping answer the lens */

struct part {
	u8 letter, role;
	u64 n;
};

void tui_vmas_invalidate(struct tui *t, u64 start, u64 end)
{
	for (unsigned i = 0; i < TUI_BARS; i++)
		if (t->bar[i].start < end && start < t->bar[i].end)
			t->bar[i].stale = true;
}

/* Counting the letters of a run takes some thousandths of this, so that it is soon done again. */
#define BAR_NS(lens) ((lens) == TUI_LENS_FAMILY ? 15000ull : 6000ull)

const u64 *tui_vmas_letters(const struct tui *t, const struct store_vma *v)
{
	const struct store *s = tui_state_store(t);
	struct tui_bar *b = &t->bar[(v->vma.start / KERNEL_PAGE_LEAST) % TUI_BARS];

	if (b->store != s || b->pid != tui_state_pid(t) || b->start != v->vma.start ||
	    b->end != v->vma.end || b->lens != t->lens ||
	    (b->stale && (store_nrows(v) < 4096 ||
			  t->now_ns - b->time_ns > store_nrows(v) * BAR_NS(t->lens))) ||
	    (s != t->live && b->generation != t->generation)) {
		*b = (struct tui_bar){ .store = s,
				       .pid = tui_state_pid(t),
				       .start = v->vma.start,
				       .end = v->vma.end,
				       .lens = t->lens,
				       .generation = t->generation,
				       .time_ns = t->now_ns };
		tui_grid_count(s, tui_state_process(t), v, t->lens, b->bytes);
	}
	return b->bytes;
}

/* Makes the parts of @v's bar; at most TUI_GLYPHS. */
static unsigned bar_parts(const struct tui *t, const struct store_vma *v,
			  struct part *ret)
{
	bool request = t->lens >= TUI_LENS_REQUEST && t->lens < TUI_LENS_WRITE;
	const u64 *sums = request ? v->totals.gup[t->lens - TUI_LENS_REQUEST]
				  : tui_vmas_letters(t, v);
	unsigned n = 0;

	for (unsigned i = 0; i < (request ? GUP_WORDS : TUI_GLYPHS); i++) {
		enum tui_glyph g = request ? tui_grid_of_word(i) : i;

		if (sums[i] && g != tui_grid_hole(t->lens))
			ret[n++] = (struct part){ tui_grid_letters[g].letter,
						  tui_grid_letters[g].role, sums[i] };
	}
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

static void draw_line(struct tui *t, const struct tui_list *l, const struct store_vma *v,
		      int y, bool selected)
{
	const struct tui_rect *r = &t->layout.pane[TUI_PANE_VMAS];
	struct report_row row = row_of(t, v);
	int bar = tui_list_row(l, &t->screen, r->x, y, &row, v->has_totals,
			       v->totals.leaks ? TUI_BAD : TUI_NORMAL);

	draw_bar(t, v, bar, y, l->bar);
	if (selected)
		tui_screen_paint(&t->screen, r->x, y, r->w,
				 t->focus == TUI_PANE_VMAS ? TUI_REVERSE : TUI_UNDERLINE);
}

void tui_vmas_draw(struct tui *t)
{
	const struct tui_rect *r = &t->layout.pane[TUI_PANE_VMAS];
	size_t selected = selected_at(t), rows = (size_t)MAX(r->h - 1, 0);
	bool usual = as_they_are(t);
	struct tui_list l;
	char title[60];

	snprintf(title, sizeof(title), "Mappings%s%s %zu/%zu", usual ? "" : " by ",
		 usual ? "" : columns(t)->by->name, t->nsorted ? selected + 1 : 0,
		 t->nsorted);
	tui_panes_title(t, TUI_PANE_VMAS, title);
	tui_list_fit(&l, columns(t), true, r->w);
	tui_list_titles(&l, &t->screen, r->x, r->y, tui_grid_lens_name(t->lens));
	t->vma_top = tui_list_top(t->vma_top, selected, t->nsorted, (int)rows);
	for (size_t i = 0; i < rows; i++) {
		const struct store_vma *v = vma_at(t, t->vma_top + i);

		if (!v)
			break;
		draw_line(t, &l, v, r->y + 1 + (int)i, t->vma_top + i == selected);
	}
}
