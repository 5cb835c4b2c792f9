/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kinds of rows. */
#include "render/columns.h"

const struct columns_kind columns_rows[COLUMNS_OF] = {
	[COLUMNS_PAGE] = { "pages", NULL },
	[COLUMNS_MAPPING] = { "mappings", NULL },
	[COLUMNS_PROCESS] = { "processes", NULL },
	[COLUMNS_ENTRY] = { "entries", "PID,COMM,ADDR,LEAF,PERMS,PTE,EXCL,NAME" },
	[COLUMNS_FINDING] = { "findings",
			      "CLASS,FINDING,PID,ADDR,PAGES,KIND,MAP,REF,PIN,NAME" },
	[COLUMNS_MEMBER] = { "members",
			     "PID,WITH,RSS,SAME,COPIED,NEW,WAIT,EXCL,PSS,USS,COMM" },
	[COLUMNS_PART] = { "parts", "PID,START-END,RSS,SAME,COPIED,NEW,WAIT,PSS,NAME" },
	[COLUMNS_PAIR] = { "pairs", "PID,WITH,SHARED,ANON,KSM,FILE,COMM" },
	[COLUMNS_CHANGE] = { "changes",
			     "PID,START,END,PAGES,WHAT,BEFORE,AFTER,VERDICTS" },
	[COLUMNS_PIN] = { "pins", "PID,COMM,BY,HELD,MAPPED,UNMAPPED,PINS,FD,WHAT" },
	[COLUMNS_STATE] = { "states",
			    "STATE,GET-R,GET-W,PIN-R,PIN-W,LT-R,LT-W,STORE,FORK,MIGRATE" },
	[COLUMNS_CASE] = { "cases", "MEMORY,CASE,PREDICTED,OBSERVED,RESULT" },
	[COLUMNS_FACT] = { "facts", "FACT,VALUE,FROM,RELEASES,MEANING" },
	[COLUMNS_COLUMN] = { "columns", "COLUMN,OF,DESCRIPTION" },
	[COLUMNS_BLOCKER] = { "blockers", "PAGES,WHY,KIND,PFN,PID,COMM,HOLDER" },
};
