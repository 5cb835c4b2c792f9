/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crew.h - a second thread that helps with work of many independent pieces.
 *
 * Knows: threads.  Never: what the work is; touches nothing between two calls of crew_run().
 * Owns: one thread, with all signals blocked, until crew_free().
 *
 * The caller and the helper take pieces from a common counter until there are none left: the caller
 * never waits for more than the piece that the helper has at the end, and not at all for a helper
 * that another load keeps from running.
 */
#ifndef GUPINFO_CREW_H
#define GUPINFO_CREW_H

#include <stddef.h>

#define CREW_SIZE 2 /* who works: 0 the caller, 1 the helper */

struct crew;

/* Does piece @i; @who is less than CREW_SIZE, for buffers of its own.  Returns 0 or -errno. */
typedef int (*crew_fn)(void *ctx, size_t i, unsigned who);

/* Starts the helper.  NULL when this process may use one CPU only, or there is no thread to be had. */
struct crew *crew_new(void);
void crew_free(struct crew *c);

/*
 * Does the pieces [0, @n) in any order and returns when all are done: 0, or the error of one that
 * failed; then others may not have been begun.  @c NULL: the caller does them, in order.
 */
int crew_run(struct crew *c, crew_fn fn, void *ctx, size_t n);

#endif
