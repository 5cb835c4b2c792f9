/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/columns.h"
#include "lib/escape.h"
#include "tui/tui_int.h"

void tui_panes_title(struct tui *t, enum tui_pane pane, const char *title)
{
	const struct tui_rect *r = &t->layout.pane[pane];
	bool focus = t->focus == pane;
	struct tui_line l = { &t->screen, r->x, r->y - 1, r->x + r->w };

	tui_screen_add(&l, focus ? TUI_TITLE_FOCUS : TUI_TITLE, "%s%s", focus ? "▸" : "─",
		       title);
	if (l.x + 1 < l.end)
		tui_screen_fill(l.s, l.x + 1, l.y, l.end - l.x - 1, TUI_LINE, 0x2500);
}

/* ---- header */

/* Begins the line @y of the header. */
static struct tui_line header_line(struct tui *t, int y)
{
	return (struct tui_line){ &t->screen, 0, y, t->screen.cols };
}

/* Returns the column after the name. */
static int header_name(struct tui *t)
{
	const struct store *s = tui_state_store(t);
	const struct store_process *p = tui_state_process(t);
	struct tui_line l = header_line(t, 0);

	tui_screen_add(&l, TUI_HEADER_DIM, "gupinfo ");
	if (!p)
		return l.x;
	tui_screen_add(&l, TUI_HEADER_STRONG, "%d %s", (int)p->process.pid,
		       ESCAPED(p->process.comm, 4 * sizeof(p->process.comm)));
	if (s->has_head && l.end >= (t->status.target == TUI_TARGET_GONE ? 100 : 60))
		tui_screen_add(&l, TUI_HEADER_DIM, "  Linux %s, model %s%s",
			       s->kernel.ev.release, s->kernel.model,
			       kernel_proof(&s->kernel, NULL) == KERNEL_EXTRAPOLATED
				       ? " (extrapolated)"
				       : "");
	return l.x;
}

/* Returns what the target does; @buf may hold the text. */
static const char *target_word(const struct tui *t, u8 *role, char *buf, size_t size)
{
	switch (t->status.target) {
	case TUI_TARGET_STOPPED:
		*role = TUI_STOPPED;
		return "■ TARGET STOPPED";
	case TUI_TARGET_RUNNING:
		*role = TUI_LIVE;
		return t->status.stepping ? "▶ target runs to its next event"
					  : "▶ target runs, traced";
	case TUI_TARGET_GONE:
		*role = TUI_STOPPED;
		if (!t->is_live) /* an earlier moment is shown */
			return "target is gone";
		snprintf(buf, size, "target is gone: as it was at %.1f s",
			 t->status.seen_s);
		return buf;
	}
	*role = TUI_HEADER_DIM;
	return "▶ target runs";
}

/* Draws LIVE and the target's state, right-aligned. */
static void header_mode(struct tui *t, int left)
{
	u8 role, target_role = TUI_HEADER_DIM;
	const char *word = tui_time_word(t, &role);
	char buf[80];
	const char *target = t->opt.replay
				     ? t->opt.name ? t->opt.name : ""
				     : target_word(t, &target_role, buf, sizeof(buf));
	struct tui_line l = header_line(t, 0);

	l.x = l.end - tui_screen_width(target) - 2 - (int)strlen(word) - 1;
	if (l.x >= left + 2) {
		tui_screen_add(&l, target_role, "%s", target);
		l.x += 2;
		tui_screen_add(&l, role, "%s", word);
		return;
	}
	/* no room: at least the word */
	if (t->status.target == TUI_TARGET_STOPPED ||
	    t->status.target == TUI_TARGET_GONE) {
		word = t->status.target == TUI_TARGET_GONE ? "GONE" : "STOPPED";
		role = TUI_STOPPED;
	}
	l.x = MAX(l.end - (int)strlen(word) - 2, 0);
	tui_screen_add(&l, role, " %s ", word);
}

