/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pagestate_map.h - the mappings of which page states are made, and the files behind them. */
#ifndef GUPINFO_PAGESTATE_MAP_H
#define GUPINFO_PAGESTATE_MAP_H

#include "pagestate/pagestate.h"

enum pagestate_mapping {
#define MAPPING(id, ...) PAGESTATE_MAP_##id,
#include "pagestate/pagestate_map.def"
#undef MAPPING
};

/*
 * Maps @len bytes and fills @s (addr, len, page, leaf …).  Returns 0, or -errno with s->why set;
 * -EOPNOTSUPP means that this machine cannot do it.  pagestate_factory_drop() releases what was
 * mapped before a failure.
 */
int pagestate_map_make(struct pagestate *s, enum pagestate_mapping id, size_t len);

#endif
