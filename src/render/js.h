/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * js.h - JSON values by json-c: hex strings for words, null for unknown.
 *
 * A value owns what was added to it; js_free() releases a whole tree.  Without memory a value
 * is NULL; adding NULL, or to NULL, is harmless and shows as null.
 */
#ifndef GUPINFO_JS_H
#define GUPINFO_JS_H

#include <stdio.h>

#include "lib/bits.h"

struct js;

struct js *js_object(void);
struct js *js_array(void);
void js_free(struct js *v);

/* Add members to object @o.  Invalid UTF-8 bytes of strings become U+FFFD. */
void js_str(struct js *o, const char *key, const char *s); /* NULL s: null */
void js_num(struct js *o, const char *key, s64 n);
void js_hex(struct js *o, const char *key, u64 n); /* "0x…" */
void js_bool(struct js *o, const char *key, bool b);
void js_tri(struct js *o, const char *key, enum tri t); /* unknown: null */
void js_double(struct js *o, const char *key, double d);
void js_null(struct js *o, const char *key);
void js_add(struct js *o, const char *key, struct js *v); /* owns @v from now on */

/* Add elements to array @a. */
void js_push(struct js *a, struct js *v); /* owns @v from now on */
void js_push_str(struct js *a, const char *s);
void js_push_num(struct js *a, s64 n);
void js_push_hex(struct js *a, u64 n);

/* Writes @v on one line without a newline.  Returns 0 or -EIO. */
int js_write(FILE *out, const struct js *v);
/* Writes the members of object @o without its braces.  Returns 0, -ENOMEM or -EIO. */
int js_write_members(FILE *out, const struct js *o);

#endif
