/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.h - a report as a stream of rows, which every view reads, and its totals.
 *
 * Pointers in a streamed row are valid during the call only.
 */
#pragma once

#include "gup/verdict_cache.h"
#include "page/page.h"
#include "report/source.h"
#include "page/vma.h"

struct holder;
struct holders_ledger;

#define REPORT_PSS 4096  /* as PSS_SHIFT in fs/proc/task_mmu.c */
#define REPORT_ORDERS 12 /* of large folios; the last one counts those above, too */

/* Counts of base pages (not rows) of a VMA, a process or everything. */
struct report_totals {
	u64 size_bytes;
	u64 present, exclusive, shared, swapped, hugetlb, thp, pinned, excess_refs, ksm,
		file, zero;
	/*
	 * Each present page is in one of: ->exclusive, ->waiting (anonymous, mapped once, not
	 * exclusive: what a fork left), ->shared, ->private_file (mapped once), ->other (zero pages,
	 * drivers' pages and the kernel's), and ->part_unknown.
	 */
	u64 waiting, private_file, other, part_unknown;
	u64 uss, pss; /* mapped once; bytes by map counts, in units of 1 / REPORT_PSS */
	u64 lazyfree, swapcache;
	/* pages of folios of 1 << order pages, mapped by PTEs [0] and by larger entries [1] */
	u64 folio[2][REPORT_ORDERS];
	/* of those mapped by PTEs: whole folios, aligned or not in virtual memory, and parts */
	u64 folio_whole[2][REPORT_ORDERS], folio_part[REPORT_ORDERS];
	u64 thp_aligned, thp_unaligned, thp_part; /* the same of all orders */
	u64 thp_folded; /* pages of large folios whose frames were not looked at */
	/* of processes: pages that their pipes and io_urings hold and nothing maps; looked for in */
	u64 held_unmapped, held_looked, held_unknown;
	u64 unknown;           /* pages with an unknown verdict */
	u64 exclusive_unknown; /* anon pages whose AnonExclusive is unknown */
	u64 shared_unknown;    /* present pages whose mapcount is unknown */
	u64 maps_unknown; /* present pages of which it is not known how often they are mapped */
	u64 lazyfree_unknown;
	u64 leaks; /* pages whose next store would leak */
	/* present pages whose pins, expected or real references, or leak are unknown */
	u64 pins_unknown, refs_unknown, leaks_unknown;
	u64 gup[GUP_REQUESTS][GUP_WORDS];
};

/* What a page is, in one word: the heaviest that holds is the last of these. */
enum report_state {
	REPORT_ABSENT,
	REPORT_EXCLUSIVE, /* anonymous memory: AnonExclusive */
	REPORT_SHARED,    /* others map it, too */
	REPORT_WAITING,   /* nobody else does, and yet it is not exclusive */
	REPORT_FILE,
	REPORT_ZERO,
	REPORT_KSM,
	REPORT_SWAP,
	REPORT_GUARD,
	REPORT_DEVICE,
	REPORT_UNKNOWN,
	REPORT_EXTRA, /* anonymous, with references beside page tables, caches and LRU batches */
	REPORT_MAYBE, /* its refcount looks pinned */
	REPORT_PINNED,
	REPORT_BAD,
	REPORT_LEAK, /* the next store leaks */
	REPORT_STATES
};

struct report_row {
	const struct process *process;
	const struct vma *vma;
	struct page_run
		run; /* its class has facts and verdicts; NULL: a row without a page */
	const struct raw_page
		*raw; /* the words of its first page, as far as they are kept */
	const struct holder *holders; /* named holders of the page */
	unsigned nholders;
	/* how many references ->holders explain; NULL: nobody looked for holders */
	const struct holders_ledger *ledger;
	/* A row of a mapping, of a process or of a sum has these instead of a page. */
	const struct report_totals *totals;
	u32 base;           /* size of a page, of which ->totals counts */
	u32 folded;         /* mappings that are this one row; 0: it is ->vma's */
	const char *what;   /* "libc.so.6": what they have in common */
	const char *cgroup; /* the memory cgroup of the page; "": none, NULL: not known */
	const void *item; /* of a row of neither: what the getters of its columns know */
};

struct report_head {
	const struct kernel *kernel;
	const struct source_machine *machine;
};

/* What is known of the pages of @row, which has a class. */
static inline const struct page_info *report_page(const struct report_row *row)
{
	return &row->run.class->page;
}

/* Only batches of CPUs have more references to @p (mm/swap.c), or who isolated it. */
static inline bool report_only_batch(const struct page_info *p)
{
	return fact_get(&p->facts, FACT_EXTRA_REFS) == TRI_NO;
}

/* A view.  NULL members are skipped; a non-zero return ends the collection with that value. */
struct report_view {
	int (*begin)(void *ctx, const struct report_head *head);
	int (*process)(void *ctx, const struct process *p);
	int (*vma)(void *ctx, const struct process *p, const struct vma *vma);
	/* A run as the source read it, its words in ->raw, before like runs are merged. */
	int (*raw)(void *ctx, const struct report_row *row);
	int (*row)(void *ctx, const struct report_row *row);
	int (*vma_end)(void *ctx, const struct process *p, const struct vma *vma,
		       const struct report_totals *t);
	int (*process_end)(void *ctx, const struct process *p,
			   const struct report_totals *t);
	int (*end)(void *ctx, const struct report_totals *t);
};

/* The folio of the last run: the next one may go on with it. */
struct report_folio {
	u64 head, pfn, addr; /* its first frame; what would come next */
	u64 n;               /* pages of it so far; 0: none */
	u8 order;
	bool aligned;
};

/*
 * Counts how the pages of @run, as they were read, map large folios by PTEs; NULL: no page of the VMA
 * is to come.  @folded: their frames were not looked at.
 */
void report_folios(struct report_totals *t, struct report_folio *f,
		   const struct page_run *run, bool folded, u32 base_page_size);

/* Anonymous memory, or a cache's: those of ->other are not. */
bool report_ordinary(const struct page_info *page);

/* Returns whether somebody else maps @page now. */
enum tri report_shared(const struct page_info *page);

enum report_state report_state(const struct page_class *class);

/* Adds the pages of @row (or @from) to @t. */
void report_count(struct report_totals *t, const struct report_row *row,
		  u32 base_page_size);
/*
 * Adds likewise, but together what follows each other in one class: in @waiting is what @t has not yet, until
 * @row is NULL.
 */
void report_count_later(struct report_totals *t, struct page_run *waiting,
			const struct report_row *row, u32 base_page_size);
/* The sum that lies at offset @at of @t, in bytes; @base is the size of a page. */
u64 report_bytes(const struct report_totals *t, size_t at, u32 base);
void report_add(struct report_totals *t, const struct report_totals *from);
