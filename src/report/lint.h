/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lint.h - the invariants of lint.def that a page breaks.  An unknown fact breaks none. */
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
 * Returns the invariants that @row's pages break, as BIT(LINT_*).  @unexplained: references
 * that neither mappings nor caches nor named holders explain, -1 unknown.
 */
u64 lint_row(const struct report_row *row, s64 unexplained);

/* Those of them that the kernel never lets happen, as far as they are known without holders. */
u64 lint_bugs(const struct report_row *row);

/* Returns whether breaking @id is a bug, explainable or a race for @row. */
enum lint_class lint_class_of(enum lint id, const struct report_row *row);

const char *lint_name(enum lint id);      /* "exclusive-but-shared" */
const char *lint_invariant(enum lint id); /* the invariant */
const char *lint_reason(enum lint id);    /* why it holds, in the kernel's words */
const char *lint_class_name(enum lint_class class);

#endif
