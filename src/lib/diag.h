/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diag.h - a caller-owned list of warnings; never prints.
 *
 * Knows: text and class of a message.  Never: stderr.  Owns: its messages, until diag_deinit().
 */
#ifndef GUPINFO_DIAG_H
#define GUPINFO_DIAG_H

#include "lib/bits.h"

enum diag_class {
	DIAG_NOTE,       /* worth saying, nothing is missing */
	DIAG_INCOMPLETE, /* some fact could not be read: exit status 3 */
	DIAG_ERROR,      /* failed: exit status 1 */
};

#define DIAG_MAX 64 /* messages kept; more are counted */

struct diag {
	unsigned n, dropped;
	unsigned worst; /* highest enum diag_class seen */
	struct diag_message {
		u8 class;
		char *text;
	} message[DIAG_MAX];
};

void diag_init(struct diag *d);
void diag_deinit(struct diag *d);
/* Adds a message (once: an equal text is not added again).  Never fails; out of memory drops it. */
void diag_add(struct diag *d, enum diag_class class, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
