/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tui/tui_int.h"

static const struct tui_columns *columns(const struct tui *t)
{
	return &t->config.table[TUI_TABLE_PROCESSES];
}

/* The totals of the picker count bytes. */
static struct report_row row_of(const struct tui_proc *p)
{
	return (struct report_row){ .process = &p->process,
				    .totals = &p->totals,
				    .base = 1 };
}

static int compare(const void *a, const void *b, void *ctx)
{
	const struct tui_proc *pa = a, *pb = b;
	const struct tui_columns *c = ctx;
	struct report_row x = row_of(pa), y = row_of(pb);
	int order = columns_order(c->by, &x, &y, c->descending);

	return order ? order : pa->process.pid < pb->process.pid ? -1 : 1;
}

static bool passes(const struct tui *t, const struct tui_proc *p)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)p->process.pid);
	return !t->input[0] || strcasestr(p->process.comm, t->input) ||
	       strstr(pid, t->input);
}

/* Returns the @n-th row that passes the filter, or NULL. */
static struct tui_proc *visible(const struct tui *t, size_t n)
{
	for (size_t i = 0; i < t->nprocs; i++)
		if (passes(t, &t->procs[i]) && !n--)
			return &t->procs[i];
	return NULL;
}

static size_t count(const struct tui *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->nprocs; i++)
		n += passes(t, &t->procs[i]);
	return n;
}

static void sort(struct tui *t)
{
	if (t->procs)
		qsort_r(t->procs, t->nprocs, sizeof(*t->procs), compare,
			(void *)columns(t));
	t->procs_stale = false;
}

/* Keeps the selected process under the cursor when the rows change. */
static void keep_selection(struct tui *t, pid_t pid)
{
	size_t n = count(t);

	for (size_t i = 0; pid && i < n; i++)
		if (visible(t, i)->process.pid == pid) {
			t->proc_at = i;
			return;
		}
	t->proc_at = MIN(t->proc_at, n ? n - 1 : 0);
}

void tui_picker_rows(struct tui *t, const struct tui_proc *rows, size_t n)
{
	struct tui_proc *selected = visible(t, t->proc_at), *copy;
	pid_t pid = selected ? selected->process.pid : 0;

	copy = malloc(MAX(n, 1) * sizeof(*copy));
	if (!copy)
		return;
	if (n)
		memcpy(copy, rows, n * sizeof(*copy));
	free(t->procs);
	t->procs = copy;
	t->nprocs = n;
	sort(t);
	if (t->view[t->nviews - 1] != TUI_VIEW_PICKER) {
		t->input[t->input_len = 0] = '\0';
		t->proc_at = t->proc_top = 0;
		tui_state_open(t, TUI_VIEW_PICKER);
		return;
	}
	keep_selection(t, pid);
}

static enum tui_request leave(struct tui *t)
{
	if (!tui_state_store(t))
		return TUI_REQUEST_QUIT; /* there is no view below */
	t->nviews--;
	return TUI_REQUEST_NONE;
}

static enum tui_request pick(struct tui *t)
{
	const struct tui_proc *p = visible(t, t->proc_at);

	if (!p)
		return TUI_REQUEST_NONE;
	t->picked = p->process.pid;
	t->nviews--;
	return TUI_REQUEST_PICKED;
}

enum tui_request tui_picker_do(struct tui *t, enum tui_action action)
{
	s64 n, by;

	switch (action) {
	case TUI_DO_CANCEL:
		if (!t->input_len)
			return leave(t);
		t->input[t->input_len = 0] = '\0';
		return TUI_REQUEST_NONE;
	case TUI_DO_OPEN:
		return pick(t);
	case TUI_DO_PANE_NEXT:
		action = TUI_DO_SORT; /* fall through */
	case TUI_DO_SORT:
	case TUI_DO_SETUP:
	case TUI_DO_HELP:
	case TUI_DO_QUIT:
	case TUI_DO_REDRAW:
		return tui_actions_do(t, action);
	default:
		by = tui_list_lines(action, t->layout.body.h - 2);
		n = (s64)count(t);
		t->proc_at = (size_t)MAX(MIN((s64)t->proc_at + by, n - 1), 0);
		return TUI_REQUEST_NONE;
	}
}

void tui_picker_click(struct tui *t, int x, int line)
{
	struct tui_list l;

	tui_list_fit(&l, columns(t), false, t->layout.body.w);
	if (line == 1 && tui_list_at(&l, x))
		tui_list_sort(t, TUI_TABLE_PROCESSES, tui_list_at(&l, x));
	else if (line > 1 && visible(t, t->proc_top + (size_t)line - 2))
		t->proc_at = t->proc_top + (size_t)line - 2;
}

void tui_picker_draw(struct tui *t)
{
	struct tui_list l;
	const struct tui_rect *r = &t->layout.body;

	if (t->procs_stale) {
		sort(t);
		t->proc_at = t->proc_top = 0;
	}
	size_t n = count(t), rows = (size_t)MAX(r->h - 2, 0);
	struct tui_line title = { &t->screen, r->x, r->y, r->x + r->w };

	tui_screen_add(&title, TUI_TITLE_FOCUS, " Which process? by %s, %zu of %zu ",
		       columns(t)->by->name, n, t->nprocs);
	tui_screen_add(&title, TUI_KEY, "filter: ");
	tui_screen_add(&title, TUI_STRONG, "%s", t->input);
	tui_screen_put(&t->screen, title.x, r->y, 1, TUI_STRONG, TUI_REVERSE, " ");
	tui_list_fit(&l, columns(t), false, r->w);
	tui_list_titles(&l, &t->screen, r->x, r->y + 1, "");
	t->proc_top = tui_list_top(t->proc_top, t->proc_at, n, (int)rows);
	for (size_t i = 0; i < rows; i++) {
		const struct tui_proc *p = visible(t, t->proc_top + i);
		int y = r->y + 2 + (int)i;

		if (!p)
			break;
		struct report_row row = row_of(p);
		tui_list_row(&l, &t->screen, r->x, y, &row, true, TUI_NORMAL);
		if (t->proc_top + i == t->proc_at)
			tui_screen_paint(&t->screen, r->x, y, r->w, TUI_REVERSE);
	}
}
