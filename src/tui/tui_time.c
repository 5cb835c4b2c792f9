/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/changes.h"
#include "tui/tui_int.h"

void tui_time_goto(struct tui *t, size_t moment)
{
	struct tui_history *h = &t->history;

	if (!h->n)
		return;
	moment = MIN(moment, h->n - 1);
	t->at = h->numbers - h->n + moment;
	t->is_live = false;
	tui_state_follow(t, &h->moment[moment]);
	/* Show the changes of this moment as recent. */
	h->nrecent = h->recent_at = 0;
	size_t here = tui_history_with_pages(h, moment);
	size_t before =
		here && here != SIZE_MAX ? tui_history_with_pages(h, here - 1) : SIZE_MAX;
	if (before != SIZE_MAX && h->moment[moment].store) {
		const struct store *b = h->moment[here].store;

		for (size_t i = 0; i < b->nprocs; i++)
			tui_history_recall(h, h->moment[before].store, b,
					   b->proc[i].process.pid, t->now_ns);
	}
	tui_state_settle(t);
}

void tui_time_step(struct tui *t, int by, bool events)
{
	const struct tui_history *h = &t->history;
	size_t i = t->is_live ? h->n : tui_state_at(t);

	while (by < 0 ? i > 0 : i + 1 < h->n) {
		i += (size_t)by;
		const struct tui_moment *m = &h->moment[i];
		if (!i || (events ? m->kind == TUI_MOMENT_EVENT : m->store != NULL)) {
			tui_time_goto(t, i);
			return;
		}
	}
	tui_state_message(t, TUI_WARN,
			  by < 0 ? "no %s before this one" : "no %s after this one",
			  events ? "event" : "snapshot");
}

void tui_time_now(struct tui *t)
{
	if (t->opt.replay) {
		tui_time_goto(t, SIZE_MAX - 1);
		return;
	}
	t->is_live = true;
	tui_state_settle(t);
}

void tui_time_pause(struct tui *t)
{
	struct tui_moment m = { .kind = TUI_MOMENT_NOTE,
				.what = (char *)"paused",
				.text = (char *)"",
				.time_ns = t->now_ns };
	struct store *copy;

	if (t->opt.replay) {
		tui_state_message(t, TUI_WARN,
				  "a recording stands still already; [ ] { } step");
		return;
	}
	if (!t->is_live) {
		tui_time_now(t);
		return;
	}
	copy = t->live ? store_copy(t->live) : NULL;
	if (t->live && !copy)
		tui_state_message(t, TUI_BAD, "no memory for a snapshot");
	else if (!tui_history_add(&t->history, &m, copy))
		tui_time_goto(t, t->history.n - 1);
}

void tui_time_mark(struct tui *t)
{
	const struct store *s = tui_state_store(t);
	struct store *copy = s ? store_copy(s) : NULL;

	if (!copy) {
		tui_state_message(t, TUI_WARN, "nothing to mark yet");
		return;
	}
	store_free(t->mark_store);
	t->mark_store = copy;
	t->generation++;
	tui_state_message(t, TUI_GOOD, "marked; d compares with it");
}

const char *tui_time_word(const struct tui *t, u8 *ret_role)
{
	if (t->opt.replay) {
		*ret_role = TUI_REPLAY;
		return "REPLAY";
	}
	bool gone = t->status.target == TUI_TARGET_GONE;

	*ret_role = t->is_live && !gone ? TUI_LIVE : TUI_PAUSED;
	return !t->is_live ? "PAUSED" : gone ? "LAST" : "LIVE";
}

/* ---- the list of changes since the mark */

struct listing {
	struct tui_text *text;
	u32 page_size;
	unsigned lines;
	u64 noise; /* bytes */
};

static int list_change(void *ctx, const struct store_change *c)
{
	struct report_row row = { .item = c };
	struct listing *l = ctx;
	char part[4][200];

	if (changes_of_others(c)) {
		l->noise += c->end - c->start;
		return 0;
	}
	if (++l->lines > 2000)
		return 0;
	for (unsigned i = 0; i < ARRAY_SIZE(part); i++)
		changes_part(&row, i, part[i], sizeof(part[i]));
	tui_text_add(l->text, TUI_NORMAL, "%12llx", c->start);
	tui_text_more(l->text, TUI_DIM, " %6llu ", ((c->end - c->start) / l->page_size));
	tui_text_more(l->text, TUI_D_CHANGED, "%-14s", part[0]);
	tui_text_more(l->text, TUI_NORMAL, " %s → %s  ", part[1], part[2]);
	tui_text_more(l->text, TUI_DIM, "%s", part[3]);
	return 0;
}

void tui_time_changes(struct tui *t, struct tui_text *ret)
{
	const struct store *s = tui_state_store(t);
	const struct store_process *p = tui_state_process(t);
	struct listing l = { .text = ret, .page_size = tui_state_page_size(t) };
	u64 skipped = 0;

	tui_text_add(ret, TUI_DIM, "%12s %6s what           before → now", "address",
		     "pages");
	if (!t->mark_store || !p)
		return;
	store_diff(t->mark_store, store_process_by_pid(t->mark_store, p->process.pid), s,
		   p, 0, UINT64_MAX, STORE_REAL, list_change, &l, &skipped);
	if (!l.lines)
		tui_text_add(ret, TUI_GOOD, "nothing changed");
	if (l.lines > 2000)
		tui_text_add(ret, TUI_WARN, "%u more runs are not listed",
			     l.lines - 2000);
	if (l.noise)
		tui_text_add(
			ret, TUI_DIM,
			"not listed: counts of %llu pages of files and the kernel, which others change, too",
			(l.noise / l.page_size));
	if (skipped)
		tui_text_add(ret, TUI_DIM,
			     "not compared, because not read at both times: %llu KiB",
			     skipped >> 10);
}
