/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * render.h - views of a report on a stream: page table, summary, JSON, explanation, model.
 *
 * Each pair of _new and _free makes and frees the context of a struct report_view.
 */
#ifndef GUPINFO_RENDER_H
#define GUPINFO_RENDER_H

#include <stdio.h>

#include "render/columns.h"
#include "report/report.h"
#include "render/table.h"

#define RENDER_COLUMNS_MAX 64

struct filter;

enum render_json_kind { RENDER_JSON_NONE, RENDER_JSON_DOCUMENT, RENDER_JSON_LINES };

struct render_options {
	FILE *out;
	u8 format; /* enum table_format */
	bool noheadings;
	bool bytes; /* sizes as plain numbers */
	bool color;
	unsigned width; /* of the terminal, or that the layout is for */
	bool cut;       /* what is wider is cut: a terminal */
	u8 json;        /* enum render_json_kind */
	const struct column *columns[RENDER_COLUMNS_MAX]; /* chosen with -o */
	unsigned ncolumns;
	bool add;                  /* -o +COLS: to those that are shown without it */
	const struct column *sort; /* NULL: in the view's order */
	bool descending;
	u64 top;                     /* rows; 0: all */
	const struct filter *filter; /* of rows that are not pages; NULL: none */
	bool verbose;
	const char *version; /* gupinfo's */
};

/* How a table is laid out: as @opt says; only a terminal cuts. */
struct table_options render_table_options(const struct render_options *opt);

/* --pages and --each. */
extern const struct report_view render_pages_view;
int render_pages_new(const struct render_options *opt, void **ret);
void render_pages_free(void *ctx);

/* Fills ->columns with those that are shown: chosen ones, or of @of what fits (columns_fit()). */
void render_columns_chosen(struct render_options *opt, enum columns_of of,
			   const struct report_row *sum);

/* The default view. */
extern const struct report_view render_summary_view;
int render_summary_new(const struct render_options *opt, void **ret);
void render_summary_free(void *ctx);

/* --explain ADDR. */
extern const struct report_view render_explain_view;
int render_explain_new(const struct render_options *opt, u64 addr, void **ret);
void render_explain_free(void *ctx);
/* A row was explained; false when the address is in no VMA. */
bool render_explain_found(void *ctx);

/* --json and --json-lines. */
extern const struct report_view render_json_view;
int render_json_new(const struct render_options *opt, bool lines, bool pages, void **ret);
void render_json_free(void *ctx);
/* Opens a JSON document and "gupinfo", the first object of each, and adds "schema". */
struct js;
void render_json_begin(struct js *j);
/* Opens a document of rows, unless rows are lines; closes it. */
void render_json_rows(struct js *j, const struct render_options *opt,
		      const struct report_head *head);
int render_json_rows_end(struct js *j, const struct render_options *opt);
/* Does the same and adds version, kernel and evidence. */
void render_json_head(struct js *j, const struct render_options *opt,
		      const struct kernel *k, const struct source_machine *m);
/* Closes "gupinfo" and the document.  Returns 0, or -EIO when writing has failed. */
int render_json_end(struct js *j);
/* Adds "pages", "memory" and "gup", the totals @t; @base is the size of a page. */
void render_json_totals(struct js *j, const struct report_totals *t, u32 base);
/* Adds a holder, as in "refs". */
struct holder;
void render_json_page_holder(struct js *j, const struct holder *h);
/* Write one page object: _place opens it with its place (@with_pid adds "pid"), _rest closes it. */
void render_json_page_place(struct js *j, const char *key, const struct report_row *row,
			    bool with_pid);
void render_json_page_rest(struct js *j, const struct report_row *row);

/* --facts: the resolved model. */
int render_facts(const struct render_options *opt, const struct kernel *k,
		 const struct source_machine *m, bool json);

/* --list-columns. */
int render_columns(const struct render_options *opt);

/* Prints @text from @col on, broken at blanks to fit 80 columns; more lines begin at @indent. */
void render_wrap(FILE *out, unsigned col, unsigned indent, const char *text);
/* Prints @label, then @text from column @indent on, likewise. */
void render_block(FILE *out, const char *label, unsigned indent, const char *text);

#endif
