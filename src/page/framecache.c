/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page/framecache.h"

#include "kpageflags.h"
#include "pagemap.h"

#include "lib/pure.h"

static u32 framecache_age(const struct framecache_frame *f, u64 ms)
{
	return (u32)ms - f->ms;
}

void framecache_put(struct framecache *c, u64 pfn, u64 flags, u64 count, u64 ms)
{
	struct framecache_frame *set = c->frame[pfn % FRAMECACHE_SETS], *to = set;

	if (!pfn || count < 2 || count > UINT32_MAX)
		return;
	for (unsigned i = 0; i < FRAMECACHE_WAYS; i++) {
		if (set[i].pfn == pfn) {
			to = &set[i];
			break;
		}
		if (to->pfn &&
		    (!set[i].pfn || framecache_age(&set[i], ms) > framecache_age(to, ms)))
			to = &set[i];
	}
	*to = (struct framecache_frame){
		.pfn = pfn, .flags = flags, .count = count, .ms = ms
	};
}

bool framecache_get(const struct framecache *c, u64 word, u64 ms, u64 *ret_flags,
		    u64 *ret_count)
{
	u64 pfn = pagemap_pfn(word);
	const struct framecache_frame *set = c->frame[pfn % FRAMECACHE_SETS];

	/* mapped once: by this entry alone, whatever it was before */
	if (!pfn || word & PAGEMAP_EXCLUSIVE)
		return false;
	for (unsigned i = 0; i < FRAMECACHE_WAYS; i++) {
		if (set[i].pfn != pfn)
			continue;
		if (framecache_age(&set[i], ms) > FRAMECACHE_MS ||
		    !(word & PAGEMAP_FILE) != !!(set[i].flags & KPF_BIT(ANON)))
			return false;
		*ret_flags = set[i].flags;
		*ret_count = set[i].count;
		return true;
	}
	return false;
}
