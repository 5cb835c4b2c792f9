/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page/pte.h"

#include <errno.h>
#include <string.h>

#include "lib/pure.h"

#define BIT_UNKNOWN 0xff

/* The meaning of each special type in one numbering (include/linux/swap.h). */
struct swap_types {
	u8 state[32], writable[32], exclusive[32];
};

static void swap_put(struct swap_types *t, unsigned *top, enum pte_state s, u8 writable,
		     u8 excl)
{
	unsigned i = --*top;

	t->state[i] = s;
	t->writable[i] = writable;
	t->exclusive[i] = excl;
}

/* The kernel numbers special types downwards from 31, in this order. */
static void swap_number(struct swap_types *t, bool err, bool marker, bool dev,
			bool single, bool mig, bool hwp)
{
	unsigned top = 32;

	memset(t->state, PTE_STATE_SWAP, sizeof(t->state));
	memset(t->writable, TRI_UNKNOWN, sizeof(t->writable));
	memset(t->exclusive, TRI_UNKNOWN, sizeof(t->exclusive));
	if (err)
		swap_put(t, &top, PTE_STATE_HWPOISON, TRI_UNKNOWN, TRI_UNKNOWN);
	if (marker)
		swap_put(t, &top, PTE_STATE_MARKER, TRI_UNKNOWN, TRI_UNKNOWN);
	if (dev) { /* WRITE, READ, EXCLUSIVE[_WRITE, _READ] ascending */
		if (!single)
			swap_put(t, &top, PTE_STATE_DEVICE, TRI_NO, TRI_UNKNOWN);
		swap_put(t, &top, PTE_STATE_DEVICE, single ? TRI_UNKNOWN : TRI_YES,
			 TRI_UNKNOWN);
		swap_put(t, &top, PTE_STATE_DEVICE, TRI_NO, TRI_UNKNOWN);
		swap_put(t, &top, PTE_STATE_DEVICE, TRI_YES, TRI_UNKNOWN);
	}
	if (mig) { /* READ, READ_EXCLUSIVE, WRITE ascending */
		swap_put(t, &top, PTE_STATE_MIGRATION, TRI_YES, TRI_YES);
		swap_put(t, &top, PTE_STATE_MIGRATION, TRI_NO, TRI_YES);
		swap_put(t, &top, PTE_STATE_MIGRATION, TRI_NO, TRI_NO);
	}
	if (hwp)
		swap_put(t, &top, PTE_STATE_HWPOISON, TRI_UNKNOWN, TRI_UNKNOWN);
}

/* Returns the @i-th value of an option: an unknown option is tried as false, then as true. */
static bool case_of(u8 tri, unsigned i, bool *ret_value)
{
	*ret_value = tri == TRI_UNKNOWN ? i : tri == TRI_YES;
	return tri == TRI_UNKNOWN || i == 0;
}

static void layout_join(struct pte_layout *l, const struct swap_types *t, bool first)
{
	for (unsigned i = 0; i < 32; i++) {
		if (first) {
			l->swap_state[i] = t->state[i];
			l->swap_write[i] = t->writable[i];
			l->swap_exclusive[i] = t->exclusive[i];
			continue;
		}
		if (l->swap_state[i] != t->state[i])
			l->swap_state[i] = PTE_STATE_SPECIAL;
		if (l->swap_write[i] != t->writable[i])
			l->swap_write[i] = TRI_UNKNOWN;
		if (l->swap_exclusive[i] != t->exclusive[i])
			l->swap_exclusive[i] = TRI_UNKNOWN;
	}
}

/* Tries every numbering that the configuration allows; types on which they differ are unknown. */
static void layout_swap(struct pte_layout *l, const struct pte_config *c)
{
	bool err, marker, dev, single, mig, hwp, first = true;
	struct swap_types t;

	for (unsigned i = 0; i < 64; i++) {
		if (!case_of(c->swapin_error, i & 1, &err) ||
		    !case_of(c->pte_marker, i >> 1 & 1, &marker) ||
		    !case_of(c->device_private, i >> 2 & 1, &dev) ||
		    !case_of(c->device_single, i >> 3 & 1, &single) ||
		    !case_of(c->migration, i >> 4 & 1, &mig) ||
		    !case_of(c->memory_failure, i >> 5 & 1, &hwp))
			continue;
		swap_number(&t, err, marker, dev, single, mig, hwp);
		layout_join(l, &t, first);
		first = false;
	}
}

