/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the words of a state to the state. */
#include "pagestate/stage_factory.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pagestate/stage_child.h"
#include "pagestate/stage_make.h"
#include "pagestate/stage_op.h"
#include "pagestate/stage_ref.h"

typedef int stage_make_fn(struct stage *s, long arg);

static const struct {
	struct stage_row row;
	stage_make_fn *make;
	long arg;
} stage_rows[STAGES] = {
#define STAGE(id, name_, needs_, try_, make_, arg_, text_)                             \
	[STAGE_##id] = {                                                               \
		.row = { .name = name_, .text = text_, .needs = needs_, .try = try_ }, \
		.make = make_,                                                         \
		.arg = arg_                                                            \
	},
#include "pagestate/stage.def"
#undef STAGE
};

const struct stage_row *stage_factory_row(enum stage_id id)
{
	return &stage_rows[id].row;
}

static bool stage_file_has(const char *path, const char *word)
{
	char text[4096];

	return stage_slurp(path, text, sizeof(text)) > 0 && strstr(text, word);
}

static long stage_file_number(const char *path)
{
	char text[64];

	return stage_slurp(path, text, sizeof(text)) > 0 ? strtol(text, NULL, 10) : 0;
}

/* Free hugetlb pages of @kib that nobody has reserved. */
static long stage_huge_free(const char *kib)
{
	char path[96];
	long free;

	snprintf(path, sizeof(path),
		 "/sys/kernel/mm/hugepages/hugepages-%skB/free_hugepages", kib);
	free = stage_file_number(path);
	snprintf(path, sizeof(path),
		 "/sys/kernel/mm/hugepages/hugepages-%skB/resv_hugepages", kib);
	return free - stage_file_number(path);
}

static const char *stage_missing(u64 need)
{
	int fd;

	switch (need) {
	case STAGE_NEED_THP:
		return stage_file_has("/sys/kernel/mm/transparent_hugepage/enabled",
				      "[never]") ||
				       access("/sys/kernel/mm/transparent_hugepage/"
					      "enabled",
					      R_OK)
			       ? "transparent huge pages are off"
			       : NULL;
	case STAGE_NEED_HUGETLB:
		return stage_huge_free("2048") < 4
			       ? "fewer than 4 free 2 MiB hugetlb pages"
			       : NULL;
	case STAGE_NEED_HUGETLB_1G:
		return stage_huge_free("1048576") < 2
			       ? "fewer than 2 free 1 GiB hugetlb pages"
			       : NULL;
	case STAGE_NEED_SWAP:
		return stage_file_has("/proc/swaps", "\n/") ? NULL : "no swap space";
	case STAGE_NEED_KSM:
		return stage_file_number("/sys/kernel/mm/ksm/run") == 1
			       ? NULL
			       : "KSM does not run (/sys/kernel/mm/ksm/run)";
	case STAGE_NEED_DISK:
		fd = stage_disk_file(0);
		if (fd < 0)
			return "no directory whose file system does direct I/O";
		close(fd);
		return NULL;
	default: /* found out by doing: userfaultfd, guard regions, memfd_secret */
		return NULL;
	}
}

int stage_factory_available(enum stage_id id, char *why)
{
	u64 needs = stage_rows[id].row.needs;

	for (unsigned bit = 0; bit < 64; bit++) {
		const char *missing = needs & BIT(bit) ? stage_missing(BIT(bit)) : NULL;

		if (missing) {
			snprintf(why, STAGE_WHY, "%s", missing);
			return -EOPNOTSUPP;
		}
	}
	return 0;
}

struct stage_word {
	const char *name;
	size_t len;
	bool has_range;
	size_t first, last;
};

/* Takes the next word of @text; returns what follows, or NULL at the end. */
static const char *stage_next(const char *text, struct stage_word *w)
{
	char *end;

	if (!*text)
		return NULL;
	*w = (struct stage_word){ .name = text, .len = strcspn(text, "+@") };
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

static enum stage_id stage_by_name(const struct stage_word *w)
{
	for (unsigned i = 0; i < STAGES; i++)
		if (strlen(stage_rows[i].row.name) == w->len &&
		    !memcmp(stage_rows[i].row.name, w->name, w->len))
			return i;
	return STAGES;
}

static enum stage_op_id stage_op_by_name(const struct stage_word *w)
{
	for (unsigned i = 0; i < STAGE_OPS; i++)
		if (strlen(stage_op_row(i)->name) == w->len &&
		    !memcmp(stage_op_row(i)->name, w->name, w->len))
			return i;
	return STAGE_OPS;
}

int stage_factory_check(const char *state, char *why)
{
	struct stage_word w;
	bool base = true;

	for (const char *p = state; (p = stage_next(p, &w)); base = false) {
		bool ok = base ? stage_by_name(&w) < STAGES && !w.has_range
			       : stage_op_by_name(&w) < STAGE_OPS;

		if (!w.len || !ok) {
			if (why)
				snprintf(why, STAGE_WHY, "no %s named '%.*s'",
					 base ? "page state" : "operation",
					 (int)MIN(strcspn(w.name, "+"), (size_t)60),
					 w.name);
			return -EINVAL;
		}
	}
	if (base && why)
		snprintf(why, STAGE_WHY, "an empty page state");
	return base ? -EINVAL : 0;
}

static int stage_make_words(struct stage *s, const char *state, bool lenient)
{
	struct stage_word w;
	enum stage_id id;
	const char *p;
	int err;

	*s = (struct stage){ .fd = -1, .uffd = -1, .leaf = 4096 };
	err = stage_factory_check(state, s->why);
	if (err)
		return err;
	p = stage_next(state, &w);
	id = stage_by_name(&w);
	err = stage_factory_available(id, s->why);
	if (!err)
		err = stage_rows[id].make(s, stage_rows[id].arg);
	while (!err && (p = stage_next(p, &w))) {
		size_t look = (size_t)(s->page - s->addr) / s->leaf;

		err = stage_factory_do(s, stage_op_by_name(&w),
				       w.has_range ? w.first : look,
				       w.has_range ? w.last : look + 1);
		if (lenient)
			err = 0;
	}
	if (err)
		stage_factory_drop(s);
	return err;
}

int stage_factory_make(struct stage *s, const char *state)
{
	return stage_make_words(s, state, false);
}

int stage_factory_make_lenient(struct stage *s, const char *state)
{
	return stage_make_words(s, state, true);
}

int stage_factory_do(struct stage *s, enum stage_op_id op, size_t first, size_t last)
{
	size_t pages = s->len / s->leaf;

	if (stage_op_row(op)->scope == STAGE_ALL)
		first = 0, last = pages;
	if (first >= pages)
		return stage_fail(s, -EINVAL, "%s: the mapping has %zu pages",
				  stage_op_row(op)->name, pages);
	return stage_op_run(s, op, s->addr + first * s->leaf,
			    (MIN(last, pages) - first) * s->leaf);
}

void stage_factory_drop(struct stage *s)
{
	while (s->nrefs)
		stage_ref_release(s);
	while (s->nchildren)
		stage_child_exit(s);
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
