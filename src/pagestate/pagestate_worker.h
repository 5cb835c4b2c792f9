/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagestate_worker.h - a page state in a process of its own, and calls on it.
 *
 * The worker dies with its owner, however that ends.
 */
#pragma once

#include "pagestate/gupcall.h"
#include "pagestate/pagestate.h"

struct pagestate_worker {
	struct helper helper;    /* the process that was started, and is waited for */
	s32 err;                 /* result of making the state: 0 or -errno */
	s32 subject;             /* the process that has the watched page */
	u64 page;                /* its address there */
	bool blocks;             /* see struct pagestate */
	char why[PAGESTATE_WHY]; /* why the state could not be made */
};

/*
 * Starts a worker that makes @state.  Returns 0 (also when the state could not be made:
 * w->err), or -errno with w->why when there is no worker.  @lenient skips operations that fail.
 */
int pagestate_worker_start(struct pagestate_worker *w, const char *state, bool lenient,
			   const struct gupcall_env *env);

/* Makes the call there; returns like gupcall_run(), or -ETIMEDOUT (the worker is gone). */
int pagestate_worker_call(struct pagestate_worker *w, enum gupcall_id act, u64 leaf,
			  struct gupcall_result *ret);

/* Ends the worker and its helpers; their memory is free when it returns. */
void pagestate_worker_stop(struct pagestate_worker *w);
