/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * readfile.h - a file of /proc or /sys, whole.
 *
 * Knows: that such files have no size.  Never: what is in them.  Owns: nothing.
 */
#ifndef GUPINFO_READFILE_H
#define GUPINFO_READFILE_H

#include <stddef.h>

/* Reads the whole file below @dir into memory for free(3), NUL-terminated; or -errno. */
int readfile(int dir, const char *path, char **ret, size_t *ret_len);

#endif
