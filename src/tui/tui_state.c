/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tui/tui_state.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/tui_int.h"

struct tui *tui_state_new(const struct tui_options *opt)
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
		tui_state_free(t);
		return NULL;
	}
	return t;
}

void tui_state_free(struct tui *t)
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

int tui_state_resize(struct tui *t, int cols, int rows)
{
	return tui_screen_resize(&t->screen, cols, rows);
}

/* ---- what is shown */

const struct store *tui_state_store(const struct tui *t)
{
	if (t->is_live && t->live)
		return t->live;
	size_t i = tui_history_with_pages(&t->history,
					  t->is_live ? t->history.n : tui_time_at(t));
	for (i = i < t->history.n ? i : 0; i < t->history.n; i++)
		if (t->history.moment[i]
			    .store) /* a recording may keep its last pages only */
			return t->history.moment[i].store;
	return t->live;
}

const struct store_process *tui_state_process(const struct tui *t)
{
	const struct store *s = tui_state_store(t);
	const struct store_process *p = s ? store_process_by_pid(s, t->pid) : NULL;

	return p ? p : s && s->nprocs ? &s->proc[0] : NULL;
}

const struct store_vma *tui_state_vma(const struct tui *t)
{
	const struct store_process *p = tui_state_process(t);

	return p ? store_vma_at(p, t->addr) : NULL;
}

u32 tui_state_page_size(const struct tui *t)
{
	const struct store *s = tui_state_store(t);

	return s ? kernel_page_size(&s->kernel.ev) : 4096;
}

void tui_state_cursor(struct tui *t, u64 addr)
{
	if (t->addr != addr)
		t->detail_top = 0;
	t->addr = t->wish = addr;
	t->touched = addr != 0;
}

/* How much a mapping deserves to be looked at first. */
static u64 interest(const struct store_vma *v)
{
	const struct report_totals *t = &v->totals;

	return t->leaks * 1000000 + t->pinned * 1000 +
	       (t->present - MIN(t->present, t->file)) + (t->present ? 1 : 0);
}

/* Some mapping deserves the first look much more than the one at @addr. */
static bool better(const struct store_process *p, u64 addr)
{
	const struct store_vma *v = store_vma_at(p, addr);

	for (size_t i = 0; i < p->nvmas; i++)
		if (interest(&p->vma[i]) > 3 * interest(v) + 64)
			return true;
	return false;
}

void tui_state_settle(struct tui *t)
{
	const struct store_process *p = tui_state_process(t);

	t->generation++;
	if (!p || !p->nvmas)
		return;
	if (!t->pid)
		t->pid = p->process.pid;
	if (store_vma_at(p, t->wish) && (t->touched || !better(p, t->wish))) {
		t->addr = t->wish;
	} else if (!t->wish || !t->touched) {
		size_t best = 0;

		for (size_t i = 1; i < p->nvmas; i++)
			if (interest(&p->vma[i]) > interest(&p->vma[best]))
				best = i;
		if (p->has_totals)
			t->wish = p->vma[best].vma.start;
		t->addr = p->vma[best].vma.start;
	} else {
		/* unmapped at this time: the next mapping, until it is back */
		size_t i = store_vma_from(p, t->wish);

		t->addr = p->vma[MIN(i, p->nvmas - 1)].vma.start;
	}
	t->sorted_stale = true;
}

void tui_state_live(struct tui *t, const struct store *live)
{
	t->live = live;
	if (t->is_live)
		tui_state_settle(t);
}

void tui_state_changed(struct tui *t, pid_t pid, u64 start, u64 end)
{
	const struct store_process *p = tui_state_process(t);

	tui_vmas_invalidate(t, start, end);
	if (!t->is_live)
		return;
	if (p && p->process.pid == pid)
		tui_pages_invalidate(t, start, end);
	tui_state_settle(t);
}

struct tui_history *tui_state_history(struct tui *t)
{
	return &t->history;
}

void tui_state_follow(struct tui *t, const struct tui_moment *m)
{
	if (!t->follow || !m->addr)
		return;
	t->pid = m->pid;
	tui_state_cursor(t, m->addr);
}

void tui_state_moment(struct tui *t)
{
	if (t->is_live) {
		if (t->history.n)
			tui_state_follow(t, &t->history.moment[t->history.n - 1]);
		tui_state_settle(t);
	}
	if (t->opt.replay)
		tui_time_goto(t, t->history.n - 1);
}

void tui_state_now(struct tui *t, u64 time_ns)
{
	t->now_ns = time_ns;
}

struct tui_status *tui_state_status(struct tui *t)
{
	return &t->status;
}

void tui_state_message(struct tui *t, u8 role, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t->message, sizeof(t->message), fmt, ap);
	va_end(ap);
	t->message_role = role;
}

pid_t tui_state_pid(const struct tui *t)
{
	const struct store_process *p = tui_state_process(t);

	return p ? p->process.pid : t->pid;
}

u64 tui_state_addr(const struct tui *t)
{
	return tui_state_vma(t) ? t->addr : 0;
}

