/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What changed at an event, in words: a row for each column of pages and each bit that views show. */
#include "render/render_event.h"

#include <string.h>

#include "render/columns.h"

#define WORD sizeof(((struct event_differ *)0)->after)

static const char *tri_word(enum tri t, char buf[WORD])
{
	return strcpy(buf, t == TRI_YES ? "yes" : t == TRI_NO ? "no" : "?");
}

static const char *pfn(const struct report_row *side, unsigned arg, char buf[WORD])
{
	if (!page_knows(report_page(side), PAGE_F_PFN) || !side->run.pfn)
		return strcpy(buf, "");
	return columns_digits(side->run.pfn, 16, "", buf, WORD);
}

static const char *leaf(const struct report_row *side, unsigned arg, char buf[WORD])
{
	const struct page_info *p = report_page(side);

	return p->leaf ? columns_size(p->size, buf, WORD) : strcpy(buf, "");
}

/* Unlike the column, "no" where nothing can be exclusive: a page that was goes by this word. */
static const char *exclusive(const struct report_row *side, unsigned arg, char buf[WORD])
{
	return tri_word(report_page(side)->anon_exclusive, buf);
}

static const char *pte_bit(const struct report_row *side, unsigned bit, char buf[WORD])
{
	const struct page_info *p = report_page(side);

	return tri_word(tri_from(p->pte_known & bit, p->pte & bit), buf);
}

enum {
	STATE = 1,  /* shown, too, of a page that was not there before */
	STAYED = 2, /* the frame: before all else when it is the same one, */
	MOVED = 4,  /* and both frames behind kind and size */
};

static const struct row {
	const char *name, *column; /* no column: by word() */
	u8 when;
	const char *(*word)(const struct report_row *side, unsigned arg, char buf[WORD]);
	u16 arg;
} rows[] = {
	{ "pfn", NULL, STATE | STAYED, pfn },
	{ "kind", "KIND" },
	{ "leaf", NULL, 0, leaf },
	{ "pfn", NULL, MOVED, pfn },
	{ "excl", NULL, STATE, exclusive },
	{ "write", NULL, STATE, pte_bit, PAGE_PTE_WRITE },
	{ "protnone", NULL, 0, pte_bit, PAGE_PTE_PROTNONE },
	{ "uffd-wp", NULL, 0, pte_bit, PAGE_PTE_UFFD_WP },
	{ "map", "MAP", STATE },
	{ "ref", "REF", STATE },
	{ "pin", "PIN" },
	{ "get-r", "GET-R" },
	{ "get-w", "GET-W" },
	{ "pin-r", "PIN-R" },
	{ "pin-w", "PIN-W" },
	{ "lt-r", "LT-R" },
	{ "lt-w", "LT-W" },
	{ "store", "WRITE" },
	{ "leak", "LEAK", STATE },
	{ "fork", "FORK" },
	{ "migrate", "MIGRATE" },
};
_Static_assert(ARRAY_SIZE(rows) <= EVENT_DIFFERS, "an event has room for all of them");

/* The word is more than that nothing is known, or that something is not so. */
static bool means(const char *word)
{
	return word[0] && strcmp(word, "?") && strcmp(word, "-") && strcmp(word, "no");
}

static void put_word(const struct row *row, const struct report_row *side, char buf[WORD])
{
	if (row->column)
		columns_named(row->column, side, buf, WORD);
	else
		row->word(side, row->arg, buf);
}

/* Fills @ret when @row differs, or is worth a word of a page that only the side @b has. */
static bool differs(const struct row *row, const struct report_row *a,
		    const struct report_row *b, bool moved, struct event_differ *ret)
{
	if (row->when & (STAYED | MOVED) && !(row->when & (moved ? MOVED : STAYED)))
		return false;
	snprintf(ret->name, sizeof(ret->name), "%s", row->name);
	ret->before[0] = '\0';
	put_word(row, b, ret->after);
	if (!a->run.class || row->when & STAYED)
		return row->when & STATE && means(ret->after);
	put_word(row, a, ret->before);
	return ret->before[0] && ret->after[0] && strcmp(ret->before, ret->after);
}

unsigned render_event_differ(const struct event_change *change,
			     struct event_differ ret[EVENT_DIFFERS])
{
	const struct store_change *c = &change->c;
	const struct store_side *after = c->b.class ? &c->b : &c->a;
	struct report_row a = { 0 }, b;
	unsigned n = 0;

	if (!after->class)
		return render_event_read_differ(change->recorded, ret);
	b = store_diff_row(c, after);
	if (c->a.class && c->b.class)
		a = store_diff_row(c, &c->a);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].word != pfn || !change->scattered)
			n += differs(&rows[i], &a, &b, c->what & STORE_MOVED, &ret[n]);
	return n;
}
