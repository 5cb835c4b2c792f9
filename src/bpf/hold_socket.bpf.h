/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hold_socket.bpf.h - what a socket holds: AF_XDP umems, pages in queues. */
#pragma once

#include "hold.bpf.h"

#define AF_INET 2
#define AF_INET6 10
#define AF_XDP 44
#define IPPROTO_TCP 6

/* A skb_frag_t: a struct bio_vec until 6.8. */
struct frag {
	u64 page; /* or a net_iov, with bit 0 */
	u32 len, offset;
};

static long frag_step(u32 i, u64 *frags)
{
	struct frag f = {};
	u64 page;

	bpf_probe_read_kernel(&f, sizeof(f), (void *)*frags + i * sizeof(f));
	page = f.page + (f.offset >> files.page_shift) * files.page_size;
	now.slot++;
	if (f.page && !(f.page & 1) && f.len && is_memory(page))
		hold(page, frames(f.offset, f.len));
	return 0;
}

#define SKBFL_MANAGED_FRAG_REFS 16 /* io_uring has the references */

/* Clones share what is behind skb->end, and have one reference together. */
__noinline int skb_frags(u64 of)
{
	struct sk_buff *skb = (void *)of;
	struct skb_shared_info *info =
		(void *)BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, end);
	u64 frags = (u64)info + bpf_core_field_offset(struct skb_shared_info, frags);
	u32 n = BPF_CORE_READ(info, nr_frags);

	if (!n || BPF_CORE_READ(info, flags) & SKBFL_MANAGED_FRAG_REFS ||
	    !first_time((u64)info))
		return 0;
	bpf_loop(n & 63, frag_step, &frags, 0);
	return 0;
}

static long queue_step(u32 i, struct queue_walk *w)
{
	struct sk_buff *skb = (void *)w->at;

	if (!skb || w->at == w->head)
		return 1;
	skb_frags(w->at);
	w->at = (u64)BPF_CORE_READ(skb, next);
	return 0;
}

__noinline int queue(u64 head)
{
	struct queue_walk w = { head, probe64(head) };

	bpf_loop(MOST_BUFFERS, queue_step, &w, 0);
	return 0;
}

/* In order: down to the left, then a node, its right subtree, up. */
struct tree_walk {
	u64 at;
	u32 phase;
};

static long tree_step(u32 i, struct tree_walk *w)
{
	struct rb_node *at = (void *)w->at, *to;

	if (w->phase == 0) {
		to = BPF_CORE_READ(at, rb_left);
		w->phase = !to;
	} else if (w->phase == 1) {
		skb_frags(w->at - bpf_core_field_offset(struct sk_buff, rbnode));
		to = BPF_CORE_READ(at, rb_right);
		w->phase = to ? 0 : 2;
	} else {
		to = (void *)(BPF_CORE_READ(at, __rb_parent_color) & ~3ULL);
		if (!to)
			return 1;
		w->phase = BPF_CORE_READ(to, rb_left) == at ? 1 : 2;
	}
	if (to)
		w->at = (u64)to;
	return 0;
}

static __always_inline void queues(struct sock *sk, u64 root)
{
	struct tree_walk w = { root, 0 };

	begin((u64)sk, STRUCTPAGE_BY_SOCKET_RECEIVE);
	queue((u64)sk + bpf_core_field_offset(struct sock, sk_receive_queue));
	begin((u64)sk, STRUCTPAGE_BY_SOCKET_SEND);
	queue((u64)sk + bpf_core_field_offset(struct sock, sk_write_queue));
	if (root)
		bpf_loop(3 * MOST_BUFFERS, tree_step, &w, 0);
}

/* Packets that TCP may have to send again; others have something else there. */
static __always_inline u64 sent(struct sock *sk)
{
	u32 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	return (family == AF_INET || family == AF_INET6) &&
			       BPF_CORE_READ(sk, sk_protocol) == IPPROTO_TCP
		       ? (u64)BPF_CORE_READ(sk, tcp_rtx_queue.rb_node)
		       : 0;
}

/* What is queued, in a number that changes with it. */
static __always_inline u64 queued(struct sock *sk)
{
	return (u64)BPF_CORE_READ(sk, sk_receive_queue.next) * 3 +
	       (u64)BPF_CORE_READ(sk, sk_write_queue.next) * 5 +
	       BPF_CORE_READ(sk, sk_receive_queue.qlen) * 7ULL +
	       BPF_CORE_READ(sk, sk_write_queue.qlen) * 11ULL + sent(sk) * 13;
}

/* Reads the queues once; false when they changed meanwhile and memory was found in them. */
__noinline int socket_once(u64 of)
{
	struct sock *sk = (void *)of;
	u32 n = files.nholds;
	u64 before = queued(sk);

	queues(sk, sent(sk));
	if (n == files.nholds || before == queued(sk))
		return 1;
	files.nholds = n;
	return 0;
}

static __always_inline void umem_pages(struct xdp_umem *umem)
{
	begin((u64)umem, STRUCTPAGE_BY_AF_XDP);
	hold_array((u64)BPF_CORE_READ(umem, pgs), BPF_CORE_READ(umem, npgs));
}

/* Of most sockets nothing is delivered: they hold no memory of anybody. */
static __always_inline u64 socket_holds(struct sock *sk)
{
	u64 object = (u64)sk, *s;
	u32 n = files.nholds;

	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_XDP) {
		if (!bpf_core_field_exists(struct xdp_sock, umem))
			return 0;
		object = (u64)BPF_CORE_READ((struct xdp_sock *)sk, umem);
		if (object && first_time(object))
			umem_pages((void *)object);
		return object;
	}
	s = seen_at(object);
	if ((*s & ~1ULL) == object)
		return *s & 1 ? object : 0;
	if (!socket_once(object) && !socket_once(object) && !socket_once(object))
		files.raced++;
	*s = object | (files.nholds != n);
	return files.nholds != n ? object : 0;
}
