/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * structpage.h - the fixed-width records that the BPF programs write and the loader reads.
 *
 * Compiles for the host and for BPF.  Records hold raw words and no kernel pointers, but for
 * those that tell objects apart.  The programs' global data has this layout, too.
 */
#pragma once

#ifdef __bpf__
#include "kernel.bpf.h"
#else
#include "lib/bits.h"
#include "page/raw_page.h"
#include "page/page.h"
#endif

/* structpage_rec.has */
#define STRUCTPAGE_PRESENT 1  /* ->pfn */
#define STRUCTPAGE_PAGE 2     /* the words of struct page */
#define STRUCTPAGE_RACED 4    /* the entry kept changing while BPF read its page */
#define STRUCTPAGE_SUM 8      /* ->large is a sum over the folio's pages (before 6.10) */
#define STRUCTPAGE_FOLDED 16  /* the PFNs of the run do not ascend */
#define STRUCTPAGE_PRIVATE 32 /* folio->private is set, in a kernel without PG_private */
#define STRUCTPAGE_HUGETLB 64 /* the VMA is a hugetlb VMA */
#define STRUCTPAGE_LISTED \
	128 /* the PFNs of the run, in 8 bytes each, take the next records */

/*
 * One leaf entry, or a run of leaves with the same words whose PFNs ascend unless the run is
 * folded.  Of the tails of one folio, ->refcount to ->order are those read with the first tail.
 */
struct structpage_rec {
	u64 addr, pages, pfn, head_pfn;
	u64 pte;               /* PFN bits are cleared when present */
	u64 flags, head_flags; /* page->flags */
	u64 mm_ids;
	s32 refcount; /* of the head */
	s32 mapcount; /* _mapcount word of the page: a count from -1, or a page type */
	s32 type;     /* the same word of the head */
	s32 entire;   /* _entire_mapcount, from -1 */
	s32 large;    /* _large_mapcount, from -1 */
	s32 pincount; /* _pincount */
	u8 level;     /* enum raw_level */
	u8 mapping; /* low bits of the head's ->mapping; 4: a pointer without low bits */
	u8 order;
	u8 has;        /* STRUCTPAGE_* */
	u8 double_map; /* PG_double_map of the folio (until 6.1) */
	u8 pad[3];
};

#define STRUCTPAGE_MAPPING_POINTER 4

/* The words of a struct page that decide whether it belongs to the current run. */
struct structpage_raw {
	u64 flags, head, mapping, counts, counts2, private;
};

#define STRUCTPAGE_LIKES 8 /* 2^3: like_of() takes three bits */

/* Records of one call, a power of two: few enough to stay in the CPU's cache. */
#define STRUCTPAGE_RECS 2048
#define STRUCTPAGE_STEPS 65536 /* leaves of one call: about a millisecond */
#define STRUCTPAGE_GENTLE 8192 /* leaves of a gentle call */

/* Placeholders in the programs: the loader replaces them by ids of the running kernel's BTF. */
#define STRUCTPAGE_CALL_CAST 0x7ead0001 /* the kfunc bpf_rdonly_cast() */
#define STRUCTPAGE_ID_PAGE 0x7ead0002   /* struct page */

/* A VMA as the task_vma iterator writes it. */
struct structpage_vma {
	u64 start, end;
	u64 flags; /* VM_* */
	u16 order; /* folio order of a hugetlb VMA */
	u16 lost;  /* HPAGE_RESV_UNMAPPED of a private hugetlb VMA */
	u32 uffd;  /* UFFD_FEATURE_* of its userfaultfd */
};

#define STRUCTPAGE_VM_HUGETLB 0x400000
#define STRUCTPAGE_VM_MAYSHARE 0x80
#define STRUCTPAGE_UFFD_RWP BIT(17) /* include/uapi/linux/userfaultfd.h of 7.3 */
#define STRUCTPAGE_UFFD_RWP_ASYNC BIT(18)

/* Fields that exist in the kernel's own structures, by its BTF. */
#define STRUCTPAGE_F_LARGE BIT(0)  /* folio->_large_mapcount (6.10) */
#define STRUCTPAGE_F_MM_IDS BIT(1) /* folio->_mm_ids (6.15) */
#define STRUCTPAGE_F_AE BIT(2)     /* PG_anon_exclusive (5.19) */
#define STRUCTPAGE_F_TOTAL \
	BIT(4) /* folio->_total_mapcount: file folios count PMD mappings too (6.0, 6.1) */

