/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page/frame_cache.h"
#include "kpageflags.h"
#include "pagemap.h"
#include "test.h"

#include <stdlib.h>

#define ANON (KPF_BIT(ANON) | KPF_BIT(LRU))
#define ENTRY(pfn) (PAGEMAP_PRESENT | (pfn))

static struct frame_cache *cache;

static bool get(u64 word, u64 ms)
{
	u64 flags = 1, count = 1;

	if (frame_cache_get(cache, word, ms, &flags, &count))
		return true;
	EXPECT(flags == 1 && count == 1);
	return false;
}

static void fresh(void)
{
	free(cache);
	cache = calloc(1, sizeof(*cache));
}

TEST(what_was_put)
{
	u64 flags, count;

	fresh();
	EXPECT(!get(ENTRY(5), 1000));
	frame_cache_put(cache, 5, ANON, 3, 1000);
	EXPECT(frame_cache_get(cache, ENTRY(5), 1000, &flags, &count));
	EXPECT_INT(flags, ANON);
	EXPECT_INT(count, 3);
	EXPECT(!get(ENTRY(5 + FRAME_CACHE_SETS), 1000));
	frame_cache_put(cache, 5, KPF_BIT(LRU), 4, 1001);
	EXPECT(frame_cache_get(cache, ENTRY(5) | PAGEMAP_FILE, 1001, &flags, &count));
	EXPECT_INT(flags, KPF_BIT(LRU));
	EXPECT_INT(count, 4);
}

TEST(age)
{
	static const u64 at[] = { 1000, UINT32_MAX - 5, (1ull << 40) - 5 };

	for (unsigned i = 0; i < ARRAY_SIZE(at); i++) {
		fresh();
		frame_cache_put(cache, 5, ANON, 3, at[i]);
		EXPECT(get(ENTRY(5), at[i] + FRAME_CACHE_MS));
		EXPECT(!get(ENTRY(5), at[i] + FRAME_CACHE_MS + 1));
		frame_cache_put(cache, 5, ANON, 3, at[i] + FRAME_CACHE_MS + 1);
		EXPECT(get(ENTRY(5), at[i] + FRAME_CACHE_MS + 1));
	}
}

TEST(what_contradicts_the_entry)
{
	fresh();
	frame_cache_put(cache, 5, ANON, 3, 0);
	frame_cache_put(cache, 6, KPF_BIT(LRU), 3, 0);
	EXPECT(get(ENTRY(5), 0) && get(ENTRY(6) | PAGEMAP_FILE, 0));
	EXPECT(!get(ENTRY(5) | PAGEMAP_FILE, 0));
	EXPECT(!get(ENTRY(6), 0));
	EXPECT(!get(ENTRY(5) | PAGEMAP_EXCLUSIVE, 0));
	EXPECT(!get(5, 0));
	EXPECT(!get(PAGEMAP_SWAP | 5, 0));
}

TEST(what_is_not_kept)
{
	fresh();
	frame_cache_put(cache, 0, ANON, 3, 0);
	frame_cache_put(cache, 5, ANON, 0, 0);
	frame_cache_put(cache, 6, ANON, 1, 0);
	frame_cache_put(cache, 7, ANON, UINT64_MAX, 0);
	for (u64 pfn = 0; pfn < 8; pfn++)
		EXPECT(!get(ENTRY(pfn), 0));
}

TEST(the_oldest_gives_way)
{
	fresh();
	for (u64 i = 0; i < FRAME_CACHE_WAYS; i++)
		frame_cache_put(cache, 7 + i * FRAME_CACHE_SETS, ANON, 2, 50 - i);
	for (u64 i = 0; i < FRAME_CACHE_WAYS; i++)
		EXPECT(get(ENTRY(7 + i * FRAME_CACHE_SETS), 50));
	frame_cache_put(cache, 7 + 100ull * FRAME_CACHE_SETS, ANON, 2, 51);
	EXPECT(!get(ENTRY(7 + (FRAME_CACHE_WAYS - 1ull) * FRAME_CACHE_SETS), 51));
	EXPECT(get(ENTRY(7), 51) && get(ENTRY(7 + 100ull * FRAME_CACHE_SETS), 51));
	free(cache);
	cache = NULL;
}
