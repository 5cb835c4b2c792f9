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

int render_event_replay_end(struct render_event_replay *r)
{
	int err = 0;

	if (r->open && !r->view) {
		if (r->json)
			put_pages(r->json);
		putchar('\n');
		err = ferror(stdout) ? -EPIPE : 0;
	} else if (r->open) {
		char *end = array_more(&r->json, &r->len, &r->room, 1, 2);

		if (end)
			strcpy(end, r->in_pages ? "}" : "");
		err = end ? render_event_read(r->json, r->view, r->ctx) : -ENOMEM;
	}
	if (err == -EINVAL) {
		r->unreadable++;
		err = 0;
	}
	free(r->json);
	r->json = NULL;
	r->len = r->room = 0;
	r->open = r->in_pages = false;
	return err;
}

static int want(void *ctx, const struct event *e)
{
	struct render_event_replay *r = ctx;
	size_t byte = (r->seen - 1) / 8;

	while (r->nwanted <= byte)
		if (!array_add(&r->wanted, &r->nwanted, &r->room_wanted, 1))
			return -ENOMEM;
	r->wanted[byte] |= (u8)(1 << (r->seen - 1) % 8);
	return 0;
}

const struct event_view render_event_replay_want = { .event = want };

static bool is_wanted(const struct render_event_replay *r)
{
	size_t byte = (r->seen - 1) / 8;

	return !r->select ||
	       (byte < r->nwanted && r->wanted[byte] >> (r->seen - 1) % 8 & 1);
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
	if (*line == '=') {
		err = render_event_replay_end(r);
		r->seen++;
	}
	if (!r->view && !is_wanted(r))
		return err;
	r->open = true;
	r->in_pages |= *line == '-';
	size_t n = record_unescape(line + 1, part);
	if (err)
		return err;
	if (!r->view && !r->in_pages)
		put_json(part);
	if (r->view ? r->in_pages || r->len > RENDER_EVENT_READ_MAX : !r->in_pages)
		return 0;
	char *end = array_more(&r->json, &r->len, &r->room, 1, n + 1);

	if (!end)
		return -ENOMEM;
	memcpy(end, part, n);
	end[n] = '\0';
	r->len--;
	return 0;
}
