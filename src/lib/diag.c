/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/diag.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

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

void diag_add_process(struct diag *d, enum diag_class class, pid_t pid, const char *fmt,
		      ...)
{
	char text[512];
	int n = pid ? snprintf(text, sizeof(text), "process %d ", (int)pid) : 0;

	if (!d)
		return;
	if (class > d->worst)
		d->worst = class;
	TEXT_FORMAT(text + n, sizeof(text) - (size_t)n, fmt);
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
