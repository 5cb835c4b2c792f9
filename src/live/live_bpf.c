/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries by BPF: one walk reads the entry, struct page and folio; see bpfpage.h. */
#include "live/live_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live/bpfbtf.h"
#include "live/bpfpage.h"
#include "page/zoneinfo.h"

static void live_bpf_why(struct live *l, const char *why)
{
	for (unsigned i = SOURCE_STRUCTPAGE; i <= SOURCE_PTE; i++)
		snprintf(l->machine.evidence[i].why, sizeof(l->machine.evidence[i].why),
			 "%s", why);
}

/* Probes for fields of struct folio, which do not need BPF. */
static void live_bpf_probe(u8 *probe)
{
	u32 fields;

	if (!bpfbtf_fields(&fields))
		return;
	probe[KPROBE_BTF_ANON_EXCLUSIVE] = tri_from(true, fields & STRUCTPAGE_F_AE);
	probe[KPROBE_BTF_LARGE_MAPCOUNT] = tri_from(true, fields & STRUCTPAGE_F_LARGE);
	probe[KPROBE_BTF_MM_IDS] = tri_from(true, fields & STRUCTPAGE_F_MM_IDS);
}

const struct structpage_memory *live_bpf_memory(struct live *l)
{
	s16 nodes = 0;

	for (unsigned i = 0; i < l->machine.page.nspans; i++)
		nodes = MAX(nodes, l->spans[i].node + 1);
	return l->bpf ? bpfpage_memory(l->bpf, (u32)nodes) : NULL;
}

/* zoneinfo has the number of a zone's CMA pages, the kernel's list of areas their place. */
static void live_bpf_cma(struct live *l)
{
	struct zoneinfo_cma cma[STRUCTPAGE_CMA];
	struct page_context *c = &l->machine.page;
	size_t max = c->nspans + 2 * ARRAY_SIZE(cma), n = 0;
	const struct structpage_memory *m;
	struct page_span *cut;

	for (unsigned i = 0; i < c->nspans; i++)
		n += zoneinfo_is_cma(&l->spans[i]) == TRI_UNKNOWN;
	m = n ? live_bpf_memory(l) : NULL;
	if (!m || !(m->has & STRUCTPAGE_HAS_CMA) || m->ncma > STRUCTPAGE_CMA)
		return;
	for (u32 i = 0; i < m->ncma; i++)
		cma[i] = (struct zoneinfo_cma){ m->cma[i].pfn, m->cma[i].pages };
	cut = calloc(max, sizeof(*cut));
	if (!cut)
		return;
	c->nspans = zoneinfo_cut(l->spans, c->nspans, cma, m->ncma, cut, max);
	free(l->spans);
	c->spans = l->spans = cut;
}

/* It is this machine whose files are read. */
static bool live_bpf_here(const struct live *l)
{
	return !l->opt.root || !strcmp(l->opt.root, "/");
}

bool live_bpf_wanted(struct live *l)
{
	char why[BPFPAGE_WHY];

	if (!live_bpf_here(l))
		live_bpf_why(l, "the files of another root are read, not this machine");
	else if (l->opt.evidence == LIVE_EVIDENCE_PROCFS)
		live_bpf_why(l, "not asked for (--evidence=procfs)");
	else if (!kernel_takes_bpf(&l->machine.kernel, why, sizeof(why)))
		live_bpf_why(l, why);
	else
		return true;
	return false;
}

void live_bpf_open(struct live *l)
{
	const struct bpfpage_options opt = { .pool = l->pool, .pages = l->opt.pages };
	char why[BPFPAGE_WHY];

	if (bpfpage_open(&opt, &l->bpf, why))
		live_bpf_why(l, why);
}

void live_bpf_use(struct live *l)
{
	struct source_machine *m = &l->machine;

	if (live_bpf_here(l))
		live_bpf_probe(m->kernel.probe);
	if (!l->bpf)
		return;
	if (l->opt.gentle)
		bpfpage_gentle(l->bpf);
	m->evidence[SOURCE_STRUCTPAGE].ok = true;
	m->page.have_bpf = bpfpage_walks(l->bpf);
	m->evidence[SOURCE_PTE].ok = m->page.have_bpf;
	live_bpf_why(l, m->page.have_bpf
				? ""
				: "page tables of this architecture are not read");
	m->structpage_by = "bpf";
	m->page.layout = bpfpage_layout(l->bpf);
	live_bpf_cma(l);
}

