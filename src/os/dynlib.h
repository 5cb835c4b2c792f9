/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dynlib.h - loads shared libraries that few runs need, when a run needs them.
 *
 * libkmod brings libcrypto, liblzma and libzstd along, libproc2 brings libsystemd and
 * libgcrypt: linked in the usual way they took half of the time from exec to main().  An ELF
 * note names each library, so that packagers find it.  Loaded libraries stay loaded.
 */
#pragma once

#include "lib/bits.h"

/*
 * A file that uses a library lists the functions, @functions(X) being X(one) X(two) ...; it calls
 * them as @lib.one(), and @lib_names are their names.
 */
#define LAZY_FUNCTIONS(lib, functions)  \
	static struct {                 \
		functions(LAZY_POINTER) \
	} lib;                          \
	static const char *const lib##_names[] = { functions(LAZY_NAME) }
#define LAZY_POINTER(function) __typeof__(function) *function;
#define LAZY_NAME(function) #function,

/* Notes in the ELF file that it loads @soname for @what (https://uapi-group.org: ELF dlopen). */
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
 * Loads @soname on the first call and fills @functions, a struct of LAZY_POINTER()s, with the
 * @n @names.  Returns 0, or -ELIBACC when the library or one of its functions is missing.
 */
typedef int dynlib_loader(const char *soname, const char *const *names, size_t n,
			  void *functions);
dynlib_loader dynlib_load;
