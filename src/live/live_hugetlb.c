/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads whether a huge page can be allocated: the pool, limits of mount and cgroups. */
#include "live/live_int.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/text.h"
#include "os/readfile.h"

#define LIVE_HUGETLB_PATH 512

/*
 * hugetlbfs_statfs() shows 0 blocks without size= and min_size=, and -1 with min_size= alone.
 * The kernel's own mounts for anonymous mappings, memfds and SysV segments have neither.
 */
static void live_hugetlb_mount(struct live_process *p, struct vma *vma)
{
	struct statfs st;

	vma->huge_mount = UINT64_MAX;
	if (text_begins(vma->name, "/anon_hugepage|/memfd:|/SYSV"))
		vma->huge_known |= VMA_HUGE_MOUNT;
	if (live_file_statfs(p, vma, &st))
		return;
	vma->huge_known |= VMA_HUGE_MOUNT | (st.f_blocks ? VMA_HUGE_KEPT : 0);
	if (st.f_blocks && (s64)st.f_blocks > 0)
		vma->huge_mount = st.f_bavail;
}

/* Returns the pages that a cgroup's limit @max leaves beside @used (files below @dir). */
static u64 live_hugetlb_room(struct live *l, const char *dir, const char *max,
			     const char *used, u32 page)
{
	char path[LIVE_HUGETLB_PATH + 64];
	u64 limit, now;

	snprintf(path, sizeof(path), "%s/%s", dir, max);
	limit = readfile_number(l->root, path); /* "max" is no number */
	snprintf(path, sizeof(path), "%s/%s", dir, used);
	now = readfile_number(l->root, path);
	if (limit == UINT64_MAX || now == UINT64_MAX)
		return UINT64_MAX;
	return limit > now ? (limit - now) / page : 0;
}

/* Reads limits of the cgroup @dir and those above it, down to @base bytes; v1 or v2 files. */
static void live_hugetlb_cgroup(struct live *l, struct vma *vma, char *dir, size_t base,
				bool v2)
{
	u32 kib = vma->page_size >> 10;
	char size[16], file[4][64];

	snprintf(size, sizeof(size), "%u%s",
		 kib >> (kib >= 1 << 20 ? 20
			 : kib >= 1024  ? 10
					: 0),
		 kib >= 1 << 20 ? "GB"
		 : kib >= 1024  ? "MB"
				: "KB");
	for (unsigned i = 0; i < 4; i++)
		snprintf(file[i], sizeof(file[i]), "hugetlb.%s%s.%s", size,
			 i & 2 ? ".rsvd" : "",
			 v2 ? (i & 1 ? "current" : "max")
			    : (i & 1 ? "usage_in_bytes" : "limit_in_bytes"));
	for (;;) {
		for (unsigned i = 0; i < 4; i += 2)
			vma->huge_cgroup =
				MIN(vma->huge_cgroup,
				    live_hugetlb_room(l, dir, file[i], file[i + 1],
						      vma->page_size));
		char *slash = strrchr(dir + base, '/');

		if (!slash)
			return;
		*slash = '\0';
	}
}

/* Parses "4:hugetlb:/path" of v1, "0::/path" of v2.  The root has no limits. */
static void live_hugetlb_cgroups(struct live *l, struct live_process *p, struct vma *vma)
{
	char *text, *line, *rest;
	bool known = true;
	size_t len;

	vma->huge_cgroup = UINT64_MAX;
	if (readfile(p->dir, "cgroup", &text, &len))
		return;
	for (rest = text; (line = strsep(&rest, "\n")) && *line;) {
		static const char *const base[] = { "sys/fs/cgroup/hugetlb",
						    "sys/fs/cgroup" };
		char *names = strchr(line, ':'),
		     *path = names ? strchr(names + 1, ':') : NULL;
		char dir[LIVE_HUGETLB_PATH];
		bool v2 = path == names + 1;

		if (!path || (!v2 && !memmem(names, path - names, "hugetlb", 7)) ||
		    !strcmp(path, ":/"))
			continue;
		len = (size_t)snprintf(dir, sizeof(dir), "%s%s", base[v2], path + 1);
		if (len >= sizeof(dir) || faccessat(l->root, dir, F_OK, 0))
			known = false;
		else
			live_hugetlb_cgroup(l, vma, dir, strlen(base[v2]), v2);
	}
	free(text);
	if (known)
		vma->huge_known |= VMA_HUGE_CGROUP;
}

/*
 * dequeue_hugetlb_folio_vma() takes a page only of nodes that the policy of mapping or process (MPOL_BIND)
 * and its cpuset allow, which are not read.
 */
static bool live_hugetlb_uneven(struct live *l, const struct vma *vma)
{
	const struct page_context *c = &l->machine.page;
	const struct page_span *s = c->spans;
	char path[120];

	/* Of an only node the pool's counter is its own. */
	if (!ARRAY_ANY(i, c->nspans, s[i].node >= 0 && s[i].node != s[0].node))
		return false;
	for (unsigned i = 0; i < c->nspans; i++) {
		if (i && s[i].node == s[i - 1].node)
			continue;
		snprintf(
			path, sizeof(path),
			"sys/devices/system/node/node%d/hugepages/hugepages-%llukB/free_hugepages",
			s[i].node, (u64)vma->page_size >> 10);
		if (!readfile_number(l->root, path))
			return true;
	}
	return false;
}

void live_hugetlb_counters(struct live *l, struct vma *vma)
{
	const struct {
		const char *file;
		u64 *ret;
	} rows[] = {
		{ "free_hugepages", &vma->huge_free },
		{ "resv_hugepages", &vma->huge_reserved },
		{ "surplus_hugepages", &vma->huge_surplus },
		{ "nr_overcommit_hugepages", &vma->huge_overcommit },
	};
	bool known = true;
	char path[120];

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(path, sizeof(path),
			 "sys/kernel/mm/hugepages/hugepages-%llukB/%s",
			 (u64)vma->page_size >> 10, rows[i].file);
		*rows[i].ret = readfile_number(l->root, path);
		known &= *rows[i].ret != UINT64_MAX;
	}
	if (known)
		vma->huge_known |= VMA_HUGE_POOL |
				   (live_hugetlb_uneven(l, vma) ? VMA_HUGE_UNEVEN : 0);
}

void live_hugetlb_read(struct live *l, struct live_process *p, struct vma *vma)
{
	if (vma->fs != VMA_FS_HUGETLB || !vma->page_size)
		return;
	live_hugetlb_counters(l, vma);
	live_hugetlb_mount(p, vma);
	live_hugetlb_cgroups(l, p, vma);
}
