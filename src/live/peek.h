/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peek.h - walks page tables like the BPF program "observe", by the same code compiled for the host.
 *
 * The kernel only copies what it is asked for (the program "peek"): that takes the verifier no time, and
 * needs no bpf_rdonly_cast().  For many pages "observe" is faster.
 */
#pragma once

#include "page/structpage.h"

struct peek_io {
	const struct structpage_call *machine;
	const struct structpage_layout *layout;
	u32 page_size;                /* sizeof(struct page) */
	struct structpage_rec *rec;   /* those of all calls: walk->first is an index */
	struct structpage_walk *walk; /* this call's arguments and results */
	struct structpage_peek *peek; /* those of all calls: walk->peeks is an index */
	int (*run)(void *ctx); /* runs the program "peek" for this call; 0 or -errno */
	void *ctx;
};

/* Does what a run of "observe" does.  Returns 0 or -errno.  Several threads may call it, each with its own @io. */
int peek_observe(const struct peek_io *io);
