/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page/fact.h"

#include <string.h>

#include "page/fact_table.h"

#include "lib/pure.h"

const struct fact_row fact_rows[FACTS] = {
#define FACT(id, n, d, t) [FACT_##id] = { .name = n, .decider = d, .text = t },
#include "page/fact.def"
};

bool fact_decides(u64 set, enum fact id)
{
	for (unsigned i = 0; i < id; i++)
		if (set >> i & 1 && !strcmp(fact_rows[i].decider, fact_rows[id].decider))
			return false;
	return set >> id & 1;
}

/* ---- what known facts exclude, by the rows of fact_never.def */

#define NEVER(w, ...) { .why = w, __VA_ARGS__ },
/* Each of them with each that follows it. */
#define PAIR(w, a, b)               \
	{                           \
		.why = w, YES(a, b) \
	}
#define AT_MOST_ONE(w, a, b, c, d, e, f)                                           \
	PAIR(w, a, b), PAIR(w, a, c), PAIR(w, a, d), PAIR(w, a, e), PAIR(w, a, f), \
		PAIR(w, b, c), PAIR(w, b, d), PAIR(w, b, e), PAIR(w, b, f),        \
		PAIR(w, c, d), PAIR(w, c, e), PAIR(w, c, f), PAIR(w, d, e),        \
		PAIR(w, d, f), PAIR(w, e, f),

static const struct fact_never impossible[] = {
#include "page/fact_never.def"
};

static inline bool single_bit(u64 x)
{
	return x && !(x & (x - 1));
}

/* Applies one row of fact_never.def: 1 when a fact was learnt, 0 when not, -1: contradiction. */
static int never_apply(const struct fact_never *n, struct facts *f, struct facts *k)
{
	u64 left = (n->yes | n->no) & ~f->known, kleft = (n->kyes | n->kno) & ~k->known;

	if (fact_infer_failing(f, n->yes, n->no) ||
	    fact_infer_failing(k, n->kyes, n->kno))
		return 0;
	if (!left && !kleft)
		return -1;
	if (!kleft && single_bit(left)) {
		fact_set(f, left, left & n->no);
		return 1;
	}
	if (!left && single_bit(kleft)) {
		fact_set(k, kleft, kleft & n->kno);
		return 1;
	}
	return 0;
}

const struct fact_never *fact_infer_close(struct facts *f, struct facts *k)
{
	bool again;

	do {
		again = false;
		for (unsigned i = 0; i < ARRAY_SIZE(impossible); i++) {
			int r = never_apply(&impossible[i], f, k);

			if (r < 0)
				return &impossible[i];
			again |= r;
		}
	} while (again);
	return NULL;
}

bool fact_infer(const struct kernel *k, struct facts *f)
{
	struct facts known = *f,
		     kernel = { .known = k ? k->known : 0, .value = k ? k->value : 0 };

	if (fact_infer_close(&known, &kernel))
		return false;
	*f = known;
	return true;
}
