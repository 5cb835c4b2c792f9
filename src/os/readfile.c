/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "os/readfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int readfile(int dir, const char *path, char **ret, size_t *ret_len)
{
	size_t len = 0, size = 4096;
	char *text = NULL;
	int err = 0, fd = openat(dir, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	for (;;) {
		char *more = len + 1 < size && text ? text : realloc(text, size *= 2);
		ssize_t got;

		if (!more) {
			err = -ENOMEM;
			break;
		}
		text = more;
		got = read(fd, text + len, size - len - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			err = -errno;
		if (got <= 0)
			break;
		len += got;
	}
	close(fd);
	if (err) {
		free(text);
		return err;
	}
	text[len] = '\0';
	*ret = text;
	*ret_len = len;
	return 0;
}

DIR *readfile_dir(int dir, const char *path)
{
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d && fd >= 0)
		close(fd);
	return d;
}

bool readfile_line(int root, const char *path, char *ret, size_t size)
{
	int fd = openat(root, path, O_RDONLY | O_CLOEXEC);
	char text[4096];
	size_t len = 0;
	ssize_t got;

	if (fd < 0)
		return false;
	do { /* the line may come in parts; what follows it need not be read */
		got = read(fd, text + len, sizeof(text) - 1 - len);
		len += got > 0 ? (size_t)got : 0;
	} while ((got > 0 && !memchr(text, '\n', len)) || (got < 0 && errno == EINTR));
	close(fd);
	text[len] = '\0';
	text[strcspn(text, "\n")] = '\0';
	snprintf(ret, size, "%s", text);
	return got >= 0;
}

static u64 readfile_digits(int root, const char *path, unsigned base)
{
	char line[64];

	if (!readfile_line(root, path, line, sizeof(line)) ||
	    digit_value(line[0]) >= base)
		return UINT64_MAX;
	return strtoull(line, NULL, (int)base);
}

u64 readfile_number(int root, const char *path)
{
	return readfile_digits(root, path, 10);
}

u64 readfile_hex(int root, const char *path)
{
	return readfile_digits(root, path, 16);
}

u64 readfile_find(const char *text, const char *key, int base)
{
	const char *at = strstr(text, key);

	return at ? strtoull(at + strlen(key), NULL, base) : UINT64_MAX;
}

u64 readfile_field(int dir, const char *path, const char *key, int base)
{
	u64 n = UINT64_MAX;
	char *text;
	size_t len;

	if (readfile(dir, path, &text, &len))
		return n;
	n = readfile_find(text, key, base);
	free(text);
	return n;
}
