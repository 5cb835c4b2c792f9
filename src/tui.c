/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

/* curses comes last because it defines many short macros. */
#include "tui.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1
#include <curses.h>

char *tigetstr(const char *name); /* term.h defines even more */

#define CURSES_SYMBOLS(X)     \
	X(clear)              \
	X(curs_set)           \
	X(def_prog_mode)      \
	X(delscreen)          \
	X(endwin)             \
	X(get_wch)            \
	X(getmouse)           \
	X(has_colors)         \
	X(init_pair)          \
	X(intrflush)          \
	X(keypad)             \
	X(mouseinterval)      \
	X(mousemask)          \
	X(mvadd_wch)          \
	X(newterm)            \
	X(noecho)             \
	X(nonl)               \
	X(raw)                \
	X(refresh)            \
	X(reset_prog_mode)    \
	X(set_escdelay)       \
	X(setcchar)           \
	X(start_color)        \
	X(tigetstr)           \
	X(use_default_colors) \
	X(wtimeout)           \
	X(COLORS)             \
	X(COLOR_PAIRS)        \
	X(COLS)               \
	X(LINES)              \
	X(stdscr)

/* Its functions, and its variables by address. */
LAZY_FUNCTIONS(lib, CURSES_SYMBOLS);
LAZY_NOTE(NCURSESW, "the terminal interface");

static const int end_signals[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT };
static const int crash_signals[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };

static struct {
	bool on;
	SCREEN *screen;
	u8 scheme; /* enum tui_scheme */
	int colors;
	struct termios termios;
	char restore[256]; /* resets the terminal; a signal handler can write it */
	size_t restore_len;
	struct tui_cell *shown; /* what the terminal shows */
	int cols, rows;
	struct sigaction old_end[ARRAY_SIZE(end_signals)];
	struct sigaction old_crash[ARRAY_SIZE(crash_signals)];
} term;

static volatile sig_atomic_t end_signal;

/* ---- signals */

static void on_end(int sig)
{
	end_signal = sig;
}

/* Async-signal-safe: the strings were made in advance. */
static void on_crash(int sig)
{
	ssize_t n = write(STDOUT_FILENO, term.restore, term.restore_len);

	(void)n;
	tcsetattr(STDIN_FILENO, TCSANOW, &term.termios);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void take_signals(void)
{
	struct sigaction end = { .sa_handler = on_end };
	struct sigaction crash = { .sa_handler = on_crash,
				   .sa_flags = (int)SA_RESETHAND };

	for (unsigned i = 0; i < ARRAY_SIZE(end_signals); i++)
		sigaction(end_signals[i], &end, &term.old_end[i]);
	for (unsigned i = 0; i < ARRAY_SIZE(crash_signals); i++)
		sigaction(crash_signals[i], &crash, &term.old_crash[i]);
}

static void give_signals(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(end_signals); i++)
		sigaction(end_signals[i], &term.old_end[i], NULL);
	for (unsigned i = 0; i < ARRAY_SIZE(crash_signals); i++)
		sigaction(crash_signals[i], &term.old_crash[i], NULL);
}

int tui_signal(void)
{
	return end_signal;
}

/* Returns NULL where the terminal cannot do that. */
static const char *capability(const char *name)
{
	const char *s = lib.tigetstr(name);

	return s == (char *)-1 ? NULL : s;
}

static void add_restore(const char *name)
{
	const char *s = capability(name);

	if (!s || term.restore_len + strlen(s) >= sizeof(term.restore))
		return;
	/* Skip padding like $<50>, which only curses understands. */
	for (; *s; s++) {
		if (s[0] == '$' && s[1] == '<' && strchr(s, '>'))
			s = strchr(s, '>');
		else
			term.restore[term.restore_len++] = *s;
	}
}

static void make_restore(void)
{
	static const char mouse_off[] = "\033[?1000l\033[?1006l";

	term.restore_len = 0;
	if (capability("kmous")) {
		memcpy(term.restore, mouse_off, sizeof(mouse_off) - 1);
		term.restore_len = sizeof(mouse_off) - 1;
	}
	add_restore("sgr0");
	add_restore("cnorm");
	add_restore("rmkx");
	add_restore("rmcup");
}

/* ---- colours */

static const struct {
	s16 fg8;
	struct {
		s16 fg, bg;
	} of[TUI_SCHEME_NONE];
	u8 attr;
} roles[TUI_ROLES] = {
#define ROLE(id, f8, f1, b1, f2, b2, f3, b3, a)                      \
	[TUI_##id] = { .fg8 = f8,                                    \
		       .of = { { f1, b1 }, { f2, b2 }, { f3, b3 } }, \
		       .attr = a },
#include "tui/tui_roles.def"
};

