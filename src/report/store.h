/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.h - a report in memory, bounded: processes, VMAs with totals, rows of chosen ranges.
 *
 * The store owns everything in it; pointers into it are valid until it changes or is freed.
 * Rows with the same facts and verdicts share one class; a copy shares classes and row blocks
 * with its original, so a history of stores is cheap.
 *
 * A row that was not kept never looks like a hole: see store_covers().
 */
#pragma once

#include "gup/verdict_cache.h"
#include "report/collect.h"
#include "report/report.h"

#define STORE_MAX_BYTES ((size_t)256 << 20) /* default bound of a store */

#define STORE_MAX_CLASSES 65536

struct store_rows {
	unsigned refs;
	size_t n, room;
	struct page_run row[];
};

struct store_vma {
	struct vma vma;
	struct report_totals totals; /* of the whole VMA, when has_totals */
	bool has_totals;
	bool dropped;            /* rows are missing: the bound was reached */
	struct store_rows *rows; /* ascending, without overlap; may be NULL */
};

struct store_process {
	struct process process;
	struct report_totals totals;
	bool has_totals; /* the collection of this process has ended */
	size_t nvmas, room;
	struct store_vma *vma; /* ascending */
};

struct store_options {
	const struct collect_range
		*ranges; /* copied; only their rows are kept; none: all */
	unsigned nranges;
	size_t max_bytes; /* 0: STORE_MAX_BYTES */
	bool holes;       /* holes have rows; else no row means not read */
};

struct store {
	struct store_options opt;
	struct verdict_cache
		*judge; /* has the classes of rows; for collect_options.judge */
	bool has_head, ended;
	struct kernel kernel; /* whose rules judged, when has_head */
	struct source_machine machine;
	struct page_span *spans;     /* where machine.page.spans points */
	struct report_totals totals; /* when has_totals */
	size_t nprocs, room;
	struct store_process *proc; /* in order of delivery */
	size_t bytes;               /* size of rows and VMAs */
	u64 dropped;                /* rows that the bound kept out */
};

/* Makes an empty store; it shares the classes of @like, if any.  NULL: no memory. */
struct store *store_new(const struct store_options *opt, const struct store *like);
void store_free(struct store *s);
/* Makes a copy that shares row blocks.  NULL: no memory. */
struct store *store_copy(const struct store *s);

/*
 * Makes a store of what process @pid of @s has mapped in [@start, @end), likewise.  NULL: no memory, or
 * there is no such process.
 */
struct store *store_part(const struct store *s, pid_t pid, u64 start, u64 end);

/*
 * Collects by @opt into a new store, which has the ranges and holes of @opt and shares the classes of
 * @like, if any.  Returns 0, or -errno with messages in @diag.
 */
int store_collect(struct source *src, const struct collect_options *opt,
		  const struct store *like, struct diag *diag, struct store **ret);

/*
 * Fills a store, which is the context.  Every call returns 0 or -ENOMEM.  Rows above the bound
 * are no error: ->dropped counts them.
 */
extern const struct report_view store_view;

const struct store_process *store_process_by_pid(const struct store *s, pid_t pid);
const struct store_vma *store_vma_at(const struct store_process *p, u64 addr);
/* Returns the index of the first VMA that ends above @addr, p->nvmas when there is none. */
size_t store_vma_from(const struct store_process *p, u64 addr);
const struct page_run *store_row_at(const struct store_vma *v, u64 addr);
/* Returns the index of the first row of @v that ends above @addr, else the number of rows. */
size_t store_row_from(const struct store_vma *v, u64 addr);
static inline size_t store_nrows(const struct store_vma *v)
{
	return v->rows ? v->rows->n : 0;
}

/* Returns the pages of @row, a run of @s, that touch [start, end), as a view gets them. */
struct report_row store_report_row(const struct store *s, const struct store_process *p,
				   const struct store_vma *v, const struct page_run *row,
				   u64 start, u64 end);

/* Returns the one page of @row that holds @addr. */
struct page_run store_page_at(const struct store *s, const struct page_run *row,
			      u64 addr);

