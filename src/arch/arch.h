/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arch.h - what page tables and addresses look like on an architecture: one .def file for each.
 *
 * Levels are enum raw_level: 1 is the table of base pages.  A table is one base page of words of 8
 * bytes; the kernel folds the levels that the size of user addresses does not need.
 *
 * Knows: bits, fields and sizes, as functions of the size of a base page.
 * Never: what follows from an entry for a page (page/pte.h); where this kernel keeps its struct pages and
 *	direct map, which live/calibrate.h finds.
 */
#pragma once

#include "lib/bits.h"

/* Software names for PTE bits, independent of the architecture. */
enum page_pte {
#define PTE(id, bit, letter, key) PAGE_PTE_##id = 1 << (bit),
#include "arch/pte.def"
};

/* Sets PAGE_PTE_@means when (entry & mask) == want. */
struct arch_bit {
	u64 mask, want;
	u16 means;
};

/* Physical address bits that stand elsewhere in an entry: (entry & mask) << shift. */
struct arch_high {
	u64 mask;
	u8 shift;
};

struct arch {
	const char *name; /* uname -m */
	u8 prot_none_58; /* enum tri: arm64 kernels with or without it; TRI_UNKNOWN: any */
	u64 valid;       /* present for the hardware */
	u64 soft_present; /* present for software only, e.g. PROT_NONE; when not valid */
	u64 soft_present_hi; /* likewise, of PMD and PUD leaves */
	u64 leaf_mask,
		leaf; /* a valid entry above level 1 maps memory: (entry & leaf_mask) == leaf */
	u64 hardware; /* bits that the hardware may change at any time: accessed, dirty */
	u64 user; /* of a valid entry: clear where only the kernel, or execution, may use it */
	bool exec_only; /* PROT_EXEC alone may make entries without ->user */
	bool invert;    /* the PFN of an entry that is not valid is inverted */
	u64 protnone_mask,
		protnone; /* pte_protnone(): (entry & protnone_mask) == protnone */
	u8 pfn_top;       /* the highest bit of the PFN's field */
	struct arch_high
		high[2]; /* with pages below 64K, where calibration sees them; with 64K */
	u8 pkey_shift, pkey_bits;
	struct arch_bit bit[12];
	u8 devmap[2];    /* without and with saved-dirty; 0: none */
	u64 saved_dirty; /* x86 since 6.6: dirty, of a write-protected entry */
	/* entries that are not present */
	u8 swap_type_shift, swap_offset_shift, swap_offset_bits;
	bool swap_offset_inverted;
	u64 swap_exclusive, swap_uffd_wp, swap_soft_dirty;
	u8 phys_bits
		[2]; /* MAX_PHYSMEM_BITS, the least and the most of any configuration */
	/* log2 of the entries of a contiguous block, of PTEs and of PMDs; with 4K, 16K, 64K pages */
	u8 cont[3], cont_huge[3];
	u8 direct_shift; /* the direct map is moved by multiples of 1 << direct_shift */
	u8 vma_pkey_bits; /* the key in vm_flags from bit 32 on; 0: high bits differ between releases */
	bool top_byte; /* the hardware ignores bits 63-56 of a user's address */
};

/* Returns the architecture, or NULL: none is known, or @prot_none_58 decides and is not known. */
const struct arch *arch_find(const char *name, enum tri prot_none_58);

/* Returns log2 of the bytes that an entry of @level maps, with base pages of 1 << @page_shift. */
static inline unsigned arch_level_shift(unsigned page_shift, unsigned level)
{
	return page_shift + (page_shift - 3) * (level - 1);
}

/* Returns the bits of a present entry that hold the PFN of a leaf at @level, but for ->high. */
u64 arch_pfn_mask(const struct arch *a, unsigned page_shift, unsigned level);

/* Returns the base pages of the contiguous block that @level's entry may be part of; 0: there are none. */
u32 arch_cont_pages(const char *name, unsigned page_shift, unsigned level);

/* Returns @addr without a tag in its top byte, on machine @name. */
u64 arch_untagged(const char *name, u64 addr);
