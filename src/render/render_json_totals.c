/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The totals of a VMA, a process or everything, in JSON. */
#include "render/js.h"
#include "render/render.h"

#include <stdio.h>

static void json_totals(struct js *j, const struct report_totals *t)
{
	static const struct {
		const char *key;
		size_t at;
	} counts[] = {
#define COUNT(k) { #k, offsetof(struct report_totals, k) }
		COUNT(present),       COUNT(exclusive),
		COUNT(shared),        COUNT(swapped),
		COUNT(hugetlb),       COUNT(thp),
		COUNT(pinned),        COUNT(excess_refs),
		COUNT(unknown),       COUNT(ksm),
		COUNT(file),          COUNT(zero),
		COUNT(leaks),         COUNT(exclusive_unknown),
		COUNT(pins_unknown),  COUNT(refs_unknown),
		COUNT(leaks_unknown),
#undef COUNT
	};
	js_open(j, "pages", '{');
	for (unsigned i = 0; i < ARRAY_SIZE(counts); i++)
		js_num(j, counts[i].key, *(const u64 *)((const char *)t + counts[i].at));
	js_close(j, '}');
}

/* Large folios by their size, in the names of /sys/kernel/mm/transparent_hugepage. */
static void json_folios(struct js *j, const struct report_totals *t, u32 base)
{
	js_open(j, "thp", '{');
	for (unsigned order = 1; order < REPORT_ORDERS; order++) {
		char name[24];

		if (!t->folio[0][order] && !t->folio[1][order])
			continue;
		snprintf(name, sizeof(name), "%ukB", (base >> 10) << order);
		js_open(j, name, '{');
		js_num(j, "pte", t->folio[0][order] * base);
		js_num(j, "huge", t->folio[1][order] * base);
		if (!t->thp_folded) {
			js_num(j, "aligned", t->folio_whole[1][order] * base);
			js_num(j, "unaligned", t->folio_whole[0][order] * base);
			js_num(j, "partial", t->folio_part[order] * base);
		}
		js_close(j, '}');
	}
	js_close(j, '}');
}

/* Bytes: rss is exclusive, waiting, shared, file, other, and the pages of part_unknown. */
static void json_memory(struct js *j, const struct report_totals *t, u32 base)
{
	js_open(j, "memory", '{');
	js_num(j, "rss", t->present * base);
	js_num(j, "exclusive", t->exclusive * base);
	js_num(j, "waiting", t->waiting * base);
	js_num(j, "shared", t->shared * base);
	js_num(j, "file", t->private_file * base);
	js_num(j, "other", t->other * base);
	js_num(j, "part_unknown", t->part_unknown);
	js_num(j, "uss", t->uss * base);
	js_num(j, "uss_unknown", t->maps_unknown);
	js_num(j, "pss", t->pss / REPORT_PSS);
	js_num(j, "pss_unknown", t->maps_unknown);
	js_num(j, "lazyfree", t->lazyfree * base);
	js_num(j, "lazyfree_unknown", t->lazyfree_unknown);
	js_num(j, "swap", t->swapped * base);
	js_num(j, "swapcache", t->swapcache * base);
	if (t->held_looked)
		js_num_if(j, "held_unmapped", !t->held_unknown, t->held_unmapped * base);
	json_folios(j, t, base);
	js_close(j, '}');
}

static void json_gup_totals(struct js *j, const struct report_totals *t)
{
	js_open(j, "gup", '{');
	for (unsigned i = 0; i < GUP_REQUESTS; i++) {
		bool any = false;

		for (unsigned w = 0; w < GUP_WORDS; w++) {
			if (!t->gup[i][w])
				continue;
			if (!any)
				js_open(j, gup_requests[i].name, '{');
			any = true;
			js_num(j, gup_kind_name(w), t->gup[i][w]);
		}
		if (any)
			js_close(j, '}');
	}
	js_close(j, '}');
}

void render_json_totals(struct js *j, const struct report_totals *t, u32 base)
{
	json_totals(j, t);
	json_memory(j, t, base);
	json_gup_totals(j, t);
}
