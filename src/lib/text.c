/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/pure.h"

void text_add(char *buf, size_t size, const char *fmt, ...)
{
	size_t n = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf + n, size - n, fmt, ap);
	va_end(ap);
}
