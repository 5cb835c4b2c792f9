/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page_owner.h - who allocated a page frame, as the kernel notes it with page_owner=on (mm/page_owner.c). */
#pragma once

#include "lib/bits.h"

#define PAGE_OWNER_MAX \
	4096 /* bytes of a record: the kernel cuts it at a page of memory */

/* Whether @text, a record of page_owner, is of an allocation that has frame @pfn. */
bool page_owner_is_of(const char *text, u64 pfn);

/*
 * Reads the record of the allocation that frame @pfn is in: lines of text, among them a name of a
 * process, which is untrusted.  Returns 0; -ENOENT when page_owner is off or debugfs not mounted;
 * -ENODATA when no allocation is noted for the frame; another -errno when it may not be read.
 */
int page_owner_read(u64 pfn, char ret[PAGE_OWNER_MAX + 1]);
