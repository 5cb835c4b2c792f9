/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads page frames whether somebody maps them or not: kpageflags of all, and by BPF the struct pages of
 * those that belong to a process, to a page cache or to nobody known, with the file.
 */
#include "live/live_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gup/frame.h"
#include "kpageflags.h"
#include "live/bpfpage.h"
#include "os/readfile.h"

#define LIVE_PHYSICAL_WORDS 4096
#define LIVE_PHYSICAL_OUT 64

struct live_physical {
	struct live *l;
	source_frames_cb cb;
	void *ctx;
	u64 pfn; /* of word[0] */
	u64 word[LIVE_PHYSICAL_WORDS];
	struct live_batches batches;
	/* runs that wait to be marked, and their files */
	struct raw_page raw[LIVE_PHYSICAL_OUT];
	struct structpage_frame file[LIVE_PHYSICAL_OUT];
	size_t n, at;
	u64 next;                /* the frame that was not delivered yet */
	u64 block_frames, block; /* of sysfs; 0: none; the last that was asked for, and */
	bool online;             /* whether it is */
	struct vma vma;
};

/* How a frame is read: struct page is asked of what kpageflags does not explain. */
enum live_physical_as { AS_FLAGS, AS_PAGE, AS_HUGE };

static enum live_physical_as live_physical_as(u64 word)
{
	const u64 kernel = KPF_BIT(NOPAGE) | KPF_BIT(BUDDY) | KPF_BIT(SLAB) |
			   KPF_BIT(PGTABLE) | KPF_BIT(OFFLINE) | KPF_BIT(RESERVED) |
			   KPF_BIT(ZERO_PAGE) | KPF_BIT(HWPOISON);

	return word & kernel ? AS_FLAGS : word & KPF_BIT(HUGE) ? AS_HUGE : AS_PAGE;
}

/* What is known of the mappings of a page that no mapping was asked for. */
static void live_physical_vma(struct live_physical *p, const struct raw_page *raw,
			      const struct structpage_frame *file)
{
	struct vma *v = &p->vma;
	bool anon = raw->has & RAW_HAS_PAGE ? raw->mapping == RAW_MAPPING_ANON ||
						      raw->mapping == RAW_MAPPING_KSM
					    : raw->kpageflags & KPF_BIT(ANON);
	u64 size = kernel_page_size(&p->l->machine.kernel) << MIN(raw->order, 30);
	bool huge = raw->kpageflags & KPF_BIT(HUGE);
	enum vma_fs fs = VMA_FS_UNKNOWN;

	v->inode = v->dev_major = v->dev_minor = 0;
	v->name[0] = '\0';
	if (file && file->ino) {
		fs = vma_fs_by_type(file->fs);
		/* without private data nothing but a lack of the method makes them refuse */
		if (fs == VMA_FS_CAREFUL && file->moves &&
		    !(raw->kpageflags & KPF_BIT(PRIVATE)))
			fs = VMA_FS_DISK;
		v->inode = file->ino;
		v->dev_major = file->dev >> 20;
		v->dev_minor = file->dev & 0xfffff;
		memcpy(v->name, file->name, sizeof(file->name));
	}
	frame_mapping(v, anon, huge, fs);
	if (huge && raw->has & RAW_HAS_PAGE && v->page_size != size) {
		v->page_size = (u32)size;
		v->huge_known = 0;
		live_hugetlb_counters(p->l, v);
		/* a migration asks no limits */
		v->huge_known |= VMA_HUGE_MOUNT | VMA_HUGE_CGROUP;
		v->huge_mount = v->huge_cgroup = UINT64_MAX;
	}
}

/* A callback of live_batches_mark(): parts of the runs that wait, in their order. */
static int live_physical_marked(void *ctx, const struct raw_page *raw, size_t n)
{
	struct live_physical *p = ctx;
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		struct raw_page part = raw[i];

		while (part.pfn >= p->raw[p->at].pfn + p->raw[p->at].pages)
			p->at++;
		part.addr = 0;
		live_physical_vma(p, &part, &p->file[p->at]);
		err = p->cb(p->ctx, &part, &p->vma);
	}
	return err;
}

static int live_physical_flush(struct live_physical *p)
{
	size_t n = p->n;

	p->n = p->at = 0;
	return n ? live_batches_mark(&p->batches, p->raw, n) : 0;
}

static int live_physical_put(struct live_physical *p, const struct raw_page *raw,
			     const struct structpage_frame *file)
{
	int err = p->n == LIVE_PHYSICAL_OUT ? live_physical_flush(p) : 0;

	if (err)
		return err;
	p->file[p->n] = file ? *file : (struct structpage_frame){ 0 };
	p->raw[p->n++] = *raw;
	p->next = raw->pfn + raw->pages;
	return 0;
}

