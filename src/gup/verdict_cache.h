/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verdict_cache.h - from raw words to a page and its verdicts; like pages are judged once.
 *
 * Two caches: pages by their raw words, and verdicts by the fact word.  Verdicts that were
 * handed out stay valid until verdict_cache_clear() or verdict_cache_deinit().
 */
#ifndef GUPINFO_VERDICT_CACHE_H
#define GUPINFO_VERDICT_CACHE_H

#include "page/page.h"
#include "gup/predict.h"

#define VERDICT_CACHE_WORDS 1024 /* distinct fact words; power of two */
#define VERDICT_CACHE_FULL 768   /* the cache starts afresh above this number */
#define VERDICT_CACHE_LIKES 64   /* pages to compare with; a power of two */

struct verdict_cache {
	const struct kernel *kernel;     /* by whose rules pages are judged */
	const struct page_context *page; /* gives the words their meaning */
	u32 vma; /* number of the current VMA: pages of different VMAs are never alike */
	unsigned used;
	struct verdict_cache_word {
		struct facts facts;
		struct gup_verdicts *verdicts;
	} word[VERDICT_CACHE_WORDS];
	struct verdict_cache_like {
		u32 vma; /* 0: empty */
		struct page_run page;
		const struct gup_verdicts *verdicts;
	} like[VERDICT_CACHE_LIKES];
};

/* Borrows @kernel and @page. */
void verdict_cache_init(struct verdict_cache *j, const struct kernel *kernel,
			const struct page_context *page);
void verdict_cache_deinit(struct verdict_cache *j);

/* Drops cached pages but keeps verdicts: for another VMA, or when facts of the machine changed. */
void verdict_cache_next_vma(struct verdict_cache *j);

/* Drops everything, also verdicts that were handed out. */
void verdict_cache_clear(struct verdict_cache *j);

/* The verdicts of @facts.  Returns 0, -ENOMEM, or -EAGAIN when the cache is full. */
int verdict_cache_facts(struct verdict_cache *j, const struct facts *facts,
			const struct gup_verdicts **ret);

/*
 * Interprets @raw in @vma and returns the page and its verdicts.  Returns 0, -ENOMEM, or
 * -EAGAIN when the cache is full: then call verdict_cache_clear() and try again.
 */
int verdict_cache_page(struct verdict_cache *j, const struct vma *vma,
		       const struct raw_page *raw, struct page_run *ret,
		       const struct gup_verdicts **ret_verdicts);

#endif
