/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program's side of the view: keys and clicks in, a screen out, and who handles each. */
#include "tui/tui_state.h"

#include <stdlib.h>

#include "tui/tui_int.h"

struct tui *tui_view_new(const struct tui_options *opt)
{
	struct tui *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->opt = *opt;
	tui_history_init(&t->history, 0);
	tui_text_init(&t->text);
	t->is_live = !opt->replay;
	t->follow = opt->follow;
	t->nviews = 1;
	t->status.age_s = -1;
	t->bar = calloc(TUI_BARS, sizeof(*t->bar));
	if (!t->bar || tui_screen_init(&t->screen, opt->cols, opt->rows, opt->ascii)) {
		tui_view_free(t);
		return NULL;
	}
	return t;
}

void tui_view_free(struct tui *t)
{
	if (!t)
		return;
	tui_history_deinit(&t->history);
	tui_screen_deinit(&t->screen);
	tui_text_deinit(&t->text);
	tui_pages_deinit(t);
	store_free(t->mark_store);
	filter_free(t->filter);
	filter_free(t->find);
	free(t->bar);
	free(t->sorted);
	free(t->procs);
	free(t);
}

void tui_view_changed(struct tui *t, pid_t pid, u64 start, u64 end)
{
	const struct store_process *p = tui_state_process(t);

	tui_vmas_invalidate(t, start, end);
	if (!t->is_live)
		return;
	if (p && p->process.pid == pid)
		tui_pages_invalidate(t, start, end);
	tui_state_settle(t);
}

void tui_view_moment(struct tui *t)
{
	if (t->is_live) {
		if (t->history.n)
			tui_state_follow(t, &t->history.moment[t->history.n - 1]);
		tui_state_settle(t);
	}
	if (t->opt.replay)
		tui_time_goto(t, t->history.n - 1);
}

void tui_view_procs(struct tui *t, const struct tui_proc *rows, size_t n)
{
	tui_picker_rows(t, rows, n);
}

enum tui_request tui_view_key(struct tui *t, u32 key)
{
	t->message[0] = '\0';
	if (t->prompt) {
		tui_prompt_key(t, key);
		return TUI_REQUEST_NONE;
	}
	if (t->view[t->nviews - 1] == TUI_VIEW_PICKER)
		return tui_picker_key(t, key);
	return tui_actions_do(t, tui_keys_action(key));
}

enum tui_request tui_view_click(struct tui *t, int x, int y)
{
	for (unsigned i = 0; i < TUI_PANES; i++) {
		const struct tui_rect *r = &t->layout.pane[i];

		if (!t->layout.shown[i] || x < r->x || x >= r->x + r->w || y < r->y - 1 ||
		    y >= r->y + r->h || t->nviews > 1)
			continue;
		t->focus = (u8)i;
		if (y < r->y)
			break;
		if (i == TUI_PANE_VMAS)
			tui_vmas_click(t, y - r->y);
		else if (i == TUI_PANE_GRID)
			tui_pages_click(t, x - r->x, y - r->y);
		break;
	}
	return TUI_REQUEST_NONE;
}

/* Draws @text into @r from line *@top on, and in the line above how many lines follow. */
static void draw_lines(struct tui *t, const struct tui_text *text,
		       const struct tui_rect *r, unsigned *top)
{
	struct tui_line l = { &t->screen, r->x + r->w - 10, r->y - 1, r->x + r->w };
	unsigned rows = (unsigned)r->h;

	*top = MIN(*top, text->lines - MIN(text->lines, rows));
	tui_text_draw(text, &t->screen, r, *top);
	if (text->lines > *top + rows)
		tui_screen_add(&l, TUI_DIM, " %u more ", text->lines - *top - rows);
}

static void draw_text_view(struct tui *t, const struct tui_text *text, const char *title)
{
	struct tui_rect r = t->layout.body;
	struct tui_line l = { &t->screen, r.x, r.y, r.x + r.w };

	tui_screen_add(&l, TUI_TITLE_FOCUS, " %s", title);
	if (l.x + 1 < l.end)
		tui_screen_fill(l.s, l.x + 1, l.y, l.end - l.x - 1, TUI_LINE, 0x2500);
	r.y++;
	r.h--;
	draw_lines(t, text, &r, &t->text_top);
}

static void draw_detail_pane(struct tui *t)
{
	const struct tui_rect *r = &t->layout.pane[TUI_PANE_DETAIL];
	struct tui_text text;

	tui_text_init(&text);
	tui_detail_text(t, r->w, false, &text);
	tui_panes_title(t, TUI_PANE_DETAIL, "Page");
	draw_lines(t, &text, r, &t->detail_top);
	tui_text_deinit(&text);
}

static void draw_main(struct tui *t)
{
	const struct tui_layout *l = &t->layout;

	if (tui_pages_prepare(t) && l->shown[TUI_PANE_GRID])
		tui_pages_draw(t);
	else if (l->shown[TUI_PANE_GRID])
		tui_panes_title(t, TUI_PANE_GRID, "Pages");
	if (l->shown[TUI_PANE_VMAS])
		tui_vmas_draw(t);
	if (l->shown[TUI_PANE_DETAIL])
		draw_detail_pane(t);
	if (l->shown[TUI_PANE_PLOT])
		tui_plot_draw(t);
	if (l->shown[TUI_PANE_TIME])
		tui_panes_time(t);
	if (l->shown[TUI_PANE_FAMILY])
		tui_panes_family(t);
	for (int y = l->body.y;
	     !l->alone && y < l->pane[TUI_PANE_VMAS].y + l->pane[TUI_PANE_VMAS].h; y++) {
		tui_screen_fill(&t->screen, l->pane[TUI_PANE_GRID].x - 1, y, 1, TUI_LINE,
				0x2502);
		if (l->shown[TUI_PANE_DETAIL])
			tui_screen_fill(&t->screen, l->pane[TUI_PANE_DETAIL].x - 1, y, 1,
					TUI_LINE, 0x2502);
	}
}

const struct tui_screen *tui_view_draw(struct tui *t)
{
	struct tui_text text;

	if (t->sorted_stale)
		tui_vmas_sort(t);
	tui_screen_clear(&t->screen);
	tui_layout_make(t, &t->layout);
	if (t->layout.too_small) {
		tui_screen_put(&t->screen, 0, 0, t->screen.cols, TUI_WARN, 0,
			       "needs 20x5");
		return &t->screen;
	}
	tui_panes_header(t);
	switch (t->view[t->nviews - 1]) {
	case TUI_VIEW_DETAIL:
		tui_text_init(&text);
		tui_pages_prepare(t);
		tui_detail_text(t, t->layout.body.w, true, &text);
		draw_text_view(t, &text, "Page");
		tui_text_deinit(&text);
		break;
	case TUI_VIEW_TEXT:
		draw_text_view(t, &t->text, t->title);
		break;
	case TUI_VIEW_PICKER:
		tui_picker_draw(t);
		break;
	default:
		draw_main(t);
	}
	tui_panes_bar(t);
	return &t->screen;
}
