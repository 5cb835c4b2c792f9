/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagestate.h - the page state factory: makes a page of a named state in the calling process.
 *
 * Knows: pagestate.def (states) and pagestate_op.def (operations on them).
 * Never: another process's memory, system settings; what is predicted of a state (verify.c).
 * Owns: struct pagestate: the mappings, pipes, rings and helper processes that make the state.
 *
 * A state is written "base" or "base+op+op@N…": a row of pagestate.def, then operations from left to
 * right, e.g. "hugetlb+child-vmspliced" or "arena-thp+fill+shared+touch@7+look@7".  @N is a page
 * of the mapping (in its own page size), @N-M a range with M excluded; without it an operation
 * works on the page looked at.  A page may also be a part of the mapping: @1/2 is its middle.
 *
 * Helper processes are killed when the caller ends, however it ends.
 */
#pragma once

#include <sys/types.h>

#include "lib/bits.h"
#include "os/helper.h"

/* What a state needs of the machine. */
#define PAGESTATE_NEED_NOTHING 0
#define PAGESTATE_NEED_THP BIT(0)
#define PAGESTATE_NEED_HUGETLB BIT(1)
#define PAGESTATE_NEED_HUGETLB_2 BIT(2) /* of the sizes that are not the default */
#define PAGESTATE_NEED_HUGETLB_3 BIT(9)
#define PAGESTATE_NEED_HUGETLB_4 BIT(10)
#define PAGESTATE_NEED_SWAP BIT(3)
#define PAGESTATE_NEED_KSM BIT(4) /* and running; gupinfo never starts it */
#define PAGESTATE_NEED_UFFD BIT(5)
#define PAGESTATE_NEED_GUARD BIT(6)
#define PAGESTATE_NEED_SECRETMEM BIT(7)
#define PAGESTATE_NEED_DISK BIT(8) /* a directory whose file system does direct I/O */

/* Sizes of pages, which each machine has of its own. */
enum pagestate_size {
	PAGESTATE_SIZE_BASE,
	PAGESTATE_SIZE_PMD,
	PAGESTATE_SIZE_HUGETLB,   /* of the default size */
	PAGESTATE_SIZE_HUGETLB_2, /* the other sizes, from the smallest on */
	PAGESTATE_SIZE_HUGETLB_3,
	PAGESTATE_SIZE_HUGETLB_4,
	PAGESTATE_SIZES
};

/* Returns the bytes of @size; 0 when this machine has no such pages. */
size_t pagestate_size(enum pagestate_size size);

enum pagestate_try {
	PAGESTATE_TRY_PLAIN, /* only as it is */
	PAGESTATE_TRY_MODS,  /* also forked, spliced, pinned */
	PAGESTATE_TRY_FEW,   /* like MODS, but few variants: it takes long to make */
	PAGESTATE_TRY_ARENA, /* raw material for random sequences */
};

enum pagestate_id {
#define PAGESTATE(id, ...) PAGESTATE_##id,
#include "pagestate/pagestate.def"
	PAGESTATES
};

enum pagestate_scope { PAGESTATE_ONE, PAGESTATE_ALL };

enum pagestate_op_id {
#define OP(id, ...) PAGESTATE_OP_##id,
#include "pagestate/pagestate_op.def"
	PAGESTATE_OPS
};

#define PAGESTATE_CHILDREN 16
#define PAGESTATE_REFS 16
#define PAGESTATE_WHY 160

/* The first byte of a page after the state was made, and after later stores. */
#define PAGESTATE_BYTE_MADE 0x11
#define PAGESTATE_BYTE_STORE 0x22

enum pagestate_ref_kind { PAGESTATE_REF_PIPE, PAGESTATE_REF_RING };

/* A reference outside the page tables, which the state holds. */
struct pagestate_ref {
	u8 kind;    /* enum pagestate_ref_kind */
	int fd[2];  /* pipe: read end, write end; ring: its fd, -1 */
	char *page; /* the page to which it was taken */
	u64 pfn;    /* its PFN then; 0 hidden or not present */
};

struct pagestate {
	char *addr;  /* the mapping */
	size_t len;  /* its bytes */
	char *page;  /* the page that trials look at */
	char *taken; /* a mapping that only reserves huge pages, and its bytes */
	size_t taken_len;
	size_t leaf; /* bytes of one page of the mapping: a base page or a hugetlb page */
	int fd;      /* backing file, -1 */
	int uffd;    /* userfaultfd, -1 */
	bool blocks; /* an access may wait for ever: nobody serves the userfaultfd */
	unsigned nchildren, nrefs;
	struct helper child[PAGESTATE_CHILDREN];
	struct pagestate_ref ref[PAGESTATE_REFS];
	char why[PAGESTATE_WHY]; /* why the state could not be made */
};

struct pagestate_row {
	const char *name, *text;
	u64 needs;
	u8 try; /* enum pagestate_try */
};

struct pagestate_op_row {
	const char *name, *text;
	u64 needs;
	u8 scope; /* enum pagestate_scope */
	u8 weight;
};

const struct pagestate_op_row *pagestate_op_row(enum pagestate_op_id id);

/* Formats s->why and returns @err, for the files that make states. */
int pagestate_fail(struct pagestate *s, int err, const char *fmt, ...) PRINTF(3, 4);

/*
 * mmap() aligned to @align (a power of two), with room around it.  Addresses are low, so that
 * they come first in maps.  Returns NULL with s->why set and errno kept.
 */
char *pagestate_map(struct pagestate *s, size_t len, size_t align, int prot, int flags,
		    int fd);

/* Stores @byte to the first byte of every @step bytes of [@addr, @addr + @len). */
void pagestate_store(char *addr, size_t len, size_t step, int byte);

/* Returns the /proc/self/pagemap entry of @addr; 0 when it cannot be read. */
u64 pagestate_pagemap(const void *addr);

/* Returns 0 when the machine has all that @needs asks for, else -EOPNOTSUPP and @why. */
int pagestate_need(u64 needs, char *why);

/* Returns the number in @file of the pool of hugetlb pages of @size; 0 when it cannot be read. */
u64 pagestate_pool(enum pagestate_size size, const char *file);

/* Opens an unlinked file on a file system that does direct I/O.  Returns an fd or -errno. */
int pagestate_disk_file(int flags);
