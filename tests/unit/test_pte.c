/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "page/pte.h"
#include "test.h"

/* A 6.12 distribution kernel. */
static struct pte_config config(void)
{
	return (struct pte_config){
		.arch = "x86_64",
		.migration = TRI_YES,
		.device_private = TRI_YES,
		.memory_failure = TRI_YES,
		.pte_marker = TRI_YES,
		.swapin_error = TRI_NO,
		.device_single = TRI_NO,
		.uffd_wp = TRI_YES,
		.soft_dirty = TRI_YES,
		.devmap = TRI_YES,
		.saved_dirty = TRI_YES,
		.prot_none_bit58 = TRI_NO,
	};
}

static struct pte decode(const struct pte_config *c, u64 e, u8 level)
{
	struct pte_layout l;
	struct pte p;

	pte_layout_init(&l, c);
	pte_decode(&l, e, level, &p);
	return p;
}

/* __swp_entry() of pgtable_64.h, written independently of the decoder. */
static u64 swp(unsigned type, u64 offset)
{
	return (~offset << 14 >> 5) | (u64)type << 59;
}

TEST(none)
{
	struct pte_config c = config();
	struct pte p = decode(&c, 0, RAW_LEVEL_PTE);

	EXPECT_INT(p.state, PTE_STATE_NONE);
	EXPECT_INT(p.known, 0);
}

TEST(x86_present)
{
	struct pte_config c = config();
	/* P RW US A D, NX, pkey 5, PFN 0x149fd0 */
	struct pte p = decode(&c, 0x8000000149fd0067ULL | 5ULL << 59, RAW_LEVEL_PTE);

	EXPECT_INT(p.state, PTE_STATE_PRESENT);
	EXPECT_INT(p.pfn, 0x149fd0);
	EXPECT_INT(p.pkey, 5);
	EXPECT_INT(p.bits, PAGE_PTE_WRITE | PAGE_PTE_DIRTY | PAGE_PTE_YOUNG);
	EXPECT_INT(p.known, PAGE_PTE_WRITE | PAGE_PTE_DIRTY | PAGE_PTE_YOUNG |
				    PAGE_PTE_SPECIAL | PAGE_PTE_PROTNONE |
				    PAGE_PTE_UFFD_WP | PAGE_PTE_SOFT_DIRTY |
				    PAGE_PTE_DEVMAP | PAGE_PTE_EXEC | PAGE_PTE_CONT |
				    PAGE_PTE_TAGGED);
}

TEST(x86_software_bits)
{
	struct pte_config c = config();
	struct pte p;

	p = decode(&c, 0x1000 | BIT(0) | BIT(9) | BIT(10) | BIT(11) | BIT(57),
		   RAW_LEVEL_PTE);
	EXPECT_INT(p.bits, PAGE_PTE_SPECIAL | PAGE_PTE_UFFD_WP | PAGE_PTE_SOFT_DIRTY |
				   PAGE_PTE_DEVMAP | PAGE_PTE_EXEC);
	/* saved-dirty counts as dirty (6.6) */
	p = decode(&c, 0x1000 | BIT(0) | BIT(58), RAW_LEVEL_PTE);
	EXPECT_INT(p.bits, PAGE_PTE_DIRTY | PAGE_PTE_EXEC);
	/* and is devmap before */
	c.saved_dirty = TRI_NO;
	p = decode(&c, 0x1000 | BIT(0) | BIT(58), RAW_LEVEL_PTE);
	EXPECT_INT(p.bits, PAGE_PTE_DEVMAP | PAGE_PTE_EXEC);
	/* which of the two is unknown: neither is claimed */
	c.saved_dirty = TRI_UNKNOWN;
	p = decode(&c, 0x1000 | BIT(0) | BIT(58), RAW_LEVEL_PTE);
	EXPECT(!(p.known & (PAGE_PTE_DEVMAP | PAGE_PTE_DIRTY)));
	/* a kernel without soft-dirty: the bit says nothing */
	c.soft_dirty = TRI_NO;
	p = decode(&c, 0x1000 | BIT(0) | BIT(11), RAW_LEVEL_PTE);
	EXPECT(!(p.known & PAGE_PTE_SOFT_DIRTY) && !(p.bits & PAGE_PTE_SOFT_DIRTY));
}

