/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * render_event.h - --trace's events: paragraphs of text, JSON, recordings.
 *
 * What a change of pages is about is in the table of render_event_differ.c.  A recording has the
 * JSON of each event; read again, it goes to the same views as an event of a trace.
 */
#pragma once

#include <stdio.h>

#include "event/event_select.h"

#define RENDER_EVENT_WARNINGS 16 /* kinds of them that a summary has */

/* The context of both views. */
struct render_event_options {
	FILE *out;
	bool verbose; /* show every event and every run */
	bool color;
	u32 whole; /* BIT(EVENT_*): each of these has a paragraph */
	/* What the text was so far; all zero at first. */
	struct event_sums now, all; /* not shown yet, and everything */
	struct render_event_warned {
		struct event_warning first;
		u64 events, pages, seq, time_ns;
	} warned[RENDER_EVENT_WARNINGS];
};

/*
 * Text for 80 columns, without what did not change.  An event of its own is a paragraph; of those that
 * come by the thousand without a warning (stores, and calls such as munmap and mprotect) a line has the
 * sums of a second, or of the time up to the next paragraph.  At the end sums of everything.
 */
extern const struct event_view render_event_view;
/* One JSON object a line (interface: man gupinfo, section JSON). */
extern const struct event_view render_event_json_view;

/* Formats "name=value"; what the target wrote is escaped.  Returns @buf. */
const char *render_event_arg(const struct event_arg *a, char *buf, size_t size);

/* Lists the facts and verdicts that differ, or of a page of one side its state; returns how many. */
unsigned render_event_differ(const struct event_change *c,
			     struct event_differ ret[EVENT_DIFFERS]);
unsigned render_event_read_differ(const void *recorded,
				  struct event_differ ret[EVENT_DIFFERS]);

/*
 * Makes a line of JSON, which the caller frees; the states of pages begin at *@ret_pages.  @compact: as
 * recordings have it, changes are joined, and of like pages the first has a "class", below
 * RENDER_EVENT_CLASSES, and all members, the others their place and this number.
 * Returns 0 or -ENOMEM.
 */
int render_event_json(const struct event *e, bool verbose, bool compact, char **ret,
		      size_t *ret_len, u64 *ret_pages);
#define RENDER_EVENT_CLASSES 1024
/* Larger events are not read: json-c's tree of what a stranger wrote is fifty times as large. */
#define RENDER_EVENT_READ_MAX (16u << 20)
/*
 * Passes the event that @json describes to @view, without the states of pages.  Returns 0, -EINVAL
 * when this is no event as this gupinfo writes it, -ENOMEM, or the view's value.
 */
int render_event_read(const char *json, const struct event_view *view, void *ctx);

/*
 * The section of a recording.  A line that starts with "=" starts the JSON of an event, "+" continues
 * it, and "-" does so from the states of pages on, which only the JSON output shows.
 */
#define RENDER_EVENT_SECTION "event-data"

/*
 * Makes a recording while @inner shows the events: a report file (gupinfo-report(5)) of the
 * last states, with the events.  @data is a scratch file, open for update.
 */
struct render_event_record_options {
	FILE *file, *data;
	const struct event_view *inner; /* may be NULL */
	void *inner_ctx;
	const char *version;
};
extern const struct event_view render_event_record_view;
int render_event_record_new(const struct render_event_record_options *opt, void **ret);
void render_event_record_free(void *ctx);

/* The events of a recording while it is read. */
struct render_event_replay {
	const struct event_view *view; /* NULL: writes all to standard output as JSON */
	void *ctx;
	const struct report_head *head;
	bool json;           /* the events that ->view gets are written as JSON */
	bool found;          /* it is a recording */
	unsigned unreadable; /* events that only the JSON of all shows */
	/* The event that is being put together, and the states of its pages. */
	struct render_event_text {
		char *json;
		size_t len, room;
	} event, pages;
	bool open, in_pages;
};
/*
 * A record_handler.text, for which @ctx is the struct render_event_replay; and the last event.
 * Return 0, -ENOMEM, -EPIPE or the view's value.
 */
int render_event_replay_line(void *ctx, const char *section, const char *line);
int render_event_replay_end(struct render_event_replay *r);
/* A view, of which the reading is the context: writes the event that is being read as it was recorded. */
extern const struct event_view render_event_replay_json;
