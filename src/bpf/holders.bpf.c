/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * holders.bpf.c - finds which pipes and io_urings hold which page frames, in all open files.
 *
 * A pipe's file leads to pipe_inode_info and its ring of buffers (fs/pipe.c), an io_uring's
 * file to io_ring_ctx and its registered buffers (io_uring/rsrc.c).  The iterator holds a
 * reference on the file.  The ring inside is read without its lock, and read again when it has
 * changed meanwhile.
 */
#include "page/structpage.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "GPL";

struct structpage_files files;
BPF_RECORDS(ends, struct structpage_end, STRUCTPAGE_ENDS);
BPF_RECORDS(holds, struct structpage_hold, STRUCTPAGE_HOLDS);
u64 seen[4096]; /* objects that have been delivered; collisions deliver them again */

#define S_IFMT 0170000
#define S_IFIFO 0010000

static __always_inline u64 pfn_of(u64 page)
{
	return (page - files.vmemmap) / files.page_size;
}

static __always_inline bool first_time(u64 object)
{
	u64 *s = &seen[(object >> 6) & (ARRAY_SIZE(seen) - 1)];

	if (*s == object)
		return false;
	*s = object;
	return true;
}

/* @owner: the memory that the object's maker has, or 0. */
static __always_inline void end(u64 object, struct file *file, struct task_struct *task,
				u32 fd, u32 kind, u64 owner)
{
	u32 i = files.nends++;
	struct structpage_end *e = bpf_map_lookup_elem(&ends, &i);
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	if (!e)
		return;
	e->object = object;
	e->ino = BPF_CORE_READ(inode, i_ino);
	e->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	e->pid = BPF_CORE_READ(task, tgid);
	e->fd = fd;
	e->mode = BPF_CORE_READ(file, f_mode) & 3;
	if (owner && owner == (u64)BPF_CORE_READ(task, mm))
		e->mode |= STRUCTPAGE_OWNER;
	e->kind = kind;
}

/* Adds @pages frames from @page on with one reference; joins them to the last run if possible. */
static __always_inline void hold(u64 object, u64 page, u32 pages, u32 slot, u32 kind,
				 u64 addr, u64 bytes, u32 offset, u32 len)
{
	u32 i = files.nholds, last = i - 1;
	struct structpage_hold *h = bpf_map_lookup_elem(&holds, &i);
	struct structpage_hold *p = bpf_map_lookup_elem(&holds, &last);
	u64 pfn = pfn_of(page);

	if (p && kind == STRUCTPAGE_RING && pages == 1 && p->object == object &&
	    p->slot == slot && p->pfn + p->pages == pfn && p->refs == p->pages) {
		p->pages++;
		p->refs++;
		return;
	}
	files.nholds++;
	if (!h)
		return;
	h->object = object;
	h->pfn = pfn;
	h->pages = pages;
	h->refs = 1;
	h->slot = slot;
	h->kind = kind;
	h->addr = addr;
	h->bytes = bytes;
	h->offset = offset;
	h->len = len;
}

/* --- pipes */

struct pipe_walk {
	u64 object, bufs;
	u32 tail, mask;
};

static long pipe_step(u32 i, struct pipe_walk *w)
{
	u32 slot = (w->tail + i) & w->mask;
	struct pipe_buffer *b =
		(void *)w->bufs + slot * bpf_core_type_size(struct pipe_buffer);
	u64 page = (u64)BPF_CORE_READ(b, page);

	if (page)
		hold(w->object, page, 1, slot, STRUCTPAGE_PIPE, 0, 0,
		     BPF_CORE_READ(b, offset), BPF_CORE_READ(b, len));
	return 0;
}

/* Reads the pipe once; false when it changed meanwhile. */
static __always_inline bool pipe_once(struct pipe_inode_info *pipe)
{
	struct pipe_walk w = { .object = (u64)pipe };
	u32 head = BPF_CORE_READ(pipe, head), n = files.nholds;

	w.tail = BPF_CORE_READ(pipe, tail);
	w.mask = BPF_CORE_READ(pipe, ring_size) - 1;
	w.bufs = (u64)BPF_CORE_READ(pipe, bufs);
	if (head - w.tail > w.mask + 1 || !w.bufs)
		return false;
	bpf_loop(head - w.tail, pipe_step, &w, 0);
	if (head == BPF_CORE_READ(pipe, head) && w.tail == BPF_CORE_READ(pipe, tail) &&
	    w.bufs == (u64)BPF_CORE_READ(pipe, bufs))
		return true;
	files.nholds = n;
	return false;
}