/* Formats a share; only 0 and 100 % look like nothing and everything. */
static const char *percent(u64 n, u64 of, char *buf, size_t size)
{
	double p = 100.0 * (double)n / (double)MAX(of, 1);

	if (n < of && p > 99)
		snprintf(buf, size, ">99%%");
	else if (n && p < 1)
		snprintf(buf, size, "<1%%");
	else
		snprintf(buf, size, "%.0f%%", p);
	return buf;
}

/* Draws how much a store of any process of the family would leak, and whose store if not this one's. */
static void header_leak(const struct tui *t, struct tui_line *l, pid_t pid)
{
	const struct store *s = tui_state_store(t);
	char whose[24] = "";
	u64 leaks = 0;

	for (size_t i = 0; i < s->nprocs; i++) {
		const struct store_process *p = &s->proc[i];

		if (!p->has_totals || !p->totals.leaks)
			continue;
		if (leaks)
			snprintf(whose, sizeof(whose), "in the family ");
		else if (p->process.pid != pid)
			snprintf(whose, sizeof(whose), "in %d ", (int)p->process.pid);
		leaks += p->totals.leaks;
	}
	if (!leaks)
		return;
	tui_screen_add(l, TUI_S_LEAK, " LEAK: %s %s",
		       COLUMNS_SIZE(leaks * tui_state_page_size(t)), whose);
	tui_screen_add(l, TUI_HEADER, "  ");
}

static bool header_fits(const struct tui_line *l, const char *text, int room)
{
	return l->x + tui_screen_width(text) + room <= l->end;
}

/* Draws how many pages of the process have which answer under the lens. */
static void header_verdict(struct tui *t, int y)
{
	const struct store_process *p = tui_state_process(t);
	struct tui_line l = header_line(t, y);
	char share[16], word[64], news[2][48] = { "", "" };
	bool all = true;
	int room;

	if (!p || !p->has_totals) {
		tui_screen_add(&l, TUI_HEADER_DIM, "%s", p ? "reading its pages" : "");
		return;
	}
	const struct report_totals *n = &p->totals;
	u64 base = tui_state_page_size(t), sum = 0;
	unsigned req = t->lens >= TUI_LENS_REQUEST && t->lens < TUI_LENS_WRITE
			       ? t->lens - TUI_LENS_REQUEST
			       : GUP_PIN_R;

	tui_screen_add(&l, TUI_HEADER_STRONG, "%s", COLUMNS_SIZE(n->present * base));
	tui_screen_add(&l, TUI_HEADER_DIM, " resident  ");
	if (t->is_live && t->status.target == TUI_TARGET_SAMPLED && t->status.age_s > 1)
		tui_screen_add(&l, TUI_PAUSED, "%.0f s old  ", t->status.age_s);
	header_leak(t, &l, p->process.pid);
	tui_screen_add(&l, TUI_HEADER_STRONG, "%s", gup_requests[req].name);
	for (unsigned i = 0; i < GUP_WORDS; i++)
		sum += n->gup[req][i];
	if (n->pinned)
		snprintf(news[0], sizeof(news[0]), "  pinned %llu", n->pinned);
	if (n->excess_refs)
		snprintf(news[1], sizeof(news[1]), "  extra refs %llu", n->excess_refs);
	room = tui_screen_width(news[0]) + tui_screen_width(news[1]) + 2;
	room = l.x + room < l.end - 10 ? room : 2;
	/* Nothing is cut, a number least of all: words are left out before what is remarkable. */
	for (unsigned i = 0; i < GUP_WORDS && all; i++) {
		if (!n->gup[req][i])
			continue;
		snprintf(word, sizeof(word), "  %s %s", gup_kind_name(i),
			 percent(n->gup[req][i], sum, share, sizeof(share)));
		all = header_fits(&l, word, room);
		tui_screen_add(&l, TUI_HEADER, "%s", all ? word : " …");
	}
	for (unsigned i = 0; i < ARRAY_SIZE(news); i++)
		if (header_fits(&l, news[i], 0))
			tui_screen_add(&l, TUI_HEADER, "%s", news[i]);
}

