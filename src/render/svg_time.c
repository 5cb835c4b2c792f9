/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/svg_time.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "render/columns.h"

#define HEIGHT 56 /* of a lane */
#define CELL 2    /* width of a moment */
#define COLUMNS ((SVG_WIDTH - SVG_LEFT) / CELL)
#define SPANS 28 /* parts of the address space with rows of their own */

/* ---- taking up events */

static int time_lane(struct svg_time *t, pid_t pid, const char *comm)
{
	unsigned i = ARRAY_SEEK(k, t->lanes, t->lane[k].pid == pid);

	if (i == SVG_TIME_LANES) {
		t->more = true;
		return -1;
	}
	if (i == t->lanes)
		t->lane[t->lanes++].pid = pid;
	if (comm)
		snprintf(t->lane[i].comm, sizeof(t->lane[i].comm), "%s", comm);
	return (int)i;
}

/* What a change makes of pages; SVG_ABSENT: nothing that is shown. */
static enum svg_kind time_kind(const struct event_change *c)
{
	static const u8 kinds[EVENT_CAUSES] = {
		[EVENT_CAUSE_COPIED] = SVG_COPIED,
		[EVENT_CAUSE_UNSHARED] = SVG_COPIED,
		[EVENT_CAUSE_REUSED] = SVG_EXCLUSIVE,
		[EVENT_CAUSE_MARKED] = SVG_EXCLUSIVE,
		[EVENT_CAUSE_POPULATED] = SVG_EXCLUSIVE,
		[EVENT_CAUSE_SWAPPED_IN] = SVG_EXCLUSIVE,
		[EVENT_CAUSE_COLLAPSED] = SVG_EXCLUSIVE,
		[EVENT_CAUSE_UNPINNED] = SVG_EXCLUSIVE,
		[EVENT_CAUSE_MERGED] = SVG_KSM,
		[EVENT_CAUSE_SWAPPED_OUT] = SVG_SWAP,
		[EVENT_CAUSE_GONE] = SVG_GONE,
		[EVENT_CAUSE_SHARED] = SVG_SHARED,
		[EVENT_CAUSE_PINNED] = SVG_PINNED,
	};

	/* what is of files changes all the time, and a fork or a store does nothing to it */
	return c->kind == PAGE_FILE || c->kind == PAGE_SPECIAL || c->kind == PAGE_ZERO
		       ? SVG_ABSENT
		       : (enum svg_kind)kinds[c->cause];
}

static int time_change(struct svg_time *t, const struct event *e, pid_t pid, u64 start,
		       u64 end, enum svg_kind kind)
{
	int lane = kind && start < end ? time_lane(t, pid, NULL) : -1;
	struct svg_time_change new = { e->time_ns, start, end, (u8)lane, kind };

	if (lane < 0)
		return 0;
	if (t->nchanges == SVG_TIME_CHANGES) {
		t->more = true;
		return 0;
	}
	return array_put(&t->change, &t->nchanges, &t->room, sizeof(new), &new);
}

/* Keeps the sentence of the first leak. */
static void time_leak(struct svg_time *t, const struct event *e)
{
	for (unsigned i = 0; i < e->nwarnings && !t->leak[0]; i++)
		if (e->warning[i].leak)
			snprintf(t->leak, sizeof(t->leak),
				 "After %.6f s (event %llu): %s",
				 (double)(e->time_ns - t->start_ns) / 1e9, e->seq,
				 EVENT_WARN_TEXT(&e->warning[i]));
}

static void time_mark(struct svg_time *t, const struct event *e, int lane)
{
	struct svg_time_mark new = {
		.time_ns = e->time_ns, .lane = (u8)lane, .child = -1, .event = e->kind
	};

	if (e->kind == EVENT_FORK)
		new.child = (s8)time_lane(t, e->child, e->comm);
	for (unsigned i = 0; i < e->nwarnings; i++)
		if (!new.warning || (e->warning[i].leak && !new.leak)) {
			new.warning = e->warning[i].id;
			new.leak = e->warning[i].leak;
		}
	if (e->kind == EVENT_EXIT)
		t->lane[lane].to_ns = e->time_ns;
	if (!new.warning && !(event_kinds[e->kind].flags & EVENT_SHOWN))
		return;
	if (t->nmarks < SVG_TIME_MARKS)
		t->mark[t->nmarks++] = new;
	else
		t->more = true;
}

