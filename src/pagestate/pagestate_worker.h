/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagestate_worker.h - a page state in a process of its own, and acts on it.
 *
 * Knows: the fork and the messages between the two processes.
 * Never: what comes out.  Owns: the worker process, its helpers and the socket.
 *
 * The worker dies with its owner, however that ends.
 */
#ifndef GUPINFO_PAGESTATE_WORKER_H
#define GUPINFO_PAGESTATE_WORKER_H

#include <sys/types.h>

#include "pagestate/gupcall.h"
#include "pagestate/pagestate.h"

struct pagestate_worker {
	pid_t pid;   /* the process that was started; its end is waited for */
	int sock;    /* -1: not running */
	s32 err;     /* how making the state ended: 0 or -errno */
	s32 subject; /* the process whose page is looked at */
	u64 addr, len, page, leaf; /* of the state, in the subject */
	bool blocks;               /* see struct pagestate */
	bool disk;
	u8 nchildren, nrefs;
	char why[PAGESTATE_WHY]; /* why the state could not be made */
};

/*
 * Starts a worker and makes @state in it.  Returns 0 (also when the state could not be made:
 * w->err), or -errno with w->why when there is no worker.  With @lenient, operations that fail
 * are passed over.
 */
int pagestate_worker_start(struct pagestate_worker *w, const char *state, bool lenient,
			   const struct gupcall_env *env);

/* Does @act there.  As gupcall_run(); -ETIMEDOUT when it does not answer (the worker is gone then). */
int pagestate_worker_call(struct pagestate_worker *w, enum gupcall_id act, u64 leaf,
			  struct gupcall_result *ret);

/* Ends the worker and its helpers; their memory is free on return. */
void pagestate_worker_stop(struct pagestate_worker *w);

#endif
