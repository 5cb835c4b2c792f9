/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads events of a recording: the JSON that render_event_json.c has written. */
#include "render/render_event.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/escape.h"

#define DEPTH 8 /* levels of nested values; an event has six */
/*
 * json-c makes 270 bytes of each byte of "[{},{},": an event may only have as many objects and arrays
 * as an honest one, in which the shortest, a verdict of before and after, has 20 bytes.
 */
#define OBJECTS(len) (64 + (len) / 20)

/* An event under construction, with the memory of what it borrows besides the JSON. */
struct reading {
	struct event e;
	struct event_range *range;
	struct event_change *change;
	struct event_member *member;
	struct event_family family;
	char incomplete[300];
	int err;
};

/* ---- members of an object; one that is not there is zero, or no text */

static s64 num(struct json_object *o, const char *key)
{
	return json_object_get_int64(json_object_object_get(o, key));
}

static const char *text(struct json_object *o, const char *key)
{
	return json_object_get_string(json_object_object_get(o, key)) ?: "";
}

static u64 hex(struct json_object *o, const char *key)
{
	return strtoull(text(o, key), NULL, 16);
}

/* Reads seconds from the text of the number: a double would round it. */
static u64 nanoseconds(struct json_object *o, const char *key)
{
	u64 s = 0, ns = 0;

	sscanf(text(o, key), "%llu.%9llu", &s, &ns);
	return s * 1000000000 + ns;
}

/* A name that is shown, and written as a key, as it is. */
static bool is_word(const char *name)
{
	return name[0] && !name[strspn(name, "abcdefghijklmnopqrstuvwxyz_-")];
}

/* Returns the number below @n that has this word; an unknown word is an error. */
static u8 word(struct reading *r, const char *text, unsigned n,
	       const char *(*name)(unsigned number))
{
	unsigned i = ARRAY_SEEK(k, n, !strcmp(name(k), text));

	if (i == n)
		r->err = -EINVAL;
	return (u8)(i % n);
}

static const char *event_word(unsigned kind)
{
	return event_kinds[kind].word;
}

static const char *cause_word(unsigned cause)
{
	return event_causes[cause].word;
}

/* Returns the array @key and its length. */
static struct json_object *array(struct json_object *o, const char *key, size_t *ret_n)
{
	struct json_object *a = json_object_object_get(o, key);

	*ret_n =
		json_object_is_type(a, json_type_array) ? json_object_array_length(a) : 0;
	return a;
}

/* Likewise, and allocates a list of so many elements, which the caller frees. */
static struct json_object *list(struct reading *r, struct json_object *o, const char *key,
				size_t size, void *ret, size_t *ret_n)
{
	struct json_object *a = array(o, key, ret_n);
	void *new = calloc(*ret_n + 1, size);

	memcpy(ret, &new, sizeof(new));
	if (!new) {
		*ret_n = 0;
		r->err = -ENOMEM;
	}
	return a;
}

/* ---- the lists */

static void read_changes(struct reading *r, struct json_object *o)
{
	struct json_object *a =
		list(r, o, "changes", sizeof(*r->change), &r->change, &r->e.nchanges);

	for (size_t i = 0; i < r->e.nchanges; i++) {
		struct json_object *c = json_object_array_get_idx(a, i);

		r->change[i] = (struct event_change){
			.pid = (pid_t)num(c, "pid"),
			.cause = word(r, text(c, "what"), EVENT_CAUSES, cause_word),
			.kind = word(r, text(c, "kind"), PAGE_KINDS, page_kind_name),
			.leaks = num(c, "leak_changed"),
			.start = hex(c, "addr"),
			.end = hex(c, "end"),
			.pages = (u64)num(c, "pages"),
			.size = (u64)num(c, "size"),
			.recorded = json_object_object_get(c, "differs")
		};
	}
	r->e.change = r->change;
}

/* {"excl":["yes","no"],"pfn":["1f"]}: before and after, or one of them. */
unsigned render_event_read_differ(const void *recorded,
				  struct event_differ ret[EVENT_DIFFERS])
{
	struct json_object *o = (struct json_object *)recorded;
	unsigned n = 0;

	if (!json_object_is_type(o, json_type_object))
		return 0;
	json_object_object_foreach(o, name, words)
	{
		struct event_differ *d = &ret[n];
		size_t sides = json_object_is_type(words, json_type_array)
				       ? json_object_array_length(words)
				       : 0;

		if (n == EVENT_DIFFERS || sides < 1 || sides > 2 || !is_word(name))
			break;
		n++;
		snprintf(d->name, sizeof(d->name), "%s", name);
		d->before[0] = '\0';
		for (size_t i = 0; i < sides; i++)
			escape_text(i + 1 < sides ? d->before : d->after,
				    sizeof(d->after),
				    json_object_get_string(
					    json_object_array_get_idx(words, i))
					    ?: "");
	}
	return n;
}

static void read_ranges(struct reading *r, struct json_object *o)
{
	size_t n;
	struct json_object *a = list(r, o, "ranges", sizeof(*r->range), &r->range, &n);

	for (size_t i = 0; i < n; i++) {
		struct json_object *range = json_object_array_get_idx(a, i);

		r->range[i] =
			(struct event_range){ (pid_t)num(range, "pid"),
					      hex(range, "start"), hex(range, "end") };
	}
	r->e.range = r->range;
	r->e.nranges = (unsigned)n;
}

