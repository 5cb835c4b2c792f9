/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/highlights.h"

#include "lib/escape.h"

#include <string.h>

#include "lib/pure.h"

static const struct {
	u8 severity;
	const char *text;
} highlights_rows[HIGHLIGHTS] = {
#define HIGHLIGHT(id, s, t) [HIGHLIGHT_##id] = { .severity = s, .text = t },
#include "report/highlights.def"
#undef HIGHLIGHT
};

unsigned highlights_severity(enum highlights_kind kind)
{
	return highlights_rows[kind].severity;
}

const char *highlights_text(enum highlights_kind kind)
{
	return highlights_rows[kind].text;
}

static void highlights_add(struct highlights *list, enum highlights_kind kind,
			   const struct report_row *row, u64 pages)
{
	struct highlight *slot = NULL;

	for (unsigned i = 0; i < list->n; i++) {
		struct highlight *it = &list->item[i];

		if (it->kind == kind && it->pid == row->process->pid &&
		    it->vma_start == row->vma->start) {
			it->pages += pages;
			return;
		}
		/* When the list is full, the least remarkable one is replaced. */
		if (!slot || highlights_rows[it->kind].severity <
				     highlights_rows[slot->kind].severity)
			slot = it;
	}
	if (list->n < HIGHLIGHT_MAX) {
		slot = &list->item[list->n++];
	} else {
		list->dropped++;
		if (highlights_rows[slot->kind].severity >=
		    highlights_rows[kind].severity)
			return;
	}
	*slot = (struct highlight){ .kind = kind,
				    .pid = row->process->pid,
				    .vma_start = row->vma->start,
				    .addr = row->page->addr,
				    .pages = pages };
	escape_text(slot->name, sizeof(slot->name), row->vma->name);
}

static bool highlights_known(const struct page_run *page, enum page_field field)
{
	return page->why[field] == PAGE_WHY_KNOWN;
}

static void highlights_look_refs(struct highlights *list, const struct report_row *row,
				 u64 n)
{
	const struct page_run *page = row->page;
	const struct gup_verdicts *v = row->verdicts;
	bool pinned = highlights_known(page, PAGE_F_PINCOUNT) && page->pincount > 0;

	if (v->write.leak == TRI_YES)
		highlights_add(list, HIGHLIGHT_LEAK, row, n);
	else if (v->write.seen_by_refs == TRI_YES)
		highlights_add(list, HIGHLIGHT_SEEN, row, n);
	if (pinned)
		highlights_add(list, HIGHLIGHT_PINNED, row, n);
	if (pinned && page->anon && page->anon_exclusive == TRI_NO && !page->order)
		highlights_add(list, HIGHLIGHT_PIN_NOT_EXCLUSIVE, row, n);
	if (highlights_known(page, PAGE_F_REFCOUNT) && page->expected >= 0 &&
	    page->excess > 0 && !pinned && row->nholders == 0 &&
	    v->write.seen_by_refs != TRI_YES)
		highlights_add(list, HIGHLIGHT_UNEXPLAINED, row, n);
}

void highlights_look(struct highlights *list, const struct report_row *row, u32 base)
{
	const struct page_run *page = row->page;
	const struct gup_verdicts *v = row->verdicts;
	u64 n = page->pages * (page->size / base);

	if (page->raced)
		highlights_add(list, HIGHLIGHT_RACED, row, n);
	if (page->kind == PAGE_NONE || fact_get(&page->facts, FACT_PRESENT) != TRI_YES)
		return;
	highlights_look_refs(list, row, n);
	if (v->req[GUP_LT_W].page == GUP_PAGE_MIGRATED)
		highlights_add(list, HIGHLIGHT_MIGRATE, row, n);
	if (page->kind == PAGE_ANON && page->anon_exclusive == TRI_NO &&
	    highlights_known(page, PAGE_F_MAPCOUNT) && page->mapcount == 1 &&
	    page->mapcount_kind == PAGE_COUNT_EXACT)
		highlights_add(list, HIGHLIGHT_COPY_ALONE, row, n);
	else if (v->req[GUP_PIN_R].word == GUP_WORD_COPY)
		highlights_add(list, HIGHLIGHT_COPY, row, n);
	if (row->vma->write && v->req[GUP_LT_W].word == GUP_WORD_ERRNO &&
	    v->req[GUP_PIN_W].slow == GUP_SLOW_OK)
		highlights_add(list, HIGHLIGHT_LT_REFUSED, row, n);
	if (v->fork.word == GUP_FORK_COPY)
		highlights_add(list, HIGHLIGHT_FORK_COPY, row, n);
}

static int highlights_order(const struct highlight *a, const struct highlight *b)
{
	if (highlights_rows[a->kind].severity != highlights_rows[b->kind].severity)
		return highlights_rows[a->kind].severity >
				       highlights_rows[b->kind].severity
			       ? -1
			       : 1;
	return a->pages > b->pages ? -1 : a->pages < b->pages;
}

void highlights_sort(struct highlights *list)
{
	for (unsigned i = 1; i < list->n; i++) {
		struct highlight it = list->item[i];
		unsigned j = i;

		for (; j && highlights_order(&it, &list->item[j - 1]) < 0; j--)
			list->item[j] = list->item[j - 1];
		list->item[j] = it;
	}
}
