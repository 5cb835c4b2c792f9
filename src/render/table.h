/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table.h - rows of text in columns, by libsmartcols.
 *
 * Rows are printed in chunks, so memory stays bounded.
 */
#pragma once

#include <stdio.h>

#include "lib/bits.h"

enum table_format { TABLE_TEXT, TABLE_RAW, TABLE_PAIRS };

struct table_column {
	const char *name;
	u8 width; /* usual width */
	bool right;
	bool truncate; /* the terminal's edge may cut it */
};

struct table_options {
	FILE *out;
	u8 format; /* enum table_format */
	bool noheadings;
	unsigned width; /* of the terminal; 0: no limit, nothing is cut */
};

struct table;

/* Returns 0, -ENOMEM or another -errno of libsmartcols. */
int table_new(const struct table_options *opt, const struct table_column *cols,
	      unsigned n, struct table **ret);
/* Adds a row; @text has one string a column (copied), @color NULL or one colour name or NULL. */
int table_row(struct table *t, const char *const *text, const char *const *color);
/* Prints the remaining rows, of an empty table the headings. */
int table_end(struct table *t);
void table_free(struct table *t);
