/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker_pool.h - a second thread that helps with work of many independent pieces.
 *
 * The caller and the helper take pieces from a common counter until none is left: the caller
 * never waits for more than the helper's last piece, and not at all for a helper that other
 * load keeps from running.  The helper touches nothing between two calls of worker_pool_run()
 * and blocks all signals.
 */
#pragma once

#include <stddef.h>

#define WORKER_POOL_SIZE 2 /* workers: 0 is the caller, 1 the helper */

struct worker_pool;

/* Does piece @i; @who < WORKER_POOL_SIZE selects buffers.  Returns 0 or -errno. */
typedef int (*worker_pool_fn)(void *ctx, size_t i, unsigned who);

/* Starts the helper.  Returns NULL when there is only one CPU to use, or no thread to be had. */
struct worker_pool *worker_pool_new(void);
void worker_pool_free(struct worker_pool *c);

/*
 * Does the pieces [0, @n) in any order.  Returns 0 when all are done, or the error of one that
 * failed; others may then not have been begun.  With @c NULL the caller does them in order.
 */
int worker_pool_run(struct worker_pool *c, worker_pool_fn fn, void *ctx, size_t n);
