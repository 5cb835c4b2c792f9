/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tui/tui_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"

enum { COLUMNS, SORT, COLORS, MOUSE };

/* The settings: a name, what it sets and of which table, and the value without a file. */
static const struct {
	const char *name;
	u8 what, table;
	const char *usual;
} settings[] = {
	{ "mapping-columns", COLUMNS, TUI_TABLE_MAPPINGS,
	  "START,SIZE,RSS,SHAR,PINS,PERM,NAME" },
	{ "mapping-sort", SORT, TUI_TABLE_MAPPINGS, "START" },
	{ "process-columns", COLUMNS, TUI_TABLE_PROCESSES, "PID,RSS,SHAR,PIN,COMM" },
	{ "process-sort", SORT, TUI_TABLE_PROCESSES, "-SHAR" },
	{ "colors", COLORS, 0, "dark" },
	{ "mouse", MOUSE, 0, "on" },
};

const struct tui_config_scheme tui_config_schemes[TUI_SCHEMES] = {
	{ "dark", "colours for a dark background" },
	{ "light", "colours for a light background" },
	{ "blind", "colours that colour-blind people tell apart, on dark" },
	{ "none", "no colours" },
};

static enum columns_of tui_config_of(enum tui_table table)
{
	return table == TUI_TABLE_MAPPINGS ? COLUMNS_MAPPING : COLUMNS_PROCESS;
}

bool tui_config_has(enum tui_table table, const struct column *col)
{
	/* Sums of folios by their frames are not kept while parts of a mapping are read. */
	return col->of & BIT(tui_config_of(table)) &&
	       (table == TUI_TABLE_MAPPINGS
			? strcmp(col->name, "PID") && strcmp(col->name, "COMM") &&
				  !(col->flags & COLUMN_FRAME)
			: strstr(" PID PPID UID THREADS RSS SHAR PIN COMM ", col->name) !=
				  NULL);
}

/* ---- one setting */

static bool set_columns(struct tui_columns *t, enum tui_table table, const char *value)
{
	const char *bad;
	size_t len;
	struct tui_columns new = { .by = t->by, .descending = t->descending };

	if (columns_select(tui_config_of(table), value, new.col, &new.n, TUI_COLUMNS_MAX,
			   &bad, &len))
		return false;
	if (ARRAY_ANY(i, new.n, !tui_config_has(table, new.col[i])))
		return false;
	*t = new;
	return true;
}

static bool set_sort(struct tui_columns *t, enum tui_table table, const char *value)
{
	bool down = *value == '-';
	const struct column *by =
		columns_find(tui_config_of(table), value + down, strlen(value + down));

	if (!by || !tui_config_has(table, by))
		return false;
	t->by = by;
	t->descending = down;
	return true;
}

static bool set(struct tui_config *c, unsigned i, const char *value)
{
	struct tui_columns *t = &c->table[settings[i].table];

	switch (settings[i].what) {
	case COLUMNS:
		return set_columns(t, settings[i].table, value);
	case SORT:
		return set_sort(t, settings[i].table, value);
	case COLORS:
		for (u8 k = 0; k < TUI_SCHEMES; k++)
			if (!strcmp(value, tui_config_schemes[k].name)) {
				c->scheme = k;
				return true;
			}
		return false;
	}
	c->mouse = !strcmp(value, "on");
	return c->mouse || !strcmp(value, "off");
}

static void put(const struct tui_config *c, unsigned i, FILE *out)
{
	const struct tui_columns *t = &c->table[settings[i].table];

	fprintf(out, "%s = ", settings[i].name);
	if (settings[i].what == COLUMNS)
		for (unsigned k = 0; k < t->n; k++)
			fprintf(out, "%s%s", k ? "," : "", t->col[k]->name);
	else if (settings[i].what == SORT)
		fprintf(out, "%s%s", t->descending ? "-" : "", t->by->name);
	else if (settings[i].what == COLORS)
		fputs(tui_config_schemes[c->scheme].name, out);
	else
		fputs(c->mouse ? "on" : "off", out);
	fputc('\n', out);
}

void tui_config_init(struct tui_config *c)
{
	memset(c, 0, sizeof(*c));
	for (unsigned i = 0; i < ARRAY_SIZE(settings); i++)
		set(c, i, settings[i].usual);
}

/* ---- lines */

#define BLANK " \t\r"
enum { NOTHING = -1, BROKEN = -2 };

/* Takes the setting of a line of @len bytes.  Returns its number, NOTHING or BROKEN. */
static int take(struct tui_config *c, const char *at, size_t len)
{
	char line[400], *value, *end;

	at += strspn(at, BLANK);
	if (*at == '#' || *at == '\n' || !*at || !len)
		return NOTHING;
	snprintf(line, sizeof(line), "%.*s", (int)MIN(strcspn(at, "\n"), sizeof(line)),
		 at);
	value = strchr(line, '=');
	if (!value || strlen(line) + 1 == sizeof(line))
		return BROKEN;
	*value++ = '\0';
	line[strcspn(line, BLANK)] = '\0';
	value += strspn(value, BLANK);
	for (end = value + strlen(value); end > value && strchr(BLANK, end[-1]); end--)
		;
	*end = '\0';
	for (unsigned i = 0; i < ARRAY_SIZE(settings); i++)
		if (!strcmp(line, settings[i].name))
			return set(c, i, value) ? (int)i : BROKEN;
	return BROKEN;
}

unsigned tui_config_read(struct tui_config *c, const char *text, char *why, size_t size)
{
	unsigned broken = 0, n = 1;

	for (size_t len; *text; text += len + (text[len] == '\n'), n++) {
		len = strcspn(text, "\n");
		if (take(c, text, len) == BROKEN && !broken++)
			snprintf(why, size, "line %u is not understood: %.*s", n,
				 (int)MIN(len, (size_t)60), text);
	}
	return broken;
}

char *tui_config_write(const struct tui_config *c, const char *old)
{
	bool done[ARRAY_SIZE(settings)] = { 0 };
	struct tui_config ignored = *c;
	char *text = NULL;
	size_t size, len;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (; *old; old += len + (old[len] == '\n')) {
		len = strcspn(old, "\n");
		int i = take(&ignored, old, len);

		if (i < 0) {
			fprintf(out, "%.*s\n", (int)len, old);
			continue;
		}
		put(c, (unsigned)i, out);
		done[i] = true;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(settings); i++)
		if (!done[i])
			put(c, i, out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
