/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verdict_cache.h - from an observation to a page and its verdicts; like pages are judged once.
 *
 * Knows: two caches: pages by the words that were observed, verdicts by the fact word.
 * Never: how a page or a verdict comes about (page.c, predict.c).
 * Owns: both caches, until verdict_cache_clear() or verdict_cache_deinit(); verdicts stay valid until then.
 */
#ifndef GUPINFO_VERDICT_CACHE_H
#define GUPINFO_VERDICT_CACHE_H

#include "page/page.h"
#include "gup/predict.h"

#define VERDICT_CACHE_WORDS 1024 /* distinct fact words; power of two */
#define VERDICT_CACHE_FULL 768   /* kept before the cache starts afresh */
#define VERDICT_CACHE_LIKES 64   /* pages to compare with; power of two */

struct verdict_cache {
	const struct kernel *kernel;     /* judges */
	const struct page_context *page; /* gives words their meaning */
	u32 vma; /* pages are like within one VMA only: its number */
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

/* @kernel and @page are borrowed. */
void verdict_cache_init(struct verdict_cache *j, const struct kernel *kernel,
			const struct page_context *page);
void verdict_cache_deinit(struct verdict_cache *j);

/* Forgets pages (but not verdicts): another VMA, or other facts of the machine. */
void verdict_cache_next_vma(struct verdict_cache *j);

/* Forgets everything: verdicts that were handed out are gone. */
void verdict_cache_clear(struct verdict_cache *j);

/*
 * The page that @raw of @vma means, and its verdicts.  Returns 0, -ENOMEM, or -EAGAIN when the
 * cache is full: verdict_cache_clear() and try again.
 */
int verdict_cache_page(struct verdict_cache *j, const struct vma *vma,
		       const struct raw_page *raw, struct page_run *ret,
		       const struct gup_verdicts **ret_verdicts);

#endif
