/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel.bpf.h - the few kernel types that the BPF programs use, for CO-RE.
 *
 * libbpf relocates every offset by the running kernel's BTF when it loads the program.  A type
 * with ___suffix is another generation of the type.
 */
#pragma once

typedef unsigned char u8, __u8;
typedef unsigned short u16, __u16;
typedef unsigned int u32, __u32;
typedef unsigned long long u64, __u64;
typedef signed char s8, __s8;
typedef short s16, __s16;
typedef int s32, __s32;
typedef long long s64, __s64;
typedef u16 __be16;
typedef u32 __be32, __wsum;
typedef _Bool bool;
#define true 1
#define false 0
#define BIT(n) (1ULL << (n))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#include <bpf/bpf_helpers.h>

/* Returns the word at @addr of the kernel's memory, 0 where it cannot be read. */
static __always_inline u64 probe64(u64 addr)
{
	u64 v = 0;

	bpf_probe_read_kernel(&v, sizeof(v), (void *)addr);
	return v;
}

enum bpf_map_type { BPF_MAP_TYPE_ARRAY = 2, BPF_MAP_TYPE_PERCPU_ARRAY = 6 };
enum { BPF_F_MMAPABLE = 1 << 10 };

/*
 * Records that the loader maps.  Of global data it would write every byte first; and how many there
 * are it may choose.
 */
#define BPF_RECORDS(name, of, n)                   \
	struct {                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);  \
		__uint(map_flags, BPF_F_MMAPABLE); \
		__uint(max_entries, n);            \
		__type(key, u32);                  \
		__type(value, of);                 \
	} name SEC(".maps")

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

/* --- pages */
struct page {
	unsigned long flags;
	unsigned long compound_head;
	atomic_t _mapcount;
	atomic_t _refcount;
};

typedef struct {
	unsigned long f;
} memdesc_flags_t;

/* 6.18: 53fbef56e07d ("mm: introduce memdesc_flags_t"). */
struct page___memdesc {
	memdesc_flags_t flags;
};

/* 7.1: compound_info replaces compound_head; tails hold a mask or a pointer in it. */
struct page___info {
	unsigned long compound_info;
};

struct list_head {
	struct list_head *next, *prev;
};

struct address_space;
struct folio {
	struct list_head lru;
	struct address_space *mapping;
	unsigned long index;
	void *private;
	unsigned long _flags_1;
	atomic_t _entire_mapcount; /* 6.3: 1a6baaa0db73 */
	atomic_t _large_mapcount;  /* 6.10: 05c5323b2a34 */
	atomic_t _pincount;
	unsigned long _mm_ids; /* 6.15: 448854478ab2 */
};

/* 6.0 to 6.5: a byte each; _total_mapcount counts the whole compound page. */
struct folio___order {
	unsigned char _folio_order;
	atomic_t _total_mapcount;
};

/* 6.2 only */
struct folio___v62 {
	atomic_t _compound_mapcount;
};

/* Only the names count: the values come from the running kernel. */
enum pageflags {
#define PAGEFLAG(pg, member, kpf) pg,
#include "page/pageflag.def"
	PG_owner_2,
	PG_double_map,
};

/* --- the process */
struct mm_struct {
	unsigned long task_size;
	void *pgd;
	atomic_t mm_users;
	unsigned long flags;
};

typedef struct {
	unsigned long __mm_flags[1];
} mm_flags_t;

/* 6.14: it is odd while somebody has the mmap lock for writing; an int before. */
struct seqcount {
	unsigned int sequence;
};
struct mm_struct___seq {
	struct seqcount mm_lock_seq;
};

/* 6.18: mm->flags is a bitmap of its own type. */
struct mm_struct___bitmap {
	mm_flags_t flags;
};

struct xarray {
	void *xa_head;
};

struct address_space {
	struct xarray i_pages;
};
struct address_space_operations {
	void *migrate_folio;
};
struct address_space___host {
	struct inode *host;
	struct address_space_operations *a_ops;
};

struct pipe_inode_info;
struct super_block {
	u32 s_dev;
	unsigned long s_magic;
	void *s_fs_info;
};
struct inode {
	u16 i_mode;
	unsigned long i_ino;
	struct super_block *i_sb;
	struct pipe_inode_info *i_pipe;
};

/* Their own flavours, because the relocations of holders.bpf.c are tested on old types. */
struct super_block___type {
	void *s_type;
};
struct hlist_head {
	void *first;
};
struct inode___dentry {
	struct hlist_head i_dentry;
};

