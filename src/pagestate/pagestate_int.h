/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pagestate_int.h - what the files of page states share: mappings, operations, careful accesses. */
#pragma once

#include "pagestate/pagestate.h"

enum pagestate_mapping {
#define MAPPING(id, ...) PAGESTATE_MAP_##id,
#include "pagestate/pagestate_map.def"
};

/* Returns the bytes of one page of a mapping; 0 when this machine has no such pages. */
size_t pagestate_map_page(enum pagestate_mapping id);

/*
 * Maps @len bytes and fills @s (addr, len, page, leaf …).  Returns 0, or -errno with s->why set;
 * -EOPNOTSUPP means that this machine cannot do it.  pagestate_factory_drop() releases what was
 * mapped before a failure.
 */
int pagestate_map_make(struct pagestate *s, enum pagestate_mapping id, size_t len);

/* Does @op on [@addr, @addr + @len).  Returns 0 or -errno with s->why set. */
int pagestate_op_run(struct pagestate *s, enum pagestate_op_id op, char *addr,
		     size_t len);

/*
 * Loads and stores that may fail: SIGSEGV and SIGBUS are caught meanwhile.  Not for several threads
 * at once.
 */

/* Stores @byte at @addr, @addr + @step … below @addr + @len.  0, or -EFAULT at a fault. */
int pagestate_access_store(char *addr, size_t len, size_t step, int byte);

/* Loads likewise; *@ret (may be NULL) gets the last byte. */
int pagestate_access_load(const char *addr, size_t len, size_t step, u8 *ret);