/* Whether page frame @pfn is in the run; then at *@ret_addr. */
bool store_row_frame(const struct store *s, const struct page_run *row, u64 pfn,
		     u64 *ret_addr);

/*
 * The store knows the state of @addr: it is in a VMA whose rows were wanted and kept.  A
 * covered address without a row is a hole.
 */
bool store_covers(const struct store *s, const struct store_vma *v, u64 addr);

/*
 * Replaces [start, end) of process @pid, its VMAs there and the process's own facts by those of
 * @fresh, a collection of at least that range; both must share a judge.  Totals of VMAs that
 * @fresh does not have whole are counted again from the rows.  An empty range replaces only the
 * list of VMAs; rows stay where they still have a VMA.  Returns 0; -ENOMEM (then a part of @s may
 * be as before); -EINVAL when the judges differ; -ESRCH when one of them lacks the process.
 */
int store_merge(struct store *s, const struct store *fresh, pid_t pid, u64 start,
		u64 end);

/* Adds process @pid of @from to @s at the end, or replaces the one in @s.  Returns as above. */
int store_merge_add(struct store *s, const struct store *from, pid_t pid);
/* Removes process @pid from @s, if it is there. */
void store_merge_drop(struct store *s, pid_t pid);

/* ---- differences */

#define STORE_APPEARED BIT(0) /* no page before; swap and marker entries count as pages */
#define STORE_VANISHED BIT(1)
#define STORE_MOVED BIT(2) /* another PFN, both known */
#define STORE_STATE \
	BIT(3) /* kind, leaf, AnonExclusive, PTE permissions, swap slot, order, zone */
#define STORE_COUNTS BIT(4) /* refcount, mapcount, pincount */
#define STORE_VERDICT \
	BIT(5) /* the verdict of a request, the store, the fork or the migration */
#define STORE_MINOR BIT(6)  /* flags, young, dirty and other bookkeeping */
#define STORE_KNOWN BIT(7)  /* only one side knows a fact or verdict */
#define STORE_MAPPED BIT(8) /* only one side has a VMA there */

#define STORE_ANY (BIT(9) - 1)
/* A change of the page itself: not bookkeeping, and not mere gain or loss of knowledge. */
#define STORE_REAL (STORE_ANY & ~(STORE_MINOR | STORE_KNOWN))

/* One side of a difference: where it begins. */
struct store_side {
	const struct store *store;
	const struct store_process *process;
	const struct store_vma *vma;    /* NULL: not mapped there */
	const struct page_run *row;     /* NULL: neither a page nor a hole's row */
	const struct page_class *class; /* of ->row */
};

/* A place that moves through a process, best ascending.  Starts as { .at = { store, process } }. */
struct store_cursor {
	struct store_side at;      /* what is there */
	u64 end;                   /* nothing changes before it */
	bool covered;              /* the store knows the place */
	size_t vma_hint, row_hint; /* where the last address was found */
};
/* Moves to @addr; ->end is at most @limit.  Without a process nothing is there. */
void store_diff_seek(struct store_cursor *c, u64 addr, u64 limit);

/* A run of pages with the same differences.  Valid as long as the stores do not change. */
struct store_change {
	u64 start, end;
	u32 what; /* STORE_* */
	struct store_side a, b;
};
typedef int (*store_diff_cb)(void *ctx, const struct store_change *change);

/* Returns the run of [start, end) on @side of @c, which has a row. */
struct report_row store_diff_row(const struct store_change *c,
				 const struct store_side *side);

/* Returns the differences of two classes (never MOVED or MAPPED); NULL is a hole. */
u32 store_diff_class(const struct page_class *a, const struct page_class *b);

/*
 * Compares process @a of store @sa with process @b of @sb over [start, end), ascending, and
 * calls @cb for every maximal run that differs in one of @mask.  Skips addresses that one side
 * does not cover and adds their bytes to *@ret_skipped, unless that is NULL.  A callback's
 * non-zero value stops the walk and is returned.
 */
int store_diff(const struct store *sa, const struct store_process *a,
	       const struct store *sb, const struct store_process *b, u64 start, u64 end,
	       u32 mask, store_diff_cb cb, void *ctx, u64 *ret_skipped);
