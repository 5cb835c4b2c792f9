/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pagestate_op.h - the operations of pagestate_op.def on a struct pagestate. */
#ifndef GUPINFO_PAGESTATE_OP_H
#define GUPINFO_PAGESTATE_OP_H

#include "pagestate/pagestate.h"

/* Does @op on [@addr, @addr + @len).  Returns 0 or -errno with s->why set. */
int pagestate_op_run(struct pagestate *s, enum pagestate_op_id op, char *addr,
		     size_t len);

#endif
