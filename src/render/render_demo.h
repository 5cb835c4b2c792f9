/* SPDX-License-Identifier: GPL-2.0-or-later */
/* render_demo.h - --demo as a text for newcomers, 80 columns. */
#ifndef GUPINFO_RENDER_DEMO_H
#define GUPINFO_RENDER_DEMO_H

#include <stdio.h>

#include "event/demo_case.h"

struct render_demo {
	FILE *out;
	bool color;
	bool brief; /* of one case what matters, of all the results */
	bool shown; /* the case at hand */
	const struct kernel *kernel;
};
extern const struct demo_view render_demo_view;

#endif