/* The background of what has just changed. */
static const short recent_bg[TUI_SCHEME_NONE] = { 238, 252, 238 };

/* With 256 colours each role has a pair, and one for its recent form; else each colour has one. */
static void make_colors(void)
{
	term.colors = 0;
	if (term.scheme == TUI_SCHEME_NONE || !lib.has_colors() ||
	    lib.start_color() == ERR)
		return;
	lib.use_default_colors();
	term.colors = *lib.COLORS;
	if (term.colors >= 256 && *lib.COLOR_PAIRS > 2 * TUI_ROLES) {
		for (short i = 0; i < TUI_ROLES; i++) {
			short fg = roles[i].of[term.scheme].fg,
			      bg = roles[i].of[term.scheme].bg;

			lib.init_pair((short)(1 + i), fg, bg);
			lib.init_pair((short)(1 + TUI_ROLES + i), fg,
				      bg >= 0 ? bg : recent_bg[term.scheme]);
		}
		return;
	}
	term.colors = MIN(term.colors, 16);
	for (short i = 0; i < 8 && i < *lib.COLOR_PAIRS - 1; i++)
		lib.init_pair((short)(i + 1), i, -1);
}

static attr_t attributes(u8 attr)
{
	attr_t a = A_NORMAL;

	if (attr & TUI_BOLD)
		a |= A_BOLD;
	if (attr & TUI_FAINT)
		a |= A_DIM;
	if (attr & TUI_UNDERLINE)
		a |= A_UNDERLINE;
	if (attr & TUI_REVERSE)
		a |= A_REVERSE;
	if (attr & TUI_RECENT)
		a = (a & ~A_DIM) | A_BOLD;
	return a;
}

static attr_t look(const struct tui_cell *c, short *pair)
{
	u8 role = c->role, attr = roles[role].attr;

	*pair = 0;
	if (term.colors >= 256) {
		*pair = (short)(1 + role + (c->attr & TUI_RECENT ? TUI_ROLES : 0));
		if (roles[role].of[term.scheme].bg >=
		    0) /* the background shows it already */
			attr &= (u8)~TUI_REVERSE;
		attr &= (u8)~TUI_FAINT; /* a grey of its own */
	} else if (term.colors && roles[role].fg8 >= 0) {
		*pair = (short)(roles[role].fg8 + 1);
	}
	attr_t a = attributes(attr) ^ (c->attr & TUI_REVERSE ? A_REVERSE : A_NORMAL);
	return a | attributes((u8)(c->attr & ~TUI_REVERSE));
}

/* ---- life */

void tui_look(u8 scheme, bool mouse)
{
	term.scheme = scheme;
	make_colors();
	lib.mousemask(mouse ? BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON4_PRESSED |
				      BUTTON5_PRESSED
			    : 0,
		      NULL);
	free(term.shown); /* all of it is painted again */
	term.shown = NULL;
}

int tui_start(dynlib_loader *load, u8 scheme, bool mouse, char *why, size_t why_size)
{
	const char *name = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		snprintf(
			why, why_size,
			"--tui needs a terminal on standard input and output; --pages or --trace write text");
		return -EINVAL;
	}
	if (!name || !*name || !strcmp(name, "dumb") || !strcmp(name, "unknown")) {
		snprintf(
			why, why_size,
			"--tui needs a terminal that can move its cursor, TERM is '%s'; --pages or --trace write text",
			name ? name : "");
		return -EINVAL;
	}
	if (load(NCURSESW, lib_names, ARRAY_SIZE(lib_names), &lib)) {
		snprintf(why, why_size,
			 "--tui needs " NCURSESW ", which is not installed");
		return -ELIBACC;
	}
	if (tcgetattr(STDIN_FILENO, &term.termios))
		memset(&term.termios, 0, sizeof(term.termios));
	lib.set_escdelay(50);
	term.screen = lib.newterm(NULL, stdout, stdin);
	if (!term.screen) {
		snprintf(why, why_size,
			 "the terminal type '%.40s' is not known here; try TERM=vt100",
			 name);
		return -EINVAL;
	}
	if (!capability("cup")) {
		tui_stop();
		snprintf(why, why_size,
			 "the terminal type '%.40s' cannot move its cursor", name);
		return -EINVAL;
	}
	term.on = true;
	end_signal = 0;
	make_restore();
	take_signals();
	lib.raw();
	lib.noecho();
	lib.nonl();
	lib.keypad(*lib.stdscr, TRUE);
	lib.intrflush(*lib.stdscr, FALSE);
	lib.curs_set(0);
	tui_look(scheme, mouse);
	lib.mouseinterval(0);
	return 0;
}