static int time_on_event(void *ctx, const struct event *e)
{
	struct svg_time *t = ctx;
	int lane, err = 0;

	if (!t->start_ns)
		t->start_ns = e->start_ns;
	if (e->time_ns < t->start_ns || e->time_ns < t->end_ns)
		return 0; /* not of one trace */
	t->end_ns = e->time_ns;
	time_leak(t, e);
	lane = time_lane(t, e->pid, e->comm);
	if (lane >= 0)
		time_mark(t, e, lane);
	for (size_t i = 0; i < e->nchanges && !err; i++) {
		const struct event_change *c = &e->change[i];

		err = time_change(t, e, c->pid, c->start, c->end, time_kind(c));
		if (!err && e->kind == EVENT_FORK && c->cause == EVENT_CAUSE_SHARED)
			err = time_change(t, e, e->child, c->start, c->end, SVG_SHARED);
	}
	for (unsigned i = 0; i < e->nwarnings && !err; i++)
		for (size_t k = 0; k < e->nchanges && e->warning[i].leak && !err; k++)
			if (e->change[k].pid == e->warning[i].pid &&
			    e->change[k].start == e->warning[i].addr)
				err = time_change(t, e, e->change[k].pid,
						  e->change[k].start, e->change[k].end,
						  SVG_LEAK);
	return err;
}

const struct event_view svg_time_view = { .event = time_on_event };

void svg_time_deinit(struct svg_time *t)
{
	free(t->change);
	t->change = NULL;
}

/* ---- a lane */

/* A part of the address space, and its rows of pixels. */
struct time_span {
	u64 start, end;
	unsigned top, rows;
};

struct time_raster {
	const struct svg_time *t;
	struct svg *svg;
	unsigned lane;
	struct time_span *span;
	size_t nspans, room;
	u8 now[HEIGHT], grid[HEIGHT][COLUMNS];
};

static unsigned time_x(const struct svg_time *t, u64 ns)
{
	u64 all = MAX(t->end_ns - t->start_ns, 1ull);

	return (unsigned)((double)(ns - t->start_ns) / (double)all * (COLUMNS - 1));
}

/* Joins spans that overlap or have at most @gap bytes between them. */
static void time_join(struct time_raster *r, u64 gap)
{
	size_t n = 0;

	for (size_t i = 0; i < r->nspans; i++) {
		struct time_span *last = n ? &r->span[n - 1] : NULL;

		if (last &&
		    r->span[i].start - last->start <= last->end - last->start + gap)
			last->end = MAX(last->end, r->span[i].end);
		else
			r->span[n++] = r->span[i];
	}
	r->nspans = n;
}

/* Orders of magnitude: a huge page has more rows than a small one, but not 512 times as many. */
static unsigned time_weight(const struct time_span *s)
{
	unsigned weight = 2;

	for (u64 pages = (s->end - s->start) / KERNEL_PAGE_LEAST; pages > 1; pages /= 2)
		weight++;
	return weight;
}

