/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tui_script FILE.steps - plays keys to the interactive view and prints its screens.
 *
 *	size 80x24	ascii	utf8	data SCENE [replay]	before the first key
 *	keys Down l C-f …	key names of tui_keys.def
 *	type TEXT		a key for each character
 *	click X,Y  wheel X,Y	the mouse; the wheel turns down
 *	resize 40x12		another size
 *	stopped TEXT		the target stands still
 *	age SECONDS		what the totals are made of was read then
 *	screen			prints the screen
 *	roles			prints a letter for each cell's role and attributes
 *	requests		prints what the last keys asked the program for
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "scenes.h"
#include "tui/tui_keys.h"

static struct tui_options opt = { .cols = 80, .rows = 24 };
static struct tui *t;
static struct store *live;
static char requests[400];

static void fail(const char *file, unsigned line, const char *text)
{
	fprintf(stderr, "%s:%u: %s\n", file, line, text);
	exit(2);
}

static void key(u32 k)
{
	static const char *const names[] = { "none", "quit",   "redraw",   "who",
					     "save", "step",   "go",       "stop",
					     "pick", "picked", "terminal", "keep" };
	enum tui_request r = tui_view_key(t, k);

	tui_view_draw(t);
	if (r)
		snprintf(requests + strlen(requests), sizeof(requests) - strlen(requests),
			 " %s", names[r]);
}

static bool keys(char *arg)
{
	char *save, *name;

	for (name = strtok_r(arg, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
		u32 k = tui_keys_by_name(name, strlen(name));

		if (!k)
			return false;
		key(k);
	}
	return true;
}

/* Prints the screen as lines without trailing blanks. */
static void print_screen(void)
{
	const struct tui_screen *s = tui_view_draw(t);

	for (int i = 0; i < s->cols; i++)
		putchar('=');
	putchar('\n');
	for (int y = 0; y < s->rows; y++) {
		const struct tui_cell *c = &s->cell[y * s->cols];
		int n = s->cols;

		while (n && c[n - 1].ch == ' ')
			n--;
		for (int x = 0; x < n; x++)
			if (c[x].ch)
				printf("%lc", (wint_t)c[x].ch);
		putchar('\n');
	}
}

static void print_roles(void)
{
	const struct tui_screen *s = tui_view_draw(t);
	static const char *const names[] = {
#define ROLE(id, ...) #id,
#include "tui/tui_roles.def"
	};

	for (int y = 0; y < s->rows; y++) {
		int last = -1;

		printf("%d:", y);
		for (int x = 0; x < s->cols; x++) {
			const struct tui_cell *c = &s->cell[y * s->cols + x];
			int now = c->role << 8 | c->attr;

			if (now != last)
				printf(" %d %s%s%s", x, names[c->role],
				       c->attr & TUI_REVERSE ? "+reverse" : "",
				       c->attr & TUI_RECENT ? "+recent" : "");
			last = now;
		}
		putchar('\n');
	}
}

static bool command(char *cmd, char *arg)
{
	int cols, rows;

	if (!strcmp(cmd, "size")) {
		return sscanf(arg, "%dx%d", &opt.cols, &opt.rows) == 2;
	} else if (!strcmp(cmd, "ascii") || !strcmp(cmd, "utf8")) {
		opt.ascii = !strcmp(cmd, "ascii");
	} else if (!strcmp(cmd, "data")) {
		char *replay = strchr(arg, ' ');

		opt.replay = replay != NULL;
		opt.name = "report.txt";
		if (replay)
			*replay = '\0';
		tui_view_free(t);
		store_free(live);
		t = tui_view_new(&opt);
		if (!t || !scenes_load(t, arg, &live))
			return false;
		if (opt.replay)
			tui_state_live(t, NULL);
		tui_view_draw(t);
	} else if (!t) {
		return false;
	} else if (!strcmp(cmd, "keys")) {
		return keys(arg);
	} else if (!strcmp(cmd, "type")) {
		for (; *arg; arg++)
			key((u8)*arg);
	} else if (!strcmp(cmd, "click") || !strcmp(cmd, "wheel")) {
		if (sscanf(arg, "%d,%d", &cols, &rows) != 2)
			return false;
		tui_view_mouse(t, cmd[0] == 'c' ? TUI_KEY_MOUSE : TUI_KEY_WHEEL_DOWN,
			       cols, rows);
		tui_view_draw(t);
	} else if (!strcmp(cmd, "resize")) {
		return sscanf(arg, "%dx%d", &cols, &rows) == 2 &&
		       !tui_state_resize(t, cols, rows);
	} else if (!strcmp(cmd, "stopped")) {
		tui_state_status(t)->target = TUI_TARGET_STOPPED;
		snprintf(tui_state_status(t)->where, sizeof(tui_state_status(t)->where),
			 "%s", arg);
	} else if (!strcmp(cmd, "gone")) {
		tui_state_status(t)->target = TUI_TARGET_GONE;
		tui_state_status(t)->seen_s = atof(arg);
	} else if (!strcmp(cmd, "age")) {
		tui_state_status(t)->age_s = atof(arg);
	} else if (!strcmp(cmd, "screen")) {
		print_screen();
	} else if (!strcmp(cmd, "roles")) {
		print_roles();
	} else if (!strcmp(cmd, "requests")) {
		printf("requests:%s\n", requests);
		requests[0] = '\0';
	} else {
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	FILE *f = argc == 2 ? fopen(argv[1], "re") : NULL;
	char line[400];

	setlocale(LC_ALL, "C.UTF-8");
	if (!f)
		fail(argv[0], 0, "needs a file of steps");
	for (unsigned n = 1; fgets(line, sizeof(line), f); n++) {
		line[strcspn(line, "\n")] = '\0';
		char *arg = strchr(line, ' ');
		if (arg)
			*arg++ = '\0';
		if (line[0] && line[0] != '#' &&
		    !command(line, arg ? arg : line + strlen(line)))
			fail(argv[1], n, line);
	}
	fclose(f);
	tui_view_free(t);
	store_free(live);
	return 0;
}
