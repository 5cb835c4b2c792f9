/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpfpage.h - page-table entries and struct pages, read by BPF (src/bpf/).
 *
 * Nothing is delivered before calibrate.c has checked the programs on pages of gupinfo's own.
 * Built without BPF, bpfpage_open() returns an error.
 */
#pragma once

#include "page/page.h"
#include "report/source.h"
#include "page/structpage.h"

#define BPFPAGE_WHY 160 /* bytes of a reason, with the NUL: BPFPROG_WHY */

struct bpfpage;
struct worker_pool;

struct bpfpage_options {
	bool no_cut; /* let libbpf read all of the kernel's BTF, and walk on the host (peek.h) */
	u32 pages; /* about so many will be read; few are walked on the host; 0: many */
	struct worker_pool *pool; /* readers; NULL: one thread reads.  Borrowed */
};

/*
 * Loads the programs and calibrates them.  Returns 0, or -errno with a sentence for people in
 * @why (no BTF, not permitted, a failed check …) and nothing left open.  Needs CAP_BPF,
 * CAP_PERFMON, and CAP_SYS_ADMIN for the PFNs of gupinfo's own pages.
 */
int bpfpage_open(const struct bpfpage_options *opt, struct bpfpage **ret,
		 char why[BPFPAGE_WHY]);
void bpfpage_close(struct bpfpage *bp);

/* Returns the page->flags bit numbers of the running kernel; valid as long as @bp. */
const struct kpf_layout *bpfpage_layout(const struct bpfpage *bp);

/* Page tables of this architecture are read; without, bpfpage_observe() and bpfpage_find() are not there. */
bool bpfpage_walks(const struct bpfpage *bp);

/* Returns "cast" when a program walks the page tables, "copy" when the host does (peek.h). */
const char *bpfpage_reader(const struct bpfpage *bp);
/* Returns the end of user addresses. */
u64 bpfpage_user_end(const struct bpfpage *bp);
/* Returns the STRUCTPAGE_F_* fields that the running kernel has. */
u32 bpfpage_fields(const struct bpfpage *bp);

/*
 * Delivers the entries of [@start, @end) of the process behind @pagemap_fd, an open
 * /proc/PID/pagemap: ascending, without gaps, holes as runs.  The first leaf may begin before
 * @start and the last end after @end.  @hugetlb: the range lies in a hugetlb VMA.  Returns 0,
 * -ESRCH when the process is gone, the callback's non-zero value, or -errno.
 *
 * The workers of the pool read a range that takes several calls.  Only the caller's thread is in the
 * callback, which must not call bpfpage_observe(), bpfpage_find() or bpfpage_has_pinned().
 */
int bpfpage_observe(struct bpfpage *bp, int pagemap_fd, bool hugetlb, u64 start, u64 end,
		    bool fold, source_raw_cb cb, void *ctx);

/* Like bpfpage_observe(), for entries with a PFN in [@pfn_lo, @pfn_hi), without holes (--who). */
int bpfpage_find(struct bpfpage *bp, int pagemap_fd, u64 start, u64 end, u64 pfn_lo,
		 u64 pfn_hi, source_raw_cb cb, void *ctx);

/*
 * Open descriptors of pipes and io_urings of all processes, and the frames that these hold.
 * The arrays are writable and valid until bpfpage_files_done(); only one walk at a time.
 */
struct bpfpage_files {
	struct structpage_end *end;
	struct structpage_hold *hold;
	u32 nends, nholds, nfiles;
	u32 raced;      /* pipes that kept changing: their pages are missing */
	bool truncated; /* some did not fit */
};
/*
 * Looks into the files of these @kinds (STRUCTPAGE_OPEN_*) that process @pid has open; 0: all, any.  Returns 0,
 * or -errno with a sentence in @why.
 */
int bpfpage_files(struct bpfpage *bp, pid_t pid, u32 kinds, struct bpfpage_files *ret,
		  char why[BPFPAGE_WHY]);
void bpfpage_files_done(struct bpfpage *bp);

/* From now on calls are short. */
void bpfpage_gentle(struct bpfpage *bp);

/*
 * Opens a stream of struct structpage_vma of process @pid with a part in [@start, @end),
 * ascending, for read(2) and close(2).
 * Each VMA is as it was at some moment of the reading.  Returns a descriptor or -errno;
 * -ENOTSUP when the kernel has no such iterator (before 5.12) or cannot pick a process (before
 * 6.1).
 */
int bpfpage_vmas(struct bpfpage *bp, pid_t pid, u64 start, u64 end);

/*
 * Reads a number that changes with the VMAs of the process behind @pagemap_fd: what was read of them
 * between two calls that return the same is of one moment.  0: they change now, or the kernel has none
 * (before 6.14).
 */
u32 bpfpage_mm_seq(struct bpfpage *bp, int pagemap_fd);

/* Reads MMF_HAS_PINNED of the process behind @pagemap_fd. */
enum tri bpfpage_has_pinned(struct bpfpage *bp, int pagemap_fd);

/*
 * Reads the CMA areas and the free huge pages of nodes 0 … @nodes - 1; NULL when it cannot.
 * Valid until the next call.
 */
const struct structpage_memory *bpfpage_memory(struct bpfpage *bp, u32 nodes);

/*
 * Delivers the words of the frames [@pfn, @end), ascending: runs whose ->addr is 0, and of each the file whose
 * cache has it, unless its ->ino is 0.  Frames without a struct page are missing.  @hugetlb: all are
 * hugetlb's.  Returns 0, -errno, or the callback's non-zero value.
 */
typedef int (*bpfpage_frame_cb)(void *ctx, const struct raw_page *raw,
				const struct structpage_frame *file);
int bpfpage_frames(struct bpfpage *bp, u64 pfn, u64 end, bool hugetlb,
		   bpfpage_frame_cb cb, void *ctx);

/*
 * Returns what the batches of all CPUs hold, in one half of a writable array whose other half stays;
 * NULL when some may be missing.
 */
struct structpage_batch *bpfpage_batches(struct bpfpage *bp, u32 half, u32 *ret_n);
