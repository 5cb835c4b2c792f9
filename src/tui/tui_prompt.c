/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>

#include "tui/tui_int.h"

void tui_prompt_open(struct tui *t, enum tui_prompt prompt)
{
	const char *old = prompt == TUI_PROMPT_FILTER ? t->filter_text : "";

	t->prompt = (u8)prompt;
	snprintf(t->input, sizeof(t->input), "%s", old);
	t->input_len = strlen(t->input);
}

/* ---- finding */

/* Parses all of @text as a hexadecimal number, with or without 0x. */
static bool parse_hex(const char *text, u64 *ret)
{
	char *end;

	if (!isxdigit((unsigned char)text[0]))
		return false;
	*ret = strtoull(text, &end, 16);
	return end != text && !*end;
}

/* Finds the next row after (or before) the cursor for which the expression holds. */
static bool find_row(struct tui *t, int direction)
{
	const struct store_process *p = tui_state_process(t);
	size_t n = p ? p->nvmas : 0, at = p ? store_vma_from(p, t->addr) : 0;

	for (size_t k = 0; k <= n && n; k++) {
		size_t i = direction > 0 ? (at + k) % n : (at + n - k % n) % n;
		const struct store_vma *v = &p->vma[i];
		size_t rows = store_nrows(v);

		for (size_t j = 0; j < rows; j++) {
			size_t r = direction > 0 ? j : rows - 1 - j;
			const struct page_run *row = &v->rows->row[r];

			/* First mapping: rows ahead only; last one: the remaining rows. */
			if (k == 0 &&
			    (direction > 0 ? row->addr <= t->addr : row->addr >= t->addr))
				continue;
			struct report_row found = store_report_row(tui_state_store(t), p,
								   v, row, 0, UINT64_MAX);
			if (filter_match(t->find, &found) == TRI_YES) {
				tui_state_cursor(t, MAX(row->addr, v->vma.start));
				return true;
			}
		}
	}
	return false;
}

static bool find_name(struct tui *t, int direction)
{
	const struct store_process *p = tui_state_process(t);
	size_t n = p ? p->nvmas : 0, at = p ? store_vma_from(p, t->addr) : 0;

	for (size_t k = 1; k <= n; k++) {
		size_t i = direction > 0 ? (at + k) % n : (at + 2 * n - k) % n;

		if (strcasestr(p->vma[i].vma.name, t->search) ||
		    strcasestr(tui_state_what(t, &p->vma[i]), t->search)) {
			tui_state_cursor(t, p->vma[i].vma.start);
			return true;
		}
	}
	return false;
}

static bool find_pfn(struct tui *t, u64 pfn)
{
	const struct store *s = tui_state_store(t);
	const struct store_process *p = tui_state_process(t);
	u64 addr;

	for (size_t i = 0; p && i < p->nvmas; i++)
		for (size_t j = 0; j < store_nrows(&p->vma[i]); j++)
			if (store_row_frame(s, &p->vma[i].rows->row[j], pfn, &addr)) {
				tui_state_cursor(t, addr);
				return true;
			}
	return false;
}

/* Scrolls the text on top to the next line with what is searched for. */
static bool find_line(struct tui *t, int direction)
{
	const struct tui_text *x = &t->text;

	for (size_t k = 0; k < x->n; k++) {
		const struct tui_span *s = &x->span[direction > 0 ? k : x->n - 1 - k];

		if ((direction > 0 ? s->line > t->text_top : s->line < t->text_top) &&
		    strcasestr(s->text, t->search)) {
			t->text_top = s->line;
			return true;
		}
	}
	return false;
}

void tui_prompt_find(struct tui *t, int direction)
{
	const struct store_process *p = tui_state_process(t);
	u64 n;
	bool found;

	if (!t->search[0]) {
		tui_state_message(t, TUI_WARN, "nothing to find yet: / asks");
		return;
	}
	if (t->view[t->nviews - 1] == TUI_VIEW_TEXT) {
		if (!find_line(t, direction))
			tui_state_message(t, TUI_WARN, "not found: %s", t->search);
		return;
	}
	if (t->find)
		found = find_row(t, direction);
	else if (!strncasecmp(t->search, "pfn:", 4))
		found = parse_hex(t->search + 4, &n) && find_pfn(t, n);
	else if (parse_hex(t->search, &n) && p && store_vma_at(p, n))
		found = (tui_state_cursor(t, n & ~(u64)(tui_state_page_size(t) - 1)),
			 true);
	else
		found = find_name(t, direction);
	if (found)
		t->focus = t->focus == TUI_PANE_VMAS && !t->find ? TUI_PANE_VMAS
								 : TUI_PANE_GRID;
	else
		tui_state_message(t, TUI_WARN, "not found: %s", t->search);
	tui_state_settle(t);
}

