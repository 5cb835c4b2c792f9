/* SPDX-License-Identifier: GPL-2.0-or-later */
/* render_event.h - --trace's events: paragraphs of text, or one JSON object a line. */
#ifndef GUPINFO_RENDER_EVENT_H
#define GUPINFO_RENDER_EVENT_H

#include <stdio.h>

#include "event/event.h"

struct render_event_options {
	FILE *out;
	bool verbose; /* show every event and every run */
	bool color;
};

/* Text for 80 columns: one event a paragraph, without what did not change. */
extern const struct event_view render_event_view;
int render_event_new(const struct render_event_options *opt, void **ret);
void render_event_free(void *ctx);

/* One JSON object a line (interface: man gupinfo, section JSON). */
extern const struct event_view render_event_json_view;
int render_event_json_new(const struct render_event_options *opt, void **ret);
void render_event_json_free(void *ctx);

/*
 * Makes a recording while @inner shows the events: a report file (gupinfo-report(5)) of the
 * last states, with the events as text and as data.  @text and @data are scratch files, open
 * for update.
 */
struct render_event_record_options {
	FILE *file, *text, *data;
	const struct event_view *inner; /* may be NULL */
	void *inner_ctx;
	const char *version;
};
extern const struct event_view render_event_record_view;
int render_event_record_new(const struct render_event_record_options *opt, void **ret);
void render_event_record_free(void *ctx);

/* Sections of a recording. */
#define RENDER_EVENT_TEXT "events"     /* the text view, line by line */
#define RENDER_EVENT_DATA "event-data" /* "=" starts a JSON line, "+" continues it */

/* Formats "4K", "64K", "2M", "1G" into @buf (16 bytes). */
const char *render_event_size(u64 bytes, char *buf);

#endif
