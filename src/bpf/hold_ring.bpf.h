/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hold_ring.bpf.h - what an io_uring holds. */
#pragma once

#include "hold.bpf.h"

/* --- io_uring: registered buffers */

#define IO_REGBUF_F_KBUF 1

static long bvec_step(u32 i, u64 *imu)
{
	struct bio_vec *v = (void *)*imu +
			    bpf_core_field_offset(struct io_mapped_ubuf, bvec) +
			    i * bpf_core_type_size(struct bio_vec);
	u64 page = (u64)BPF_CORE_READ(v, bv_page);
	u32 offset = BPF_CORE_READ(v, bv_offset);
	u32 pages = frames(offset, BPF_CORE_READ(v, bv_len));

	/* Of a buffer in huge pages (6.10), bv_page may be the folio's first. */
	if (page && pages)
		hold(page + (offset >> files.page_shift) * files.page_size, pages);
	return 0;
}

static long buffer_step(u32 i, u64 *bufs)
{
	struct io_mapped_ubuf *imu = (void *)probe64(*bufs + i * 8ULL);
	u64 at;
	u32 n;

	if (imu && bpf_core_field_exists(struct io_ring_ctx, buf_table)) /* 6.13 */
		imu = BPF_CORE_READ((struct io_rsrc_node *)imu, buf);
	if (!imu)
		return 0;
	/* The pages are a request's, which ublk gave to the ring. */
	if (bpf_core_field_exists(struct io_mapped_ubuf___6_15, is_kbuf) &&
	    BPF_CORE_READ((struct io_mapped_ubuf___6_15 *)imu, is_kbuf))
		return 0;
	if (bpf_core_field_exists(struct io_mapped_ubuf, flags) &&
	    BPF_CORE_READ(imu, flags) & IO_REGBUF_F_KBUF)
		return 0;
	now.again = !first_time((u64)imu); /* 6.12: another ring has it, too */
	now.slot = i;
	now.addr = BPF_CORE_READ(imu, ubuf);
	if (bpf_core_field_exists(struct io_mapped_ubuf___end, ubuf_end)) /* until 6.11 */
		now.bytes = BPF_CORE_READ((struct io_mapped_ubuf___end *)imu, ubuf_end) -
			    now.addr;
	else
		now.bytes = BPF_CORE_READ(imu, len);
	n = BPF_CORE_READ(imu, nr_bvecs);
	at = (u64)imu;
	bpf_loop(n > MOST_PAGES ? MOST_PAGES : n, bvec_step, &at, 0);
	return 0;
}

__noinline int ring_buffers(u64 of)
{
	struct io_ring_ctx *ctx = (void *)of;
	struct io_ring_ctx___old *old = (void *)of;
	u64 bufs;
	u32 n;

	begin((u64)ctx, STRUCTPAGE_BY_IO_URING);
	if (bpf_core_field_exists(struct io_ring_ctx, buf_table)) { /* 6.13 */
		bufs = (u64)BPF_CORE_READ(ctx, buf_table.nodes);
		n = BPF_CORE_READ(ctx, buf_table.nr);
	} else {
		bufs = (u64)BPF_CORE_READ(old, user_bufs);
		n = BPF_CORE_READ(old, nr_user_bufs);
	}
	if (bufs)
		bpf_loop(n > MOST_BUFFERS ? MOST_BUFFERS : n, buffer_step, &bufs, 0);
	return 0;
}

/* --- io_uring: rings of provided buffers, and rings in memory of the process */

__noinline int buffer_list(u64 at)
{
	struct io_buffer_list *bl = (void *)at;

	now.slot = BPF_CORE_READ(bl, bgid);
	if (bpf_core_field_exists(struct io_buffer_list, region)) /* 6.15 */
		hold_array((u64)BPF_CORE_READ(bl, region.pages),
			   BPF_CORE_READ(bl, region.nr_pages));
	else if (bpf_core_field_exists(struct io_buffer_list, buf_nr_pages))
		hold_array((u64)BPF_CORE_READ(bl, buf_pages),
			   BPF_CORE_READ(bl, buf_nr_pages));
	return 0;
}

/* The way down an xarray of 16 bits: nodes, and the next slot of each. */
struct {
	u64 node[4];
	u32 slot[4];
	u32 depth;
} way;

/* Takes up an entry: pointers end in 00, nodes in 10 (include/linux/xarray.h). */
static __always_inline void way_entry(u64 entry)
{
	u32 depth = way.depth;

	if (entry && !(entry & 3)) {
		buffer_list(entry);
	} else if ((entry & 3) == 2 && entry > 4096 && depth < 4) {
		way.node[depth & 3] = entry - 2;
		way.slot[depth & 3] = 0;
		way.depth = depth + 1;
	}
}

static long list_step(u32 i, void *ctx)
{
	u32 level = way.depth - 1, slot;

	if (!way.depth)
		return 1;
	slot = way.slot[level & 3]++;
	if (slot >= 64) {
		way.depth--;
		return 0;
	}
	way_entry(probe64(way.node[level & 3] +
			  bpf_core_field_offset(struct xa_node, slots) + slot * 8ULL));
	return 0;
}

static long first_list_step(u32 i, u64 *lists)
{
	buffer_list(*lists + i * bpf_core_type_size(struct io_buffer_list));
	return 0;
}

__noinline int ring_provided(u64 of)
{
	struct io_ring_ctx *ctx = (void *)of;
	u64 lists;

	begin((u64)ctx, STRUCTPAGE_BY_IO_URING_PROVIDED);
	if (bpf_core_field_exists(struct io_ring_ctx, io_bl)) { /* until 6.8 */
		lists = (u64)BPF_CORE_READ(ctx, io_bl);
		if (lists)
			bpf_loop(64, first_list_step, &lists, 0);
	}
	if (!bpf_core_field_exists(struct io_ring_ctx, io_bl_xa))
		return 0;
	way.depth = 0;
	way_entry((u64)BPF_CORE_READ(ctx, io_bl_xa.xa_head));
	bpf_loop(1 << 17, list_step, NULL, 0);
	return 0;
}

#define RING_PAGES(pages, n)                                       \
	do {                                                       \
		if (bpf_core_field_exists(struct io_ring_ctx, n))  \
			hold_array((u64)BPF_CORE_READ(ctx, pages), \
				   BPF_CORE_READ(ctx, n));         \
	} while (0)

/* IORING_SETUP_NO_MMAP (6.5) */
__noinline int ring_memory(u64 of)
{
	struct io_ring_ctx *ctx = (void *)of;

	begin((u64)ctx, STRUCTPAGE_BY_IO_URING_RING);
	RING_PAGES(ring_pages, n_ring_pages); /* until 6.13 */
	RING_PAGES(sqe_pages, n_sqe_pages);
	RING_PAGES(ring_region.pages, ring_region.nr_pages);
	RING_PAGES(sq_region.pages, sq_region.nr_pages);
	RING_PAGES(param_region.pages, param_region.nr_pages);
	return 0;
}