/* What the programs know of the machine, in their global data. */
struct structpage_call {
	/* constants of the machine, from calibration */
	u64 vmemmap, page_offset;
	u64 pfn_mask[4];     /* PFN bits of a leaf, by level; [1] of a table, too */
	u64 pfn_high;        /* further PFN bits, shifted left by ->pfn_high_shift */
	u64 valid;           /* entry bit: valid for the hardware */
	u64 soft_present;    /* present for software only, when not valid */
	u64 soft_present_hi; /* likewise, for PMD and PUD leaves only */
	u64 special;         /* pte_special() */
	u64 leaf_mask, leaf; /* of a PMD or PUD leaf: (entry & leaf_mask) == leaf */
	u64 ignore;          /* bits that hardware may set at any time: accessed, dirty */
	u64 max_pfn;         /* PFNs above it have no struct page */
	u64 zero_pfn[2];     /* special entries of these PFNs do have a struct page */
	u32 page_shift, pfn_high_shift;
	u32 levels;         /* page-table levels: 2 to 5 */
	u32 inverted;       /* the PFN of an entry that is not valid is inverted */
	u64 vma_lo, vma_hi; /* argument of "vmas": only VMAs with a part in it */
};

#define STRUCTPAGE_ABSENT (~0U)

/* Offsets, found once: asking the BTF at every place makes loading slow. */
struct structpage_layout {
	u32 flags, head, mapping, mapcount, refcount; /* of struct page */
	u32 order, entire, large, pincount,
		mm_ids;          /* of struct folio; or STRUCTPAGE_ABSENT */
	u32 flags_1, double_map; /* bit of PG_double_map in ->flags_1; or _ABSENT */
	u32 private;  /* of struct folio, if no flag stands for it; or _ABSENT */
	u64 head_bit; /* PG_head */
};

/* Copies of a struct page and of a folio's head, and what was summed up over the folio's pages. */
struct structpage_words {
	u64 head[16], page[16];
	u64 sum_head;
	s32 sum, pad;
};

/*
 * One call of a program that walks page tables.  Each reader has its own: a program gets its number,
 * so that several may run at the same time.
 */
struct structpage_walk {
	/* arguments */
	u64 addr, end;      /* in: the range; out: where the next call goes on */
	u64 pfn_lo, pfn_hi; /* pfn_hi not 0: only entries of these PFNs, no holes */
	s32 fd;             /* the process's pagemap, opened by the calling process */
	u32 hugetlb;        /* the range is a hugetlb VMA */
	u32 fold;           /* the PFNs of a run need not ascend */
	u32 first;          /* the first of the STRUCTPAGE_RECS records to fill */
	u32 gentle;         /* return after STRUCTPAGE_GENTLE leaves */
	u32 peeks, npeeks;  /* those that "peek" is asked for: the first, how many */
	u32 later; /* what lies before ->addr is another call's, with the leaf around it */
	/* results */
	u32 n;        /* records */
	u32 mm_users; /* 0: the process is gone */
	u32 mm_seq;   /* changes with the VMAs; odd: they do now; 0: not known */
	u32 steps;    /* leaves, about */
	u64 mm_flags;
	s32 err; /* -errno of the program */
	/* state between the steps */
	u32 i, to;                       /* entries of the table that are left */
	u32 tries;                       /* retries of a leaf that changes */
	u32 alone;                       /* so many leaves are not tried in a group */
	u32 level;                       /* on the way down: of the table at ->down */
	u64 pgd, down, down_ptr, down_e; /* ->down_e, at ->down_ptr, pointed to ->down */
	/* Current entries (0: none), the entry of their table, and the address that they map. */
	u64 table, pmd, pmd_ptr, base;
	u32 table_rec, table_tries; /* records before it; times it was discarded */
	/* the last leaf: its entry (0: a hole, ~0: nothing is like it) and its page */
	u64 last;
	struct structpage_raw raw, now; /* ->now: of the leaf that is read */
	u64 run;  /* leaves like it that its record does not count yet */
	u64 jump; /* 0 when their PFNs ascend */
	/* earlier leaves, so that neighbours of several kinds need not be read anew */
	struct structpage_like {
		u64 e; /* ~0: none */
		struct structpage_raw raw;
		u32 rec, pad; /* a record of pages like it */
	} like[STRUCTPAGE_LIKES];
	u64 touched;
	u32 list;   /* the record whose PFNs are being listed, from 1; 0: none */
	u32 part;   /* groups of PFNs in the last of its records */
	u32 closed; /* records below are not gone on with */
	u32 pad4;
	struct structpage_words words;
	u64 pt[512]; /* the current table of leaf entries */
};

