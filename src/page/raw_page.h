/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * raw_page.h - the raw words that sources read about a run of like pages, without their
 * meaning.
 *
 * Every source (procfs, BPF, a recorded report) fills this fixed-width record.
 *
 * A run is one leaf entry, or consecutive leaves of one level whose words are the same except
 * that PFNs ascend by one (in leaf-sized steps).  A source makes folded runs only when it is
 * asked to (source_ops.observe): their PFNs may be any of one zone.  Words that were not read are zero
 * and have their RAW_HAS_* bit clear.
 */
#pragma once

#include "lib/bits.h"

/* Which words were read. */
#define RAW_HAS_PAGEMAP \
	BIT(0)             /* ->pagemap; its PFN may still be hidden, see RAW_HAS_PFN */
#define RAW_HAS_PFN BIT(1) /* ->pfn of a present page */
#define RAW_HAS_KPAGEFLAGS BIT(2)
#define RAW_HAS_KPAGECOUNT BIT(3)
#define RAW_HAS_SCAN BIT(4)  /* ->scan: PAGE_IS_* categories of PAGEMAP_SCAN */
#define RAW_HAS_PTE BIT(5)   /* ->pte at ->level */
#define RAW_HAS_LEVEL BIT(6) /* ->level */
#define RAW_HAS_PAGE \
	BIT(7) /* struct page: flags, head_flags, counters, mapping, order, head_pfn */
#define RAW_HAS_LARGE BIT(8)    /* large_mapcount */
#define RAW_HAS_MM_IDS BIT(9)   /* mm_ids */
#define RAW_HAS_MAPS BIT(10)    /* maps_once, maps_share */
#define RAW_HAS_BATCHES BIT(11) /* ->batches */
#define RAW_FOLDED BIT(12)      /* folded: only the first leaf's ->pfn and ->head_pfn */
#define RAW_RACED BIT(15)       /* the words kept changing while they were read */

/*
 * The level of the leaf entry; on x86-64 4 KiB, 2 MiB and 1 GiB.  Sources go by the size and have no
 * hugepd: that level is concluded from the machine.
 */
enum raw_level { RAW_LEVEL_PTE = 1, RAW_LEVEL_PMD, RAW_LEVEL_PUD, RAW_LEVEL_HUGEPD };

/* folio->mapping without its pointer: gupinfo never keeps kernel addresses. */
enum raw_mapping {
	RAW_MAPPING_NULL,
	RAW_MAPPING_ANON,
	RAW_MAPPING_KSM,
	RAW_MAPPING_FILE,
	RAW_MAPPING_MOVABLE
};

#define RAW_MAPS_ONE BIT(31)

/* A hole has RAW_HAS_PAGEMAP and pagemap == 0 (its soft-dirty bit may be set). */
struct raw_page {
	u64 addr;   /* first byte */
	u64 pages;  /* leaves in the run (base pages if the level is unknown) */
	u32 has;    /* RAW_HAS_* */
	u8 level;   /* enum raw_level */
	u8 mapping; /* enum raw_mapping */
	u8 order;
	u8 pad;             /* words are compared byte by byte */
	u32 scan;           /* PAGE_IS_* */
	u32 page_type;      /* raw page->page_type / _mapcount word of the head */
	u64 pfn;            /* of the first leaf */
	u64 head_pfn;       /* head of the folio that holds the first leaf's page */
	u64 pagemap;        /* of the first leaf, PFN bits cleared when present */
	u64 kpageflags;     /* /proc/kpageflags word; of tails perhaps the head's */
	u64 kpagecount;     /* /proc/kpagecount word */
	u64 pte;            /* leaf entry; its PFN bits are cleared when present */
	u64 flags;          /* page->flags of this page */
	u64 head_flags;     /* page->flags of the head (== flags for order 0) */
	s32 refcount;       /* folio_ref_count() */
	s32 mapcount;       /* this page's _mapcount + 1, plus the entire mapcount */
	s32 large_mapcount; /* folio_mapcount() of the whole folio */
	s32 entire_mapcount;
	s32 pincount; /* ->_pincount of a large folio */
	u32 batches; /* up to two batches that hold it: STRUCTPAGE_BATCH(), above it another */
	u64 mm_ids; /* folio->_mm_ids (6.15 and later) */
	/* Of a huge leaf of which other processes map parts: its base pages that are mapped once; */
	u32 maps_once;
	u32 maps_share; /* of a base page 1 / map count, on average, in units of 1 / RAW_MAPS_ONE */
};

/* By struct page: the folio is mapped as a whole, and others map parts of it. */
static inline bool raw_page_in_parts(const struct raw_page *raw)
{
	return raw->has & RAW_HAS_LARGE && raw->entire_mapcount > 0 &&
	       raw->large_mapcount != raw->entire_mapcount;
}
