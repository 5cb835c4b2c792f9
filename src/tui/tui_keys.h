/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tui_keys.h - names of keys, their actions and the help, all from tui_keys.def. */
#pragma once

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
	TUI_KEY_WHEEL_UP,
	TUI_KEY_WHEEL_DOWN,
	TUI_KEY_F0,
	TUI_KEY_LAST = TUI_KEY_F0 + 12
};

enum tui_action {
	TUI_DO_NOTHING,
#define KEY(id, ...) TUI_DO_##id,
#include "tui/tui_keys.def"
	TUI_ACTIONS
};

/* Returns the key named @name ("Up", "C-l", "x"), or TUI_KEY_NONE. */
u32 tui_keys_by_name(const char *name, size_t len);

/* Returns the action of @key, TUI_DO_NOTHING when it has none. */
enum tui_action tui_keys_action(u32 key);

/* Returns the first key of an action as people write it (@named: that is no character). */
void tui_keys_first(enum tui_action action, bool named, char *buf, size_t size);
/* Returns the word of an action in the key bar, or "". */
const char *tui_keys_word(enum tui_action action);

/* Makes the help screen for @cols columns: keys by group. */
void tui_keys_help(int cols, struct tui_text *ret);
