/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dump_page.h - a page in the format of the kernel's dump_page() (mm/debug.c), which every
 * maintainer reads at sight.  "?" stands for what was not read.
 */
#pragma once

#include "page/page.h"

#define DUMP_PAGE_LINES 6

struct dump_page {
	unsigned n;
	char line[DUMP_PAGE_LINES][400]; /* ASCII, without newline */
};

/*
 * Formats the first page of @run, with the words @raw, in VMA @vma: page:, head: (large folios), flags:, page_type:
 * (when there is one).  Kernel addresses and raw words of struct page are never known.
 */
void dump_page(const struct page_run *run, const struct raw_page *raw,
	       const struct vma *vma, u32 kv, u32 base_page_size, struct dump_page *ret);
