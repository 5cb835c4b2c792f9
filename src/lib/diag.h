/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diag.h - a list of warnings, owned by the caller.  Nothing is printed here. */
#pragma once

#include <sys/types.h>

#include "lib/bits.h"

enum diag_class {
	DIAG_NOTE,       /* worth a line; nothing is missing */
	DIAG_INCOMPLETE, /* some fact could not be read: exit status 3 */
	DIAG_ERROR,      /* failed: exit status 1 */
};

#define DIAG_MAX 64 /* messages kept; further ones are only counted */

struct diag {
	unsigned n, dropped;
	unsigned worst; /* the highest enum diag_class that was added */
	struct diag_message {
		u8 class;
		pid_t pid; /* the process that it is about; 0: none */
		char *text;
	} message[DIAG_MAX];
};

void diag_init(struct diag *d);
void diag_deinit(struct diag *d);
/*
 * Adds a message unless the list has an equal one.  Without memory, or if @d is NULL, the message
 * is lost.
 */
#define diag_add(d, class, ...) diag_add_process(d, class, 0, __VA_ARGS__)
/* The same of process @pid, unless it is 0: the message is "process PID " and the text. */
void diag_add_process(struct diag *d, enum diag_class class, pid_t pid, const char *fmt,
		      ...) PRINTF(4, 5);