/* Draws the last events as a chain, the newest last.  Returns the column after it. */
static int header_chain(struct tui *t, int y, int w)
{
	const struct tui_history *h = &t->history;
	struct tui_line l = { &t->screen, 0, y, w };
	size_t first = h->n;
	int need = 0;

	while (first > 0 && h->n - first < 12) {
		int n = tui_screen_width(h->moment[first - 1].what) + 3;

		if (need + n > w)
			break;
		need += n;
		first--;
	}
	for (size_t i = first; i < h->n; i++) {
		const struct tui_moment *m = &h->moment[i];

		if (l.x)
			tui_screen_add(&l, TUI_HEADER_DIM, " ─ ");
		tui_screen_add(&l,
			       m->warning                    ? TUI_STOPPED
			       : m->kind == TUI_MOMENT_EVENT ? TUI_HEADER_STRONG
							     : TUI_HEADER_DIM,
			       "%s", m->what);
	}
	return l.x ? l.x + 2 : 0;
}

/* Returns moments a second, over the last ten seconds. */
static double event_rate(const struct tui *t)
{
	const struct tui_history *h = &t->history;
	u64 since = t->now_ns > 10000000000u ? t->now_ns - 10000000000u : 0;
	size_t n = 0;

	while (n < h->n && h->moment[h->n - 1 - n].time_ns >= since)
		n++;
	return (double)n / (MAX((double)(t->now_ns - since), 1e9) / 1e9);
}

/* Draws the time that is shown, and the cost of reading. */
static void header_time(struct tui *t, int y)
{
	const struct tui_status *s = &t->status;
	struct tui_line l = header_line(t, y);
	int w = l.end;

	if (!t->is_live && t->history.n) {
		const struct tui_moment *m = &t->history.moment[tui_state_at(t)];
		double ago = ((double)t->now_ns - (double)m->time_ns) / 1e9;

		tui_screen_add(&l, TUI_HEADER_STRONG, "#%u of %u", m->number,
			       t->history.numbers);
		if (!t->opt.replay)
			tui_screen_add(&l, TUI_HEADER, ", %.1f s ago", MAX(ago, 0.0));
		if (!m->store || m->partial)
			tui_screen_add(&l, TUI_PAUSED, "%s",
				       m->store ? ", pages as each was last looked at"
						: ", pages of another time");
		tui_screen_add(&l, TUI_HEADER, "  ");
	}
	if (s->where[0])
		tui_screen_add(&l, TUI_STOPPED, "%s  ", s->where);
	if (t->is_live && !s->problem[0] && !s->where[0] && w >= 70)
		l.x = header_chain(t, y, w - 56);
	if (s->problem[0])
		tui_screen_add(&l, TUI_PAUSED, "%s", s->problem);
	if (t->opt.replay || s->scan_ms <= 0)
		return;
	char cost[160];
	snprintf(cost, sizeof(cost),
		 "%u events, %.1f/s  %.0f looks/s: %.1f ms, cpu %.1f%% ",
		 t->history.numbers, event_rate(t), s->refreshes, s->scan_ms,
		 s->cpu_percent);
	if (w - tui_screen_width(cost) <= l.x)
		snprintf(cost, sizeof(cost), "%.1f ms, cpu %.1f%% ", s->scan_ms,
			 s->cpu_percent);
	if (w - tui_screen_width(cost) <= l.x)
		return;
	l.x = w - tui_screen_width(cost);
	tui_screen_add(&l, TUI_HEADER_DIM, "%s", cost);
}

void tui_panes_header(struct tui *t)
{
	const struct tui_rect *r = &t->layout.header;

	for (int y = 0; y < r->h; y++)
		tui_screen_fill(&t->screen, 0, y, r->w, TUI_HEADER, ' ');
	int left = header_name(t);
	if (tui_state_store(t)) /* else none is chosen yet */
		header_mode(t, left);
	if (r->h > 1)
		header_verdict(t, 1);
	if (r->h > 2)
		header_time(t, 2);
}

/* ---- timeline */