void tui_stop(void)
{
	if (!term.screen)
		return;
	if (term.on)
		lib.mousemask(0, NULL);
	lib.endwin();
	lib.delscreen(term.screen);
	term.screen = NULL;
	free(term.shown);
	term.shown = NULL;
	if (term.on)
		give_signals();
	term.on = false;
}

void tui_suspend(void)
{
	lib.def_prog_mode();
	lib.endwin();
	raise(SIGSTOP);
	lib.reset_prog_mode();
	lib.refresh();
	free(term.shown);
	term.shown = NULL;
}

void tui_size(int *ret_cols, int *ret_rows)
{
	*ret_cols = *lib.COLS;
	*ret_rows = *lib.LINES;
}

/* ---- keys */

static u32 mouse_key(int *ret_x, int *ret_y)
{
	MEVENT e;

	if (lib.getmouse(&e) != OK)
		return TUI_KEY_NONE;
	*ret_x = e.x;
	*ret_y = e.y;
	if (e.bstate & BUTTON4_PRESSED)
		return TUI_KEY_WHEEL_UP;
	if (e.bstate & BUTTON5_PRESSED)
		return TUI_KEY_WHEEL_DOWN;
	return e.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED) ? TUI_KEY_MOUSE
							      : TUI_KEY_NONE;
}

static u32 special_key(wint_t k, int *ret_x, int *ret_y)
{
	static const struct {
		int curses;
		u32 key;
	} keys[] = {
		{ KEY_UP, TUI_KEY_UP },         { KEY_DOWN, TUI_KEY_DOWN },
		{ KEY_LEFT, TUI_KEY_LEFT },     { KEY_RIGHT, TUI_KEY_RIGHT },
		{ KEY_PPAGE, TUI_KEY_PGUP },    { KEY_NPAGE, TUI_KEY_PGDN },
		{ KEY_HOME, TUI_KEY_HOME },     { KEY_END, TUI_KEY_END },
		{ KEY_BTAB, TUI_KEY_BACKTAB },  { KEY_BACKSPACE, TUI_KEY_BACKSPACE },
		{ KEY_DC, TUI_KEY_DELETE },     { KEY_ENTER, TUI_KEY_ENTER },
		{ KEY_RESIZE, TUI_KEY_RESIZE },
	};

	if (k == KEY_MOUSE)
		return mouse_key(ret_x, ret_y);
	if (k > KEY_F0 && k <= KEY_F(12))
		return TUI_KEY_F0 + (u32)(k - KEY_F0);
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
		if ((wint_t)keys[i].curses == k)
			return keys[i].key;
	return TUI_KEY_NONE;
}

u32 tui_key(int timeout_ms, int *ret_x, int *ret_y)
{
	wint_t k;
	int r;

	if (end_signal)
		return TUI_KEY_END_SIGNAL;
	lib.wtimeout(*lib.stdscr, timeout_ms);
	r = lib.get_wch(&k);
	if (end_signal)
		return TUI_KEY_END_SIGNAL;
	if (r == ERR) {
		/* The terminal has gone: every read fails at once. */
		if (timeout_ms && !isatty(STDIN_FILENO)) {
			end_signal = SIGHUP;
			return TUI_KEY_END_SIGNAL;
		}
		return TUI_KEY_NONE;
	}
	return r == KEY_CODE_YES ? special_key(k, ret_x, ret_y) : (u32)k;
}

/* ---- painting */

void tui_paint(const struct tui_screen *s, bool afresh)
{
	size_t n = (size_t)s->cols * (size_t)s->rows;

	if (afresh || !term.shown || term.cols != s->cols || term.rows != s->rows) {
		free(term.shown);
		term.shown = calloc(n, sizeof(*term.shown));
		term.cols = s->cols;
		term.rows = s->rows;
		lib.clear();
	}
	for (int y = 0; y < s->rows && y < *lib.LINES; y++)
		for (int x = 0; x < s->cols && x < *lib.COLS; x++) {
			const struct tui_cell *c = &s->cell[y * s->cols + x];
			struct tui_cell *old =
				term.shown ? &term.shown[y * s->cols + x] : NULL;
			wchar_t ch[2] = { (wchar_t)c->ch, 0 };
			cchar_t out;
			short pair;

			if (old && !memcmp(old, c, sizeof(*c)))
				continue;
			if (old)
				*old = *c;
			if (!c->ch)
				continue; /* the second half of a wide character */
			attr_t a = look(c, &pair);
			if (lib.setcchar(&out, ch, a, pair, NULL) == OK)
				lib.mvadd_wch(y, x, &out);
		}
	lib.refresh();
}