/* Kernel memory that is copied on request. */
struct structpage_peek {
	u64 addr;
	u32 bytes;
	s32 err; /* result: 0, or it cannot be read */
	u8 data[128];
};

/* Of one call: of a table the struct pages, heads and tails again, and the table. */
#define STRUCTPAGE_PEEKS 1600

/* Arguments and results of the calibration program. */
struct structpage_cal {
	/* arguments */
	s32 fd_pagemap, fd_file;
	u64 pfn, content[4]; /* PFN and first bytes of a page of gupinfo's own */
	u64 candidates;      /* how many steps of 1 << step_shift to try */
	u32 step_shift;
	u64 tail_pfn; /* PFN of a huge page's tail once struct pages were found, else 0 */
	/* results */
	u64 tail_head; /* the struct page that holds the tail's head pointer */
	u64 folio;     /* struct folio of page 0 of fd_file */
	u64 file_mapping, folio_mapping, folio_index; /* words of that folio */
	u64 pgd, page_offset;
	u32 page_size; /* sizeof(struct page) */
	u32 fields;    /* STRUCTPAGE_F_* */
	u32 same_mm;   /* the mm behind pagemap is the caller's */
	u64 mm_flags, task_size;
	u8 flag[40]; /* page->flags bit numbers in the order of pageflag.def; 0xff: the kernel lacks it */
};

/* --- memory that long-term pins may not stay in, and free huge pages */

#define STRUCTPAGE_CMA 128  /* a power of two */
#define STRUCTPAGE_FREE 512 /* a power of two */
#define STRUCTPAGE_CMA_RANGES 8
#define STRUCTPAGE_HAS_CMA BIT(0)
#define STRUCTPAGE_HAS_FREE BIT(1)

struct structpage_memory {
	/* arguments */
	u64 vmemmap;
	u32 page_size, nodes;
	/* results; counts may exceed the arrays */
	u32 has; /* STRUCTPAGE_HAS_* */
	u32 ncma, nfree;
	u32 cut; /* ->free is incomplete */
	struct {
		u64 pfn, pages;
	} cma[STRUCTPAGE_CMA];
	struct {
		u64 pfn;
		u32 order;
	} free[STRUCTPAGE_FREE];
};

/* --- page frames by their numbers */

/* A run of frames, and the file whose page cache has them. */
struct structpage_frame {
	struct structpage_rec rec; /* ->addr and ->pte are 0 */
	u64 ino;                   /* 0: no file */
	u32 dev;       /* as the kernel has it: the minor number is the low 20 bits */
	u32 moves;     /* it has a_ops->migrate_folio() */
	char fs[24];   /* type of its file system */
	char name[40]; /* without its directories; untrusted */
};

struct structpage_frames {
	u64 at, end; /* in: the frames; out: where the next call goes on */
	u32 hugetlb; /* in: all are hugetlb's */
	u32 n;       /* records */
};

/* --- pages in batches of CPUs */

/* Batches of a CPU (mm/swap.c, mm/mlock.c); each holds a reference on its folios. */
enum structpage_batch_list {
	STRUCTPAGE_LRU_ADD,
	STRUCTPAGE_LRU_DEACTIVATE_FILE,
	STRUCTPAGE_LRU_DEACTIVATE,
	STRUCTPAGE_LRU_LAZYFREE,
	STRUCTPAGE_LRU_ACTIVATE,
	STRUCTPAGE_LRU_MOVE_TAIL,
	STRUCTPAGE_MLOCK,
	STRUCTPAGE_BATCHES
};
#define STRUCTPAGE_BATCH(list, cpu) (((u32)(list) + 1) << 13 | (cpu)) /* never 0 */
#define STRUCTPAGE_BATCHED 256 /* folios in the batches of a CPU, at most */

