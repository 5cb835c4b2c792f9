/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "os/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names of open descriptors, which are links whatever they lead to. */
static bool outfile_names_fd(const char *path)
{
	return !strncmp(path, "/dev/std", 8) || !strncmp(path, "/dev/fd/", 8) ||
	       !strncmp(path, "/proc/self/fd/", 14);
}

/* Returns a descriptor or -errno. */
static int outfile_create(struct outfile *o, const char *path)
{
	bool named = outfile_names_fd(path);
	struct stat st = { .st_mode = S_IFREG };
	int fd;

	if (!named && lstat(path, &st) && errno != ENOENT)
		return -errno;
	if (S_ISLNK(st.st_mode) || S_ISDIR(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -ELOOP;
	if (named || !S_ISREG(st.st_mode)) {
		fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY |
					(named ? O_TRUNC : O_NOFOLLOW));
		return fd < 0 ? -errno : fd;
	}
	if (asprintf(&o->beside, "%s.XXXXXX", path) < 0) {
		o->beside = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(o->beside, O_CLOEXEC); /* of mode 0600, and it follows no link */
	if (fd >= 0)
		return fd;
	fd = -errno;
	free(o->beside);
	o->beside = NULL;
	return fd;
}

static int outfile_fail(const struct outfile *o, int err)
{
	diag_add(o->diag, DIAG_ERROR, "cannot write %s: %s", o->path,
		 err == -ELOOP ? "it is a symbolic link; name the file it leads to"
			       : strerror(-err));
	return err;
}

int outfile_open(struct outfile *o, const char *path, struct diag *diag)
{
	int fd;

	*o = (struct outfile){ .path = path, .diag = diag };
	fd = outfile_create(o, path);
	if (fd < 0)
		return outfile_fail(o, fd);
	o->file = fdopen(fd, "w");
	if (o->file)
		return 0;
	close(fd);
	return outfile_close(o, outfile_fail(o, -ENOMEM));
}

int outfile_close(struct outfile *o, int err)
{
	if (o->file && fclose(o->file) && !err)
		err = outfile_fail(o, -errno);
	if (o->beside && !err && rename(o->beside, o->path))
		err = outfile_fail(o, -errno);
	if (o->beside && err)
		unlink(o->beside);
	free(o->beside);
	*o = (struct outfile){ 0 };
	return err;
}
