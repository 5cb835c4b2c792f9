/* SPDX-License-Identifier: GPL-2.0-or-later */
/* render_verify.h - the result of --verify as text and as JSON. */
#ifndef GUPINFO_RENDER_VERIFY_H
#define GUPINFO_RENDER_VERIFY_H

#include <stdio.h>

#include "verify/verify.h"

/* Prints 80 columns: counts by state, every wrong case, what was unknown and why. */
void render_verify_text(FILE *out, const struct verify_result *r);

/* Prints the "verify" document of the interface; @version is gupinfo's. */
void render_verify_json(FILE *out, const struct verify_result *r, const char *version);

#endif
