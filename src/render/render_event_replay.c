/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/render_event.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/escape.h"
#include "reportfile/record.h"

/* Writes JSON of a file that anybody may have made; a terminal obeys nothing of it. */
static void put_json(const char *json)
{
	u32 cp;

	for (size_t n; *json; json += n ? n : 1) {
		for (n = 0; json[n] >= ' ' && json[n] < 0x7f; n++)
			;
		if (n) {
			fwrite(json, 1, n, stdout);
			continue;
		}
		n = escape_utf8((const unsigned char *)json, &cp);
		if (n && (cp == '\\' || !escape_unsafe(cp)))
			fwrite(json, 1, n, stdout);
		else
			printf("\\u%04x", n && cp < 0x10000 ? cp : 0xfffd);
	}
}

static void put_part(char *from, char *to)
{
	char c = *to;

	*to = '\0';
	put_json(from);
	*to = c;
}

/* Writes states of pages: each of a class with all members, which the first of them has. */
static void put_pages(char *json)
{
	static const char key[] = ",\"class\":";
	struct {
		char *from, *to;
	} rest[RENDER_EVENT_CLASSES] = { 0 };

	for (char *at, *to; (at = strstr(json, key)); json = to) {
		size_t id = strtoul(at + strlen(key), &to, 10) % RENDER_EVENT_CLASSES;

		put_part(json, at);
		if (*to != '}') {
			rest[id].from = to;
			for (unsigned depth = 1; *to && depth; to++)
				depth += (*to == '{') - (*to == '}');
			rest[id].to = to;
		} else {
			to++;
		}
		if (rest[id].from)
			put_part(rest[id].from, rest[id].to);
	}
	put_json(json);
}

/* Writes what is left of an event as JSON: the states of its pages. */
static int write_rest(struct render_event_replay *r)
{
	if (r->pages.json)
		put_pages(r->pages.json);
	putchar('\n');
	return ferror(stdout) ? -EPIPE : 0;
}

static int write_event(void *ctx, const struct event *e)
{
	struct render_event_replay *r = ctx;

	put_part(r->event.json, r->event.json + r->event.len);
	return write_rest(r);
}

const struct event_view render_event_replay_json = { .event = write_event };

/* Appends @n bytes, and a NUL that does not count. */
static bool append(struct render_event_text *t, const char *text, size_t n)
{
	char *end = array_more(&t->json, &t->len, &t->room, 1, n + 1);

	if (!end)
		return false;
	memcpy(end, text, n);
	end[n] = '\0';
	t->len--;
	return true;
}

int render_event_replay_end(struct render_event_replay *r)
{
	size_t len = r->event.len;
	int err = 0;

	if (r->open && !r->view) {
		err = write_rest(r);
	} else if (r->open) {
		err = append(&r->event, "}", r->in_pages) ? 0 : -ENOMEM;
		r->event.len = len;
		if (!err)
			err = render_event_read(r->event.json, r->view, r->ctx);
	}
	if (err == -EINVAL) {
		r->unreadable++;
		err = 0;
	}
	free(r->event.json);
	free(r->pages.json);
	r->event = r->pages = (struct render_event_text){ 0 };
	r->open = r->in_pages = false;
	return err;
}

int render_event_replay_line(void *ctx, const char *section, const char *line)
{
	char part[RECORD_LINE_MAX + 1];
	struct render_event_replay *r = ctx;
	int err = 0;

	if (strcmp(section, RENDER_EVENT_SECTION))
		return 0;
	if (!r->found && r->view && r->view->begin)
		err = r->view->begin(r->ctx, r->head);
	r->found = true;
	if (err || !line || !*line)
		return err;
	if (*line == '=')
		err = render_event_replay_end(r);
	r->open = true;
	r->in_pages |= *line == '-';
	size_t n = record_unescape(line + 1, part);
	if (err)
		return err;
	if (!r->view && !r->in_pages) {
		put_json(part);
		return 0;
	}
	if (r->in_pages ? !r->json : r->event.len > RENDER_EVENT_READ_MAX)
		return 0;
	return append(r->in_pages ? &r->pages : &r->event, part, n) ? 0 : -ENOMEM;
}
