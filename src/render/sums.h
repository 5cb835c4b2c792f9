/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sums.h - the sums of pages that are columns of mappings and processes, and metrics (sums.def). */
#ifndef GUPINFO_SUMS_H
#define GUPINFO_SUMS_H

#include "report/report.h"

enum sums {
#define SUM(id, ...) SUM_##id,
#include "render/sums.def"
#undef SUM
	SUMS
};

const char *sums_metric(enum sums id); /* "pinned_bytes" */
const char *sums_help(enum sums id);
/* The bytes that are known, and those of which it is not known whether they count. */
u64 sums_bytes(enum sums id, const struct report_totals *t, u32 base);
u64 sums_rest(enum sums id, const struct report_totals *t, u32 base);

#endif
