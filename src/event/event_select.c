/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "event/event_select.h"

#include "lib/array.h"
#include "lib/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pure.h"

/* ---- the words of -e */

int event_select_parse(struct event_select *s, const char *list, const char **ret_bad,
		       size_t *ret_len)
{
	for (;; list++) {
		size_t len = strcspn(list, ",");
		unsigned kind =
			ARRAY_SEEK(k, EVENTS, text_same(event_kinds[k].word, list, len));

		if (kind < EVENTS) {
			s->kinds |= BIT(kind);
		} else if (text_same("warnings", list, len)) {
			s->warned = true;
		} else if (text_same("leaks", list, len)) {
			s->leak = true;
		} else {
			*ret_bad = list;
			*ret_len = len;
			return -EINVAL;
		}
		list += len;
		if (!*list)
			return 0;
	}
}

/* ---- events and changes */

static bool select_event(const struct event_select *s, const struct event *e)
{
	bool leak = false;

	for (unsigned i = 0; i < e->nwarnings; i++)
		leak |= e->warning[i].leak;
	return (!s->kinds && !s->warned && !s->leak) || s->kinds >> e->kind & 1 ||
	       (s->warned && e->nwarnings) || (s->leak && leak);
}

/* Adds the part of @c that is in [@start, @end). */
static int select_part(struct event *e, size_t *room, const struct event_change *c,
		       u64 start, u64 end)
{
	struct event_change part = *c, *list = (struct event_change *)e->change;
	u64 size = MAX(c->size, 1);
	int err;

	part.start = MAX(c->start, ROUND_DOWN(start, size));
	part.end = MIN(c->end, ROUND_UP(MIN(end, c->end), size));
	if (part.start >= part.end)
		return 0;
	part.pages = (part.end - part.start + size - 1) / size;
	part.c.start = part.start;
	part.c.end = part.end;
	err = array_put(&list, &e->nchanges, room, sizeof(part), &part);
	e->change = list;
	return err;
}

static int select_change(const struct event_select *s, struct event *e, size_t *room,
			 const struct event_change *c)
{
	const struct store_vma *vma = c->c.b.vma ? c->c.b.vma : c->c.a.vma;
	bool all = (!s->nranges && !s->named) ||
		   (s->named && vma && s->named(s->ctx, &vma->vma));
	int err = 0;

	if (s->keep && !s->keep(s->ctx, c))
		return 0;
	if (all)
		return select_part(e, room, c, c->start, c->end);
	for (unsigned i = 0; i < s->nranges && !err; i++)
		err = select_part(e, room, c, s->ranges[i].start, s->ranges[i].end);
	return err;
}

/* The page that @w warns of is one that is left of the changes. */
static bool select_warned(const struct event *e, const struct event_warning *w)
{
	return ARRAY_ANY(i, e->nchanges,
			 e->change[i].pid == w->pid && e->change[i].start <= w->addr &&
				 w->addr < e->change[i].end);
}

/* Passes @from with the changes that are wanted; processes come and go whatever is wanted. */
static int select_changes(const struct event_select *s, const struct event *from)
{
	struct event e = *from;
	size_t room = 0;
	int err = 0;

	e.change = NULL;
	e.nchanges = e.nwarnings = 0;
	for (size_t i = 0; i < from->nchanges && !err; i++)
		err = select_change(s, &e, &room, &from->change[i]);
	for (unsigned i = 0; i < from->nwarnings; i++)
		if (select_warned(&e, &from->warning[i]))
			e.warning[e.nwarnings++] = from->warning[i];
	if (!err && select_event(s, &e) &&
	    (e.nchanges || e.kind == EVENT_EXEC || e.kind == EVENT_FORK ||
	     e.kind == EVENT_EXIT || e.kind == EVENT_ATTACH))
		err = s->view->event(s->view_ctx, &e);
	free((void *)e.change);
	return err;
}

static int select_on_event(void *ctx, const struct event *e)
{
	const struct event_select *s = ctx;

	if (s->keep || s->nranges || s->named)
		return select_changes(s, e);
	return select_event(s, e) ? s->view->event(s->view_ctx, e) : 0;
}

static int select_on_begin(void *ctx, const struct report_head *head)
{
	const struct event_select *s = ctx;

	return s->view->begin ? s->view->begin(s->view_ctx, head) : 0;
}

static int select_on_process(void *ctx, const struct event_member *m)
{
	const struct event_select *s = ctx;

	return s->view->process ? s->view->process(s->view_ctx, m) : 0;
}

static int select_on_end(void *ctx, int status)
{
	const struct event_select *s = ctx;

	return s->view->end ? s->view->end(s->view_ctx, status) : 0;
}

const struct event_view event_select_view = { .begin = select_on_begin,
					      .event = select_on_event,
					      .process = select_on_process,
					      .end = select_on_end };

/* ---- sums */

int event_select_sum(struct event_sums *s, const struct event *e,
		     bool (*counts)(const struct event *e, const struct event_change *c))
{
	struct event_sum *sum = NULL;

	for (size_t i = 0; i < s->n && !sum; i++)
		if (s->sum[i].pid == e->pid && s->sum[i].kind == e->kind)
			sum = &s->sum[i];
	if (!s->since_ns)
		s->since_ns = e->since_ns ? e->since_ns : e->time_ns;
	s->time_ns = e->time_ns;
	s->start_ns = e->start_ns;
	s->events[e->kind]++;
	if (!sum && s->n == EVENT_SUMS) {
		s->more = true;
		return 0;
	}
	if (!sum)
		sum = array_add(&s->sum, &s->n, &s->room, sizeof(*sum));
	if (!sum)
		return -ENOMEM;
	sum->pid = e->pid;
	sum->kind = e->kind;
	memcpy(sum->comm, e->comm, sizeof(sum->comm));
	sum->events++;
	for (size_t i = 0; i < e->nchanges; i++)
		if (counts(e, &e->change[i]))
			sum->bytes[e->change[i].cause] +=
				e->change[i].pages * e->change[i].size;
	return 0;
}