static int time_spans(struct time_raster *r)
{
	unsigned all = 0, before = 0;
	u64 gap = 0;
	int err = 0;

	for (size_t i = 0; i < r->t->nchanges && !err; i++) {
		const struct svg_time_change *c = &r->t->change[i];
		struct time_span new = { c->start, c->end };

		if (c->lane != r->lane)
			continue;
		/* like ones come one after another */
		if (r->nspans && r->span[r->nspans - 1].start == new.start &&
		    r->span[r->nspans - 1].end == new.end)
			continue;
		err = array_put(&r->span, &r->nspans, &r->room, sizeof(new), &new);
	}
	if (err || !r->nspans)
		return err;
	array_sort(r->span, r->nspans, sizeof(*r->span));
	for (time_join(r, 0); r->nspans > SPANS; time_join(r, gap))
		gap = gap ? gap * 2 : KERNEL_PAGE_LEAST;
	for (size_t i = 0; i < r->nspans; i++)
		all += time_weight(&r->span[i]);
	for (size_t i = 0; i < r->nspans; i++) {
		struct time_span *s = &r->span[i];

		s->top = before * HEIGHT / all;
		before += time_weight(s);
		s->rows = MAX(before * HEIGHT / all - s->top, 1u);
		s->top = MIN(s->top, HEIGHT - 1u);
		s->rows = MIN(s->rows, HEIGHT - s->top);
	}
	return 0;
}

/* The state of the rows from column @from up to @to. */
static void time_paint(struct time_raster *r, unsigned from, unsigned to)
{
	for (unsigned x = from; x < to; x++)
		for (unsigned y = 0; y < HEIGHT; y++)
			r->grid[y][x] = r->now[y];
}

static void time_apply(struct time_raster *r, const struct svg_time_change *c)
{
	size_t i = ARRAY_FIRST(k, 0, r->nspans, r->span[k].end <= c->start);
	const struct time_span *s = &r->span[MIN(i, r->nspans - 1)];
	double all = (double)(s->end - s->start);
	unsigned top = (unsigned)((double)(c->start - s->start) / all * s->rows);
	unsigned end = (unsigned)((double)(c->end - s->start) / all * s->rows + 0.999);

	for (unsigned y = MIN(top, s->rows - 1); y < MIN(MAX(end, top + 1), s->rows); y++)
		r->now[s->top + y] = c->kind;
}

static void time_fill(struct time_raster *r)
{
	const struct svg_time_lane *lane = &r->t->lane[r->lane];
	unsigned end = lane->to_ns ? time_x(r->t, lane->to_ns) + 1 : COLUMNS, x = 0;

	for (size_t i = 0; i < r->t->nchanges; i++) {
		const struct svg_time_change *c = &r->t->change[i];
		unsigned at = time_x(r->t, c->time_ns);

		if (c->lane != r->lane)
			continue;
		if (at > x)
			time_paint(r, x, at);
		x = at;
		time_apply(r, c);
	}
	time_paint(r, x, MAX(x, end));
}

static const struct time_span *time_span_at(const struct time_raster *r, unsigned y)
{
	for (size_t i = 0; i < r->nspans; i++)
		if (y >= r->span[i].top && y < r->span[i].top + r->span[i].rows)
			return &r->span[i];
	return &r->span[0];
}

/* A run of columns of like rows as one box. */
static void time_boxes(struct time_raster *r, unsigned y, unsigned rows)
{
	const struct time_span *s = time_span_at(r, y);
	u64 all = r->t->end_ns - r->t->start_ns;

	for (unsigned x = 0, next; x < COLUMNS; x = next) {
		u8 kind = r->grid[y][x];

		for (next = x + 1; next < COLUMNS && r->grid[y][next] == kind;)
			next++;
		if (kind)
			svg_box(r->svg, SVG_LEFT + x * CELL, r->svg->y + y,
				(next - x) * CELL, rows, kind,
				"%llx-%llx: %s, %.6f s to %.6f s", s->start, s->end,
				svg_word(kind), (double)all / 1e9 * x / (COLUMNS - 1),
				(double)all / 1e9 * MIN(next, COLUMNS - 1) /
					(COLUMNS - 1));
	}
}

static void time_draw(struct time_raster *r)
{
	for (unsigned y = 0, next; y < HEIGHT; y = next) {
		for (next = y + 1; next < HEIGHT &&
				   time_span_at(r, next) == time_span_at(r, y) &&
				   !memcmp(r->grid[next], r->grid[y], COLUMNS);)
			next++;
		time_boxes(r, y, next - y);
	}
	/* addresses of what is high enough for a line of text */
	for (size_t i = 0; i < r->nspans; i++)
		if (r->span[i].rows >= 9)
			svg_text(r->svg, SVG_LEFT - 6,
				 r->svg->y + r->span[i].top + r->span[i].rows / 2 + 4,
				 "m r", NULL, "%llx", r->span[i].start);
}

