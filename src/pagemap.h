/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagemap.h - the words of /proc/PID/pagemap, the regions of PAGEMAP_SCAN, and batched reads of
 * word arrays such as /proc/kpageflags.  The files are opened in live.c.
 *
 *	63 present   62 swap or another non-present entry   61 file or shared-anonymous
 *	58 guard (6.15)   57 uffd-wp (5.14), or RWP (7.3)   56 mapped once   55 soft-dirty
 *	54..0 PFN (present), or swap offset 54..5 and type 4..0
 *
 * Knows: fs/proc/task_mmu.c (pagemap_read(), struct pm_scan_arg).
 */
#pragma once

#include "lib/bits.h"

#define PAGEMAP_PRESENT BIT(63)
#define PAGEMAP_SWAP BIT(62)
#define PAGEMAP_FILE BIT(61)
#define PAGEMAP_GUARD BIT(58)
#define PAGEMAP_UFFD_WP BIT(57) /* since 7.3 "tracked by userfaultfd (uffd-wp or RWP)" */
#define PAGEMAP_EXCLUSIVE BIT(56) /* the map count is 1; this is not AnonExclusive */
#define PAGEMAP_SOFT_DIRTY BIT(55)
#define PAGEMAP_PFN_MASK (BIT(55) - 1)

/* Categories of PAGEMAP_SCAN (6.7 and later), include/uapi/linux/fs.h. */
#define PAGEMAP_IS_WPALLOWED BIT(0)
#define PAGEMAP_IS_WRITTEN BIT(1)
#define PAGEMAP_IS_FILE BIT(2)
#define PAGEMAP_IS_PRESENT BIT(3)
#define PAGEMAP_IS_SWAPPED BIT(4)
#define PAGEMAP_IS_PFNZERO BIT(5)
#define PAGEMAP_IS_HUGE BIT(6)
#define PAGEMAP_IS_SOFT_DIRTY BIT(7) /* 6.8 */
#define PAGEMAP_IS_GUARD BIT(8)      /* 6.15 */

struct pagemap_region {
	u64 start, end; /* bytes, end exclusive */
	u64 categories; /* PAGEMAP_IS_* */
};

/* struct pm_scan_arg, version 0 (96 bytes), which older headers lack. */
struct pagemap_scan {
	u64 size, flags, start, end, walk_end, vec, vec_len, max_pages;
	u64 category_inverted, category_mask, category_anyof_mask, return_mask;
};
_Static_assert(sizeof(struct pagemap_scan) == 96, "struct pm_scan_arg");

#define PAGEMAP_SCAN_CHECK_WPASYNC BIT(1) /* ->flags: -EPERM where userfaultfd waits */
#define PAGEMAP_SCAN_IOCTL 0xc0606610u    /* _IOWR('f', 16, struct pm_scan_arg) */

/* Returns the PFN of a present word; 0 when the kernel hides it. */
static inline u64 pagemap_pfn(u64 word)
{
	return word & PAGEMAP_PRESENT ? word & PAGEMAP_PFN_MASK : 0;
}

/* Return the swap type and offset of a word with PAGEMAP_SWAP. */
static inline u32 pagemap_swap_type(u64 word)
{
	return word & 31;
}

static inline u64 pagemap_swap_offset(u64 word)
{
	return (word & PAGEMAP_PFN_MASK) >> 5;
}

/* A request for words of an array file: from @index (a PFN) on, into @slot and on. */
struct pagemap_want {
	u64 index;
	u32 slot;
	u32 n; /* at least 1 */
};

/* Like pread(2): bytes read, 0 at the end, or -errno. */
typedef s64 (*pagemap_pread)(void *ctx, void *buf, size_t len, u64 offset);

/* Sorts @want by index, stably.  @tmp has room for @n too.  A sorted array is left alone. */
void pagemap_sort(struct pagemap_want *want, struct pagemap_want *tmp, size_t n);

/*
 * Requests word @index for @slot: extends the last of the @n requests if it is the next word
 * and slot and the request has less than @max words.  Returns the new @n.
 */
size_t pagemap_want_add(struct pagemap_want *want, size_t n, u64 index, u32 slot,
			u32 max);

/*
 * Reads so many useless words rather than make a second call: a word of /proc/kpageflags or
 * kpagecount costs 40 to 50 ns, a system call 100 ns and up.
 */
#define PAGEMAP_GAP 3

/*
 * Reads the 64-bit words of @want, sorted by index, into words[slot...], and sets @bit in
 * ok[slot...] for those that the file has.  Neighbours, also across gaps of PAGEMAP_GAP words,
 * share a read; equal indices are read once when they begin alike.  @buf of @buf_words words
 * (at least 1) is scratch.  Returns 0 or -errno of @reader; words that were read before an
 * error are valid.
 */
int pagemap_read_words(pagemap_pread reader, void *ctx, const struct pagemap_want *want,
		       size_t n, u64 *words, u8 *ok, u8 bit, u64 *buf, size_t buf_words);
