/* SPDX-License-Identifier: GPL-2.0-or-later */
/* render_pins.h - --pins as text and JSON. */
#ifndef GUPINFO_RENDER_PINS_H
#define GUPINFO_RENDER_PINS_H

#include "render/render.h"
#include "report/pins.h"

/* As rows; below them, unless columns of these were chosen, the sums, the counters and the limits. */
int render_pins(const struct render_options *opt, const struct report_head *head,
		const struct pins *pins);

#endif
