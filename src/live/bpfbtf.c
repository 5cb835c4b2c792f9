/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/bpfbtf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/btfcut.h"
#include "page/structpage.h"

/*
 * The ids in the running kernel's BTF are the same for all readers of this process.  What
 * structpage.bpf.c needs comes first, for most runs load nothing else.
 */
static struct btfcut_want bpfbtf_ids[] = {
	[BPFBTF_PAGE] = { "page" },
	[BPFBTF_CAST] = { "bpf_rdonly_cast", .func = true },
	[BPFBTF_TASK_VMA] = { "bpf_iter_task_vma", .func = true },
	/* ->has becomes STRUCTPAGE_F_LARGE and STRUCTPAGE_F_MM_IDS. */
	[BPFBTF_FOLIO] = { "folio", .member = { "_large_mapcount", "_mm_ids" } },
	[BPFBTF_PAGEFLAGS] = { "pageflags", .member = { "PG_anon_exclusive" } },
	{ "mm_struct" },
	{ "seqcount" },
	{ "xarray" },
	{ "xa_node" },
	{ "address_space" },
	{ "super_block" },
	{ "inode" },
	{ "file" },
	{ "fdtable" },
	{ "files_struct" },
	{ "task_struct" },
	{ "vm_area_struct" },
	{ "vm_userfaultfd_ctx" },
	{ "userfaultfd_ctx" },
	{ "hstate" },
	{ "hugetlbfs_sb_info" },
	{ "bpf_iter_meta" },
	{ "bpf_iter__task_vma" },
	[BPFBTF_TASK_FILE] = { "bpf_iter_task_file", .func = true },
	[BPFBTF_HRTIMER_BASES] = { "hrtimer_bases", .var = true },
	[BPFBTF_CPU_FBATCHES] = { "cpu_fbatches", .var = true },
	[BPFBTF_LRU_ROTATE] = { "lru_rotate", .var = true },     /* until 6.11 */
	[BPFBTF_MLOCK_FBATCH] = { "mlock_fbatch", .var = true }, /* 6.3 */
	[BPFBTF_MLOCK_PVEC] = { "mlock_pvec", .var = true },
	/* All other types of kernel.bpf.h. */
	{ "qstr" },
	{ "dentry" },
	{ "address_space_operations" },
	{ "hlist_head" },
	{ "hlist_node" },
	{ "path" },
	{ "list_head" },
	{ "cma" },
	{ "cma_memrange" },
	{ "folio_batch" },
	{ "cpu_fbatches" },
	{ "lru_rotate" },
	{ "mlock_fbatch" },
	{ "mlock_pvec" },
	{ "hrtimer_cpu_base" },
	{ "hrtimer_clock_base" },
	{ "hrtimer" },
	{ "signal_struct" },
	{ "pipe_buffer" },
	{ "pipe_inode_info" },
	{ "bio_vec" },
	{ "io_mapped_ubuf" },
	{ "io_rsrc_node" },
	{ "io_rsrc_data" },
	{ "io_ring_ctx" },
	{ "io_mapped_region" },
	{ "io_buffer_list" },
	{ "rb_node" },
	{ "rb_root" },
	{ "sk_buff" },
	{ "sk_buff_head" },
	{ "skb_shared_info" },
	{ "sock_common" },
	{ "sock" },
	{ "socket" },
	{ "xdp_umem" },
	{ "xdp_sock" },
	{ "dma_buf" },
	{ "udmabuf" },
	{ "udmabuf_folio" },
	{ "bpf_iter__task_file" },
};

static bool bpfbtf_was_read;

/* Cuts @size bytes of BTF behind @fd, which mmap() takes since 6.16 (a539e2a6d51d). */
static int bpfbtf_cut(int fd, size_t size, struct btfcut_want *want, unsigned nwant,
		      void **ret, size_t *ret_size)
{
	void *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0), *buf = NULL;
	size_t len = 0;
	ssize_t n = 1;
	int r;

	if (p != MAP_FAILED) {
		r = btfcut_make(p, size, want, nwant, ret, ret_size);
		munmap(p, size);
		return r;
	}
	buf = malloc(size);
	if (!buf)
		return -ENOMEM;
	while (len < size && n > 0) {
		n = read(fd, (char *)buf + len, size - len);
		if (n > 0)
			len += n;
	}
	r = n < 0 ? -errno : btfcut_make(buf, len, want, nwant, ret, ret_size);
	free(buf);
	return r;
}

static int bpfbtf_read(struct btfcut_want *want, unsigned nwant, void **ret,
		       size_t *ret_size)
{
	int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC), r;
	struct stat st;

	if (fd < 0)
		return -errno;
	r = fstat(fd, &st) || st.st_size <= 0
		    ? -EIO
		    : bpfbtf_cut(fd, st.st_size, want, nwant, ret, ret_size);
	close(fd);
	bpfbtf_was_read = bpfbtf_was_read || !r;
	return r;
}

int bpfbtf_make(const void *btf, size_t size, bool all, void **ret, size_t *ret_size)
{
	return btfcut_make(btf, size, bpfbtf_ids,
			   all ? ARRAY_SIZE(bpfbtf_ids) : BPFBTF_TASK_FILE, ret,
			   ret_size);
}

void bpfbtf_open(struct bpfbtf *b, bool all)
{
	size_t size = 0;
	void *data = NULL;

	b->fd = -1;
	b->all = all;
	if (bpfbtf_read(bpfbtf_ids, all ? ARRAY_SIZE(bpfbtf_ids) : BPFBTF_TASK_FILE,
			&data, &size))
		return;
	b->fd = memfd_create("gupinfo-btf", MFD_CLOEXEC);
	if (b->fd >= 0 && write(b->fd, data, size) != (ssize_t)size)
		bpfbtf_close(b);
	snprintf(b->path, sizeof(b->path), "/proc/self/fd/%d", b->fd);
	free(data);
}

/* The scan ends when all wanted names are found; it need not look for other types. */
bool bpfbtf_fields(u32 *ret)
{
	size_t size;
	void *data = NULL;

	if (!bpfbtf_was_read)
		bpfbtf_read(&bpfbtf_ids[BPFBTF_FOLIO], 2, &data, &size);
	free(data);
	*ret = bpfbtf_ids[BPFBTF_FOLIO].has |
	       (bpfbtf_ids[BPFBTF_PAGEFLAGS].has ? STRUCTPAGE_F_AE : 0);
	return bpfbtf_was_read;
}

void bpfbtf_close(struct bpfbtf *b)
{
	if (b->fd >= 0)
		close(b->fd);
	b->fd = -1;
}

u32 bpfbtf_id(enum bpfbtf_name name)
{
	return bpfbtf_ids[name].id;
}

u32 bpfbtf_offset(enum bpfbtf_name name)
{
	return bpfbtf_ids[name].offset;
}
