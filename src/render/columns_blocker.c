/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/columns_blocker.h"

#include "lib/escape.h"
#include "report/blockers.h"

#include <stdio.h>

static void columns_blocker_number(struct cell *c, enum cell_type type, bool known, u64 n)
{
	c->type = known ? type : CELL_NONE;
	c->num = (s64)n;
}

static void columns_blocker_text(struct cell *c, const char *text)
{
	c->type = text && *text ? CELL_TEXT : CELL_NONE;
	c->text = text;
}

static void columns_blocker_untrusted(struct cell *c, const char *text)
{
	columns_blocker_text(c, text);
	if (c->type == CELL_NONE)
		return;
	c->text = escape_text(c->buf, sizeof(c->buf), text);
	c->raw = text;
}

static void columns_blocker_why(struct cell *c, const struct blockers_cause *cause)
{
	columns_blocker_text(c, cause->why);
	if (cause->state != FRAME_UNKNOWN)
		return;
	snprintf(c->buf, sizeof(c->buf), "? %s", cause->why);
	c->text = c->buf;
}

void columns_blocker_get(const struct report_row *row, u32 arg, struct cell *c)
{
	const struct blockers_row *b = row->item;
	const struct blockers_cause *cause = b->cause;
	const struct blockers_owner *owner = b->owner;

	switch (arg) {
	case BLOCKER_PAGES:
		return columns_blocker_number(c, CELL_COUNT, true, b->pages);
	case BLOCKER_TIMES:
		return columns_blocker_number(c, CELL_COUNT, b->times, b->times);
	case BLOCKER_BYTES:
		return columns_blocker_number(c, CELL_BYTES, true, b->pages * row->base);
	case BLOCKER_PFN:
		return columns_blocker_number(c, CELL_HEX, true, b->pfn);
	case BLOCKER_INODE:
		return columns_blocker_number(c, CELL_COUNT, cause->inode, cause->inode);
	case BLOCKER_ADDR:
		return columns_blocker_number(c, CELL_ADDR, owner && !b->times, b->addr);
	case BLOCKER_PID:
		columns_blocker_number(c, CELL_COUNT, owner, owner ? (u64)owner->pid : 0);
		break;
	case BLOCKER_COMM:
		columns_blocker_untrusted(c, owner ? owner->comm : NULL);
		break;
	case BLOCKER_HOLDER:
		return columns_blocker_untrusted(c, cause->holder);
	case BLOCKER_FILE:
		return columns_blocker_untrusted(c, cause->file);
	case BLOCKER_WHY:
		return columns_blocker_why(c, cause);
	case BLOCKER_KIND:
		columns_blocker_text(c, cause->kind);
		c->type = cause->kind ? CELL_TEXT : CELL_UNKNOWN;
		return;
	case BLOCKER_RULE:
		return columns_blocker_text(c, cause->rule);
	default:
		return columns_blocker_text(c, cause->text);
	}
	/* somebody maps them who was not found */
	if (!owner && cause->mapped)
		c->type = CELL_UNKNOWN;
}
