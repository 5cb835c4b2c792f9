/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "os/tempfile.h"

#include "lib/bits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int tempfile_fd_in(const char *dir)
{
	char path[4096];
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	if (snprintf(path, sizeof(path), "%s/gupinfo-XXXXXX", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unlink(path);
	return fd;
}

static int tempfile_new(void)
{
	const char *const dirs[] = { getenv("TMPDIR"), "/tmp", "/var/tmp" };
	int fd = -ENOENT;

	for (unsigned i = 0; i < ARRAY_SIZE(dirs); i++) {
		if (!dirs[i] || !*dirs[i])
			continue;
		fd = tempfile_fd_in(dirs[i]);
		if (fd >= 0)
			return fd;
	}
	return fd;
}

static int reserved[4];
static unsigned nreserved;

void tempfile_reserve(unsigned n)
{
	int fd;

	while (n-- && nreserved < ARRAY_SIZE(reserved) && (fd = tempfile_new()) >= 0)
		reserved[nreserved++] = fd;
}

int tempfile_fd(void)
{
	return nreserved ? reserved[--nreserved] : tempfile_new();
}

int tempfile_open(struct tempfile *s)
{
	s->len = 0;
	s->fd = tempfile_fd();
	return s->fd < 0 ? s->fd : 0;
}

void tempfile_close(struct tempfile *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

int tempfile_flush(struct tempfile *s)
{
	for (size_t done = 0; done < s->len;) {
		ssize_t n = write(s->fd, s->buf + done, s->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		done += (size_t)n;
	}
	s->len = 0;
	return 0;
}

int tempfile_put(void *ctx, const char *buf, size_t len)
{
	struct tempfile *s = ctx;

	while (len) {
		size_t n = sizeof(s->buf) - s->len;

		if (!n) {
			int err = tempfile_flush(s);

			if (err)
				return err;
			continue;
		}
		n = n < len ? n : len;
		memcpy(s->buf + s->len, buf, n);
		s->len += n;
		buf += n;
		len -= n;
	}
	return 0;
}

int tempfile_copy(struct tempfile *s, int (*put)(void *ctx, const char *buf, size_t len),
		  void *ctx)
{
	int err = tempfile_flush(s);
	off_t at = 0;

	while (!err) {
		ssize_t n = pread(s->fd, s->buf, sizeof(s->buf), at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		at += n;
		err = put(ctx, s->buf, (size_t)n);
	}
	return err;
}
