/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * js.h - a JSON writer: each value is written as soon as it is named.
 *
 * Words are hex strings, and what is unknown is null.
 *
 * A document may have a million pages, and libraries in C that write JSON (json-c, jansson) build
 * a tree of it first.  A stream needs the commas, quotes and escapes below, which is less code than
 * an adapter to such a library.
 */
#pragma once

#include <stdio.h>

#include "lib/bits.h"

/* A place in a document.  Starts as { .out = FILE }; whether writing failed, ferror(out) knows. */
struct js {
	FILE *out;
	bool comma; /* a value precedes on this level */
};

/* Every value has a @key as a member of an object, and NULL as an element of an array. */
void js_open(struct js *j, const char *key, char bracket); /* '{' or '[' */
void js_close(struct js *j, char bracket);                 /* '}' or ']' */

/* Unless @known the value is null; returns @known: whether it is open. */
bool js_open_if(struct js *j, const char *key, bool known, char bracket);

/* Add a value.  Invalid UTF-8 bytes of strings become U+FFFD. */
void js_str(struct js *j, const char *key, const char *s); /* NULL s: null */
void js_num(struct js *j, const char *key, s64 n);
void js_u64(struct js *j, const char *key, u64 n);
void js_num_if(struct js *j, const char *key, bool known, s64 n); /* not known: null */
void js_hex(struct js *j, const char *key, u64 n);                /* "0x…" */
void js_bool(struct js *j, const char *key, bool b);
void js_tri(struct js *j, const char *key, enum tri t); /* unknown: null */
void js_seconds(struct js *j, const char *key, u64 ns);
void js_null(struct js *j, const char *key);

/* Adds what is JSON already: a value, or an object that the caller goes on with. */
void js_json(struct js *j, const char *key, const char *text, size_t len);

/* The next element starts a line. */
void js_line(struct js *j);
