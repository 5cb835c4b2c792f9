/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tui_state.h - the interactive view without a terminal: keys and stores in, a screen out.
 *
 * Knows: cursor, scroll, zoom, lens, filter, search, mark, time, panes, what a key does.
 * Never: curses, clocks, processes, files; it reads stores and says what it would like to have.
 * Owns: its history and screen; the live store is borrowed.
 *
 *	loop:	tui_view_key() -> something the caller has to do
 *		tui_state_visible() -> what to read again; then tui_view_changed()
 *		tui_view_draw() -> what to paint
 */
#ifndef GUPINFO_TUI_STATE_H
#define GUPINFO_TUI_STATE_H

#include "report/store.h"
#include "tui/tui_history.h"
#include "tui/tui_text.h"

struct tui;

struct tui_options {
	int cols, rows;
	bool ascii;       /* no UTF-8 */
	bool follow;      /* the cursor goes where an event happens */
	bool replay;      /* a recording: no process behind it */
	const char *name; /* of the recording, escaped; may be NULL */
};

enum tui_target {
	TUI_TARGET_SAMPLED, /* runs, gupinfo only looks */
	TUI_TARGET_RUNNING, /* traced and running */
	TUI_TARGET_STOPPED, /* traced and standing still */
	TUI_TARGET_GONE,
};

/* What the caller knows and the header shows. */
struct tui_status {
	u8 target;          /* enum tui_target */
	bool stepping;      /* a traced target will stop at its next event */
	char where[80];     /* of a stopped target: "after fork() = 4243" */
	double scan_ms;     /* the last read of pages */
	double cpu_percent; /* of one core, all of gupinfo */
	double age_s;       /* of the oldest page on the screen; < 0 unknown */
	double seen_s;      /* when pages were read last, since the session's start */
	double refreshes;   /* a second */
	u64 scanned_pages;  /* by the last read */
	char problem[160];  /* facts that are missing, "" */
};

/* What the caller has to do after a key. */
enum tui_request {
	TUI_REQUEST_NONE,
	TUI_REQUEST_QUIT,
	TUI_REQUEST_REDRAW, /* the terminal may be spoilt */
	TUI_REQUEST_WHO, /* tui_state_pid(), tui_state_addr(); answer by tui_state_text() */
	TUI_REQUEST_SAVE,   /* answer by tui_state_message() */
	TUI_REQUEST_STEP,   /* the target: on to its next event */
	TUI_REQUEST_GO,     /* the target: on without stopping */
	TUI_REQUEST_STOP,   /* the target: stop at events again */
	TUI_REQUEST_PICK,   /* wants rows: tui_view_procs() */
	TUI_REQUEST_PICKED, /* tui_state_picked() was chosen */
};

/* A row of the process picker. */
struct tui_proc {
	pid_t pid;
	char comm[64]; /* escaped */
	u64 rss_bytes, shared_bytes, pinned_bytes;
	bool has_shared, has_pinned; /* else not known */
};

/* NULL: no memory. */
struct tui *tui_view_new(const struct tui_options *opt);
void tui_view_free(struct tui *t);
/* Returns 0 or -ENOMEM. */
int tui_state_resize(struct tui *t, int cols, int rows);

/* The present: borrowed until the next call; NULL: nothing is known yet. */
void tui_state_live(struct tui *t, const struct store *live);
/* The live store changed in [start, end) of @pid. */
void tui_view_changed(struct tui *t, pid_t pid, u64 start, u64 end);
/* Moments are added here by the caller. */
struct tui_history *tui_state_history(struct tui *t);
/* A moment was added: the view follows it unless it is paused. */
void tui_view_moment(struct tui *t);
/* Time since the session's start. */
void tui_state_now(struct tui *t, u64 time_ns);
struct tui_status *tui_state_status(struct tui *t);
void tui_state_message(struct tui *t, u8 role, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Opens a page of text on top; takes @text's content. */
void tui_state_text(struct tui *t, const char *title, struct tui_text *text);
/* Opens (or refreshes) the process picker; rows are copied. */
void tui_view_procs(struct tui *t, const struct tui_proc *rows, size_t n);
pid_t tui_state_picked(const struct tui *t);

/* A key (tui_keys.h). */
enum tui_request tui_view_key(struct tui *t, u32 key);
/* A click at (@x, @y). */
enum tui_request tui_view_click(struct tui *t, int x, int y);

/* The process and the page under the cursor; 0 when there is none. */
pid_t tui_state_pid(const struct tui *t);
u64 tui_state_addr(const struct tui *t);
/* The range whose pages are on the screen; empty when the picture stands still. */
void tui_state_visible(const struct tui *t, pid_t *ret_pid, u64 *ret_start, u64 *ret_end);
/* The picture follows the present. */
bool tui_state_is_live(const struct tui *t);
/* Looks at this page (of the selected process). */
void tui_state_goto(struct tui *t, pid_t pid, u64 addr);

/* Shows only what passes the --filter expression @text; says why when it is none. */
void tui_view_filter(struct tui *t, const char *text);

/* Draws; the screen is valid until the next call. */
const struct tui_screen *tui_view_draw(struct tui *t);

#endif
