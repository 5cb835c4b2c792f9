/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_int.h - state of the live source, for live*.c and probe.c only. */
#pragma once

#include "os/worker_pool.h"
#include "live/live.h"
#include "live/live_machine.h"
#include "pagemap.h"
#include "page/pte.h"

struct bpfpage;
struct frame_cache;
struct holders;
struct statfs;

/* The device number of a mount, and what its files are to GUP. */
struct live_mount {
	u32 major, minor;
	u8 fs;        /* enum vma_fs */
	bool devices; /* devtmpfs: its files may be devices */
};

struct live_mounts {
	struct live_mount *mount;
	size_t n, room;
	bool read;
	/* The last file that was asked for: neighbours often map one file. */
	u64 inode;
	u32 major, minor;
	u8 fs;
	/* The last file whose size was asked for. */
	u64 stat_inode, stat_bytes;
	u32 stat_major, stat_minor;
	bool stat_known, stat_dax, stat_empty;
	u8 stat_full; /* enum tri: its file system has no room; TRI_UNKNOWN until it is asked */
};

/* A process that is held open. */
struct live_process {
	struct live_process *next;
	unsigned users; /* opens minus releases */
	pid_t pid;
	u64 start_time;
	int dir;     /* /proc/PID */
	int mem;     /* the same, or the task/TID of a live thread */
	int pagemap; /* -errno when it could not be opened */
	bool had_memory;
	int maps; /* for live_vmas_query(): 0 not tried yet, else a descriptor or -errno */
	struct live_mounts mounts;
};

/* Leaves of one kind, each with a word, or holes that PAGEMAP_SCAN skipped. */
struct live_run {
	u64 addr, pages; /* counted in pages of the leaf's size */
	u32 slot;        /* slot of the first leaf's word; of a hole, of the next word */
	u32 scan;        /* PAGEMAP_IS_* on which all words agree */
	u8 level;        /* enum raw_level, 0 unknown */
	bool has_scan, hole;
};

/*
 * Words of a chunk.  The frames of a chunk are read in ascending order: the larger the chunk,
 * the closer together they are.  Two gigabytes in random order begin to be neighbours at this
 * size.  Memory that is not used is never touched.
 */
#define LIVE_LEAVES (256 << 10)
#define LIVE_RUNS 8192  /* runs of a chunk */
#define LIVE_WORDS 8192 /* words of one read into the scratch buffer */
#define LIVE_REGIONS 512
#define LIVE_OUT 256 /* runs that one callback gets */

/* Bits of ok[]: which words of a frame were read. */
#define LIVE_OK_FLAGS 1
#define LIVE_OK_COUNT 2
#define LIVE_OK_CHANGED 4 /* the second reading found another entry */

struct live_buffers {
	struct live_run run[2][LIVE_RUNS];
	u64 entry[LIVE_LEAVES]; /* pagemap */
	u64 flags[LIVE_LEAVES], count[LIVE_LEAVES];
	u8 ok[LIVE_LEAVES];
	struct pagemap_want want[2][LIVE_LEAVES];
	struct pagemap_region region[LIVE_REGIONS];
	struct raw_page out[LIVE_OUT];
};

/* What a worker has for itself. */
struct live_worker {
	u64 scratch[LIVE_WORDS];
	/* kpageflags and kpagecount: two threads would contend for one file's counter */
	int file[2];
	bool opened;
};

/* Memory cgroups by the inode numbers of their directories. */
struct live_cgroups {
	struct live_cgroup {
		u64 ino;
		char *path;
	} * list;
	size_t n, room;
	bool tried;
};

/*
 * Small VMAs that were listed and follow each other, until they are delivered; their pages are read
 * together when the first is asked for (live_ahead.c).
 */
#define LIVE_AHEAD 256
#define LIVE_AHEAD_RUNS 4096

struct live_ahead {
	const struct live_process *p;
	u32 seq; /* bpfpage_mm_seq() before they were listed */
	size_t n;
	struct vma vma[LIVE_AHEAD];
	/* runs of [from, to); @at: the first that was not delivered */
	u64 from, to;
	bool same; /* no VMA has changed since they were listed */
	size_t nraw, at;
	struct raw_page raw[LIVE_AHEAD_RUNS];
};

