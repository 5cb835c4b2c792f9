/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page/holders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/text.h"
#include "lib/pure.h"

#define PIN_BIAS 1024 /* GUP_PIN_COUNTING_BIAS: what a pin adds to a small page's count */

ARRAY_ORDER(by_pfn, struct holder,
	    ORDER(!x->pages, !y->pages) ?: ORDER(x->pfn, y->pfn) ?:
	    ORDER(x->object, y->object) ?: ORDER(x->slot, y->slot))

void holders_sort(struct holders *h)
{
	if (h->n)
		qsort(h->holder, h->n, sizeof(*h->holder), by_pfn);
	h->nexact = 0;
	h->steps = HOLDERS_STEPS;
	for (u64 reach = 0; h->nexact < h->n && h->holder[h->nexact].pages; h->nexact++) {
		struct holder *x = &h->holder[h->nexact];

		reach = x->reach = MAX(reach, x->pfn + x->pages);
	}
}

static bool step(struct holders *h)
{
	if (h->steps && --h->steps)
		return true;
	if (h->complete)
		snprintf(h->why, sizeof(h->why),
			 "so many overlap that not every page could be explained");
	h->complete = false;
	return false;
}

/* Returns the first holder that reaches @pfn. */
static size_t lower_bound(struct holders *h, u64 pfn)
{
	return ARRAY_FIRST(i, 0, h->nexact, h->holder[i].reach <= pfn);
}

bool holders_open_by(const struct holder *holder, const pid_t *pids, unsigned npids)
{
	for (u32 i = 0; i < holder->nends; i++) {
		size_t at = ARRAY_FIRST(p, 0, npids, pids[p] < holder->end[i].pid);

		if (at < npids && pids[at] == holder->end[i].pid)
			return true;
	}
	return false;
}

s64 holders_unmapped(struct holders *h, pid_t pid)
{
	u64 sum = 0, counted = 0;

	if (!h->complete)
		return -1;
	for (size_t i = 0; i < h->nexact; i++) {
		const struct holder *x = &h->holder[i];
		u64 end = x->pfn + x->pages, first = MAX(x->pfn, counted);

		if (!x->unmapped || end <= first || !holders_open_by(x, &pid, 1))
			continue;
		if (x->unmapped < 0)
			return -1;
		sum += MIN((u64)x->unmapped, end - first);
		counted = end;
	}
	return (s64)sum;
}

const struct holder *holders_next(struct holders *h, u64 pfn, u64 end, size_t *pos)
{
	if (!*pos)
		*pos = lower_bound(h, pfn);
	for (; *pos < h->nexact && step(h); (*pos)++) {
		const struct holder *x = &h->holder[*pos];

		if (x->pfn >= end)
			break;
		if (x->pfn + x->pages > pfn) {
			(*pos)++;
			return x;
		}
	}
	return NULL;
}

u64 holders_alike(struct holders *h, u64 pfn, u64 n, bool *ret_held)
{
	const struct holder *x = NULL;
	u64 end = pfn;
	size_t pos = 0;

	*ret_held = false;
	while (h && (x = holders_next(h, pfn, pfn + n, &pos)) && x->pfn <= end) {
		*ret_held = true;
		end = MAX(end, x->pfn + x->pages);
	}
	if (*ret_held)
		return MIN(n, end - pfn);
	return x ? x->pfn - pfn : n;
}

u64 holders_refs(const struct holder *holder)
{
	return holder->again ? 0 : holder->whole ? 1 : holder->pages;
}

/* Returns the number of references that @holder has on the folio of @pages frames at @head. */
static s64 refs_of(const struct holder *holder, u64 head, u64 pages)
{
	u64 from = MAX(holder->pfn, head),
	    to = MIN(holder->pfn + holder->pages, head + pages);
	s64 n = from < to ? (s64)(to - from) : 0;

	if (!n || holder->certainty != HOLDERS_EXACT || holder->again)
		return 0;
	if (holder->whole) /* it holds one reference, on the folio of its first frame */
		n = holder->pfn >= head && holder->pfn < head + pages;
	if (holders_kinds[holder->kind].flags & HOLDERS_F_PIN && pages == 1)
		n *= PIN_BIAS;
	return n;
}

