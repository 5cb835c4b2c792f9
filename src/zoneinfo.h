/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zoneinfo.h - /proc/zoneinfo: which zone and node a PFN is in.
 *
 * Knows: the text of zoneinfo (mm/vmstat.c).  Never: opens it.  Owns: nothing.
 */
#ifndef GUPINFO_ZONEINFO_H
#define GUPINFO_ZONEINFO_H

#include "page.h"

/*
 * Parses @len bytes of zoneinfo into at most @max spans, in the order of the text; zones without
 * pages are left out.  Returns the number of spans that the text holds, which may exceed @max.
 * Zones of different nodes may overlap in PFNs: a PFN that is in more than one is in neither for
 * sure.  ZONE_DEVICE is not listed by the kernel when it has no present pages of its own.
 */
size_t zoneinfo_parse(const char *text, size_t len, struct page_span *ret, size_t max);

/* The only span that holds @pfn, or NULL when none or more than one does. */
const struct page_span *zoneinfo_find(const struct page_span *spans, size_t n, u64 pfn);

#endif
