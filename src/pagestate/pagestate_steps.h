/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagestate_steps.h - the operations of pagestate_op.def that are more than one system call.
 *
 * Each works on [@addr, @addr + @len) of the mapping.  Returns 0; or -errno, with s->why set when
 * its name is not enough.  -EOPNOTSUPP means that this machine cannot do it.
 */
#ifndef GUPINFO_PAGESTATE_STEPS_H
#define GUPINFO_PAGESTATE_STEPS_H

#include "pagestate/pagestate.h"

typedef int pagestate_op_fn(struct pagestate *s, char *addr, size_t len, long arg);

/* pagestate_anon.c.  @arg of uffd: bit 0 asynchronous, bit 1 reads are protected, too. */
pagestate_op_fn pagestate_anon_merge, pagestate_anon_pageout, pagestate_anon_uffd;
/* pagestate_huge.c: they load or store, and look whether the kernel gave what was wanted. */
pagestate_op_fn pagestate_huge_thp, pagestate_huge_zero, pagestate_huge_folio,
	pagestate_huge_take;

#endif
