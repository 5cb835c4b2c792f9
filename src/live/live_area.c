/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/live_area.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "os/readfile.h"
#include "page/zoneinfo.h"
#include "report/range.h"

struct live_area_search {
	const struct source_machine *m;
	struct live_area *area;
	char *why;
	size_t size;
};

static int live_area_fail(struct live_area_search *s, int err, const char *fmt,
			  const char *text)
{
	snprintf(s->why, s->size, fmt, text);
	return err;
}

static int live_area_add(struct live_area_search *s, u64 pfn, u64 end)
{
	struct live_area *a = s->area;

	if (end <= pfn || a->n == LIVE_AREA_RANGES)
		return end <= pfn ? 0
				  : live_area_fail(s, -E2BIG, "%s has too many parts",
						   "the area");
	a->range[a->n++] = (struct collect_range){ pfn, end };
	return 0;
}

/* Every span of the machine's zones for which @zone, @node and @cma hold, those that are given. */
static int live_area_spans(struct live_area_search *s, int zone, int node, bool cma)
{
	const struct page_context *c = &s->m->page;
	int err = 0;

	for (unsigned i = 0; i < c->nspans && !err; i++) {
		const struct page_span *x = &c->spans[i];

		if ((zone < 0 || x->zone == zone) && (node < 0 || x->node == node) &&
		    (!cma || zoneinfo_is_cma(x) == TRI_YES))
			err = live_area_add(s, x->start_pfn, x->end_pfn);
	}
	return err;
}

static int live_area_zone(struct live_area_search *s, const char *name)
{
	for (int i = 0; i < PAGE_ZONES; i++)
		if (!strcasecmp(page_zone_name(i), name))
			return live_area_spans(s, i, -1, false);
	return live_area_fail(s, -EINVAL, "there is no zone '%.40s'", name);
}

static int live_area_block(struct live_area_search *s, const char *name, u64 base)
{
	u64 index, bytes = readfile_hex(AT_FDCWD,
					"/sys/devices/system/memory/block_size_bytes");
	char path[120];

	snprintf(path, sizeof(path), "/sys/devices/system/memory/%.40s/phys_index", name);
	if (bytes == UINT64_MAX)
		return live_area_fail(
			s, -ENOENT,
			"%.40s: the kernel shows no memory blocks (CONFIG_MEMORY_HOTPLUG)",
			name);
	index = readfile_hex(AT_FDCWD, path);
	if (index == UINT64_MAX)
		return live_area_fail(s, -ENOENT,
				      "there is no /sys/devices/system/memory/%.40s",
				      name);
	return live_area_add(s, index * (bytes / base), (index + 1) * (bytes / base));
}

static int live_area_cma(struct live_area_search *s, const char *name)
{
	u64 first, count;
	char path[120];

	snprintf(path, sizeof(path), "/sys/kernel/debug/cma/%.60s/count", name);
	count = strchr(name, '/') ? UINT64_MAX : readfile_number(AT_FDCWD, path);
	if (count == UINT64_MAX)
		return live_area_fail(
			s, -ENOENT,
			"/sys/kernel/debug/cma/%.60s cannot be read: no such area, no debugfs, or no CONFIG_CMA_DEBUGFS; cma stands for all areas",
			name);
	snprintf(path, sizeof(path), "/sys/kernel/debug/cma/%.60s/base_pfn", name);
	first = readfile_number(AT_FDCWD, path);
	if (first == UINT64_MAX)
		return live_area_fail(s, -ENOENT,
				      "/sys/kernel/debug/cma/%.60s has no base_pfn",
				      name);
	return live_area_add(s, first, first + count);
}

/* Parses frames, or bytes of @unit to a frame. */
static int live_area_range(struct live_area_search *s, const char *text, u64 unit)
{
	struct collect_range r;
	const char *reason = "";

	switch (range_parse(text, (u32)unit, &r, &reason)) {
	case RANGE_ADDRESSES:
		return live_area_add(s, r.start / unit, (r.end + unit - 1) / unit);
	case RANGE_NAME:
		return live_area_fail(
			s, -EINVAL,
			"'%.60s' is no area: it takes a PFN, PFN-PFN, PFN+FRAMES, phys:ADDR, phys:A-B, phys:A+SIZE, memoryN, nodeN, zone:NAME, cma:NAME or cma",
			text);
	default:
		return live_area_fail(s, -EINVAL, "%s", reason);
	}
}

int live_area_find(const struct source_machine *m, const char *text,
		   struct live_area *ret, char *why, size_t size)
{
	struct live_area_search s = { .m = m, .area = ret, .why = why, .size = size };
	u64 base = kernel_page_size(&m->kernel);
	unsigned n;
	char rest;
	int err;

	memset(ret, 0, sizeof(*ret));
	if (!strncmp(text, "phys:", 5))
		err = live_area_range(&s, text + 5, base);
	else if (sscanf(text, "memory%u%c", &n, &rest) == 1)
		err = live_area_block(&s, text, base);
	else if (sscanf(text, "node%u%c", &n, &rest) == 1)
		err = live_area_spans(&s, -1, (int)MIN(n, 0x7fffu), false);
	else if (!strncmp(text, "zone:", 5))
		err = live_area_zone(&s, text + 5);
	else if (!strncmp(text, "cma:", 4))
		err = live_area_cma(&s, text + 4);
	else if (!strcmp(text, "cma"))
		err = live_area_spans(&s, -1, -1, true);
	else
		err = live_area_range(&s, text, 1);
	if (!err && !ret->n)
		err = live_area_fail(&s, -ENOENT, "this machine has no frame in '%.60s'",
				     text);
	return err;
}
