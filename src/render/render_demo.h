/* SPDX-License-Identifier: GPL-2.0-or-later */
/* render_demo.h - --demo as a text for newcomers, 80 columns. */
#pragma once

#include "event/demo_case.h"
#include "render/render.h"

struct render_demo {
	const struct render_options *opt;
	FILE *out;
	bool silent; /* rows of the cases, and nothing else */
	bool brief;  /* of one case what matters, of all the results */
	bool shown;  /* the case at hand */
	struct report_head head;
};
extern const struct demo_view render_demo_view;
