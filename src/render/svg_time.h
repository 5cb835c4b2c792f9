/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * svg_time.h - the events of a trace as a picture: time along x, a lane for each process, in it the
 * addresses whose pages changed.
 *
 * Knows: what a change makes of a page.  Owns: what it keeps of the events, which is bounded: a recording
 * may be a stranger's.
 */
#pragma once

#include "event/event.h"
#include "render/svg.h"

#define SVG_TIME_LANES 8
#define SVG_TIME_CHANGES 400000
#define SVG_TIME_MARKS 400

struct svg_time_lane {
	pid_t pid;
	char comm[64];
	u64 to_ns; /* its end; 0: not seen */
};

struct svg_time_change {
	u64 time_ns, start, end;
	u8 lane, kind; /* enum svg_kind */
};

struct svg_time_mark {
	u64 time_ns;
	u8 lane;
	s8 child; /* its lane; -1: none */
	u8 event; /* enum event_kind */
	bool leak;
	const char *warning; /* its word, or NULL */
};

struct svg_time {
	u64 start_ns, end_ns;
	struct svg_time_lane lane[SVG_TIME_LANES];
	unsigned lanes;
	struct svg_time_change *change;
	size_t nchanges, room;
	struct svg_time_mark mark[SVG_TIME_MARKS];
	unsigned nmarks;
	char leak
		[400]; /* the first warning of a leak, with its time; "" when there is none */
	bool more;     /* processes, marks or changes are left out */
};

/* Takes up events; the context is a struct svg_time of zeroes at first. */
extern const struct event_view svg_time_view;
/* Draws them.  Returns 0 or -ENOMEM. */
int svg_time(struct svg *svg, struct svg_time *t);
void svg_time_deinit(struct svg_time *t);
