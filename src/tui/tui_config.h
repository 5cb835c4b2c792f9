/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tui_config.h - what a file keeps of the interactive view: columns, their order, colours, mouse. */
#pragma once

#include "render/columns.h"

enum tui_scheme {
	TUI_SCHEME_DARK, /* for a dark background */
	TUI_SCHEME_LIGHT,
	TUI_SCHEME_BLIND, /* dark, of colours that colour-blind people tell apart */
	TUI_SCHEME_NONE,
	TUI_SCHEMES
};

enum tui_table { TUI_TABLE_MAPPINGS, TUI_TABLE_PROCESSES, TUI_TABLES };

#define TUI_COLUMNS_MAX 16

struct tui_columns {
	const struct column
		*col[TUI_COLUMNS_MAX]; /* the last one gets what room is left */
	unsigned n;
	const struct column *by; /* in whose order rows are */
	bool descending;
};

struct tui_config {
	struct tui_columns table[TUI_TABLES];
	u8 scheme;
	bool mouse;
};

/* The table can show the column: what the list of processes does not read it has not. */
bool tui_config_has(enum tui_table table, const struct column *col);
extern const struct tui_config_scheme {
	const char *name, *text; /* "dark" */
} tui_config_schemes[TUI_SCHEMES];

void tui_config_init(struct tui_config *c);

/*
 * Takes the settings of the lines of @text; a line that is not understood changes nothing.  Returns
 * the number of such lines, the first with its number in @why.
 */
unsigned tui_config_read(struct tui_config *c, const char *text, char *why, size_t size);

/*
 * Returns the lines of @old with the settings of @c, for free(): lines that are comments or not
 * understood stay, settings that @old has not are added.  NULL: no memory.
 */
char *tui_config_write(const struct tui_config *c, const char *old);