static void do_search(struct tui *t)
{
	char why[160] = "";

	filter_free(t->find);
	t->find = NULL;
	t->filter_generation++;
	snprintf(t->search, sizeof(t->search), "%s", t->input);
	/* an expression has an operator; names and addresses have none */
	if (strpbrk(t->search, "<>=!&|~") &&
	    filter_parse(COLUMNS_PAGE, t->search, &t->find, why, sizeof(why))) {
		t->find = NULL;
		t->search[0] = '\0';
		tui_state_message(t, TUI_BAD, "%s", why[0] ? why : "no memory");
		return;
	}
	if (t->search[0])
		tui_prompt_find(t, 1);
}

/* Filters by @text; "" drops the filter. */
static void set_filter(struct tui *t, const char *text)
{
	struct filter *f = NULL;
	char why[160] = "";

	if (text[0] && filter_parse(COLUMNS_PAGE, text, &f, why, sizeof(why))) {
		tui_state_message(t, TUI_BAD, "%s", why[0] ? why : "no memory");
		return;
	}
	filter_free(t->filter);
	t->filter = f;
	t->filter_generation++;
	snprintf(t->filter_text, sizeof(t->filter_text), "%s", text);
	if (f)
		tui_state_message(t, TUI_GOOD, "filter: %s (Esc drops it)", text);
}

/* ---- jumping */

static void jump_time(struct tui *t, double seconds_ago)
{
	const struct tui_history *h = &t->history;
	double want = (double)t->now_ns - seconds_ago * 1e9;
	size_t i = 0;

	while (i + 1 < h->n && (double)h->moment[i + 1].time_ns <= want)
		i++;
	tui_time_goto(t, i);
}

static void do_jump(struct tui *t)
{
	const struct tui_history *h = &t->history;
	const char *s = t->input;
	char *end;

	if (s[0] == '#') {
		unsigned long n = strtoul(s + 1, &end, 10);

		for (size_t i = 0; i < h->n; i++)
			if (h->moment[i].number == n) {
				tui_time_goto(t, i);
				return;
			}
		tui_state_message(t, TUI_WARN, "no event %s", s);
		return;
	}
	if (s[0] == '-') {
		double ago = strtod(s + 1, &end);

		if (end != s + 1 && (!*end || !strcmp(end, "s")) && h->n)
			jump_time(t, ago);
		else
			tui_state_message(t, TUI_WARN, "a time is written -3.5");
		return;
	}
	do_search(t);
}

/* ---- the line */

bool tui_prompt_type(struct tui *t, u32 key)
{
	if (key == TUI_KEY_BACKSPACE || key == 8 || key == 127)
		t->input_len -= t->input_len > 0;
	else if (key == 21) /* Ctrl-U */
		t->input_len = 0;
	else if (key < 0x20 || key >= 0x7f)
		return false;
	else if (t->input_len + 1 < sizeof(t->input))
		t->input[t->input_len++] = (char)key;
	t->input[t->input_len] = '\0';
	return true;
}

void tui_prompt_key(struct tui *t, u32 key)
{
	u8 prompt = t->prompt;
	bool empty = !t->input_len;

	if (tui_prompt_type(t, key)) {
		if (empty && !t->input_len) /* a backspace too many */
			t->prompt = TUI_PROMPT_NONE;
		return;
	}
	switch (key) {
	case TUI_KEY_ESC:
	case 3: /* Ctrl-C */
		t->prompt = TUI_PROMPT_NONE;
		return;
	case TUI_KEY_ENTER:
	case '\n':
		t->prompt = TUI_PROMPT_NONE;
		if (prompt == TUI_PROMPT_SEARCH)
			do_search(t);
		else if (prompt == TUI_PROMPT_FILTER)
			set_filter(t, t->input);
		else
			do_jump(t);
	}
}
