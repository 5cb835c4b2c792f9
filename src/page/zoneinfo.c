/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page/zoneinfo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"

#include "lib/pure.h"

/* Returns what follows @key at the start of @line, or NULL. */
static const char *zoneinfo_after(const char *line, const char *key)
{
	size_t n = strlen(key);

	return strncmp(line, key, n) ? NULL : line + n;
}

/* The zone of a line "Node 0, zone   Normal"; -1: an unknown one. */
static s8 zoneinfo_zone(const char *line)
{
	char name[20];

	if (sscanf(line, "%*u, zone %19s", name) == 1)
		for (unsigned i = 0; i < PAGE_ZONES; i++)
			if (!strcmp(name, page_zone_name((int)i)))
				return (s8)i;
	return -1;
}

size_t zoneinfo_parse(const char *text, struct page_span *ret, size_t max)
{
	struct page_span span = { 0 };
	const char *at;
	u64 spanned = 0;
	size_t n = 0;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += strspn(line, " \n");
		if ((at = zoneinfo_after(line, "Node "))) {
			u64 node = strtoull(at, NULL, 10);

			span = (struct page_span){ .cma_pages = UINT64_MAX,
						   .node = node <= INT16_MAX ? (s16)node
									     : -1,
						   .zone = zoneinfo_zone(at) };
			spanned = 0;
		} else if ((at = zoneinfo_after(line, "spanned "))) {
			spanned = strtoull(at, NULL, 10);
		} else if ((at = zoneinfo_after(line, "cma "))) {
			span.cma_pages = strtoull(at, NULL, 10);
		} else if ((at = zoneinfo_after(line, "start_pfn:")) && spanned) {
			span.start_pfn = strtoull(at, NULL, 10);
			span.end_pfn = span.start_pfn + spanned;
			if (n < max)
				ret[n] = span;
			n++;
		}
	}
	return n;
}

const struct page_span *zoneinfo_find(const struct page_span *spans, size_t n, u64 pfn)
{
	const struct page_span *found = NULL;

	for (size_t i = 0; i < n; i++) {
		if (pfn < spans[i].start_pfn || pfn >= spans[i].end_pfn)
			continue;
		if (found)
			return NULL;
		found = &spans[i];
	}
	return found;
}

static bool zoneinfo_inside(const struct page_span *s, const struct zoneinfo_cma *c)
{
	return c->pages && c->pfn >= s->start_pfn &&
	       c->pages <= s->end_pfn - s->start_pfn && c->pfn <= s->end_pfn - c->pages;
}

size_t zoneinfo_cut(const struct page_span *spans, size_t n, struct zoneinfo_cma *cma,
		    size_t ncma, struct page_span *ret, size_t max)
{
	size_t k = 0;

	array_sort(cma, ncma, sizeof(*cma));
	for (size_t i = 0; i < n; i++) {
		struct page_span rest = spans[i], piece;
		u64 sum = 0;

		for (size_t j = 0; j < ncma; j++)
			sum += zoneinfo_inside(&spans[i], &cma[j]) ? cma[j].pages : 0;
		for (size_t j = 0; sum == spans[i].cma_pages && j < ncma; j++) {
			if (!zoneinfo_inside(&rest, &cma[j]))
				continue;
			piece = rest;
			piece.cma_pages = 0;
			piece.end_pfn = cma[j].pfn;
			if (piece.end_pfn > piece.start_pfn && k++ < max)
				ret[k - 1] = piece;
			piece.start_pfn = cma[j].pfn;
			piece.cma_pages = cma[j].pages;
			piece.end_pfn = rest.start_pfn = cma[j].pfn + cma[j].pages;
			if (k++ < max)
				ret[k - 1] = piece;
			rest.cma_pages -= cma[j].pages;
		}
		if (rest.end_pfn > rest.start_pfn && k++ < max)
			ret[k - 1] = rest;
	}
	return k;
}

enum tri zoneinfo_is_cma(const struct page_span *span)
{
	if (!span ||
	    (span->cma_pages && span->cma_pages != span->end_pfn - span->start_pfn))
		return TRI_UNKNOWN;
	return span->cma_pages ? TRI_YES : TRI_NO;
}
