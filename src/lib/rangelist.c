/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/rangelist.h"

#include "lib/pure.h"

void rangelist_init(struct rangelist *c, u64 end)
{
	c->n = 0;
	c->end = end;
}

bool rangelist_add(struct rangelist *c, u64 from, u64 to)
{
	struct change *last = c->n ? &c->at[c->n - 1] : NULL;

	if (from >= c->end)
		return false;
	to = MIN(to, c->end);
	if (last && from <= last->to) {
		last->to = MAX(last->to, to);
		return true;
	}
	if (c->n == RANGELIST_MAX) {
		c->end = from;
		return false;
	}
	c->at[c->n++] = (struct change){ from, to };
	return true;
}

void rangelist_merge(const struct rangelist *x, const struct rangelist *y,
		     struct rangelist *ret)
{
	unsigned i = 0, k = 0;
	bool room = true;

	rangelist_init(ret, MIN(x->end, y->end));
	while (room && (i < x->n || k < y->n)) {
		bool first = k == y->n || (i < x->n && x->at[i].from <= y->at[k].from);
		const struct change *next = first ? &x->at[i++] : &y->at[k++];

		room = rangelist_add(ret, next->from, next->to);
	}
}
