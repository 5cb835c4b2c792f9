/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page/page_facts_int.h"

#include <string.h>

#include "kpageflags.h"
#include "pagemap.h"

#include "lib/text.h"

#include "lib/pure.h"

static enum tri facts_config(const struct page_facts_work *w, enum kconfig id)
{
	return w->ctx->kernel ? (enum tri)w->ctx->kernel->ev.config[id] : TRI_UNKNOWN;
}

/* ---- the VMA */

/* The core kernel, not a driver, handles faults and entries of this VMA. */
static bool facts_plain_vma(const struct vma *v)
{
	return v->fs == VMA_FS_NONE || v->fs == VMA_FS_SHMEM || v->fs == VMA_FS_HUGETLB ||
	       v->fs == VMA_FS_SECRETMEM || vma_fs_on_disk(v->fs) ||
	       v->fs == VMA_FS_NODIRTY || v->fs == VMA_FS_AIO;
}

static void facts_vma_flags(struct page_facts_work *w)
{
	static const struct {
		u64 fact, flag;
	} map[] = {
		{ F(VMA_IO), VF(IO) },
		{ F(VMA_PFNMAP), VF(PFNMAP) },
		{ F(VMA_HUGETLB), VF(HUGETLB) },
		{ F(VMA_READ), VF(READ) },
		{ F(VMA_WRITE), VF(WRITE) },
		{ F(VMA_MAYWRITE), VF(MAYWRITE) },
		{ F(VMA_SHARED), VF(SHARED) },
		{ F(VMA_MAYSHARE), VF(MAYSHARE) },
		{ F(VMA_SHADOW_STACK), VF(SHADOW_STACK) },
		{ F(VMA_DONTCOPY), VF(DONTCOPY) },
		{ F(VMA_WIPEONFORK), VF(WIPEONFORK) },
		{ F(VMA_UFFD_WP), VF(UFFD_WP) },
		{ F(VMA_UFFD_RWP), VF(UFFD_RWP) },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(map); i++)
		fact_set(&w->f, map[i].fact, w->vma->flags & map[i].flag);
}

/* Derives from perms and the kind of the mapping what they decide, when VmFlags were not read. */
static void facts_vma_perms(struct page_facts_work *w)
{
	const struct vma *v = w->vma;

	fact_set(&w->f, F(VMA_READ), v->read);
	fact_set(&w->f, F(VMA_WRITE), v->write);
	fact_set(&w->f, F(VMA_MAYSHARE), v->shared);
	if (!v->shared)
		fact_set(&w->f, F(VMA_SHARED), false);
	if (facts_plain_vma(v)) {
		fact_set(&w->f, F(VMA_IO) | F(VMA_PFNMAP), false);
		fact_set(&w->f, F(VMA_HUGETLB), v->fs == VMA_FS_HUGETLB);
	}
	if (v->fs == VMA_FS_NONE)
		fact_set(&w->f, F(VMA_MAYWRITE), true);
}

/* The kernel's own file behind a mapping of MAP_ANONYMOUS | MAP_HUGETLB. */
static bool facts_anon_hugepage(const struct vma *v)
{
	return text_begins(v->name, "/anon_hugepage");
}

static enum tri facts_vma_anon(const struct vma *v)
{
	if (v->fs == VMA_FS_NONE)
		return tri_from(true, !v->gate);
	if (v->fs == VMA_FS_DEVICE) /* private mappings of /dev/zero have no vm_ops */
		return tri_from(true, !v->shared && !strcmp(v->name, "/dev/zero"));
	return tri_from(v->fs != VMA_FS_UNKNOWN || v->shared, false);
}

/*
 * Whether userfaultfd gets the fault of a hole: by VM_UFFD_MISSING if the page cache lacks the page, by
 * VM_UFFD_MINOR if it has it (shmem_get_folio_gfp(), hugetlb_no_page()).
 */
static enum tri facts_uffd_missing(const struct vma *v)
{
	bool missing = v->flags & VF(UFFD_MISSING), minor = v->flags & VF(UFFD_MINOR);
	bool uncached = facts_vma_anon(v) == TRI_YES || v->file_empty ||
			(!v->shared && facts_anon_hugepage(v));

	return tri_from(v->has_flags && (missing == minor || uncached), missing);
}

