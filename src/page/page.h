/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page.h - the meaning of a run's raw words: known and unknown facts, no verdicts. */
#pragma once

#include "page/fact.h"
#include "kernel/kernel.h"
#include "page/raw_page.h"
#include "page/pte.h" /* PAGE_PTE_* */
#include "page/vma.h"

/* The `kind` column of spec.md. */
enum page_kind {
	PAGE_NONE,
	PAGE_ANON,
	PAGE_KSM,
	PAGE_ZERO,
	PAGE_HUGE_ZERO,
	PAGE_FILE,
	PAGE_SHMEM,
	PAGE_HUGETLB,
	PAGE_DEVICE,
	PAGE_SPECIAL,
	PAGE_SWAP,
	PAGE_MIGRATION,
	PAGE_HWPOISON,
	PAGE_GUARD,
	PAGE_MARKER,
	PAGE_UNKNOWN,
	PAGE_KINDS
};

/* Groups of fields that become unknown together, each with its own reason. */
enum page_field {
	PAGE_F_PFN,
	PAGE_F_LEAF,
	PAGE_F_FLAGS,
	PAGE_F_MAPCOUNT,
	PAGE_F_REFCOUNT,
	PAGE_F_PINCOUNT,
	PAGE_F_ANON_EXCLUSIVE,
	PAGE_F_PTE,
	PAGE_F_ZONE,
	PAGE_F_FOLIO,
	PAGE_F_KIND,
	PAGE_FIELDS
};

/* Why a field is unknown; page_why_texts[] has the words for people. */
enum page_why {
	PAGE_WHY_KNOWN,
	PAGE_WHY_NOT_APPLICABLE, /* "-": e.g. the refcount of a hole */
	PAGE_WHY_PFN_HIDDEN,     /* pagemap hides PFNs without CAP_SYS_ADMIN */
	PAGE_WHY_KPAGE_PERM, /* /proc/kpageflags or kpagecount not readable: root only */
	PAGE_WHY_NO_BPF, /* only BPF reads it; the evidence says why BPF is not in use */
	PAGE_WHY_NO_TABLES, /* BPF reads the page, but no page tables of this architecture */
	PAGE_WHY_HEAD_ONLY, /* kpageflags shows the head's flags for tails since 6.10 */
	PAGE_WHY_NO_SCAN,   /* kernel without PAGEMAP_SCAN (before 6.7) */
	PAGE_WHY_RACED,     /* the entry changed while its page was read */
	PAGE_WHY_NO_PAGE_MAPCOUNT, /* CONFIG_NO_PAGE_MAPCOUNT: only an average exists */
	PAGE_WHY_HUGETLB_HEAD_0, /* kpagecount of hugetlb heads reads 0 on 6.9 and 6.10 */
	PAGE_WHY_KERNEL_OLD, /* this kernel does not have the fact (AnonExclusive before 5.19) */
	PAGE_WHY_NO_ZONEINFO,
	PAGE_WHY_NOT_RECORDED, /* the report that is replayed does not hold it */
	PAGE_WHY_NO_MMU,       /* Power with 4K pages: hugepd directories or leaves */
	PAGE_WHY_UNCALIBRATED, /* no probe shows whether the kernel has the bug */
	PAGE_WHYS
};

enum page_count_kind {
	PAGE_COUNT_UNKNOWN,
	PAGE_COUNT_EXACT,
	PAGE_COUNT_AVERAGE,
	PAGE_COUNT_ESTIMATE
};