bool tui_state_is_live(const struct tui *t)
{
	return t->is_live;
}

void tui_state_visible(const struct tui *t, pid_t *ret_pid, u64 *ret_start, u64 *ret_end)
{
	const struct store_vma *v = tui_state_vma(t);
	const struct tui_gridview *g = &t->grid;
	u64 ignored;

	*ret_pid = tui_state_pid(t);
	*ret_start = *ret_end = 0;
	if (!t->is_live || !v)
		return;
	*ret_start = v->vma.start;
	*ret_end = v->vma.end;
	if (g->map.cells && g->map.start == v->vma.start && g->n) {
		tui_grid_cell_range(&g->map, g->top, ret_start, &ignored);
		tui_grid_cell_range(&g->map, MIN(g->top + g->n, g->map.cells) - 1,
				    &ignored, ret_end);
	}
}

void tui_state_goto(struct tui *t, pid_t pid, u64 addr)
{
	t->pid = pid;
	tui_state_cursor(t, addr);
	tui_state_settle(t);
}

void tui_state_filter(struct tui *t, const char *text)
{
	tui_prompt_filter(t, text);
}

/* ---- views on top of each other */

void tui_state_open(struct tui *t, enum tui_view view)
{
	if (t->view[t->nviews - 1] == view)
		return;
	if (t->nviews == ARRAY_SIZE(t->view))
		t->nviews = 1;
	t->view[t->nviews++] = (u8)view;
	t->text_top = 0;
}

void tui_state_text(struct tui *t, const char *title, struct tui_text *text)
{
	tui_text_deinit(&t->text);
	t->text = *text;
	tui_text_init(text);
	snprintf(t->title, sizeof(t->title), "%s", title);
	tui_state_open(t, TUI_VIEW_TEXT);
}

void tui_state_procs(struct tui *t, const struct tui_proc *rows, size_t n)
{
	tui_picker_rows(t, rows, n);
}

pid_t tui_state_picked(const struct tui *t)
{
	return t->picked;
}

/* ---- keys */

enum tui_request tui_state_key(struct tui *t, u32 key)
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

enum tui_request tui_state_click(struct tui *t, int x, int y)
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

/* ---- drawing */

static void draw_text_view(struct tui *t, const struct tui_text *text, const char *title)
{
	struct tui_rect r = t->layout.body;
	int x = tui_screen_put(&t->screen, r.x, r.y, r.w, TUI_TITLE_FOCUS, 0, " ");

	x = tui_screen_put(&t->screen, x, r.y, r.w - x, TUI_TITLE_FOCUS, 0, title);
	if (x + 1 < r.w)
		tui_screen_fill(&t->screen, x + 1, r.y, r.w - x - 1, TUI_LINE, 0x2500);
	r.y++;
	r.h--;
	if (t->text_top + 1 > text->lines)
		t->text_top = text->lines ? text->lines - 1 : 0;
	if (text->lines > (unsigned)r.h)
		t->text_top = MIN(t->text_top, text->lines - (unsigned)r.h);
	else
		t->text_top = 0;
	tui_text_draw(text, &t->screen, &r, t->text_top);
	if (text->lines > t->text_top + (unsigned)r.h)
		tui_screen_printf(&t->screen, r.w - 10, r.y - 1, 10, TUI_DIM, 0,
				  " %u more ", text->lines - t->text_top - (unsigned)r.h);
}

static void draw_detail_pane(struct tui *t)
{
	const struct tui_rect *r = &t->layout.pane[TUI_PANE_DETAIL];
	struct tui_text text;

	tui_text_init(&text);
	tui_detail_text(t, r->w, false, &text);
	if (text.lines > (unsigned)r->h)
		t->detail_top = MIN(t->detail_top, text.lines - (unsigned)r->h);
	else
		t->detail_top = 0;
	tui_panes_title(t, TUI_PANE_DETAIL, "Page");
	unsigned lines = tui_text_draw(&text, &t->screen, r, t->detail_top);
	if (lines > t->detail_top + (unsigned)r->h)
		tui_screen_printf(&t->screen, r->x + r->w - 10, r->y - 1, 10, TUI_DIM, 0,
				  " %u more ", lines - t->detail_top - (unsigned)r->h);
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
	if (l->shown[TUI_PANE_TIME])
		tui_panes_time(t);
	if (l->shown[TUI_PANE_FAMILY])
		tui_panes_family(t);
	for (int y = l->body.y;
	     !l->narrow && y < l->pane[TUI_PANE_GRID].y + l->pane[TUI_PANE_GRID].h; y++) {
		tui_screen_fill(&t->screen, l->pane[TUI_PANE_GRID].x - 1, y, 1, TUI_LINE,
				0x2502);
		if (l->shown[TUI_PANE_DETAIL])
			tui_screen_fill(&t->screen, l->pane[TUI_PANE_DETAIL].x - 1, y, 1,
					TUI_LINE, 0x2502);
	}
}

const struct tui_screen *tui_state_draw(struct tui *t)
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
