/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zoneinfo.h - /proc/zoneinfo (mm/vmstat.c): which zone and node a PFN is in. */
#pragma once

#include "page/page.h"

/*
 * Parses zoneinfo into at most @max spans, in the order of the text, without
 * zones that have no pages.  Returns the number of spans in the text, which may exceed @max.
 * Zones of different nodes may overlap: a PFN in more than one is in neither for sure.  The
 * kernel does not list a ZONE_DEVICE without present pages of its own.
 */
size_t zoneinfo_parse(const char *text, struct page_span *ret, size_t max);

/* Returns the only span that holds @pfn, or NULL when none or more than one does. */
const struct page_span *zoneinfo_find(const struct page_span *spans, size_t n, u64 pfn);

/* A CMA area, or the part of it in one zone: @pages from @pfn. */
struct zoneinfo_cma {
	u64 pfn, pages;
};

/*
 * Cuts @spans at the borders of all CMA areas into at most @max pieces, so that each piece is
 * all CMA or none (zoneinfo_is_cma()).  Returns the number of pieces, which may exceed @max.  A
 * zone stays whole when the areas do not add up to its count of CMA pages.  Sorts @cma.
 */
size_t zoneinfo_cut(const struct page_span *spans, size_t n, struct zoneinfo_cma *cma,
		    size_t ncma, struct page_span *ret, size_t max);

/* Are the pages of @span CMA pages?  Unknown when only some may be, or @span is NULL. */
enum tri zoneinfo_is_cma(const struct page_span *span);
