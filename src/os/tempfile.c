/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "os/tempfile.h"

#include "lib/bits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
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

int tempfile_open(FILE **ret)
{
	int fd = nreserved ? reserved[--nreserved] : tempfile_new();
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w+");

	if (file)
		*ret = file;
	else if (fd >= 0)
		close(fd);
	return file ? 0 : fd < 0 ? fd : -ENOMEM;
}

int tempfile_put(void *file, const char *buf, size_t len)
{
	return fwrite(buf, 1, len, file) == len ? 0 : errno ? -errno : -EIO;
}

int tempfile_copy(void *file, int (*put)(void *ctx, const char *buf, size_t len),
		  void *ctx)
{
	char buf[1 << 14];
	int err = fflush(file) ? -errno : 0;
	ssize_t n = 0;

	for (off_t at = 0; !err; at += n) {
		n = pread(fileno(file), buf, sizeof(buf), at);
		if (n <= 0)
			return n < 0 ? -errno : 0;
		err = put(ctx, buf, (size_t)n);
	}
	return err;
}
