/* SPDX-License-Identifier: GPL-2.0-or-later */
/* escape.h - makes strings of other processes harmless for terminals and mails. */
#pragma once

#include "lib/bits.h"

/*
 * Copies @s into @buf of @size bytes so that it can be shown in a terminal or a mail: control
 * characters (C0, DEL, C1), invalid UTF-8 and backslashes become \xHH, bidirectional controls
 * and line separators likewise.  The result is always terminated; a result that does not fit is
 * cut at a whole character.  Returns @buf.
 */
char *escape_text(char *buf, size_t size, const char *s);
/* The same in a buffer of @size bytes of the block that asks. */
#define ESCAPED(s, size) escape_text((char[size]){ 0 }, size, s)

/* Characters that move the cursor, hide text or turn its direction, and the backslash. */
bool escape_unsafe(u32 cp);

/*
 * Returns the length of the valid UTF-8 sequence at @s and its code point in *@ret; 0 if it is
 * not valid (overlong forms, surrogates, above 10ffff).  Reads at most up to the NUL.
 */
unsigned escape_utf8(const unsigned char *s, u32 *ret);
