/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pte.h - what a leaf page-table entry means.
 *
 * Knows: what the kernel makes of the bits of arch/arch.h, and the numbering of special swap types
 *	(include/linux/swap.h) as a function of the kernel's configuration.
 * Never: which VMA the entry is in.  A shadow-stack entry (write clear, dirty set, VM_SHADOW_STACK)
 *	is reported as not writable; the kernel's pte_write() says it is.
 */
#pragma once

#include "arch/arch.h"
#include "kernel/kernel.h"
#include "page/raw_page.h"

enum pte_state {
	PTE_STATE_NONE,      /* all bits clear (a soft-dirty hole excepted) */
	PTE_STATE_PRESENT,   /* pte_present(): PROT_NONE and NUMA-hint entries too */
	PTE_STATE_SWAP,      /* in a swap area: ->swap_type, ->swap_offset */
	PTE_STATE_MIGRATION, /* under migration; ->pfn is the page */
	PTE_STATE_DEVICE,    /* device private or device exclusive; ->pfn is the page */
	PTE_STATE_HWPOISON,  /* ->pfn is the poisoned page */
	PTE_STATE_MARKER,    /* ->marker */
	PTE_STATE_SPECIAL,   /* a special type that an unknown option decides */
	PTE_STATES
};

/* Bits of a PTE marker (include/linux/leafops.h, swapops.h). */
#define PTE_MARKER_UFFD_WP BIT(0)
#define PTE_MARKER_POISON BIT(1) /* swap-in error (6.2) and UFFDIO_POISON (6.6) */
#define PTE_MARKER_GUARD BIT(2)  /* MADV_GUARD_INSTALL (6.13) */

/* What decides the layout.  TRI_UNKNOWN is always allowed and leaves more of an entry unknown. */
struct pte_config {
	const char *arch;  /* uname -m */
	u32 page_size;     /* of a base page; 0: KERNEL_PAGE_LEAST */
	u8 migration;      /* CONFIG_MIGRATION */
	u8 device_private; /* CONFIG_DEVICE_PRIVATE */
	u8 memory_failure; /* CONFIG_MEMORY_FAILURE */
	u8 pte_marker;     /* the marker type exists: 5.19, always since 6.2 */
	u8 swapin_error;   /* a type of its own above the marker: 6.0 and 6.1 */
	u8 device_single;  /* one SWP_DEVICE_EXCLUSIVE type instead of two: 6.15 */
	u8 uffd_wp;        /* CONFIG_HAVE_ARCH_USERFAULTFD_WP */
	u8 soft_dirty;     /* CONFIG_MEM_SOFT_DIRTY: the bit is maintained */
	u8 devmap;         /* pte_devmap() exists: until 6.16 */
	u8 saved_dirty;    /* x86: bit 58 is saved-dirty and devmap is bit 57: 6.6 */
	u8 prot_none_bit58; /* arm64: PTE_PROT_NONE is bit 58 and swap type starts at 3: until 6.10 */
};

/* The positions of fields and the meaning of each special type (0-31) in one kernel's entries. */
struct pte_layout {
	const struct arch *arch; /* NULL: gupinfo has no table for this architecture */
	u8 page_shift;
	u8 devmap_bit;          /* 0: none; 0xff: unknown */
	u8 saved_dirty;         /* enum tri */
	u8 soft_dirty, uffd_wp; /* enum tri */
	u8 swap_state[32];      /* enum pte_state, by swap type */
	u8 swap_write[32];      /* enum tri, by swap type: the page was writable */
	u8 swap_exclusive[32];  /* enum tri, by swap type: the page was exclusive */
};

struct pte {
	u8 state;     /* enum pte_state */
	u8 pkey;      /* protection key, present x86 entries */
	u8 swap_type; /* of every non-present entry: the raw type */
	u8 swap_exclusive; /* enum tri: pte_swp_exclusive(), or a migration entry's exclusiveness */
	u8 swap_write; /* enum tri: migration or device entry that was writable */
	u8 marker;     /* PTE_MARKER_* */
	u16 bits,
		known; /* PAGE_PTE_*; uffd-wp and soft-dirty of non-present entries too */
	u64 swap_offset;
	u64 pfn; /* of the page; 0 when the source cleared its bits */
};

/*
 * Makes the layout of @c.  Types that an unknown option could change become PTE_STATE_SPECIAL.
 * Returns 0, or -ENOTSUP for an architecture without a table (@ret is valid: it knows the types, and decodes
 * everything to PTE_STATE_SPECIAL).
 */
int pte_layout_init(struct pte_layout *ret, const struct pte_config *c);
/* Makes the layout of @k's entries; returns like pte_layout_init(). */
int pte_layout_kernel(struct pte_layout *ret, const struct kernel *k);

/* Decodes @entry, a leaf at @level (enum raw_level). */
void pte_decode(const struct pte_layout *l, u64 entry, u8 level, struct pte *ret);

/* "present", "swap", … */
