/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page/fact.h"

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

const char *fact_text(enum fact id)
{
	return fact_rows[id].text;
}
