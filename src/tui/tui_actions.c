/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tui/tui_int.h"

/* ---- moving */

static void move_process(struct tui *t, int by)
{
	const struct store *s = tui_state_store(t);
	const struct store_process *p = tui_state_process(t);

	if (!s || !p || s->nprocs < 2) {
		tui_state_message(t, TUI_WARN, "there is only this process");
		return;
	}
	size_t i = (size_t)(p - s->proc) + s->nprocs;
	t->pid = s->proc[(i + (size_t)by) % s->nprocs].process.pid;
	tui_state_settle(t);
	p = tui_state_process(t);
	tui_state_message(t, TUI_NORMAL, "process %d", (int)p->process.pid);
}

static void move_time(struct tui *t, s64 by)
{
	s64 i = (s64)(t->is_live ? t->history.n : tui_state_at(t)) + by;

	if (!t->history.n)
		return;
	if (i >= (s64)t->history.n && !t->opt.replay)
		tui_time_now(t);
	else
		tui_time_goto(t, (size_t)MIN(MAX(i, 0), (s64)t->history.n - 1));
}

static void move(struct tui *t, int dx, int dy, bool page)
{
	int h = t->layout.pane[t->focus].h;
	int by = page ? dy * MAX(h - 1, 1) : dy ? dy : dx;

	switch (t->focus) {
	case TUI_PANE_VMAS:
		tui_vmas_move(t, by);
		break;
	case TUI_PANE_GRID:
		tui_pages_move(t, dx, page ? by : dy);
		break;
	case TUI_PANE_DETAIL:
		t->detail_top = (unsigned)MAX((int)t->detail_top + by, 0);
		break;
	case TUI_PANE_PLOT:
	case TUI_PANE_TIME:
		move_time(t, by);
		break;
	case TUI_PANE_FAMILY:
		move_process(t, by < 0 ? -1 : 1);
		break;
	}
}

static void move_end(struct tui *t, bool last)
{
	switch (t->focus) {
	case TUI_PANE_VMAS:
		tui_vmas_move(t, last ? INT32_MAX : -INT32_MAX);
		break;
	case TUI_PANE_GRID:
		tui_pages_end(t, last);
		break;
	case TUI_PANE_DETAIL:
		t->detail_top = last ? 10000 : 0;
		break;
	case TUI_PANE_PLOT:
	case TUI_PANE_TIME:
		if (last)
			tui_time_now(t);
		else
			tui_time_goto(t, 0);
		break;
	}
}

/* ---- views */

static void next_pane(struct tui *t, int by)
{
	unsigned i = t->focus;

	if (t->layout.alone) { /* every pane exists, one at a time */
		t->focus = (u8)((i + TUI_PANES + (unsigned)by) % TUI_PANES);
		return;
	}
	do
		i = (i + TUI_PANES + (unsigned)by) % TUI_PANES;
	while (!t->layout.shown[i] && i != t->focus);
	t->focus = (u8)i;
}

static void open_text(struct tui *t, const char *title,
		      void (*make)(struct tui *t, struct tui_text *text))
{
	struct tui_text text = { 0 };

	make(t, &text);
	tui_state_text(t, title, &text);
}

static void open_it(struct tui *t)
{
	const struct tui_layout *l = &t->layout;

	switch (t->focus) {
	case TUI_PANE_VMAS:
		t->focus = TUI_PANE_GRID;
		break;
	case TUI_PANE_GRID:
		if (l->shown[TUI_PANE_DETAIL])
			t->focus = TUI_PANE_DETAIL;
		else
			tui_state_open(t, TUI_VIEW_DETAIL);
		break;
	case TUI_PANE_DETAIL:
		tui_state_open(t, TUI_VIEW_DETAIL);
		break;
	case TUI_PANE_PLOT:
	case TUI_PANE_TIME:
		if (t->history.n)
			open_text(t, "Event", tui_panes_moment);
		break;
	case TUI_PANE_FAMILY:
		t->focus = TUI_PANE_GRID;
		break;
	}
}

static bool drop_one(struct tui *t)
{
	if (t->diff) {
		t->diff = false;
		t->generation++;
		return true;
	}
	if (t->filter) {
		filter_free(t->filter);
		t->filter = NULL;
		t->filter_generation++;
		return true;
	}
	return false;
}

static enum tui_request back(struct tui *t, bool quit)
{
	if (t->nviews > 1) {
		t->nviews--;
		return TUI_REQUEST_NONE;
	}
	if (t->alone) {
		t->alone = false;
		return TUI_REQUEST_NONE;
	}
	if (t->layout.narrow && t->focus != TUI_PANE_VMAS) {
		t->focus = TUI_PANE_VMAS;
		return TUI_REQUEST_NONE;
	}
	if (quit)
		return TUI_REQUEST_QUIT;
	if (!drop_one(t) && !t->is_live && !t->opt.replay)
		tui_time_now(t);
	return TUI_REQUEST_NONE;
}

