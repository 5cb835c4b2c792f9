/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagestate_child.h - the helper processes of a page state: children that share its memory.
 *
 * Knows: fork, a command socket to each child, change of roles with the parent.
 * Never: what a state is.  Owns: the processes and sockets in s->child.
 */
#ifndef GUPINFO_PAGESTATE_CHILD_H
#define GUPINFO_PAGESTATE_CHILD_H

#include "pagestate/pagestate.h"

/* Forks a child that stays and obeys; it shares all that fork shares.  0 or -errno, s->why. */
int pagestate_child_fork(struct pagestate *s);

/* The newest child exits; returns when its memory is gone. */
void pagestate_child_exit(struct pagestate *s);

/* What a child can be asked to do with its copy of [addr, addr + len). */
enum pagestate_child_do {
	PAGESTATE_CHILD_STORE, /* a byte to every page of @step bytes */
	PAGESTATE_CHILD_UNMAP,
	PAGESTATE_CHILD_VMSPLICE, /* the first 4 KiB into the pipe @fd (inherited) */
	PAGESTATE_CHILD_PFN,      /* the pagemap entry of @addr */
	PAGESTATE_CHILD_LOAD_PFN, /* the same, after a load from it; -EFAULT, or -ENOMEM when nothing is mapped */
};

struct pagestate_child_order {
	u32 what; /* enum pagestate_child_do */
	s32 fd;
	char *addr;
	u64 len, step;
};

/*
 * Asks the newest child.  Returns 0 or -errno; *@ret (may be NULL) is PAGESTATE_CHILD_PFN's answer,
 * *@ret_byte (may be NULL) what PAGESTATE_CHILD_LOAD_PFN loaded.
 */
int pagestate_child_ask(struct pagestate *s, const struct pagestate_child_order *order,
			u64 *ret, u8 *ret_byte);

/*
 * Forks; the child returns 0 and goes on in the caller's place.  The parent calls @parent(s, ctx)
 * first, then waits for the child and ends with it; it does not return.  -errno when the fork
 * failed (no change) or what @parent returned (roles changed all the same).
 */
int pagestate_child_change_roles(struct pagestate *s,
				 int (*parent)(struct pagestate *s, void *ctx),
				 void *ctx);

#endif
