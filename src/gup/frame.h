/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame.h - what a page frame is, whoever maps it, and whether the kernel could move its page.
 *
 * The rules are those of predict_migrate.def: what they ask of a mapping does not hold of a frame, which
 * compaction, offlining and CMA find without one.
 */
#pragma once

#include "gup/predict.h"
#include "page/page.h"

enum frame_state {
	FRAME_ABSENT, /* there is no such frame */
	FRAME_FREE,
	FRAME_MOVES,
	FRAME_BLOCKS,
	FRAME_UNKNOWN,
	FRAME_STATES
};

struct frame {
	u8 state;         /* enum frame_state */
	const char *kind; /* "slab", "anon", "free"; NULL: not known */
	/* of FRAME_BLOCKS a stable word, such as "pinned"; of FRAME_UNKNOWN what would decide it */
	const char *why;
	const char
		*text; /* a sentence about the kind or, of FRAME_BLOCKS, about the rule */
	const char *rule; /* the rule that stops it; NULL: its kind does */
	struct page_info page;
	struct gup_whatif migrate;
};

/*
 * Sets what is known of the mappings of a page that no mapping was asked for: of the file system @fs, unless it is
 * anonymous or @huge.  @ret keeps the name and the numbers that it has.
 */
void frame_mapping(struct vma *ret, bool anon, bool huge, enum vma_fs fs);

/* Judges the frames of @raw; @file is what the source knows of their mappings (source_ops.frames). */
void frame_judge(const struct kernel *k, const struct page_context *ctx,
		 const struct raw_page *raw, const struct vma *file, struct frame *ret);
