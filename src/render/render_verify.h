/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * render_verify.h - the referee's result as text and as JSON.
 *
 * Knows: struct verify_result.  Never: how it came about.  Owns: nothing.
 */
#ifndef GUPINFO_RENDER_VERIFY_H
#define GUPINFO_RENDER_VERIFY_H

#include <stdio.h>

#include "verify/verify.h"

/* Text for 80 columns: sums by state, every wrong case as a bug report, what was unknown and why. */
void render_verify_text(FILE *out, const struct verify_result *r);

/* The "verify" document of the interface; @version is gupinfo's. */
void render_verify_json(FILE *out, const struct verify_result *r, const char *version);

#endif
