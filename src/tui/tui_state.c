/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tui/tui_state.h"

#include "tui/tui_int.h"
#include "lib/array.h"
#include "lib/text.h"

int tui_state_resize(struct tui *t, int cols, int rows)
{
	return tui_screen_resize(&t->screen, cols, rows);
}

/* ---- what is shown */

size_t tui_state_at(const struct tui *t)
{
	size_t removed = t->history.numbers - t->history.n; /* from the front */

	return t->at > removed ? t->at - removed : 0;
}

const struct store *tui_state_store(const struct tui *t)
{
	if (t->is_live && t->live)
		return t->live;
	size_t i = tui_history_with_pages(&t->history,
					  t->is_live ? t->history.n : tui_state_at(t));
	for (i = i < t->history.n ? i : 0; i < t->history.n; i++)
		if (t->history.moment[i]
			    .store) /* a recording may have its last pages only */
			return t->history.moment[i].store;
	return t->live;
}

const struct store_process *tui_state_process(const struct tui *t)
{
	const struct store *s = tui_state_store(t);
	const struct store_process *p = s ? store_process_by_pid(s, t->pid) : NULL;

	return p ? p : s && s->nprocs ? &s->proc[0] : NULL;
}

const char *tui_state_what(const struct tui *t, const struct store_vma *v)
{
	const struct store_process *p = tui_state_process(t);
	bool first = v == p->vma, last = v + 1 == p->vma + p->nvmas;

	/* where a column is narrow, a name says more than what it stands for */
	return v->vma.name[0] ? vma_base_name(&v->vma)
			      : vma_what(&v->vma, first ? NULL : &v[-1].vma,
					 last ? NULL : &v[1].vma);
}

const struct store_vma *tui_state_vma(const struct tui *t)
{
	const struct store_process *p = tui_state_process(t);

	return p ? store_vma_at(p, t->addr) : NULL;
}

u32 tui_state_page_size(const struct tui *t)
{
	const struct store *s = tui_state_store(t);

	return s ? kernel_page_size(&s->kernel.ev) : KERNEL_PAGE_LEAST;
}

void tui_state_cursor(struct tui *t, u64 addr)
{
	if (t->addr != addr)
		t->detail_top = 0;
	t->addr = t->wanted = addr;
	t->touched = addr != 0;
}

/* Ranks mappings for the first look. */
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

	return ARRAY_ANY(i, p->nvmas, interest(&p->vma[i]) > 3 * interest(v) + 64);
}

void tui_state_settle(struct tui *t)
{
	const struct store_process *p = tui_state_process(t);

	t->generation++;
	if (!p || !p->nvmas)
		return;
	if (!t->pid)
		t->pid = p->process.pid;
	if (store_vma_at(p, t->wanted) && (t->touched || !better(p, t->wanted))) {
		t->addr = t->wanted;
	} else if (!t->wanted || !t->touched) {
		size_t best = 0;

		for (size_t i = 1; i < p->nvmas; i++)
			if (interest(&p->vma[i]) > interest(&p->vma[best]))
				best = i;
		if (p->has_totals)
			t->wanted = p->vma[best].vma.start;
		t->addr = p->vma[best].vma.start;
	} else {
		/* The place is unmapped: show the next mapping until it is back. */
		size_t i = store_vma_from(p, t->wanted);

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

struct tui_history *tui_state_history(struct tui *t)
{
	return &t->history;
}

void tui_state_follow(struct tui *t, const struct tui_moment *m)
{
	if (!t->follow || !m->addr)
		return;
	t->pid = m->at_pid ? m->at_pid : m->pid;
	tui_state_cursor(t, m->addr);
}

void tui_state_now(struct tui *t, u64 time_ns)
{
	t->now_ns = time_ns;
}

const struct tui_config *tui_state_config(const struct tui *t)
{
	return &t->config;
}

struct tui_status *tui_state_status(struct tui *t)
{
	return &t->status;
}

void tui_state_message(struct tui *t, u8 role, const char *fmt, ...)
{
	TEXT_FORMAT(t->message, sizeof(t->message), fmt);
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
	*text = (struct tui_text){ 0 };
	snprintf(t->title, sizeof(t->title), "%s", title);
	tui_state_open(t, TUI_VIEW_TEXT);
}

pid_t tui_state_picked(const struct tui *t)
{
	return t->picked;
}