static enum tri facts_dirty_tracking(const struct vma *v)
{
	if (!v->shared || !v->write)
		return TRI_NO;
	if (vma_fs_on_disk(v->fs) || v->fs == VMA_FS_AIO)
		return TRI_YES;
	return tri_from(facts_plain_vma(v) || v->fs == VMA_FS_SPECIAL, false);
}

/* DAX file systems set VM_HUGEPAGE in their mmap(); MADV_NOHUGEPAGE clears it. */
static enum tri facts_fsdax(const struct vma *v)
{
	if (v->fs != VMA_FS_UNKNOWN && !vma_fs_on_disk(v->fs))
		return TRI_NO;
	if (v->file_known)
		return v->file_dax ? TRI_YES : TRI_NO;
	return tri_from(v->has_flags && !(v->flags & (VF(HUGEPAGE) | VF(NOHUGEPAGE))),
			false);
}

/*
 * filemap_fault() and its kin refuse pages whose offset is not below i_size rounded up; what a full file
 * system has to allocate for the page is not known.
 */
static enum tri facts_beyond_eof(const struct page_facts_work *w)
{
	const struct vma *v = w->vma;
	u64 first, end, unit = MAX(v->page_size, (u32)KERNEL_PAGE_LEAST);

	if (v->huge_known & VMA_HUGE_LOST)
		return TRI_YES;
	/* the kernel makes these files as long as their mapping */
	if (text_begins(v->name, "/anon_hugepage|/dev/zero|/SYSV|[anon_shmem:"))
		return TRI_NO;
	if (v->fs == VMA_FS_NONE || v->fs == VMA_FS_SPECIAL)
		return TRI_NO;
	if (!v->file_known)
		return TRI_UNKNOWN;
	first = v->offset + (w->raw->addr - v->start);
	end = first + w->raw->pages * w->page->size;
	if (end <= ROUND_UP(v->file_bytes, unit))
		return tri_from(!v->file_full, false);
	return first >= ROUND_UP(v->file_bytes, unit) ? TRI_YES : TRI_UNKNOWN;
}

/* page_mkwrite() or pfn_mkwrite() may refuse to let a shared mapping's entry become writable. */
static enum tri facts_mkwrite(const struct vma *v)
{
	if (!v->shared || !v->write || v->fs == VMA_FS_SHMEM || v->fs == VMA_FS_HUGETLB ||
	    v->fs == VMA_FS_SPECIAL)
		return TRI_NO;
	return tri_from((facts_plain_vma(v) || v->file_known) && !v->file_full, false);
}

static const struct page_pool *facts_pool(const struct page_context *ctx,
					  const struct vma *v)
{
	for (unsigned i = 0; i < ctx->npools; i++)
		if (ctx->pool[i].bytes == v->page_size)
			return &ctx->pool[i];
	return NULL;
}

/* The pool has a page that is not reserved, or may grow by one. */
static enum tri facts_huge_pool(const struct page_context *ctx, const struct vma *v)
{
	const struct page_pool *pool = facts_pool(ctx, v);

	if (v->huge_known & VMA_HUGE_POOL && v->huge_free > v->huge_reserved)
		return tri_from(!(v->huge_known & VMA_HUGE_UNEVEN), true);
	if (v->huge_known & VMA_HUGE_POOL)
		return tri_from(v->huge_known & VMA_HUGE_MOUNT &&
					!(v->huge_known & VMA_HUGE_KEPT) &&
					v->huge_surplus >= v->huge_overcommit,
				false);
	return pool ? pool->free : ctx->huge_free;
}

/*
 * alloc_hugetlb_folio() may get a huge page that is not reserved: it asks the limit of the
 * mount, the cgroups' limits, the pool, and whether the pool may grow, in this order.
 */
static enum tri facts_huge_free(const struct vma *v, enum tri pool)
{
	bool mount = v->huge_known & VMA_HUGE_MOUNT,
	     cgroup = v->huge_known & VMA_HUGE_CGROUP;

	if ((mount && !v->huge_mount) || (cgroup && !v->huge_cgroup))
		return TRI_NO;
	if (pool == TRI_YES && v->huge_known & VMA_HUGE_POOL)
		return tri_from(mount && cgroup, true);
	return pool;
}

/*
 * Has the pool one outside of ZONE_MOVABLE and CMA?  @pool is the answer for any memory.  Limits are
 * not asked: alloc_hugetlb_folio_nodemask(), which a migration calls, charges nobody.
 */