/* Not a loop: 6.1's verifier takes none around a callback. */
static __always_inline void pipe(struct pipe_inode_info *pipe)
{
	if (pipe_once(pipe) || pipe_once(pipe) || pipe_once(pipe))
		return;
	files.raced++;
}

/* --- io_uring */

struct ring_walk {
	u64 object, bufs, imu;
	u64 addr, bytes;
	u32 index;
};

static long bvec_step(u32 i, struct ring_walk *w)
{
	struct io_mapped_ubuf *imu = (void *)w->imu;
	struct bio_vec *v = (void *)imu +
			    bpf_core_field_offset(struct io_mapped_ubuf, bvec) +
			    i * bpf_core_type_size(struct bio_vec);
	u64 page = (u64)BPF_CORE_READ(v, bv_page);
	u32 offset = BPF_CORE_READ(v, bv_offset);
	u32 pages = (offset % 4096 + BPF_CORE_READ(v, bv_len) + 4095) / 4096;

	/* Of a buffer in huge pages (6.10), bv_page may be the folio's first. */
	if (page && pages)
		hold(w->object, page + offset / 4096 * files.page_size, pages, w->index,
		     STRUCTPAGE_RING, w->addr, w->bytes, 0, 0);
	return 0;
}

static long ring_step(u32 i, struct ring_walk *w)
{
	struct io_mapped_ubuf *imu = NULL;
	u32 n;

	if (bpf_core_field_exists(struct io_ring_ctx, buf_table)) { /* 6.13 */
		struct io_rsrc_node *node = NULL;

		bpf_probe_read_kernel(&node, 8, (void *)w->bufs + i * 8);
		if (node)
			imu = BPF_CORE_READ(node, buf);
	} else {
		bpf_probe_read_kernel(&imu, 8, (void *)w->bufs + i * 8);
	}
	if (!imu)
		return 0;
	w->imu = (u64)imu;
	w->index = i;
	w->addr = BPF_CORE_READ(imu, ubuf);
	if (bpf_core_field_exists(struct io_mapped_ubuf___end, ubuf_end)) /* until 6.11 */
		w->bytes = BPF_CORE_READ((struct io_mapped_ubuf___end *)imu, ubuf_end) -
			   w->addr;
	else
		w->bytes = BPF_CORE_READ(imu, len);
	n = BPF_CORE_READ(imu, nr_bvecs);
	bpf_loop(n > 1 << 20 ? 1 << 20 : n, bvec_step, w, 0);
	return 0;
}

static __always_inline void ring(void *ctx)
{
	struct ring_walk w = { .object = (u64)ctx };
	struct io_ring_ctx *now = ctx;
	struct io_ring_ctx___old *old = ctx;
	u32 n;

	if (bpf_core_field_exists(struct io_ring_ctx, buf_table)) { /* 6.13 */
		w.bufs = (u64)BPF_CORE_READ(now, buf_table.nodes);
		n = BPF_CORE_READ(now, buf_table.nr);
	} else {
		w.bufs = (u64)BPF_CORE_READ(old, user_bufs);
		n = BPF_CORE_READ(old, nr_user_bufs);
	}
	if (w.bufs)
		bpf_loop(n > 1 << 14 ? 1 << 14 : n, ring_step, &w, 0);
}

static __always_inline bool is_ring(struct file *file)
{
	static const char name[] = "[io_uring]";
	char is[sizeof(name)] = {};

	bpf_probe_read_kernel(is, sizeof(is),
			      BPF_CORE_READ(file, f_path.dentry, d_name.name));
	for (u32 i = 0; i < sizeof(is); i++)
		if (is[i] != name[i])
			return false;
	return true;
}

SEC("gupinfo.iter/task_file")
int files_walk(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	u32 fd = ctx->fd;
	struct inode *inode;

	if (!file || !task)
		return 0;
	files.nfiles++;
	inode = BPF_CORE_READ(file, f_inode);
	if ((BPF_CORE_READ(inode, i_mode) & S_IFMT) == S_IFIFO) {
		struct pipe_inode_info *p = BPF_CORE_READ(inode, i_pipe);

		if (!p)
			return 0;
		end((u64)p, file, task, fd, STRUCTPAGE_PIPE, 0);
		if (first_time((u64)p))
			pipe(p);
	} else if (is_ring(file)) {
		void *r = BPF_CORE_READ(file, private_data);

		if (!r)
			return 0;
		end((u64)r, file, task, fd, STRUCTPAGE_RING,
		    (u64)BPF_CORE_READ((struct io_ring_ctx *)r, mm_account));
		if (first_time((u64)r))
			ring(r);
	}
	return 0;
}
