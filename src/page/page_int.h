/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page_int.h - state that the steps of page_read() share; included by page*.c only. */
#pragma once

#include "kpageflags.h"
#include "page/page.h"
#include "pagemap.h"
#include "page/pte.h"

/* Fields are in the order of the steps: each step may use what earlier steps set. */
struct page_work {
	const struct page_context *ctx;
	const struct vma *vma;
	const struct raw_page *raw;
	struct page_info *page;
	u64 base;
	u64 swap_offset; /* of an entry that is not present */
	bool entry;      /* the entry was read, from pagemap or by BPF */
	bool has_pte;    /* ->pte is the decoded entry */
	bool has_page;   /* the words of struct page were read */
	bool present;    /* pte_present() */
	bool head, tail; /* of a compound page; unknown: both false */
	struct pte pte;
};

static inline enum tri page_kernel(const struct page_work *w, enum kfact fact)
{
	return w->ctx->kernel ? kernel_has(w->ctx->kernel, fact) : TRI_UNKNOWN;
}

static inline void page_why(struct page_work *w, enum page_field f, enum page_why why)
{
	w->page->why[f] = why;
}

static inline bool page_huge_leaf(const struct page_work *w)
{
	return w->page->leaf > RAW_LEVEL_PTE;
}

/* The flags are known and one of @bits is set. */
static inline bool page_has_flag(const struct page_info *p, u64 bits)
{
	return p->flags & p->flags_known & bits;
}

/* Returns why words about the frame, or words that only BPF reads, are missing. */
enum page_why page_why_frame(const struct page_work *w);
enum page_why page_why_bpf(const struct page_work *w);

/* Fills ->flags (page_flags.c).  Bit 34 of kpageflags waits for page_flags_exclusive(). */
void page_flags_read(struct page_work *w);
/* Fills ->anon_exclusive and its bit of ->flags. */
void page_flags_exclusive(struct page_work *w);

void page_count_maps(struct page_work *w);
void page_count_refs(struct page_work *w);

void page_kind_find(struct page_work *w);
