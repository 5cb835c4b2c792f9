/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kpageflags.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "lib/pure.h"

enum kpageflags_class { STABLE, RAW, DERIVED };

static const struct {
	u8 bit, class;
	const char *name;
	u32 since, until;
} rows[] = {
#define KPF(id, b, n, c, s, u, t) \
	{ .bit = (b), .class = (c), .name = (n), .since = (s), .until = (u) },
#include "kpageflags.def"
};

static bool kpageflags_in(unsigned row, u32 kv)
{
	if (!kv)
		return !rows[row].until;
	return kv >= rows[row].since && (!rows[row].until || kv < rows[row].until);
}

const char *kpageflags_name(unsigned bit, u32 kv)
{
	static char unknown[64][8];

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].bit == bit && kpageflags_in(i, kv))
			return rows[i].name;
	snprintf(unknown[bit & 63], sizeof(unknown[0]), "bit%u", bit & 63);
	return unknown[bit & 63];
}

u64 kpageflags_exported(u32 kv)
{
	u64 bits = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].class != DERIVED && kpageflags_in(i, kv))
			bits |= BIT(rows[i].bit);
	return bits;
}

u64 kpageflags_expand(u64 word)
{
	if (word & KPF_BIT(ANON) && word & KPF_BIT(OWNER_2))
		word ^= KPF_BIT(OWNER_2) | KPF_BIT(ANON_EXCLUSIVE);
	if ((word & (KPF_BIT(RECLAIM) | KPF_BIT(WRITEBACK))) == KPF_BIT(RECLAIM))
		word ^= KPF_BIT(RECLAIM) | KPF_BIT(READAHEAD);
	return word;
}

const char *kpageflags_frame(u64 word, const char **ret_text)
{
	/*
	 * The first that fits.  Bits of types (free, slab, page table, offline) come before those
	 * that stable_page_flags() derives from ->mapping, which frames of these types use otherwise.
	 */
	static const struct {
		u64 bits;
		const char *name, *text;
	} frames[] = {
		{ KPF_BIT(NOPAGE), "nopage",
		  "no such frame: a hole, offline memory, a device's, or beyond the end" },
		{ KPF_BIT(HWPOISON), "hwpoison", "hardware-corrupted" },
		{ KPF_BIT(BUDDY), "free", "free, in the buddy allocator" },
		{ KPF_BIT(OFFLINE), "offline", "logically offline (balloon)" },
		{ KPF_BIT(SLAB), "slab", "slab: objects of the kernel" },
		{ KPF_BIT(PGTABLE), "pgtable", "page table" },
		{ KPF_BIT(ZERO_PAGE), "zero", "the zero page or the huge zero page" },
		{ KPF_BIT(HUGE), "hugetlb", "hugetlb: free in the pool, or in use" },
		{ KPF_BIT(KSM), "ksm", "merged by KSM" },
		{ KPF_BIT(ANON), "anon", "anonymous memory" },
		{ KPF_BIT(RESERVED), "reserved",
		  "reserved: the kernel's image, firmware, or taken at boot" },
		{ KPF_BIT(LRU) | KPF_BIT(SWAPBACKED), "shmem",
		  "page cache of shmem, or cut off from it" },
		{ KPF_BIT(LRU), "file", "page cache of a file, or cut off from it" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(frames); i++)
		if ((word & frames[i].bits) == frames[i].bits) {
			*ret_text = frames[i].text;
			return frames[i].name;
		}
	*ret_text =
		word ? "its flags do not show it: the kernel's own, or page cache in a CPU's batch"
		     : "it has no flags: the kernel's own, free in a CPU's list, or (newer kernels) no such frame";
	return NULL;
}

/* Parses "0x800", "bit11" or "34"; 0 when it is no number. */
static u64 kpageflags_number(const char *s, size_t len)
{
	bool bit = len > 3 && !memcmp(s, "bit", 3);
	u64 base = 10, v = 0;

	if (bit)
		s += 3, len -= 3;
	else if (len > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X'))
		s += 2, len -= 2, base = 16;
	for (; len; s++, len--) {
		unsigned digit = digit_value((char)tolower((unsigned char)*s));

		if (digit >= base || v > (UINT64_MAX - digit) / base)
			return 0;
		v = v * base + digit;
	}
	return !bit ? v : v < 64 ? BIT(v) : 0;
}

/* Returns the bits that one word of a SPEC names; 0 when it names none. */
static u64 kpageflags_bits(const char *s, size_t len)
{
	if (len >= 4 && len <= 8 && !memcmp(s, "compound", len))
		return KPF_COMPOUND_BITS;
	if (len > 4 && len <= 9 && !memcmp(s, "anonymous", len)) /* page-types' name */
		return KPF_BIT(ANON);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		if (text_same(rows[i].name, s, len))
			return BIT(rows[i].bit);
	for (unsigned i = 0; len && i < ARRAY_SIZE(rows); i++)
		if (!strncmp(rows[i].name, s, len))
			return BIT(rows[i].bit);
	/* page-types has "anonymous" for "anon". */
	if (len > 4 && !strncmp("anonymous", s, len))
		return KPF_BIT(ANON);
	return kpageflags_number(s, len);
}

/* Parses a comma-separated list up to @end: all bits, and those without '~'. */
static bool kpageflags_list(const char *s, const char *end, u64 *all, u64 *plain)
{
	*all = *plain = 0;
	for (;;) {
		const char *comma = memchr(s, ',', end - s), *stop = comma ? comma : end;
		bool not = s < stop && *s == '~';
		u64 bits = kpageflags_bits(s + not, stop - s - not );

		if (!bits)
			return false;
		*all |= bits;
		*plain |= not ? 0 : bits;
		if (!comma)
			return true;
		s = comma + 1;
	}
}

int kpageflags_parse(const char *spec, struct kpageflags_filter *ret,
		     const char **ret_why)
{
	const char *equal = strchr(spec, '='), *end = spec + strlen(spec);
	struct kpageflags_filter f = { 0 };
	u64 plain = 0, unused;

	*ret_why = "a flag is a name as --list-columns shows it, bitN, or a number";
	if (equal == spec) {
		if (!kpageflags_list(spec + 1, end, &plain, &f.bits))
			return -EINVAL;
		f.mask = ~(KPF_RAW_BITS | KPF_DERIVED_BITS | KPF_COMPOUND_BITS);
		if (f.bits & (KPF_RAW_BITS | KPF_DERIVED_BITS))
			f.mask |= KPF_RAW_BITS | KPF_DERIVED_BITS;
		if (f.bits & (KPF_COMPOUND_BITS | KPF_BIT(HUGE)))
			f.mask |= KPF_COMPOUND_BITS;
	} else if (equal) {
		if (!kpageflags_list(spec, equal, &f.mask, &unused) ||
		    !kpageflags_list(equal + 1, end, &plain, &f.bits))
			return -EINVAL;
		*ret_why = "the right side of = names a flag that the left side does not";
		if (f.bits & ~f.mask)
			return -EINVAL;
	} else {
		if (!kpageflags_list(spec, end, &f.mask, &f.bits))
			return -EINVAL;
		f.any = !strchr(spec, '~');
	}
	*ret = f;
	return 0;
}

enum tri kpageflags_match(const struct kpageflags_filter *f, u64 flags, u64 known)
{
	if (f->any) {
		if (flags & f->mask & known)
			return TRI_YES;
		return f->mask & ~known ? TRI_UNKNOWN : TRI_NO;
	}
	if ((flags ^ f->bits) & f->mask & known)
		return TRI_NO;
	return f->mask & ~known ? TRI_UNKNOWN : TRI_YES;
}
