/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tui/tui_text.h"
#include "lib/array.h"
#include "lib/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void tui_text_deinit(struct tui_text *t)
{
	if (!t)
		return;
	for (unsigned i = 0; i < t->n; i++)
		free(t->span[i].text);
	free(t->span);
	memset(t, 0, sizeof(*t));
}

static void text_span(struct tui_text *t, u8 role, const char *text)
{
	char *copy = strdup(text);
	struct tui_span *span =
		copy ? array_add(&t->span, &t->n, &t->room, sizeof(*span)) : NULL;

	if (!span) {
		free(copy);
		return;
	}
	*span = (struct tui_span){ .line = t->lines - 1, .role = role, .text = copy };
}

void tui_text_add(struct tui_text *t, u8 role, const char *fmt, ...)
{
	char text[1024];

	TEXT_FORMAT(text, sizeof(text), fmt);
	t->lines++;
	text_span(t, role, text);
}

void tui_text_more(struct tui_text *t, u8 role, const char *fmt, ...)
{
	char text[1024];

	TEXT_FORMAT(text, sizeof(text), fmt);
	t->lines += !t->lines;
	text_span(t, role, text);
}

int tui_text_width(const struct tui_text *t)
{
	int w = 0;

	for (unsigned i = 0; i < t->n; i++)
		if (t->span[i].line + 1 == t->lines)
			w += tui_screen_width(t->span[i].text);
	return w;
}

void tui_text_wrap(struct tui_text *t, u8 role, int indent, int cols, const char *words)
{
	size_t room = (size_t)MAX(cols - tui_text_width(t), 0);

	for (bool first = true;; first = false) {
		size_t len = strlen(words), cut = len;

		if (len > room) {
			for (cut = room; cut && words[cut] != ' '; cut--)
				;
			if (!cut && !first) /* a word that no line has room for */
				for (cut = room; (words[cut] & 0xc0) == 0x80; cut--)
					;
		}
		if (cut)
			tui_text_more(t, role, "%.*s", (int)cut, words);
		words += cut + (words[cut] == ' ');
		if (!*words)
			return;
		tui_text_add(t, role, "%*s", indent, "");
		room = (size_t)MAX(cols - indent, 12);
	}
}

void tui_text_draw(const struct tui_text *t, struct tui_screen *s,
		   const struct tui_rect *r, unsigned first)
{
	unsigned line = UINT32_MAX;
	int x = 0;

	for (unsigned i = 0; i < t->n; i++) {
		const struct tui_span *span = &t->span[i];

		if (span->line < first || span->line >= first + (unsigned)r->h)
			continue;
		if (span->line != line) {
			line = span->line;
			x = r->x;
		}
		x = tui_screen_put(s, x, r->y + (int)(line - first), r->x + r->w - x,
				   span->role, 0, span->text);
	}
}