struct live {
	struct source src; /* first member */
	struct live_ahead
		*ahead; /* while VMAs are walked; NULL: each is read by itself */
	struct live_options opt;
	int root;       /* directory descriptor of opt.root */
	int kpageflags; /* -errno when it could not be opened */
	int kpagecount;
	int kpagecgroup; /* opened when the first page is asked for */
	struct live_cgroups cgroups;
	u64 broken; /* HardwareCorrupted of meminfo; UINT64_MAX until it is needed */
	bool have_scan;
	u32 scan_mask; /* categories that this kernel knows */
	bool pfns_hidden;
	bool hugetlb_count_tail; /* kpagecount of a hugetlb head reads 0 */
	struct source_machine machine;
	struct kernel kernel; /* that runs here */
	struct page_span *spans;
	struct pte_layout pte;
	struct bpfpage *bpf;     /* NULL: procfs only */
	struct holders *holders; /* result of the last call */
	struct live_process *processes;
	struct live_mounts internal; /* device numbers of memfds and memfd_secret */
	struct live_mounts ours;     /* gupinfo's own mountinfo */
	struct live_buffers *buf;
	struct live_buffers *small; /* for what is read again; NULL until needed */
	struct worker_pool *pool;
	struct live_worker
		*worker; /* one for each of the pool; the first has what is above */
	struct frame_cache *cache; /* opt.many without BPF; NULL: none */
};

/*
 * The opened memory still has users.  Once it has none it never gets any again
 * (mmget_not_zero() in pagemap_read()), and exit and exec unmap nothing before that (mmput()).
 * So what was read before this returns true is what the process had.
 */
bool live_chunk_has_memory(const struct live_process *p);

int live_vmas_walk(struct live *l, struct live_process *p, bool smaps, source_vma_cb cb,
		   void *ctx);
/* See source_ops.vma_at. */
int live_vmas_at(struct live *l, struct live_process *p, u64 addr, u64 end,
		 struct vma *ret);
/* @vma is what it was when it was read; unknown before 6.11. */
enum tri live_vmas_same(struct live_process *p, const struct vma *vma);
void live_vmas_internal(struct live *l); /* fills l->internal */
void live_vmas_free(struct live_mounts *m);

/* Reads the counters of the pool of @vma's page size. */
void live_hugetlb_counters(struct live *l, struct vma *vma);
/* Asks the file system of the file that @vma maps; -1 when that is not permitted. */
int live_file_statfs(struct live_process *p, const struct vma *vma, struct statfs *ret);
/* Reads what @vma's file makes of faults (live_file.c). */
void live_file_read(struct live *l, struct live_process *p, struct vma *vma);
/* Reads limits of the pool, mount and cgroups for @vma if it maps hugetlb (live_hugetlb.c). */
void live_hugetlb_read(struct live *l, struct live_process *p, struct vma *vma);

int live_pages_range(struct live *l, struct live_process *p, const struct vma *vma,
		     u64 start, u64 end, bool fold, source_raw_cb cb, void *ctx);
/*
 * Likewise of VMAs that are not hugetlb or PFNMAP, and of what lies between them, by PAGEMAP_SCAN.  Whether
 * a VMA has changed the caller asks.
 */
int live_pages_several(struct live *l, struct live_process *p, u64 start, u64 end,
		       source_raw_cb cb, void *ctx);
/* A callback that cuts runs at the ends of zones and passes them on. */
struct live_split {
	const struct live *l;
	u64 page, huge_pages; /* bytes of a base page; base pages of a huge leaf */
	bool hugetlb;         /* every run is of huge leaves */
	source_raw_cb cb;
	void *ctx;
};
int live_pages_split(void *ctx, const struct raw_page *raw, size_t n);

/* See source_ops.frames (live_physical.c). */
int live_physical_frames(struct source *src, u64 pfn, u64 end, source_frames_cb cb,
			 void *ctx);

/* Makes and ends the workers (live_frames.c). */
int live_frames_open(struct live *l);
void live_frames_close(struct live *l);

/* Calls PAGEMAP_SCAN once; returns the number of regions or -errno (live_chunk.c). */
int live_chunk_scan(int pagemap, u64 flags, u64 start, u64 end, u64 anyof, u64 mask,
		    u64 max_pages, struct pagemap_region *vec, size_t vec_len,
		    u64 *ret_walk_end);
/* A pagemap_pread of the descriptor *@ctx. */
s64 live_frames_pread(void *ctx, void *buf, size_t len, u64 offset);

