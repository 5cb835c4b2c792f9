/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "tui/tui_int.h"

#define LIST_SIZE 5 /* "1023M" */

static const struct column *column_of(const struct tui_list *l, unsigned i)
{
	const char *name = l->col[i].name;

	return name ? columns_find(l->of, name, strlen(name)) : NULL;
}

void tui_list_fit(struct tui_list *l, int w)
{
	int left = w + 1;

	memset(l->width, 0, sizeof(l->width));
	for (unsigned fit = 0; fit < l->n; fit++)
		for (unsigned i = 0; i < l->n; i++) {
			const struct column *c = column_of(l, i);
			int need =
				l->col[i].min ? l->col[i].min : MAX(c->width, LIST_SIZE);

			if (l->col[i].fit == fit && left >= need + 1) {
				l->width[i] = need;
				left -= need + 1;
			}
		}
	for (unsigned i = 0; i < l->n; i++)
		if (!l->col[i].name && l->width[i] && left > 8) {
			l->width[i] += left / 3;
			left -= left / 3;
		}
	if (l->width[l->n - 1])
		l->width[l->n - 1] += left;
}

/* Puts @text into the column @i at @x; of a number that is too long the end is shown. */
static void put(const struct tui_list *l, struct tui_screen *s, unsigned i, int x, int y,
		u8 role, const char *text)
{
	const struct column *c = column_of(l, i);
	bool right = c && c->flags & COLUMN_RIGHT;
	int pad = right ? l->width[i] - tui_screen_width(text) : 0;

	if (pad < 0) {
		tui_screen_put(s, x, y, 1, role, 0, "…");
		text += 1 - pad;
		x++;
		pad = 0;
	}
	tui_screen_put(s, x + pad, y, l->width[i] - pad, role, 0, text);
}

void tui_list_titles(const struct tui_list *l, struct tui_screen *s, int x, int y,
		     const char *own)
{
	for (unsigned i = 0; i < l->n; i++) {
		if (!l->width[i])
			continue;
		put(l, s, i, x, y, TUI_DIM, l->col[i].name ? l->col[i].name : own);
		x += l->width[i] + 1;
	}
}

int tui_list_row(const struct tui_list *l, struct tui_screen *s, int x, int y,
		 const struct report_row *row, bool known, u8 first)
{
	int own = x;
	struct cell cell;
	char buf[32];

	for (unsigned i = 0; i < l->n; i++) {
		if (!l->width[i])
			continue;
		if (l->col[i].name) {
			columns_get(column_of(l, i), row, &cell);
			if (cell.type == CELL_SUM && !known)
				cell.type = CELL_UNKNOWN;
			put(l, s, i, x, y, i ? l->col[i].role : first,
			    columns_text(&cell, false, buf, sizeof(buf)));
		} else {
			own = x;
		}
		x += l->width[i] + 1;
	}
	return own;
}

size_t tui_list_top(size_t top, size_t at, size_t n, int rows)
{
	size_t room = (size_t)MAX(rows, 0);

	top = MIN(top, at);
	if (room && at >= top + room)
		top = at - room + 1;
	return MIN(top, n - MIN(n, room));
}
