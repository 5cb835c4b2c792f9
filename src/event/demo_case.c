/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "event/demo_case.h"

#include "lib/pure.h"

#define STEP(w, a)                                  \
	{                                           \
		.who = DEMO_##w, .action = DEMO_##a \
	}
const struct demo_case demo_case[DEMO_CASES] = {
#define CASE(id, n, test, text, ...)                                                \
	[DEMO_CASE_##id] = {                                                        \
		.name = n, .selftest = test, .about = text, .step = { __VA_ARGS__ } \
	},
#include "event/demo.def"
};

const char *demo_case_memory(enum demo_memory memory)
{
	static const char *const names[] = { "order-0", "thp", "hugetlb" };

	return names[memory];
}
