/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.h - a report kept in memory: processes, VMAs with totals, rows of chosen ranges; bounded.
 *
 * Knows: how to look rows up by address, how to copy cheaply, how two stores differ.
 * Never: where rows come from (collect.c), how they look (view).
 * Owns: everything in it, pointers into it are valid until it changes or is freed.  Rows that have the same facts and verdicts share one class; a copy
 * shares classes and row blocks with its original, so a history of stores is cheap.
 *
 * What was not kept is never mistaken for what is not there: see store_covers().
 */
#ifndef GUPINFO_STORE_H
#define GUPINFO_STORE_H

#include "report/collect.h"
#include "report/report.h"

#define STORE_MAX_BYTES ((size_t)256 << 20) /* default bound of a store */

/* Facts and verdicts that many rows share.  Addresses and PFNs of ->page are zero. */
struct store_class {
	struct page_run page;
	struct gup_verdicts verdicts;
	bool raw_page_has_pfn; /* obs.pfn is the page's pfn, else 0 */
};

#define STORE_NO_HEAD UINT32_MAX

/* A run of pages: ->pages of store_class().page.size bytes each. */
struct store_row {
	u64 addr, pages;
	u64 pfn;          /* of the first page; meaningful when the class knows PFNs */
	u32 folio_offset; /* pfn - head_pfn, or STORE_NO_HEAD */
	u32 class;
};

struct store_rows {
	unsigned refs;
	size_t n, room;
	struct store_row row[];
};

struct store_vma {
	struct vma vma;
	struct report_totals totals; /* of the whole VMA when has_totals */
	bool has_totals;
	bool dropped;            /* the bound was reached: rows are missing */
	struct store_rows *rows; /* ascending, not overlapping; may be NULL */
};

struct store_process {
	struct process process;
	struct report_totals totals;
	bool has_totals; /* the collection of this process ended */
	size_t nvmas, room;
	struct store_vma *vma; /* ascending */
};

struct store_options {
	const struct collect_range
		*ranges; /* copied; rows are kept only here; none: everywhere */
	unsigned nranges;
	size_t max_bytes; /* 0: STORE_MAX_BYTES */
	bool holes; /* collect_options.holes: an address without row was not looked at;
			     else it is a hole */
};

struct store_pool;

struct store {
	struct store_options opt;
	struct store_pool *pool;
	bool has_head, ended;
	struct kernel kernel;          /* the judging model, when has_head */
	struct source_machine machine; /* when has_head */
	struct page_span *spans;       /* machine.page.spans */
	struct report_totals totals;   /* when ended */
	size_t nprocs, room;
	struct store_process *proc; /* in order of delivery */
	size_t bytes;               /* of rows and VMAs */
	u64 dropped;                /* rows not kept because of the bound */
};

/* A new, empty store; it shares the classes of @like when that is not NULL.  NULL: no memory. */
struct store *store_new(const struct store_options *opt, const struct store *like);
void store_free(struct store *s);
/* A copy that shares row blocks.  NULL: no memory. */
struct store *store_copy(const struct store *s);

/*
 * Fills a store; the context is a struct store *.  Every call returns 0 or -ENOMEM; reaching the
 * bound is not an error but counted in ->dropped.
 */
extern const struct report_view store_view;

/* The process @pid, or NULL. */
const struct store_process *store_process_by_pid(const struct store *s, pid_t pid);
/* The VMA that holds @addr, or NULL. */
const struct store_vma *store_vma_at(const struct store_process *p, u64 addr);
/* The first VMA that ends above @addr; p->nvmas when there is none. */
size_t store_vma_from(const struct store_process *p, u64 addr);
/* The row that holds @addr, or NULL. */
const struct store_row *store_row_at(const struct store *s, const struct store_vma *v,
				     u64 addr);
/* Index of the first row of @v that ends above @addr; the number of rows when there is none. */
size_t store_row_from(const struct store *s, const struct store_vma *v, u64 addr);
static inline size_t store_nrows(const struct store_vma *v)
{
	return v->rows ? v->rows->n : 0;
}

/* What @row's pages have in common; valid as long as the store. */
const struct store_class *store_class(const struct store *s, const struct store_row *row);
/* First byte after @row. */
u64 store_row_end(const struct store *s, const struct store_row *row);
/* The number of classes of the pool. */
size_t store_classes(const struct store *s);

