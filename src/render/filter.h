/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filter.h - the --filter grammar: which rows to keep, in every view alike.
 *
 * Knows: expressions over columns (columns.h):
 *	expr: expr || expr, expr && expr, !expr, (expr), COLUMN op value, COLUMN
 *	op:   == != < <= > >= =~ !~   (eq ne lt le gt ge are the same)
 *	value: 123, 0x1f, 4K, "text", 'text', true, false, "?" (not known), "-" (does not apply)
 * Never: I/O.  Owns: a parsed expression, until filter_free().
 *
 * Three-valued: comparing a value that is not known gives unknown, and only rows for which the
 * expression certainly holds are kept.  COLUMN alone holds when the value is neither 0 nor "no"
 * nor "-".
 */
#pragma once

#include "render/columns.h"

struct filter;

/*
 * Parses @expr, over columns of @of, or if these are sums of pages and it names a column that only
 * pages have, of pages.  Returns 0, -ENOMEM, or -EINVAL with one sentence in @why.
 */
int filter_parse(enum columns_of of, const char *expr, struct filter **ret, char *why,
		 size_t why_size);
/* Of which of both its columns are. */
enum columns_of filter_of(const struct filter *f);
enum tri filter_match(const struct filter *f, const struct report_row *row);
void filter_free(struct filter *f);
