/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kpageflags.h - bits of /proc/kpageflags (kpageflags.def): names, ranges of kernels, --bits. */
#pragma once

#include "lib/bits.h"

/* Bit numbers: KPF_ANON is 12.  A bit with two meanings has two names with the same number. */
enum kpageflags_bit {
#define KPF(id, bit, ...) KPF_##id = (bit),
#include "kpageflags.def"
};
#define KPF_BIT(id) BIT(KPF_##id)

#define KPF_RAW_BITS \
	(0xffffull << 32) /* for kernel hackers: any release may change them */
#define KPF_DERIVED_BITS (0xffffull << 48) /* page-types makes them */
#define KPF_COMPOUND_BITS (KPF_BIT(COMPOUND_HEAD) | KPF_BIT(COMPOUND_TAIL))

/*
 * Returns the name of @bit in kernels of release @kv (KV()); 0 stands for the newest.  A bit
 * without a meaning there is "bitN".
 */
const char *kpageflags_name(unsigned bit, u32 kv);
/* Returns the bits that a kernel of release @kv can set in the file. */
u64 kpageflags_exported(u32 kv);

/*
 * Moves overloaded bits to numbers of their own, as page-types --raw does: bit 34 of an anonymous
 * page is ANON_EXCLUSIVE, reclaim without writeback is READAHEAD.
 */
u64 kpageflags_expand(u64 word);

/*
 * Classifies a frame that no process maps by its @word: returns a short name, in *@ret_text a sentence.
 * Returns NULL when no flag decides; then the sentence is the reason.
 */
const char *kpageflags_frame(u64 word, const char **ret_text);

/* A --bits argument. */
struct kpageflags_filter {
	u64 mask;
	u64 bits;
	bool any; /* one bit of ->mask is enough; else ->mask must be exactly ->bits */
};

/*
 * Parses page-types' SPEC: "b1,b2" any of them; "b1,~b2" b1 and not b2; "b1,b2=b1" of these
 * only b1; "=b1,b2" exactly these.  A bit is a name, the beginning of one (the first that
 * fits), "compound", "bitN" or a number that is a mask.  An exact match compares raw and
 * derived bits only when it names one, and compound bits only when it names one or "huge" (as
 * page-types without --raw).  Returns 0, or -EINVAL with *@ret_why a static sentence.
 */
int kpageflags_parse(const char *spec, struct kpageflags_filter *ret,
		     const char **ret_why);

/* Does a page pass with these @flags, of which @known were read? */
enum tri kpageflags_match(const struct kpageflags_filter *f, u64 flags, u64 known);
