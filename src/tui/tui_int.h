/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tui_int.h - struct tui, the state behind tui_state.h, for tui_*.c of this folder only. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/columns.h"
#include "tui/tui_grid.h"
#include "tui/tui_keys.h"
#include "tui/tui_state.h"

enum tui_pane {
	TUI_PANE_VMAS,
	TUI_PANE_GRID,
	TUI_PANE_PLOT,
	TUI_PANE_DETAIL,
	TUI_PANE_TIME,
	TUI_PANE_FAMILY,
	TUI_PANES
};

enum tui_view {
	TUI_VIEW_MAIN,
	TUI_VIEW_DETAIL,
	TUI_VIEW_TEXT,
	TUI_VIEW_PICKER,
	TUI_VIEW_SORT,
	TUI_VIEW_SETUP,
};

enum tui_prompt {
	TUI_PROMPT_NONE,
	TUI_PROMPT_SEARCH,
	TUI_PROMPT_FILTER,
	TUI_PROMPT_JUMP,
};

struct tui_layout {
	bool too_small, narrow; /* narrow: lines of words */
	bool alone;             /* one pane at a time */
	bool shown[TUI_PANES];
	struct tui_rect header, body, bar, pane[TUI_PANES]; /* without its title line */
};

/* The grid's cells, kept until their pages change. */
struct tui_gridview {
	struct tui_map map;
	struct tui_mapkey {                /* what the map was made of */
		const struct store *store; /* and its state, when cells are folios */
		u64 generation, start, end;
		pid_t pid;
		unsigned zoom;
	} map_key;
	u64 top; /* first cell on the screen, a multiple of ->per_row */
	int per_row, rows, label, legend;
	unsigned geometry_zoom;
	struct tui_gridkey { /* what the cells were made of */
		const struct store *store;
		u64 vma, first;
		size_t n;
		pid_t pid;
		unsigned lens, zoom, filter_generation;
	} key;
	size_t n, room;
	struct tui_shown {
		struct tui_gridcell as;
		bool valid, recent;
		u32 changed; /* STORE_* bits against the mark, when comparing */
	} * cell;
	u64 changed_generation;
};

/* Bytes by letter of a mapping, counted once until it changes. */
struct tui_bar {
	const struct store *store;
	pid_t pid;
	u64 start, end;
	u64 generation; /* of a past store; ranges invalidate the live one */
	u64 time_ns;
	u8 lens;
	bool stale; /* to be counted again; large ones not at once */
	u64 bytes[TUI_GLYPHS];
};
#define TUI_BARS 128

struct tui {
	struct tui_options opt;
	struct tui_config config;
	struct tui_screen screen;
	struct tui_layout layout;
	struct tui_status status;
	struct tui_history history;
	u64 now_ns;
	const struct store *live; /* borrowed */
	u64 generation;           /* counts changes of the shown store */
	bool is_live, follow;
	bool touched; /* the user has moved the cursor */
	size_t at;    /* the shown moment when not live; see tui_state_at() */
	struct store *mark_store;
	bool diff;
	bool alone;                /* the pane with the focus fills the screen */
	u8 focus, view[8], nviews; /* enum tui_view; view[nviews - 1] is on top */
	pid_t pid;
	u64 addr;   /* under the cursor */
	u64 wanted; /* where the user put the cursor, mapped or not */
	unsigned zoom;
	u64 zoomed; /* the mapping whose zoom the user chose */
	u8 lens;
	size_t vma_top, time_top;
	unsigned time_skip; /* lines of the moment at the top that are above it */
	unsigned detail_top;
	struct tui_gridview grid;
	/* Sorted mappings. */
	struct tui_bar *bar; /* TUI_BARS, by address */
	bool sorted_stale;
	u32 *sorted;
	size_t nsorted;
	/* Text on top. */
	struct tui_text text;
	char title[80];
	unsigned text_top;
	u8 prompt; /* enum tui_prompt */
	char input[200];
	size_t input_len;
	char search[200], filter_text[200];
	struct filter *filter, *find; /* the filter; the search, if an expression */
	unsigned filter_generation;
	struct tui_proc *procs;
	size_t nprocs, proc_at, proc_top;
	bool procs_stale; /* to be sorted */
	u8 menu_table;    /* enum tui_table */
	size_t menu_at;
	unsigned menu_top;
	struct tui_span_of_bar {
		int x, end;
		u8 action;
	} bar_key[32]; /* what a click on the key bar does */
	unsigned nbar;
	pid_t picked;
	char message[200];
	u8 message_role;
};

/* ---- tui_state.c */
const struct store *tui_state_store(const struct tui *t); /* the one shown, or NULL */
const struct store_process *tui_state_process(const struct tui *t);
/* Returns the name of a mapping of this process without its folders, or what it is. */
const char *tui_state_what(const struct tui *t, const struct store_vma *v);
const struct store_vma *tui_state_vma(const struct tui *t);
/* Moves the cursor. */
void tui_state_cursor(struct tui *t, u64 addr);
/* Returns the index of the shown moment when not live. */
size_t tui_state_at(const struct tui *t);
void tui_state_open(struct tui *t, enum tui_view view);
/* Moves the cursor to the place of @m if it is to follow. */
void tui_state_follow(struct tui *t, const struct tui_moment *m);
/* Selects process and mapping again after the store has changed. */
void tui_state_settle(struct tui *t);

