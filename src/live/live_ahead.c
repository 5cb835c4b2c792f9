/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the pages of small VMAs that follow each other together; see live_int.h. */
#include "live/live_int.h"

#include <errno.h>
#include <stdlib.h>

#include "live/bpfpage.h"

/* A source_raw_cb: keeps runs; 1 ends the reading when there is no room. */
static int live_ahead_keep(void *ctx, const struct raw_page *raw, size_t n)
{
	struct live *l = ctx;
	struct live_ahead *a = l->ahead;

	for (size_t i = 0; i < n; i++) {
		if (a->nraw == LIVE_AHEAD_RUNS)
			return 1;
		a->raw[a->nraw++] = raw[i];
		a->to = page_read_end(&l->machine.kernel, NULL, &raw[i]);
	}
	return 0;
}

/* Not folded: a run may go on in the next VMA, and the frame there must be known. */
static int live_ahead_bpf(struct live *l, struct live_process *p, u64 start, u64 end)
{
	struct live_batches marked; /* it is large: only what is used is set */
	int err;

	live_batches_begin(&marked, l, !l->src.ahead_folds, live_ahead_keep, l);
	err = bpfpage_observe(l->bpf, p->pagemap, false, start, end, false,
			      live_batches_mark, &marked);
	l->ahead->same =
		l->ahead->seq && bpfpage_mm_seq(l->bpf, p->pagemap) == l->ahead->seq;
	return err;
}

/* Reads from @vma, which waits, to the end of the last one, as far as there is room. */
static int live_ahead_read(struct live *l, struct live_process *p, const struct vma *vma)
{
	struct live_ahead *a = l->ahead;
	u64 end = a->vma[a->n - 1].end;
	int err;

	a->from = a->to = vma->start;
	a->nraw = a->at = 0;
	a->same = false;
	err = l->bpf ? live_ahead_bpf(l, p, vma->start, end)
		     : live_pages_several(l, p, vma->start, end, live_ahead_keep, l);
	return err < 0 ? err : 0;
}

/* Cuts the part of @raw that lies in @vma. */
static void live_ahead_cut(const struct live *l, struct raw_page *raw,
			   const struct vma *vma)
{
	u64 page = kernel_page_size(&l->machine.kernel);
	u64 size = page_read_leaf_size(&l->machine.kernel, NULL, raw), skip = 0;

	if (raw->addr < vma->start)
		skip = (vma->start - raw->addr) / size;
	raw->addr += skip * size;
	raw->pages = MIN(raw->pages - skip, (vma->end - raw->addr + size - 1) / size);
	if (!(raw->has & RAW_HAS_PFN))
		return;
	raw->pfn += skip * (size / page);
	/* the pages of one folio that is mapped by PTEs have one head */
	if (!raw->order || raw->level != RAW_LEVEL_PTE)
		raw->head_pfn += skip * (size / page);
}

int live_ahead_observe(struct live *l, struct live_process *p, const struct vma *vma,
		       u64 start, u64 end, source_raw_cb cb, void *ctx)
{
	struct live_ahead *a = l->ahead;
	struct raw_page out[64];
	bool moved;
	size_t n = 0;
	int err = 0;

	if (!a || a->p != p || a->n < 2 || vma < a->vma || vma >= a->vma + a->n ||
	    start > vma->start || end < vma->end)
		return -EAGAIN;
	if (vma->start < a->from || vma->end > a->to)
		err = live_ahead_read(l, p, vma);
	if (err || vma->end > a->to)
		return err ? err : -EAGAIN;
	moved = !a->same && live_vmas_same(p, vma) == TRI_NO;
	for (; !err && a->at < a->nraw && a->raw[a->at].addr < vma->end; a->at++) {
		const struct raw_page *raw = &a->raw[a->at];
		u64 raw_end = page_read_end(&l->machine.kernel, NULL, raw);

		if (raw_end <= vma->start)
			continue;
		out[n] = *raw;
		live_ahead_cut(l, &out[n++], vma);
		if (n == ARRAY_SIZE(out)) {
			err = live_bpf_deliver(l, moved, out, n, cb, ctx);
			n = 0;
		}
		if (raw_end > vma->end) /* the next VMA has the rest */
			break;
	}
	return err || !n ? err : live_bpf_deliver(l, moved, out, n, cb, ctx);
}
