/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tui.h - the terminal: paints a screen, reads keys, and gives the terminal back whatever
 * happens.
 *
 * Only tui.c includes curses.  From tui_start() to tui_stop() it owns these signals: SIGTERM,
 * SIGHUP, SIGINT and SIGQUIT end the loop by TUI_KEY_END_SIGNAL; SIGSEGV, SIGBUS, SIGABRT,
 * SIGFPE and SIGILL restore the terminal and then do what they always do.
 */
#pragma once

#include "os/dynlib.h"
#include "tui/tui_config.h"
#include "tui/tui_keys.h"

#define TUI_KEY_END_SIGNAL (TUI_KEY_LAST + 1)

/*
 * Takes the terminal, as tui_look() does; @load is dynlib_load(), by which it finds curses.  Returns 0, or -errno
 * with a sentence in @why.
 */
int tui_start(dynlib_loader *load, u8 scheme, bool mouse, char *why, size_t why_size);
/* Shows colours of enum tui_scheme from now on, and takes the mouse or leaves it. */
void tui_look(u8 scheme, bool mouse);
/* Gives the terminal back.  Safe to call at any time. */
void tui_stop(void);

void tui_size(int *ret_cols, int *ret_rows);

/*
 * Waits at most @timeout_ms for a key (tui_keys.h).  TUI_KEY_NONE: none came; TUI_KEY_RESIZE:
 * call tui_size(); TUI_KEY_MOUSE: a click at (*@ret_x, *@ret_y), and likewise the wheel;
 * TUI_KEY_END_SIGNAL: a signal asks gupinfo to end, see tui_signal().
 */
u32 tui_key(int timeout_ms, int *ret_x, int *ret_y);
/* Returns the signal that asked gupinfo to end, or 0. */
int tui_signal(void);

/* Paints @s; sends only what has changed, or with @afresh everything. */
void tui_paint(const struct tui_screen *s, bool afresh);

/* Ctrl-Z: gives the terminal back, stops gupinfo, takes the terminal again. */
void tui_suspend(void);
