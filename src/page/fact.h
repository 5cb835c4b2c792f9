/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fact.h - the fact word: three-valued answers to what the rules ask about a page. */
#pragma once

#include "lib/bits.h"

enum fact {
#define FACT(id, name, decider, text) FACT_##id,
#include "page/fact.def"
	FACTS
};
_Static_assert(FACTS <= 64, "the fact word is full");
#define FACTS_ALL (~0ULL >> (64 - FACTS))

#define F(id) BIT(FACT_##id)

/* A fact is known when its bit is set in @known; then @value holds it.  value ⊂ known always. */
struct facts {
	u64 known;
	u64 value;
};

static inline void fact_set(struct facts *f, u64 bits, bool value)
{
	f->known |= bits;
	f->value = value ? f->value | bits : f->value & ~bits;
}

static inline void fact_set_tri(struct facts *f, u64 bits, enum tri t)
{
	if (t == TRI_UNKNOWN)
		f->known &= ~bits, f->value &= ~bits;
	else
		fact_set(f, bits, t == TRI_YES);
}

static inline enum tri fact_get(const struct facts *f, enum fact id)
{
	return tri_from(f->known >> id & 1, f->value >> id & 1);
}

extern const struct fact_row {
	const char *name;    /* "pte-write" */
	const char *decider; /* "pte" */
	const char *text;    /* the kernel's words */
} fact_rows[FACTS];
/* @id is in @set, and no fact before it there has its decider: for lists that name each once. */
bool fact_decides(u64 set, enum fact id);

struct kernel;

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
