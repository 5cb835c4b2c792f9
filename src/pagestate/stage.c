/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pagestate/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
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

const struct stage_row *stage_row(enum stage_id id)
{
	return &stage_rows[id].row;
}

int stage_fail(struct stage *s, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->why, sizeof(s->why), fmt, ap);
	va_end(ap);
	return err;
}

int stage_slurp(const char *path, char *buf, size_t len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	size_t have = 0;

	if (fd < 0)
		return -errno;
	while (have < len - 1 && (n = read(fd, buf + have, len - 1 - have)) > 0)
		have += n;
	close(fd);
	buf[have] = 0;
	return (int)have;
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

/*
 * ext4, xfs, f2fs: their O_DIRECT really does GUP; tmpfs and overlayfs may not.  btrfs_direct_write()
 * does it without faults, faults the page in by itself, and goes through the page cache in the end
 * (5.16): its files are pages like others, but what its O_DIRECT does is not GUP's answer.
 */
static bool stage_fs_direct(const char *dir, bool gup)
{
	static const long magic[] = { 0x9123683E /* btrfs */, 0xEF53, 0x58465342,
				      0xF2F52010 };
	struct statfs fs;

	if (statfs(dir, &fs))
		return false;
	for (size_t i = gup; i < ARRAY_SIZE(magic); i++)
		if ((long)fs.f_type == magic[i])
			return true;
	return false;
}

int stage_disk_file(int flags)
{
	const char *dir[] = { getenv("TMPDIR"), "/var/tmp", "/tmp", ".",
			      "/mnt/ext4",      "/root" };
	int fd;

	for (size_t i = 0; i < ARRAY_SIZE(dir); i++) {
		if (!dir[i] || !stage_fs_direct(dir[i], flags & O_DIRECT))
			continue;
		fd = open(dir[i], O_RDWR | O_TMPFILE | O_CLOEXEC | flags, 0600);
		if (fd >= 0)
			return fd;
	}
	return -ENOTSUP;
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

int stage_available(enum stage_id id, char *why)
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

/* --- for the files that make states */

char *stage_map(struct stage *s, size_t len, size_t align, int prot, int flags, int fd)
{
	static u64 next = 0x20000000;
	char *p;

	if (align < 1 << 21)
		align = 1 << 21;
	for (int i = 0; i < 64; i++) {
		u64 at = ROUND_UP(next, align);

		next = ROUND_UP(at + len + (1 << 21), 1 << 21);
		p = mmap((void *)at, len, prot, flags | MAP_FIXED_NOREPLACE, fd, 0);
		if (p == (void *)at)
			return p;
		if (p != MAP_FAILED)
			munmap(p, len);
		else if (errno != EEXIST)
			break;
	}
	stage_fail(s, -errno, "mmap: %s", strerror(errno));
	return NULL;
}

void stage_store(char *addr, size_t len, size_t step, int byte)
{
	for (size_t i = 0; i < len; i += step)
		*(volatile char *)(addr + i) = (char)byte;
}

u64 stage_pagemap(const void *addr)
{
	u64 entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	if (pread(fd, &entry, sizeof(entry), (off_t)((uintptr_t)addr / 4096 * 8)) !=
	    sizeof(entry))
		entry = 0;
	close(fd);
	return entry;
}

/* --- the little language */

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

int stage_check(const char *state, char *why)
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
	err = stage_check(state, s->why);
	if (err)
		return err;
	p = stage_next(state, &w);
	id = stage_by_name(&w);
	err = stage_available(id, s->why);
	if (!err)
		err = stage_rows[id].make(s, stage_rows[id].arg);
	while (!err && (p = stage_next(p, &w))) {
		size_t look = (size_t)(s->page - s->addr) / s->leaf;

		err = stage_do(s, stage_op_by_name(&w), w.has_range ? w.first : look,
			       w.has_range ? w.last : look + 1);
		if (lenient)
			err = 0;
	}
	if (err)
		stage_drop(s);
	return err;
}

int stage_make(struct stage *s, const char *state)
{
	return stage_make_words(s, state, false);
}

int stage_make_lenient(struct stage *s, const char *state)
{
	return stage_make_words(s, state, true);
}

int stage_do(struct stage *s, enum stage_op_id op, size_t first, size_t last)
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

void stage_drop(struct stage *s)
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
