/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/highlights.h"

#include "page/holders.h"
#include "report/lint.h"

#include <string.h>

#include "lib/pure.h"

const struct highlights_row highlights_rows[HIGHLIGHTS] = {
#define HIGHLIGHT(id, s, t) [HIGHLIGHT_##id] = { .severity = s, .text = t },
#include "report/highlights.def"
};

/* The mapping of which rows came is complete. */
static void highlights_close(struct highlights *list, enum highlights_kind kind)
{
	struct highlight *now = &list->now[kind], *best = list->best[kind];
	unsigned at = HIGHLIGHT_BEST;

	list->pages[kind] += now->pages;
	list->mappings[kind]++;
	while (at && best[at - 1].pages < now->pages)
		at--;
	if (at < HIGHLIGHT_BEST) {
		memmove(&best[at + 1], &best[at],
			(HIGHLIGHT_BEST - 1 - at) * sizeof(*best));
		best[at] = *now;
	}
	now->pages = 0;
}

static void highlights_add(struct highlights *list, enum highlights_kind kind,
			   const struct report_row *row, u64 bugs)
{
	u64 pages = row->run.pages * (report_page(row)->size / list->base);
	struct highlight *now = &list->now[kind];

	if (now->pages &&
	    (now->process.pid != row->process->pid || now->vma.start != row->vma->start))
		highlights_close(list, kind);
	if (row->ledger && (kind == HIGHLIGHT_SEEN || kind == HIGHLIGHT_PINNED))
		pages = holders_frames(row->ledger, &row->run, pages,
				       kind == HIGHLIGHT_PINNED ? HOLDERS_F_PIN : 0);
	now->pages += pages;
	if (now->pages != pages)
		return;
	now->lint = bugs;
	now->process = *row->process;
	now->vma = *row->vma;
	now->class = *row->run.class;
	now->verdicts = *now->class.verdicts;
	now->run = row->run;
	now->raw = *row->raw;
	now->has_ledger = row->ledger;
	now->unexplained = row->ledger ? row->ledger->unexplained : -1;
	for (now->nholders = 0;
	     now->nholders < MIN(row->nholders, (unsigned)HIGHLIGHTS_HOLDERS);
	     now->nholders++)
		holders_text(&row->holders[now->nholders], now->holder[now->nholders],
			     sizeof(now->holder[0]));
}

/*
 * References that neither mappings, caches, pins nor holders that were found explain.  What CPUs
 * may keep in batches on its way to or between LRU lists is no verdict on anybody: a small page can
 * be in one of each CPU (folio_activate(), mm/swap.c).
 */
static void highlights_look_unexplained(struct highlights *list,
					const struct report_row *row)
{
	const struct page_info *page = report_page(row);
	s64 rest = row->ledger ? row->ledger->unexplained : page->excess;

	if (rest <= 0 || report_only_batch(page))
		return;
	for (unsigned i = 0; i < row->nholders; i++)
		if (row->holders[i].certainty == HOLDERS_CANDIDATE &&
		    !(holders_kinds[row->holders[i].kind].flags & HOLDERS_F_WEAK))
			return;
	if (!holders_may_be_batched(page) || (list->cpus && rest > list->cpus))
		highlights_add(list, HIGHLIGHT_UNEXPLAINED, row, 0);
	else if (page->anon && row->ledger)
		highlights_add(list, HIGHLIGHT_BATCH, row, 0);
}

static void highlights_look_refs(struct highlights *list, const struct report_row *row)
{
	const struct page_info *page = report_page(row);
	const struct gup_verdicts *v = row->run.class->verdicts;
	bool pinned = page_knows(page, PAGE_F_PINCOUNT) && page->pincount > 0;

	if (pinned)
		highlights_add(list, HIGHLIGHT_PINNED, row, 0);
	if (pinned && page->anon && page->anon_exclusive == TRI_NO && !page->order)
		highlights_add(list, HIGHLIGHT_PIN_NOT_EXCLUSIVE, row, 0);
	if (v->write.leak == TRI_YES)
		highlights_add(list, HIGHLIGHT_LEAK, row, 0);
	/* What the kernel shares with the process by design, such as the rings of an io_uring, is seen. */
	else if (v->write.seen_by_refs == TRI_YES && !pinned && !page_of_owner(page))
		highlights_add(list, HIGHLIGHT_SEEN, row, 0);
	else if (page_knows(page, PAGE_F_REFCOUNT) && page->expected >= 0 && !pinned)
		highlights_look_unexplained(list, row);
}

void highlights_look(struct highlights *list, const struct report_row *row)
{
	const struct page_info *page = report_page(row);
	const struct gup_verdicts *v = row->run.class->verdicts;
	u64 bugs = lint_bugs(row);

	if (page->raced)
		highlights_add(list, HIGHLIGHT_RACED, row, 0);
	if (page->kind == PAGE_NONE || fact_get(&page->facts, FACT_PRESENT) != TRI_YES)
		return;
	if (bugs)
		highlights_add(list, HIGHLIGHT_BUG, row, bugs);
	highlights_look_refs(list, row);
	if (v->req[GUP_LT_W].page == GUP_PAGE_MIGRATED)
		highlights_add(list, HIGHLIGHT_MIGRATE, row, 0);
	if (page->kind == PAGE_ANON && page->anon_exclusive == TRI_NO &&
	    page_knows(page, PAGE_F_MAPCOUNT) && page->mapcount == 1 &&
	    page->mapcount_kind == PAGE_COUNT_EXACT)
		highlights_add(list, HIGHLIGHT_COPY_ALONE, row, 0);
	else if (v->req[GUP_PIN_R].word == GUP_WORD_COPY)
		highlights_add(list, HIGHLIGHT_COPY, row, 0);
	if (row->vma->write && v->req[GUP_LT_W].word == GUP_WORD_ERRNO &&
	    v->req[GUP_PIN_W].slow == GUP_SLOW_OK)
		highlights_add(list, HIGHLIGHT_LT_REFUSED, row, 0);
	if (v->fork.word == GUP_FORK_COPY)
		highlights_add(list, HIGHLIGHT_FORK_COPY, row, 0);
}

unsigned highlights_worst(const struct highlights *list, const struct vma *vma)
{
	unsigned worst = 0;

	for (unsigned i = 0; i < HIGHLIGHTS; i++)
		if (list->now[i].pages && list->now[i].vma.start == vma->start)
			worst = MAX(worst, highlights_rows[i].severity);
	return worst;
}

void highlights_end(struct highlights *list)
{
	for (unsigned i = 0; i < HIGHLIGHTS; i++)
		if (list->now[i].pages)
			highlights_close(list, i);
}

unsigned highlights_found(const struct highlights *list, u8 kinds[HIGHLIGHTS])
{
	unsigned n = 0;

	for (unsigned i = 0; i < HIGHLIGHTS; i++) {
		unsigned j = n;

		if (!list->pages[i])
			continue;
		for (; j && (highlights_rows[i].severity >
				     highlights_rows[kinds[j - 1]].severity ||
			     (highlights_rows[i].severity ==
				      highlights_rows[kinds[j - 1]].severity &&
			      list->pages[i] > list->pages[kinds[j - 1]]));
		     j--)
			kinds[j] = kinds[j - 1];
		kinds[j] = (u8)i;
		n++;
	}
	return n;
}