struct qstr {
	const unsigned char *name;
};
struct dentry {
	struct qstr d_name;
};
struct hlist_node {
	void *next;
};
struct dentry___union {
	union {
		struct hlist_node d_alias;
	} d_u;
};
struct dentry___anon {
	struct hlist_node d_alias;
};
struct path {
	struct dentry *dentry;
};
struct file {
	struct address_space *f_mapping;
	void *private_data;
	struct inode *f_inode;
	struct path f_path;
	u32 f_mode;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

/* --- timers, which know their CPU */
struct hrtimer_cpu_base {
	unsigned int cpu;
};
struct hrtimer_clock_base {
	struct hrtimer_cpu_base *cpu_base;
};
struct hrtimer {
	struct hrtimer_clock_base *base;
};
struct signal_struct {
	struct hrtimer real_timer;
	atomic_t live;
	int group_exit_code;
};

struct task_struct {
	struct mm_struct *mm;
	struct signal_struct *signal;
	struct files_struct *files;
	int tgid;
	int pid;
	int exit_code;
	struct task_struct *group_leader;
};

/* --- xarray nodes */
struct xa_node {
	void *slots[64];
};

/* --- VMAs */
struct userfaultfd_ctx {
	unsigned int features;
};
struct vm_userfaultfd_ctx {
	struct userfaultfd_ctx *ctx;
};
struct vm_area_struct {
	unsigned long vm_start, vm_end;
	unsigned long vm_flags;
	struct file *vm_file;
	struct vm_userfaultfd_ctx
		vm_userfaultfd_ctx; /* empty without CONFIG_USERFAULTFD */
	void *vm_private_data;
};
struct hstate {
	unsigned int order;
	struct list_head hugepage_freelists[1]; /* by node */
};
struct hugetlbfs_sb_info {
	struct hstate *hstate;
};

/* --- CMA */
struct cma {
	unsigned long base_pfn, count;
};
struct cma_memrange {
	unsigned long base_pfn, count;
};
/* 6.15: an area has several ranges. */
struct cma___ranges {
	int nranges;
	struct cma_memrange ranges[1];
};

/* --- batches of folios on their way to LRU lists */
struct folio_batch {
	unsigned char nr;
	struct folio *folios[1];
};
struct cpu_fbatches {
	struct folio_batch lru_add;
	struct folio_batch lru_deactivate_file;
	struct folio_batch lru_deactivate;
	struct folio_batch lru_lazyfree;
	struct folio_batch activate, lru_activate; /* 6.12 renames it */
	struct folio_batch lru_move_tail;          /* 6.12 */
};
struct lru_rotate {
	struct folio_batch fbatch;
};
struct mlock_fbatch {
	struct folio_batch fbatch;
};
struct mlock_pvec {
	struct folio_batch vec; /* a pagevec, which is the same */
};

/* --- pipes */
struct pipe_buffer {
	struct page *page;
	unsigned int offset, len;
	unsigned int flags;
};
struct pipe_inode_info {
	unsigned int head, tail;
	unsigned int ring_size;
	struct pipe_buffer *bufs;
};
/* 6.14: pipe_index_t, 16 or 32 bits wide; the programs read it by size. */

/* --- io_uring registered buffers */
struct bio_vec {
	struct page *bv_page;
	unsigned int bv_len;
	unsigned int bv_offset;
};
struct io_mapped_ubuf {
	u64 ubuf;
	unsigned int nr_bvecs;
	unsigned int len; /* 6.12 */
	u8 flags;         /* 7.0 */
	struct bio_vec bvec[1];
};
struct io_mapped_ubuf___6_15 {
	bool is_kbuf;
};
struct io_mapped_ubuf___end {
	u64 ubuf_end; /* until 6.11 */
};
struct io_rsrc_node {
	struct io_mapped_ubuf *buf;
};
struct io_rsrc_data {
	unsigned int nr;
	struct io_rsrc_node **nodes;
};
/* 6.14: memory of the process, or of the kernel. */
struct io_mapped_region {
	struct page **pages;
	unsigned int nr_pages;
};
struct io_buffer_list {
	struct page **buf_pages; /* until 6.14 */
	u16 buf_nr_pages;
	u16 bgid;
	struct io_mapped_region region;
};
struct io_ring_ctx {
	struct mm_struct *mm_account; /* 5.9 */
	/* 6.13: 7029acd8a950 ("io_uring/rsrc: get rid of per-ring io_rsrc_node list") */
	struct io_rsrc_data buf_table;
	struct io_buffer_list *io_bl; /* until 6.8 */
	struct xarray io_bl_xa;
	u16 n_ring_pages, n_sqe_pages; /* 6.5 to 6.13 */
	struct page **ring_pages, **sqe_pages;
	struct io_mapped_region ring_region, sq_region, param_region; /* 6.14 */
};
struct io_ring_ctx___old {
	unsigned int nr_user_bufs;
	struct io_mapped_ubuf **user_bufs;
};

/* --- sockets */
struct rb_node {
	unsigned long __rb_parent_color;
	struct rb_node *rb_right, *rb_left;
};
struct rb_root {
	struct rb_node *rb_node;
};
struct sk_buff {
	struct sk_buff *next;
	struct rb_node rbnode;
	unsigned int end;
	unsigned char *head;
};
struct sk_buff_head {
	struct sk_buff *next;
	u32 qlen;
};
struct skb_shared_info {
	u8 flags, nr_frags;
	struct bio_vec frags[1];
};
struct sock_common {
	u16 skc_family;
};
struct sock {
	struct sock_common __sk_common;
	struct sk_buff_head sk_receive_queue, sk_write_queue;
	struct rb_root tcp_rtx_queue;
	u16 sk_protocol;
};
struct socket {
	struct sock *sk;
};
struct xdp_umem {
	u32 npgs;
	struct page **pgs;
};
struct xdp_sock {
	struct xdp_umem *umem;
};

/* --- udmabufs */
struct dma_buf {
	const char *exp_name;
	void *priv;
};
struct udmabuf {
	unsigned long pagecount;
	struct page **pages;         /* until 6.10, and 7.3 */
	struct list_head unpin_list; /* 6.11, 6.12 */
	unsigned long nr_pinned;     /* 6.13 */
	struct folio **pinned_folios;
};
struct udmabuf_folio {
	struct folio *folio;
	struct list_head list;
};

/* --- iterators */
struct seq_file;
struct bpf_iter_meta {
	struct seq_file *seq;
	u64 session_id;
	u64 seq_num;
};
struct bpf_iter__task_vma {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct vm_area_struct *vma;
};
struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	u32 fd;
	struct file *file;
};

#pragma clang attribute pop
