/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/columns_blocker.h"

#include "report/blockers.h"

#include <stdio.h>

void columns_blocker_get(const struct report_row *row, u32 arg, struct cell *c)
{
	const struct blockers_row *b = row->item;
	const struct blockers_cause *cause = b->cause;
	const struct blockers_owner *owner = b->owner;
	const struct {
		u8 type; /* CELL_TEXT: ->text */
		bool has;
		u64 num;
		const char *text;
	} cells[] = {
		[BLOCKER_PAGES] = { CELL_COUNT, true, b->pages },
		[BLOCKER_TIMES] = { CELL_COUNT, b->times, b->times },
		[BLOCKER_BYTES] = { CELL_BYTES, true, b->pages * row->base },
		[BLOCKER_WHY] = { CELL_TEXT, cause->why, 0, cause->why },
		[BLOCKER_KIND] = { CELL_TEXT, cause->kind, 0, cause->kind },
		[BLOCKER_PFN] = { CELL_HEX, true, b->pfn },
		[BLOCKER_PID] = { CELL_COUNT, owner, owner ? (u64)owner->pid : 0 },
		[BLOCKER_COMM] = { CELL_TEXT, owner, 0, owner ? owner->comm : NULL },
		[BLOCKER_ADDR] = { CELL_ADDR, owner && !b->times, b->addr },
		[BLOCKER_HOLDER] = { CELL_TEXT, true, 0, cause->holder },
		[BLOCKER_FILE] = { CELL_TEXT, true, 0, cause->file },
		[BLOCKER_INODE] = { CELL_COUNT, cause->inode, cause->inode },
		[BLOCKER_RULE] = { CELL_TEXT, cause->rule, 0, cause->rule },
		[BLOCKER_REASON] = { CELL_TEXT, cause->text, 0, cause->text },
	};
	/* somebody maps them who was not found */
	bool unowned =
		!owner && cause->mapped && (arg == BLOCKER_PID || arg == BLOCKER_COMM);

	if (unowned || (arg == BLOCKER_KIND && !cause->kind)) {
		c->type = CELL_UNKNOWN;
	} else if (arg == BLOCKER_WHY && cause->state == FRAME_UNKNOWN) {
		snprintf(c->buf, sizeof(c->buf), "? %s", cause->why);
		cell_text(c, c->buf);
	} else if (cells[arg].has && cells[arg].type != CELL_TEXT) {
		cell_set(c, cells[arg].type, (s64)cells[arg].num);
	} else if (cells[arg].has && *cells[arg].text) {
		cell_untrusted(c, cells[arg].text);
	}
}
