/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page/fact.h"

#include <string.h>

#include "lib/pure.h"

static const struct {
	const char *name, *decider, *text;
} fact_rows[FACTS] = {
#define FACT(id, n, d, t) [FACT_##id] = { .name = n, .decider = d, .text = t },
#include "page/fact.def"
#undef FACT
};

const char *fact_name(enum fact id)
{
	return fact_rows[id].name;
}

const char *fact_decider(enum fact id)
{
	return fact_rows[id].decider;
}

bool fact_decides(u64 set, enum fact id)
{
	for (unsigned i = 0; i < id; i++)
		if (set >> i & 1 && !strcmp(fact_decider(i), fact_decider(id)))
			return false;
	return set >> id & 1;
}

const char *fact_text(enum fact id)
{
	return fact_rows[id].text;
}