static void read_members(struct reading *r, struct json_object *o)
{
	size_t n;
	struct json_object *a = list(r, o, "members", sizeof(*r->member), &r->member, &n);

	for (size_t i = 0; i < n; i++)
		r->member[i].pid = json_object_get_int(json_object_array_get_idx(a, i));
	r->e.member = r->member;
	r->e.nmembers = (unsigned)n;
}

static void read_family(struct reading *r, struct json_object *o, const char *key)
{
	size_t n, members;
	struct json_object *a = array(o, key, &n);

	for (size_t i = 0; i < n; i++) {
		struct event_family *f = &r->family;
		struct event_shared *run =
			array_add(&f->run, &f->n, &f->room, sizeof(*run));
		struct json_object *from = json_object_array_get_idx(a, i), *list;

		if (!run) {
			r->err = -ENOMEM;
			return;
		}
		run->start = hex(from, "addr");
		run->size = (u64)MAX(num(from, "size"), 1);
		run->end = run->start + (u64)num(from, "pages") * run->size;
		list = array(from, "members", &members);
		run->n = (unsigned)MIN(members, MIN(r->e.nmembers, EVENT_FAMILY));
		for (unsigned k = 0; k < run->n; k++) {
			struct json_object *m = json_object_array_get_idx(list, k);

			run->has[k] = num(m, "present");
			run->same[k] = num(m, "shared");
			run->pfn[k] = hex(m, "pfn");
			run->pfn_known[k] = run->pfn[k] != 0;
			run->hidden |= run->has[k] && !run->pfn_known[k];
			run->shared |= run->same[k] || run->hidden;
		}
	}
}

static void read_warnings(struct reading *r, struct json_object *o)
{
	size_t n;
	struct json_object *a = array(o, "warnings", &n);

	for (size_t i = 0; i < n; i++) {
		struct json_object *w = json_object_array_get_idx(a, i);

		if (!event_warn_add(&r->e, text(w, "id"), (pid_t)num(w, "pid"),
				    hex(w, "addr"), (u64)num(w, "pages")))
			r->err = -EINVAL;
	}
}

static void read_args(struct reading *r, struct json_object *o)
{
	struct event *e = &r->e;
	struct json_object *args = json_object_object_get(o, "args");

	if (!json_object_is_type(args, json_type_object))
		return;
	json_object_object_foreach(args, name, value)
	{
		struct event_arg *a = &e->arg[e->nargs];
		const char *s = json_object_get_string(value) ?: "";

		if (!is_word(name))
			r->err = -EINVAL;
		if (e->nargs == EVENT_ARGS || r->err)
			break;
		e->nargs++;
		a->name = name;
		a->num = json_object_get_int64(value);
		if (!json_object_is_type(value, json_type_string))
			continue;
		snprintf(a->text, sizeof(a->text), "%s", s);
		a->num = (s64)strtoull(s, NULL, 16);
		/* only a path may be any text */
		a->kind = strcmp(name, "path") && !strncmp(s, "0x", 2) ? EVENT_ARG_HEX
								       : EVENT_ARG_TEXT;
	}
}

/* ---- the event */

static void read_event(struct reading *r, struct json_object *o)
{
	struct event *e = &r->e;

	*e = (struct event){
		.kind = word(r, text(o, "event"), EVENTS, event_word),
		.seq = (u64)num(o, "seq"),
		.time_ns = nanoseconds(o, "time"),
		.since_ns = nanoseconds(o, "since"),
		.looked_ns = nanoseconds(o, "looked"),
		.start_ns = nanoseconds(o, "start"),
		.pid = (pid_t)num(o, "pid"),
		.tid = (pid_t)num(o, "tid"),
		.child = (pid_t)num(o, "child"),
		.shares_mm = num(o, "shares_mm"),
		.has_ret = json_object_object_get(o, "ret") != NULL,
		.ret = num(o, "ret"),
	};
	if (!e->start_ns) /* of a gupinfo whose events had less */
		r->err = -EINVAL;
	escape_text(r->incomplete, sizeof(r->incomplete), text(o, "incomplete"));
	e->incomplete = r->incomplete[0] ? r->incomplete : NULL;
	snprintf(e->comm, sizeof(e->comm), "%s", text(o, "comm"));
	escape_text(e->call, sizeof(e->call), text(o, "call"));
	read_args(r, o);
	read_ranges(r, o);
	read_members(r, o);
	read_changes(r, o);
	read_warnings(r, o);
	read_family(r, o, "family");
	read_family(r, o, "apart");
	array_sort(r->family.run, r->family.n, sizeof(*r->family.run));
	e->family = r->family.run;
	e->nfamily = r->family.n;
}

int render_event_read(const char *json, const struct event_view *view, void *ctx)
{
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH);
	struct json_object *o = NULL;
	struct reading r = { .err = tokener ? 0 : -ENOMEM };
	size_t len = strlen(json), objects = 0;

	for (size_t i = 0; i < len; i++)
		objects += json[i] == '{' || json[i] == '[';
	if (tokener && objects <= OBJECTS(len) && len <= RENDER_EVENT_READ_MAX)
		o = json_tokener_parse_ex(tokener, json, (int)len);
	if (o)
		read_event(&r, o);
	else if (!r.err)
		r.err = -EINVAL;
	if (!r.err)
		r.err = view->event(ctx, &r.e);
	free(r.range);
	free(r.change);
	free(r.member);
	free(r.family.run);
	json_object_put(o);
	if (tokener)
		json_tokener_free(tokener);
	return r.err;
}