/* Makes the lines of moment @i on @w columns. */
static void moment_lines(const struct tui *t, size_t i, int w, bool here,
			 struct tui_text *ret)
{
	const struct tui_moment *m = &t->history.moment[i];
	u8 role = m->warning                    ? TUI_BAD
		  : m->kind == TUI_MOMENT_EVENT ? TUI_STRONG
		  : m->kind == TUI_MOMENT_NOTE  ? TUI_DIM
						: TUI_NORMAL;
	char start[100];

	*ret = (struct tui_text){ 0 };
	snprintf(start, sizeof(start), "%4u %8.3fs %s", m->number,
		 (double)m->time_ns / 1e9,
		 m->kind == TUI_MOMENT_EVENT ? "●"
		 : m->store                  ? "○"
					     : "·");
	tui_text_add(ret, TUI_KEY, here ? "▸" : " ");
	tui_text_more(ret, TUI_DIM, "%s", start);
	if (m->pid)
		tui_text_more(ret, TUI_DIM, " %d", (int)m->pid);
	tui_text_more(ret, role, " %s  ", m->what);
	tui_text_wrap(ret, m->warning ? TUI_WARN : TUI_NORMAL,
		      w < 70 ? 9 : tui_text_width(ret), w, m->text);
}

static int lines_of(const struct tui *t, size_t i, int w)
{
	struct tui_text text;
	int n;

	moment_lines(t, i, w, false, &text);
	n = (int)text.lines;
	tui_text_deinit(&text);
	return n;
}

int tui_panes_time_lines(const struct tui *t, int w, int most)
{
	int n = 0;

	for (size_t i = t->history.n; i-- > 0 && n < most;)
		n += lines_of(t, i, w);
	return MIN(MAX(n, 1), most);
}

/*
 * Puts at the top of the pane the moment, or a line of it, with which @want is shown, and the last ones
 * if there is room.
 */
static void scroll(struct tui *t, size_t want, int w, int rows)
{
	size_t top = want + 1, i;
	int left = rows;

	while (top > MIN(t->time_top, want) && left > 0) /* upwards from the wanted one */
		left -= lines_of(t, --top, w);
	bool cut = left < 0;
	for (i = want + 1; i < t->history.n && left > 0; i++) /* what follows it */
		left -= lines_of(t, i, w);
	cut |= left > 0;
	while (top && left > 0)
		left -= lines_of(t, --top, w);
	t->time_top = top;
	t->time_skip = cut && left < 0 && top < want ? (unsigned)-left : 0;
}

void tui_panes_time(struct tui *t)
{
	const struct tui_rect *r = &t->layout.pane[TUI_PANE_TIME];
	const struct tui_history *h = &t->history;
	size_t at = t->is_live ? h->n : tui_state_at(t);
	struct tui_rect left = *r;

	tui_panes_title(t, TUI_PANE_TIME, "Timeline");
	if (!h->n) {
		tui_screen_put(&t->screen, r->x, r->y, r->w, TUI_DIM, 0,
			       " nothing has happened yet");
		return;
	}
	scroll(t, MIN(at, h->n - 1), r->w, r->h);
	for (size_t i = t->time_top; i < h->n && left.h > 0; i++) {
		unsigned skip = i == t->time_top ? t->time_skip : 0;
		struct tui_text text;

		moment_lines(t, i, r->w, i == at, &text);
		tui_text_draw(&text, &t->screen, &left, skip);
		for (int k = 0; k < MIN((int)(text.lines - skip), left.h); k++)
			if (i == at && t->focus == TUI_PANE_TIME)
				tui_screen_paint(&t->screen, r->x, left.y + k, r->w,
						 TUI_REVERSE);
		left.y += (int)(text.lines - skip);
		left.h -= (int)(text.lines - skip);
		tui_text_deinit(&text);
	}
}

void tui_panes_time_click(struct tui *t, int line)
{
	size_t i = t->time_top;

	line += (int)t->time_skip;
	for (; i < t->history.n && line >= 0; i++)
		line -= lines_of(t, i, t->layout.pane[TUI_PANE_TIME].w);
	if (line < 0)
		tui_time_goto(t, i - 1);
}

