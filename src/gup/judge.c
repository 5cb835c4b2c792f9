/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gup/judge.h"

#include "page/zoneinfo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pure.h"

void judge_init(struct judge *j, const struct kernel *kernel,
		const struct page_context *page)
{
	memset(j, 0, sizeof(*j));
	j->kernel = kernel;
	j->page = page;
	j->vma = 1;
}

void judge_clear(struct judge *j)
{
	for (unsigned i = 0; i < JUDGE_WORDS; i++) {
		free(j->word[i].verdicts);
		j->word[i].verdicts = NULL;
	}
	j->used = 0;
	judge_next_vma(j);
}

void judge_deinit(struct judge *j)
{
	judge_clear(j);
}

void judge_next_vma(struct judge *j)
{
	if (++j->vma)
		return;
	for (unsigned i = 0; i < JUDGE_LIKES; i++)
		j->like[i].vma = 0;
	j->vma = 1;
}

/* ---- verdicts by fact word */

static u64 judge_hash(u64 a, u64 b)
{
	u64 h = (a * 0x9e3779b97f4a7c15ull) ^ (b * 0xc2b2ae3d27d4eb4full);

	return h ^ h >> 29;
}

static int judge_word(struct judge *j, const struct facts *facts,
		      const struct gup_verdicts **ret)
{
	u64 i = judge_hash(facts->known, facts->value);
	struct judge_word *s;

	for (;; i++) {
		s = &j->word[i & (JUDGE_WORDS - 1)];
		if (!s->verdicts)
			break;
		if (s->facts.known == facts->known && s->facts.value == facts->value) {
			*ret = s->verdicts;
			return 0;
		}
	}
	if (j->used == JUDGE_FULL)
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

static unsigned judge_slot(const struct raw_page *o)
{
	u64 h = judge_hash(o->flags ^ o->pagemap ^ (u64)o->refcount << 32,
			   o->pte ^ o->kpageflags << 7 ^ o->kpagecount << 40 ^
				   (u64)o->mapcount << 20);

	return (h ^ h >> 17) & (JUDGE_LIKES - 1);
}

static bool judge_same_words(const struct raw_page *a, const struct raw_page *b)
{
	return !memcmp((const char *)a + WORDS_FROM, (const char *)b + WORDS_FROM,
		       WORDS_TO - WORDS_FROM) &&
	       !memcmp((const char *)a + MORE_FROM, (const char *)b + MORE_FROM,
		       sizeof(*a) - MORE_FROM);
}

/* What a PFN alone says: the zone, and head or tail of a folio. */
static bool judge_same_place(const struct judge *j, const struct raw_page *a,
			     const struct raw_page *b)
{
	const struct page_context *ctx = j->page;

	if ((a->pfn == a->head_pfn) != (b->pfn == b->head_pfn))
		return false;
	return !(a->has & RAW_HAS_PFN) ||
	       zoneinfo_find(ctx->spans, ctx->nspans, a->pfn) ==
		       zoneinfo_find(ctx->spans, ctx->nspans, b->pfn);
}

static bool judge_like(const struct judge *j, const struct judge_like *like,
		       const struct raw_page *raw, struct page_run *ret)
{
	const struct page_run *p = &like->page;

	if (like->vma != j->vma || !judge_same_words(&p->raw, raw) ||
	    !judge_same_place(j, &p->raw, raw))
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

int judge_page(struct judge *j, const struct vma *vma, const struct raw_page *raw,
	       struct page_run *ret, const struct gup_verdicts **ret_verdicts)
{
	struct judge_like *like = &j->like[judge_slot(raw)];
	int err;

	if (judge_like(j, like, raw, ret)) {
		*ret_verdicts = like->verdicts;
		return 0;
	}
	page_read(j->page, vma, raw, ret);
	err = judge_word(j, &ret->facts, ret_verdicts);
	if (err)
		return err;
	like->vma = j->vma;
	like->page = *ret;
	like->verdicts = *ret_verdicts;
	return 0;
}