void live_bpf_close(struct live *l)
{
	bpfpage_close(l->bpf);
	l->bpf = NULL;
}

enum tri live_bpf_has_pinned(struct live *l, struct live_process *p)
{
	return l->bpf && p->pagemap >= 0 ? bpfpage_has_pinned(l->bpf, p->pagemap)
					 : TRI_UNKNOWN;
}

/* The VMA has changed: marks all that was read in it. */
static int live_bpf_raced(void *ctx, const struct raw_page *raw, size_t n)
{
	const struct live_split *s = ctx;
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		struct raw_page raced = raw[i];

		raced.has |= RAW_RACED;
		err = s->cb(s->ctx, &raced, 1);
	}
	return err;
}

/* Makes one of the leaves of a hugetlb page: several are contiguous, a hole has base pages. */
struct live_bpf_pass {
	const struct kernel_evidence *ev;
	u64 huge; /* bytes of a huge page */
	u8 level;
	source_raw_cb cb;
	void *ctx;
	struct raw_page out[LIVE_OUT];
};

static int live_bpf_hugetlb(void *ctx, const struct raw_page *raw, size_t n)
{
	struct live_bpf_pass *o = ctx;
	size_t k = 0;
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		struct raw_page *to = &o->out[k];
		u64 first = ROUND_UP(raw[i].addr, o->huge),
		    end = page_read_end(o->ev, NULL, &raw[i]);

		if (first < end) { /* else it is the rest of a page */
			*to = raw[i];
			to->addr = first;
			to->pages = (end - first + o->huge - 1) / o->huge;
			to->level = o->level;
			k++;
		}
		if (k == LIVE_OUT || (k && i + 1 == n)) {
			err = o->cb(o->ctx, o->out, k);
			k = 0;
		}
	}
	return err;
}

/* Returns what passes leaves on as @to has it, those of @huge bytes split; @moved: marked as raced. */
static struct live_split live_bpf_split(const struct live *l, u64 huge, bool moved,
					struct live_split *to)
{
	u64 page = kernel_page_size(&l->machine.kernel);

	return (struct live_split){ .l = l,
				    .page = page,
				    .huge_pages = MAX(huge / page, 1),
				    .cb = moved ? live_bpf_raced : to->cb,
				    .ctx = moved ? to : to->ctx };
}

int live_bpf_deliver(struct live *l, bool moved, const struct raw_page *raw, size_t n,
		     source_raw_cb cb, void *ctx)
{
	struct live_split to = { .cb = cb, .ctx = ctx };
	struct live_split split =
		live_bpf_split(l, l->machine.kernel.pmd_size, moved, &to);

	return live_pages_split(&split, raw, n);
}

int live_bpf_observe(struct live *l, struct live_process *p, const struct vma *vma,
		     u64 start, u64 end, bool fold, source_raw_cb cb, void *ctx)
{
	u64 page = kernel_page_size(&l->machine.kernel);
	u64 size =
		vma->flags & VF(HUGETLB) && vma->page_size > page ? vma->page_size : page;
	u64 huge = size > page ? size : l->machine.kernel.pmd_size;
	bool moved = live_vmas_same(p, vma) == TRI_NO;
	struct live_split to = { .cb = cb, .ctx = ctx };
	struct live_split split = live_bpf_split(l, huge, moved, &to);
	/* what they pass on is large: only what is used is set */
	struct live_batches marked;
	struct live_bpf_pass o;

	split.hugetlb = size > page;
	start = MAX(ROUND_DOWN(start, size), vma->start);
	end = MIN(ROUND_UP(end, size), vma->end);
	if (start >= end)
		return 0;
	if (size == page) {
		live_batches_begin(&marked, l, !fold, live_pages_split, &split);
		return bpfpage_observe(l->bpf, p->pagemap, false, start, end, fold,
				       live_batches_mark, &marked);
	}
	o.ev = &l->machine.kernel;
	o.huge = size;
	o.level = page_huge_level(&l->machine.kernel, size);
	o.cb = live_pages_split;
	o.ctx = &split;
	return bpfpage_observe(l->bpf, p->pagemap, true, start, end, fold,
			       live_bpf_hugetlb, &o);
}

/* Searches user space up to its end, 2^47, or 2^56 with five levels of page tables. */
int live_bpf_find(struct live *l, struct live_process *p, u64 pfn, u64 end,
		  source_raw_cb cb, void *ctx)
{
	return bpfpage_find(l->bpf, p->pagemap, 0, bpfpage_user_end(l->bpf), pfn, end, cb,
			    ctx);
}