void tui_panes_moment(struct tui *t, struct tui_text *ret)
{
	const struct tui_history *h = &t->history;
	size_t i = t->is_live ? h->n - 1 : tui_state_at(t);
	const struct tui_moment *m = &h->moment[i];

	moment_lines(t, i, t->screen.cols, false, ret);
	tui_text_add(ret, TUI_NORMAL, "%s", "");
	if (m->addr)
		tui_text_add(ret, TUI_DIM, " at %llx of %d", m->addr,
			     (int)(m->at_pid ? m->at_pid : m->pid));
	if (m->changed)
		tui_text_add(ret, TUI_DIM, " %s of memory differ from the moment before",
			     COLUMNS_SIZE(m->changed));
	tui_text_add(ret, TUI_DIM, " %s",
		     !m->store    ? "its pages are not kept"
		     : m->partial ? "its pages are as each was last looked at"
				  : "its pages are kept");
}

/* ---- family: the same page in every process */

static void draw_relative(struct tui *t, const struct store *s,
			  const struct store_process *p, int y, bool here)
{
	const struct tui_rect *r = &t->layout.pane[TUI_PANE_FAMILY];
	const struct store_vma *v = store_vma_at(p, t->addr);
	const struct page_run *row = v ? store_row_at(v, t->addr) : NULL;
	struct tui_line l = { &t->screen, r->x, y, r->x + r->w };

	tui_screen_add(&l, here ? TUI_STRONG : TUI_NORMAL, "%s%d %s ", here ? "▸" : " ",
		       (int)p->process.pid,
		       ESCAPED(p->process.comm, 4 * sizeof(p->process.comm)));
	l.x = MAX(l.x, r->x + MIN(r->w / 3, 20));
	if (!v || !row) {
		tui_screen_add(&l, TUI_DIM,
			       !v                            ? "not mapped"
			       : store_covers(s, v, t->addr) ? "absent"
							     : "? not read");
		return;
	}
	enum tui_glyph g = tui_grid_glyph(s, p, v, row, t->addr, t->lens);
	struct report_row rr = store_report_row(s, p, v, row, t->addr, t->addr + 1);
	tui_screen_add(&l, tui_grid_letters[g].role, "%c ",
		       g == tui_grid_hole(t->lens) ? '-' : tui_grid_letters[g].letter);
	tui_screen_add(&l, TUI_NORMAL, "%s map %s ref %s %s", COLUMNS_NAMED("PFN", &rr),
		       COLUMNS_NAMED("MAP", &rr), COLUMNS_NAMED("REF", &rr),
		       row->class->page.kind == PAGE_NONE ? ""
							  : tui_grid_letters[g].word);
}

void tui_panes_family(struct tui *t)
{
	const struct tui_rect *r = &t->layout.pane[TUI_PANE_FAMILY];
	const struct store *s = tui_state_store(t);
	const struct store_process *current = tui_state_process(t);
	char title[60];
	size_t at = s && current ? (size_t)(current - s->proc) : 0;
	size_t top = s ? tui_list_top(0, at, s->nprocs, r->h) : 0;

	snprintf(title, sizeof(title), "Family at %llx", t->addr);
	tui_panes_title(t, TUI_PANE_FAMILY, title);
	if (!s)
		return;
	for (int i = 0; i < r->h && top + (size_t)i < s->nprocs; i++) {
		const struct store_process *p = &s->proc[top + (size_t)i];

		draw_relative(t, s, p, r->y + i, p == current);
		if (p == current && t->focus == TUI_PANE_FAMILY)
			tui_screen_paint(&t->screen, r->x, r->y + i, r->w, TUI_REVERSE);
	}
}

/* ---- key bar, prompt, message */

