/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kmods.h - the loaded kernel modules, from libkmod. */
#pragma once

#include "lib/bits.h"

struct kmods_module {
	char name[64];
	s32 refcount;        /* its users; -1 unknown */
	char holders[256];   /* modules that use it, "a,b"; "…" marks a cut */
	char version[64];    /* MODULE_VERSION, or "" */
	char srcversion[32]; /* checksum of its source, or "" */
	char taint
		[16]; /* letters: P proprietary, O out of tree, E unsigned, F forced … */
	char state[16]; /* "live", "coming", "going", "builtin" */
};

/*
 * Lists modules ascending by name.  Returns 0 and an array for free(3) (NULL when *ret_n is 0),
 * -ENOENT when the kernel has no loadable modules, or -errno.
 */
int kmods_list(struct kmods_module **ret, size_t *ret_n);