TEST(x86_protnone_is_inverted)
{
	struct pte_config c = config();
	u64 pfn_bits = 0x149fd0ULL << 12;
	u64 e = BIT(8) | BIT(5) | (~pfn_bits & 0x000ffffffffff000ULL);
	struct pte p = decode(&c, e, RAW_LEVEL_PTE);

	EXPECT_INT(p.state, PTE_STATE_PRESENT);
	EXPECT_INT(p.pfn, 0x149fd0);
	EXPECT(p.bits & PAGE_PTE_PROTNONE);
	/* the same with its PFN bits cleared, as observations carry it */
	p = decode(&c, BIT(8) | BIT(5), RAW_LEVEL_PTE);
	EXPECT_INT(p.state, PTE_STATE_PRESENT);
	EXPECT_INT(p.pfn, 0);
	EXPECT(p.bits & PAGE_PTE_PROTNONE);
	/* the global bit of a present entry is not prot-none */
	p = decode(&c, BIT(8) | BIT(0) | 0x1000, RAW_LEVEL_PTE);
	EXPECT(!(p.bits & PAGE_PTE_PROTNONE));
}

TEST(x86_huge_leaves)
{
	struct pte_config c = config();
	struct pte_layout l;
	/* P RW US A D PSE and PAT_LARGE (bit 12), which is no part of the PFN */
	struct pte p = decode(&c, 0x80000000480010e7ULL | BIT(12), RAW_LEVEL_PMD);

	EXPECT_INT(p.pfn, 0x48000);
	p = decode(&c, 0x80000000400010e7ULL, RAW_LEVEL_PUD);
	EXPECT_INT(p.pfn, 0x40000);
	/* pmdp_invalidate(): not valid, PSE kept, PFN inverted */
	p = decode(&c, 0xe6 | (~0x48000000ULL & 0x000fffffffe00000ULL), RAW_LEVEL_PMD);
	EXPECT_INT(p.state, PTE_STATE_PRESENT);
	EXPECT_INT(p.pfn, 0x48000);
	EXPECT(!(p.bits & PAGE_PTE_PROTNONE));
	pte_layout_init(&l, &c);
	EXPECT_INT(arch_pfn_mask(l.arch, 12, RAW_LEVEL_PTE), 0x000ffffffffff000ULL);
	EXPECT_INT(arch_pfn_mask(l.arch, 12, RAW_LEVEL_PMD), 0x000fffffffe00000ULL);
}

TEST(x86_swap)
{
	struct pte_config c = config();
	struct pte p = decode(&c, swp(1, 0x12345) | BIT(3), RAW_LEVEL_PTE);

	EXPECT_INT(p.state, PTE_STATE_SWAP);
	EXPECT_INT(p.swap_type, 1);
	EXPECT_INT(p.swap_offset, 0x12345);
	EXPECT_INT(p.swap_exclusive, TRI_YES);
	EXPECT_INT(p.bits, 0);
	p = decode(&c, swp(0, 7) | BIT(1) | BIT(2), RAW_LEVEL_PTE);
	EXPECT_INT(p.state, PTE_STATE_SWAP);
	EXPECT_INT(p.swap_exclusive, TRI_NO);
	EXPECT_INT(p.bits, PAGE_PTE_UFFD_WP | PAGE_PTE_SOFT_DIRTY);
}