static enum tri facts_huge_free_pin(const struct page_context *ctx, const struct vma *v,
				    enum tri pool)
{
	const struct page_pool *p = facts_pool(ctx, v);
	enum tri pin = p ? p->free_pin : ctx->huge_free_pin;

	if (ctx->unpinnable_memory == TRI_NO || pool == TRI_NO)
		return pool;
	return pin == TRI_YES ? pool : pin;
}

/*
 * A private mapping with MAP_NORESERVE has no reservation; the kernel's own file behind a
 * private MAP_HUGETLB mapping has an empty page cache.
 */
static void facts_huge(struct page_facts_work *w)
{
	const struct vma *v = w->vma;
	enum tri pool = facts_huge_pool(w->ctx, v);

	fact_set_tri(&w->f, F(HUGE_FREE), facts_huge_free(v, pool));
	fact_set_tri(&w->f, F(HUGE_FREE_PIN), facts_huge_free_pin(w->ctx, v, pool));
	if (!(v->flags & VF(HUGETLB)) || v->shared)
		return;
	if (v->flags & VF(NORESERVE))
		fact_set(&w->f, F(HUGE_RESERVED), false);
	if (facts_anon_hugepage(v))
		fact_set(&w->f, F(CACHED), false);
}

/* userfaultfd protects entries only in VMAs that have one of these flags; no VMA has both. */
#define FACTS_UFFD_PROTECTS (VF(UFFD_WP) | VF(UFFD_RWP))

/* pte_access_permitted() fails: of PROT_EXEC alone arm64 makes such entries, if the CPU has FEAT_PAN3. */
static enum tri facts_execute_only(const struct page_facts_work *w)
{
	const struct arch *a = w->ctx->pte ? w->ctx->pte->arch : NULL;
	const struct raw_page *o = w->raw;

	if (!w->vma->exec || w->vma->read || w->vma->write || w->page->present == TRI_NO)
		return TRI_NO;
	if (a && o->has & RAW_HAS_PTE)
		return tri_from(true, o->pte & a->valid && !(o->pte & a->user));
	return a && !a->exec_only ? TRI_NO : TRI_UNKNOWN;
}

static void facts_vma(struct page_facts_work *w)
{
	const struct vma *v = w->vma;

	if (v->has_flags)
		facts_vma_flags(w);
	else
		facts_vma_perms(w);
	fact_set(&w->f, F(VMA_GATE), v->gate);
	if (v->flags & FACTS_UFFD_PROTECTS)
		fact_set_tri(&w->f, F(VMA_UFFD_ASYNC), v->uffd_async);
	else if (v->has_flags)
		fact_set(&w->f, F(VMA_UFFD_ASYNC), false);
	fact_set_tri(&w->f, F(VMA_ANON), facts_vma_anon(v));
	fact_set_tri(&w->f, F(VMA_UFFD_MISSING), facts_uffd_missing(v));
	fact_set_tri(&w->f, F(VMA_FSDAX), facts_fsdax(v));
	fact_set_tri(&w->f, F(VMA_SECRETMEM),
		     tri_from(v->fs != VMA_FS_UNKNOWN, v->fs == VMA_FS_SECRETMEM));
	fact_set_tri(&w->f, F(VMA_DIRTY_TRACKING), facts_dirty_tracking(v));
	if (v->pkey <= 0) /* key 0 is never denied; -1: no keys */
		fact_set_tri(&w->f, F(PKEY_NO_READ) | F(PKEY_NO_WRITE),
			     facts_execute_only(w));
	fact_set_tri(&w->f, F(MM_HAS_PINNED), w->ctx->has_pinned);
	fact_set_tri(&w->f, F(UNPINNABLE_MEMORY), w->ctx->unpinnable_memory);
	facts_huge(w);
}

/* ---- the entry */

static enum tri facts_present(const struct page_info *p)
{
	if (p->present != TRI_UNKNOWN)
		return p->present;
	switch (p->kind) {
	case PAGE_NONE:
	case PAGE_SWAP:
	case PAGE_MIGRATION:
	case PAGE_GUARD:
	case PAGE_MARKER:
		return TRI_NO;
	case PAGE_UNKNOWN:
	case PAGE_DEVICE:
	case PAGE_HWPOISON:
	case PAGE_SPECIAL:
		return TRI_UNKNOWN;
	default:
		return TRI_YES;
	}
}

