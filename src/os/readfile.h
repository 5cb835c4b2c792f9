/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * readfile.h - a file of /proc or /sys, whole.
 *
 * Knows: that such files have no size.  Never: what is in them.  Owns: nothing.
 */
#ifndef GUPINFO_READFILE_H
#define GUPINFO_READFILE_H

#include <stddef.h>

#include "lib/bits.h"

/* Reads the whole file below @dir into memory for free(3), NUL-terminated; or -errno. */
int readfile(int dir, const char *path, char **ret, size_t *ret_len);

/* The first line of a small file; false when it cannot be read. */
bool readfile_line(int root, const char *path, char *ret, size_t size);

/* The number that a small file starts with; UINT64_MAX when there is none. */
u64 readfile_number(int root, const char *path);

#endif
