/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/columns.h"
#include "lib/escape.h"
#include "tui/tui_int.h"

void tui_panes_title(struct tui *t, enum tui_pane pane, const char *title)
{
	const struct tui_rect *r = &t->layout.pane[pane];
	u8 role = t->focus == pane ? TUI_TITLE_FOCUS : TUI_TITLE;
	int x = r->x, end = r->x + r->w;

	x = tui_screen_put(&t->screen, x, r->y - 1, end - x, role, 0,
			   t->focus == pane ? "▸" : "─");
	x = tui_screen_put(&t->screen, x, r->y - 1, end - x, role, 0, title);
	if (x + 1 < end)
		tui_screen_fill(&t->screen, x + 1, r->y - 1, end - x - 1, TUI_LINE,
				0x2500);
}

/* ---- header */

static void header_name(struct tui *t, int *x)
{
	const struct store *s = tui_state_store(t);
	const struct store_process *p = tui_state_process(t);
	char comm[4 * sizeof(p->process.comm)];
	int w = t->screen.cols;

	*x = tui_screen_put(&t->screen, *x, 0, w, TUI_HEADER_DIM, 0, "gupinfo ");
	if (!p)
		return;
	escape_text(comm, sizeof(comm), p->process.comm);
	*x = tui_screen_printf(&t->screen, *x, 0, w - *x, TUI_HEADER_STRONG, 0, "%d %s",
			       (int)p->process.pid, comm);
	if (s->has_head && w >= (t->status.target == TUI_TARGET_GONE ? 100 : 60))
		*x = tui_screen_printf(&t->screen, *x, 0, w - *x, TUI_HEADER_DIM, 0,
				       "  Linux %s, model %s%s", s->kernel.ev.release,
				       s->kernel.model,
				       kernel_proof(&s->kernel, NULL) ==
						       KERNEL_EXTRAPOLATED
					       ? " (extrapolated)"
					       : "");
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
	int n = tui_screen_width(target) + 2 + (int)strlen(word) + 1;
	int x = t->screen.cols - n;

	if (x < left + 2) { /* no room: at least the word */
		x = t->screen.cols - (int)strlen(word) - 1;
		if (t->status.target == TUI_TARGET_STOPPED ||
		    t->status.target == TUI_TARGET_GONE) {
			word = t->status.target == TUI_TARGET_GONE ? "GONE" : "STOPPED";
			role = TUI_STOPPED;
			x = t->screen.cols - (int)strlen(word) - 1;
		}
		tui_screen_printf(&t->screen, MAX(x - 1, 0), 0, t->screen.cols, role, 0,
				  " %s ", word);
		return;
	}
	x = tui_screen_put(&t->screen, x, 0, t->screen.cols, target_role, 0, target);
	tui_screen_put(&t->screen, x + 2, 0, t->screen.cols, role, 0, word);
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

/* Draws how many pages of the process have which answer under the lens. */
static void header_verdict(struct tui *t, int y)
{
	const struct store_process *p = tui_state_process(t);
	int w = t->screen.cols, x = 0;
	char size[16], share[16];

	if (!p || !p->has_totals) {
		tui_screen_put(&t->screen, 0, y, w, TUI_HEADER_DIM, 0,
			       p ? "reading its pages" : "");
		return;
	}
	const struct report_totals *n = &p->totals;
	unsigned req = t->lens >= TUI_LENS_REQUEST && t->lens < TUI_LENS_WRITE
			       ? t->lens - TUI_LENS_REQUEST
			       : GUP_PIN_R;
	u64 sum = 0;

	x = tui_screen_printf(&t->screen, x, y, w, TUI_HEADER_STRONG, 0, "%s",
			      columns_size(n->present * tui_state_page_size(t), size,
					   sizeof(size)));
	x = tui_screen_put(&t->screen, x, y, w - x, TUI_HEADER_DIM, 0, " resident  ");
	if (n->leaks) {
		x = tui_screen_printf(&t->screen, x, y, w - x, TUI_S_LEAK, 0,
				      " LEAK: %s ",
				      columns_size(n->leaks * tui_state_page_size(t),
						   size, sizeof(size)));
		x = tui_screen_put(&t->screen, x, y, w - x, TUI_HEADER, 0, "  ");
	}
	x = tui_screen_printf(&t->screen, x, y, w - x, TUI_HEADER_STRONG, 0, "%s",
			      gup_request_name(req));
	for (unsigned i = 0; i < GUP_WORDS; i++)
		sum += n->gup[req][i];
	for (unsigned i = 0; i < GUP_WORDS; i++)
		if (n->gup[req][i])
			x = tui_screen_printf(&t->screen, x, y, w - x, TUI_HEADER, 0,
					      "  %s %s",
					      i == GUP_WORD_ERRNO ? "error"
								  : gup_word_name(i, 0),
					      percent(n->gup[req][i], sum, share,
						      sizeof(share)));
	if (n->pinned)
		x = tui_screen_printf(&t->screen, x, y, w - x, TUI_HEADER, 0,
				      "  pinned %llu", (unsigned long long)n->pinned);
	if (n->excess_refs)
		tui_screen_printf(&t->screen, x, y, w - x, TUI_HEADER, 0,
				  "  extra refs %llu",
				  (unsigned long long)n->excess_refs);
}

/* Draws the last events as a chain, the newest last.  Returns the column after it. */
static int header_chain(struct tui *t, int y, int w)
{
	const struct tui_history *h = &t->history;
	size_t first = h->n;
	int need = 0, x = 0;

	while (first > 0 && h->n - first < 12) {
		int n = tui_screen_width(h->moment[first - 1].what) + 3;

		if (need + n > w)
			break;
		need += n;
		first--;
	}
	for (size_t i = first; i < h->n; i++) {
		const struct tui_moment *m = &h->moment[i];
		bool here = !t->is_live && i == tui_state_at(t);

		if (x)
			x = tui_screen_put(&t->screen, x, y, w - x, TUI_HEADER_DIM, 0,
					   " ─ ");
		x = tui_screen_put(&t->screen, x, y, w - x,
				   m->warning                    ? TUI_STOPPED
				   : here                        ? TUI_PAUSED
				   : m->kind == TUI_MOMENT_EVENT ? TUI_HEADER_STRONG
								 : TUI_HEADER_DIM,
				   here ? TUI_UNDERLINE : 0, m->what);
	}
	return x ? x + 2 : 0;
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
	int w = t->screen.cols, x = 0;

	if (!t->is_live && t->history.n) {
		const struct tui_moment *m = &t->history.moment[tui_state_at(t)];
		double ago = ((double)t->now_ns - (double)m->time_ns) / 1e9;

		x = tui_screen_printf(&t->screen, x, y, w, TUI_HEADER_STRONG, 0,
				      "#%u of %u", m->number, t->history.numbers);
		if (!t->opt.replay)
			x = tui_screen_printf(&t->screen, x, y, w - x, TUI_HEADER, 0,
					      ", %.1f s ago", MAX(ago, 0.0));
		if (m->store && m->partial)
			x = tui_screen_put(&t->screen, x, y, w - x, TUI_PAUSED, 0,
					   ", pages as each was last looked at");
		if (!m->store)
			x = tui_screen_put(&t->screen, x, y, w - x, TUI_PAUSED, 0,
					   ", pages of another time");
		x = tui_screen_put(&t->screen, x, y, w - x, TUI_HEADER, 0, "  ");
	}
	if (s->where[0])
		x = tui_screen_printf(&t->screen, x, y, w - x, TUI_STOPPED, 0, "%s  ",
				      s->where);
	if (t->is_live && !s->problem[0] && !s->where[0] && w >= 70)
		x = header_chain(t, y, w - 56);
	if (s->problem[0])
		x = tui_screen_printf(&t->screen, x, y, w - x, TUI_PAUSED, 0, "%s",
				      s->problem);
	if (t->opt.replay || s->scan_ms <= 0)
		return;
	char cost[160], age[40] = "";
	if (s->age_s > 1 && w >= 100)
		snprintf(age, sizeof(age), "oldest page %.1f s  ", s->age_s);
	snprintf(cost, sizeof(cost),
		 "%u events, %.1f/s  %s%.0f looks/s: %.1f ms, cpu %.1f%% ",
		 t->history.numbers, event_rate(t), age, s->refreshes, s->scan_ms,
		 s->cpu_percent);
	int at = w - tui_screen_width(cost);
	if (at <= x) {
		snprintf(cost, sizeof(cost), "%.1f ms, cpu %.1f%% ", s->scan_ms,
			 s->cpu_percent);
		at = w - tui_screen_width(cost);
	}
	if (at > x)
		tui_screen_put(&t->screen, at, y, w, TUI_HEADER_DIM, 0, cost);
}

void tui_panes_header(struct tui *t)
{
	const struct tui_rect *r = &t->layout.header;
	int x = 0;

	for (int y = 0; y < r->h; y++)
		tui_screen_fill(&t->screen, 0, y, r->w, TUI_HEADER, ' ');
	header_name(t, &x);
	header_mode(t, x);
	if (r->h > 1)
		header_verdict(t, 1);
	if (r->h > 2)
		header_time(t, 2);
}

/* ---- timeline */

static void draw_moment(struct tui *t, size_t i, int y, bool here)
{
	const struct tui_rect *r = &t->layout.pane[TUI_PANE_TIME];
	const struct tui_moment *m = &t->history.moment[i];
	int x = r->x, end = r->x + r->w;
	u8 role = m->warning                    ? TUI_BAD
		  : m->kind == TUI_MOMENT_EVENT ? TUI_STRONG
		  : m->kind == TUI_MOMENT_NOTE  ? TUI_DIM
						: TUI_NORMAL;

	x = tui_screen_put(&t->screen, x, y, end - x, TUI_KEY, 0, here ? "▸" : " ");
	x = tui_screen_printf(&t->screen, x, y, end - x, TUI_DIM, 0, "%4u %8.3fs ",
			      m->number, (double)m->time_ns / 1e9);
	x = tui_screen_put(&t->screen, x, y, end - x, TUI_DIM, 0,
			   m->kind == TUI_MOMENT_EVENT ? "●"
			   : m->store                  ? "○"
						       : "·");
	if (m->pid)
		x = tui_screen_printf(&t->screen, x, y, end - x, TUI_DIM, 0, " %d",
				      (int)m->pid);
	x = tui_screen_printf(&t->screen, x, y, end - x, role, 0, " %s", m->what);
	tui_screen_printf(&t->screen, x, y, end - x, m->warning ? TUI_WARN : TUI_NORMAL,
			  0, "  %s", m->text);
	if (here && t->focus == TUI_PANE_TIME)
		tui_screen_paint(&t->screen, r->x, y, r->w, TUI_REVERSE);
}

void tui_panes_time(struct tui *t)
{
	const struct tui_rect *r = &t->layout.pane[TUI_PANE_TIME];
	const struct tui_history *h = &t->history;
	size_t at = t->is_live ? h->n : tui_state_at(t), rows = (size_t)MAX(r->h, 1);

	tui_panes_title(t, TUI_PANE_TIME, "Timeline");
	size_t want = MIN(at, h->n ? h->n - 1 : 0);
	t->time_top = tui_list_top(t->time_top, want, h->n, (int)rows);
	for (size_t i = 0; i < rows && t->time_top + i < h->n; i++)
		draw_moment(t, t->time_top + i, r->y + (int)i, t->time_top + i == at);
	if (!h->n)
		tui_screen_put(&t->screen, r->x, r->y, r->w, TUI_DIM, 0,
			       " nothing has happened yet");
}

/* ---- family: the same page in every process */

static void draw_relative(struct tui *t, const struct store *s,
			  const struct store_process *p, int y, bool here)
{
	const struct tui_rect *r = &t->layout.pane[TUI_PANE_FAMILY];
	const struct store_vma *v = store_vma_at(p, t->addr);
	const struct store_row *row = v ? store_row_at(s, v, t->addr) : NULL;
	int x = r->x, end = r->x + r->w;
	char comm[4 * sizeof(p->process.comm)], pfn[24], map[24], ref[24];
	struct page_run page;

	escape_text(comm, sizeof(comm), p->process.comm);
	x = tui_screen_printf(&t->screen, x, y, end - x, here ? TUI_STRONG : TUI_NORMAL,
			      0, "%s%d %s ", here ? "▸" : " ", (int)p->process.pid, comm);
	x = MAX(x, r->x + MIN(r->w / 3, 20));
	if (!v || !row) {
		tui_screen_put(&t->screen, x, y, end - x, TUI_DIM, 0,
			       !v                            ? "not mapped"
			       : store_covers(s, v, t->addr) ? "absent"
							     : "? not read");
		return;
	}
	enum tui_glyph g = tui_grid_glyph(store_class(s, row), t->lens);
	struct report_row rr = store_report_row(s, p, v, row, &page);
	store_page_cut(s, &page, t->addr, t->addr + 1);
	x = tui_screen_printf(&t->screen, x, y, end - x, tui_grid_role(g), 0, "%c ",
			      g == tui_grid_hole(t->lens) ? '-' : tui_grid_letter(g));
	tui_screen_printf(&t->screen, x, y, end - x, TUI_NORMAL, 0, "%s map %s ref %s %s",
			  columns_named("PFN", &rr, pfn, sizeof(pfn)),
			  columns_named("MAP", &rr, map, sizeof(map)),
			  columns_named("REF", &rr, ref, sizeof(ref)),
			  page.kind == PAGE_NONE ? "" : tui_grid_word(g));
}

void tui_panes_family(struct tui *t)
{
	const struct tui_rect *r = &t->layout.pane[TUI_PANE_FAMILY];
	const struct store *s = tui_state_store(t);
	const struct store_process *current = tui_state_process(t);
	char title[60];
	size_t at = s && current ? (size_t)(current - s->proc) : 0;
	size_t top = s ? tui_list_top(0, at, s->nprocs, r->h) : 0;

	snprintf(title, sizeof(title), "Family at %llx", (unsigned long long)t->addr);
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

static int bar_key(struct tui *t, int x, enum tui_action action, const char *word)
{
	const struct tui_rect *r = &t->layout.bar;
	char key[16];

	tui_keys_first(action, key, sizeof(key));
	if (x + (int)strlen(key) + 1 + (int)strlen(word) > r->w)
		return x;
	x = tui_screen_put(&t->screen, x, r->y, r->w - x, TUI_KEY, 0, key);
	x = tui_screen_printf(&t->screen, x, r->y, r->w - x, TUI_DIM, 0, " %s  ", word);
	return x;
}

void tui_panes_bar(struct tui *t)
{
	static const char *const prompts[] = { "", "find: ", "filter: ", "go to: " };
	const struct tui_rect *r = &t->layout.bar;
	int x = 0;

	if (!r->h)
		return;
	if (t->prompt) {
		x = tui_screen_put(&t->screen, 0, r->y, r->w, TUI_KEY, 0,
				   prompts[t->prompt]);
		x = tui_screen_put(&t->screen, x, r->y, r->w - x - 1, TUI_STRONG, 0,
				   t->input);
		tui_screen_put(&t->screen, MIN(x, r->w - 1), r->y, 1, TUI_STRONG,
			       TUI_REVERSE, " ");
		return;
	}
	if (t->message[0]) {
		tui_screen_put(&t->screen, 0, r->y, r->w, t->message_role, 0, t->message);
		return;
	}
	if (t->status.target == TUI_TARGET_STOPPED) {
		x = bar_key(t, x, TUI_DO_STEP, "next event");
		x = bar_key(t, x, TUI_DO_GO, "go on");
	} else if (t->status.target == TUI_TARGET_RUNNING && !t->status.stepping) {
		x = bar_key(t, x, TUI_DO_STOP, "stop at events");
	}
	if (t->diff || t->filter)
		x = bar_key(t, x, TUI_DO_CANCEL, t->diff ? "no diff" : "no filter");
	for (unsigned i = 1; i < TUI_ACTIONS; i++)
		if (tui_keys_word(i)[0])
			x = bar_key(t, x, i, tui_keys_word(i));
}
