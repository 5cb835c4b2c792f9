/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * structpage.h - the fixed-width records that the BPF programs write and the loader reads.
 *
 * Knows: raw words of a page-table entry, of its struct page and of its folio; the layout of the
 *	programs' global data.  Compiles for the host and for BPF.
 * Never: kernel pointers in a record, but to tell objects apart.
 * Owns: nothing.
 */
#ifndef GUPINFO_STRUCTPAGE_H
#define GUPINFO_STRUCTPAGE_H

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
#define STRUCTPAGE_RACED 4    /* the entry kept changing while its page was read */
#define STRUCTPAGE_SUM 8      /* ->large is a sum over the folio's pages (before 6.10) */
#define STRUCTPAGE_FOLDED 16  /* the PFNs of the run do not ascend */
#define STRUCTPAGE_PRIVATE 32 /* folio->private is set, in a kernel without PG_private */
#define STRUCTPAGE_HUGETLB 64 /* in a hugetlb VMA */

/*
 * One leaf entry, or a run of leaves whose words are the same, and whose PFNs ascend unless it was
 * folded.  Of tails of one folio ->refcount to ->order are those that the first one saw.
 */
struct structpage_rec {
	u64 addr, pages, pfn, head_pfn;
	u64 pte;               /* PFN bits cleared when present */
	u64 flags, head_flags; /* page->flags */
	u64 mm_ids;
	s32 refcount; /* of the head */
	s32 mapcount; /* _mapcount word of the page: -1 based, or a page type */
	s32 type;     /* the same word of the head */
	s32 entire;   /* _entire_mapcount, -1 based */
	s32 large;    /* _large_mapcount, -1 based */
	s32 pincount; /* _pincount */
	u8 level;     /* enum raw_level */
	u8 mapping; /* low bits of ->mapping of the head; 4: a pointer without low bits */
	u8 order;
	u8 has;        /* STRUCTPAGE_* */
	u8 double_map; /* PG_double_map of the folio (until 6.1) */
	u8 pad[3];
};

#define STRUCTPAGE_MAPPING_POINTER 4

/* What tells two pages of a run apart: the raw words of a struct page that are looked at. */
struct structpage_raw {
	u64 flags, head, mapping, counts, counts2, private;
};

/* Records of a call, a power of two: few enough to stay in cache. */
#define STRUCTPAGE_RECS 2048
#define STRUCTPAGE_STEPS 65536 /* leaves of a call: about a millisecond */
#define STRUCTPAGE_GENTLE 8192 /* of a gentle one */

/* Stand in the programs for ids of the running kernel's BTF. */
#define STRUCTPAGE_CALL_CAST 0x7ead0001 /* the kfunc bpf_rdonly_cast() */
#define STRUCTPAGE_ID_PAGE 0x7ead0002   /* struct page */

/* A VMA, as the iterator writes it. */
struct structpage_vma {
	u64 start, end;
	u64 flags; /* VM_* */
	u32 order; /* of the pages of a hugetlb VMA */
	u32 pad;
};

#define STRUCTPAGE_VM_HUGETLB 0x400000

/* What the kernel's BTF says of its own layout: fields that exist. */
#define STRUCTPAGE_F_LARGE BIT(0)  /* folio->_large_mapcount (6.10) */
#define STRUCTPAGE_F_MM_IDS BIT(1) /* folio->_mm_ids (6.15) */
#define STRUCTPAGE_F_AE BIT(2)     /* PG_anon_exclusive (5.19) */
#define STRUCTPAGE_F_TOTAL \
	BIT(4) /* folio->_total_mapcount: file pages count PMD maps too (6.0, 6.1) */

/* One call of a program: its arguments and results, in the programs' global data. */
struct structpage_call {
	/* the machine, from calibration */
	u64 vmemmap, page_offset;
	u64 pfn_mask[4];     /* PFN bits of a leaf, by level; [0] of a table */
	u64 valid;           /* entry bit: present for the hardware */
	u64 soft_present;    /* present for software only, when not valid */
	u64 soft_present_hi; /* likewise, PMD and PUD leaves */
	u64 special;         /* pte_special() */
	u64 leaf;            /* entry bit of a PMD or PUD leaf */
	u64 ignore;          /* bits that hardware sets at any time: accessed, dirty */
	u64 max_pfn;         /* above there is no struct page */
	u64 zero_pfn[2];     /* special entries of these do have one */
	u32 levels;          /* of page tables: 4 or 5 */
	u32 inverted;        /* the PFN of an entry that is not valid is inverted */
	/* the walk */
	u64 addr, end; /* in: the range; out: where to go on */
	u64 pfn_lo,
		pfn_hi; /* when pfn_hi is not 0: only entries of these PFNs, no holes */
	s32 fd;         /* descriptor of the process's pagemap in the calling process */
	u32 hugetlb;    /* the range is a hugetlb VMA */
	u32 fold;       /* runs need no ascending PFNs */
	u32 half;       /* of the records, which one to fill: 0 or 1 */
	u32 gentle;     /* return sooner */
	/* results */
	u32 n;        /* records */
	u32 mm_users; /* 0: the process is gone */
	u64 mm_flags;
	u64 steps, retries, faults;
	s32 err; /* a -errno of the program */
	s32 sum; /* the program's own: the sum of a folio */
	u64 sum_head;
};

