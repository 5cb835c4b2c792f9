/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tempfile.h - a nameless temporary file for what must be written before what comes first.
 *
 * Knows: where temporary files go.  Never: what is in them.  Owns: its descriptor.
 */
#ifndef GUPINFO_TEMPFILE_H
#define GUPINFO_TEMPFILE_H

#include <stddef.h>

struct tempfile {
	int fd;
	size_t len;
	char buf[1 << 16];
};

/* Opens it in $TMPDIR, else /tmp or /var/tmp.  Returns 0 or -errno. */
int tempfile_open(struct tempfile *s);
void tempfile_close(struct tempfile *s);
/* A record_put: @ctx is the spool. */
int tempfile_put(void *ctx, const char *buf, size_t len);
/* Writes what is buffered. */
int tempfile_flush(struct tempfile *s);
/* Hands the whole content to @put, from the start.  Returns 0, -errno or @put's value. */
int tempfile_copy(struct tempfile *s, int (*put)(void *ctx, const char *buf, size_t len),
		  void *ctx);
/* A new nameless temporary file, or -errno. */
int tempfile_fd(void);

#endif
