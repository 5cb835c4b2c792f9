/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page/fact.h"

#include <string.h>

#include "lib/pure.h"

const struct fact_row fact_rows[FACTS] = {
#define FACT(id, n, d, t) [FACT_##id] = { .name = n, .decider = d, .text = t },
#include "page/fact.def"
};

bool fact_decides(u64 set, enum fact id)
{
	for (unsigned i = 0; i < id; i++)
		if (set >> i & 1 && !strcmp(fact_rows[i].decider, fact_rows[id].decider))
			return false;
	return set >> id & 1;
}
