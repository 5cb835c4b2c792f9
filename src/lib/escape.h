/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * escape.h - strings of other processes made harmless.
 *
 * Knows: UTF-8, control characters.  Never: quoting of a particular format (JSON has its own).
 * Owns: nothing.
 */
#ifndef GUPINFO_ESCAPE_H
#define GUPINFO_ESCAPE_H

#include "lib/bits.h"

/*
 * Copies @s into @buf of @size bytes so that it can be shown in a terminal or a mail: control
 * characters (C0, DEL, C1), invalid UTF-8 and backslashes become \xHH, bidirectional controls
 * and line separators likewise.  The result is always terminated; a result that does not fit is
 * cut at a whole character.  Returns @buf.
 */
char *escape_text(char *buf, size_t size, const char *s);

/*
 * The length of the valid UTF-8 sequence at @s and its code point in *@ret; 0 when there is none
 * (overlong forms, surrogates and code points above 10ffff are not valid).  Reads at most up to
 * the terminating NUL.
 */
unsigned escape_utf8(const unsigned char *s, u32 *ret);

#endif
