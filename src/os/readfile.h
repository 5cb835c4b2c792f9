/* SPDX-License-Identifier: GPL-2.0-or-later */
/* readfile.h - reads whole files of /proc and /sys, which have no size. */
#pragma once

#include <dirent.h>
#include <stddef.h>

#include "lib/bits.h"

/* Reads the whole file below @dir into memory for free(3), NUL-terminated; or -errno. */
int readfile(int dir, const char *path, char **ret, size_t *ret_len);

/* Opens the directory @path below @dir; NULL when it cannot. */
DIR *readfile_dir(int dir, const char *path);

/* Reads the first line of a small file; returns false when it cannot. */
bool readfile_line(int root, const char *path, char *ret, size_t size);

/* Reads the number at the start of a small file; returns UINT64_MAX when there is none. */
u64 readfile_number(int root, const char *path);

/* Likewise a hexadecimal one, without 0x. */
u64 readfile_hex(int root, const char *path);

/* Returns the number of @base behind @key, blanks apart: 0 when none follows; UINT64_MAX without @key. */
u64 readfile_find(const char *text, const char *key, int base);
/* Likewise of a whole file; UINT64_MAX when it cannot be read, too. */
u64 readfile_field(int dir, const char *path, const char *key, int base);
