/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/notable.h"

#include "lib/escape.h"

#include <string.h>

#include "lib/pure.h"

static const struct {
	u8 severity;
	const char *text;
} notable_rows[NOTABLES] = {
#define NOTABLE(id, s, t) [NOTABLE_##id] = { .severity = s, .text = t },
#include "report/notable.def"
#undef NOTABLE
};

unsigned notable_severity(enum notable_kind kind)
{
	return notable_rows[kind].severity;
}

const char *notable_text(enum notable_kind kind)
{
	return notable_rows[kind].text;
}

static void notable_add(struct notables *list, enum notable_kind kind,
			const struct report_row *row, u64 pages)
{
	struct notable *slot = NULL;

	for (unsigned i = 0; i < list->n; i++) {
		struct notable *it = &list->item[i];

		if (it->kind == kind && it->pid == row->process->pid &&
		    it->vma_start == row->vma->start) {
			it->pages += pages;
			return;
		}
		/* the least remarkable one gives way when the list is full */
		if (!slot ||
		    notable_rows[it->kind].severity < notable_rows[slot->kind].severity)
			slot = it;
	}
	if (list->n < NOTABLE_MAX) {
		slot = &list->item[list->n++];
	} else {
		list->dropped++;
		if (notable_rows[slot->kind].severity >= notable_rows[kind].severity)
			return;
	}
	*slot = (struct notable){ .kind = kind,
				  .pid = row->process->pid,
				  .vma_start = row->vma->start,
				  .addr = row->page->addr,
				  .pages = pages };
	escape_text(slot->name, sizeof(slot->name), row->vma->name);
}

static bool notable_known(const struct page_run *page, enum page_field field)
{
	return page->why[field] == PAGE_WHY_KNOWN;
}

static void notable_look_refs(struct notables *list, const struct report_row *row, u64 n)
{
	const struct page_run *page = row->page;
	const struct gup_verdicts *v = row->verdicts;
	bool pinned = notable_known(page, PAGE_F_PINCOUNT) && page->pincount > 0;

	if (v->write.leak == TRI_YES)
		notable_add(list, NOTABLE_LEAK, row, n);
	else if (v->write.seen_by_refs == TRI_YES)
		notable_add(list, NOTABLE_SEEN, row, n);
	if (pinned)
		notable_add(list, NOTABLE_PINNED, row, n);
	if (pinned && page->anon && page->anon_exclusive == TRI_NO && !page->order)
		notable_add(list, NOTABLE_PIN_NOT_EXCLUSIVE, row, n);
	if (notable_known(page, PAGE_F_REFCOUNT) && page->expected >= 0 &&
	    page->excess > 0 && !pinned && row->nholders == 0 &&
	    v->write.seen_by_refs != TRI_YES)
		notable_add(list, NOTABLE_UNEXPLAINED, row, n);
}

void notable_look(struct notables *list, const struct report_row *row, u32 base)
{
	const struct page_run *page = row->page;
	const struct gup_verdicts *v = row->verdicts;
	u64 n = page->pages * (page->size / base);

	if (page->raced)
		notable_add(list, NOTABLE_RACED, row, n);
	if (page->kind == PAGE_NONE || fact_get(&page->facts, FACT_PRESENT) != TRI_YES)
		return;
	notable_look_refs(list, row, n);
	if (v->req[GUP_LT_W].page == GUP_PAGE_MIGRATED)
		notable_add(list, NOTABLE_MIGRATE, row, n);
	if (page->kind == PAGE_ANON && page->anon_exclusive == TRI_NO &&
	    notable_known(page, PAGE_F_MAPCOUNT) && page->mapcount == 1 &&
	    page->mapcount_kind == PAGE_COUNT_EXACT)
		notable_add(list, NOTABLE_COPY_ALONE, row, n);
	else if (v->req[GUP_PIN_R].word == GUP_WORD_COPY)
		notable_add(list, NOTABLE_COPY, row, n);
	if (row->vma->write && v->req[GUP_LT_W].word == GUP_WORD_ERRNO &&
	    v->req[GUP_PIN_W].slow == GUP_SLOW_OK)
		notable_add(list, NOTABLE_LT_REFUSED, row, n);
	if (v->fork.word == GUP_FORK_COPY)
		notable_add(list, NOTABLE_FORK_COPY, row, n);
}

static int notable_order(const struct notable *a, const struct notable *b)
{
	if (notable_rows[a->kind].severity != notable_rows[b->kind].severity)
		return notable_rows[a->kind].severity > notable_rows[b->kind].severity
			       ? -1
			       : 1;
	return a->pages > b->pages ? -1 : a->pages < b->pages;
}

void notable_sort(struct notables *list)
{
	for (unsigned i = 1; i < list->n; i++) {
		struct notable it = list->item[i];
		unsigned j = i;

		for (; j && notable_order(&it, &list->item[j - 1]) < 0; j--)
			list->item[j] = list->item[j - 1];
		list->item[j] = it;
	}
}
