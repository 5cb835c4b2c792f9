/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes a state from its words. */
#include "pagestate/pagestate_factory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pagestate/pagestate_child.h"
#include "pagestate/pagestate_int.h"
#include "pagestate/pagestate_ref.h"

static const struct {
	struct pagestate_row row;
	enum pagestate_mapping mapping;
	u32 kib;
	const char *steps;
} pagestate_rows[PAGESTATES] = {
#define PAGESTATE(id, name_, needs_, try_, mapping_, kib_, steps_, text_) \
	[PAGESTATE_##id] = { .row = { .name = name_,                      \
				      .text = text_,                      \
				      .needs = PAGESTATE_NEED_##needs_,   \
				      .try = PAGESTATE_TRY_##try_ },      \
			     .mapping = PAGESTATE_MAP_##mapping_,         \
			     .kib = kib_,                                 \
			     .steps = steps_ },
#include "pagestate/pagestate.def"
#undef PAGESTATE
};

const struct pagestate_row *pagestate_factory_row(enum pagestate_id id)
{
	return &pagestate_rows[id].row;
}

int pagestate_factory_available(enum pagestate_id id, char *why)
{
	return pagestate_need(pagestate_rows[id].row.needs, why);
}

struct pagestate_word {
	const char *name;
	size_t len;
	bool has_range;
	size_t first, last;
};

/* Parses the next word of @text; returns what follows, or NULL at the end. */
static const char *pagestate_next(const char *text, struct pagestate_word *w)
{
	char *end;

	if (!*text)
		return NULL;
	*w = (struct pagestate_word){ .name = text, .len = strcspn(text, "+@") };
	text += w->len;
	if (*text == '@') {
		w->first = strtoul(text + 1, &end, 10);
		w->last = w->first + 1;
		if (end == text + 1)
			w->len = 0;
		if (*end == '-')
			w->last = strtoul(end + 1, &end, 10);
		w->has_range = true;
		if (w->last <= w->first || w->last > 1 << 20)
			w->len = 0;
		text = end;
		if (*text && *text != '+')
			w->len = 0;
	}
	return *text == '+' ? text + 1 : text;
}

static bool pagestate_named(const struct pagestate_word *w, const char *name)
{
	return strlen(name) == w->len && !memcmp(name, w->name, w->len);
}

static enum pagestate_id pagestate_by_name(const struct pagestate_word *w)
{
	unsigned i = 0;

	while (i < PAGESTATES && !pagestate_named(w, pagestate_rows[i].row.name))
		i++;
	return i;
}

static enum pagestate_op_id pagestate_op_by_name(const struct pagestate_word *w)
{
	unsigned i = 0;

	while (i < PAGESTATE_OPS && !pagestate_named(w, pagestate_op_row(i)->name))
		i++;
	return i;
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

/* Does @op on pages @first … @last-1 of the mapping. */
static int pagestate_do(struct pagestate *s, enum pagestate_op_id op, size_t first,
			size_t last)
{
	size_t pages = s->len / s->leaf;

	if (pagestate_op_row(op)->scope == PAGESTATE_ALL)
		first = 0, last = pages;
	if (first >= pages)
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
		size_t look = (size_t)(s->page - s->addr) / s->leaf;

		err = pagestate_do(s, pagestate_op_by_name(&w),
				   w.has_range ? w.first : look,
				   w.has_range ? w.last : look + 1);
		if (lenient)
			err = 0;
	}
	return err;
}

static int pagestate_make_words(struct pagestate *s, const char *state, bool lenient)
{
	struct pagestate_word w;
	enum pagestate_id id;
	const char *ops;
	int err;

	*s = (struct pagestate){ .fd = -1, .uffd = -1, .leaf = 4096 };
	err = pagestate_factory_check(state, s->why);
	if (err)
		return err;
	ops = pagestate_next(state, &w);
	id = pagestate_by_name(&w);
	err = pagestate_factory_available(id, s->why);
	if (!err)
		err = pagestate_map_make(s, pagestate_rows[id].mapping,
					 (size_t)pagestate_rows[id].kib << 10);
	if (!err)
		err = pagestate_steps(s, pagestate_rows[id].steps, false);
	if (!err)
		err = pagestate_steps(s, ops, lenient);
	if (err)
		pagestate_factory_drop(s);
	return err;
}

int pagestate_factory_make(struct pagestate *s, const char *state)
{
	return pagestate_make_words(s, state, false);
}

int pagestate_factory_make_lenient(struct pagestate *s, const char *state)
{
	return pagestate_make_words(s, state, true);
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