/* @row as a view gets it; @page becomes the whole run and is what it points to. */
struct report_row store_report_row(const struct store *s, const struct store_process *p,
				   const struct store_vma *v, const struct store_row *row,
				   struct page_run *page);

/* The whole run as a page again, addresses and PFNs included. */
void store_row_page(const struct store *s, const struct store_row *row,
		    struct page_run *ret);
/* Cuts @page, a run of @s, to the pages that touch [start, end); the run holds that range. */
void store_page_cut(const struct store *s, struct page_run *page, u64 start, u64 end);
/* The one page of @row that holds @addr. */
void store_page_at(const struct store *s, const struct store_row *row, u64 addr,
		   struct page_run *ret);

/*
 * Whether the state of @addr is known to the store: inside a VMA whose rows were asked for and
 * kept.  An address that is covered and has no row is a hole.
 */
bool store_covers(const struct store *s, const struct store_vma *v, u64 addr);

/* Replays the store into another view, in the order of a collection. */
int store_play(const struct store *s, const struct report_view *view, void *view_ctx);

/*
 * Takes [start, end) of process @pid, its VMAs there and the process's own facts from @fresh, a
 * collection of (at least) that range; both must share a pool.  Totals of VMAs that were not
 * collected whole are counted again from the rows.  With an empty range only the list of VMAs is
 * taken, rows stay where they still have a VMA.
 * Returns 0; -ENOMEM (then @s is unchanged); -EINVAL when the pools differ; -ESRCH when one of
 * them does not know the process.
 */
int store_merge(struct store *s, const struct store *fresh, pid_t pid, u64 start,
		u64 end);

/* Process @pid of @from joins @s (at the end), or takes the place of the one @s has.  As above. */
int store_merge_add(struct store *s, const struct store *from, pid_t pid);
/* Process @pid leaves @s, if it is there. */
void store_merge_drop(struct store *s, pid_t pid);

/* ---- differences */

#define STORE_APPEARED \
	BIT(0) /* no page before; a swap or marker entry counts as a page */
#define STORE_VANISHED BIT(1)
#define STORE_MOVED BIT(2) /* another PFN, both known */
#define STORE_STATE \
	BIT(3) /* kind, leaf, AnonExclusive, PTE permissions, swap slot, order, zone */
#define STORE_COUNTS BIT(4)  /* refcount, mapcount, pincount */
#define STORE_VERDICT BIT(5) /* a request's word, the write or the fork what-if */
#define STORE_MINOR BIT(6)   /* flags, young, dirty and other bookkeeping */
#define STORE_KNOWN BIT(7)   /* a fact or verdict is known on one side only */
#define STORE_MAPPED BIT(8)  /* inside a VMA on one side only */

#define STORE_ANY (BIT(9) - 1)
/* What people call a change: without bookkeeping and without mere gain or loss of knowledge. */
#define STORE_REAL (STORE_ANY & ~(STORE_MINOR | STORE_KNOWN))

/* A run of pages with like differences.  Valid during the callback. */
struct store_change {
	const struct store_process *proc_a, *proc_b;
	const struct store_vma *vma_a, *vma_b; /* NULL: not mapped there */
	u64 start, end;                        /* bytes */
	u32 what;                              /* STORE_* */
	bool has_a, has_b;                     /* a page or a hole's row is there */
	struct page_run page_a, page_b;        /* runs of [start, end); when has_* */
	const struct gup_verdicts *verdicts_a, *verdicts_b;
};
typedef int (*store_diff_cb)(void *ctx, const struct store_change *change);

/* Differences of two classes (all bits but MOVED and MAPPED); either may be NULL: a hole. */
u32 store_diff_class(const struct store_class *a, const struct store_class *b);

/*
 * Compares process @a of store @sa with process @b of @sb over [start, end), ascending; calls
 * @cb for every maximal run that differs in one of @mask.  Addresses that one side does not cover
 * are left out; their bytes are added to *@ret_skipped (may be NULL).  A callback's non-zero
 * value stops the walk and is returned.
 */
int store_diff(const struct store *sa, const struct store_process *a,
	       const struct store *sb, const struct store_process *b, u64 start, u64 end,
	       u32 mask, store_diff_cb cb, void *ctx, u64 *ret_skipped);

#endif
