/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes a state from its words. */
#include "pagestate/pagestate_factory.h"
#include "lib/array.h"
#include "lib/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os/memsize.h"
#include "pagestate/pagestate_child.h"
#include "pagestate/pagestate_int.h"
#include "pagestate/pagestate_ref.h"

#define PAGESTATE_ARENA_MAX ((size_t)64 << 20)

enum pagestate_unit {
	PAGESTATE_PAGES,
	PAGESTATE_KIB,
	PAGESTATE_PMD,
	PAGESTATE_ARENA_LEN
};
#define PAGES(n) PAGESTATE_PAGES, n
#define KIB(n) PAGESTATE_KIB, n
#define PMD PAGESTATE_PMD, 1
#define ARENA PAGESTATE_ARENA_LEN, 1

static const struct {
	struct pagestate_row row;
	enum pagestate_mapping mapping;
	struct {
		enum pagestate_unit unit;
		u32 n;
	} size;
	const char *steps;
} pagestate_rows[PAGESTATES] = {
#define PAGESTATE(id, name_, needs_, try_, mapping_, size_, steps_, text_) \
	[PAGESTATE_##id] = { .row = { .name = name_,                       \
				      .text = text_,                       \
				      .needs = PAGESTATE_NEED_##needs_,    \
				      .try = PAGESTATE_TRY_##try_ },       \
			     .mapping = PAGESTATE_MAP_##mapping_,          \
			     .size = { size_ },                            \
			     .steps = steps_ },
#include "pagestate/pagestate.def"
};
#undef PAGES
#undef KIB
#undef PMD
#undef ARENA

/* Returns the bytes of the mapping of state @id; 0 when this machine has no such pages. */
static size_t pagestate_len(enum pagestate_id id)
{
	size_t page = pagestate_map_page(pagestate_rows[id].mapping), n;
	size_t pmd = pagestate_size(PAGESTATE_SIZE_PMD);

	switch (pagestate_rows[id].size.unit) {
	case PAGESTATE_KIB:
		n = (size_t)pagestate_rows[id].size.n << 10;
		return n > page && n < pmd ? n : 0;
	case PAGESTATE_PMD:
		return pmd;
	case PAGESTATE_ARENA_LEN:
		return 2 * pmd <= PAGESTATE_ARENA_MAX ? 2 * pmd : 4 << 20;
	default:
		return pagestate_rows[id].size.n * page;
	}
}

const struct pagestate_row *pagestate_factory_row(enum pagestate_id id)
{
	static struct {
		struct pagestate_row row;
		char name[24], text[128];
	} made[PAGESTATES];
	const struct pagestate_row *row = &pagestate_rows[id].row;
	char size[24];

	if (!pagestate_len(id) && row->needs != PAGESTATE_NEED_HUGETLB)
		return NULL;
	if (!made[id].row.name) {
		snprintf(made[id].name, sizeof(made[id].name), row->name,
			 memsize_text(pagestate_len(id), true, size, sizeof(size)));
		snprintf(made[id].text, sizeof(made[id].text), row->text,
			 memsize_text(pagestate_len(id), false, size, sizeof(size)));
		made[id].row = *row;
		made[id].row.name = made[id].name;
		made[id].row.text = made[id].text;
	}
	return &made[id].row;
}

unsigned pagestate_factory_pages(enum pagestate_id id)
{
	return (unsigned)(pagestate_len(id) /
			  pagestate_map_page(pagestate_rows[id].mapping));
}

int pagestate_factory_available(enum pagestate_id id, char *why)
{
	return pagestate_need(pagestate_rows[id].row.needs, why);
}

/* A page of a mapping: page @n, or if @part_of is not 0 the one at n / part_of of its length. */
struct pagestate_place {
	size_t n, part_of;
};

struct pagestate_word {
	const char *name;
	size_t len;
	bool has_range;
	struct pagestate_place first, last; /* last.n 0: the first only */
};

/* Parses "7" or "1/2"; returns what follows, or NULL. */
static const char *pagestate_place_parse(const char *text, struct pagestate_place *ret)
{
	char *end;

	*ret = (struct pagestate_place){ .n = strtoul(text, &end, 10) };
	if (end == text || ret->n > 1 << 20)
		return NULL;
	if (*end != '/')
		return end;
	ret->part_of = strtoul(end + 1, &end, 10);
	return ret->part_of ? end : NULL;
}

/* Returns the index of place @p among @pages. */
static size_t pagestate_place_index(const struct pagestate_place *p, size_t pages)
{
	return p->part_of ? pages * p->n / p->part_of : p->n;
}

