/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gup/frame.h"

#include <string.h>

#include "kpageflags.h"

#include "lib/pure.h"

static void frame_is(struct frame *f, enum frame_state state, const char *kind,
		     const char *why, const char *text)
{
	f->state = state;
	f->kind = kind;
	f->why = why;
	f->text = text;
}

/* Frames that kpageflags explains alone.  Returns false for the others. */
static bool frame_of_flags(struct frame *f, u64 word)
{
	const u64 ours = KPF_BIT(NOPAGE) | KPF_BIT(BUDDY) | KPF_BIT(HWPOISON) |
			 KPF_BIT(OFFLINE) | KPF_BIT(SLAB) | KPF_BIT(PGTABLE) |
			 KPF_BIT(ZERO_PAGE) | KPF_BIT(RESERVED);
	const char *text, *kind = kpageflags_frame(word, &text);

	if (!(word & ours)) {
		frame_is(f, FRAME_UNKNOWN, kind, "refcount", text);
		return false;
	}
	frame_is(f,
		 word & KPF_BIT(NOPAGE)  ? FRAME_ABSENT
		 : word & KPF_BIT(BUDDY) ? FRAME_FREE
					 : FRAME_BLOCKS,
		 kind, word & KPF_BIT(NOPAGE) ? "gone" : "unmovable", text);
	if (word & KPF_BIT(OFFLINE)) /* balloon_page_migrate() and others */
		frame_is(f, FRAME_UNKNOWN, kind, "driver",
			 "a balloon's page: its driver may let it be moved");
	return true;
}

/* The word of a page with a type is no map count (page_has_type()). */
static bool frame_typed(const struct raw_page *raw)
{
	return (s32)raw->page_type < -1;
}

/* What struct page alone explains. */
static bool frame_of_page(struct frame *f, const struct raw_page *raw)
{
	bool huge = raw->kpageflags & KPF_BIT(HUGE);

	if (!(raw->has & RAW_HAS_PAGE))
		return false;
	if (!raw->refcount && (huge || !frame_typed(raw)))
		frame_is(f, FRAME_FREE, huge ? "hugetlb" : "free", NULL,
			 huge ? "free in the pool of huge pages"
			      : "free, in a CPU's list of the buddy allocator");
	else if (raw->mapping == RAW_MAPPING_MOVABLE)
		frame_is(
			f, FRAME_UNKNOWN, "driver", "driver",
			"movable memory of zsmalloc, z3fold or a balloon: its driver may let it be moved");
	else if (!huge && raw->mapping == RAW_MAPPING_NULL &&
		 !(raw->kpageflags & KPF_BIT(LRU)))
		frame_is(f, FRAME_BLOCKS, "kernel", "unmovable",
			 "memory of the kernel or of a driver: on no LRU list");
	else
		return false;
	return true;
}

/* Returns the stable word of spec.md for the rule that stops @f. */
static const char *frame_word(const struct frame *f)
{
	static const struct {
		const char *rule, *word;
	} words[] = {
		{ "migrate-secretmem", "secretmem" },
		{ "migrate-fallback", "no-migrate-op" },
		{ "migrate-vma-dax", "device" },
		{ "migrate-devmap", "device" },
	};

	if (f->migrate.word == GUP_MIGRATE_REFS)
		return fact_get(&f->page.facts, FACT_MAYBE_PINNED) == TRI_YES ? "pinned"
									      : "refs";
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(f->rule, words[i].rule))
			return words[i].word;
	return page_knows(&f->page, PAGE_F_ZONE) && f->page.zone == PAGE_ZONE_DEVICE
		       ? "device"
		       : "unmovable";
}

static void frame_predict(struct frame *f, const struct kernel *k)
{
	const struct gup_path *path = &f->migrate.path;

	predict_migrate(k, &f->page.facts, &f->migrate);
	f->kind = f->page.kind == PAGE_UNKNOWN ? f->kind : page_kind_name(f->page.kind);
	if (f->migrate.word == GUP_MIGRATE_YES) {
		f->state = FRAME_MOVES;
	} else if (f->migrate.word == GUP_MIGRATE_UNKNOWN) {
		const char *raced = predict_contradiction(k, &f->page.facts);

		f->why = raced ? "raced" : "kernel";
		f->text = raced ? raced : f->text;
		for (unsigned i = FACTS; !raced && i-- > 0;)
			if (f->migrate.unknown >> i & 1)
				f->why = fact_rows[i].decider;
	} else if (path->n) {
		f->state = FRAME_BLOCKS;
		f->rule = predict_rule(path->rule[path->n - 1])->id;
		f->text = predict_rule(path->rule[path->n - 1])->reason;
		f->why = frame_word(f);
	}
}

void frame_mapping(struct vma *ret, bool anon, bool huge, enum vma_fs fs)
{
	ret->fs = huge ? VMA_FS_HUGETLB : anon ? VMA_FS_NONE : fs;
	ret->has_flags = ret->read = true;
	ret->shared = !anon;
	ret->flags = VF(READ) | (anon ? 0 : VF(MAYSHARE) | VF(SHARED) | VF(MAYWRITE)) |
		     (huge ? VF(HUGETLB) : 0);
}

void frame_judge(const struct kernel *k, const struct page_context *ctx,
		 const struct raw_page *raw, const struct vma *file, struct frame *ret)
{
	memset(ret, 0, sizeof(*ret));
	page_read(ctx, file, raw, &ret->page);
	if (frame_of_flags(ret, raw->kpageflags) || frame_of_page(ret, raw))
		return;
	/* no entry is asked */
	fact_set(&ret->page.facts,
		 F(PROTNONE) | F(SPECIAL) | F(DEVMAP) | F(VMA_IO) | F(VMA_PFNMAP) |
			 F(VMA_GATE),
		 false);
	/* rules about faults know these of pages that are mapped */
	fact_set_tri(&ret->page.facts,
		     F(REF_ONE) | F(REF_SOLE) | F(REF_IS_MAPS) | F(MAPCOUNT_ONE) |
			     F(HELD),
		     TRI_UNKNOWN);
	frame_predict(ret, k);
}
