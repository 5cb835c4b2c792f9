/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sums.h - the sums of pages that are columns of mappings and processes, and metrics (sums.def). */
#pragma once

#include "report/report.h"

enum sums {
#define SUM(id, ...) SUM_##id,
#include "render/sums.def"
	SUMS
};

extern const struct sums_row {
	const char *metric, *help; /* "pinned_bytes" */
	u32 at, plus, unknown;     /* offsets in struct report_totals; UINT32_MAX: none */
} sums_rows[SUMS];
/* The bytes that are known, and those of which it is not known whether they count. */
u64 sums_bytes(enum sums id, const struct report_totals *t, u32 base);
u64 sums_rest(enum sums id, const struct report_totals *t, u32 base);