/* What pages that are alike have in common: all but their place. */
struct page_info {
	u64 size; /* bytes of one page; the leaf size when a PMD or PUD maps the run */
	u64 flags,
		flags_known; /* KPF_* bits in /proc/kpageflags numbering (kpageflags.h) */
	s64 mapcount;        /* of this page, not of its folio */
	s64 folio_mapcount;  /* folio_mapcount(); -1 unknown */
	s64 refcount, pincount;
	s64 expected;       /* folio_expected_ref_count(), -1 unknown */
	s64 excess;         /* refcount - expected; only when both are known */
	struct facts facts; /* what predict.h judges */
	u32 batches; /* of CPUs that hold it, as in the raw page; known with ->has_batches */
	u32 maps_once, maps_share; /* as in the raw page, with ->maps_differ */
	u32 swap_type;
	u16 pte, pte_known;  /* PAGE_PTE_* */
	s16 node;            /* -1 unknown */
	s8 zone;             /* enum page_zone, -1 unknown */
	u8 kind;             /* enum page_kind */
	u8 leaf;             /* enum raw_level, 0 unknown */
	u8 why[PAGE_FIELDS]; /* enum page_why of each field */
	bool anon;           /* hugetlb: the page is anonymous */
	bool raced;
	u8 pkey;
	u8 order;
	u8 mapcount_kind; /* enum page_count_kind */
	u8 pincount_kind;
	u8 anon_exclusive;  /* enum tri */
	u8 mm_shared;       /* enum tri: folio_maybe_mapped_shared() */
	u8 migratetype_bad; /* enum tri: CMA or ISOLATE pageblock */
	u8 present;         /* enum tri: pte_present() */
	u8 swap_exclusive;  /* enum tri: pte_swp_exclusive() of a swap entry */
	u8 mapping;         /* enum raw_mapping, with ->has_page */
	bool has_page;      /* its struct page was read */
	bool has_batches;
	bool maps_differ; /* a huge leaf whose pages do not have one map count: ->mapcount is their average */
	bool counts_disagree; /* /proc/kpagecount and _mapcount of a page that is not large */
};

struct gup_verdicts;

/*
 * Pages that are alike have one class, and all that anybody shows of them is read through it: it is
 * kept once (gup/verdict_cache.h).
 */
struct page_class {
	struct page_info page;
	struct raw_page
		raw; /* the words that have no place in them, where words are kept */
	const struct gup_verdicts *verdicts;
	/* A class is what stands before this; ->like differs from it only in the raw words. */
	const struct page_class *like;
	const void *cache; /* that has it */
	u32 id;            /* ascends from 0, and goes on when the cache is renewed */
};

/* Consecutive addresses whose pages are alike. */
struct page_run {
	u64 addr;  /* first byte of the run */
	u64 pages; /* pages of ->class->page.size */
	u64 pfn;   /* of the first page; of swapped pages the offset in the swap area */
	const struct page_class *class;
};

enum page_zone {
	PAGE_ZONE_DMA,
	PAGE_ZONE_DMA32,
	PAGE_ZONE_NORMAL,
	PAGE_ZONE_HIGHMEM,
	PAGE_ZONE_MOVABLE,
	PAGE_ZONE_DEVICE,
	PAGE_ZONES
};

/* A zone's span of PFNs, from /proc/zoneinfo. */
struct page_span {
	u64 start_pfn, end_pfn;
	u64 cma_pages; /* zone_cma_pages(); UINT64_MAX unknown (before 5.12) */
	s16 node;
	s8 zone; /* enum page_zone, -1 when the name is not known */
};

#define PAGE_POOLS 8

/* Facts of the process and the machine that decide facts of its pages. */
struct page_context {
	const struct kernel *kernel;
	const struct page_span
		*spans; /* as in zoneinfo; those of different nodes may overlap */
	unsigned nspans;
	u8 pfns_hidden;  /* the source is not allowed to see PFNs */
	u8 kpage_denied; /* /proc/kpage* not readable */
	u8 have_scan;    /* PAGEMAP_SCAN works */
	u8 have_bpf;     /* BPF reads page tables, and struct pages */
	u8 recorded;     /* a report is replayed */
	u8 has_pinned;   /* enum tri: MMF_HAS_PINNED */
	u8 pins_anywhere; /* enum tri: nr_foll_pin_acquired != released; TRI_NO proves no pins */
	u8 thp_enabled;       /* 0 never, 1 madvise, 2 always, 0xff unknown */
	u8 use_zero_page;     /* enum tri: THP use_zero_page */
	u8 huge_free;         /* enum tri: a huge page can be allocated; of old reports */
	u8 huge_free_pin;     /* enum tri: likewise, outside of ZONE_MOVABLE and CMA */
	u8 unpinnable_memory; /* enum tri: the machine has ZONE_MOVABLE or CMA memory */
	/* by huge page size; the two members above stand in for missing sizes */
	struct page_pool {
		u64 bytes;
		u8 free, free_pin; /* enum tri */
	} pool[PAGE_POOLS];
	unsigned npools;
	u8 pkey_rights_known;
	u8 soft_dirty;         /* enum tri: CONFIG_MEM_SOFT_DIRTY */
	u8 numa_balancing_off; /* known to be off: no entry is a NUMA hint */
	struct kpf_layout const
		*layout; /* page->flags bit numbers of the kernel (BTF), NULL unknown */
	struct pte_layout const *pte; /* pte.h: entries and swap types, NULL unknown */
};