static void ledger_add(struct holders_ledger *l, const struct holder *holder)
{
	if (l->n < ARRAY_SIZE(l->holder))
		l->holder[l->n++] = *holder;
	else
		l->more++;
}

/*
 * Counts the references that exact holders have on the folio of @pages frames at @head.  Before
 * *@ret_next no holder begins or ends.
 */
static s64 explained(struct holders *h, u64 head, u64 pages, u64 *ret_next)
{
	const struct holder *x;
	size_t pos = 0;
	s64 n = 0;

	*ret_next = UINT64_MAX;
	while ((x = holders_next(h, head, head + pages, &pos))) {
		n += refs_of(x, head, pages);
		*ret_next = MIN(*ret_next, x->pfn + x->pages);
	}
	if (pos < h->nexact)
		*ret_next = MIN(*ret_next, h->holder[pos].pfn);
	return n;
}

/* Returns the references explained of the least explained folio of @pages frames in [@from, @to). */
static s64 explained_least(struct holders *h, u64 from, u64 to, u64 pages)
{
	s64 least = INT64_MAX;
	u64 next;

	for (u64 at = from; at < to && least && h->steps;) {
		s64 refs = explained(h, at, pages, &next);

		least = MIN(least, refs);
		at = pages == 1 ? MAX(next, at + 1) : at + pages;
	}
	return least;
}

bool holders_may_be_batched(const struct page_info *p)
{
	return !p->order && !p->has_batches &&
	       (p->kind == PAGE_ANON || p->kind == PAGE_KSM || p->kind == PAGE_FILE ||
		p->kind == PAGE_SHMEM);
}

static void add_guesses(struct holders *h, const struct page_info *page, pid_t pid,
			struct holders_ledger *ret)
{
	struct holder batch = { .kind = HOLDERS_LRU_BATCH,
				.certainty = HOLDERS_POSSIBLE };

	/* Of two, each would have to be in the batch of another CPU. */
	if (holders_may_be_batched(page) && ret->unexplained % PIN_BIAS == 1)
		ledger_add(ret, &batch);
	for (size_t i = h->nexact; i < h->n && step(h); i++)
		if (h->holder[i].nends && h->holder[i].end[0].pid == pid)
			ledger_add(ret, &h->holder[i]);
}

u64 holders_frames(const struct holders_ledger *l, const struct page_run *run, u64 frames,
		   u8 flags)
{
	u64 sum = 0, counted = run->pfn, end = run->pfn + frames;

	if (l->unexplained || l->more || !page_knows(&run->class->page, PAGE_F_PFN))
		return frames;
	for (unsigned i = 0; i < l->n; i++) {
		const struct holder *x = &l->holder[i];
		u64 first = MAX(x->pfn, counted), last = MIN(x->pfn + x->pages, end);

		if (first < last && (holders_kinds[x->kind].flags & flags) == flags) {
			sum += last - first;
			counted = last;
		}
	}
	return sum ? sum : frames;
}

/* Adds the batches of CPUs that hold @page. */
static void add_batches(const struct page_info *page, struct holders_ledger *ret)
{
	static const char *const names[] = {
		"?",
		"lru_add",
		"lru_deactivate_file",
		"lru_deactivate",
		"lru_lazyfree",
		"lru_activate",
		"lru_move_tail",
		"mlock",
	};

	for (u32 in = page->batches; in; in >>= 16) {
		struct holder batch = { .kind = HOLDERS_LRU_BATCH };

		snprintf(batch.name, sizeof(batch.name), "the %s batch of CPU %u",
			 names[in >> 13 & 7], in & 0x1fff);
		if (in & 0xffff)
			ledger_add(ret, &batch);
	}
	ret->explained = page_batches(page);
}

void holders_explain(struct holders *h, const struct page_run *run, pid_t pid,
		     struct holders_ledger *ret)
{
	const struct page_info *page = &run->class->page;
	u64 step = 1ULL << MIN(page->order, 40), from = page_head(run), to = from + step;
	const struct holder *x;
	size_t pos = 0;

