/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What follows from what: the rows of predict_never.def. */
#include "gup/predict_int.h"

#include "lib/pure.h"

static const struct predict_never impossible[] = {
#define NEVER(w, ...) { .why = w, __VA_ARGS__ },
#include "gup/predict_never.def"
#undef NEVER
};

static inline bool single_bit(u64 x)
{
	return x && !(x & (x - 1));
}

/*
 * Applies one row of predict_never.def.  Returns 1 when a fact was learnt, 0 when not, -1 on a
 * contradiction.
 */
static int never_apply(const struct predict_never *n, struct facts *f, struct facts *k)
{
	u64 left = (n->yes | n->no) & ~f->known, kleft = (n->kyes | n->kno) & ~k->known;

	if (predict_failing(f, n->yes, n->no) || predict_failing(k, n->kyes, n->kno))
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

const struct predict_never *predict_never_close(struct facts *f, struct facts *k)
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

const char *predict_never_text(unsigned i)
{
	return i < ARRAY_SIZE(impossible) ? impossible[i].why : NULL;
}
