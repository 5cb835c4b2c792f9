/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/diag.h"

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

void diag_addv(struct diag *d, enum diag_class class, pid_t pid, const char *fmt,
	       va_list ap)
{
	char text[512];
	int n = pid ? snprintf(text, sizeof(text), "process %d ", (int)pid) : 0;

	if (!d)
		return;
	if (class > d->worst)
		d->worst = class;
	vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
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
	d->message[d->n++] =
		(struct diag_message){ .class = class, .pid = pid, .text = copy };
}

void diag_add(struct diag *d, enum diag_class class, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_addv(d, class, 0, fmt, ap);
	va_end(ap);
}

void diag_add_process(struct diag *d, enum diag_class class, pid_t pid, const char *fmt,
		      ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_addv(d, class, pid, fmt, ap);
	va_end(ap);
}
