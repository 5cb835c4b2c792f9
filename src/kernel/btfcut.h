/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * btfcut.h - cuts the part out of a kernel's BTF that a few named types need.
 *
 * libbpf relocates programs against the kernel's BTF: it copies five megabytes, and for every
 * type that a program names it compares the names of 100,000 types.  That takes longer than
 * reading the pages of a large process; against the cut it takes no time.
 *
 * The format is in Documentation/bpf/btf.rst.  Relocations of fields follow members of named
 * types and of their unnamed members, and nothing behind a pointer.
 */
#pragma once

#include <stddef.h>

#include "lib/bits.h"

struct btfcut_want {
	const char *name;
	bool func;             /* it is a function: only its id is wanted */
	bool var;              /* it is a per-CPU variable: only its offset is wanted */
	const char *member[2]; /* members, or enum values, that it may have */
	u32 id;     /* out: id in the whole BTF of the first of that name; 0 none */
	u32 has;    /* out: BIT(i) when a type of that name has ->member[i] */
	u32 offset; /* out: of the variable in its section */
};

/*
 * Makes BTF with the structs, unions and enums that @want names and all their members.
 * Pointers point to void.  Structs inside keep only name and size, unless the member has no
 * name: then its members count as the owner's.  Names that the kernel lacks are left out.
 * Returns 0 and the bytes in *@ret, for free(3); -EINVAL when @btf is not BTF or has unknown
 * kinds, or -ENOMEM.
 */
int btfcut_make(const void *btf, size_t size, struct btfcut_want *want, unsigned nwant,
		void **ret, size_t *ret_size);
