/* SPDX-License-Identifier: GPL-2.0-or-later */
/* columns_blocker.h - the cells of rows of --blockers: struct blockers_row. */
#pragma once

#include "render/columns.h"

enum columns_blocker {
	BLOCKER_PAGES,
	BLOCKER_TIMES,
	BLOCKER_BYTES,
	BLOCKER_WHY,
	BLOCKER_KIND,
	BLOCKER_PFN,
	BLOCKER_PID,
	BLOCKER_COMM,
	BLOCKER_ADDR,
	BLOCKER_HOLDER,
	BLOCKER_FILE,
	BLOCKER_INODE,
	BLOCKER_RULE,
	BLOCKER_REASON,
};

/* Fills the cell of column @arg (enum columns_blocker), which has no value yet. */
void columns_blocker_get(const struct report_row *row, u32 arg, struct cell *c);
