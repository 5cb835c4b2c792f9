/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tui/tui_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

enum { GROUP_MOVE, GROUP_VIEW, GROUP_LOOK, GROUP_TIME, GROUP_TARGET, GROUPS };

static const struct {
	const char *keys, *word, *help;
	u8 group;
} rows[TUI_ACTIONS] = {
#define KEY(id, k, w, g, do, h) \
	[TUI_DO_##id] = { .keys = k, .word = w, .group = GROUP_##g, .help = h },
#include "tui/tui_keys.def"
};

u32 tui_keys_by_name(const char *name, size_t len)
{
	static const struct {
		const char *name;
		u32 key;
	} names[] = {
		{ "Up", TUI_KEY_UP },
		{ "Down", TUI_KEY_DOWN },
		{ "Left", TUI_KEY_LEFT },
		{ "Right", TUI_KEY_RIGHT },
		{ "PgUp", TUI_KEY_PGUP },
		{ "PgDn", TUI_KEY_PGDN },
		{ "Home", TUI_KEY_HOME },
		{ "End", TUI_KEY_END },
		{ "Tab", TUI_KEY_TAB },
		{ "BackTab", TUI_KEY_BACKTAB },
		{ "Backspace", TUI_KEY_BACKSPACE },
		{ "Delete", TUI_KEY_DELETE },
		{ "Enter", TUI_KEY_ENTER },
		{ "Esc", TUI_KEY_ESC },
		{ "Space", ' ' },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (text_same(names[i].name, name, len))
			return names[i].key;
	if (len == 3 && !memcmp(name, "C-", 2) && name[2] >= 'a' && name[2] <= 'z')
		return (u32)(name[2] - 'a' + 1);
	if (len >= 2 && len <= 3 && name[0] == 'F') {
		unsigned n = (unsigned)strtoul(name + 1, NULL, 10);

		return n >= 1 && n <= 12 ? TUI_KEY_F0 + n : TUI_KEY_NONE;
	}
	return len == 1 ? (u8)name[0] : TUI_KEY_NONE;
}

/* Returns the next key name of @keys and its length, and advances. */
static const char *next_name(const char **keys, size_t *len)
{
	const char *p = *keys + strspn(*keys, " ");

	*len = strcspn(p, " ");
	*keys = p + *len;
	return *len ? p : NULL;
}

enum tui_action tui_keys_action(u32 key)
{
	if (key == '\n')
		key = TUI_KEY_ENTER;
	if (key == 127 || key == 8)
		key = TUI_KEY_BACKSPACE;
	for (unsigned i = 1; i < TUI_ACTIONS; i++) {
		const char *keys = rows[i].keys, *name;
		size_t len;

		while ((name = next_name(&keys, &len)))
			if (tui_keys_by_name(name, len) == key)
				return i;
	}
	return TUI_DO_NOTHING;
}

void tui_keys_first(enum tui_action action, bool named, char *buf, size_t size)
{
	const char *keys = rows[action].keys, *name;
	size_t len;

	do
		name = next_name(&keys, &len);
	while (name && named && len == 1);
	snprintf(buf, size, "%.*s", name ? (int)len : 0, name ? name : "");
}

const char *tui_keys_word(enum tui_action action)
{
	return rows[action].word;
}

void tui_keys_help(int cols, struct tui_text *t)
{
	static const char *const titles[GROUPS] = {
		[GROUP_MOVE] = "Move",         [GROUP_VIEW] = "Views",
		[GROUP_LOOK] = "Look",         [GROUP_TIME] = "Time",
		[GROUP_TARGET] = "The target",
	};

	for (unsigned g = 0; g < GROUPS; g++) {
		tui_text_add(t, TUI_TITLE_FOCUS, "%s", titles[g]);
		for (unsigned i = 1; i < TUI_ACTIONS; i++) {
			if (rows[i].group != g)
				continue;
			tui_text_add(t, TUI_KEY, "  %-16s", rows[i].keys);
			tui_text_wrap(t, TUI_NORMAL, 18, cols, rows[i].help);
		}
		tui_text_add(t, TUI_NORMAL, "%s", "");
	}
}
