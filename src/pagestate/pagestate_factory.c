/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes a state from its words. */
#include "pagestate/pagestate_factory.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pagestate/pagestate_child.h"
#include "pagestate/pagestate_make.h"
#include "pagestate/pagestate_op.h"
#include "pagestate/pagestate_ref.h"

typedef int pagestate_make_fn(struct pagestate *s, long arg);

static const struct {
	struct pagestate_row row;
	pagestate_make_fn *make;
	long arg;
} pagestate_rows[PAGESTATES] = {
#define PAGESTATE(id, name_, needs_, try_, make_, arg_, text_)                         \
	[PAGESTATE_##id] = {                                                           \
		.row = { .name = name_, .text = text_, .needs = needs_, .try = try_ }, \
		.make = make_,                                                         \
		.arg = arg_                                                            \
	},
#include "pagestate/pagestate.def"
#undef PAGESTATE
};

const struct pagestate_row *pagestate_factory_row(enum pagestate_id id)
{
	return &pagestate_rows[id].row;
}

static bool pagestate_file_has(const char *path, const char *word)
{
	char text[4096];

	return pagestate_slurp(path, text, sizeof(text)) > 0 && strstr(text, word);
}

static long pagestate_file_number(const char *path)
{
	char text[64];

	return pagestate_slurp(path, text, sizeof(text)) > 0 ? strtol(text, NULL, 10) : 0;
}

/* Returns the number of free, unreserved hugetlb pages of @kib. */
static long pagestate_huge_free(const char *kib)
{
	char path[96];
	long free;

	snprintf(path, sizeof(path),
		 "/sys/kernel/mm/hugepages/hugepages-%skB/free_hugepages", kib);
	free = pagestate_file_number(path);
	snprintf(path, sizeof(path),
		 "/sys/kernel/mm/hugepages/hugepages-%skB/resv_hugepages", kib);
	return free - pagestate_file_number(path);
}

static const char *pagestate_missing(u64 need)
{
	int fd;

	switch (need) {
	case PAGESTATE_NEED_THP:
		return pagestate_file_has("/sys/kernel/mm/transparent_hugepage/enabled",
					  "[never]") ||
				       access("/sys/kernel/mm/transparent_hugepage/enabled",
					      R_OK)
			       ? "transparent huge pages are off"
			       : NULL;
	case PAGESTATE_NEED_HUGETLB:
		return pagestate_huge_free("2048") < 4
			       ? "fewer than 4 free 2 MiB hugetlb pages"
			       : NULL;
	case PAGESTATE_NEED_HUGETLB_1G:
		return pagestate_huge_free("1048576") < 2
			       ? "fewer than 2 free 1 GiB hugetlb pages"
			       : NULL;
	case PAGESTATE_NEED_SWAP:
		return pagestate_file_has("/proc/swaps", "\n/") ? NULL : "no swap space";
	case PAGESTATE_NEED_KSM:
		return pagestate_file_number("/sys/kernel/mm/ksm/run") == 1
			       ? NULL
			       : "KSM does not run (/sys/kernel/mm/ksm/run)";
	case PAGESTATE_NEED_DISK:
		fd = pagestate_disk_file(0);
		if (fd < 0)
			return "no directory whose file system does direct I/O";
		close(fd);
		return NULL;
	default: /* only trying shows it: userfaultfd, guard regions, memfd_secret */
		return NULL;
	}
}

int pagestate_factory_available(enum pagestate_id id, char *why)
{
	u64 needs = pagestate_rows[id].row.needs;

	for (unsigned bit = 0; bit < 64; bit++) {
		const char *missing =
			needs & BIT(bit) ? pagestate_missing(BIT(bit)) : NULL;

		if (missing) {
			snprintf(why, PAGESTATE_WHY, "%s", missing);
			return -EOPNOTSUPP;
		}
	}
	return 0;
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

static enum pagestate_id pagestate_by_name(const struct pagestate_word *w)
{
	for (unsigned i = 0; i < PAGESTATES; i++)
		if (strlen(pagestate_rows[i].row.name) == w->len &&
		    !memcmp(pagestate_rows[i].row.name, w->name, w->len))
			return i;
	return PAGESTATES;
}

static enum pagestate_op_id pagestate_op_by_name(const struct pagestate_word *w)
{
	for (unsigned i = 0; i < PAGESTATE_OPS; i++)
		if (strlen(pagestate_op_row(i)->name) == w->len &&
		    !memcmp(pagestate_op_row(i)->name, w->name, w->len))
			return i;
	return PAGESTATE_OPS;
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

static int pagestate_make_words(struct pagestate *s, const char *state, bool lenient)
{
	struct pagestate_word w;
	enum pagestate_id id;
	const char *p;
	int err;

	*s = (struct pagestate){ .fd = -1, .uffd = -1, .leaf = 4096 };
	err = pagestate_factory_check(state, s->why);
	if (err)
		return err;
	p = pagestate_next(state, &w);
	id = pagestate_by_name(&w);
	err = pagestate_factory_available(id, s->why);
	if (!err)
		err = pagestate_rows[id].make(s, pagestate_rows[id].arg);
	while (!err && (p = pagestate_next(p, &w))) {
		size_t look = (size_t)(s->page - s->addr) / s->leaf;

		err = pagestate_factory_do(s, pagestate_op_by_name(&w),
					   w.has_range ? w.first : look,
					   w.has_range ? w.last : look + 1);
		if (lenient)
			err = 0;
	}
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

int pagestate_factory_do(struct pagestate *s, enum pagestate_op_id op, size_t first,
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
