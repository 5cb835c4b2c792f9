/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/text.h"

#include <string.h>

#include "lib/pure.h"

void text_add(char *buf, size_t size, const char *fmt, ...)
{
	size_t n = strlen(buf);

	TEXT_FORMAT(buf + n, size - n, fmt);
}

static bool text_word(const char *text, const char *keys, bool whole)
{
	for (size_t n;; keys += n + 1) {
		n = strcspn(keys, "|");
		if (!strncmp(text, keys, n) && (!whole || !text[n]))
			return true;
		if (!keys[n])
			return false;
	}
}

bool text_begins(const char *text, const char *keys)
{
	return text_word(text, keys, false);
}

bool text_is(const char *text, const char *keys)
{
	return text_word(text, keys, true);
}

bool text_same(const char *word, const char *text, size_t len)
{
	return strlen(word) == len && !memcmp(word, text, len);
}
