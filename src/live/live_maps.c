/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Map counts of all base pages of a huge leaf, from /proc/kpagecount, where other processes map parts of
 * its folio: struct page of the first one, or its word, is not that of the others.  See live_int.h.
 */
#include "live/live_int.h"

#include "pagemap.h"

/* Other processes may map parts of the folio of a leaf of @raw; only struct page excludes it. */
static bool live_maps_asks(const struct raw_page *raw)
{
	if (raw->level < RAW_LEVEL_PMD || !(raw->has & RAW_HAS_PFN) ||
	    raw->has & RAW_RACED)
		return false;
	return raw->has & RAW_HAS_PAGE ? raw_page_in_parts(raw)
				       : raw->has & RAW_HAS_KPAGECOUNT && raw->kpagecount;
}

/* Reads the counts of the @n base pages of the leaf @raw; a page that nobody maps has just gone. */
static void live_maps_count(const struct live_maps *m, u64 n, struct raw_page *raw)
{
	u64 word[512], share = 0;
	u32 once = 0;

	for (u64 done = 0; done < n; done += ARRAY_SIZE(word)) {
		u64 some = MIN(n - done, ARRAY_SIZE(word));

		if (live_frames_pread(&m->l->kpagecount, word, some * sizeof(*word),
				      (raw->pfn + done) * sizeof(*word)) !=
		    (s64)(some * sizeof(*word)))
			return;
		for (u64 i = 0; i < some; i++) {
			if (!word[i])
				return;
			once += word[i] == 1;
			share += RAW_MAPS_ONE / word[i];
		}
	}
	raw->maps_once = once;
	raw->maps_share = (u32)(share / n);
	raw->has |= RAW_HAS_MAPS;
}

/* Passes the leaves of @raw on one by one; of a folded run only the entries show the frames. */
static int live_maps_leaves(const struct live_maps *m, const struct raw_page *raw)
{
	u64 page = kernel_page_size(&m->l->machine.kernel), word;
	u64 size = page_read_leaf_size(&m->l->machine.kernel, NULL, raw);
	struct raw_page rest = *raw, part;
	int err = 0;

	for (; rest.pages && !err; rest.pages--) {
		if (raw->has & RAW_FOLDED && rest.pages < raw->pages) {
			if (live_frames_pread(&m->p->pagemap, &word, sizeof(word),
					      rest.addr / page * sizeof(word)) !=
				    sizeof(word) ||
			    !pagemap_pfn(word))
				return m->cb(m->ctx, &rest, 1);
			rest.head_pfn += pagemap_pfn(word) - rest.pfn;
			rest.pfn = pagemap_pfn(word);
		}
		part = rest;
		part.pages = 1;
		part.has &= ~(u32)RAW_FOLDED;
		live_maps_count(m, size / page, &part);
		err = m->cb(m->ctx, &part, 1);
		rest.addr += size;
		if (!(raw->has & RAW_FOLDED)) {
			rest.pfn += size / page;
			rest.head_pfn += size / page;
		}
	}
	return err;
}

bool live_maps_begin(const struct live_maps *m, const struct vma *vma)
{
	/* smaps_account() asks each page of a leaf: the share of one that is mapped twice is half of it */
	bool once = vma->has_smaps && vma->pss_bytes == vma->rss_bytes;

	return !(vma->flags & VF(HUGETLB)) && !once && m->l->kpagecount >= 0 &&
	       kernel_has(&m->l->kernel, KFACT_KPAGECOUNT_AVERAGE) == TRI_NO;
}

int live_maps_mark(void *ctx, const struct raw_page *raw, size_t n)
{
	const struct live_maps *m = ctx;
	size_t plain = 0; /* runs before @i that are passed on as they are */
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		if (!live_maps_asks(&raw[i])) {
			plain++;
			continue;
		}
		err = plain ? m->cb(m->ctx, &raw[i - plain], plain) : 0;
		plain = 0;
		if (!err)
			err = live_maps_leaves(m, &raw[i]);
	}
	return err || !plain ? err : m->cb(m->ctx, &raw[n - plain], plain);
}
