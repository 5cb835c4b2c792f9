/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zoneinfo.h - /proc/zoneinfo: which zone and node a PFN is in.
 *
 * Knows: the text of zoneinfo (mm/vmstat.c).  Never: opens it.  Owns: nothing.
 */
#ifndef GUPINFO_ZONEINFO_H
#define GUPINFO_ZONEINFO_H

#include "page/page.h"

/*
 * Parses @len bytes of zoneinfo into at most @max spans, in the order of the text; zones without
 * pages are left out.  Returns the number of spans that the text holds, which may exceed @max.
 * Zones of different nodes may overlap in PFNs: a PFN that is in more than one is in neither for
 * sure.  ZONE_DEVICE is not listed by the kernel when it has no present pages of its own.
 */
size_t zoneinfo_parse(const char *text, size_t len, struct page_span *ret, size_t max);

/* The only span that holds @pfn, or NULL when none or more than one does. */
const struct page_span *zoneinfo_find(const struct page_span *spans, size_t n, u64 pfn);

/* A part of a zone that is CMA's: @pages from @pfn. */
struct zoneinfo_cma {
	u64 pfn, pages;
};

/*
 * Cuts @spans at the borders of all areas of CMA, so that each piece is CMA's or not
 * (zoneinfo_is_cma()), into at most @max pieces; returns their number, which may exceed @max.  A
 * zone whose count of CMA pages the areas do not explain stays whole.  Sorts @cma.
 */
size_t zoneinfo_cut(const struct page_span *spans, size_t n, struct zoneinfo_cma *cma,
		    size_t ncma, struct page_span *ret, size_t max);

/* Whether the pages of @span are CMA's; unknown when some may be, or @span is NULL. */
enum tri zoneinfo_is_cma(const struct page_span *span);

#endif
