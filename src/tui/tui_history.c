/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tui/tui_history.h"
#include "lib/array.h"
#include "lib/text.h"
#include "render/changes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOMENTS_MAX 4096

void tui_history_init(struct tui_history *h, size_t max_bytes)
{
	memset(h, 0, sizeof(*h));
	h->max_bytes = max_bytes ? max_bytes : (size_t)256 << 20;
}

static void moment_deinit(struct tui_moment *m)
{
	free(m->what);
	free(m->text);
	free(m->level);
	store_free(m->store);
}

void tui_history_deinit(struct tui_history *h)
{
	for (size_t i = 0; i < h->n; i++)
		moment_deinit(&h->moment[i]);
	free(h->moment);
	memset(h, 0, sizeof(*h));
}

/* Returns the bytes of @s; row blocks that several stores share count by their part. */
static size_t store_cost(const struct store *s)
{
	size_t bytes = sizeof(*s);

	for (size_t i = 0; i < s->nprocs; i++)
		for (size_t j = 0; j < s->proc[i].nvmas; j++) {
			const struct store_rows *rows = s->proc[i].vma[j].rows;

			bytes += sizeof(struct store_vma);
			if (rows)
				bytes += rows->room * sizeof(rows->row[0]) / rows->refs;
		}
	return bytes;
}

/* Drops pages of the oldest moments, samples first, until the rest fits. */
static void thin(struct tui_history *h)
{
	size_t bytes = 0;

	for (size_t i = 0; i < h->n; i++)
		if (h->moment[i].store)
			bytes += store_cost(h->moment[i].store);
	for (int events = 0; events < 2; events++)
		for (size_t i = 1; i + 1 < h->n && bytes > h->max_bytes; i++) {
			struct tui_moment *m = &h->moment[i];

			if (!m->store || (m->kind == TUI_MOMENT_EVENT && !events))
				continue;
			size_t cost = store_cost(m->store);
			store_free(m->store);
			m->store = NULL;
			bytes -= MIN(bytes, cost);
		}
}

struct tui_level tui_history_level(const struct store *s, const struct store_process *p)
{
	const struct report_totals *n = &p->totals;
	u64 base = kernel_page_size(&s->kernel.ev);

	return (struct tui_level){ .pid = p->process.pid,
				   .exclusive = n->exclusive * base,
				   .waiting = n->waiting * base,
				   .shared = n->shared * base,
				   .file = n->private_file * base,
				   .unknown = n->part_unknown * base,
				   .pinned = n->pinned * base };
}

/* Keeps what each process has, also when the pages are dropped. */
static void keep_levels(struct tui_moment *m, const struct store *s)
{
	m->level = calloc(MAX(s->nprocs, 1), sizeof(*m->level));
	for (size_t i = 0; m->level && i < s->nprocs; i++)
		if (s->proc[i].has_totals)
			m->level[m->nlevels++] = tui_history_level(s, &s->proc[i]);
}

int tui_history_add(struct tui_history *h, const struct tui_moment *moment,
		    struct store *store)
{
	struct tui_moment m = *moment;

	m.what = strdup(moment->what ? moment->what : "");
	m.text = strdup(moment->text ? moment->text : "");
	if (!m.what || !m.text || !array_add(&h->moment, &h->n, &h->room, sizeof(m))) {
		free(m.what);
		free(m.text);
		store_free(store);
		return -ENOMEM;
	}
	m.store = store;
	if (store)
		keep_levels(&m, store);
	m.number = ++h->numbers;
	if (h->n > MOMENTS_MAX) {
		moment_deinit(&h->moment[0]);
		memmove(h->moment, h->moment + 1, --h->n * sizeof(*h->moment));
	}
	h->moment[h->n - 1] = m;
	thin(h);
	return 0;
}

void tui_history_replace(struct tui_history *h, struct store *store)
{
	if (!h->n || !store) {
		store_free(store);
		return;
	}
	store_free(h->moment[h->n - 1].store);
	h->moment[h->n - 1].store = store;
	h->moment[h->n - 1].partial = false;
}

