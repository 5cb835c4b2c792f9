/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tui/tui_int.h"

#define LIST_SIZE 5 /* "1023M" */
#define LIST_BAR 6
#define LIST_LAST 7

/* Gives column @i @need places if there are as many. */
static void take(struct tui_list *l, unsigned i, int need, int *left)
{
	if (*left < need + 1 || l->width[i])
		return;
	l->width[i] = need;
	*left -= need + 1;
}

void tui_list_fit(struct tui_list *l, const struct tui_columns *cols, bool bar, int w)
{
	unsigned last = cols->n - 1;
	int left = w + 1;

	*l = (struct tui_list){ .cols = cols };
	take(l, 0, MAX(cols->col[0]->width, LIST_SIZE), &left);
	if (bar && left > LIST_BAR) {
		l->bar = LIST_BAR;
		left -= LIST_BAR + 1;
	}
	take(l, last, LIST_LAST, &left);
	for (unsigned i = 0; i < last; i++)
		take(l, i, MAX(cols->col[i]->width, LIST_SIZE), &left);
	if (l->bar && left > 8) {
		l->bar += left / 3;
		left -= left / 3;
	}
	if (l->width[last])
		l->width[last] += left;
}

/* Puts @text into the column @i at @x; of a number that is too long the end is shown. */
static void put(const struct tui_list *l, struct tui_screen *s, unsigned i, int x, int y,
		u8 role, const char *text)
{
	bool right = l->cols->col[i]->flags & COLUMN_RIGHT;
	int pad = right ? l->width[i] - tui_screen_width(text) : 0;

	if (pad < 0) {
		tui_screen_put(s, x, y, 1, role, 0, "…");
		text += 1 - pad;
		x++;
		pad = 0;
	}
	tui_screen_put(s, x + pad, y, l->width[i] - pad, role, 0, text);
}

/* Returns where column @i of a row at @x begins, the caller's before the last; and that one's place. */
static int start_of(const struct tui_list *l, unsigned i, int x, int *ret_bar)
{
	*ret_bar = x;
	for (unsigned k = 0; k <= i; k++) {
		*ret_bar = x;
		if (k + 1 == l->cols->n && l->bar)
			x += l->bar + 1;
		if (k < i && l->width[k])
			x += l->width[k] + 1;
	}
	return x;
}

void tui_list_titles(const struct tui_list *l, struct tui_screen *s, int x, int y,
		     const char *own)
{
	int bar = x;

	for (unsigned i = 0; i < l->cols->n; i++) {
		const struct column *col = l->cols->col[i];
		int at = start_of(l, i, x, &bar);

		if (l->width[i])
			put(l, s, i, at, y,
			    col == l->cols->by ? TUI_TITLE_FOCUS : TUI_DIM, col->name);
	}
	if (l->bar)
		tui_screen_put(s, bar, y, l->bar, TUI_DIM, 0, own);
}

const struct column *tui_list_at(const struct tui_list *l, int x)
{
	int bar;

	for (unsigned i = 0; i < l->cols->n; i++) {
		int at = start_of(l, i, 0, &bar);

		if (l->width[i] && x >= at && x < at + l->width[i])
			return l->cols->col[i];
	}
	return NULL;
}

int tui_list_row(const struct tui_list *l, struct tui_screen *s, int x, int y,
		 const struct report_row *row, bool known, u8 first)
{
	struct cell cell;
	int bar = x;
	char buf[32];

	for (unsigned i = 0; i < l->cols->n; i++) {
		const struct column *col = l->cols->col[i];
		int at = start_of(l, i, x, &bar);

		if (!l->width[i])
			continue;
		columns_get(col, row, &cell);
		if (cell.type == CELL_SUM && !known)
			cell.type = CELL_UNKNOWN;
		put(l, s, i, at, y,
		    i == 0                       ? first
		    : !strcmp(col->name, "PINS") ? TUI_S_PINNED
		    : i + 1 == l->cols->n        ? TUI_NORMAL
						 : TUI_DIM,
		    columns_text(&cell, false, buf, sizeof(buf)));
	}
	return bar;
}

size_t tui_list_top(size_t top, size_t at, size_t n, int rows)
{
	size_t room = (size_t)MAX(rows, 0);

	top = MIN(top, at);
	if (room && at >= top + room)
		top = at - room + 1;
	return MIN(top, n - MIN(n, room));
}

int tui_list_lines(enum tui_action action, int rows)
{
	return action == TUI_DO_UP          ? -1
	       : action == TUI_DO_DOWN      ? 1
	       : action == TUI_DO_PAGE_UP   ? -MAX(rows, 1)
	       : action == TUI_DO_PAGE_DOWN ? MAX(rows, 1)
	       : action == TUI_DO_FIRST     ? -1000000
	       : action == TUI_DO_LAST      ? 1000000
					    : 0;
}

void tui_list_sort(struct tui *t, enum tui_table table, const struct column *by)
{
	struct tui_columns *c = &t->config.table[table];
	static const char ascending[] = " START END START-END PID PPID UID ";

	if (c->by == by)
		c->descending = !c->descending;
	else
		c->descending = by->flags & COLUMN_RIGHT && !strstr(ascending, by->name);
	c->by = by;
	t->sorted_stale = t->procs_stale = true;
}
