/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gup/verdict_cache.h"

#include "page/zoneinfo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pure.h"

void verdict_cache_init(struct verdict_cache *j, const struct kernel *kernel,
			const struct page_context *page)
{
	memset(j, 0, sizeof(*j));
	j->kernel = kernel;
	j->page = page;
	j->vma = 1;
}

void verdict_cache_clear(struct verdict_cache *j)
{
	for (unsigned i = 0; i < VERDICT_CACHE_WORDS; i++) {
		free(j->word[i].verdicts);
		j->word[i].verdicts = NULL;
	}
	j->used = 0;
	verdict_cache_next_vma(j);
}

void verdict_cache_deinit(struct verdict_cache *j)
{
	verdict_cache_clear(j);
}

void verdict_cache_next_vma(struct verdict_cache *j)
{
	if (++j->vma)
		return;
	for (unsigned i = 0; i < VERDICT_CACHE_LIKES; i++)
		j->like[i].vma = 0;
	j->vma = 1;
}

/* ---- verdicts by fact word */

static u64 verdict_cache_hash(u64 a, u64 b)
{
	u64 h = (a * 0x9e3779b97f4a7c15ull) ^ (b * 0xc2b2ae3d27d4eb4full);

	return h ^ h >> 29;
}

int verdict_cache_facts(struct verdict_cache *j, const struct facts *facts,
			const struct gup_verdicts **ret)
{
	u64 i = verdict_cache_hash(facts->known, facts->value);
	struct verdict_cache_word *s;

	for (;; i++) {
		s = &j->word[i & (VERDICT_CACHE_WORDS - 1)];
		if (!s->verdicts)
			break;
		if (s->facts.known == facts->known && s->facts.value == facts->value) {
			*ret = s->verdicts;
			return 0;
		}
	}
	if (j->used == VERDICT_CACHE_FULL)
		return -EAGAIN;
	s->verdicts = malloc(sizeof(*s->verdicts));
	if (!s->verdicts)
		return -ENOMEM;
	s->facts = *facts;
	j->used++;
	predict_all(j->kernel, facts, s->verdicts);
	*ret = s->verdicts;
	return 0;
}

/* ---- pages by observed words: two of one VMA differ in address and PFN only */

#define WORDS_FROM offsetof(struct raw_page, has)
#define WORDS_TO offsetof(struct raw_page, pfn)
#define MORE_FROM offsetof(struct raw_page, pagemap)
_Static_assert(WORDS_FROM == 16 && MORE_FROM == WORDS_TO + 16,
	       "addr, pages; words; pfn, head_pfn; words");

static unsigned verdict_cache_slot(const struct raw_page *o)
{
	u64 h = verdict_cache_hash(o->flags ^ o->pagemap ^ (u64)o->refcount << 32,
				   o->pte ^ o->kpageflags << 7 ^ o->kpagecount << 40 ^
					   (u64)o->mapcount << 20);

	return (h ^ h >> 17) & (VERDICT_CACHE_LIKES - 1);
}

static bool verdict_cache_same_words(const struct raw_page *a, const struct raw_page *b)
{
	return !memcmp((const char *)a + WORDS_FROM, (const char *)b + WORDS_FROM,
		       WORDS_TO - WORDS_FROM) &&
	       !memcmp((const char *)a + MORE_FROM, (const char *)b + MORE_FROM,
		       sizeof(*a) - MORE_FROM);
}

/* The PFNs alone mean the same: zone, and head or tail of the folio. */
static bool verdict_cache_same_place(const struct verdict_cache *j,
				     const struct raw_page *a, const struct raw_page *b)
{
	const struct page_context *ctx = j->page;

	if ((a->pfn == a->head_pfn) != (b->pfn == b->head_pfn))
		return false;
	return !(a->has & RAW_HAS_PFN) ||
	       zoneinfo_find(ctx->spans, ctx->nspans, a->pfn) ==
		       zoneinfo_find(ctx->spans, ctx->nspans, b->pfn);
}

static bool verdict_cache_like(const struct verdict_cache *j,
			       const struct verdict_cache_like *like,
			       const struct raw_page *raw, struct page_run *ret)
{
	const struct page_run *p = &like->page;

	if (like->vma != j->vma || !verdict_cache_same_words(&p->raw, raw) ||
	    !verdict_cache_same_place(j, &p->raw, raw))
		return false;
	*ret = *p;
	ret->raw = *raw;
	ret->addr = raw->addr;
	ret->pages = raw->pages;
	if (raw->has & RAW_HAS_PFN)
		ret->pfn = raw->pfn;
	if (p->head_pfn)
		ret->head_pfn = p->head_pfn == p->pfn ? ret->pfn : raw->head_pfn;
	return true;
}

int verdict_cache_page(struct verdict_cache *j, const struct vma *vma,
		       const struct raw_page *raw, struct page_run *ret,
		       const struct gup_verdicts **ret_verdicts)
{
	struct verdict_cache_like *like = &j->like[verdict_cache_slot(raw)];
	int err;

	if (verdict_cache_like(j, like, raw, ret)) {
		*ret_verdicts = like->verdicts;
		return 0;
	}
	page_read(j->page, vma, raw, ret);
	err = verdict_cache_facts(j, &ret->facts, ret_verdicts);
	if (err)
		return err;
	like->vma = j->vma;
	like->page = *ret;
	like->verdicts = *ret_verdicts;
	return 0;
}
