/* SPDX-License-Identifier: GPL-2.0-or-later */
/* render.h - views of a report on a stream: page table, summary, JSON, explanation, model. */
#pragma once

#include <stdio.h>

#include "render/columns.h"
#include "report/report.h"
#include "render/table.h"

#define RENDER_COLUMNS_MAX 64

struct filter;
struct rows;

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
	bool compact; /* of a document: the members of like pages stand in the first of them */
	const struct column *columns[RENDER_COLUMNS_MAX]; /* chosen with -o */
	unsigned ncolumns;
	bool add;                  /* -o +COLS: to those that are shown without it */
	const struct column *sort; /* NULL: in the view's order */
	bool descending;
	u64 top;                     /* rows; 0: all */
	const struct filter *filter; /* of rows that are not pages; NULL: none */
	bool verbose;
	bool openmetrics;
	bool by_cgroup;          /* --all: a row is a cgroup */
	const char *version;     /* gupinfo's */
	const struct diag *diag; /* what could not be read so far */
	bool missing; /* evidence that the machine denies; ->diag has it at the end */
};

/*
 * A view with a context of its own: ->size bytes of zeroes that begin with a pointer to the
 * options.  ->deinit frees what it points to; NULL: nothing.
 */
struct render_view {
	struct report_view report;
	size_t size;
	void (*deinit)(void *ctx);
};

extern const struct render_view render_summary_view; /* the default view */
extern const struct render_view render_pages_view;   /* --pages and --each */
extern const struct render_view render_json_view;    /* --json and --json-lines */
extern const struct render_view render_all_view;     /* --all */

/* Fills ->columns with those that are shown: chosen ones, or of @of what fits (columns_fit()). */
void render_columns_chosen(struct render_options *opt, enum columns_of of,
			   const struct report_row *sum);

/* --explain ADDR. */
struct render_explain {
	const struct render_options *opt;
	u64 addr;
	bool found; /* a row was explained; false when the address is in no VMA */
	struct report_head head;
	const struct facts *facts; /* of the page */
};
extern const struct report_view render_explain_view;

/* Opens a JSON document and "gupinfo", the first object of each, and adds "schema" and "version". */
struct js;
void render_json_begin(struct js *j, const char *version);
/* Adds "kernel": @ev judged as @k. */
void render_json_kernel(struct js *j, const struct kernel *k,
			const struct kernel_evidence *ev);
/* Begins a document and adds kernel and evidence. */
void render_json_head(struct js *j, const struct render_options *opt,
		      const struct report_head *head);
/* Open an object that is an element of the document's array, or a line; close it. */
void render_json_item(struct js *j, const struct render_options *opt);
void render_json_item_end(struct js *j, const struct render_options *opt);
/*
 * Adds "partial", unless @opt is NULL, and closes "gupinfo" and the document.  Returns 0, or -EIO when
 * writing has failed.
 */
int render_json_end(struct js *j, const struct render_options *opt);
/* Adds "pages", "memory" and "gup", the totals @t; @base is the size of a page. */
void render_json_totals(struct js *j, const struct report_totals *t, u32 base);
/* Adds a holder, as in "refs". */
struct holder;
void render_json_page_holder(struct js *j, const struct holder *h);
#define RENDER_JSON_PLACE 192
/*
 * Write one page object: _place opens it with its place (@with_pid adds "pid"), _rest closes it.  The first
 * writes to RENDER_JSON_PLACE bytes at @to and returns the end, in 20 ns: a million rows have nothing else of
 * their own.
 */
char *render_json_page_put(char *to, const struct report_row *row, bool with_pid);
void render_json_page_place(struct js *j, const char *key, const struct report_row *row,
			    bool with_pid);
void render_json_page_rest(struct js *j, const struct report_row *row);

/*
 * --verify: the rows that are asked for, or the "verify" document, or in 80 columns: counts by state, every
 * wrong case, what was unknown and why.  These return 0 or -errno.
 */
struct verify_result;
int render_verify(const struct render_options *opt, const struct report_head *head,
		  const struct verify_result *r);
/*
 * --pins: rows; below them, unless columns of these were chosen, the sums, the counters and the limits.
 */
struct pins;
int render_pins(const struct render_options *opt, const struct report_head *head,
		const struct pins *pins);
/* --family: rows of @of, and around them what else there is to know of the family @f of @s. */
struct family;
struct store;
int render_family(const struct render_options *opt, const struct store *s,
		  const struct family *f, enum columns_of of);

/* --blockers: the sums of @area, and the rows of what blocks. */
struct blockers;
int render_blockers(const struct render_options *opt, const char *area,
		    struct blockers *b, const struct source_machine *m);
/* --dmesg: text or rows; @head: by whose rules the dumps are judged, and the page size. */
struct dmesg;
int render_dmesg(const struct render_options *opt, const struct dmesg *d,
		 const struct report_head *head);
/* --facts: the resolved model. */
int render_facts(const struct render_options *opt, const struct report_head *head);

/* Prints @text from @col on, broken at blanks to fit 80 columns; more lines begin at @indent. */
void render_wrap(FILE *out, unsigned col, unsigned indent, const char *text);
/* Prints @label, then the text from column @indent on, likewise. */
void render_block(FILE *out, const char *label, unsigned indent, const char *fmt, ...)
	PRINTF(4, 5);
