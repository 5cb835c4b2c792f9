/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_area.h - areas of physical memory by the names that the kernel and people give them. */
#pragma once

#include "report/collect.h"

#define LIVE_AREA_RANGES 256

/* Ranges of page frames, ascending: ->start is the first PFN, ->end the one after the last. */
struct live_area {
	struct collect_range range[LIVE_AREA_RANGES];
	unsigned n;
};

/*
 * Finds "0x1000", "0x1000-0x2000" or "0x1000+512" (frames), "phys:ADDR", "phys:A-B" or "phys:A+SIZE" (bytes),
 * "memory32" (a block of sysfs), "node1", "zone:Movable", "cma:NAME" (of debugfs) or "cma" (all areas).
 * Returns 0, -EINVAL when it is none of these, or another -errno when it is not here, with a sentence in
 * @why.
 */
int live_area_find(const struct source_machine *m, const char *text,
		   struct live_area *ret, char *why, size_t size);
