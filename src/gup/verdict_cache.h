/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verdict_cache.h - from raw words to a run and its class, which has facts and verdicts; like pages
 * are judged once.
 *
 * The cache lives until nobody holds a reference: its collection, and the stores whose rows are of
 * its classes.
 */
#pragma once

#include "page/page.h"
#include "gup/predict.h"

#define VERDICT_CACHE_VMAS 4   /* kinds of VMAs to compare with; a power of two */
#define VERDICT_CACHE_LIKES 64 /* pages to compare with; a power of two */

struct verdict_cache {
	unsigned refs;
	bool words;                      /* classes keep the raw words, too: for stores */
	struct kernel kernel;            /* by whose rules pages are judged */
	const struct page_context *page; /* gives the words their meaning */
	u32 vma; /* number of the current VMA's kind: pages of different kinds are never alike */
	u32 vmas; /* the last number */
	struct {
		u32 number; /* 0: empty */
		struct vma vma;
	} kind[VERDICT_CACHE_VMAS];
	void *facts, *verdicts, *classes; /* trees of tsearch(3) */
	size_t n, max;                    /* classes; so many there may be */
	u32 next;                         /* ->id of the next class */
	struct verdict_cache_like {
		u32 vma; /* 0: empty */
		struct raw_page raw;
		u64 pfn;                      /* as page_read() returned it */
		const struct page_span *zone; /* of the PFN; NULL: none or several */
		const struct page_class *class;
	} like[VERDICT_CACHE_LIKES];
};

/* Makes a cache of at most @max classes with one reference, the caller's; NULL without memory. */
struct verdict_cache *verdict_cache_new(size_t max, bool words);
struct verdict_cache *verdict_cache_ref(struct verdict_cache *j);
/* Drops a reference; ignores NULL. */
void verdict_cache_unref(struct verdict_cache *j);
/* Replaces a full cache by an empty one; the old one's classes go unless a store refers to it. */
struct verdict_cache *verdict_cache_renew(struct verdict_cache *j);

/* Begins a collection that is judged by @kernel.  Borrows @page until the next one. */
void verdict_cache_begin(struct verdict_cache *j, const struct kernel *kernel,
			 const struct page_context *page);
/* Drops cached pages but keeps classes: what is known of the process or machine changed. */
void verdict_cache_next_process(struct verdict_cache *j);
/* Pages of @vma follow: one of few lately that differ in address only has cached pages, too. */
void verdict_cache_next_vma(struct verdict_cache *j, const struct vma *vma);

/*
 * Interprets @raw in @vma and returns the run that it is.  Returns 0, -ENOMEM, or -EAGAIN when the
 * cache is full.
 */
int verdict_cache_page(struct verdict_cache *j, const struct vma *vma,
		       const struct raw_page *raw, struct page_run *ret);
/* Returns the class of @page, which was read from @raw and whose facts it judges, likewise. */
int verdict_cache_judge(struct verdict_cache *j, const struct page_info *page,
			const struct raw_page *raw, const struct page_class **ret);
/* Returns the class of @page with the verdicts @v, likewise. */
int verdict_cache_class(struct verdict_cache *j, const struct page_info *page,
			const struct raw_page *raw, const struct gup_verdicts *v,
			const struct page_class **ret);

/* The class is one of the cache's own. */
static inline bool verdict_cache_has(const struct verdict_cache *j,
				     const struct page_class *class)
{
	return class->cache == j;
}
