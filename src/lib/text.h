/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.h - text that is put together in a buffer. */
#pragma once

#include "lib/bits.h"

/* Appends to the string in @buf, which has room for @size bytes; what does not fit is cut. */
void text_add(char *buf, size_t size, const char *fmt, ...) PRINTF(3, 4);
