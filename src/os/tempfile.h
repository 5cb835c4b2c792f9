/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tempfile.h - nameless temporary files for text that is printed after what is not known yet. */
#pragma once

#include <stdio.h>

/* Opens one for reading and writing in $TMPDIR, else /tmp or /var/tmp.  Returns 0 or -errno. */
int tempfile_open(FILE **ret);
/* A record_put for which @file is the FILE. */
int tempfile_put(void *file, const char *buf, size_t len);
/* Passes the whole content to @put, from the start.  Returns 0, -errno or @put's value. */
int tempfile_copy(void *file, int (*put)(void *ctx, const char *buf, size_t len),
		  void *ctx);
/* Opens @n files ahead, up to 4: for a process that soon may not any more. */
void tempfile_reserve(unsigned n);
