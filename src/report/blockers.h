/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blockers.h - what of an area of physical memory would not move now: frames summed up by cause and owner.
 *
 * Knows at most BLOCKERS_RUNS runs of frames and BLOCKERS_CAUSES causes, whatever the size of the area; what
 * is beyond is counted under the cause "others".
 */
#pragma once

#include "gup/frame.h"
#include "page/holders.h"

#define BLOCKERS_RUNS (1 << 20)
#define BLOCKERS_CAUSES 4096
#define BLOCKERS_HOLDER 256

/* Why frames do not move, or why that is not known. */
struct blockers_cause {
	u8 state;                             /* FRAME_BLOCKS, FRAME_UNKNOWN */
	bool mapped;                          /* some process maps them */
	const char *kind, *why, *text, *rule; /* as in struct frame */
	char holder[BLOCKERS_HOLDER];         /* untrusted */
	char file
		[48]; /* the file whose cache has them, untrusted; "" of none or several */
	u64 inode;
};

struct blockers_run {
	u64 pfn, pages, addr; /* ->addr is where ->owner maps them */
	u32 cause, owner; /* index, and from 1 on index of the process; 0: not known */
};

struct blockers {
	const struct kernel *kernel;
	const struct page_context *page;
	struct holders *holders; /* NULL: nobody looked for them */
	bool all; /* what moves or is free, too; every process that maps a frame; each file apart */
	u64 inode; /* only frames in the cache of this file; 0: all */
	const char *
		name; /* its last name, which is asked of a file on another device than @dev */
	u32 dev[2];
	u64 frames[FRAME_STATES];
	struct blockers_run *run; /* ascending by ->pfn */
	size_t nruns, runs_room;
	struct blockers_run *extra; /* parts of them that another process maps, too */
	size_t nextra, extra_room;
	struct blockers_cause *cause; /* the first is "others" */
	size_t ncauses, causes_room;
	struct blockers_owner {
		pid_t pid;
		char comm[64]; /* untrusted */
	} * owner;
	size_t nowners, owners_room;
	u64 unowned;    /* runs that are mapped, by nobody who was found yet */
	size_t nsorted; /* of ->run; the others are parts of them */
};

/* One row: frames with one cause and one owner; of --dmesg a page, and who allocated it. */
struct blockers_row {
	const struct blockers_cause *cause;
	const struct blockers_owner
		*owner; /* NULL: nobody maps them, or nobody who could be read */
	u64 pfn, addr;  /* the first frame, and where the owner maps it */
	u64 pages;
	u64 times; /* --dmesg: how many dumps of it are alike; 0: it is no dump */
};

void blockers_deinit(struct blockers *b);

/* A source_frames_cb: judges a run of frames. */
int blockers_add(void *ctx, const struct raw_page *raw, const struct vma *file);
/* Process @pid maps the @pages frames from @pfn on at @addr.  Returns 0 or -ENOMEM. */
int blockers_map(struct blockers *b, pid_t pid, const char *comm, u64 addr, u64 pfn,
		 u64 pages);
/* No more frames are added, or no more mappings of one process. */
void blockers_sort(struct blockers *b);
/* Sums up.  *@ret, largest first, is for free(3); its rows borrow from @b.  Returns 0 or -ENOMEM. */
int blockers_rows(struct blockers *b, struct blockers_row **ret, size_t *ret_n);
