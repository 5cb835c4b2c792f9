/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the file behind a mapping makes of a fault: its size, DAX, and whether it may refuse. */
#include "live/live_int.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/text.h"
#include "os/readfile.h"

#define LIVE_STATX_ATTR_DAX 0x00200000 /* 5.8 */

int live_file_statfs(struct live_process *p, const struct vma *vma, struct statfs *ret)
{
	char path[64];
	int fd, err;

	snprintf(path, sizeof(path), "map_files/%llx-%llx", vma->start, vma->end);
	fd = openat(p->dir, path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -1;
	err = fstatfs(fd, ret);
	close(fd);
	return err;
}

/* The page cache of shmem and hugetlb keeps pages of broken memory, and faults on them fail. */
static bool live_file_broken(struct live *l, const struct live_mounts *m,
			     const struct vma *vma)
{
	if ((vma->fs != VMA_FS_SHMEM && vma->fs != VMA_FS_HUGETLB) || m->stat_empty)
		return false;
	if (l->broken == UINT64_MAX)
		l->broken =
			readfile_field(l->root, "proc/meminfo", "HardwareCorrupted:", 10);
	if (l->broken == UINT64_MAX) /* without CONFIG_MEMORY_FAILURE */
		l->broken = 0;
	return l->broken;
}

/*
 * The file system is full, which may refuse a page: shmem_fault() any, page_mkwrite() one that is stored to.
 * The kernel's own tmpfs has no limit.
 */
static bool live_file_full(struct live_process *p, const struct vma *vma)
{
	bool shmem = vma->fs == VMA_FS_SHMEM &&
		     !text_begins(vma->name, "/memfd:|/dev/zero|/SYSV|[anon_shmem");
	struct statfs st;

	if (!shmem && !(vma_fs_on_disk(vma->fs) && vma->shared && vma->write))
		return false;
	if (p->mounts.stat_full == TRI_UNKNOWN)
		p->mounts.stat_full = tri_from(true, !live_file_statfs(p, vma, &st) &&
							     st.f_blocks && !st.f_bavail);
	return p->mounts.stat_full == TRI_YES;
}

/*
 * Reads size and DAX of the mapped file: access beyond its end is SIGBUS.  shmem and hugetlb
 * count the pages of a file as its blocks: shmem_recalc_inode(), hugetlb_add_to_page_cache().
 * Files of drivers (perf, BPF) have no size.
 */
void live_file_read(struct live *l, struct live_process *p, struct vma *vma)
{
	struct live_mounts *m = &p->mounts;
	struct statx st;
	char path[64];

	if (!vma->inode || vma->fs == VMA_FS_NONE || vma->fs == VMA_FS_SPECIAL ||
	    vma->fs == VMA_FS_DEVICE)
		return;
	if (m->stat_inode != vma->inode || m->stat_major != vma->dev_major ||
	    m->stat_minor != vma->dev_minor) {
		snprintf(path, sizeof(path), "map_files/%llx-%llx", vma->start, vma->end);
		m->stat_known = !statx(p->mem, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
				       STATX_TYPE | STATX_SIZE | STATX_BLOCKS, &st) &&
				st.stx_mask & STATX_SIZE && S_ISREG(st.stx_mode) &&
				(st.stx_size || vma->fs != VMA_FS_UNKNOWN);
		m->stat_bytes = m->stat_known ? st.stx_size : 0;
		m->stat_dax = m->stat_known && st.stx_attributes & LIVE_STATX_ATTR_DAX;
		m->stat_empty =
			m->stat_known && st.stx_mask & STATX_BLOCKS && !st.stx_blocks;
		m->stat_full = TRI_UNKNOWN;
		m->stat_inode = vma->inode;
		m->stat_major = vma->dev_major;
		m->stat_minor = vma->dev_minor;
	}
	vma->file_full = live_file_full(p, vma) || live_file_broken(l, m, vma);
	vma->file_known = m->stat_known;
	vma->file_bytes = m->stat_bytes;
	vma->file_dax = m->stat_dax;
	vma->file_empty =
		m->stat_empty && (vma->fs == VMA_FS_SHMEM || vma->fs == VMA_FS_HUGETLB);
}
