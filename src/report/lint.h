/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lint.h - invariants that a page breaks.
 *
 * Knows: lint.def.  Never: repairs, layout, where the page was read.
 * Owns: nothing.  A fact that is not known breaks nothing.
 */
#ifndef GUPINFO_LINT_H
#define GUPINFO_LINT_H

#include "report/report.h"

enum lint {
#define LINT(id, ...) LINT_##id,
#include "report/lint.def"
#undef LINT
	LINTS
};

enum lint_class { LINT_CLASS_BUG, LINT_CLASS_RACE, LINT_CLASS_EXPLAINABLE };

/*
 * The invariants that @row's pages break, as BIT(LINT_*).  @unexplained: references that neither
 * mappings nor caches nor named holders explain, -1 unknown.
 */
u64 lint_row(const struct report_row *row, s64 unexplained);

/* What breaking @id means for @row. */
enum lint_class lint_class_of(enum lint id, const struct report_row *row);

const char *lint_name(enum lint id);      /* "exclusive-but-shared" */
const char *lint_invariant(enum lint id); /* what must hold */
const char *lint_reason(enum lint id);    /* why, in the kernel's words */
const char *lint_class_name(enum lint_class class);

#endif
