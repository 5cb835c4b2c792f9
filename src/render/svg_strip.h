/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * svg_strip.h - the mappings of processes as strips: each cell is a few pages, at one scale.
 *
 * The number of cells is bounded, whatever the size of the processes: only the largest mappings have
 * strips of their own.
 */
#pragma once

#include "render/svg.h"
#include "report/family.h"

#define SVG_STRIP_COLUMNS 6 /* processes side by side */

/* What the picture shows of the memory of a member, in bytes. */
void svg_strip_sums(const struct family_member *m, u32 base, u64 ret[SVG_KINDS]);

/* The mappings of members @first to @first + @n of @f, side by side.  Returns 0 or -ENOMEM. */
int svg_strip(struct svg *svg, const struct store *s, const struct family *f,
	      size_t first, size_t n);
