/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes to the reader of a recording's events: as one event, and as the lines of a section.  What
 * it reads goes through the text view, and through the JSON view to itself again.
 */
#include "fuzz.h"
#include "render/render_event.h"

static int again(void *ctx, const struct event *e)
{
	struct render_event_options opt = { .verbose = true };
	const struct event_view *views[] = { &render_event_view,
					     &render_event_json_view };
	char *text;
	size_t len;

	for (unsigned i = 0; i < 2; i++) {
		opt.out = open_memstream(&text, &len);
		if (views[i]->event(&opt, e))
			abort();
		if (views[i]->end)
			views[i]->end(&opt, -1);
		fclose(opt.out);
		/* what was read once is written so that it can be read */
		if (i && !ctx &&
		    render_event_read(text, &(struct event_view){ .event = again }, text))
			abort();
		free(text);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct event_view view = { .event = again };
	struct render_event_replay r = { .view = &view };
	char *text = malloc(size + 1), *line, *next;

	memcpy(text, data, size);
	text[size] = '\0';
	render_event_read(text, &view, NULL);
	for (line = text; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		line[strnlen(line, 16384)] = '\0';
		if (render_event_replay_line(&r, "event-data", line))
			abort();
	}
	if (render_event_replay_end(&r))
		abort();
	free(text);
	return 0;
}
