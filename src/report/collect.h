/* SPDX-License-Identifier: GPL-2.0-or-later */
/* collect.h - reads a source, judges its words, and feeds runs of like pages to a view. */
#pragma once

#include "lib/diag.h"
#include "report/report.h"
#include "report/source.h"

struct collect_range {
	u64 start, end;
}; /* end exclusive */

/* Decides whether the view gets a row; verdicts may be unknown. */
typedef bool (*collect_keep)(void *ctx, const struct report_row *row);

/* Whether the view shows two rows, but for their addresses and frames, alike. */
typedef bool (*collect_same)(void *ctx, const struct report_row *a,
			     const struct report_row *b);

struct collect_options {
	const pid_t *pids;
	unsigned npids;
	const struct collect_range *ranges; /* none: all addresses */
	unsigned nranges;
	const char *const *names;      /* VMAs of these names are ranges, too */
	const char *const *real_names; /* another name of each, NULL when there is none */
	unsigned nnames;
	collect_keep keep; /* NULL: all rows */
	void *keep_ctx;
	/* called after each batch with its number of entries; not 0 stops */
	int (*tick)(void *ctx, const struct process *p, u64 entries);
	void *tick_ctx;
	bool each;  /* never merge pages into runs */
	bool fold;  /* no column shows a PFN: like pages merge whatever their PFNs are */
	bool smaps; /* the view shows byte counts of smaps */
	/* unlike pages that look the same to the view are a run; NULL: only like ones are */
	collect_same same;
	void *same_ctx;
	bool holders; /* look for holders of excess references */
	bool cgroups; /* find the memory cgroup of each page; pages of two are not alike */
	/*
	 * Looks again at pages with references that nobody explains and with broken invariants:
	 * what a batch or a fault of a moment ago held is gone then.  They come after their
	 * mapping's other rows.
	 */
	bool again;
	/* Lets others run for a while before a late look; NULL: do not wait. */
	void (*wait)(unsigned msecs);
	struct source *again_at; /* where it looks again; NULL: at the source itself */
	/*
	 * What is known of the only process, which somebody holds open: it is not read anew, but for what
	 * judges its pages.  NULL: all of it is read.
	 */
	const struct process *known;
	bool holes; /* also deliver rows of kind `none` */
	bool whole; /* fail (-ESRCH, -EINTR) when a process vanishes or is interrupted */
	const struct kernel *model; /* judge by this model, not by the machine's */
	struct verdict_cache
		*judge; /* keeps the classes of rows; NULL: for the call only */
};

/* Adds a note on a process that has no memory of its own, or is a thread. */
void collect_why_note(const struct process *p, struct diag *diag);

/* Returns why a process could not be read (@err of a source): a sentence after its number. */
const char *collect_why(int err);

/*
 * Adds the message that @pid, @p if it could be opened, was not read; @shown: but a part of it, @alone:
 * nothing else is looked at.
 */
void collect_why_failed(const struct process *p, pid_t pid, int err, bool shown,
			bool alone, struct diag *diag);

/* Whether one of the names of @opt is @vma's: its path, the last part of it, or its real path. */
bool collect_check_name(const struct collect_options *opt, const struct vma *vma);

/*
 * Says in @diag which of the ranges and names of @opt are in no mapping of its processes, and what
 * mappings there are.  Returns 0, or -ENOENT when one is in none.
 */
int collect_check(struct source *src, const struct collect_options *opt,
		  struct diag *diag);

/*
 * Collects @opt->pids from @src into @view.  Returns 0, the view's non-zero value, or -errno
 * when nothing could be read; @diag has partial failures with class DIAG_INCOMPLETE.
 */
int collect_run(struct source *src, const struct collect_options *opt,
		const struct report_view *view, void *view_ctx, struct diag *diag);

/* The page at one address, at one moment. */
struct collect_look {
	u64 pfn; /* as in struct page_run */
	struct page_info page;
	struct gup_verdicts verdicts;
	bool mergeable; /* KSM may merge it at any time */
};

/*
 * Looks at the page, or the hole, at @addr; @model and @holders as in collect_options.  Returns 0,
 * -ENOENT when nothing is mapped there, or -errno.
 */
int collect_look(struct source *src, pid_t pid, u64 addr, const struct kernel *model,
		 bool holders, struct collect_look *ret);
