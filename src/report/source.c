/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/source.h"

#include "lib/pure.h"

static const struct {
	const char *key, *name;
} source_facts[SOURCE_FACTS] = {
	[SOURCE_PAGEMAP] = { "pagemap", "pagemap" },
	[SOURCE_KPAGEFLAGS] = { "kpageflags", "kpageflags" },
	[SOURCE_KPAGECOUNT] = { "kpagecount", "kpagecount" },
	[SOURCE_STRUCTPAGE] = { "structpage", "struct page" },
	[SOURCE_PTE] = { "pte", "page tables" },
};

const char *source_fact_key(enum source_fact fact)
{
	return source_facts[fact].key;
}

const char *source_fact_name(enum source_fact fact)
{
	return source_facts[fact].name;
}
