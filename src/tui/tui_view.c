/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program's side of the view: keys and clicks in, a screen out, and who handles each. */
#include "tui/tui_state.h"
#include "lib/array.h"

#include "tui/tui_int.h"

struct tui *tui_view_new(const struct tui_options *opt)
{
	struct tui *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->opt = *opt;
	tui_history_init(&t->history, 0);
	t->is_live = !opt->replay;
	t->follow = opt->follow;
	t->nviews = 1;
	t->status.age_s = -1;
	if (opt->config)
		t->config = *opt->config;
	else
		tui_config_init(&t->config);
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
	if (p && (p->process.pid == pid || t->lens == TUI_LENS_FAMILY))
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

static enum tui_request view_do(struct tui *t, enum tui_action action)
{
	return t->view[t->nviews - 1] == TUI_VIEW_PICKER ? tui_picker_do(t, action)
							 : tui_actions_do(t, action);
}

enum tui_request tui_view_key(struct tui *t, u32 key)
{
	t->message[0] = '\0';
	if (t->prompt) {
		tui_prompt_key(t, key);
		return TUI_REQUEST_NONE;
	}
	if (t->view[t->nviews - 1] == TUI_VIEW_PICKER && tui_prompt_type(t, key)) {
		t->proc_at = t->proc_top = 0;
		return TUI_REQUEST_NONE;
	}
	return view_do(t, tui_keys_action(key));
}

static bool inside(const struct tui_rect *r, int x, int y)
{
	return x >= r->x && x < r->x + r->w && y >= r->y && y < r->y + r->h;
}

/* Returns the pane at (@x, @y), its title included, or TUI_PANES. */
static unsigned pane_at(const struct tui *t, int x, int y)
{
	return ARRAY_SEEK(i, TUI_PANES,
			  t->layout.shown[i] && (inside(&t->layout.pane[i], x, y) ||
						 inside(&t->layout.pane[i], x, y + 1)));
}

/* Scrolls what is under the pointer. */
static enum tui_request turn_wheel(struct tui *t, u32 key, unsigned pane)
{
	u8 focus = t->focus;

	if (t->nviews == 1 && pane < TUI_PANES)
		t->focus = (u8)pane;
	for (unsigned i = 0; i < 3; i++)
		tui_view_key(t, key == TUI_KEY_WHEEL_UP ? TUI_KEY_UP : TUI_KEY_DOWN);
	t->focus = focus;
	return TUI_REQUEST_NONE;
}

static void click(struct tui *t, unsigned pane, int x, int y)
{
	t->focus = (u8)pane;
	if (y < 0) /* the title */
		return;
	switch (pane) {
	case TUI_PANE_VMAS:
		tui_vmas_click(t, x, y);
		break;
	case TUI_PANE_GRID:
		tui_pages_click(t, x, y);
		break;
	case TUI_PANE_TIME:
		tui_panes_time_click(t, y);
		break;
	case TUI_PANE_PLOT:
		tui_plot_click(t, x);
		break;
	}
}

enum tui_request tui_view_mouse(struct tui *t, u32 key, int x, int y)
{
	const struct tui_rect *b = &t->layout.body;
	unsigned pane = pane_at(t, x, y);
	u8 view = t->view[t->nviews - 1];

	if (t->prompt)
		return TUI_REQUEST_NONE;
	if (key != TUI_KEY_MOUSE)
		return turn_wheel(t, key, pane);
	for (unsigned i = 0; y >= b->y + b->h && i < t->nbar; i++)
		if (x >= t->bar_key[i].x && x < t->bar_key[i].end)
			return view_do(t, t->bar_key[i].action);
	if (view == TUI_VIEW_PICKER && inside(b, x, y))
		tui_picker_click(t, x, y - b->y);
	else if ((view == TUI_VIEW_SORT || view == TUI_VIEW_SETUP) && y > b->y)
		t->menu_at = t->menu_top + (size_t)(y - b->y - 1);
	else if (view == TUI_VIEW_MAIN && pane < TUI_PANES)
		click(t, pane, x - t->layout.pane[pane].x, y - t->layout.pane[pane].y);
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

static void draw_text_view(struct tui *t, const struct tui_text *text, const char *title,
			   unsigned *top)
{
	struct tui_rect r = t->layout.body;
	struct tui_line l = { &t->screen, r.x, r.y, r.x + r.w };

	tui_screen_add(&l, TUI_TITLE_FOCUS, " %s", title);
	if (l.x + 1 < l.end)
		tui_screen_fill(l.s, l.x + 1, l.y, l.end - l.x - 1, TUI_LINE, 0x2500);
	r.y++;
	r.h--;
	draw_lines(t, text, &r, top);
}

static void draw_detail_pane(struct tui *t)
{
	const struct tui_rect *r = &t->layout.pane[TUI_PANE_DETAIL];
	struct tui_text text = { 0 };

	tui_detail_text(t, r->w, false, &text);
	tui_panes_title(t, TUI_PANE_DETAIL, "Page");
	draw_lines(t, &text, r, &t->detail_top);
	tui_text_deinit(&text);
}

static void draw_menu(struct tui *t, const char *title)
{
	const struct tui_rect *b = &t->layout.body;
	struct tui_text text = { 0 };

	tui_menu_text(t, &text);
	t->menu_at = MIN(t->menu_at, MAX(text.lines, 1u) - 1);
	t->menu_top =
		(unsigned)tui_list_top(t->menu_top, t->menu_at, text.lines, b->h - 1);
	draw_text_view(t, &text, title, &t->menu_top);
	tui_screen_paint(&t->screen, b->x, b->y + 1 + (int)(t->menu_at - t->menu_top),
			 b->w, TUI_REVERSE);
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
	struct tui_text text = { 0 };

	if (t->sorted_stale)
		tui_vmas_sort(t);
	tui_screen_clear(&t->screen);
	tui_layout_make(t, &t->layout);
	if (t->layout.too_small) {
		tui_screen_put(&t->screen, 0, 0, t->screen.cols, TUI_WARN, 0,
			       "needs 20x5");
		return &t->screen;
	}
	if (!t->layout.shown[t->focus])
		t->focus = TUI_PANE_VMAS;
	tui_panes_header(t);
	switch (t->view[t->nviews - 1]) {
	case TUI_VIEW_DETAIL:
		tui_pages_prepare(t);
		tui_detail_text(t, t->layout.body.w, true, &text);
		draw_text_view(t, &text, "Page", &t->text_top);
		tui_text_deinit(&text);
		break;
	case TUI_VIEW_TEXT:
		draw_text_view(t, &t->text, t->title, &t->text_top);
		break;
	case TUI_VIEW_SORT:
		draw_menu(t, "Sort by");
		break;
	case TUI_VIEW_SETUP:
		draw_menu(t, "Setup");
		break;
	case TUI_VIEW_PICKER:
		tui_picker_draw(t);
		break;
	default:
		draw_main(t);
	}
	bool typed = t->view[t->nviews - 1] == TUI_VIEW_PICKER ||
		     t->prompt == TUI_PROMPT_SEARCH;
	struct tui_rect r = t->layout.body;
	if (t->view[t->nviews - 1] != TUI_VIEW_MAIN) { /* not in the title */
		r.y++;
		r.h--;
	}
	if (!t->find || typed)
		tui_screen_mark(&t->screen, &r, typed ? t->input : t->search, TUI_HIT);
	tui_panes_bar(t);
	return &t->screen;
}