/* ---- tui_actions.c */
enum tui_request tui_actions_do(struct tui *t, enum tui_action action);

/* ---- tui_layout.c */
void tui_layout_make(const struct tui *t, struct tui_layout *ret);

/* ---- tui_time.c: where in time */
void tui_time_goto(struct tui *t, size_t moment);
void tui_time_step(struct tui *t, int by, bool events);
void tui_time_pause(struct tui *t);
void tui_time_now(struct tui *t);
void tui_time_mark(struct tui *t);
void tui_time_changes(struct tui *t, struct tui_text *ret);
/* Returns "LIVE", "PAUSED" or "REPLAY" and its role. */
const char *tui_time_word(const struct tui *t, u8 *ret_role);

/* ---- tui_list.c: rows of the columns that text output has (columns.def) */
struct tui_list {
	const struct tui_columns *cols;
	int bar; /* width of the caller's column before the last; 0: none */
	int width[TUI_COLUMNS_MAX]; /* 0: not shown */
};
/* Sets widths for @w columns; the caller's column, if it has one, and the last share what is left. */
void tui_list_fit(struct tui_list *l, const struct tui_columns *cols, bool bar, int w);
/* Puts the names of the columns; @own is the title of the caller's. */
void tui_list_titles(const struct tui_list *l, struct tui_screen *s, int x, int y,
		     const char *own);
/* Returns the column at @x of a row that begins at 0, or NULL. */
const struct column *tui_list_at(const struct tui_list *l, int x);
/*
 * Puts a row, its first column in the role @first; its sums are "?" unless @known.  Returns where the
 * caller's column begins.
 */
int tui_list_row(const struct tui_list *l, struct tui_screen *s, int x, int y,
		 const struct report_row *row, bool known, u8 first);
/* Returns the first line, of @n in @rows, so that line @at is shown, near @top. */
size_t tui_list_top(size_t top, size_t at, size_t n, int rows);

/* Returns by how many lines @action scrolls what has @rows of them on the screen; 0: it does not. */
int tui_list_lines(enum tui_action action, int rows);
/* Sorts by a column, or the other way round if it is sorted by it. */
void tui_list_sort(struct tui *t, enum tui_table table, const struct column *by);

/* ---- tui_vmas.c: the list of mappings */
void tui_vmas_sort(struct tui *t);
void tui_vmas_move(struct tui *t, s64 by);
/* Has the letters of mappings in this range counted again. */
void tui_vmas_invalidate(struct tui *t, u64 start, u64 end);
/* Returns the bytes of each letter in @v. */
const u64 *tui_vmas_letters(const struct tui *t, const struct store_vma *v);
void tui_vmas_click(struct tui *t, int x, int line);
void tui_vmas_draw(struct tui *t);

/* ---- tui_pages.c: the grid pane */
/* Brings map, geometry and cells up to date; false when there is nothing to show. */
bool tui_pages_prepare(struct tui *t);
/* Keeps the zoom of this mapping: the user chose it. */
void tui_pages_chosen(struct tui *t);
void tui_pages_invalidate(struct tui *t, u64 start, u64 end);
void tui_pages_move(struct tui *t, int dx, int dy);
void tui_pages_end(struct tui *t, bool last);
void tui_pages_click(struct tui *t, int x, int y);
void tui_pages_draw(struct tui *t);
void tui_pages_deinit(struct tui *t);

/* ---- tui_detail.c: one page in words */
void tui_detail_text(const struct tui *t, int width, bool full, struct tui_text *ret);

/* ---- tui_panes.c: header, timeline, family, key bar */
void tui_panes_header(struct tui *t);
void tui_panes_time(struct tui *t);
/* Returns the lines of the timeline on @w columns, but no more than @most. */
int tui_panes_time_lines(const struct tui *t, int w, int most);
/* Goes to the moment at this line of the pane. */
void tui_panes_time_click(struct tui *t, int line);
/* Makes the whole text of the moment under the cursor. */
void tui_panes_moment(struct tui *t, struct tui_text *ret);
void tui_panes_family(struct tui *t);
void tui_panes_bar(struct tui *t);
void tui_panes_title(struct tui *t, enum tui_pane pane, const char *title);

/* ---- tui_menu.c: choosing the order, and the settings */
void tui_menu_open(struct tui *t, enum tui_view view);
/* Does @action in the open menu; false: the action is not the menu's. */
bool tui_menu_do(struct tui *t, enum tui_action action, enum tui_request *ret);
void tui_menu_text(struct tui *t, struct tui_text *ret);

/* ---- tui_plot.c: memory over time */
void tui_plot_draw(struct tui *t);
void tui_plot_click(struct tui *t, int x);

/* ---- tui_prompt.c: search, filter, jump */
void tui_prompt_open(struct tui *t, enum tui_prompt prompt);
void tui_prompt_key(struct tui *t, u32 key);
/* Types @key into the input; false: it is not one that types. */
bool tui_prompt_type(struct tui *t, u32 key);
void tui_prompt_find(struct tui *t, int direction);

/* ---- tui_picker.c */
void tui_picker_click(struct tui *t, int x, int line);
enum tui_request tui_picker_do(struct tui *t, enum tui_action action);
void tui_picker_draw(struct tui *t);
