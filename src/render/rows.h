/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rows.h - rows of one kind as a table or as JSON: the columns that are asked for (-o) or fit, those
 * rows that --filter keeps, in the order of --sort, no more than --top.
 */
#pragma once

#include "render/render.h"

struct js;

/*
 * Rows of @of.  @sum has the values that decide which columns are news (columns_fit()), or is NULL.
 * With opt->json they are lines, or a document that begins with @head, which may be NULL otherwise.
 * Returns 0, -ENOMEM or another -errno of libsmartcols.
 */
int rows_new(const struct render_options *opt, enum columns_of of,
	     const struct report_row *sum, const struct report_head *head,
	     struct rows **ret);
int rows_add(struct rows *r, const struct report_row *row);
/* Ends the rows of a document, to which the caller may add members by *@ret before rows_end(). */
int rows_members(struct rows *r, struct js **ret);
/* Writes what is left, and @sum as the last row of a table for people unless it is NULL. */
int rows_end(struct rows *r, const struct report_row *sum);
/* The options ask for rows, of a view that has a text or a document of its own without. */
bool rows_asked(const struct render_options *opt);
/* A cell had "fast 99% +", or another word that holds for a part. */
bool rows_mixed(const struct rows *r);
void rows_free(struct rows *r);
/* Ends and frees the rows; returns @err if it is one, else what rows_end() does. */
int rows_finish(struct rows *r, int err, const struct report_row *sum);
/* All of it for @n rows of which each has one of @item, @size bytes apart. */
int rows_items(const struct render_options *opt, enum columns_of of,
	       const struct report_head *head, const void *item, size_t size, size_t n);

/* --list-columns: the columns themselves. */
int rows_columns(const struct render_options *opt);
