/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Menus: the column to sort by; colours, mouse and columns. */
#include "tui/tui_int.h"
#include "lib/array.h"

struct item {
	enum { SCHEME, MOUSE, COLUMN } kind;
	u8 scheme;
	const struct column *col;
};

#define ITEMS_MAX 128

/* Returns the place of @col in the table, or its number of columns. */
static unsigned place_of(const struct tui_columns *c, const struct column *col)
{
	return ARRAY_SEEK(i, c->n, c->col[i] == col);
}

/* Makes the items of the open menu; the setup begins with the columns that are shown, as they are. */
static unsigned make_items(const struct tui *t, struct item *ret)
{
	const struct tui_columns *c = &t->config.table[t->menu_table];
	bool setup = t->view[t->nviews - 1] == TUI_VIEW_SETUP;
	unsigned n = 0;

	for (u8 i = 0; setup && i < TUI_SCHEMES; i++)
		ret[n++] = (struct item){ .kind = SCHEME, .scheme = i };
	if (setup)
		ret[n++] = (struct item){ .kind = MOUSE };
	for (unsigned i = 0; setup && i < c->n; i++)
		ret[n++] = (struct item){ .kind = COLUMN, .col = c->col[i] };
	for (unsigned i = 0; i < columns_table_n && n < ITEMS_MAX; i++)
		if (tui_config_has(t->menu_table, &columns_table[i]) &&
		    (!setup || place_of(c, &columns_table[i]) == c->n))
			ret[n++] =
				(struct item){ .kind = COLUMN, .col = &columns_table[i] };
	return n;
}

void tui_menu_open(struct tui *t, enum tui_view view)
{
	struct item item[ITEMS_MAX];

	t->menu_table = t->view[t->nviews - 1] == TUI_VIEW_PICKER ? TUI_TABLE_PROCESSES
								  : TUI_TABLE_MAPPINGS;
	t->menu_at = t->menu_top = 0;
	tui_state_open(t, view);
	for (unsigned i = 0, n = make_items(t, item); i < n; i++)
		if (view == TUI_VIEW_SORT &&
		    item[i].col == t->config.table[t->menu_table].by)
			t->menu_at = i;
}

/* ---- choosing */

/* Shows the column, before the last one, or shows it no more. */
static void toggle(struct tui_columns *c, const struct column *col)
{
	unsigned i = place_of(c, col);

	if (i < c->n && c->n > 1) {
		memmove(&c->col[i], &c->col[i + 1], (--c->n - i) * sizeof(c->col[0]));
	} else if (i == c->n && c->n < TUI_COLUMNS_MAX) {
		c->col[c->n] = c->col[c->n - 1];
		c->col[c->n++ - 1] = col;
	}
}

/* Moves a shown column, and the cursor with it. */
static void shift(struct tui *t, const struct item *item, int by)
{
	struct tui_columns *c = &t->config.table[t->menu_table];
	unsigned i = item->kind == COLUMN ? place_of(c, item->col) : c->n;

	if (i >= c->n || i + (unsigned)by >= c->n)
		return;
	c->col[i] = c->col[i + (unsigned)by];
	c->col[i + (unsigned)by] = item->col;
	t->menu_at += (size_t)by;
}

static enum tui_request choose(struct tui *t, const struct item *item)
{
	if (t->view[t->nviews - 1] == TUI_VIEW_SORT) {
		t->nviews--;
		tui_list_sort(t, t->menu_table, item->col);
		return TUI_REQUEST_NONE;
	}
	if (item->kind == COLUMN) {
		toggle(&t->config.table[t->menu_table], item->col);
		return TUI_REQUEST_NONE;
	}
	if (item->kind == SCHEME)
		t->config.scheme = item->scheme;
	else
		t->config.mouse = !t->config.mouse;
	return TUI_REQUEST_TERMINAL;
}

bool tui_menu_do(struct tui *t, enum tui_action action, enum tui_request *ret)
{
	struct item item[ITEMS_MAX];
	s64 n = (s64)make_items(t, item);
	s64 to = (s64)t->menu_at + tui_list_lines(action, t->layout.body.h - 2);

	switch (action) {
	case TUI_DO_OPEN:
	case TUI_DO_PAUSE: /* the space bar */
		*ret = choose(t, &item[t->menu_at]);
		break;
	case TUI_DO_LEFT:
	case TUI_DO_RIGHT:
		shift(t, &item[t->menu_at], action == TUI_DO_LEFT ? -1 : 1);
		break;
	case TUI_DO_SAVE:
		*ret = TUI_REQUEST_KEEP;
		break;
	case TUI_DO_BACK:
	case TUI_DO_CANCEL:
	case TUI_DO_HELP:
	case TUI_DO_QUIT:
	case TUI_DO_REDRAW:
		return false;
	default:
		t->menu_at = (size_t)MAX(MIN(to, n - 1), 0);
	}
	return true;
}

/* ---- drawing */

static const char *help_of(const struct tui *t, const struct column *col,
			   struct cell *cell)
{
	static const char name[] = "DESCRIPTION";

	if (t->menu_table == TUI_TABLE_PROCESSES && !strcmp(col->name, "PIN"))
		return "what drivers report as pinned (VmPin): a lower bound";

	columns_get(columns_find(COLUMNS_COLUMN, name, sizeof(name) - 1),
		    &(struct report_row){ .item = col }, cell);
	return cell->text;
}

void tui_menu_text(struct tui *t, struct tui_text *ret)
{
	const struct tui_columns *c = &t->config.table[t->menu_table];
	bool sort = t->view[t->nviews - 1] == TUI_VIEW_SORT;
	struct item item[ITEMS_MAX];
	unsigned n = make_items(t, item);
	struct cell cell;

	for (unsigned i = 0; i < n; i++) {
		const struct item *m = &item[i];
		bool on = m->kind == SCHEME  ? t->config.scheme == m->scheme
			  : m->kind == MOUSE ? t->config.mouse
			  : sort             ? c->by == m->col
					     : place_of(c, m->col) < c->n;

		tui_text_add(ret, on ? TUI_GOOD : TUI_DIM,
			     m->kind == COLUMN && !sort ? " [%s] " : " (%s) ",
			     !on                     ? " "
			     : sort && c->descending ? "↓"
			     : sort                  ? "↑"
						     : "x");
		tui_text_more(ret, i == t->menu_at ? TUI_STRONG : TUI_NORMAL, "%-10s ",
			      m->kind == SCHEME  ? tui_config_schemes[m->scheme].name
			      : m->kind == MOUSE ? "mouse"
						 : m->col->name);
		tui_text_more(ret, TUI_DIM, "%s",
			      m->kind == SCHEME  ? tui_config_schemes[m->scheme].text
			      : m->kind == MOUSE ? "click, wheel, titles"
						 : help_of(t, m->col, &cell));
	}
}
