/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tui_screen.h - a screen as plain data: characters with roles, without curses.
 *
 * A screen owns its cells until _deinit().
 */
#pragma once

#include "lib/bits.h"

enum tui_role {
#define ROLE(id, ...) TUI_##id,
#include "tui/tui_roles.def"
	TUI_ROLES
};

#define TUI_BOLD BIT(0)
#define TUI_FAINT BIT(1)
#define TUI_REVERSE BIT(2)
#define TUI_UNDERLINE BIT(3)
#define TUI_RECENT BIT(4) /* changed a moment ago: brighter */

struct tui_cell {
	u32 ch; /* a Unicode character; 0: second half of a wide one */
	u8 role;
	u8 attr; /* TUI_BOLD …, added to the role's */
};

struct tui_rect {
	int x, y, w, h;
};

struct tui_screen {
	int cols, rows;
	bool ascii; /* put only ASCII */
	struct tui_cell *cell;
};

/* Makes an empty screen of this size.  Returns 0 or -ENOMEM. */
int tui_screen_init(struct tui_screen *s, int cols, int rows, bool ascii);
void tui_screen_deinit(struct tui_screen *s);
/* Resizes and clears.  Returns 0, or -ENOMEM and has changed nothing. */
int tui_screen_resize(struct tui_screen *s, int cols, int rows);
void tui_screen_clear(struct tui_screen *s);

/*
 * Puts UTF-8 @text at (@x, @y) and cuts it at @w columns.  Control characters and bytes that
 * are not UTF-8 become "?", so that nothing reaches the terminal as a command.  Returns the
 * column after the text.
 */
int tui_screen_put(struct tui_screen *s, int x, int y, int w, u8 role, u8 attr,
		   const char *text);
/* A line that is written from the left: each text begins where the last one ended. */
struct tui_line {
	struct tui_screen *s;
	int x, y, end; /* nothing is put at ->end or behind */
};
void tui_screen_add(struct tui_line *l, u8 role, const char *fmt, ...) PRINTF(3, 4);
/* Puts one character @n times. */
void tui_screen_fill(struct tui_screen *s, int x, int y, int n, u8 role, u32 ch);
/* Sets role and attributes of existing characters. */
void tui_screen_paint(struct tui_screen *s, int x, int y, int n, u8 attr);

/* Gives the characters of @r that are @text, in any case of ASCII, the role @role. */
void tui_screen_mark(struct tui_screen *s, const struct tui_rect *r, const char *text,
		     u8 role);

/* Returns the columns that @text needs. */
int tui_screen_width(const char *text);
