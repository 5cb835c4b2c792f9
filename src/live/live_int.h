/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_int.h - what the files of the live source share.  Nobody else includes it.
 *
 * Knows: the state of a live source.  Never: used outside live*.c and probe.c.
 * Owns: see live.h.
 */
#ifndef GUPINFO_LIVE_INT_H
#define GUPINFO_LIVE_INT_H

#include "os/worker_pool.h"
#include "live/live.h"
#include "live/live_machine.h"
#include "pagemap.h"
#include "page/pte.h"

struct bpfpage;
struct frame_cache;
struct holders;

/* A mount's device number and what its files are to GUP. */
struct live_mount {
	u32 major, minor;
	u8 fs;        /* enum vma_fs */
	bool devices; /* devtmpfs: its files may be devices */
};

struct live_mounts {
	struct live_mount *mount;
	size_t n;
	bool read;
	/* the last file asked for: neighbours are often of one file */
	u64 inode;
	u32 major, minor;
	u8 fs;
	/* and the last file whose size was asked for */
	u64 stat_inode, stat_bytes;
	u32 stat_major, stat_minor;
	bool stat_known, stat_dax;
};

/* A process that is held open. */
struct live_process {
	struct live_process *next;
	unsigned users; /* opened more often than released */
	pid_t pid;
	u64 start_time;
	int dir;     /* /proc/PID */
	int mem;     /* the same, or the task/TID of a thread that lives */
	int pagemap; /* -errno when it could not be opened */
	bool had_memory;
	int maps; /* for live_vmas_same(): 0 not tried, -errno when it could not be opened */
	struct live_mounts mounts;
};

/* Leaves of one kind with a word each, or holes that PAGEMAP_SCAN passed over, while they are read. */
struct live_run {
	u64 addr, pages; /* pages of the leaf's size */
	u32 slot;        /* of the word of the first leaf; of the next word, for holes */
	u32 scan;        /* PAGEMAP_IS_*, as far as the words agree */
	u8 level;        /* enum raw_level, 0 unknown */
	bool has_scan, hole;
};

/*
 * Words of a chunk.  The frames of a chunk are read in ascending order, so the larger it is, the
 * closer together they are; two gigabytes in random order begin to be neighbours here.  What is not
 * used of this is never touched.
 */
#define LIVE_LEAVES (256 << 10)
#define LIVE_RUNS 8192  /* runs of a chunk */
#define LIVE_WORDS 8192 /* words of one read into scratch */
#define LIVE_REGIONS 512
#define LIVE_OUT 256 /* observations of one callback */

/* ok[]: which words of a frame were read */
#define LIVE_OK_FLAGS 1
#define LIVE_OK_COUNT 2
#define LIVE_OK_CHANGED 4 /* the entry was another one at the second reading */

struct live_buffers {
	struct live_run run[2][LIVE_RUNS];
	u64 entry[LIVE_LEAVES]; /* pagemap */
	u64 flags[LIVE_LEAVES], count[LIVE_LEAVES];
	u8 ok[LIVE_LEAVES];
	struct pagemap_want want[2][LIVE_LEAVES];
	u64 scratch[WORKER_POOL_SIZE][LIVE_WORDS];
	struct pagemap_region region[LIVE_REGIONS];
	struct raw_page out[LIVE_OUT];
};

struct live {
	struct source src; /* first */
	struct live_options opt;
	int root;       /* directory descriptor of opt.root */
	int kpageflags; /* -errno when it could not be opened */
	int kpagecount;
	bool have_scan;
	u32 scan_mask; /* categories that this kernel knows */
	bool pfns_hidden;
	bool hugetlb_count_tail; /* kpagecount of a hugetlb head reads 0 */
	struct source_machine machine;
	struct page_span *spans;
	struct pte_layout pte;
	struct bpfpage *bpf;     /* NULL: procfs only */
	struct holders *holders; /* of the last call */
	struct live_process *processes;
	struct live_mounts internal; /* devices of memfds, memfd_secret */
	struct live_mounts ours;     /* our own mountinfo */
	struct live_buffers *buf;
	struct live_buffers *small; /* for what is read again; NULL until there is any */
	struct worker_pool *pool;   /* made when there is work for it; NULL: none */
	bool pool_tried;
	/* kpageflags and kpagecount for the helper: two threads would wait for one file's counter */
	int helper[2];
	struct frame_cache *cache; /* opt.many without BPF; NULL: none */
};

/*
 * The memory that was opened still has users.  Once it has none it never gets any again
 * (mmget_not_zero() in pagemap_read()), and nothing was unmapped from it before by exit or exec
 * (mmput()): what was read before this returns true is what the process had.
 */
bool live_chunk_has_memory(const struct live_process *p);

/* live_vmas.c */
int live_vmas_walk(struct live *l, struct live_process *p, source_vma_cb cb, void *ctx);
/* @vma is still what it was when it was read; unknown before 6.11. */
enum tri live_vmas_same(struct live_process *p, const struct vma *vma);
void live_vmas_internal(struct live *l); /* fills l->internal */
void live_vmas_free(struct live_mounts *m);

/* live_hugetlb.c: what @vma's faults need of pool and limits, if it maps hugetlb */
void live_hugetlb_read(struct live *l, struct live_process *p, struct vma *vma);

/* live_pages.c */
int live_pages_range(struct live *l, struct live_process *p, const struct vma *vma,
		     u64 start, u64 end, source_raw_cb cb, void *ctx);
/* A callback that ends runs where a zone ends, and passes them on. */
struct live_split {
	const struct live *l;
	u64 page, huge_pages; /* bytes of a base page; base pages of a huge leaf */
	source_raw_cb cb;
	void *ctx;
};
int live_pages_split(void *ctx, const struct raw_page *raw, size_t n);

/* live_frames.c: ends the helper */
void live_frames_close(struct live *l);

/* live_chunk.c: one PAGEMAP_SCAN; the number of regions, or -errno. */
int live_chunk_scan(int pagemap, u64 flags, u64 start, u64 end, u64 anyof, u64 mask,
		    u64 max_pages, struct pagemap_region *vec, size_t vec_len,
		    u64 *ret_walk_end);
/* A pagemap_pread of the descriptor *@ctx. */
s64 live_frames_pread(void *ctx, void *buf, size_t len, u64 offset);

/* live_bpf.c: the BPF reader; l->bpf stays NULL and the evidence says why when it cannot be used. */
void live_bpf_open(struct live *l);
void live_bpf_close(struct live *l);
/* CMA areas and free huge pages; NULL: not read.  Valid until the next call. */
const struct structpage_memory *live_bpf_memory(struct live *l);
int live_bpf_observe(struct live *l, struct live_process *p, const struct vma *vma,
		     u64 start, u64 end, source_raw_cb cb, void *ctx);
int live_bpf_find(struct live *l, struct live_process *p, u64 pfn, u64 end,
		  source_raw_cb cb, void *ctx);
enum tri live_bpf_has_pinned(struct live *l, struct live_process *p);

/* live_holders.c: see source_ops.holders. */
int live_holders_read(struct live *l, const pid_t *pids, unsigned npids,
		      const struct holders **ret);
void live_holders_free(struct live *l);

/* live_machine.c: everything in l->machine that is read once. */
void live_machine_read(struct live *l);
/* The number that a small file below @root begins with; UINT64_MAX: there is none. */
/* What changes with every huge page: the pools. */
void live_machine_refresh(struct live *l);
/* What follows from the evidence, probes included. */
void live_machine_resolve(struct live *l);

/* probe.c: calibrates l on its own memory; fills l->machine.kernel.probe. */
void probe_run(struct live *l);

#endif
