/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tui_keys.h - names of keys, what each does, and the help made of the same table.
 *
 * Knows: tui_keys.def.  Never: curses' codes (tui.c), what an action does (tui_state.c).
 * Owns: nothing.
 */
#ifndef GUPINFO_TUI_KEYS_H
#define GUPINFO_TUI_KEYS_H

#include "tui/tui_text.h"

/* A key: a Unicode character, 1 … 26 for Ctrl-A … Ctrl-Z, or one of these. */
enum tui_key {
	TUI_KEY_NONE = 0,
	TUI_KEY_TAB = 9,
	TUI_KEY_ENTER = 13,
	TUI_KEY_ESC = 27,
	TUI_KEY_FIRST = 0x110000,
	TUI_KEY_UP = TUI_KEY_FIRST,
	TUI_KEY_DOWN,
	TUI_KEY_LEFT,
	TUI_KEY_RIGHT,
	TUI_KEY_PGUP,
	TUI_KEY_PGDN,
	TUI_KEY_HOME,
	TUI_KEY_END,
	TUI_KEY_BACKTAB,
	TUI_KEY_BACKSPACE,
	TUI_KEY_DELETE,
	TUI_KEY_RESIZE,
	TUI_KEY_MOUSE,
	TUI_KEY_F0,
	TUI_KEY_LAST = TUI_KEY_F0 + 12
};

enum tui_action {
	TUI_DO_NOTHING,
#define KEY(id, ...) TUI_DO_##id,
#include "tui/tui_keys.def"
#undef KEY
	TUI_ACTIONS
};

/* The key called @name ("Up", "C-l", "x"), or TUI_KEY_NONE. */
u32 tui_keys_by_name(const char *name, size_t len);

/* What @key does, TUI_DO_NOTHING when it is not bound. */
enum tui_action tui_keys_action(u32 key);

/* The first key of an action, as people call it, and its word in the key bar ("" for none). */
void tui_keys_first(enum tui_action action, char *buf, size_t size);
const char *tui_keys_word(enum tui_action action);

/* The help screen for @cols columns: keys by group. */
void tui_keys_help(int cols, struct tui_text *ret);

#endif