TEST(special_types_full_config)
{
	struct pte_config c = config();
	static const u8 want[32] = {
		[23] = PTE_STATE_HWPOISON,  [24] = PTE_STATE_MIGRATION,
		[25] = PTE_STATE_MIGRATION, [26] = PTE_STATE_MIGRATION,
		[27] = PTE_STATE_DEVICE,    [28] = PTE_STATE_DEVICE,
		[29] = PTE_STATE_DEVICE,    [30] = PTE_STATE_DEVICE,
		[31] = PTE_STATE_MARKER,
	};

	for (unsigned t = 0; t < 32; t++)
		EXPECT_INT(decode(&c, swp(t, 4), RAW_LEVEL_PTE).state,
			   want[t] ? want[t] : PTE_STATE_SWAP);
	/* SWP_MIGRATION_READ, _READ_EXCLUSIVE, _WRITE */
	EXPECT_INT(decode(&c, swp(24, 4), 1).swap_exclusive, TRI_NO);
	EXPECT_INT(decode(&c, swp(24, 4), 1).swap_write, TRI_NO);
	EXPECT_INT(decode(&c, swp(25, 4), 1).swap_exclusive, TRI_YES);
	EXPECT_INT(decode(&c, swp(25, 4), 1).swap_write, TRI_NO);
	EXPECT_INT(decode(&c, swp(26, 4), 1).swap_write, TRI_YES);
	/* SWP_DEVICE_WRITE, SWP_DEVICE_READ */
	EXPECT_INT(decode(&c, swp(27, 4), 1).swap_write, TRI_YES);
	EXPECT_INT(decode(&c, swp(28, 4), 1).swap_write, TRI_NO);
	/* the PFN of a migration entry is below the young and dirty bits: these are 34 and 35 with four
	 * levels of page tables, 40 and 41 with five */
	EXPECT_INT(decode(&c, swp(26, 0x149fd0 | BIT(40) | BIT(41)), 1).pfn, 0x149fd0);
	EXPECT_INT(decode(&c, swp(26, 0x149fd0 | BIT(34)), 1).pfn, 0);
	EXPECT_INT(decode(&c, swp(31, 4), 1).marker, PTE_MARKER_GUARD);
	EXPECT_INT(decode(&c, swp(31, 2), 1).marker, PTE_MARKER_POISON);
	EXPECT_INT(decode(&c, swp(31, 1), 1).marker, PTE_MARKER_UFFD_WP);
}

/* 6.18 without DEVICE_PRIVATE and MEMORY_FAILURE: the raw guard entry that was seen there. */
TEST(special_types_small_config)
{
	struct pte_config c = config();

	c.device_private = c.memory_failure = TRI_NO;
	c.device_single = TRI_YES;
	EXPECT_INT(decode(&c, swp(27, 4), 1).state, PTE_STATE_SWAP);
	EXPECT_INT(decode(&c, swp(28, 4), 1).state, PTE_STATE_MIGRATION);
	EXPECT_INT(decode(&c, swp(30, 4), 1).state, PTE_STATE_MIGRATION);
	EXPECT_INT(decode(&c, swp(31, 4), 1).state, PTE_STATE_MARKER);
}

/* 6.1: a swap-in error type above the marker. */
TEST(special_types_6_1)
{
	struct pte_config c = config();

	c.swapin_error = TRI_YES;
	EXPECT_INT(decode(&c, swp(31, 4), 1).state, PTE_STATE_HWPOISON);
	EXPECT_INT(decode(&c, swp(30, 1), 1).state, PTE_STATE_MARKER);
	EXPECT_INT(decode(&c, swp(22, 4), 1).state, PTE_STATE_HWPOISON);
	EXPECT_INT(decode(&c, swp(21, 4), 1).state, PTE_STATE_SWAP);
}