/* Frames up to @pfn that BPF did not find. */
static int live_physical_gap(struct live_physical *p, u64 pfn)
{
	struct raw_page raw = { .pfn = p->next,
				.pages = pfn - p->next,
				.has = RAW_HAS_PFN | RAW_HAS_KPAGEFLAGS | RAW_HAS_PAGEMAP,
				.kpageflags = KPF_BIT(NOPAGE) };

	return pfn > p->next ? live_physical_put(p, &raw, NULL) : 0;
}

/* A bpfpage_frame_cb. */
static int live_physical_frame(void *ctx, const struct raw_page *raw,
			       const struct structpage_frame *file)
{
	struct live_physical *p = ctx;
	struct raw_page to = *raw;
	int err = live_physical_gap(p, raw->pfn);

	to.kpageflags |= p->word[raw->pfn - p->pfn];
	to.has &= ~(RAW_HAS_PTE | RAW_HAS_LEVEL);
	to.has |= RAW_HAS_KPAGEFLAGS | RAW_HAS_PAGEMAP;
	to.pagemap = PAGEMAP_PRESENT;
	return err ? err : live_physical_put(p, &to, file);
}

/* Frames @from to @to of the words, which are alike enough. */
static int live_physical_run(struct live_physical *p, size_t from, size_t to)
{
	enum live_physical_as as = live_physical_as(p->word[from]);
	struct raw_page raw = { .pfn = p->pfn + from,
				.pages = to - from,
				.has = RAW_HAS_PFN | RAW_HAS_KPAGEFLAGS | RAW_HAS_PAGEMAP,
				.kpageflags = p->word[from],
				.pagemap = PAGEMAP_PRESENT };
	int err;

	if (as != AS_FLAGS && p->l->bpf) {
		p->next = raw.pfn;
		err = bpfpage_frames(p->l->bpf, raw.pfn, p->pfn + to, as == AS_HUGE,
				     live_physical_frame, p);
		if (!err)
			err = live_physical_gap(p, p->pfn + to);
		if (!err)
			err = live_physical_flush(p);
		if (err != -ENOTSUP)
			return err;
	}
	live_physical_vma(p, &raw, NULL);
	return p->cb(p->ctx, &raw, &p->vma);
}

static bool live_physical_alike(const struct live_physical *p, u64 a, u64 b)
{
	enum live_physical_as as = live_physical_as(a);
	const char *text;

	if (as != live_physical_as(b))
		return false;
	if (as != AS_FLAGS && p->l->bpf)
		return true; /* struct page shows the rest */
	return a == b || (as == AS_FLAGS &&
			  kpageflags_frame(a, &text) == kpageflags_frame(b, &text));
}

/* Since 6.17 the word of a frame that is not there is 0 (kpage_read()): sysfs shows which blocks are. */
static bool live_physical_online(struct live_physical *p, u64 pfn)
{
	char path[80];

	if (!p->block_frames || pfn / p->block_frames == p->block)
		return p->online;
	p->block = pfn / p->block_frames;
	snprintf(path, sizeof(path), "sys/devices/system/memory/memory%llu/online",
		 p->block);
	p->online = readfile_number(p->l->root, path) == 1;
	return p->online;
}

static void live_physical_block(struct live_physical *p)
{
	u64 bytes =
		readfile_hex(p->l->root, "sys/devices/system/memory/block_size_bytes");

	p->online = true;
	p->block = UINT64_MAX;
	if (bytes != UINT64_MAX)
		p->block_frames = bytes / kernel_page_size(&p->l->machine.kernel);
}

static int live_physical_words(struct live_physical *p, size_t n)
{
	int err = 0;

	for (size_t i = 0; i < n; i++)
		if (!p->word[i] && !live_physical_online(p, p->pfn + i))
			p->word[i] = KPF_BIT(NOPAGE);
	live_batches_begin(&p->batches, p->l, p->l->bpf, live_physical_marked, p);
	for (size_t i = 0, end; i < n && !err; i = end) {
		for (end = i + 1; end < n; end++)
			if (!live_physical_alike(p, p->word[i], p->word[end]))
				break;
		err = live_physical_run(p, i, end);
	}
	return err;
}

int live_physical_frames(struct source *src, u64 pfn, u64 end, source_frames_cb cb,
			 void *ctx)
{
	struct live *l = (struct live *)src;
	struct live_physical *p;
	int err = 0;

	if (l->kpageflags < 0)
		return l->kpageflags;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->l = l;
	p->cb = cb;
	p->ctx = ctx;
	live_physical_block(p);
	for (p->pfn = pfn; p->pfn < end && !err;) {
		size_t n = MIN(end - p->pfn, (u64)LIVE_PHYSICAL_WORDS);
		s64 got = 0;

		if (p->pfn < INT64_MAX / 16)
			got = live_frames_pread(&l->kpageflags, p->word, n * 8,
						p->pfn * 8);
		for (size_t i = got > 0 ? (size_t)got / 8 : 0; i < n; i++)
			p->word[i] = KPF_BIT(NOPAGE); /* the file ends before it */
		err = got < 0 ? (int)got : live_physical_words(p, n);
		p->pfn += n;
	}
	free(p);
	return err;
}
