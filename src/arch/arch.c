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

u32 arch_cont_pages(const struct arch *a, unsigned page_shift, unsigned level)
{
	const u8 *cont = level == 1 ? a->cont : a->cont_huge;
	unsigned i = (page_shift - 12) / 2;

	if (level > 2 || i >= ARRAY_SIZE(a->cont) || !cont[i])
		return 0;
	return 1U << (arch_level_shift(page_shift, level) - page_shift + cont[i]);
}

u64 arch_untagged(const char *name, u64 addr)
{
	for (const struct arch *a = arch_all; a < arch_all + ARRAY_SIZE(arch_all); a++)
		if (a->top_byte && !strcmp(a->name, name) && !(addr >> 55 & 1))
			return addr & (BIT(56) - 1);
	return addr;
}