/* What the unknown configuration decides is not claimed; what it does not decide is. */
TEST(special_types_unknown_config)
{
	struct pte_config c = config();

	c.device_private = TRI_UNKNOWN;
	EXPECT_INT(decode(&c, swp(31, 4), 1).state, PTE_STATE_MARKER);
	EXPECT_INT(decode(&c, swp(30, 4), 1).state, PTE_STATE_SPECIAL);
	EXPECT_INT(decode(&c, swp(25, 4), 1).state, PTE_STATE_SPECIAL);
	EXPECT_INT(decode(&c, swp(0, 4), 1).state, PTE_STATE_SWAP);
	EXPECT_INT(decode(&c, swp(22, 4), 1).state, PTE_STATE_SWAP);
	c.device_private = TRI_NO;
	c.migration = TRI_YES;
	c.memory_failure = TRI_UNKNOWN;
	EXPECT_INT(decode(&c, swp(29, 4), 1).state, PTE_STATE_MIGRATION);
	EXPECT_INT(decode(&c, swp(27, 4), 1).state, PTE_STATE_SPECIAL);
}

TEST(arm64)
{
	struct pte_config c = config();
	struct pte p;

	c.arch = "aarch64";
	c.devmap = TRI_NO;
	/* page, AF, user, writable and dirtied by hardware (DBM set, RDONLY clear), PXN UXN */
	p = decode(&c,
		   0x3 | BIT(6) | BIT(10) | BIT(11) | BIT(51) | BIT(53) | BIT(54) |
			   0x48000000,
		   RAW_LEVEL_PTE);
	EXPECT_INT(p.state, PTE_STATE_PRESENT);
	EXPECT_INT(p.pfn, 0x48000);
	EXPECT_INT(p.bits, PAGE_PTE_WRITE | PAGE_PTE_DIRTY | PAGE_PTE_YOUNG);
	/* writable but clean: RDONLY set until the first store */
	p = decode(&c, 0x3 | BIT(6) | BIT(7) | BIT(10) | BIT(51) | BIT(54) | 0x48000000,
		   1);
	EXPECT_INT(p.bits, PAGE_PTE_WRITE | PAGE_PTE_YOUNG);
	/* PAGE_NONE */
	p = decode(&c, 0x2 | BIT(7) | BIT(10) | BIT(11) | BIT(53) | BIT(54) | 0x48000000,
		   1);
	EXPECT_INT(p.state, PTE_STATE_PRESENT);
	EXPECT(p.bits & PAGE_PTE_PROTNONE);
	/* swap type 2, offset 0x77, exclusive */
	p = decode(&c, 2ULL << 6 | 0x77ULL << 12 | BIT(2), 1);
	EXPECT_INT(p.state, PTE_STATE_SWAP);
	EXPECT_INT(p.swap_type, 2);
	EXPECT_INT(p.swap_offset, 0x77);
	EXPECT_INT(p.swap_exclusive, TRI_YES);
	p = decode(&c, 31ULL << 6 | 4ULL << 12, 1);
	EXPECT_INT(p.marker, PTE_MARKER_GUARD);
	/* part of a contiguous block, with MTE tags; 16K pages */
	c.page_size = 16384;
	p = decode(&c, 0x7 | BIT(6) | BIT(7) | BIT(10) | BIT(52) | BIT(54) | 0x48000000,
		   1);
	EXPECT_INT(p.pfn, 0x12000);
	EXPECT_INT(p.bits, PAGE_PTE_YOUNG | PAGE_PTE_CONT | PAGE_PTE_TAGGED);
	c.page_size = 0;
	/* until 6.10: type from bit 3, offset from bit 8, PROT_NONE is bit 58 */
	c.prot_none_bit58 = TRI_YES;
	p = decode(&c, 2ULL << 3 | 0x77ULL << 8, 1);
	EXPECT_INT(p.state, PTE_STATE_SWAP);
	EXPECT_INT(p.swap_type, 2);
	EXPECT_INT(p.swap_offset, 0x77);
	p = decode(&c, BIT(58) | BIT(7) | 0x48000000, 1);
	EXPECT(p.bits & PAGE_PTE_PROTNONE);
	/* pmd_mkinvalid() */
	p = decode(&c, BIT(59) | BIT(6) | BIT(7) | 0x48000000, RAW_LEVEL_PMD);
	EXPECT_INT(p.state, PTE_STATE_PRESENT);
	EXPECT(!(p.bits & PAGE_PTE_PROTNONE));
}

