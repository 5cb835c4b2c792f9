/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage_op.h - the operations of stage_op.def on a struct stage.
 *
 * Knows: which function does which operation; madvise() and its kin.
 * Never: how the state was made (stage_*.c).  Owns: nothing, all is in struct stage.
 */
#ifndef GUPINFO_STAGE_OP_H
#define GUPINFO_STAGE_OP_H

#include "pagestate/stage.h"

/* Does @op on [@addr, @addr + @len).  Returns 0 or -errno with s->why set. */
int stage_op_run(struct stage *s, enum stage_op_id op, char *addr, size_t len);

#endif
