/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker_pool.h - a second thread that helps with work of many independent pieces.
 *
 * Knows: threads.  Never: what the work is; touches nothing between two calls of worker_pool_run().
 * Owns: one thread, with all signals blocked, until worker_pool_free().
 *
 * The caller and the helper take pieces from a common counter until there are none left: the caller
 * never waits for more than the piece that the helper has at the end, and not at all for a helper
 * that another load keeps from running.
 */
#ifndef GUPINFO_WORKER_POOL_H
#define GUPINFO_WORKER_POOL_H

#include <stddef.h>

#define WORKER_POOL_SIZE 2 /* who works: 0 the caller, 1 the helper */

struct worker_pool;

/* Does piece @i; @who is less than WORKER_POOL_SIZE, for buffers of its own.  Returns 0 or -errno. */
typedef int (*worker_pool_fn)(void *ctx, size_t i, unsigned who);

/* Starts the helper.  NULL when this process may use one CPU only, or there is no thread to be had. */
struct worker_pool *worker_pool_new(void);
void worker_pool_free(struct worker_pool *c);

/*
 * Does the pieces [0, @n) in any order and returns when all are done: 0, or the error of one that
 * failed; then others may not have been begun.  @c NULL: the caller does them, in order.
 */
int worker_pool_run(struct worker_pool *c, worker_pool_fn fn, void *ctx, size_t n);

#endif
