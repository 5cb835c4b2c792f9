/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * demo_actor.h - the parent and the child of --demo: two processes that do the actions of
 * demo.h.
 *
 * They are killed when gupinfo ends.
 */
#pragma once

#include "demo/demo.h"
#include "os/helper.h"

struct demo_actors {
	struct helper parent; /* the child is a helper of it */
	pid_t pid[DEMO_WHOS]; /* 0: not there */
	u64 addr, bytes;      /* the memory, once it is mapped */
	char read[5];         /* result of the last DEMO_READ: "old" or "new" */
};

/* Starts the parent.  Returns 0 or -errno. */
int demo_actor_start(struct demo_actors *a, enum demo_memory memory, u64 huge_bytes);
/* Lets @who do @action.  Returns its result, or -errno; -EPIPE: the actor is dead. */
s64 demo_actor_do(struct demo_actors *a, enum demo_who who, enum demo_action action);
void demo_actor_stop(struct demo_actors *a);
