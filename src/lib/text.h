/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.h - text that is put together in a buffer. */
#pragma once

#include <stdarg.h>
#include <stdio.h>

#include "lib/bits.h"

/* Formats @fmt and what follows it among the parameters into @buf; returns what vsnprintf() does. */
#define TEXT_FORMAT(buf, size, fmt)                  \
	({                                           \
		va_list ap_;                         \
		int n_;                              \
                                                     \
		va_start(ap_, fmt);                  \
		n_ = vsnprintf(buf, size, fmt, ap_); \
		va_end(ap_);                         \
		n_;                                  \
	})

/* Appends to the string in @buf, which has room for @size bytes; what does not fit is cut. */
void text_add(char *buf, size_t size, const char *fmt, ...) PRINTF(3, 4);

/* Whether @text begins with one of the words of @keys, between bars: "ib_|rdma"; or is one. */
bool text_begins(const char *text, const char *keys);
bool text_is(const char *text, const char *keys);

/* Whether @word is the first @len bytes of @text. */
bool text_same(const char *word, const char *text, size_t len);
