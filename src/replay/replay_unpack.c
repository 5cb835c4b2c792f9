/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/replay_unpack.h"

#include "os/tempfile.h"

#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Runs a decompressor from @fd into a temporary file; returns its descriptor or -errno. */
static int replay_unpack_with(int fd, const char *program)
{
	char *argv[] = { (char *)program, (char *)"-dc", NULL };
	posix_spawn_file_actions_t actions;
	int out = tempfile_fd(), status, err;
	pid_t pid;

	if (out < 0)
		return out;
	lseek(fd, 0, SEEK_SET);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	err = -posix_spawnp(&pid, program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (!err) {
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			err = -EIO;
	}
	if (err)
		close(out);
	return err ? err : out;
}

/* Copies a file that is not seekable into a temporary file. */
static int replay_drain(int fd)
{
	static struct tempfile tmp;
	static char buf[1 << 16];
	int err = tempfile_open(&tmp);
	ssize_t n = 1;

	while (!err && n > 0) {
		n = read(fd, buf, sizeof(buf));
		if (n < 0 && errno != EINTR)
			err = -errno;
		if (n < 0)
			n = 1;
		else if (n)
			err = tempfile_put(&tmp, buf, (size_t)n);
	}
	if (!err)
		err = tempfile_flush(&tmp);
	if (err) {
		tempfile_close(&tmp);
		return err;
	}
	return tmp.fd;
}

int replay_unpack_open(int fd, const char *name, struct diag *diag)
{
	static const struct {
		const char *magic, *program;
		size_t len;
	} packers[] = {
		{ "\x1f\x8b", "gzip", 2 },
		{ "\xfd"
		  "7zXZ",
		  "xz", 5 },
		{ "\x28\xb5\x2f\xfd", "zstd", 4 },
	};
	struct stat st;
	char magic[8] = "";
	int other = fd;

	if (!fstat(fd, &st) && S_ISDIR(st.st_mode))
		other = -EISDIR;
	else if (lseek(fd, 0, SEEK_CUR) < 0)
		other = replay_drain(fd);
	if (other != fd)
		close(fd);
	if (other < 0)
		diag_add(diag, DIAG_ERROR, "cannot read %s: %s", name, strerror(-other));
	if (other < 0)
		return other;
	fd = other;
	if (pread(fd, magic, sizeof(magic), 0) < 2)
		return fd;
	for (unsigned i = 0; i < ARRAY_SIZE(packers); i++) {
		if (memcmp(magic, packers[i].magic, packers[i].len))
			continue;
		other = replay_unpack_with(fd, packers[i].program);
		close(fd);
		if (other < 0)
			diag_add(diag, DIAG_ERROR, "cannot unpack %s with %s: %s", name,
				 packers[i].program,
				 other == -EIO ? "it is damaged" : strerror(-other));
		return other;
	}
	return fd;
}
