/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/changes.h"

#include <stdio.h>
#include <string.h>

#include "lib/text.h"

const char *const changes_words[CHANGES_WORDS] = { "appeared", "vanished", "moved",
						   "state",    "counts",   "verdict",
						   "minor",    "known",    "mapped" };

bool changes_of_others(const struct store_change *c)
{
	u8 kind = c->b.class ? c->b.class->page.kind : PAGE_NONE;

	return !(c->what & (STORE_REAL & ~STORE_COUNTS)) &&
	       (kind == PAGE_FILE || kind == PAGE_ZERO || kind == PAGE_HUGE_ZERO ||
		kind == PAGE_SPECIAL || kind == PAGE_DEVICE);
}

/* Formats "state,verdict". */
static void changes_what(u32 what, char *buf, size_t size)
{
	EACH_BIT (i, what & STORE_REAL)
		text_add(buf, size, "%s%s", *buf ? "," : "", changes_words[i]);
}

static const char *changes_exclusive(const struct page_info *p)
{
	if (p->anon_exclusive == TRI_YES)
		return " excl";
	if (p->anon_exclusive != TRI_NO || (p->kind != PAGE_ANON && !p->anon))
		return "";
	return report_shared(p) == TRI_NO ? " was shared" : " shared";
}

static void changes_number(const struct page_info *p, enum page_field field, s64 n,
			   char *buf, size_t size)
{
	bool known = page_knows(p, field);

	snprintf(buf, size, known ? "%lld" : "?", n);
}

/* Describes one side of a change in a few words. */
static void changes_side(const struct store_change *c, const struct store_side *side,
			 char *buf, size_t size)
{
	char ref[40], map[40], pfn[40] = "";
	const struct page_info *p = side->class ? &side->class->page : NULL;

	if (!p || p->kind == PAGE_NONE) {
		snprintf(buf, size, "%s", side->vma ? "hole" : "not mapped");
		return;
	}
	if (p->present != TRI_YES) {
		snprintf(buf, size, "%s", page_kind_name(p->kind));
		return;
	}
	if (page_knows(p, PAGE_F_PFN) && c->what & STORE_MOVED)
		snprintf(pfn, sizeof(pfn), " pfn %#llx", store_diff_row(c, side).run.pfn);
	changes_number(p, PAGE_F_MAPCOUNT, p->mapcount, map, sizeof(map));
	changes_number(p, PAGE_F_REFCOUNT, p->refcount, ref, sizeof(ref));
	snprintf(buf, size, "%s%s map %s ref %s%s%s", page_kind_name(p->kind),
		 changes_exclusive(p), map, ref, pfn,
		 side->class->verdicts->write.leak == TRI_YES ? " LEAK" : "");
}

/* Formats "pin-r fast -> copy" for each verdict whose word changed. */
static void changes_verdicts(const struct store_change *c, char *buf, size_t size)
{
	if (!(c->what & STORE_VERDICT) || !c->a.class || !c->b.class)
		return;
	for (unsigned i = 0; i < GUP_WHATS; i++) {
		const char *a = gup_what_word(c->a.class->verdicts, i);
		const char *b = gup_what_word(c->b.class->verdicts, i);

		if (strcmp(a, b))
			text_add(buf, size, "%s%s %s -> %s", *buf ? ", " : "",
				 gup_what_name(i), a, b);
	}
}

bool changes_part(const struct report_row *row, unsigned part, char *buf, size_t size)
{
	const struct store_change *c = row->item;

	buf[0] = '\0';
	if (!c && !part)
		snprintf(buf, size, "process");
	else if (!c && part < 3 && *row->what == (part == 1 ? 'A' : 'B'))
		snprintf(buf, size, "only in %s", row->what);
	else if (c && !part)
		changes_what(c->what, buf, size);
	else if (c && part < 3)
		changes_side(c, part == 1 ? &c->a : &c->b, buf, size);
	else if (c)
		changes_verdicts(c, buf, size);
	return buf[0];
}
