/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gup/verdict_cache.h"

#include "page/zoneinfo.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pure.h"

struct verdict_cache *verdict_cache_new(size_t max, bool words)
{
	struct verdict_cache *j = calloc(1, sizeof(*j));

	if (j) {
		j->refs = 1;
		j->max = max;
		j->words = words;
	}
	return j;
}

struct verdict_cache *verdict_cache_ref(struct verdict_cache *j)
{
	j->refs++;
	return j;
}

void verdict_cache_unref(struct verdict_cache *j)
{
	if (!j || --j->refs)
		return;
	tdestroy(j->facts, free);
	tdestroy(j->verdicts, free);
	tdestroy(j->classes, free);
	free(j);
}

struct verdict_cache *verdict_cache_renew(struct verdict_cache *j)
{
	struct verdict_cache *new = verdict_cache_new(j->max, j->words);

	if (new) {
		new->next = j->next;
		verdict_cache_begin(new, &j->kernel, j->page);
		verdict_cache_unref(j);
	}
	return new;
}

/* Makes the current VMA unlike all before it. */
static void verdict_cache_number(struct verdict_cache *j)
{
	j->vma = ++j->vmas;
	if (j->vma)
		return;
	for (unsigned i = 0; i < VERDICT_CACHE_LIKES; i++)
		j->like[i].vma = 0;
	for (unsigned i = 0; i < VERDICT_CACHE_VMAS; i++)
		j->kind[i].number = 0;
	j->vma = j->vmas = 1;
}

void verdict_cache_begin(struct verdict_cache *j, const struct kernel *kernel,
			 const struct page_context *page)
{
	if (memcmp(&j->kernel, kernel, sizeof(j->kernel))) {
		tdestroy(j->facts, free);
		j->facts = NULL;
		j->kernel = *kernel;
	}
	j->page = page;
	verdict_cache_next_process(j);
}

void verdict_cache_next_process(struct verdict_cache *j)
{
	for (unsigned i = 0; i < VERDICT_CACHE_VMAS; i++)
		j->kind[i].number = 0;
	verdict_cache_number(j);
}

void verdict_cache_next_vma(struct verdict_cache *j, const struct vma *vma)
{
	struct vma kind = *vma;

	/* none of these is a fact of a page that is present; see verdict_cache_same_place() */
	kind.start = kind.end = kind.offset = 0;
	kind.rss_bytes = kind.pss_bytes = kind.anon_huge_bytes = 0;
	for (unsigned i = 0; i < VERDICT_CACHE_VMAS; i++)
		if (j->kind[i].number && !memcmp(&j->kind[i].vma, &kind, sizeof(kind))) {
			j->vma = j->kind[i].number;
			return;
		}
	verdict_cache_number(j);
	j->kind[j->vma % VERDICT_CACHE_VMAS].vma = kind;
	j->kind[j->vma % VERDICT_CACHE_VMAS].number = j->vma;
}

/* ---- values that are kept once */

/* Returns the value in the tree that equals @value, or a new copy of its @size bytes. */
static void *verdict_cache_keep(void **tree, const void *value, size_t size,
				int (*order)(const void *, const void *))
{
	void **at = tfind(value, tree, order), *copy = at ? *at : malloc(size);

	if (at || !copy)
		return copy;
	if (!tsearch(memcpy(copy, value, size), tree, order)) {
		free(copy);
		copy = NULL;
	}
	return copy;
}

struct verdict_cache_facts {
	struct facts facts;
	const struct gup_verdicts *verdicts;
};

static int verdict_cache_order_facts(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct facts));
}

static int verdict_cache_order_verdicts(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct gup_verdicts));
}

/* All that like pages have in common. */
static int verdict_cache_order_class(const void *a, const void *b)
{
	return memcmp(a, b, offsetof(struct page_class, like));
}

/* Finds or makes the class @c, whose ->like is the caller's to set when it is new. */
static int verdict_cache_intern(struct verdict_cache *j, const struct page_class *c,
				struct page_class **ret)
{
	struct page_class **at = tfind(c, &j->classes, verdict_cache_order_class);

	if (!at && j->n >= j->max)
		return -EAGAIN;
	*ret = at ? *at
		  : verdict_cache_keep(&j->classes, c, sizeof(*c),
				       verdict_cache_order_class);
	if (!*ret)
		return -ENOMEM;
	if (!at) {
		(*ret)->cache = j;
		(*ret)->id = j->next++;
		j->n++;
	}
	return 0;
}