	memset(ret, 0, sizeof(*ret));
	ret->unexplained = -1;
	if (!(page_knows(page, PAGE_F_PFN) && run->pfn) ||
	    !page_knows(page, PAGE_F_FOLIO))
		return;
	add_batches(page, ret);
	if (!h) {
		if (page->expected >= 0 && page->excess <= ret->explained)
			ret->unexplained = 0;
		return;
	}
	if (step * run->pages > 1 && page->leaf > RAW_LEVEL_PTE)
		to = from + step * run->pages;
	else if (!page->order)
		to = from + run->pages;
	while ((x = holders_next(h, from, to, &pos)))
		ledger_add(ret, x);
	ret->explained += explained_least(h, from, to, step);
	if (page->expected < 0 || !page_knows(page, PAGE_F_REFCOUNT))
		return;
	ret->unexplained = MAX(page->excess - ret->explained, 0);
	if (ret->unexplained)
		add_guesses(h, page, pid, ret);
	if (!h->steps)
		ret->unexplained = -1;
}

const struct holders_row holders_kinds[HOLDERS_KINDS] = {
#define PIN HOLDERS_F_PIN
#define SLOT HOLDERS_F_SLOT
#define ROW HOLDERS_F_ROW
#define CHARGED HOLDERS_F_CHARGED
#define INODE HOLDERS_F_INODE
#define WEAK HOLDERS_F_WEAK
#define HOLDER(id, n, f, o, t) \
	[HOLDERS_##id] = { .name = n, .flags = f, .open = o, .text = t },
#include "page/holders.def"
};

const char *holders_kind_name(enum holders_kind kind)
{
	return (unsigned)kind < HOLDERS_KINDS ? holders_kinds[kind].name : "?";
}

const char *holders_certainty_name(enum holders_certainty c)
{
	static const char *const names[] = { "exact", "candidate", "possible" };

	return (unsigned)c < ARRAY_SIZE(names) ? names[c] : "?";
}

/* Appends what @h is. */
static void text_what(const struct holder *h, char *buf, size_t size)
{
	for (const char *t = holders_kinds[h->kind].text; *t; t++) {
		switch (*t == '%' ? *++t : 0) {
		case 'o':
			text_add(buf, size, "%llu", h->object);
			break;
		case 's':
			text_add(buf, size, "%u", h->slot);
			break;
		case 'a':
			text_add(buf, size, "0x%llx+%lluK", h->addr, h->bytes >> 10);
			break;
		case 'b':
			text_add(buf, size, "%llu KiB", h->bytes >> 10);
			break;
		case 'n':
			text_add(buf, size, "%s",
				 h->name[0] ? h->name : "an LRU batch of some CPU");
			break;
		default:
			text_add(buf, size, "%c", *t);
		}
	}
}

static void text_ends(const struct holder *h, char *buf, size_t size)
{
	const char *sep = ": ";

	for (u32 i = 0; i < h->nends; i++) {
		const struct holder_end *e = &h->end[i];

		if (i == 4 && h->nends > 5) {
			text_add(buf, size, " and %u more", h->nends - i);
			break;
		}
		text_add(buf, size, "%s%s%s(%d)", sep,
			 h->kind != HOLDERS_PIPE ? ""
			 : e->reads && e->writes ? "read and written by "
			 : e->writes             ? "written by "
						 : "read by ",
			 e->comm, (int)e->pid);
		if (e->fd >= 0)
			text_add(buf, size, " fd %d", e->fd);
		sep = ", ";
	}
}

char *holders_what(const struct holder *h, char *buf, size_t size)
{
	buf[0] = '\0';
	text_what(h, buf, size);
	return buf;
}

char *holders_text(const struct holder *h, char *buf, size_t size)
{
	snprintf(buf, size, h->certainty != HOLDERS_EXACT ? "perhaps " : "");
	text_what(h, buf, size);
	text_ends(h, buf, size);
	return buf;
}
