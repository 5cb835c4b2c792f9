/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory.bpf.c - finds CMA areas, where long-term pins may not stay, and the free huge pages.
 *
 * The kernel's array cma_areas (mm/cma.c) has all pageblocks that are MIGRATE_CMA (or being
 * isolated).  Free huge pages hang on lists of the array hstates (mm/hugetlb.c), which change
 * under the walk: it takes a page only while nobody refers to it, and marks the result as
 * incomplete when a list does not end where it began.
 */
#include "page/structpage.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "GPL";

struct structpage_memory memory;

/* The list that is being walked. */
struct {
	u64 head, at;
	u32 order;
} list;

static __always_inline u64 load64(u64 at)
{
	u64 v = 0;

	bpf_probe_read_kernel(&v, sizeof(v), (void *)at);
	return v;
}

static __always_inline u32 load32(u64 at)
{
	u32 v = 0;

	bpf_probe_read_kernel(&v, sizeof(v), (void *)at);
	return v;
}

static __always_inline void add_cma(u64 pfn, u64 pages)
{
	u32 n = memory.ncma++;

	if (n >= STRUCTPAGE_CMA)
		return;
	memory.cma[n & (STRUCTPAGE_CMA - 1)].pfn = pfn;
	memory.cma[n & (STRUCTPAGE_CMA - 1)].pages = pages;
}

static long cma_step(u32 i, u64 *areas)
{
	u64 at = *areas + i * bpf_core_type_size(struct cma);
	u32 n;

	if (!bpf_core_field_exists(struct cma___ranges, ranges)) {
		add_cma(BPF_CORE_READ((struct cma *)at, base_pfn),
			BPF_CORE_READ((struct cma *)at, count));
		return 0;
	}
	n = BPF_CORE_READ((struct cma___ranges *)at, nranges);
	at += bpf_core_field_offset(struct cma___ranges, ranges);
	for (u32 r = 0; r < STRUCTPAGE_CMA_RANGES && r < n; r++) {
		add_cma(BPF_CORE_READ((struct cma_memrange *)at, base_pfn),
			BPF_CORE_READ((struct cma_memrange *)at, count));
		at += bpf_core_type_size(struct cma_memrange);
	}
	return 0;
}

static long free_step(u32 i, void *ctx)
{
	u64 page = list.at - bpf_core_field_offset(struct folio, lru);
	u32 n = memory.nfree;

	if (list.at == list.head || !list.at || n >= STRUCTPAGE_FREE)
		return 1;
	if (!load32(page + bpf_core_field_offset(struct page, _refcount))) {
		memory.free[n & (STRUCTPAGE_FREE - 1)].pfn =
			(page - memory.vmemmap) / memory.page_size;
		memory.free[n & (STRUCTPAGE_FREE - 1)].order = list.order;
		memory.nfree = n + 1;
	}
	list.at = load64(list.at);
	return 0;
}

/* Collects the free pages of one size on node @node. */
static long node_step(u32 node, u64 *hstate)
{
	list.head = *hstate + bpf_core_field_offset(struct hstate, hugepage_freelists) +
		    node * 16ULL;
	list.at = load64(list.head);
	bpf_loop(STRUCTPAGE_FREE, free_step, NULL, 0);
	if (list.at != list.head)
		memory.cut = 1;
	return 0;
}

static long hstate_step(u32 i, u64 *hstates)
{
	u64 hstate = *hstates + i * bpf_core_type_size(struct hstate);

	list.order = BPF_CORE_READ((struct hstate *)hstate, order);
	bpf_loop(memory.nodes, node_step, &hstate, 0);
	return 0;
}

static __always_inline void read_cma(void)
{
	char name[] = "cma_areas", count[] = "cma_area_count";
	u64 areas = 0, n = 0;

	if (bpf_kallsyms_lookup_name(name, sizeof(name), 0, &areas) ||
	    bpf_kallsyms_lookup_name(count, sizeof(count), 0, &n))
		return;
	memory.has |= STRUCTPAGE_HAS_CMA;
	bpf_loop(load32(n), cma_step, &areas, 0);
}

static __always_inline void read_free(void)
{
	char name[] = "hstates", count[] = "hugetlb_max_hstate";
	u64 hstates = 0, n = 0;

	if (bpf_kallsyms_lookup_name(name, sizeof(name), 0, &hstates) ||
	    bpf_kallsyms_lookup_name(count, sizeof(count), 0, &n))
		return;
	memory.has |= STRUCTPAGE_HAS_FREE;
	bpf_loop(load32(n), hstate_step, &hstates, 0);
}

SEC("gupinfo.syscall")
int look(void *ctx)
{
	memory.ncma = memory.nfree = memory.has = memory.cut = 0;
	if (bpf_core_type_exists(struct cma))
		read_cma();
	if (bpf_core_field_exists(struct hstate, hugepage_freelists))
		read_free();
	return 0;
}
