/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pagestate_map.h - the mappings of which page states are made, and the files behind them. */
#ifndef GUPINFO_PAGESTATE_MAP_H
#define GUPINFO_PAGESTATE_MAP_H

#include "pagestate/pagestate.h"

enum pagestate_mapping {
	PAGESTATE_MAP_ANON,
	PAGESTATE_MAP_THP,
	PAGESTATE_MAP_ARENA,
	PAGESTATE_MAP_HUGETLB,
	PAGESTATE_MAP_HUGETLB_SHARED,
	PAGESTATE_MAP_HUGETLB_1G,
	PAGESTATE_MAP_HUGETLB_UNRESERVED,
	PAGESTATE_MAP_HUGETLB_FILE,
	PAGESTATE_MAP_HUGETLB_MOUNT,
	PAGESTATE_MAP_HUGETLB_FULL,
	PAGESTATE_MAP_DISK,
	PAGESTATE_MAP_DISK_RO,
	PAGESTATE_MAP_DISK_SHARED,
	PAGESTATE_MAP_DISK_SHARED_RO,
	PAGESTATE_MAP_TMPFS,
	PAGESTATE_MAP_MEMFD,
	PAGESTATE_MAP_MEMFD_RO,
	PAGESTATE_MAP_SHMEM,
	PAGESTATE_MAP_SECRET,
	PAGESTATE_MAP_GATE
};

/*
 * Maps @len bytes and fills @s (addr, len, page, leaf …).  Returns 0, or -errno with s->why set;
 * -EOPNOTSUPP means that this machine cannot do it.  pagestate_factory_drop() releases what was
 * mapped before a failure.
 */
int pagestate_map_make(struct pagestate *s, enum pagestate_mapping id, size_t len);

#endif