int verdict_cache_class(struct verdict_cache *j, const struct page_info *page,
			const struct raw_page *raw, const struct gup_verdicts *v,
			const struct page_class **ret)
{
	struct page_class c, *class, *like;
	int err;

	memset(&c, 0, sizeof(c));
	memcpy(&c.page, page, sizeof(c.page));
	if (!c.page.size)
		c.page.size = KERNEL_PAGE_LEAST;
	c.verdicts = verdict_cache_keep(&j->verdicts, v, sizeof(*v),
					verdict_cache_order_verdicts);
	err = c.verdicts ? verdict_cache_intern(j, &c, &class) : -ENOMEM;
	if (err)
		return err;
	class->like = like = class;
	if (j->words) {
		c.raw = *raw;
		c.raw.addr = c.raw.pages = c.raw.pfn = c.raw.head_pfn = 0;
		if (page->kind == PAGE_SWAP || page->kind == PAGE_MIGRATION ||
		    page->kind == PAGE_DEVICE) {
			/* These words hold an offset that differs from page to page. */
			c.raw.pagemap = c.raw.pte = 0;
			c.raw.has &= ~(u32)(RAW_HAS_PAGEMAP | RAW_HAS_PTE);
		}
		err = verdict_cache_intern(j, &c, &class);
		if (err)
			return err;
		class->like = like;
	}
	*ret = class;
	return 0;
}

int verdict_cache_judge(struct verdict_cache *j, const struct page_info *page,
			const struct raw_page *raw, const struct page_class **ret)
{
	struct verdict_cache_facts key = { .facts = page->facts }, *known;
	struct gup_verdicts v = { 0 };
	int err;

	known = verdict_cache_keep(&j->facts, &key, sizeof(key),
				   verdict_cache_order_facts);
	if (!known)
		return -ENOMEM;
	if (!known->verdicts)
		predict_all(&j->kernel, &page->facts, &v);
	err = verdict_cache_class(j, page, raw, known->verdicts ? known->verdicts : &v,
				  ret);
	if (!err)
		known->verdicts = (*ret)->verdicts;
	return err;
}

/* ---- pages by observed words: two of one VMA differ in address and PFN only */

#define WORDS_FROM offsetof(struct raw_page, has)
#define WORDS_TO offsetof(struct raw_page, pfn)
#define MORE_FROM offsetof(struct raw_page, pagemap)
_Static_assert(WORDS_FROM == 16 && MORE_FROM == WORDS_TO + 16,
	       "addr, pages; words; pfn, head_pfn; words");

static unsigned verdict_cache_slot(const struct raw_page *o, unsigned zone)
{
	u64 h = ((o->flags ^ o->pagemap ^ (u64)o->refcount << 32) *
		 0x9e3779b97f4a7c15ull) ^
		((o->pte ^ o->kpageflags << 7 ^ o->kpagecount << 40 ^
		  (u64)o->mapcount << 20) *
		 0xc2b2ae3d27d4eb4full);

	h ^= h >> 29;
	/* single pages and folded runs that have the same words may alternate */
	zone ^= o->has & RAW_FOLDED ? VERDICT_CACHE_LIKES / 2 : 0;
	return (h ^ h >> 17 ^ zone) & (VERDICT_CACHE_LIKES - 1);
}

static bool verdict_cache_same_words(const struct raw_page *a, const struct raw_page *b)
{
	return !memcmp((const char *)a + WORDS_FROM, (const char *)b + WORDS_FROM,
		       WORDS_TO - WORDS_FROM) &&
	       !memcmp((const char *)a + MORE_FROM, (const char *)b + MORE_FROM,
		       sizeof(*a) - MORE_FROM);
}

/*
 * The places alone mean the same: the zone of the PFN, and head or tail of the folio.  Where nothing is
 * present, the address decides whether the file reaches so far.
 */
static bool verdict_cache_same_place(const struct vma *vma,
				     const struct verdict_cache_like *like,
				     const struct raw_page *b,
				     const struct page_span *zone)
{
	const struct raw_page *a = &like->raw;

	if (vma->file_known && like->class->page.present != TRI_YES)
		return false;
	if ((a->pfn == a->head_pfn) != (b->pfn == b->head_pfn))
		return false;
	return like->zone == zone;
}

int verdict_cache_page(struct verdict_cache *j, const struct vma *vma,
		       const struct raw_page *raw, struct page_run *ret)
{
	const struct page_context *ctx = j->page;
	const struct page_span *zone =
		raw->has & RAW_HAS_PFN ? zoneinfo_find(ctx->spans, ctx->nspans, raw->pfn)
				       : NULL;
	struct verdict_cache_like *like =
		&j->like[verdict_cache_slot(raw, zone ? zone - ctx->spans : 0)];
	const struct page_class *class = like->class;
	u64 pfn = raw->has & RAW_HAS_PFN ? raw->pfn : like->pfn;

	if (like->vma != j->vma || !verdict_cache_same_words(&like->raw, raw) ||
	    !verdict_cache_same_place(vma, like, raw, zone)) {
		struct page_info page;
		int err;

		pfn = page_read(j->page, vma, raw, &page);
		err = verdict_cache_judge(j, &page, raw, &class);
		if (err)
			return err;
		*like = (struct verdict_cache_like){ j->vma, *raw, pfn, zone, class };
	}
	*ret = (struct page_run){ raw->addr, raw->pages, pfn, class };
	return 0;
}