/* Sets the kind of a non-present entry and excludes the others; nothing if it is unknown. */
static void facts_nonpresent(struct page_facts_work *w)
{
	static const u64 by_kind[PAGE_KINDS] = {
		[PAGE_SWAP] = F(SWAP),           [PAGE_MIGRATION] = F(MIGRATION),
		[PAGE_GUARD] = F(GUARD),         [PAGE_HWPOISON] = F(POISON),
		[PAGE_DEVICE] = F(DEVICE_ENTRY),
	};
	const struct page_info *p = w->page;

	if (p->kind == PAGE_UNKNOWN || p->kind == PAGE_SPECIAL || p->kind == PAGE_MARKER)
		return;
	fact_set(&w->f, F(SWAP) | F(MIGRATION) | F(GUARD) | F(POISON) | F(DEVICE_ENTRY),
		 false);
	fact_set(&w->f, by_kind[p->kind], true);
	if (p->kind == PAGE_SWAP)
		fact_set_tri(&w->f, F(SWAP_EXCLUSIVE), p->swap_exclusive);
	fact_set_tri(&w->f, F(FILE_REFUSES), facts_beyond_eof(w));
	if (p->kind == PAGE_NONE && w->vma->file_empty)
		fact_set(&w->f, F(CACHED), false);
	if (p->pte_known & PAGE_PTE_UFFD_WP)
		fact_set(&w->f, F(UFFD_WP), p->pte & PAGE_PTE_UFFD_WP);
	else if (w->ctx->kernel &&
		 kernel_has(w->ctx->kernel, KFACT_PM_UFFD_WP) == TRI_YES &&
		 w->raw->has & RAW_HAS_PAGEMAP)
		fact_set(&w->f, F(UFFD_WP), w->raw->pagemap & PAGEMAP_UFFD_WP);
	else if (p->kind == PAGE_NONE && !(w->vma->flags & FACTS_UFFD_PROTECTS))
		fact_set(&w->f, F(UFFD_WP), false);
}

/* No entry is a NUMA hint when all memory is on one node or balancing is off. */
static bool facts_no_numa(const struct page_facts_work *w)
{
	const struct page_context *ctx = w->ctx;

	if (ctx->numa_balancing_off || facts_config(w, KCONFIG_NUMA_BALANCING) == TRI_NO)
		return true;
	for (unsigned i = 1; i < ctx->nspans; i++)
		if (ctx->spans[i].node != ctx->spans[0].node)
			return false;
	return ctx->nspans && ctx->spans[0].node >= 0;
}

/* task_numa_work() and change_pte_range() never make hints in these VMAs. */
static bool facts_never_hinted(const struct page_facts_work *w)
{
	const struct vma *v = w->vma;

	if (v->fs == VMA_FS_HUGETLB ||
	    (v->has_flags &&
	     v->flags & (VF(HUGETLB) | VF(MIXEDMAP) | VF(IO) | VF(PFNMAP))))
		return true;
	if (v->inode && v->read && !v->write)
		return true;
	return w->page->kind == PAGE_KSM || w->page->kind == PAGE_ZERO ||
	       w->page->kind == PAGE_HUGE_ZERO;
}

/*
 * A present entry of a mapping without access is PROT_NONE.  So is one that userfaultfd
 * protects against reading (7.3); it has the uffd bit.
 */
static enum tri facts_protnone(const struct page_facts_work *w)
{
	const struct vma *v = w->vma;

	if (!v->read && !v->write && !v->exec)
		return w->present;
	if (v->flags & VF(UFFD_RWP) && fact_get(&w->f, FACT_UFFD_WP) != TRI_NO)
		return fact_get(&w->f, FACT_UFFD_WP);
	return facts_no_numa(w) || facts_never_hinted(w) ? TRI_NO : TRI_UNKNOWN;
}

/* Outside of drivers' mappings only the zero pages have special entries. */
static enum tri facts_special(const struct page_facts_work *w)
{
	const struct vma *v = w->vma;

	if (w->page->kind == PAGE_ZERO)
		return TRI_YES;
	if (w->page->kind == PAGE_UNKNOWN || w->page->kind == PAGE_HUGE_ZERO)
		return TRI_UNKNOWN;
	return tri_from(v->has_flags ? !(v->flags & (VF(PFNMAP) | VF(MIXEDMAP)))
				     : facts_plain_vma(v),
			false);
}

