/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagestate_child.h - helper processes of a page state: children that share its memory.
 *
 * The state's struct pagestate has their processes and sockets in s->child.
 */
#pragma once

#include "pagestate/pagestate.h"

/* Forks a child that obeys commands and shares all that fork shares.  0 or -errno, s->why. */
int pagestate_child_fork(struct pagestate *s);

/* Ends the newest child; returns when its memory is gone. */
void pagestate_child_exit(struct pagestate *s);

/* Commands to a child about its copy of [addr, addr + len). */
enum pagestate_child_do {
	PAGESTATE_CHILD_STORE, /* store a byte to every page of @step bytes */
	PAGESTATE_CHILD_UNMAP,
	PAGESTATE_CHILD_VMSPLICE, /* vmsplice the first 4 KiB into pipe @fd (inherited) */
	PAGESTATE_CHILD_PFN,      /* return the pagemap entry of @addr */
	PAGESTATE_CHILD_LOAD_PFN, /* likewise after a load; -EFAULT, or -ENOMEM: no VMA */
};

struct pagestate_child_order {
	u32 what; /* enum pagestate_child_do */
	s32 fd;
	char *addr;
	u64 len, step;
};

/*
 * Sends a command to the newest child.  Returns 0 or -errno; *@ret (may be NULL) is the answer
 * to PAGESTATE_CHILD_PFN, *@ret_byte (may be NULL) what PAGESTATE_CHILD_LOAD_PFN loaded.
 */
int pagestate_child_ask(struct pagestate *s, const struct pagestate_child_order *order,
			u64 *ret, u8 *ret_byte);

/*
 * Forks; the child returns 0 and takes the caller's place.  The parent calls @parent(s, ctx),
 * waits for the child and ends with it; it does not return.  Returns -errno when the fork
 * failed (nothing changed) or what @parent returned (roles have changed all the same).
 */
int pagestate_child_change_roles(struct pagestate *s,
				 int (*parent)(struct pagestate *s, void *ctx),
				 void *ctx);
