/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/source.h"

#include "lib/pure.h"

const struct source_fact_row source_facts[SOURCE_FACTS] = {
	[SOURCE_PAGEMAP] = { "pagemap", "pagemap" },
	[SOURCE_KPAGEFLAGS] = { "kpageflags", "kpageflags" },
	[SOURCE_KPAGECOUNT] = { "kpagecount", "kpagecount" },
	[SOURCE_STRUCTPAGE] = { "structpage", "struct page" },
	[SOURCE_PTE] = { "pte", "page tables" },
};
