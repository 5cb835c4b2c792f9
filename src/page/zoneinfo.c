/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page/zoneinfo.h"

#include <string.h>

#include "lib/array.h"

#include "lib/pure.h"

/* One line without leading blanks and without its newline. */
struct zoneinfo_line {
	const char *p;
	size_t len;
};

static bool zoneinfo_next(const char **text, const char *end, struct zoneinfo_line *ret)
{
	const char *p = *text, *nl;

	if (p == end)
		return false;
	nl = memchr(p, '\n', end - p);
	*text = nl ? nl + 1 : end;
	nl = nl ? nl : end;
	while (p < nl && *p == ' ')
		p++;
	*ret = (struct zoneinfo_line){ .p = p, .len = nl - p };
	return true;
}

/* Parses the number after @key and blanks; false when the line lacks them. */
static bool zoneinfo_number(struct zoneinfo_line l, const char *key, u64 *ret)
{
	size_t n = strlen(key);
	u64 v = 0;

	if (l.len <= n || memcmp(l.p, key, n))
		return false;
	while (n < l.len && l.p[n] == ' ')
		n++;
	if (n == l.len)
		return false;
	for (; n < l.len && l.p[n] >= '0' && l.p[n] <= '9'; n++)
		v = v * 10 + (l.p[n] - '0');
	*ret = v;
	return true;
}

static s8 zoneinfo_zone(struct zoneinfo_line l)
{
	const char *name = memmem(l.p, l.len, "zone ", 5);

	if (!name)
		return -1;
	name += 5;
	while (name < l.p + l.len && *name == ' ')
		name++;
	for (unsigned i = 0; i < PAGE_ZONES; i++) {
		const char *known = page_zone_name(i);
		size_t left = l.p + l.len - name;

		while (left && name[left - 1] == ' ')
			left--;
		if (strlen(known) == left && !memcmp(name, known, left))
			return i;
	}
	return -1;
}

size_t zoneinfo_parse(const char *text, size_t len, struct page_span *ret, size_t max)
{
	const char *end = text + len;
	struct page_span span = { 0 };
	struct zoneinfo_line l;
	u64 spanned = 0, v;
	size_t n = 0;

	while (zoneinfo_next(&text, end, &l)) {
		if (l.len > 5 && !memcmp(l.p, "Node ", 5)) {
			span = (struct page_span){ .cma_pages = UINT64_MAX,
						   .node = -1,
						   .zone = zoneinfo_zone(l) };
			if (zoneinfo_number(l, "Node", &v) && v <= INT16_MAX)
				span.node = v;
			spanned = 0;
		} else if (zoneinfo_number(l, "spanned ", &v)) {
			spanned = v;
		} else if (zoneinfo_number(l, "cma ", &v)) {
			span.cma_pages = v;
		} else if (zoneinfo_number(l, "start_pfn:", &v) && spanned) {
			span.start_pfn = v;
			span.end_pfn = v + spanned;
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
