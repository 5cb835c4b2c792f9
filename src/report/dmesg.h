/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dmesg.h - the kernel's own dumps of pages (dump_page(), mm/debug.c of 5.10 to 7.3), read from its log and
 * judged by the rules of predict_migrate.def.
 *
 * The lines may come from anybody: nothing in them is trusted, and at most DMESG_DUMPS are kept.
 */
#pragma once

#include <sys/types.h>

#include "gup/frame.h"

#define DMESG_DUMPS 16384

/* What one dump has of a page.  Counts are -1 where it has none. */
struct dmesg_dump {
	u64 pfn, index, ino;
	u64 flags; /* BIT(row of pageflag.def) */
	s64 refcount, mapcount, folio_mapcount, pincount;
	u64 times; /* dumps that are alike */
	s32 ret;   /* of migrate_pages(): how many were left, or -errno; 0 not known */
	u8 order, mapping; /* enum raw_mapping */
	bool cma;          /* in a CMA pageblock */
	bool slab;         /* the flag, until 6.9 */
	pid_t pid;         /* who allocated it, by page_owner; 0 not known */
	char comm[16];     /* likewise */
	char type[16];     /* of the page, "slab" */
	char aops[40];     /* "ext4_da_aops" */
	char name[48];     /* of the file */
	char reason[64];   /* "migration failure" */
	char names[160];   /* of all flags, as the dump has them */
};

struct dmesg {
	struct dmesg_dump *dump;
	size_t n, room;
	u64 dropped; /* dumps beyond the last one that is kept */
	char release[64];
	bool open, raw,
		head_raw; /* a dump has begun; its raw words, and the head's, were there */
	struct dmesg_dump now;
	s32 ret; /* of the line before the next dump */
	struct dmesg_dump
		*last; /* the dump that page_owner's lines are about; may be NULL */
};

/* What a dump says of its page. */
struct dmesg_verdict {
	struct frame frame;
	s64 expected, own,
		more; /* references: of mappings and caches, of who tried, of others; -1 */
};

/* Reads one line.  Returns 0 or -ENOMEM. */
int dmesg_line(struct dmesg *d, const char *line);
/* No line follows: a dump may be open. */
int dmesg_end(struct dmesg *d);
void dmesg_deinit(struct dmesg *d);
/* Judges a dump by the rules of @k. */
void dmesg_judge(const struct kernel *k, const struct dmesg_dump *dump,
		 struct dmesg_verdict *ret);
