/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpflog.h - finds the line that is the cause among all that libbpf prints when a program fails
 * to load.
 *
 * libbpf warns of the cause first and of its consequences later.  It frames the verifier's log,
 * whose last line before the statistics is the verdict.
 */
#pragma once

#include "lib/bits.h"

/* The caller zeroes it before the first message. */
struct bpflog {
	char line[120]; /* "observe_cast: R1 invalid mem access 'scalar'"; "" none yet */
	bool verifier;  /* the line is the verifier's and stays */
};

/* Adds a warning of libbpf. */
void bpflog_add(struct bpflog *l, const char *message);