static int time_one(struct svg *svg, const struct svg_time *t, unsigned lane)
{
	struct time_raster *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	r->t = t;
	r->svg = svg;
	r->lane = lane;
	err = time_spans(r);
	svg_text(svg, 0, svg->y + 10, "b", NULL, "%d", (int)t->lane[lane].pid);
	svg_text(svg, 0, svg->y + 22, "n", t->lane[lane].comm, "%.16s",
		 t->lane[lane].comm);
	if (!err && r->nspans) {
		time_fill(r);
		time_draw(r);
	}
	free(r->span);
	free(r);
	return err;
}

/* ---- the whole */

/* A line through the lanes, and the word where the last one leaves room. */
static void time_marks(struct svg *svg, const struct svg_time *t, unsigned top)
{
	unsigned used[3] = { 0 };

	for (unsigned i = 0; i < t->nmarks; i++) {
		const struct svg_time_mark *m = &t->mark[i];
		unsigned x = SVG_LEFT + time_x(t, m->time_ns) * CELL, row = 0, w;
		unsigned y = top + m->lane * (HEIGHT + 8);
		unsigned y2 = m->child > (s8)m->lane ? top + (u8)m->child * (HEIGHT + 8)
						     : y + HEIGHT;
		char text[80];

		snprintf(text, sizeof(text), "%s%s", m->warning ? "! " : "",
			 m->leak ? m->warning : event_kinds[m->event].word);
		fprintf(svg->out, "<path d=\"M%u %uV%u\" class=\"a\"%s/>\n", x, y - 2, y2,
			m->warning ? " style=\"stroke:#d50000\"" : "");
		w = 6 * (unsigned)strlen(text) + 4;
		while (row < 3 && used[row] > x)
			row++;
		if (row == 3)
			continue;
		if (x + w > SVG_WIDTH)
			x = SVG_WIDTH - w;
		used[row] = x + w;
		svg_text(svg, x, top - 6 - row * 11, m->warning ? "w" : "n",
			 m->warning ? m->warning : "", "%s", text);
	}
}

static void time_axis(struct svg *svg, const struct svg_time *t)
{
	double all = (double)(t->end_ns - t->start_ns) / 1e9, step = 1e-6;

	while (step * 8 < all)
		step *= step * 20 < all || step * 8 * 2.5 > all * 2 ? 10 : 2;
	fprintf(svg->out, "<path d=\"M%u %uH%u\" class=\"a\"/>\n", SVG_LEFT, svg->y,
		SVG_WIDTH);
	for (unsigned i = 0; step * i <= all; i++) {
		unsigned x = SVG_LEFT + (unsigned)(step * i / MAX(all, 1e-9) *
						   (SVG_WIDTH - SVG_LEFT - CELL));

		fprintf(svg->out, "<path d=\"M%u %uv4\" class=\"a\"/>\n", x, svg->y);
		svg_text(svg, x, svg->y + 13, "n", NULL, "%g s", step * i);
	}
	svg->y += 24;
}

int svg_time(struct svg *svg, struct svg_time *t)
{
	unsigned top = svg->y + 40;
	int err = 0;

	if (!t->lanes)
		return 0;
	svg_text(svg, 0, svg->y + 10, "n", NULL, "events; time, seconds");
	svg->y = top;
	for (unsigned i = 0; i < t->lanes && !err; i++) {
		err = time_one(svg, t, i);
		svg->y += HEIGHT + 8;
	}
	time_marks(svg, t, top);
	time_axis(svg, t);
	if (t->more) {
		svg_text(
			svg, 0, svg->y + 8, "n", NULL,
			"Of more than %u processes, or many events, only the first are shown.",
			SVG_TIME_LANES);
		svg->y += 16;
	}
	return err;
}