/* The sizes of pgtable-hwdef.h. */
TEST(arm64_sizes)
{
	static const struct {
		unsigned shift;
		u64 pmd, cont, cont_pmd;
	} want[] = { { 12, 2 << 20, 64 << 10, 32 << 20 },
		     { 14, 32 << 20, 2 << 20, 1 << 30 },
		     { 16, 512 << 20, 2 << 20, 16ULL << 30 } };
	const char *a = "aarch64";

	for (unsigned i = 0; i < ARRAY_SIZE(want); i++) {
		unsigned s = want[i].shift;

		EXPECT_INT(BIT(arch_level_shift(s, RAW_LEVEL_PMD)), want[i].pmd);
		EXPECT_INT((u64)arch_cont_pages(a, s, RAW_LEVEL_PTE) << s, want[i].cont);
		EXPECT_INT((u64)arch_cont_pages(a, s, RAW_LEVEL_PMD) << s,
			   want[i].cont_pmd);
	}
	EXPECT_INT(arch_cont_pages("x86_64", 12, 1), 0);
	EXPECT_INT(arch_untagged("aarch64", 0x5b00ffff12345000), 0xffff12345000);
	EXPECT_INT(arch_untagged("x86_64", 0x5b00ffff12345000), 0x5b00ffff12345000);
}

TEST(unknown_architecture)
{
	struct pte_config c = config();
	struct pte_layout l;
	struct pte p;

	c.arch = "vax";
	EXPECT_INT(pte_layout_init(&l, &c), -ENOTSUP);
	pte_decode(&l, 0x67, 1, &p);
	EXPECT_INT(p.state, PTE_STATE_SPECIAL);
	EXPECT_INT(p.known, 0);
	/* pagemap shows the type of an entry that is not present, and the types are numbered alike everywhere */
	EXPECT_INT(l.swap_state[0], PTE_STATE_SWAP);
	EXPECT_INT(l.swap_state[22], PTE_STATE_SWAP);
	EXPECT(l.swap_state[31] != PTE_STATE_SWAP);
}

TEST(layout_of_a_kernel)
{
	static const char config[] =
		"CONFIG_MIGRATION=y\n# CONFIG_DEVICE_PRIVATE is not set\n"
		"CONFIG_MEMORY_FAILURE=y\nCONFIG_PTE_MARKER=y\n";
	struct kernel_evidence ev;
	struct pte_layout l;
	struct kernel k;

	kernel_evidence_init(&ev);
	strcpy(ev.release, "6.1.192");
	strcpy(ev.arch, "x86_64");
	kernel_evidence_config(&ev, config, sizeof(config) - 1);
	EXPECT_INT(kernel_resolve(&ev, &k), 0);
	EXPECT_INT(pte_layout_kernel(&l, &k), 0);
	EXPECT_INT(l.swap_state[31], PTE_STATE_HWPOISON); /* swap-in error */
	EXPECT_INT(l.swap_state[30], PTE_STATE_MARKER);
	EXPECT_INT(l.swap_state[29], PTE_STATE_MIGRATION);
	EXPECT_INT(l.swap_state[26], PTE_STATE_HWPOISON);
	EXPECT_INT(l.swap_state[25], PTE_STATE_SWAP);
	strcpy(ev.release, "6.18.2");
	EXPECT_INT(kernel_resolve(&ev, &k), 0);
	EXPECT_INT(pte_layout_kernel(&l, &k), 0);
	EXPECT_INT(l.swap_state[31], PTE_STATE_MARKER);
	EXPECT_INT(l.devmap_bit, 0);
	EXPECT_INT(l.saved_dirty, TRI_YES);
}
