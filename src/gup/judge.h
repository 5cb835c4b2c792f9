/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge.h - from an observation to a page and its verdicts; like pages are judged once.
 *
 * Knows: two caches: pages by the words that were observed, verdicts by the fact word.
 * Never: how a page or a verdict comes about (page.c, predict.c).
 * Owns: both caches, until judge_clear() or judge_deinit(); verdicts stay valid until then.
 */
#ifndef GUPINFO_JUDGE_H
#define GUPINFO_JUDGE_H

#include "page/page.h"
#include "gup/predict.h"

#define JUDGE_WORDS 1024 /* distinct fact words; power of two */
#define JUDGE_FULL 768   /* kept before the cache starts afresh */
#define JUDGE_LIKES 64   /* pages to compare with; power of two */

struct judge {
	const struct kernel *kernel;     /* judges */
	const struct page_context *page; /* gives words their meaning */
	u32 vma; /* pages are like within one VMA only: its number */
	unsigned used;
	struct judge_word {
		struct facts facts;
		struct gup_verdicts *verdicts;
	} word[JUDGE_WORDS];
	struct judge_like {
		u32 vma; /* 0: empty */
		struct page_run page;
		const struct gup_verdicts *verdicts;
	} like[JUDGE_LIKES];
};

/* @kernel and @page are borrowed. */
void judge_init(struct judge *j, const struct kernel *kernel,
		const struct page_context *page);
void judge_deinit(struct judge *j);

/* Forgets pages (but not verdicts): another VMA, or other facts of the machine. */
void judge_next_vma(struct judge *j);

/* Forgets everything: verdicts that were handed out are gone. */
void judge_clear(struct judge *j);

/*
 * The page that @obs of @vma means, and its verdicts.  Returns 0, -ENOMEM, or -EAGAIN when the
 * cache is full: judge_clear() and try again.
 */
int judge_page(struct judge *j, const struct vma *vma, const struct raw_page *raw,
	       struct page_run *ret, const struct gup_verdicts **ret_verdicts);

#endif
