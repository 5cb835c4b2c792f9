/* SPDX-License-Identifier: GPL-2.0-or-later */
/* changes.h - the parts of a row of changes (--diff) in words. */
#pragma once

#include "report/store.h"

#define CHANGES_WORDS 9

/* Only counts differ that every process of the machine changes: of the page cache, of zero pages. */
bool changes_of_others(const struct store_change *c);

/* The words of the bits of STORE_*: "moved". */
extern const char *const changes_words[CHANGES_WORDS];

/*
 * Formats a part of a row of changes: 0 what differs, 1 before, 2 after, 3 the verdicts.  Returns
 * false when it has none.
 */
bool changes_part(const struct report_row *row, unsigned part, char *buf, size_t size);