struct structpage_batch {
	u64 pfn;
	u32 in; /* STRUCTPAGE_BATCH() */
};

struct structpage_batches {
	/* arguments */
	u64 vmemmap;
	u32 page_size;
	u32 timers, fbatches, rotate,
		mlock;   /* offsets of per-CPU variables; 0: there is none */
	u32 first, room; /* the part of the array to fill */
	/* results */
	u32 cpus;    /* whose batches were read */
	u32 unknown; /* the kernel has batches that the program does not know */
	u32 n;       /* may exceed ->room */
	u64 from;    /* private to the program */
};

/* --- references outside the page tables: BPF walks the open files of every process */

/* Room for records at first; the loader doubles it for more holds, up to the last. */
#define STRUCTPAGE_ENDS 1024
#define STRUCTPAGE_HOLDS 4096
#define STRUCTPAGE_GROW 16

/* Kinds of holders, in the order of enum holders_kind. */
enum {
#define HOLDER(id, ...) STRUCTPAGE_BY_##id,
#include "page/holders.def"
};
/* ->slot counts what is queued: neighbours are one run though their slots differ. */
#define STRUCTPAGE_NUMBERED(kind) \
	((kind) == STRUCTPAGE_BY_SOCKET_SEND || (kind) == STRUCTPAGE_BY_SOCKET_RECEIVE)

#define STRUCTPAGE_OWNER \
	4 /* of a process that made it: what it pins is charged to its memory */

/* An open descriptor of an object that holds pages. */
struct structpage_end {
	u64 object; /* a kernel address that tells objects apart; never shown */
	u64 ino;
	u32 dev;
	s32 pid, fd;
	u32 mode; /* FMODE_READ 1, FMODE_WRITE 2; or STRUCTPAGE_OWNER */
};

/* Consecutive page frames that one pipe buffer, registered buffer or other object holds. */
struct structpage_hold {
	u64 object;
	u64 pfn;
	u64 addr, bytes; /* in the process that owns it; 0: not known */
	u32 pages;       /* consecutive PFNs */
	u32 refs; /* all references that it has on them; 0: those of another record */
	u32 slot; /* in the pipe's ring; index of the buffer or its group; number in a queue */
	u32 offset, len; /* pipe buffer: where its bytes are in the page */
	u32 kind;        /* STRUCTPAGE_BY_* */
	/* private to the program: the references are in another record */
	u32 again, pad;
};

/* Which open files holders.bpf.c looks into. */
#define STRUCTPAGE_OPEN_PIPE 1
#define STRUCTPAGE_OPEN_SOCKET 2
#define STRUCTPAGE_OPEN_RING 4
#define STRUCTPAGE_OPEN_DMABUF 8
#define STRUCTPAGE_OPEN_ALL 15

struct structpage_files {
	u64 vmemmap;
	u32 page_size;     /* sizeof(struct page) */
	u32 page_shift;    /* log2 of the bytes of a base page */
	u32 nends, nholds; /* results; above the arrays' sizes: cut */
	u32 nfiles;
	u32 raced; /* pipes and sockets that kept changing: their pages are missing */
};

#ifndef __bpf__
/* What all records of one machine have in common. */
struct structpage_machine {
	u32 fields;                  /* STRUCTPAGE_F_* */
	u64 zero_pfn, huge_zero_pfn; /* PFNs of the zero pages; ~0 unknown */
};

/* Converts @r into the words that every source delivers.  @ret is valid whatever is in @r. */
void structpage_to_raw(const struct structpage_machine *m, const struct structpage_rec *r,
		       struct raw_page *ret);

/* The records of one call, of which some are PFNs. */
struct structpage_cursor {
	const struct structpage_rec *rec;
	u32 n, page_shift;
	/* private; zero at first */
	u32 i;
	u64 at; /* the next page of a run whose PFNs are listed */
	struct structpage_rec part;
};

/* Returns the next run, whose PFNs ascend or which is folded, as for structpage_to_raw(); NULL at the end. */
const struct structpage_rec *structpage_next(struct structpage_cursor *c);
#endif
