/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tui/tui_screen.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "lib/escape.h"
#include "lib/text.h"

int tui_screen_init(struct tui_screen *s, int cols, int rows, bool ascii)
{
	memset(s, 0, sizeof(*s));
	s->ascii = ascii;
	return tui_screen_resize(s, cols, rows);
}

void tui_screen_deinit(struct tui_screen *s)
{
	if (!s)
		return;
	free(s->cell);
	memset(s, 0, sizeof(*s));
}

int tui_screen_resize(struct tui_screen *s, int cols, int rows)
{
	cols = MIN(MAX(cols, 1), 1000);
	rows = MIN(MAX(rows, 1), 1000);
	struct tui_cell *cell = calloc((size_t)cols * (size_t)rows, sizeof(*cell));
	if (!cell)
		return -ENOMEM;
	free(s->cell);
	s->cell = cell;
	s->cols = cols;
	s->rows = rows;
	tui_screen_clear(s);
	return 0;
}

void tui_screen_clear(struct tui_screen *s)
{
	for (int i = 0; i < s->cols * s->rows; i++)
		s->cell[i] = (struct tui_cell){ .ch = ' ' };
}

/* Decodes one character; U+FFFD if it is not UTF-8.  Returns its length, 0 at the end. */
static int decode(const char *text, u32 *ret)
{
	unsigned n = escape_utf8((const u8 *)text, ret);

	if (!*text)
		return 0;
	if (!n)
		*ret = 0xfffd;
	return n ? (int)n : 1;
}

/* Stand-ins without UTF-8 for the characters that gupinfo uses. */
static u32 ascii_for(u32 ch)
{
	static const struct {
		u32 ch;
		char ascii;
	} table[] = {
		{ 0x00b7, '.' }, /* · */
		{ 0x00d7, 'x' }, /* × */
		{ 0x2014, '-' }, /* — */
		{ 0x2026, '~' }, /* … */
		{ 0x2190, '<' }, /* ← */
		{ 0x2191, '^' }, /* ↑ */
		{ 0x2192, '>' }, /* → */
		{ 0x2193, 'v' }, /* ↓ */
		{ 0x2260, '!' }, /* ≠ */
		{ 0x2500, '-' }, /* ─ */
		{ 0x2502, '|' }, /* │ */
		{ 0x2514, '`' }, /* └ */
		{ 0x251c, '|' }, /* ├ */
		{ 0x25a0, '#' }, /* ■ */
		{ 0x25b6, '>' }, /* ▶ */
		{ 0x25b8, '>' }, /* ▸ */
		{ 0x25cb, 'o' }, /* ○ */
		{ 0x25cf, '*' }, /* ● */
		{ 0x2713, 'v' }, /* ✓ */
	};

	for (unsigned i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].ch == ch)
			return (u32)table[i].ascii;
	return '?';
}

/* Returns the character to show for @ch, and its width. */
static u32 shown(u32 ch, bool ascii, int *ret_width)
{
	bool control = ch < 0x20 || (ch >= 0x7f && ch < 0xa0) ||
		       (ch >= 0x200b && ch <= 0x200f) || (ch >= 0x2028 && ch <= 0x202e) ||
		       (ch >= 0x2060 && ch <= 0x206f) || ch == 0xfeff || ch == 0xfffd;
	int w = control ? -1 : wcwidth((wchar_t)ch);

	*ret_width = 1;
	if (ch >= 0x20 && ch < 0x7f)
		return ch;
	if (control)
		return '?';
	if (ascii) {
		*ret_width = w == 2 ? 2 : w == 0 ? 0 : 1;
		return ascii_for(ch);
	}
	if (w < 0)
		return '?';
	*ret_width = w;
	return ch;
}

int tui_screen_put(struct tui_screen *s, int x, int y, int w, u8 role, u8 attr,
		   const char *text)
{
	int end = MIN(x + w, s->cols), len;
	u32 ch;

	if (y < 0 || y >= s->rows || x < 0)
		return x;
	while ((len = decode(text, &ch)) > 0) {
		int width;

		text += len;
		ch = shown(ch, s->ascii, &width);
		if (!width)
			continue; /* a combining mark would need a cell of its own */
		if (x + width > end)
			break;
		for (int i = 0; i < width; i++)
			s->cell[y * s->cols + x + i] =
				(struct tui_cell){ .ch = i ? (s->ascii ? ch : 0) : ch,
						   .role = role,
						   .attr = attr };
		x += width;
	}
	return x;
}

void tui_screen_add(struct tui_line *l, u8 role, const char *fmt, ...)
{
	char text[1024];

	TEXT_FORMAT(text, sizeof(text), fmt);
	l->x = tui_screen_put(l->s, l->x, l->y, l->end - l->x, role, 0, text);
}

void tui_screen_fill(struct tui_screen *s, int x, int y, int n, u8 role, u32 ch)
{
	int width;

	ch = shown(ch, s->ascii, &width);
	for (int i = MAX(x, 0); y >= 0 && y < s->rows && i < x + n && i < s->cols; i++)
		s->cell[y * s->cols + i] = (struct tui_cell){ .ch = ch, .role = role };
}

void tui_screen_paint(struct tui_screen *s, int x, int y, int n, u8 attr)
{
	for (int i = MAX(x, 0); y >= 0 && y < s->rows && i < x + n && i < s->cols; i++)
		s->cell[y * s->cols + i].attr |= attr;
}

static bool same_char(u32 a, u8 b)
{
	return a == b || (a < 0x80 && tolower((int)a) == tolower(b));
}

void tui_screen_mark(struct tui_screen *s, const struct tui_rect *r, const char *text,
		     u8 role)
{
	int n = (int)strlen(text);

	for (int y = r->y; n && y < r->y + r->h; y++)
		for (int x = r->x; x + n <= r->x + r->w; x++) {
			struct tui_cell *c = &s->cell[y * s->cols + x];
			int k = 0;

			while (k < n && same_char(c[k].ch, (u8)text[k]))
				k++;
			for (int i = 0; k == n && i < n; i++)
				c[i].role = role;
		}
}

int tui_screen_width(const char *text)
{
	int n = 0, len, width;
	u32 ch;

	while ((len = decode(text, &ch)) > 0) {
		shown(ch, false, &width);
		n += width;
		text += len;
	}
	return n;
}
