/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/store_pool.h"

#include "lib/array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pure.h"

#define STORE_MAX_CLASSES 65536u /* each takes about a kilobyte */

/* The classes of a store and its copies, found by content; never shrinks. */
struct store_pool {
	unsigned refs;
	size_t n, room;
	struct store_class **class;
	u32 *slot; /* open addressing: class index + 1 */
	size_t nslots;
	u32 last; /* class of the row before: most rows are like it */
};

struct store_pool *store_pool_new(void)
{
	struct store_pool *pool = calloc(1, sizeof(*pool));

	if (pool)
		pool->refs = 1;
	return pool;
}

struct store_pool *store_pool_ref(struct store_pool *pool)
{
	pool->refs++;
	return pool;
}

void store_pool_unref(struct store_pool *pool)
{
	if (!pool || --pool->refs)
		return;
	for (size_t i = 0; i < pool->n; i++)
		free(pool->class[i]);
	free(pool->class);
	free(pool->slot);
	free(pool);
}

static u64 class_hash(const struct store_class *c)
{
	const u8 *p = (const u8 *)c;
	u64 h = 0xcbf29ce484222325u, w;

	_Static_assert(sizeof(*c) % sizeof(w) == 0, "hashed by words");
	for (size_t i = 0; i < sizeof(*c); i += sizeof(w)) {
		memcpy(&w, p + i, sizeof(w));
		h = (h ^ w) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	return h;
}

static int pool_rehash(struct store_pool *pool)
{
	size_t nslots = pool->nslots ? pool->nslots * 2 : 256;
	u32 *slot = calloc(nslots, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	for (size_t i = 0; i < pool->n; i++) {
		size_t at = class_hash(pool->class[i]) & (nslots - 1);

		while (slot[at])
			at = (at + 1) & (nslots - 1);
		slot[at] = (u32)i + 1;
	}
	free(pool->slot);
	pool->slot = slot;
	pool->nslots = nslots;
	return 0;
}

/* Finds or adds @c.  Returns its index, -ENOSPC when the pool is full, or -ENOMEM. */
static s64 pool_intern(struct store_pool *pool, const struct store_class *c)
{
	if (pool->last < pool->n && !memcmp(pool->class[pool->last], c, sizeof(*c)))
		return pool->last;
	if ((pool->n + 1) * 2 > pool->nslots && pool_rehash(pool))
		return -ENOMEM;
	size_t at = class_hash(c) & (pool->nslots - 1);
	for (; pool->slot[at]; at = (at + 1) & (pool->nslots - 1))
		if (!memcmp(pool->class[pool->slot[at] - 1], c, sizeof(*c)))
			return pool->last = pool->slot[at] - 1;
	if (pool->n >= STORE_MAX_CLASSES)
		return -ENOSPC;
	struct store_class *new = malloc(sizeof(*new)), **at_class;

	if (!new)
		return -ENOMEM;
	at_class = array_add(&pool->class, &pool->n, &pool->room, sizeof(*at_class));
	if (!at_class) {
		free(new);
		return -ENOMEM;
	}
	*at_class = memcpy(new, c, sizeof(*new));
	pool->slot[at] = (u32)pool->n;
	return pool->last = (u32)pool->n - 1;
}

/* Clears addresses, PFNs and swap offsets of @page.  Returns whether raw.pfn was the page's. */
static bool page_common(const struct page_run *page, struct page_run *ret)
{
	bool raw_page_has_pfn = page->raw.pfn && page->raw.pfn == page->pfn;

	memcpy(ret, page, sizeof(*ret));
	if (!ret->size)
		ret->size = 4096;
	ret->addr = ret->pages = ret->pfn = ret->head_pfn = 0;
	ret->raw.addr = ret->raw.pages = ret->raw.pfn = ret->raw.head_pfn = 0;
	if (ret->kind == PAGE_SWAP || ret->kind == PAGE_MIGRATION ||
	    ret->kind == PAGE_DEVICE) {
		/* These words hold an offset that differs from page to page. */
		ret->swap_offset = 0;
		ret->raw.pagemap = ret->raw.pte = 0;
		ret->raw.has &= ~(u32)(RAW_HAS_PAGEMAP | RAW_HAS_PTE);
	}
	return raw_page_has_pfn;
}

s64 store_pool_row(struct store_pool *pool, const struct report_row *row)
{
	struct store_class class;

	memset(&class, 0, sizeof(class));
	class.raw_page_has_pfn = page_common(row->page, &class.page);
	memcpy(&class.verdicts, row->verdicts, sizeof(class.verdicts));
	return pool_intern(pool, &class);
}

const struct store_class *store_pool_class(const struct store_pool *pool, u32 class)
{
	return pool->class[class];
}

size_t store_pool_size(const struct store_pool *pool)
{
	return pool->n;
}
