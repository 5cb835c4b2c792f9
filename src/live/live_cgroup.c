/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which memory cgroup a page is charged to, by /proc/kpagecgroup (page_cgroup_ino(), mm/memcontrol.c),
 * and a process is in.  Of a cgroup that was removed the kernel shows the next one above that was not.
 */
#include "live/live_int.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/array.h"
#include "os/readfile.h"

#define LIVE_CGROUP_PATH 1024

/* Adds cgroup @path below @root, and those in it. */
static void live_cgroup_walk(struct live_cgroups *c, int root, const char *path)
{
	const char *from = path[0] ? path + 1 : "."; /* without the slash */
	DIR *d = readfile_dir(root, from);
	struct live_cgroup *new;
	struct stat st;

	if (!d || fstat(dirfd(d), &st))
		goto out;
	new = array_add(&c->list, &c->n, &c->room, sizeof(*new));
	if (!new)
		goto out;
	new->ino = st.st_ino;
	new->path = strdup(path[0] ? path : "/");
	for (struct dirent *e; (e = readdir(d));) {
		char below[LIVE_CGROUP_PATH];

		if (e->d_type == DT_DIR && e->d_name[0] != '.' &&
		    (size_t)snprintf(below, sizeof(below), "%s/%s", path, e->d_name) <
			    sizeof(below))
			live_cgroup_walk(c, root, below);
	}
out:
	if (d)
		closedir(d);
}

/* The hierarchy of v1's memory controller, or v2's. */
static void live_cgroup_find(struct live *l)
{
	static const char *const roots[] = { "sys/fs/cgroup/memory", "sys/fs/cgroup" };
	int fd = -1;

	for (unsigned i = 0; i < ARRAY_SIZE(roots) && fd < 0; i++)
		fd = openat(l->root, roots[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		live_cgroup_walk(&l->cgroups, fd, "");
		close(fd);
	}
	l->kpagecgroup = openat(l->root, "proc/kpagecgroup", O_RDONLY | O_CLOEXEC);
	l->cgroups.tried = true;
}

static const char *live_cgroup_name(struct live_cgroups *c, u64 ino)
{
	struct live_cgroup *new;
	char text[40];

	for (size_t i = 0; i < c->n; i++)
		if (c->list[i].ino == ino)
			return c->list[i].path;
	new = array_add(&c->list, &c->n, &c->room, sizeof(*new));
	if (!new)
		return NULL;
	snprintf(text, sizeof(text), "inode %llu", ino);
	new->ino = ino;
	new->path = strdup(text);
	return new->path;
}

const char *live_cgroup(struct source *src, u64 pfn, u64 pages, u64 *ret_same)
{
	struct live *l = (struct live *)src;
	u64 words[512], ino = 0, same = 0;

	if (!l->cgroups.tried)
		live_cgroup_find(l);
	*ret_same = pages;
	while (l->kpagecgroup >= 0 && same < pages) {
		u64 n = MIN(pages - same, ARRAY_SIZE(words)), i = 0;

		if (pread(l->kpagecgroup, words, n * 8, (off_t)(pfn + same) * 8) !=
		    (ssize_t)(n * 8))
			return NULL;
		ino = same ? ino : words[0];
		while (i < n && words[i] == ino)
			i++;
		same += i;
		if (i < n)
			break;
	}
	if (!same)
		return NULL;
	*ret_same = same;
	return ino ? live_cgroup_name(&l->cgroups, ino) : "";
}

void live_cgroup_close(struct live *l)
{
	for (size_t i = 0; i < l->cgroups.n; i++)
		free(l->cgroups.list[i].path);
	free(l->cgroups.list);
	if (l->cgroups.tried && l->kpagecgroup >= 0)
		close(l->kpagecgroup);
}

bool live_cgroup_read(int dir, const char *file, char *ret, size_t size)
{
	char *text, *line, *rest;
	bool found = false;
	size_t len;

	if (readfile(dir, file, &text, &len))
		return false;
	/* "4:memory:/path" of v1, "0::/path" of v2 */
	for (rest = text; (line = strsep(&rest, "\n")) && *line;) {
		char *names = strchr(line, ':'),
		     *path = names ? strchr(names + 1, ':') : NULL;
		bool v1;

		if (!path)
			continue;
		*path++ = '\0';
		v1 = !strcmp(names + 1, "memory");
		if (!v1 && (names[1] || found))
			continue;
		snprintf(ret, size, "%s", path);
		found = true;
		if (v1)
			break;
	}
	free(text);
	return found;
}
