/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fact_infer.h - what follows from known facts: combinations that cannot be.
 *
 * Knows: fact_never.def.  Never: verdicts.  Owns: nothing.
 */
#ifndef GUPINFO_FACT_INFER_H
#define GUPINFO_FACT_INFER_H

#include "kernel/kernel.h"
#include "page/fact.h"

/* A combination of facts that cannot be: not all of these literals hold at once. */
struct fact_never {
	const char *why;
	u64 yes, no, kyes, kno;
};

/* Literals of @yes and @no that are known to fail. */
static inline u64 fact_infer_failing(const struct facts *f, u64 yes, u64 no)
{
	return f->known & ((yes & ~f->value) | (no & f->value));
}

/*
 * Adds to @f and to the kernel's facts @k what follows from fact_never.def.  Returns the row
 * that is violated, or NULL.
 */
const struct fact_never *fact_infer_close(struct facts *f, struct facts *k);

/*
 * Adds to @f what follows from it (fact_never.def) on kernel @k, or on every kernel when @k is
 * NULL.  Returns false, and leaves @f as it was, when it contradicts itself.
 */
bool fact_infer(const struct kernel *k, struct facts *f);

/* Combination @i of facts that cannot be, in 0 … n-1, as text; NULL beyond. */
const char *fact_infer_text(unsigned i);

#endif
