/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * holders.bpf.c - finds which open files hold which page frames: pipes, io_urings, sockets, udmabufs.
 *
 * The iterator holds a reference on the file, and what lies behind it is read without its lock: what
 * has changed meanwhile is read again.  Only memory of processes and files is delivered, not what the
 * kernel allocates to hold bytes; of pipes the loader tells them apart.
 */
#include "page/structpage.h"

#include "hold_ring.bpf.h"
#include "hold_socket.bpf.h"

char LICENSE[] SEC("license") = "GPL";

const volatile u32
	kinds; /* STRUCTPAGE_OPEN_* that are looked into: the verifier follows no others */

#define S_IFMT 0170000
#define S_IFIFO 0010000
#define S_IFSOCK 0140000
#define DMA_BUF_MAGIC 0x444d4142

/* --- pipes */

struct pipe_walk {
	u64 bufs;
	u32 tail, mask;
};

static long pipe_step(u32 i, struct pipe_walk *w)
{
	u32 slot = (w->tail + i) & w->mask;
	struct pipe_buffer *b =
		(void *)w->bufs + slot * bpf_core_type_size(struct pipe_buffer);
	u64 page = (u64)BPF_CORE_READ(b, page);

	if (!page)
		return 0;
	now.slot = slot;
	now.offset = BPF_CORE_READ(b, offset);
	now.len = BPF_CORE_READ(b, len);
	hold(page, 1);
	return 0;
}

/* Reads the pipe once; false when it changed meanwhile. */
__noinline int pipe_once(u64 of)
{
	struct pipe_inode_info *pipe = (void *)of;
	struct pipe_walk w = { .tail = BPF_CORE_READ(pipe, tail) };
	u32 head = BPF_CORE_READ(pipe, head), n = files.nholds;

	w.mask = BPF_CORE_READ(pipe, ring_size) - 1;
	w.bufs = (u64)BPF_CORE_READ(pipe, bufs);
	if (head - w.tail > w.mask + 1 || !w.bufs)
		return 0;
	bpf_loop(head - w.tail, pipe_step, &w, 0);
	if (head == BPF_CORE_READ(pipe, head) && w.tail == BPF_CORE_READ(pipe, tail) &&
	    w.bufs == (u64)BPF_CORE_READ(pipe, bufs))
		return 1;
	files.nholds = n;
	return 0;
}

/* Not a loop: 6.1's verifier takes none around a callback. */
static __always_inline void pipe(u64 pipe)
{
	begin(pipe, STRUCTPAGE_BY_PIPE);
	if (pipe_once(pipe) || pipe_once(pipe) || pipe_once(pipe))
		return;
	files.raced++;
}

/* --- udmabufs */

/* Holds a folio, of which the low byte of _flags_1 has the order since 6.6. */
__noinline int hold_folio(u64 folio)
{
	u32 order = 0;

	if (!folio)
		return 0;
	if (flags_of(folio) & BIT(bpf_core_enum_value(enum pageflags, PG_head)))
		order = probe64(folio + bpf_core_field_offset(struct folio, _flags_1)) &
			31;
	hold(folio, 1U << order);
	return 0;
}

static long folio_step(u32 i, u64 *at)
{
	hold_folio(probe64(*at + i * 8ULL));
	return 0;
}

static long pinned_step(u32 i, struct queue_walk *w)
{
	u64 of = w->at - bpf_core_field_offset(struct udmabuf_folio, list);

	if (!w->at || w->at == w->head)
		return 1;
	hold_folio(probe64(of + bpf_core_field_offset(struct udmabuf_folio, folio)));
	w->at = probe64(w->at);
	return 0;
}

/* Until 6.10 it has references, since then pins. */
static __always_inline void udmabuf(u64 object, struct udmabuf *u)
{
	struct queue_walk w;
	u64 n, at;

	if (!bpf_core_field_exists(struct udmabuf, pinned_folios) &&
	    !bpf_core_field_exists(struct udmabuf, unpin_list)) {
		begin(object, STRUCTPAGE_BY_UDMABUF_GET);
		hold_array((u64)BPF_CORE_READ(u, pages), BPF_CORE_READ(u, pagecount));
		return;
	}
	begin(object, STRUCTPAGE_BY_UDMABUF);
	now.bytes = BPF_CORE_READ(u, pagecount) << files.page_shift;
	if (bpf_core_field_exists(struct udmabuf, pinned_folios)) { /* 6.13 */
		at = (u64)BPF_CORE_READ(u, pinned_folios);
		n = BPF_CORE_READ(u, nr_pinned);
		if (at)
			bpf_loop(n > MOST_PAGES ? MOST_PAGES : n, folio_step, &at, 0);
	} else if (bpf_core_field_exists(struct udmabuf, unpin_list)) {
		w.head = (u64)u + bpf_core_field_offset(struct udmabuf, unpin_list);
		w.at = probe64(w.head);
		bpf_loop(MOST_PAGES, pinned_step, &w, 0);
	}
}

/* --- files */

/* The @n bytes at @at are @name. */
static __always_inline bool is_named(const void *at, const char *name, u32 n)
{
	char is[12] = {};

	bpf_probe_read_kernel(is, n, at);
	for (u32 i = 0; i < n; i++)
		if (is[i] != name[i])
			return false;
	return true;
}

/* What is found of a file: the object that holds, 0: none, and its maker's memory. */
static __always_inline u64 found(struct file *file, u64 *owner)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	u32 type = BPF_CORE_READ(inode, i_mode) & S_IFMT;
	u64 of = (u64)BPF_CORE_READ(file, private_data);

	if (type == S_IFIFO) {
		if (!(kinds & STRUCTPAGE_OPEN_PIPE))
			return 0;
		of = (u64)BPF_CORE_READ(inode, i_pipe);
		if (of && first_time(of))
			pipe(of);
		return of;
	}
	if (!of)
		return 0;
	if (type == S_IFSOCK) {
		if (!(kinds & STRUCTPAGE_OPEN_SOCKET))
			return 0;
		of = (u64)BPF_CORE_READ((struct socket *)of, sk);
		return of ? socket_holds((void *)of) : 0;
	}
	if (kinds & STRUCTPAGE_OPEN_RING &&
	    is_named(BPF_CORE_READ(file, f_path.dentry, d_name.name), "[io_uring]", 11)) {
		*owner = (u64)BPF_CORE_READ((struct io_ring_ctx *)of, mm_account);
		if (first_time(of)) {
			ring_buffers(of);
			ring_provided(of);
			ring_memory(of);
		}
		return of;
	}
	if (kinds & STRUCTPAGE_OPEN_DMABUF && bpf_core_type_exists(struct udmabuf) &&
	    BPF_CORE_READ(inode, i_sb, s_magic) == DMA_BUF_MAGIC &&
	    is_named(BPF_CORE_READ((struct dma_buf *)of, exp_name), "udmabuf", 8)) {
		if (first_time(of))
			udmabuf(of, BPF_CORE_READ((struct dma_buf *)of, priv));
		return of;
	}
	return 0;
}

SEC("gupinfo.iter/task_file")
int files_walk(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	u64 object, owner = 0;

	if (!file || !task)
		return 0;
	files.nfiles++;
	object = found(file, &owner);
	if (object)
		end(object, file, task, ctx->fd, owner);
	return 0;
}