static void make_help(struct tui *t, struct tui_text *text)
{
	tui_keys_help(t->screen.cols, text);
	tui_text_add(text, TUI_TITLE_FOCUS, "Letters of the grid, now: %s",
		     tui_grid_lens_name(t->lens));
	for (unsigned g = 0; g < TUI_GLYPHS; g++) {
		if (!tui_grid_of_lens(g, t->lens))
			continue;
		tui_text_add(text, tui_grid_letters[g].role, "  %c ",
			     tui_grid_letters[g].letter);
		tui_text_more(text, TUI_STRONG, "%-13s", tui_grid_letters[g].word);
		tui_text_more(text, TUI_NORMAL, "%s", tui_grid_letters[g].meaning);
	}
	tui_text_add(
		text, TUI_DIM,
		"  A capital: the cell's pages differ. Bright: changed a moment ago.");
}

/* ---- looking */

static void set_lens(struct tui *t, unsigned lens)
{
	t->lens = (u8)(lens % TUI_LENSES);
	t->diff = false;
	t->generation++;
}

static void zoom(struct tui *t, int by)
{
	if (by < 0)
		t->zoom -= t->zoom > 0;
	else
		t->zoom += t->zoom + 1 < TUI_ZOOMS && t->grid.map.cells > 1;
	tui_pages_chosen(t);
}

/* ---- time and the target */

static void diff(struct tui *t)
{
	if (!t->mark_store) {
		tui_state_message(t, TUI_WARN, "no mark yet: m marks this moment");
		return;
	}
	if (t->diff)
		open_text(t, "Changed since the mark", tui_time_changes);
	t->diff = true;
	t->generation++;
}

static enum tui_request step_target(struct tui *t, enum tui_request request)
{
	if (t->status.target == TUI_TARGET_GONE) {
		tui_state_message(t, TUI_WARN, "the target is gone");
		return TUI_REQUEST_NONE;
	}
	if (t->status.target == TUI_TARGET_SAMPLED && request != TUI_REQUEST_STOP) {
		tui_state_message(
			t, TUI_WARN,
			"the target is not traced, gupinfo only looks; b attaches");
		return TUI_REQUEST_NONE;
	}
	tui_time_now(t);
	return request;
}

/* At the last event a stopped target goes on. */
static enum tui_request next_event(struct tui *t)
{
	if (t->status.target == TUI_TARGET_STOPPED &&
	    (t->is_live || tui_state_at(t) + 1 >= t->history.n))
		return step_target(t, TUI_REQUEST_STEP);
	tui_time_step(t, 1, true);
	return TUI_REQUEST_NONE;
}

static void follow(struct tui *t)
{
	t->follow = !t->follow;
	tui_state_message(t, TUI_NORMAL,
			  t->follow ? "the cursor goes where events happen"
				    : "the cursor stays where it is");
}

/* Keys that scroll act on the text on top, all others on the view below it. */
static bool do_text(struct tui *t, enum tui_action action)
{
	int by = tui_list_lines(action, t->layout.body.h - 2);

	if (!by)
		return action == TUI_DO_OPEN || action == TUI_DO_PANE_NEXT ||
		       action == TUI_DO_PANE_PREV;
	t->text_top = (unsigned)MAX((int)t->text_top + by, 0);
	return true;
}

enum tui_request tui_actions_do(struct tui *t, enum tui_action action)
{
	enum tui_request ret = TUI_REQUEST_NONE;
	u8 view = t->view[t->nviews - 1];

	if ((view == TUI_VIEW_SORT || view == TUI_VIEW_SETUP) &&
	    tui_menu_do(t, action, &ret))
		return ret;
	if ((view == TUI_VIEW_TEXT || view == TUI_VIEW_DETAIL) && do_text(t, action))
		return ret;
	if (view == TUI_VIEW_DETAIL &&
	    (action == TUI_DO_LEFT || action == TUI_DO_RIGHT)) {
		tui_pages_move(t, action == TUI_DO_LEFT ? -1 : 1, 0);
		return ret;
	}
	switch (action) {
#define KEY(id, keys, word, group, do, help) \
	case TUI_DO_##id:                    \
		do                           \
			;                    \
		break;
#include "tui/tui_keys.def"
	case TUI_DO_NOTHING:
	case TUI_ACTIONS:
		break;
	}
	return ret;
}