int pte_layout_init(struct pte_layout *ret, const struct pte_config *c)
{
	memset(ret, 0, sizeof(*ret));
	ret->soft_dirty = c->soft_dirty;
	ret->uffd_wp = c->uffd_wp;
	ret->saved_dirty = TRI_NO;
	ret->page_shift = __builtin_ctz(c->page_size ? c->page_size : KERNEL_PAGE_LEAST);
	/* pagemap shows the types of any architecture: they are include/linux/swap.h's */
	layout_swap(ret, c);
	ret->arch = arch_find(c->arch, c->prot_none_bit58);
	if (!ret->arch)
		return -ENOTSUP;
	if (ret->arch->saved_dirty)
		ret->saved_dirty = c->saved_dirty;
	if (c->devmap == TRI_YES)
		ret->devmap_bit = ret->arch->devmap[0] == ret->arch->devmap[1]
					  ? ret->arch->devmap[0]
				  : c->saved_dirty == TRI_UNKNOWN
					  ? BIT_UNKNOWN
					  : ret->arch->devmap[c->saved_dirty];
	else if (c->devmap == TRI_UNKNOWN)
		ret->devmap_bit = BIT_UNKNOWN;
	return 0;
}

int pte_layout_kernel(struct pte_layout *ret, const struct kernel *k)
{
	struct pte_config c = {
		.arch = k->ev.arch,
		.page_size = kernel_page_size(&k->ev),
		.migration = k->ev.config[KCONFIG_MIGRATION],
		.device_private = k->ev.config[KCONFIG_DEVICE_PRIVATE],
		.memory_failure = k->ev.config[KCONFIG_MEMORY_FAILURE],
		.pte_marker = kernel_has(k, KFACT_PTE_MARKER_ALWAYS),
		.swapin_error = kernel_has(k, KFACT_SWAPIN_ERROR_TYPE),
		.device_single = kernel_has(k, KFACT_DEVICE_EXCLUSIVE_ONE),
		.uffd_wp = TRI_YES,
		.soft_dirty = k->ev.config[KCONFIG_MEM_SOFT_DIRTY],
		.devmap = kernel_has(k, KFACT_DEVMAP),
		.saved_dirty = kernel_has(k, KFACT_PTE_SAVED_DIRTY),
		.prot_none_bit58 = kernel_has(k, KFACT_ARM64_PROT_NONE_58),
	};

	if (c.pte_marker != TRI_YES)
		c.pte_marker = k->ev.config[KCONFIG_PTE_MARKER];
	return pte_layout_init(ret, &c);
}

static void decode_bits(const struct pte_layout *l, u64 e, struct pte *ret)
{
	const struct arch *a = l->arch;

	for (unsigned i = 0; i < ARRAY_SIZE(a->bit) && a->bit[i].means; i++) {
		ret->known |= a->bit[i].means;
		if ((e & a->bit[i].mask) == a->bit[i].want)
			ret->bits |= a->bit[i].means;
	}
	if (l->saved_dirty != TRI_NO && e & a->saved_dirty) {
		if (l->saved_dirty == TRI_YES)
			ret->bits |= PAGE_PTE_DIRTY;
		else if (!(ret->bits & PAGE_PTE_DIRTY))
			ret->known &= ~PAGE_PTE_DIRTY;
	}
	if (l->devmap_bit != BIT_UNKNOWN) {
		ret->known |= PAGE_PTE_DEVMAP;
		if (l->devmap_bit && e >> l->devmap_bit & 1)
			ret->bits |= PAGE_PTE_DEVMAP;
	} else if (!(e & (BIT(a->devmap[0]) | BIT(a->devmap[1])))) {
		ret->known |= PAGE_PTE_DEVMAP;
	}
	/* An architecture without these bits has no such entries. */
	ret->known |= PAGE_PTE_PROTNONE | PAGE_PTE_CONT | PAGE_PTE_TAGGED;
	if ((e & a->protnone_mask) == a->protnone)
		ret->bits |= PAGE_PTE_PROTNONE;
}