static void bar_key(struct tui *t, struct tui_line *l, enum tui_action action,
		    const char *word)
{
	int x = l->x;
	char key[16];

	tui_keys_first(action, t->view[t->nviews - 1] == TUI_VIEW_PICKER, key,
		       sizeof(key));
	if (!word)
		word = tui_keys_word(action);
	if (!word[0] || l->x + (int)strlen(key) + 1 + (int)strlen(word) > l->end)
		return;
	tui_screen_add(l, TUI_KEY, "%s", key);
	tui_screen_add(l, TUI_DIM, " %s  ", word);
	if (t->nbar < ARRAY_SIZE(t->bar_key))
		t->bar_key[t->nbar++] =
			(struct tui_span_of_bar){ x, l->x - 2, (u8)action };
}

/* What the bar offers in views on top of the first one, whose bar has all keys with a word. */
static const struct {
	u8 view, action;
	const char *word; /* NULL: the usual one */
} offers[] = {
	{ TUI_VIEW_PICKER, TUI_DO_OPEN, "look at it" },
	{ TUI_VIEW_PICKER, TUI_DO_SORT, NULL },
	{ TUI_VIEW_PICKER, TUI_DO_SETUP, NULL },
	{ TUI_VIEW_PICKER, TUI_DO_HELP, NULL },
	{ TUI_VIEW_PICKER, TUI_DO_CANCEL, "leave" },
	{ TUI_VIEW_PICKER, TUI_DO_QUIT, "quit" },
	{ TUI_VIEW_TEXT, TUI_DO_BACK, NULL },
	{ TUI_VIEW_TEXT, TUI_DO_PAGE_DOWN, "scroll" },
	{ TUI_VIEW_TEXT, TUI_DO_SEARCH, NULL },
	{ TUI_VIEW_TEXT, TUI_DO_FIND_NEXT, "next" },
	{ TUI_VIEW_TEXT, TUI_DO_HELP, NULL },
	{ TUI_VIEW_SORT, TUI_DO_OPEN, "sort by it" },
	{ TUI_VIEW_SORT, TUI_DO_BACK, NULL },
	{ TUI_VIEW_SETUP, TUI_DO_OPEN, "choose" },
	{ TUI_VIEW_SETUP, TUI_DO_LEFT, "column up" },
	{ TUI_VIEW_SETUP, TUI_DO_RIGHT, "down" },
	{ TUI_VIEW_SETUP, TUI_DO_SAVE, "keep the settings" },
	{ TUI_VIEW_SETUP, TUI_DO_BACK, NULL },
};

void tui_panes_bar(struct tui *t)
{
	static const char *const prompts[] = { "", "find: ", "filter: ", "go to: " };
	const struct tui_rect *r = &t->layout.bar;
	struct tui_line l = { &t->screen, 0, r->y, r->w };

	t->nbar = 0;
	if (!r->h)
		return;
	if (t->prompt) {
		tui_screen_add(&l, TUI_KEY, "%s", prompts[t->prompt]);
		l.end--;
		tui_screen_add(&l, TUI_STRONG, "%s", t->input);
		tui_screen_put(&t->screen, MIN(l.x, r->w - 1), r->y, 1, TUI_STRONG,
			       TUI_REVERSE, " ");
		return;
	}
	if (t->message[0]) {
		tui_screen_add(&l, t->message_role, "%s", t->message);
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(offers); i++)
		if (offers[i].view == t->view[t->nviews - 1])
			bar_key(t, &l, offers[i].action, offers[i].word);
	if (l.x)
		return;
	if (t->status.target == TUI_TARGET_STOPPED) {
		bar_key(t, &l, TUI_DO_STEP, "next event");
		bar_key(t, &l, TUI_DO_GO, "go on");
	} else if (t->status.target == TUI_TARGET_RUNNING && !t->status.stepping) {
		bar_key(t, &l, TUI_DO_STOP, "stop at events");
	}
	if (t->diff || t->filter)
		bar_key(t, &l, TUI_DO_CANCEL, t->diff ? "no diff" : "no filter");
	for (unsigned i = 1; i < TUI_ACTIONS; i++)
		bar_key(t, &l, i, NULL);
}
