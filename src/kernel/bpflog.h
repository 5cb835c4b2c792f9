/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpflog.h - of all that libbpf prints while it fails to load a program, the line that is the cause.
 *
 * Knows: that libbpf warns of the cause before it warns of what follows from it, and how it frames
 *	the verifier's log, whose last line but its statistics is the verdict.
 * Never: libbpf.  Owns: nothing.
 */
#ifndef GUPINFO_BPFLOG_H
#define GUPINFO_BPFLOG_H

#include "lib/bits.h"

/* Zeroed before the first message. */
struct bpflog {
	char line
		[120]; /* "observe_cast: R1 invalid mem access 'scalar'"; "" nothing yet */
	bool verifier; /* the line is the verifier's: it stays */
};

/* Takes up a warning of libbpf. */
void bpflog_add(struct bpflog *l, const char *message);

#endif
