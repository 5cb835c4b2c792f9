/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tui_state.h - the interactive view without a terminal: keys and stores in, a screen out.
 *
 * It has no clock and reads no process or file; it returns requests to the caller, who loops:
 * tui_view_key() returns a request; tui_state_visible() returns what to read again, then comes
 * tui_view_changed(); tui_view_draw() returns what to paint.  The live store is borrowed;
 * history and screen are its own.
 */
#pragma once

#include "report/store.h"
#include "tui/tui_config.h"
#include "tui/tui_history.h"
#include "tui/tui_text.h"

struct tui;

struct tui_options {
	int cols, rows;
	bool ascii;                      /* no UTF-8 */
	bool follow;                     /* the cursor moves to where an event happens */
	bool replay;                     /* a recording: no process behind it */
	const char *name;                /* of the recording, escaped; may be NULL */
	const struct tui_config *config; /* copied; NULL: as without a file */
};

enum tui_target {
	TUI_TARGET_SAMPLED, /* it runs, gupinfo only reads */
	TUI_TARGET_RUNNING, /* traced and running */
	TUI_TARGET_STOPPED, /* traced and standing still */
	TUI_TARGET_GONE,
};

/* State that the caller knows and the header shows. */
struct tui_status {
	u8 target;          /* enum tui_target */
	bool stepping;      /* a traced target will stop at its next event */
	char where[80];     /* of a stopped target: "after fork() = 4243" */
	double scan_ms;     /* the last reading of pages */
	double cpu_percent; /* of one core, for all of gupinfo */
	double age_s;       /* of the oldest page of the family; < 0 unknown */
	double seen_s;      /* time of the last reading, since the session's start */
	double refreshes;   /* per second */
	char problem[160];  /* missing facts, or "" */
};

/* What the caller has to do after a key. */
enum tui_request {
	TUI_REQUEST_NONE,
	TUI_REQUEST_QUIT,
	TUI_REQUEST_REDRAW,   /* the terminal may be garbled */
	TUI_REQUEST_WHO,      /* of tui_state_addr(); answer by tui_state_text() */
	TUI_REQUEST_SAVE,     /* answer by tui_state_message() */
	TUI_REQUEST_STEP,     /* let the target run to its next event */
	TUI_REQUEST_GO,       /* let the target run without stopping */
	TUI_REQUEST_STOP,     /* stop the target at events again */
	TUI_REQUEST_PICK,     /* fill the picker: tui_picker_rows() */
	TUI_REQUEST_PICKED,   /* tui_state_picked() was chosen */
	TUI_REQUEST_TERMINAL, /* colours or mouse of tui_state_config() have changed */
	TUI_REQUEST_KEEP,     /* keep tui_state_config(); answer by tui_state_message() */
};

/* A row of the process picker; its totals count bytes, not pages. */
struct tui_proc {
	struct process process;
	struct report_totals totals;
};

/* Returns NULL without memory. */
struct tui *tui_view_new(const struct tui_options *opt);
void tui_view_free(struct tui *t);
/* Returns 0 or -ENOMEM. */
int tui_state_resize(struct tui *t, int cols, int rows);

/* Sets the present store, borrowed until the next call; NULL: nothing is known yet. */
void tui_state_live(struct tui *t, const struct store *live);
/* The live store has changed in [start, end) of @pid. */
void tui_view_changed(struct tui *t, pid_t pid, u64 start, u64 end);
/* The caller adds moments to it. */
struct tui_history *tui_state_history(struct tui *t);
/* The caller has added a moment: the view follows it unless it is paused. */
void tui_view_moment(struct tui *t);
/* Sets the time since the session's start. */
void tui_state_now(struct tui *t, u64 time_ns);
const struct tui_config *tui_state_config(const struct tui *t);
struct tui_status *tui_state_status(struct tui *t);
void tui_state_message(struct tui *t, u8 role, const char *fmt, ...) PRINTF(3, 4);
/* Opens a page of text on top; takes over @text's content. */
void tui_state_text(struct tui *t, const char *title, struct tui_text *text);
/* Opens (or refreshes) the process picker; copies the rows. */
void tui_picker_rows(struct tui *t, const struct tui_proc *rows, size_t n);
pid_t tui_state_picked(const struct tui *t);

/* Handles a key (tui_keys.h). */
enum tui_request tui_view_key(struct tui *t, u32 key);
/* Handles TUI_KEY_MOUSE or a turn of the wheel at (@x, @y). */
enum tui_request tui_view_mouse(struct tui *t, u32 key, int x, int y);

/* Return the process and page under the cursor; 0 when there is none. */
pid_t tui_state_pid(const struct tui *t);
u64 tui_state_addr(const struct tui *t);
u32 tui_state_page_size(const struct tui *t); /* of a base page */
/* Returns the range of pages on the screen; empty unless the present is shown. */
void tui_state_visible(const struct tui *t, pid_t *ret_pid, u64 *ret_start, u64 *ret_end);
/* Moves the cursor to this page (of the selected process). */
void tui_state_goto(struct tui *t, pid_t pid, u64 addr);

/* Draws; the screen is valid until the next call. */
const struct tui_screen *tui_view_draw(struct tui *t);
