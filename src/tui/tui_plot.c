/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plot: what the memory of the process was over time, as columns of the grid's letters. */
#include "render/columns.h"
#include "tui/tui_int.h"

#define LABEL 6

struct plot {
	struct tui *t;
	const struct tui_rect *r;
	int rows, cols;        /* of the columns of letters */
	u64 from, to;          /* time */
	u64 most, most_pinned; /* bytes */
	size_t first;          /* moment */
	unsigned parts;        /* that there are */
	struct tui_level now;  /* of the present, if it is shown */
};

/* The parts of a column from below, and their letters. */
static const struct {
	size_t at;
	u8 glyph;
} parts[] = {
	{ offsetof(struct tui_level, exclusive), TUI_GLYPH_EXCLUSIVE },
	{ offsetof(struct tui_level, waiting), TUI_GLYPH_WAS },
	{ offsetof(struct tui_level, shared), TUI_GLYPH_SHARED },
	{ offsetof(struct tui_level, file), TUI_GLYPH_FILE },
	{ offsetof(struct tui_level, unknown), TUI_GLYPH_UNKNOWN },
};

static u64 part_of(const struct tui_level *l, unsigned i)
{
	return *(const u64 *)((const char *)l + parts[i].at);
}

/* Widens the bounds of @p for @l. */
static void measure_level(struct plot *p, const struct tui_level *l)
{
	u64 sum = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(parts); i++) {
		sum += part_of(l, i);
		p->parts |= part_of(l, i) ? BIT(i) : 0;
	}
	p->most = MAX(p->most, sum);
	p->most_pinned = MAX(p->most_pinned, l->pinned);
}

/* Returns what @m knows of the process, or NULL. */
static const struct tui_level *level_of(const struct tui *t, const struct tui_moment *m)
{
	for (unsigned i = 0; i < m->nlevels; i++)
		if (m->level[i].pid == tui_state_pid(t))
			return &m->level[i];
	return NULL;
}

/* Finds the bounds of time and bytes.  Returns false when there is nothing to draw. */
static bool measure(struct plot *p)
{
	const struct tui_history *h = &p->t->history;
	const struct store_process *now = tui_state_process(p->t);

	p->first = h->n;
	for (size_t i = h->n; i-- > 0;) {
		const struct tui_level *l = level_of(p->t, &h->moment[i]);

		if (!l)
			continue;
		p->first = i;
		measure_level(p, l);
	}
	if (p->first == h->n || !p->most)
		return false;
	p->from = h->moment[p->first].time_ns;
	p->to = h->moment[h->n - 1].time_ns;
	if (p->t->is_live && now && now->has_totals &&
	    p->t->status.target != TUI_TARGET_GONE) {
		p->now = tui_history_level(tui_state_store(p->t), now);
		measure_level(p, &p->now);
		p->to = MAX(p->to, p->t->now_ns);
	}
	return true;
}

static int column_of(const struct plot *p, u64 time)
{
	double span = (double)MAX(p->to - p->from, 1);

	return (int)((double)(time - p->from) / span * (p->cols - 1));
}

/* Draws one column: @l at @x. */
static void draw_column(const struct plot *p, const struct tui_level *l, int x)
{
	u64 below = 0;
	int y = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(parts); i++) {
		u64 n = part_of(l, i);
		int end;

		below += n;
		end = (int)((double)below / (double)p->most * p->rows + 0.5);
		if (n && end == y && y < p->rows && n * 200 > p->most)
			end = y + 1; /* what is more than a trifle is seen */
		for (; y < end; y++)
			tui_screen_fill(&p->t->screen, x, p->r->y + p->rows - 1 - y, 1,
					tui_grid_letters[parts[i].glyph].role,
					tui_grid_letters[parts[i].glyph].letter);
	}
	if (l->pinned)
		tui_screen_fill(&p->t->screen, x, p->r->y + p->rows, 1,
				tui_grid_letters[TUI_GLYPH_PINNED].role,
				'0' + (u32)MAX(l->pinned * 9 / p->most_pinned, 1));
}

/* Draws what there was at each column's time, and returns the column of the shown moment, or -1. */
static int draw_columns(const struct plot *p)
{
	const struct tui_history *h = &p->t->history;
	const struct tui_level *l = NULL;
	size_t i = p->first, at = p->t->is_live ? h->n : tui_state_at(p->t);
	int here = -1;

	for (int x = 0; x < p->cols; x++) {
		u32 mark = ' ';
		u8 role = TUI_DIM;

		for (; i < h->n && column_of(p, h->moment[i].time_ns) <= x; i++) {
			const struct tui_moment *m = &h->moment[i];
			const struct tui_level *found = level_of(p->t, m);

			l = found ? found : m->level ? NULL : l;
			here = i == at ? x : here;
			if (m->warning || (m->kind == TUI_MOMENT_EVENT && mark == ' ')) {
				mark = m->warning ? '!' : (u8)m->what[0];
				role = m->warning ? TUI_BAD : TUI_STRONG;
			}
		}
		if (x == p->cols - 1 && p->now.pid)
			l = &p->now;
		if (l)
			draw_column(p, l, p->r->x + LABEL + x);
		tui_screen_fill(&p->t->screen, p->r->x + LABEL + x, p->r->y + p->rows + 1,
				1, role, mark);
	}
	return here;
}

void tui_plot_draw(struct tui *t)
{
	const struct tui_rect *r = &t->layout.pane[TUI_PANE_PLOT];
	struct plot p = { .t = t, .r = r, .rows = r->h - 2, .cols = r->w - LABEL - 1 };
	char title[60] = "Memory over time";
	bool any = p.rows >= 2 && p.cols >= 8 && measure(&p);

	if (any)
		snprintf(title, sizeof(title), "%d, %.0f s", (int)tui_state_pid(t),
			 (double)(p.to - p.from) / 1e9);
	tui_panes_title(t, TUI_PANE_PLOT, title);
	if (!any)
		return;
	struct tui_line l = { &t->screen, r->x + tui_screen_width(title) + 2, r->y - 1,
			      r->x + r->w };
	EACH_BIT (i, p.parts) {
		tui_screen_add(&l, tui_grid_letters[parts[i].glyph].role, "%c ",
			       tui_grid_letters[parts[i].glyph].letter);
		tui_screen_add(&l, TUI_DIM, "%s ", tui_grid_letters[parts[i].glyph].word);
	}
	tui_screen_put(&t->screen, r->x, r->y, LABEL - 1, TUI_DIM, 0,
		       COLUMNS_SIZE(p.most));
	tui_screen_put(&t->screen, r->x, r->y + p.rows - 1, LABEL - 1, TUI_DIM, 0, "0");
	if (p.most_pinned)
		tui_screen_put(&t->screen, r->x, r->y + p.rows, LABEL - 1,
			       tui_grid_letters[TUI_GLYPH_PINNED].role, 0,
			       COLUMNS_SIZE(p.most_pinned));
	int here = draw_columns(&p);
	for (int y = 0; here >= 0 && y < r->h; y++)
		tui_screen_paint(&t->screen, r->x + LABEL + here, r->y + y, 1,
				 TUI_REVERSE);
}

void tui_plot_click(struct tui *t, int x)
{
	const struct tui_rect *r = &t->layout.pane[TUI_PANE_PLOT];
	struct plot p = { .t = t, .r = r, .cols = r->w - LABEL - 1 };
	size_t i = t->history.n;

	if (p.cols < 8 || !measure(&p))
		return;
	while (i > p.first + 1 &&
	       column_of(&p, t->history.moment[i - 1].time_ns) > x - LABEL)
		i--;
	tui_time_goto(t, i - 1);
}