/* Parses the next word of @text; returns what follows, or NULL at the end. */
static const char *pagestate_next(const char *text, struct pagestate_word *w)
{
	if (!*text)
		return NULL;
	*w = (struct pagestate_word){ .name = text, .len = strcspn(text, "+@") };
	text += w->len;
	if (*text == '@') {
		const char *end = pagestate_place_parse(text + 1, &w->first);

		if (end && *end == '-') {
			end = pagestate_place_parse(end + 1, &w->last);
			/* Of a number and a part, only the mapping shows which is larger. */
			if (!w->last.n || (w->first.part_of == w->last.part_of &&
					   w->last.n <= w->first.n))
				end = NULL;
		}
		w->has_range = true;
		if (!end || (*end && *end != '+'))
			w->len = 0;
		text = end ? end : text + strlen(text);
	}
	return *text == '+' ? text + 1 : text;
}

static enum pagestate_id pagestate_by_name(const struct pagestate_word *w)
{
	return ARRAY_SEEK(i, PAGESTATES,
			  pagestate_factory_row(i) &&
				  text_same(pagestate_factory_row(i)->name, w->name,
					    w->len));
}

static enum pagestate_op_id pagestate_op_by_name(const struct pagestate_word *w)
{
	return ARRAY_SEEK(i, PAGESTATE_OPS,
			  text_same(pagestate_op_row(i)->name, w->name, w->len));
}

int pagestate_factory_check(const char *state, char *why)
{
	struct pagestate_word w;
	bool base = true;

	for (const char *p = state; (p = pagestate_next(p, &w)); base = false) {
		bool ok = base ? pagestate_by_name(&w) < PAGESTATES && !w.has_range
			       : pagestate_op_by_name(&w) < PAGESTATE_OPS;

		if (!w.len || !ok) {
			if (why)
				snprintf(why, PAGESTATE_WHY, "no %s named '%.*s'",
					 base ? "page state" : "operation",
					 (int)MIN(strcspn(w.name, "+"), (size_t)60),
					 w.name);
			return -EINVAL;
		}
	}
	if (base && why)
		snprintf(why, PAGESTATE_WHY, "an empty page state");
	return base ? -EINVAL : 0;
}

/* Does @op on the pages of the mapping that @w names, or on the one that is looked at. */
static int pagestate_do(struct pagestate *s, enum pagestate_op_id op,
			const struct pagestate_word *w)
{
	size_t pages = s->len / s->leaf, first = (size_t)(s->page - s->addr) / s->leaf;
	size_t last;

	if (w->has_range)
		first = pagestate_place_index(&w->first, pages);
	last = first + 1;
	if (w->has_range && w->last.n)
		last = pagestate_place_index(&w->last, pages);
	if (pagestate_op_row(op)->scope == PAGESTATE_ALL)
		first = 0, last = pages;
	if (first >= pages || last <= first)
		return pagestate_fail(s, -EINVAL, "%s: the mapping has %zu pages",
				      pagestate_op_row(op)->name, pages);
	return pagestate_op_run(s, op, s->addr + first * s->leaf,
				(MIN(last, pages) - first) * s->leaf);
}

/* Does the operations @text, each on the page that is looked at unless it names others. */
static int pagestate_steps(struct pagestate *s, const char *text, bool lenient)
{
	struct pagestate_word w;
	int err = 0;

	while (!err && text && (text = pagestate_next(text, &w))) {
		err = pagestate_do(s, pagestate_op_by_name(&w), &w);
		if (lenient)
			err = 0;
	}
	return err;
}

int pagestate_factory_make(struct pagestate *s, const char *state, bool lenient)
{
	struct pagestate_word w;
	enum pagestate_id id;
	const char *ops;
	int err;

	*s = (struct pagestate){ .fd = -1, .uffd = -1 };
	err = pagestate_factory_check(state, s->why);
	if (err)
		return err;
	ops = pagestate_next(state, &w);
	id = pagestate_by_name(&w);
	err = pagestate_factory_available(id, s->why);
	if (!err)
		err = pagestate_map_make(s, pagestate_rows[id].mapping,
					 pagestate_len(id));
	if (!err)
		err = pagestate_steps(s, pagestate_rows[id].steps, false);
	if (!err)
		err = pagestate_steps(s, ops, lenient);
	if (err)
		pagestate_factory_drop(s);
	return err;
}

void pagestate_factory_drop(struct pagestate *s)
{
	while (s->nrefs)
		pagestate_ref_release(s);
	while (s->nchildren)
		pagestate_child_exit(s);
	if (s->uffd >= 0)
		close(s->uffd);
	if (s->addr && s->len)
		munmap(s->addr, s->len);
	if (s->taken)
		munmap(s->taken, s->taken_len);
	s->taken = NULL;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = s->uffd = -1;
	s->addr = NULL;
}
