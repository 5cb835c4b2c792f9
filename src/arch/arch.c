/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "arch/arch.h"

#include <string.h>

#include "lib/pure.h"

static const struct arch arch_all[] = {
#include "arch/aarch64.def"
#include "arch/x86_64.def"
};

const struct arch *arch_find(const char *name, enum tri prot_none_58)
{
	for (const struct arch *a = arch_all; a < arch_all + ARRAY_SIZE(arch_all); a++)
		if (!strcmp(a->name, name) &&
		    (a->prot_none_58 == TRI_UNKNOWN || a->prot_none_58 == prot_none_58))
			return a;
	return NULL;
}

u64 arch_pfn_mask(const struct arch *a, unsigned page_shift, unsigned level)
{
	unsigned low = arch_level_shift(page_shift, level);

	return low > a->pfn_top ? 0 : (BIT(a->pfn_top + 1) - 1) & ~(BIT(low) - 1);
}

/* Returns a row of @name: what its rows have in common is looked for. */
static const struct arch *arch_any(const char *name)
{
	const struct arch *a = arch_find(name, TRI_NO);

	return a ? a : arch_find(name, TRI_YES);
}

u32 arch_cont_pages(const char *name, unsigned page_shift, unsigned level)
{
	const struct arch *a = arch_any(name);
	unsigned i = (page_shift - 12) / 2, bits;

	if (!a || level > 2 || i >= ARRAY_SIZE(a->cont))
		return 0;
	bits = level == 1 ? a->cont[i] : a->cont_huge[i];
	return bits ? 1U << (arch_level_shift(page_shift, level) - page_shift + bits) : 0;
}

u64 arch_untagged(const char *name, u64 addr)
{
	const struct arch *a = arch_any(name);

	return a && a->top_byte && !(addr >> 55 & 1) ? addr & (BIT(56) - 1) : addr;
}
