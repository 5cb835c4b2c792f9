/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pagestate_factory.h - makes a page state from words ("base+op+op@N"), and removes it. */
#pragma once

#include "pagestate/pagestate.h"

/*
 * Returns row @id, with the sizes of this machine; NULL when its kernel has no folios or no second,
 * third … size of hugetlb pages of that kind.
 */
const struct pagestate_row *pagestate_factory_row(enum pagestate_id id);

/* Returns the pages, in its own page size, of the mapping of row @id. */
unsigned pagestate_factory_pages(enum pagestate_id id);

/* Returns 0 when this machine can make row @id, or -EOPNOTSUPP with the reason in @why. */
int pagestate_factory_available(enum pagestate_id id, char *why);

/* Checks @state's words.  Returns 0, or -EINVAL with a sentence in @why (may be NULL). */
int pagestate_factory_check(const char *state, char *why);

/*
 * Makes @state in the calling process.  Returns 0; -EOPNOTSUPP when the machine cannot make it,
 * or another -errno; s->why says more in words.  Some operations (see "as-child") go on in a
 * forked child: the caller that returns has another pid then, and the process that called waits
 * for it and exits; use getpid() after the call.  @lenient skips operations that fail: for random
 * sequences.
 */
int pagestate_factory_make(struct pagestate *s, const char *state, bool lenient);

/* Releases all that pagestate_factory_make() made; waits for its helper processes. */
void pagestate_factory_drop(struct pagestate *s);
