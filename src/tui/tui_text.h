/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tui_text.h - lines of styled text: help, detail, lists. */
#pragma once

#include "tui/tui_screen.h"

struct tui_span {
	unsigned line;
	u8 role;
	char *text;
};

struct tui_text {
	unsigned lines;
	size_t n, room;
	struct tui_span *span;
};

void tui_text_deinit(struct tui_text *t);
/* Starts a line. */
void tui_text_add(struct tui_text *t, u8 role, const char *fmt, ...) PRINTF(3, 4);
/* Continues the last line. */
void tui_text_more(struct tui_text *t, u8 role, const char *fmt, ...) PRINTF(3, 4);
/*
 * Continues the last line with @words up to column @cols, and adds lines of @indent columns and more
 * of them as needed.
 */
void tui_text_wrap(struct tui_text *t, u8 role, int indent, int cols, const char *words);
/* Returns the columns of the last line. */
int tui_text_width(const struct tui_text *t);
/* Puts lines @first … into @r. */
void tui_text_draw(const struct tui_text *t, struct tui_screen *s,
		   const struct tui_rect *r, unsigned first);
