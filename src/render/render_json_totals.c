/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The totals of a VMA, a process or everything, in JSON. */
#include "render/js.h"
#include "render/render.h"

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

void render_json_totals(struct js *o, const struct report_totals *t)
{
	js_add(o, "pages", json_totals(t));
	js_add(o, "gup", json_gup_totals(t));
}
