/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pure.h"

void diag_init(struct diag *d)
{
	memset(d, 0, sizeof(*d));
}

void diag_deinit(struct diag *d)
{
	if (!d)
		return;
	for (unsigned i = 0; i < d->n; i++)
		free(d->message[i].text);
	memset(d, 0, sizeof(*d));
}

void diag_add(struct diag *d, enum diag_class class, const char *fmt, ...)
{
	va_list ap;
	char text[512];

	if (class > d->worst)
		d->worst = class;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (unsigned i = 0; i < d->n; i++)
		if (d->message[i].class == class && !strcmp(d->message[i].text, text))
			return;
	if (d->n == DIAG_MAX) {
		d->dropped++;
		return;
	}
	char *copy = strdup(text);
	if (!copy) {
		d->dropped++;
		return;
	}
	d->message[d->n++] = (struct diag_message){ .class = class, .text = copy };
}