/* Ignores software bits that the kernel was not built with. */
static void decode_mask_config(const struct pte_layout *l, struct pte *ret)
{
	u16 off = 0;

	if (l->soft_dirty != TRI_YES) {
		ret->known &= ~PAGE_PTE_SOFT_DIRTY;
		off |= PAGE_PTE_SOFT_DIRTY;
	}
	if (l->uffd_wp == TRI_NO) {
		ret->known |= PAGE_PTE_UFFD_WP; /* userfaultfd cannot write-protect it */
		off |= PAGE_PTE_UFFD_WP;
	}
	ret->bits &= ~off & ret->known;
}

static void decode_present(const struct pte_layout *l, u64 e, u8 level, struct pte *ret)
{
	const struct arch *a = l->arch;
	u64 mask = arch_pfn_mask(a, l->page_shift, level), pfn = e & mask;

	ret->state = PTE_STATE_PRESENT;
	if (pfn && a->invert && !(e & a->valid))
		pfn = ~e & mask;
	ret->pfn = pfn >> l->page_shift;
	ret->pkey = e >> a->pkey_shift & (BIT(a->pkey_bits) - 1);
	decode_bits(l, e, ret);
}

/*
 * The PFN is in the low SWP_PFN_BITS = MAX_PHYSMEM_BITS - PAGE_SHIFT bits of @off; above it are flags (6.1),
 * as long as there is room (include/linux/swapops.h).  Returns 0 when bits are set that are either.
 */
static u64 swap_pfn(const struct pte_layout *l, u64 off)
{
	u64 least = BIT(l->arch->phys_bits[0] - l->page_shift) - 1,
	    most = BIT(l->arch->phys_bits[1] - l->page_shift) - 1;

	return off & most & ~least ? 0 : off & least;
}

static void decode_swap(const struct pte_layout *l, u64 e, u8 level, struct pte *ret)
{
	const struct arch *a = l->arch;
	u64 off = e >> a->swap_offset_shift & (BIT(a->swap_offset_bits) - 1);

	if (a->swap_offset_inverted)
		off ^= BIT(a->swap_offset_bits) - 1;
	ret->swap_type = e >> a->swap_type_shift & 31;
	ret->swap_offset = off;
	ret->state = l->swap_state[ret->swap_type];
	ret->swap_write = l->swap_write[ret->swap_type];
	ret->swap_exclusive = l->swap_exclusive[ret->swap_type];
	if (a->swap_uffd_wp) {
		ret->known |= PAGE_PTE_UFFD_WP;
		if (e & a->swap_uffd_wp)
			ret->bits |= PAGE_PTE_UFFD_WP;
	}
	if (a->swap_soft_dirty) {
		ret->known |= PAGE_PTE_SOFT_DIRTY;
		if (e & a->swap_soft_dirty)
			ret->bits |= PAGE_PTE_SOFT_DIRTY;
	}
	switch (ret->state) {
	case PTE_STATE_SWAP:
		ret->swap_exclusive = e & a->swap_exclusive ? TRI_YES : TRI_NO;
		break;
	case PTE_STATE_MARKER:
		ret->marker = off & 7;
		break;
	case PTE_STATE_MIGRATION:
	case PTE_STATE_DEVICE:
	case PTE_STATE_HWPOISON:
		ret->pfn = swap_pfn(l, off);
		break;
	}
}

void pte_decode(const struct pte_layout *l, u64 entry, u8 level, struct pte *ret)
{
	const struct arch *a = l->arch;

	memset(ret, 0, sizeof(*ret));
	ret->swap_exclusive = ret->swap_write = TRI_UNKNOWN;
	if (!entry)
		return;
	if (!a) {
		ret->state = PTE_STATE_SPECIAL;
		return;
	}
	if (entry & (a->valid | a->soft_present) ||
	    (level > RAW_LEVEL_PTE && entry & a->soft_present_hi))
		decode_present(l, entry, level, ret);
	else
		decode_swap(l, entry, level, ret);
	decode_mask_config(l, ret);
}