static void facts_entry(struct page_facts_work *w)
{
	static const struct {
		u64 fact;
		u16 bit;
	} map[] = {
		{ F(PTE_WRITE), PAGE_PTE_WRITE }, { F(PROTNONE), PAGE_PTE_PROTNONE },
		{ F(SPECIAL), PAGE_PTE_SPECIAL }, { F(UFFD_WP), PAGE_PTE_UFFD_WP },
		{ F(DEVMAP), PAGE_PTE_DEVMAP },
	};
	const struct page_info *p = w->page;

	for (unsigned i = 0; i < ARRAY_SIZE(map); i++)
		fact_set_tri(&w->f, map[i].fact,
			     tri_from(p->pte_known & map[i].bit, p->pte & map[i].bit));
	if (!(p->pte_known & PAGE_PTE_UFFD_WP) && w->vma->has_flags &&
	    !(w->vma->flags & FACTS_UFFD_PROTECTS))
		fact_set(&w->f, F(UFFD_WP), false);
	if (!(p->pte_known & PAGE_PTE_PROTNONE))
		fact_set_tri(&w->f, F(PROTNONE), facts_protnone(w));
	if (!(p->pte_known & PAGE_PTE_SPECIAL))
		fact_set_tri(&w->f, F(SPECIAL), facts_special(w));
	if (!(p->pte_known & PAGE_PTE_DEVMAP) && p->zone >= 0 &&
	    p->zone != PAGE_ZONE_DEVICE && page_knows(p, PAGE_F_ZONE))
		fact_set(&w->f, F(DEVMAP), false);
}

static void facts_leaf(struct page_facts_work *w)
{
	const struct page_info *p = w->page;
	const struct vma *v = w->vma;
	static const u64 levels[] = { [RAW_LEVEL_PMD] = F(LEAF_PMD),
				      [RAW_LEVEL_PUD] = F(LEAF_PUD),
				      [RAW_LEVEL_HUGEPD] = F(HUGEPD) };
	u64 leaf = levels[p->leaf];
	u64 pmd_size = w->ctx->kernel ? w->ctx->kernel->ev.pmd_size : 0;

	if (!p->leaf && v->fs == VMA_FS_HUGETLB) {
		if (!pmd_size || !v->page_size ||
		    kernel_has(w->ctx->kernel, KFACT_HUGEPD) != TRI_NO)
			return;
		leaf = levels[page_huge_level(&w->ctx->kernel->ev, v->page_size)];
	} else if (!p->leaf) {
		/* Level unknown, but no PMD if smaps counts none or the folio is order 0. */
		if (p->kind == PAGE_UNKNOWN || p->kind == PAGE_DEVICE ||
		    p->kind == PAGE_HUGE_ZERO)
			return;
		if (!(v->has_smaps && !v->pmd_mapped_bytes) &&
		    !(facts_flag(p, KPF_COMPOUND_BITS) == TRI_NO))
			return;
	}
	fact_set(&w->f, F(LEAF_PMD) | F(LEAF_PUD) | F(HUGEPD), false);
	fact_set(&w->f, leaf, true);
}

/* ---- the page */

static enum tri facts_anon(const struct page_facts_work *w)
{
	const struct page_info *p = w->page;

	if (p->kind != PAGE_UNKNOWN)
		return tri_from(true,
				p->anon || p->kind == PAGE_ANON || p->kind == PAGE_KSM);
	if (facts_flag(p, KPF_BIT(ANON)) != TRI_UNKNOWN)
		return facts_flag(p, KPF_BIT(ANON));
	/* pagemap never sets the file bit for an anonymous page */
	return w->raw->has & RAW_HAS_PAGEMAP && w->raw->pagemap & PAGEMAP_FILE
		       ? TRI_NO
		       : TRI_UNKNOWN;
}

static enum tri facts_no_mapping(const struct page_facts_work *w)
{
	const struct page_info *p = w->page;
	/* Truncation unmaps a page before it leaves the page cache.  Drivers' pages differ. */
	bool cache = (p->kind == PAGE_FILE || p->kind == PAGE_SHMEM) &&
		     (vma_fs_on_disk(w->vma->fs) || w->vma->fs == VMA_FS_SHMEM) &&
		     fact_get(&w->f, FACT_VMA_FSDAX) == TRI_NO;

	if (p->has_page)
		return tri_from(true, p->mapping == RAW_MAPPING_NULL);
	return tri_from(cache || p->kind == PAGE_HUGETLB ||
				facts_flag(p, KPF_BIT(LRU)) == TRI_YES,
			false);
}

