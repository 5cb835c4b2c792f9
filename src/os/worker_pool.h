/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker_pool.h - threads that help with work of many independent pieces.
 *
 * The caller and the helpers take pieces from a common counter until none is left: the caller
 * never waits for more than the helpers' last pieces, and not at all for helpers that other
 * load keeps from running.  A helper touches nothing between two calls of worker_pool_run()
 * and blocks all signals.
 */
#pragma once

#include <pthread.h>
#include <stddef.h>

#define WORKER_POOL_MOST 256 /* workers */

struct worker_pool;

/* Does piece @i; @who selects buffers: 0 is the caller.  Returns 0 or -errno. */
typedef int (*worker_pool_fn)(void *ctx, size_t i, unsigned who);

/* Returns how many CPUs this process may use. */
unsigned worker_pool_cpus(void);
/* Makes a pool of at most @workers, whose threads start at the first run.  NULL without memory. */
struct worker_pool *worker_pool_new(unsigned workers);
void worker_pool_free(struct worker_pool *c);
/* Returns how many workers there may be: 1 for NULL.  Each @who is below. */
unsigned worker_pool_size(const struct worker_pool *c);

/*
 * Does the pieces [0, @n) in any order.  Returns 0 when all are done, or the error of one that
 * failed; others may then not have been begun.  With @c NULL the caller does them in order.
 */
int worker_pool_run(struct worker_pool *c, worker_pool_fn fn, void *ctx, size_t n);

/* Starts a thread that blocks all signals, for pthread_join(3).  Returns 0 or -errno. */
int worker_pool_thread(pthread_t *ret, void *(*fn)(void *), void *arg);
