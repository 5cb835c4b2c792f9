/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tempfile.h - nameless temporary files for text that is printed after what is not known yet. */
#pragma once

#include <stddef.h>

struct tempfile {
	int fd;
	size_t len;
	char buf[1 << 16];
};

/* Opens it in $TMPDIR, else /tmp or /var/tmp.  Returns 0 or -errno. */
int tempfile_open(struct tempfile *s);
void tempfile_close(struct tempfile *s);
/* A record_put for which @ctx is the struct tempfile. */
int tempfile_put(void *ctx, const char *buf, size_t len);
/* Writes out the buffer. */
int tempfile_flush(struct tempfile *s);
/* Passes the whole content to @put, from the start.  Returns 0, -errno or @put's value. */
int tempfile_copy(struct tempfile *s, int (*put)(void *ctx, const char *buf, size_t len),
		  void *ctx);
/* Opens @n files ahead for tempfile_fd(), up to 4: for a process that soon may not any more. */
void tempfile_reserve(unsigned n);
/* Opens a nameless temporary file; returns its descriptor or -errno. */
int tempfile_fd(void);