/* The arguments and results of the calibration program. */
struct structpage_cal {
	/* in */
	s32 fd_pagemap, fd_file;
	u64 pfn, content[4]; /* a page of our own: its PFN and first bytes */
	u64 candidates;      /* 1 GiB steps to try */
	u64 tail_pfn; /* a tail of a huge page, when struct pages were found, or 0 */
	/* out */
	u64 tail_head; /* the struct page that it finds its head in */
	u64 folio;     /* struct folio of page 0 of fd_file */
	u64 file_mapping, folio_mapping, folio_index; /* its words */
	u64 pgd, page_offset;
	u32 page_size; /* sizeof(struct page) */
	u32 fields;    /* STRUCTPAGE_F_* */
	u32 same_mm;   /* the pagemap's mm is the caller's */
	u64 mm_flags;
	u8 flag[40]; /* page->flags bit numbers in layout order; 0xff: the kernel lacks it */
};

/* --- memory that long-term pins may not stay in, and free huge pages */

#define STRUCTPAGE_CMA 128  /* a power of two */
#define STRUCTPAGE_FREE 512 /* a power of two */
#define STRUCTPAGE_CMA_RANGES 8
#define STRUCTPAGE_HAS_CMA BIT(0)
#define STRUCTPAGE_HAS_FREE BIT(1)

struct structpage_memory {
	/* in */
	u64 vmemmap;
	u32 page_size, nodes;
	/* out; counts may exceed the room */
	u32 has; /* STRUCTPAGE_HAS_* */
	u32 ncma, nfree;
	u32 cut; /* ->free is not all of it */
	struct {
		u64 pfn, pages;
	} cma[STRUCTPAGE_CMA];
	struct {
		u64 pfn;
		u32 order;
	} free[STRUCTPAGE_FREE];
};

/* --- references outside the page tables, found by walking every process's open files */

#define STRUCTPAGE_ENDS 16384  /* a power of two */
#define STRUCTPAGE_HOLDS 65536 /* a power of two */

enum { STRUCTPAGE_PIPE, STRUCTPAGE_RING };

/* An open descriptor of a pipe or of an io_uring. */
struct structpage_end {
	u64 object; /* tells objects apart; a kernel address: never shown */
	u64 ino;
	u32 dev;
	s32 pid, fd;
	u32 mode; /* FMODE_READ 1, FMODE_WRITE 2 */
	u32 kind; /* STRUCTPAGE_PIPE, STRUCTPAGE_RING */
	u32 pad;
};

/* A run of page frames that one of them holds. */
struct structpage_hold {
	u64 object;
	u64 pfn;
	u64 addr, bytes; /* of a registered buffer, in the process that registered it */
	u32 pages;       /* consecutive PFNs */
	u32 refs;        /* references, or pins of a ring, on them in all */
	u32 slot;        /* of the pipe's ring, or the buffer's index */
	u32 offset, len; /* of a pipe buffer: its bytes in the page */
	u32 kind;
};

struct structpage_files {
	u64 vmemmap;
	u32 page_size;     /* sizeof(struct page) */
	u32 nends, nholds; /* results; past the arrays' sizes: some did not fit */
	u32 nfiles;
	u32 raced; /* pipes that kept changing: their pages are missing */
};

#ifndef __bpf__
/* What is the same for all records of a machine. */
struct structpage_machine {
	u32 fields;                  /* STRUCTPAGE_F_* */
	u64 zero_pfn, huge_zero_pfn; /* of the zero pages; ~0 unknown */
};

/* The observation that @r is.  Total: any record gives a valid observation. */
void structpage_to_raw(const struct structpage_machine *m, const struct structpage_rec *r,
		       struct raw_page *ret);
#endif

#endif
