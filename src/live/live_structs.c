/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Struct pages of frames that /proc named, where BPF cannot read page tables of the architecture.  The
 * entry is read again after its struct page: a frame that went elsewhere meanwhile is another's.
 */
#include "live/live_int.h"

#include <errno.h>

#include "live/bpfpage.h"
#include "pagemap.h"

struct live_structs {
	struct live *l;
	struct live_process *p;
	u64 page, huge; /* bytes of a base page; of a leaf above it */
	bool hugetlb;
	source_raw_cb cb;
	void *ctx;
	const struct raw_page *run; /* the run that is being read, of leaves of */
	u64 size;                   /* so many bytes */
	u64 done;                   /* leaves of it that were delivered */
};

/* Whether the entries of @part still are there. */
static bool live_structs_stay(const struct live_structs *s, const struct raw_page *part)
{
	u64 word, step = s->size / s->page;

	for (u64 i = 0; i < part->pages; i++) {
		u64 at = (part->addr + i * s->size) / s->page;

		if (live_frames_pread(&s->p->pagemap, &word, 8, at * 8) != 8 ||
		    pagemap_pfn(word) != part->pfn + i * step)
			return false;
	}
	return true;
}

/* Delivers the next @leaves of the run, which have the words of @words, unless it is NULL. */
static int live_structs_put(struct live_structs *s, u64 leaves,
			    const struct raw_page *words)
{
	const u32 proc = RAW_HAS_PTE | RAW_HAS_LEVEL | RAW_HAS_KPAGEFLAGS;
	struct raw_page part = words ? *words : *s->run;

	part.addr = s->run->addr + s->done * s->size;
	part.pages = leaves;
	part.level = s->run->level;
	part.pfn = s->run->pfn + s->done * (s->size / s->page);
	part.pagemap = s->run->pagemap;
	part.scan = s->run->scan;
	part.kpageflags = s->run->kpageflags;
	part.kpagecount = s->run->kpagecount;
	part.pte = 0;
	part.has = s->run->has | (words ? words->has & ~proc : 0);
	s->done += leaves;
	if (words && !live_structs_stay(s, &part))
		part.has |= RAW_RACED;
	return s->cb(s->ctx, &part, 1);
}

/* A bpfpage_frame_cb. */
static int live_structs_frame(void *ctx, const struct raw_page *raw,
			      const struct structpage_frame *file)
{
	struct live_structs *s = ctx;
	u64 step = s->size / s->page, at = (raw->pfn - s->run->pfn) / step;
	int err = at > s->done ? live_structs_put(s, at - s->done, NULL) : 0;

	return err ? err : live_structs_put(s, raw->pages, raw);
}

static int live_structs_run(struct live_structs *s, const struct raw_page *run)
{
	bool huge =
		run->level == RAW_LEVEL_PMD || run->level == RAW_LEVEL_PUD || s->hugetlb;
	u64 step, calls;
	int err = 0;

	s->run = run;
	s->done = 0;
	s->size = huge ? s->huge : s->page;
	step = s->size / s->page;
	calls = run->has & RAW_HAS_PFN && !(run->has & RAW_RACED) ? run->pages : 0;
	for (u64 i = 0; i < calls && !err; i += step > 1 ? 1 : run->pages)
		err = bpfpage_frames(s->l->bpf, run->pfn + i * step,
				     run->pfn + (step > 1 ? i * step + 1 : run->pages),
				     s->hugetlb, live_structs_frame, s);
	if (err == -ENOTSUP)
		err = 0;
	return err || s->done == run->pages
		       ? err
		       : live_structs_put(s, run->pages - s->done, NULL);
}

static int live_structs_runs(void *ctx, const struct raw_page *raw, size_t n)
{
	struct live_structs *s = ctx;
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		err = live_structs_run(s, &raw[i]);
	return err;
}

int live_structs_observe(struct live *l, struct live_process *p, const struct vma *vma,
			 u64 start, u64 end, source_raw_cb cb, void *ctx)
{
	u64 page = kernel_page_size(&l->machine.kernel);
	bool hugetlb = vma->flags & VF(HUGETLB) && vma->page_size > page;
	struct live_batches marked; /* it is large: only what is used is set */
	struct live_structs s = { .l = l,
				  .p = p,
				  .page = page,
				  .huge = hugetlb ? vma->page_size
						  : l->machine.kernel.pmd_size,
				  .hugetlb = hugetlb,
				  .cb = hugetlb ? cb : live_batches_mark,
				  .ctx = hugetlb ? ctx : &marked };

	if (!hugetlb)
		live_batches_begin(&marked, l, true, cb, ctx);
	return live_pages_range(l, p, vma, start, end, false, live_structs_runs, &s);
}
