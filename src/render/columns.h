/* SPDX-License-Identifier: GPL-2.0-or-later */
/* columns.h - one row per column: name, help, typed getter; and the text of a value. */
#ifndef GUPINFO_COLUMNS_H
#define GUPINFO_COLUMNS_H

#include "report/report.h"

enum cell_type {
	CELL_NONE,    /* does not apply: "-" */
	CELL_UNKNOWN, /* not known: "?"; ->why has the reason */
	CELL_TEXT,
	CELL_ADDR,  /* hexadecimal as maps prints it, no 0x */
	CELL_HEX,   /* 0x… */
	CELL_COUNT, /* a signed number */
	CELL_BYTES,
	CELL_BOOL,
};

struct cell {
	u8 type; /* enum cell_type */
	s64 num;
	const char *text; /* static, or ->buf */
	const char *why;  /* static; for CELL_UNKNOWN */
	char buf[200];
};

/* Which sets a column belongs to, and what kind it is of. */
#define COLUMN_PAGES BIT(0)     /* default of --pages at 80 columns */
#define COLUMN_WIDE BIT(1)      /* added in table order when the terminal is wider */
#define COLUMN_UNTRUSTED BIT(2) /* the text is another process's, and escaped */
#define COLUMN_RIGHT BIT(3)     /* for numbers */
#define COLUMN_FRAME BIT(4)     /* differs between like pages: a PFN, a place in swap */
#define COLUMN_RUN BIT(5)       /* follows from where a run begins and how long it is */
#define COLUMN_HOLDERS BIT(6)   /* depends on who holds the page */

struct column {
	const char *name; /* "MAPCOUNT" */
	const char *help;
	u8 flags; /* COLUMN_* */
	u8 width; /* usual width in characters */
	void (*get)(const struct report_row *row, u32 arg, struct cell *ret);
	u32 arg;
};

/* The table and its length. */
const struct column *columns_table(unsigned *ret_n);

/* Returns the column named @name (in any case), or NULL. */
const struct column *columns_find(const char *name, size_t len);

/* One of them depends on who holds a page. */
bool columns_holders(const struct column *const *sel, unsigned n);
/* The columns @sel look the same for @a and @b, but for the place and the length of a run. */
bool columns_same(const struct column *const *sel, unsigned n, const struct report_row *a,
		  const struct report_row *b);

/* A selected column differs between like pages: rows of a run need consecutive frames. */
bool columns_frames(const struct column *const *sel, unsigned n);

/* Fills @ret with the value of @col; strings of other processes are escaped. */
void columns_get(const struct column *col, const struct report_row *row,
		 struct cell *ret);

/* Formats @cell for people into @buf (@bytes: sizes as plain numbers).  Returns the text. */
const char *columns_text(const struct cell *cell, bool bytes, char *buf, size_t size);

/*
 * Formats @prefix and @n in @base 10 or 16 into @buf, in a fifth of the time of snprintf().
 * Returns @buf, or "" when @size is too small.
 */
const char *columns_digits(u64 n, unsigned base, const char *prefix, char *buf,
			   size_t size);

/* Formats "4.1M": powers of 1024, at most 5 characters. */
const char *columns_size(u64 bytes, char *buf, size_t size);

/*
 * Parses "-o LIST": "A,B,C" replaces @sel, "+A,B" appends.  @sel has room for @max.
 * Returns 0, -EINVAL with the offending name in *@ret_bad (length *@ret_bad_len), or -E2BIG.
 */
int columns_select(const char *list, const struct column **sel, unsigned *n, unsigned max,
		   const char **ret_bad, size_t *ret_bad_len);

#endif
