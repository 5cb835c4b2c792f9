/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lint.h - the invariants of lint.def that a page breaks.  An unknown fact breaks none. */
#pragma once

#include "report/report.h"

enum lint {
#define LINT(id, ...) LINT_##id,
#include "report/lint.def"
	LINTS
};

enum lint_class { LINT_CLASS_BUG, LINT_CLASS_RACE, LINT_CLASS_EXPLAINABLE };

/* What is known of each invariant. */
extern const struct lint_row {
	const char *name;      /* "exclusive-but-shared" */
	const char *invariant; /* what must hold */
	const char *reason;    /* why it does, in the kernel's words */
	u8 class;              /* enum lint_class of a page that did not race */
} lint_rows[LINTS];

/*
 * Returns the invariants that @row's pages break, as BIT(LINT_*).  @unexplained: references
 * that neither mappings nor caches nor named holders explain, -1 unknown.
 */
u64 lint_row(const struct report_row *row, s64 unexplained);

/* Those of them that the kernel never lets happen, as far as they are known without holders. */
u64 lint_bugs(const struct report_row *row);

/*
 * Returns whether what @row's page shows at look @look (0: the first) may be of a moment: somebody
 * who had the page is about to let go.
 */
bool lint_suspicious(const struct report_row *row, unsigned look);

/* Returns whether breaking @id is a bug, explainable or a race for @row. */
enum lint_class lint_class_of(enum lint id, const struct report_row *row);

extern const char *const lint_class_names[];
