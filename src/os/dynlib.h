/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dynlib.h - shared libraries that few runs need, loaded when they are needed.
 *
 * libkmod brings libcrypto, liblzma and libzstd along, libproc2 brings libsystemd and libgcrypt:
 * linked in the usual way they took half of the time from exec to main().
 *
 * Knows: dlopen(3), the note by which packagers find such libraries.  Never: what they are for.
 * Owns: what was loaded, which stays.
 */
#ifndef GUPINFO_DYNLIB_H
#define GUPINFO_DYNLIB_H

#include "lib/bits.h"

/*
 * A file that uses a library lists its functions, FUNCTIONS(X) being X(one) X(two) ..., in
 * struct { FUNCTIONS(LAZY_POINTER) } and const char *names[] = { FUNCTIONS(LAZY_NAME) }.
 */
#define LAZY_POINTER(function) __typeof__(function) *function;
#define LAZY_NAME(function) #function,

/* Says in the ELF file that @soname is loaded for @what (https://uapi-group.org: ELF dlopen). */
#define LAZY_NOTE(soname, what)                                                      \
	static const struct {                                                        \
		u32 name_size, text_size, type;                                      \
		char name[4], text[ROUND_UP(sizeof(LAZY_JSON(soname, what)), 4)];    \
	} dynlib_note __attribute__((used, aligned(4), section(".note.dlopen"))) = { \
		4, sizeof(LAZY_JSON(soname, what)), 0x407c0c0a, "FDO",               \
		LAZY_JSON(soname, what)                                              \
	}
#define LAZY_JSON(soname, what)                                                \
	"[{\"soname\":[\"" soname "\"],\"feature\":\"" what "\",\"priority\":" \
	"\"recommended\"}]"

/*
 * Loads @soname, once, and fills @functions, a struct of LAZY_POINTER()s, with the @n @names.
 * Returns 0, or -ELIBACC when the library or one of its functions is missing.
 */
int dynlib_load(const char *soname, const char *const *names, size_t n, void *functions);

#endif
