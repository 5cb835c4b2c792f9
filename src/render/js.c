/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/js.h"

#include <string.h>

#include "lib/escape.h"
#include "render/columns.h"

static void js_raw(struct js *j, const char *s, size_t len)
{
	fwrite_unlocked(s, 1, len, j->out);
}

/* Writes what precedes a value: the comma and the key. */
static void js_key(struct js *j, const char *key)
{
	if (j->comma)
		putc_unlocked(',', j->out);
	j->comma = true;
	if (!key)
		return;
	putc_unlocked('"', j->out);
	js_raw(j, key, strlen(key));
	js_raw(j, "\":", 2);
}

static void js_word(struct js *j, const char *key, const char *word)
{
	js_key(j, key);
	js_raw(j, word, strlen(word));
}

void js_open(struct js *j, const char *key, char bracket)
{
	js_key(j, key);
	putc_unlocked(bracket, j->out);
	j->comma = false;
}

bool js_open_if(struct js *j, const char *key, bool known, char bracket)
{
	if (known)
		js_open(j, key, bracket);
	else
		js_null(j, key);
	return known;
}

void js_close(struct js *j, char bracket)
{
	putc_unlocked(bracket, j->out);
	j->comma = true;
}

void js_json(struct js *j, const char *key, const char *text, size_t len)
{
	js_key(j, key);
	js_raw(j, text, len);
}

void js_line(struct js *j)
{
	if (j->comma)
		putc_unlocked(',', j->out);
	putc_unlocked('\n', j->out);
	j->comma = false;
}

/* Writes one character that JSON escapes, or a terminal obeys. */
static void js_escape(struct js *j, u32 cp)
{
	static const char short_of[] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
		['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\'
	};

	if (cp < sizeof(short_of) && short_of[cp])
		fprintf(j->out, "\\%c", short_of[cp]);
	else if (cp < 0x10000)
		fprintf(j->out, "\\u%04x", cp);
	else
		fprintf(j->out, "\\u%04x\\u%04x", 0xd800 + ((cp - 0x10000) >> 10),
			0xdc00 + (cp & 0x3ff));
}

void js_str(struct js *j, const char *key, const char *s)
{
	if (!s) {
		js_null(j, key);
		return;
	}
	js_word(j, key, "\"");
	for (u32 cp; *s;) {
		unsigned n = escape_utf8((const unsigned char *)s, &cp);

		if (!n)
			js_raw(j, "\xef\xbf\xbd", 3);
		else if (cp == '"' || escape_unsafe(cp))
			js_escape(j, cp);
		else
			js_raw(j, s, n);
		s += n ? n : 1;
	}
	putc_unlocked('"', j->out);
}

void js_u64(struct js *j, const char *key, u64 n)
{
	char buf[32];

	js_word(j, key, columns_digits(n, 10, "", buf, sizeof(buf)));
}

void js_num(struct js *j, const char *key, s64 n)
{
	char buf[32];

	if (n < 0)
		js_word(j, key, columns_digits(-(u64)n, 10, "-", buf, sizeof(buf)));
	else
		js_u64(j, key, (u64)n);
}

void js_num_if(struct js *j, const char *key, bool known, s64 n)
{
	if (known)
		js_num(j, key, n);
	else
		js_null(j, key);
}

void js_hex(struct js *j, const char *key, u64 n)
{
	char buf[32];

	js_word(j, key, columns_digits(n, 16, "\"0x", buf, sizeof(buf)));
	putc_unlocked('"', j->out);
}

void js_bool(struct js *j, const char *key, bool b)
{
	js_word(j, key, b ? "true" : "false");
}

void js_tri(struct js *j, const char *key, enum tri t)
{
	js_word(j, key, t == TRI_UNKNOWN ? "null" : t == TRI_YES ? "true" : "false");
}

void js_seconds(struct js *j, const char *key, u64 ns)
{
	js_key(j, key);
	fprintf(j->out, "%llu.%09llu", ns / 1000000000, ns % 1000000000);
}

void js_null(struct js *j, const char *key)
{
	js_word(j, key, "null");
}
