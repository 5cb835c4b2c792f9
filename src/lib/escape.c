/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/escape.h"

#include <stdio.h>

#include "lib/pure.h"

unsigned escape_utf8(const unsigned char *s, u32 *ret)
{
	static const struct {
		u8 mask, lead;
		unsigned len;
		u32 min;
	} forms[] = {
		{ .mask = 0x80, .lead = 0x00, .len = 1, .min = 0 },
		{ .mask = 0xe0, .lead = 0xc0, .len = 2, .min = 0x80 },
		{ .mask = 0xf0, .lead = 0xe0, .len = 3, .min = 0x800 },
		{ .mask = 0xf8, .lead = 0xf0, .len = 4, .min = 0x10000 },
	};

	for (unsigned f = 0; f < ARRAY_SIZE(forms); f++) {
		if ((s[0] & forms[f].mask) != forms[f].lead)
			continue;
		u32 cp = s[0] & (u8)~forms[f].mask;

		for (unsigned i = 1; i < forms[f].len; i++) {
			if ((s[i] & 0xc0) != 0x80)
				return 0;
			cp = cp << 6 | (s[i] & 0x3f);
		}
		if (cp < forms[f].min || cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
			return 0;
		*ret = cp;
		return forms[f].len;
	}
	return 0;
}

bool escape_unsafe(u32 cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == '\\' || cp == 0xad ||
	       (cp >= 0x200b && cp <= 0x200f) || (cp >= 0x2028 && cp <= 0x202e) ||
	       (cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff ||
	       (cp >= 0xe0000 && cp <= 0xe007f);
}

char *escape_text(char *buf, size_t size, const char *s)
{
	size_t at = 0;

	while (*s) {
		u32 cp;
		unsigned n = escape_utf8((const unsigned char *)s, &cp);
		bool raw = n && !escape_unsafe(cp);
		unsigned from = n ? n : 1;
		size_t need = raw ? from : from * 4;

		if (at + need >= size)
			break;
		for (unsigned i = 0; i < from; i++) {
			if (raw)
				buf[at++] = s[i];
			else
				at += snprintf(buf + at, size - at, "\\x%02x",
					       (unsigned char)s[i]);
		}
		s += from;
	}
	if (size)
		buf[at] = '\0';
	return buf;
}