static enum tri facts_block(const struct page_facts_work *w)
{
	const struct page_info *p = w->page;

	if (p->zone == PAGE_ZONE_DEVICE && page_knows(p, PAGE_F_ZONE))
		return TRI_UNKNOWN;
	if (facts_config(w, KCONFIG_CMA) == TRI_NO)
		return TRI_NO;
	return p->migratetype_bad;
}

/*
 * Draining brings a page of a batch to an LRU list.  One on none may be isolated by somebody at this
 * moment.  A private mapping shows anonymous pages, too, which any kernel moves.
 */
static enum tri facts_movable(const struct page_facts_work *w)
{
	const struct page_info *p = w->page;
	enum tri dirty = facts_flag(p, KPF_BIT(DIRTY));

	if (p->kind == PAGE_HUGETLB)
		return TRI_YES;
	if (page_knows(p, PAGE_F_ZONE) && p->zone == PAGE_ZONE_DEVICE)
		return TRI_NO;
	if (facts_flag(p, KPF_BIT(LRU)) != TRI_YES && !p->batches)
		return TRI_UNKNOWN;
	if (p->kind == PAGE_ANON || p->kind == PAGE_KSM || p->kind == PAGE_SHMEM)
		return TRI_YES;
	if (p->kind == PAGE_FILE && w->vma->fs == VMA_FS_RAMFS && dirty == TRI_YES)
		return TRI_NO;
	/* fallback_migrate_folio() moves what is clean, unless a mapping's entry is dirty */
	if (p->kind == PAGE_FILE && w->vma->fs == VMA_FS_CAREFUL && dirty == TRI_NO &&
	    facts_flag(p, KPF_BIT(PRIVATE)) == TRI_NO && !p->folio_mapcount)
		return TRI_YES;
	return tri_from(p->kind == PAGE_FILE &&
				(w->vma->fs == VMA_FS_DISK || w->vma->fs == VMA_FS_AIO),
			true);
}

static void facts_page(struct page_facts_work *w)
{
	const struct page_info *p = w->page;
	enum tri anon = facts_anon(w);
	bool known = p->kind != PAGE_UNKNOWN;

	fact_set_tri(&w->f, F(ANON), anon);
	fact_set_tri(&w->f, F(KSM), tri_from(known, p->kind == PAGE_KSM));
	fact_set_tri(&w->f, F(ZERO), tri_from(known, p->kind == PAGE_ZERO));
	fact_set_tri(&w->f, F(HUGE_ZERO), tri_from(known, p->kind == PAGE_HUGE_ZERO));
	fact_set_tri(&w->f, F(SHMEM), tri_from(known, p->kind == PAGE_SHMEM));
	fact_set_tri(&w->f, F(NO_MAPPING), facts_no_mapping(w));
	fact_set_tri(&w->f, F(MOVABLE), facts_movable(w));
	fact_set_tri(&w->f, F(LARGE), facts_large(p));
	fact_set_tri(&w->f, F(ANON_EXCLUSIVE), p->anon_exclusive);
	if (anon == TRI_NO)
		fact_set(&w->f, F(ANON_EXCLUSIVE), false);
	if (page_knows(p, PAGE_F_ZONE) && p->zone >= 0)
		fact_set(&w->f, F(ZONE_MOVABLE), p->zone == PAGE_ZONE_MOVABLE);
	fact_set_tri(&w->f, F(BLOCK_UNPINNABLE), facts_block(w));
}

void page_facts(const struct page_context *ctx, const struct vma *vma,
		const struct raw_page *raw, struct page_info *page)
{
	struct page_facts_work w = { .ctx = ctx, .vma = vma, .raw = raw, .page = page };

	facts_vma(&w);
	w.present = facts_present(page);
	if (!page->raced) {
		fact_set_tri(&w.f, F(PRESENT), w.present);
		if (w.present == TRI_NO)
			facts_nonpresent(&w);
		if (w.present == TRI_YES) {
			fact_set_tri(&w.f, F(FILE_REFUSES), facts_mkwrite(vma));
			facts_entry(&w);
			facts_leaf(&w);
			facts_page(&w);
			page_facts_counts_maps(&w);
			page_facts_counts_refs(&w);
		}
	}
	fact_infer(NULL, &w.f);
	page->facts = w.f;
}
