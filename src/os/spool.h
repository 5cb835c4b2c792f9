/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spool.h - a nameless temporary file for what must be written before what comes first.
 *
 * Knows: where temporary files go.  Never: what is in them.  Owns: its descriptor.
 */
#ifndef GUPINFO_SPOOL_H
#define GUPINFO_SPOOL_H

#include <stddef.h>

struct spool {
	int fd;
	size_t len;
	char buf[1 << 16];
};

/* Opens it in $TMPDIR, else /tmp or /var/tmp.  Returns 0 or -errno. */
int spool_open(struct spool *s);
void spool_close(struct spool *s);
/* A record_put: @ctx is the spool. */
int spool_put(void *ctx, const char *buf, size_t len);
/* Writes what is buffered. */
int spool_flush(struct spool *s);
/* Hands the whole content to @put, from the start.  Returns 0, -errno or @put's value. */
int spool_copy(struct spool *s, int (*put)(void *ctx, const char *buf, size_t len),
	       void *ctx);
/* A new nameless temporary file, or -errno. */
int spool_fd(void);

#endif