/* BPF walks page tables, whose entries it knows. */
static inline bool live_bpf_walks(const struct live *l)
{
	return l->bpf && l->machine.evidence[SOURCE_PTE].ok;
}

/* Whether the BPF reader is to be opened; if not, the evidence says why (live_bpf.c). */
bool live_bpf_wanted(struct live *l);
/* Opens it, or leaves l->bpf NULL and the reason in the evidence. */
void live_bpf_open(struct live *l);
/* What it found is used from now on; and what BTF says, which needs no BPF. */
void live_bpf_use(struct live *l);
void live_bpf_close(struct live *l);
/*
 * A callback that marks pages with more references than mappings explain by the batches of CPUs that
 * hold them (RAW_HAS_BATCHES), and passes them on (live_batches.c).  What a batch held before the
 * page was read, and still holds after it, it held meanwhile.
 */
struct live_batches {
	struct bpfpage *bpf;
	u64 page;                                /* bytes of a base page */
	struct structpage_batch *before, *after; /* by PFN; NULL: not read */
	u32 nbefore, nafter;
	source_raw_cb cb;
	void *ctx;
	struct raw_page out[LIVE_OUT];
	size_t nout;
};
/* Before pages are read, which then go to @cb.  Not @marks: as they are. */
void live_batches_begin(struct live_batches *b, const struct live *l, bool marks,
			source_raw_cb cb, void *ctx);
int live_batches_mark(void *ctx, const struct raw_page *raw, size_t n);

/*
 * A callback that reads how often each base page of a huge leaf is mapped (RAW_HAS_MAPS), where others may
 * map only some of them, and passes all on (live_maps.c).
 */
struct live_maps {
	struct live *l;
	struct live_process *p;
	source_raw_cb cb;
	void *ctx;
};
/* Whether the kernel counts that, it can be read, and smaps does not exclude it for @vma. */
bool live_maps_begin(const struct live_maps *m, const struct vma *vma);
int live_maps_mark(void *ctx, const struct raw_page *raw, size_t n);

/* Reads CMA areas and free huge pages; NULL when it cannot.  Valid until the next call. */
const struct structpage_memory *live_bpf_memory(struct live *l);
int live_bpf_observe(struct live *l, struct live_process *p, const struct vma *vma,
		     u64 start, u64 end, bool fold, source_raw_cb cb, void *ctx);
/* Likewise, where BPF reads struct pages but no page tables (live_structs.c). */
int live_structs_observe(struct live *l, struct live_process *p, const struct vma *vma,
			 u64 start, u64 end, source_raw_cb cb, void *ctx);
/* Delivers @n runs of a VMA that were read before; @moved: it has changed since it was listed. */
int live_bpf_deliver(struct live *l, bool moved, const struct raw_page *raw, size_t n,
		     source_raw_cb cb, void *ctx);

/* Delivers the pages of @vma if it waits in l->ahead; returns -EAGAIN when it does not. */
int live_ahead_observe(struct live *l, struct live_process *p, const struct vma *vma,
		       u64 start, u64 end, source_raw_cb cb, void *ctx);

int live_bpf_find(struct live *l, struct live_process *p, u64 pfn, u64 end,
		  source_raw_cb cb, void *ctx);
enum tri live_bpf_has_pinned(struct live *l, struct live_process *p);

/* See source_ops.holders (live_holders.c). */
int live_holders_read(struct source *src, const pid_t *pids, unsigned npids,
		      struct holders **ret);
void live_holders_free(struct live *l);
/* See source_ops.held. */
int live_holders_held(struct source *src, pid_t pid, u32 kinds, struct holders **ret);
/* See source_ops.may_hold; @dir is the directory of the process. */
u32 live_holders_may_hold(int dir);

/* See source_ops.cgroup (live_cgroup.c). */
const char *live_cgroup(struct source *src, u64 pfn, u64 pages, u64 *ret_same);
void live_cgroup_close(struct live *l);

/* Reads the name of this machine's kernel (live_machine.c). */
void live_machine_name(struct live *l);
/* Reads all else of l->machine that is read once, but for what is known of BPF. */
void live_machine_read(struct live *l);
/* Reads what changes with every huge page: whether the pools have one outside of unpinnable memory. */
void live_machine_refresh(struct source *src);
/* Derives what follows from the evidence and the probes. */
int live_machine_resolve(struct live *l);

/* Runs experiments on gupinfo's memory; fills l->machine.kernel.probe (probe.c). */
void probe_run(struct live *l);
