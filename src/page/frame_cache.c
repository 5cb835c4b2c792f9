/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page/frame_cache.h"

#include "kpageflags.h"
#include "pagemap.h"

#include "lib/pure.h"

static u32 frame_cache_age(const struct frame_cache_frame *f, u64 ms)
{
	return (u32)ms - f->ms;
}

void frame_cache_put(struct frame_cache *c, u64 pfn, u64 flags, u64 count, u64 ms)
{
	struct frame_cache_frame *set = c->frame[pfn % FRAME_CACHE_SETS], *to = set;

	if (!pfn || count < 2 || count > UINT32_MAX)
		return;
	for (unsigned i = 0; i < FRAME_CACHE_WAYS; i++) {
		if (set[i].pfn == pfn) {
			to = &set[i];
			break;
		}
		if (to->pfn && (!set[i].pfn ||
				frame_cache_age(&set[i], ms) > frame_cache_age(to, ms)))
			to = &set[i];
	}
	*to = (struct frame_cache_frame){
		.pfn = pfn, .flags = flags, .count = count, .ms = ms
	};
}

bool frame_cache_get(const struct frame_cache *c, u64 word, u64 ms, u64 *ret_flags,
		     u64 *ret_count)
{
	u64 pfn = pagemap_pfn(word);
	const struct frame_cache_frame *set = c->frame[pfn % FRAME_CACHE_SETS];

	/* PAGEMAP_EXCLUSIVE: only this entry maps the frame now, whatever was cached of it */
	if (!pfn || word & PAGEMAP_EXCLUSIVE)
		return false;
	for (unsigned i = 0; i < FRAME_CACHE_WAYS; i++) {
		if (set[i].pfn != pfn)
			continue;
		if (frame_cache_age(&set[i], ms) > FRAME_CACHE_MS ||
		    !(word & PAGEMAP_FILE) != !!(set[i].flags & KPF_BIT(ANON)))
			return false;
		*ret_flags = set[i].flags;
		*ret_count = set[i].count;
		return true;
	}
	return false;
}
