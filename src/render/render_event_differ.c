/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What changed at an event, in words: a row for each fact and verdict that views show. */
#include "render/render_event.h"

#include <inttypes.h>
#include <string.h>

#include "render/columns.h"

#define WORD sizeof(((struct event_differ *)0)->after)

/* The page on one side. */
struct side {
	const struct page_run *page;
	const struct gup_verdicts *verdicts;
};

static const char *tri_word(enum tri t)
{
	return t == TRI_YES ? "yes" : t == TRI_NO ? "no" : "?";
}

static const char *pfn(const struct side *s, unsigned arg, char buf[WORD])
{
	if (s->page->why[PAGE_F_PFN] != PAGE_WHY_KNOWN || !s->page->pfn)
		return "";
	return columns_digits(s->page->pfn, 16, "", buf, WORD);
}

static const char *kind(const struct side *s, unsigned arg, char buf[WORD])
{
	return page_kind_name(s->page->kind);
}

static const char *leaf(const struct side *s, unsigned arg, char buf[WORD])
{
	return s->page->leaf ? columns_size(s->page->size, buf, WORD) : "";
}

static const char *exclusive(const struct side *s, unsigned arg, char buf[WORD])
{
	return tri_word(s->page->anon_exclusive);
}

static const char *pte_bit(const struct side *s, unsigned bit, char buf[WORD])
{
	return tri_word(tri_from(s->page->pte_known & bit, s->page->pte & bit));
}

static const char *count(const struct side *s, unsigned field, char buf[WORD])
{
	const struct page_run *p = s->page;
	s64 n = field == PAGE_F_MAPCOUNT   ? p->mapcount
		: field == PAGE_F_REFCOUNT ? p->refcount
					   : p->pincount;

	if (p->why[field] != PAGE_WHY_KNOWN)
		return p->why[field] == PAGE_WHY_NOT_APPLICABLE ? "-" : "?";
	snprintf(buf, WORD, "%" PRId64, n);
	return buf;
}

static const char *request(const struct side *s, unsigned req, char buf[WORD])
{
	const struct gup_verdict *v = &s->verdicts->req[req];

	return gup_word_name(v->word, v->err);
}

static const char *store(const struct side *s, unsigned arg, char buf[WORD])
{
	return gup_write_name(s->verdicts->write.fault);
}

static const char *leak(const struct side *s, unsigned arg, char buf[WORD])
{
	return tri_word(s->verdicts->write.leak);
}

static const char *fork_word(const struct side *s, unsigned arg, char buf[WORD])
{
	return gup_fork_name(s->verdicts->fork.word);
}

enum {
	STATE = 1,  /* shown, too, of a page that was not there before */
	STAYED = 2, /* the frame: before all else when it is the same one, */
	MOVED = 4,  /* and both frames behind kind and size */
};

static const struct row {
	const char *name;
	const char *(*word)(const struct side *s, unsigned arg, char buf[WORD]);
	u16 arg;
	u8 when;
} rows[] = {
	{ "pfn", pfn, 0, STATE | STAYED },
	{ "kind", kind },
	{ "leaf", leaf },
	{ "pfn", pfn, 0, MOVED },
	{ "excl", exclusive, 0, STATE },
	{ "write", pte_bit, PAGE_PTE_WRITE, STATE },
	{ "protnone", pte_bit, PAGE_PTE_PROTNONE },
	{ "uffd-wp", pte_bit, PAGE_PTE_UFFD_WP },
	{ "map", count, PAGE_F_MAPCOUNT, STATE },
	{ "ref", count, PAGE_F_REFCOUNT, STATE },
	{ "pin", count, PAGE_F_PINCOUNT },
	{ NULL, request, GUP_GET_R },
	{ NULL, request, GUP_GET_W },
	{ NULL, request, GUP_PIN_R },
	{ NULL, request, GUP_PIN_W },
	{ NULL, request, GUP_LT_R },
	{ NULL, request, GUP_LT_W },
	{ "store", store },
	{ "leak", leak, 0, STATE },
	{ "fork", fork_word },
};
_Static_assert(ARRAY_SIZE(rows) <= EVENT_DIFFERS, "an event has room for all of them");

/* The word is more than that nothing is known, or that something is not so. */
static bool means(const char *word)
{
	return word[0] && strcmp(word, "?") && strcmp(word, "-") && strcmp(word, "no");
}

/* Fills @ret when @row differs, or is worth a word of a page that only the side @b has. */
static bool differs(const struct row *row, const struct side *a, const struct side *b,
		    bool moved, struct event_differ *ret)
{
	char buf[WORD];
	const char *word = row->word(b, row->arg, buf);

	snprintf(ret->name, sizeof(ret->name), "%s",
		 row->name ? row->name : gup_request_name(row->arg));
	snprintf(ret->after, sizeof(ret->after), "%s", word);
	ret->before[0] = '\0';
	if (row->when & (STAYED | MOVED) && !(row->when & (moved ? MOVED : STAYED)))
		return false;
	if (!a->page || row->when & STAYED)
		return row->when & STATE && means(word);
	word = row->word(a, row->arg, buf);
	snprintf(ret->before, sizeof(ret->before), "%s", word);
	return word[0] && ret->after[0] && strcmp(word, ret->after);
}

unsigned render_event_differ(const struct event_change *change,
			     struct event_differ ret[EVENT_DIFFERS])
{
	const struct store_change *c = &change->c;
	const struct store_side *after = c->b.class ? &c->b : &c->a;
	struct page_run page[2];
	struct side a = { 0 }, b = { &page[1] };
	unsigned n = 0;

	if (!after->class)
		return render_event_read_differ(change->recorded, ret);
	b.verdicts = after->class->verdicts;
	store_diff_page(c, after, &page[1]);
	if (c->a.class && c->b.class) {
		a = (struct side){ &page[0], c->a.class->verdicts };
		store_diff_page(c, &c->a, &page[0]);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		n += differs(&rows[i], &a, &b, c->what & STORE_MOVED, &ret[n]);
	return n;
}
