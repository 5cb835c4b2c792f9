/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/js.h"

#include "lib/escape.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

/* struct js is another name for json-c's object. */
static json_object *in(struct js *v)
{
	return (json_object *)v;
}

static struct js *out(json_object *v)
{
	return (struct js *)v;
}

struct js *js_object(void)
{
	return out(json_object_new_object());
}

struct js *js_array(void)
{
	return out(json_object_new_array());
}

void js_free(struct js *v)
{
	if (v)
		json_object_put(in(v));
}

static json_object *js_make_str(const char *s)
{
	size_t len = strlen(s), at = 0;
	char *clean = malloc(len * 3 + 1);
	json_object *v;

	if (!clean)
		return NULL;
	while (*s) {
		u32 cp;
		unsigned n = escape_utf8((const unsigned char *)s, &cp);

		if (n) {
			memcpy(clean + at, s, n);
			at += n;
			s += n;
		} else {
			memcpy(clean + at, "\xef\xbf\xbd", 3);
			at += 3;
			s++;
		}
	}
	v = json_object_new_string_len(clean, at);
	free(clean);
	return v;
}

static json_object *js_make_hex(u64 n)
{
	char buf[20];

	snprintf(buf, sizeof(buf), "0x%" PRIx64, n);
	return json_object_new_string(buf);
}

void js_add(struct js *o, const char *key, struct js *v)
{
	if (!o)
		js_free(v);
	else
		json_object_object_add(in(o), key, in(v));
}

void js_str(struct js *o, const char *key, const char *s)
{
	js_add(o, key, s ? out(js_make_str(s)) : NULL);
}

void js_num(struct js *o, const char *key, s64 n)
{
	js_add(o, key, out(json_object_new_int64(n)));
}

void js_hex(struct js *o, const char *key, u64 n)
{
	js_add(o, key, out(js_make_hex(n)));
}

void js_bool(struct js *o, const char *key, bool b)
{
	js_add(o, key, out(json_object_new_boolean(b)));
}

void js_tri(struct js *o, const char *key, enum tri t)
{
	if (t == TRI_UNKNOWN)
		js_null(o, key);
	else
		js_bool(o, key, t == TRI_YES);
}

void js_double(struct js *o, const char *key, double d)
{
	js_add(o, key, out(json_object_new_double(d)));
}

void js_null(struct js *o, const char *key)
{
	js_add(o, key, NULL);
}

void js_push(struct js *a, struct js *v)
{
	if (!a)
		js_free(v);
	else
		json_object_array_add(in(a), in(v));
}

void js_push_str(struct js *a, const char *s)
{
	js_push(a, out(js_make_str(s)));
}

void js_push_num(struct js *a, s64 n)
{
	js_push(a, out(json_object_new_int64(n)));
}

void js_push_hex(struct js *a, u64 n)
{
	js_push(a, out(js_make_hex(n)));
}

static const char *js_text(const struct js *v, size_t *len)
{
	return json_object_to_json_string_length((json_object *)v,
						 JSON_C_TO_STRING_PLAIN |
							 JSON_C_TO_STRING_NOSLASHESCAPE,
						 len);
}

int js_write(FILE *file, const struct js *v)
{
	size_t len;
	const char *text = js_text(v, &len);

	return text && fwrite(text, 1, len, file) == len ? 0 : -EIO;
}

int js_write_members(FILE *file, const struct js *o)
{
	size_t len;
	const char *text = o ? js_text(o, &len) : NULL;

	if (!text || len < 2)
		return -ENOMEM;
	return fwrite(text + 1, 1, len - 2, file) == len - 2 ? 0 : -EIO;
}
