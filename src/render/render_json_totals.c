/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The totals of a VMA, a process or everything, in JSON. */
#include "render/js.h"
#include "render/render.h"

#include <stdio.h>

static struct js *json_totals(const struct report_totals *t)
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
	struct js *o = js_object();

	for (unsigned i = 0; i < ARRAY_SIZE(counts); i++)
		js_num(o, counts[i].key, *(const u64 *)((const char *)t + counts[i].at));
	return o;
}

/* Large folios by their size, in the names of /sys/kernel/mm/transparent_hugepage. */
static struct js *json_folios(const struct report_totals *t, u32 base)
{
	struct js *o = js_object();

	for (unsigned order = 1; order < REPORT_ORDERS; order++) {
		struct js *size;
		char name[24];

		if (!t->folio[0][order] && !t->folio[1][order])
			continue;
		snprintf(name, sizeof(name), "%ukB", (base >> 10) << order);
		size = js_object();
		js_num(size, "pte", t->folio[0][order] * base);
		js_num(size, "huge", t->folio[1][order] * base);
		js_add(o, name, size);
	}
	return o;
}

/* Bytes: rss is exclusive, waiting, shared, file, other, and the pages of part_unknown. */
static struct js *json_memory(const struct report_totals *t, u32 base)
{
	struct js *o = js_object();

	js_num(o, "rss", t->present * base);
	js_num(o, "exclusive", t->exclusive * base);
	js_num(o, "waiting", t->waiting * base);
	js_num(o, "shared", t->shared * base);
	js_num(o, "file", t->private_file * base);
	js_num(o, "other", t->other * base);
	js_num(o, "part_unknown", t->part_unknown);
	js_num(o, "uss", t->uss * base);
	js_num(o, "uss_unknown", t->maps_unknown);
	js_num(o, "pss", t->pss / REPORT_PSS);
	js_num(o, "pss_unknown", t->maps_unknown);
	js_num(o, "lazyfree", t->lazyfree * base);
	js_num(o, "lazyfree_unknown", t->lazyfree_unknown);
	js_num(o, "swap", t->swapped * base);
	js_num(o, "swapcache", t->swapcache * base);
	js_add(o, "thp", json_folios(t, base));
	return o;
}

static struct js *json_gup_totals(const struct report_totals *t)
{
	struct js *gup = js_object();

	for (unsigned i = 0; i < GUP_REQUESTS; i++) {
		struct js *words = NULL;

		for (unsigned w = 0; w < GUP_WORDS; w++) {
			if (!t->gup[i][w])
				continue;
			if (!words)
				words = js_object();
			js_num(words, w == GUP_WORD_ERRNO ? "error" : gup_word_name(w, 0),
			       t->gup[i][w]);
		}
		if (words)
			js_add(gup, gup_request_name(i), words);
	}
	return gup;
}

void render_json_totals(struct js *o, const struct report_totals *t, u32 base)
{
	js_add(o, "pages", json_totals(t));
	js_add(o, "memory", json_memory(t, base));
	js_add(o, "gup", json_gup_totals(t));
}
