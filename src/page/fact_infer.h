/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fact_infer.h - infers facts from known ones by excluded combinations (fact_never.def). */
#pragma once

#include "kernel/kernel.h"
#include "page/fact.h"

/* The kernel never lets all of these literals hold at once. */
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
 * Adds to @f and to the kernel's facts @k what fact_never.def infers from them.  Returns the
 * row that they violate, or NULL.
 */
const struct fact_never *fact_infer_close(struct facts *f, struct facts *k);

/*
 * Adds to @f what fact_never.def infers on kernel @k, or on every kernel when @k is NULL.
 * Returns false and leaves @f as it was when its facts contradict each other.
 */
bool fact_infer(const struct kernel *k, struct facts *f);
