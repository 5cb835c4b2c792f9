/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * btfcut.h - the part of a kernel's BTF that a few named types need.
 *
 * libbpf relocates programs against the kernel's BTF: it copies five megabytes and compares the
 * names of 100,000 types for every type that a program names, which takes longer than reading the
 * pages of a large process.  Against the cut that is made here it takes no time.
 *
 * Knows: the BTF format (Documentation/bpf/btf.rst); that relocations of fields follow members of
 *	named types and of their members without a name, and nothing behind a pointer.
 * Never: I/O, libbpf.  Owns: nothing after it returns.
 */
#ifndef GUPINFO_BTFCUT_H
#define GUPINFO_BTFCUT_H

#include <stddef.h>

#include "lib/bits.h"

struct btfcut_want {
	const char *name;
	bool func;             /* a function: only its id is found */
	const char *member[2]; /* members, or values of an enum, that it may have */
	u32 id;  /* out: in the whole BTF, of the first of that name; 0: there is none */
	u32 has; /* out: BIT(i) for each ->member[i] that a type of that name has */
};

/*
 * Makes BTF that holds the structs, unions and enums that @want names, with all their members;
 * what a member points to is void, and other structs inside keep name and size only, unless the
 * member has no name: then its members count as its owner's.  Names that
 * the kernel lacks are left out.  Returns 0 and the bytes in *@ret, for free(3); -EINVAL when
 * @btf is not BTF or holds kinds that are not known here, -ENOMEM.
 */
int btfcut_make(const void *btf, size_t size, struct btfcut_want *want, unsigned nwant,
		void **ret, size_t *ret_size);

#endif