/* page->flags bit numbers from BTF's enum pageflags; 0xff when the kernel lacks the flag. */
struct kpf_layout {
#define PAGEFLAG(pg, member, kpf) u8 member;
#include "page/pageflag.def"
};

/*
 * Interprets the words @raw of a page in @vma.  @ret is valid whatever the words are.  Returns the
 * page's place: page_run.pfn.
 */
u64 page_read(const struct page_context *ctx, const struct vma *vma,
	      const struct raw_page *raw, struct page_info *ret);

/* Returns the address behind @run. */
static inline u64 page_end(const struct page_run *run)
{
	return run->addr + run->pages * run->class->page.size;
}

/* Returns the first frame of the folio of @run's first page: a compound page is aligned. */
static inline u64 page_head(const struct page_run *run)
{
	return ROUND_DOWN(run->pfn, BIT(MIN(run->class->page.order, 40)));
}

/* Cuts @run to the pages that touch [start, end), which lies in it; @base: bytes of a base page. */
void page_cut(struct page_run *run, u64 start, u64 end, u64 base);

/* The PFNs, or the places in swap, of @next follow those of @run, which is like it. */
bool page_frames_continue(const struct page_run *run, const struct page_run *next,
			  u64 base);

/*
 * A page that is neither anonymous nor a cache's: the driver or the part of the kernel that
 * allocated it holds any number of references (io_uring's rings, vm_insert_page()).
 */
bool page_of_owner(const struct page_info *page);

/* Returns the number of references of batches of CPUs, of those that were read. */
static inline unsigned page_batches(const struct page_info *page)
{
	return !!(page->batches & 0xffff) + !!(page->batches >> 16);
}

/*
 * Formats whose ->expected references are: "1 mapping, 1 page cache, 1 private", the last of which is
 * that of buffer heads or of another of the file system.  Returns @buf; "" when they are not known.
 */
char *page_count_expected_text(const struct page_info *page, char *buf, size_t size);

/* MADV_FREE took it: memory pressure drops it, unless it is written to before. */
enum tri page_lazily_free(const struct page_info *page);

static inline bool page_knows(const struct page_info *page, enum page_field field)
{
	return page->why[field] == PAGE_WHY_KNOWN;
}

/* The page has the field, but nobody knows its value. */
static inline bool page_lacks(const struct page_info *page, enum page_field field)
{
	return !page_knows(page, field) && page->why[field] != PAGE_WHY_NOT_APPLICABLE;
}

/* All pages of the run are the one of zeroes. */
static inline bool page_is_zero(const struct page_info *p)
{
	return p->kind == PAGE_ZERO || p->kind == PAGE_HUGE_ZERO;
}

/* The page is anonymous memory, of hugetlb, too. */
static inline bool page_is_anon(const struct page_info *p)
{
	return p->kind == PAGE_ANON || (p->kind == PAGE_HUGETLB && p->anon);
}
const char *page_kind_name(enum page_kind kind);
const char *page_zone_name(int zone);
/* Returns the bytes of one leaf of @raw, which @vma (NULL: it is not hugetlb) has on machine @ev. */
u64 page_read_leaf_size(const struct kernel_evidence *ev, const struct vma *vma,
			const struct raw_page *raw);
/* Returns the address behind the last leaf of @raw, likewise. */
static inline u64 page_read_end(const struct kernel_evidence *ev, const struct vma *vma,
				const struct raw_page *raw)
{
	return raw->addr + raw->pages * page_read_leaf_size(ev, vma, raw);
}
/*
 * Returns the level whose entries map a hugetlb page of @bytes on a machine without hugepd.  Between the sizes of
 * two levels lie contiguous entries of the lower one (arm64).
 */
static inline u8 page_huge_level(const struct kernel_evidence *ev, u64 bytes)
{
	return bytes < ev->pmd_size                                     ? RAW_LEVEL_PTE
	       : bytes < (u64)ev->pmd_size * (kernel_page_size(ev) / 8) ? RAW_LEVEL_PMD
									: RAW_LEVEL_PUD;
}
const char *page_leaf_name(enum raw_level leaf); /* "pmd"; NULL: unknown */
extern const char *const page_why_texts[PAGE_WHYS];
extern const char *const page_field_names[PAGE_FIELDS];
extern const char *const page_count_kind_names[];