size_t tui_history_with_pages(const struct tui_history *h, size_t i)
{
	for (i = MIN(i + 1, h->n); i-- > 0;)
		if (h->moment[i].store)
			return i;
	return SIZE_MAX;
}

/* Sums up the bytes that differ, and by reason. */
struct summing {
	pid_t pid;
	struct tui_history *h; /* keeps the ranges as recent; or NULL */
	u64 time_ns;
	u64 bytes, by[TUI_REASONS];
};

static void remember(struct tui_history *h, pid_t pid, u64 start, u64 end, u64 time_ns)
{
	struct tui_recent *last =
		&h->recent[(h->recent_at + TUI_RECENT_MAX - 1) % TUI_RECENT_MAX];

	if (h->nrecent && last->pid == pid && last->time_ns == time_ns &&
	    last->end <= start && start - last->end < KERNEL_PAGE_LEAST) {
		last->end = end;
		return;
	}
	h->recent[h->recent_at] = (struct tui_recent){ pid, start, end, time_ns };
	h->recent_at = (h->recent_at + 1) % TUI_RECENT_MAX;
	h->nrecent = MIN(h->nrecent + 1, TUI_RECENT_MAX);
}

static int on_change(void *ctx, const struct store_change *c)
{
	struct summing *s = ctx;
	u64 n = c->end - c->start;

	if (changes_of_others(c))
		return 0;
	/* A mapping without pages that appears or vanishes changes no pages. */
	if (!(c->what & (BIT(TUI_REASONS) - 1)))
		return 0;
	s->bytes += n;
	s->by[__builtin_ctz(c->what & (BIT(TUI_REASONS) - 1))] += n;
	if (s->h)
		remember(s->h, s->pid, c->start, c->end, s->time_ns);
	return 0;
}

/* Sums up into @s what differs in [start, end) of process ->pid. */
static void sum_up(struct summing *s, const struct store *a, const struct store *b,
		   u64 start, u64 end)
{
	store_diff(a, store_process_by_pid(a, s->pid), b, store_process_by_pid(b, s->pid),
		   start, end, STORE_REAL, on_change, s, NULL);
}

void tui_history_recall(struct tui_history *h, const struct store *a,
			const struct store *b, pid_t pid, u64 time_ns)
{
	sum_up(&(struct summing){ .h = h, .pid = pid, .time_ns = time_ns }, a, b, 0,
	       UINT64_MAX);
}

/* Formats "12 new, 3 replaced", in pages. */
static void summary_text(const struct summing *s, u32 page_size, char *buf, size_t size)
{
	static const char *const words[TUI_REASONS] = { "new",          "gone",
							"replaced",     "other state",
							"other counts", "other verdict" };

	buf[0] = '\0';
	for (unsigned i = 0; i < TUI_REASONS; i++)
		if (s->by[i])
			text_add(buf, size, "%s%llu %s", *buf ? ", " : "",
				 s->by[i] / page_size, words[i]);
}

u64 tui_history_sample(struct tui_history *h, const struct store *now, pid_t pid,
		       u64 start, u64 end, u64 time_ns, u64 gap_ns)
{
	size_t i = h->n ? tui_history_with_pages(h, h->n - 1) : SIZE_MAX;
	struct summing s = { .h = h, .pid = pid, .time_ns = time_ns };
	struct tui_moment m = { .kind = TUI_MOMENT_SAMPLE,
				.pid = pid,
				.time_ns = time_ns };
	u32 page = kernel_page_size(&now->kernel.ev);
	char text[160] = "first look";

	if (i != SIZE_MAX) {
		const struct store *old = h->moment[i].store;
		struct summing all = { .pid = pid };

		sum_up(&s, old, now, start, end);
		if (!s.bytes || time_ns < h->moment[i].time_ns + gap_ns)
			return s.bytes;
		/* The sample has every page, so its text covers every change. */
		sum_up(&all, old, now, 0, UINT64_MAX);
		summary_text(&all, page, text, sizeof(text));
		s.bytes = all.bytes;
	}
	m.what = (char *)(i == SIZE_MAX ? "start" : "changed");
	m.text = text;
	m.changed = s.bytes;
	tui_history_add(h, &m, store_copy(now));
	return s.bytes;
}
