/* SPDX-License-Identifier: GPL-2.0-or-later */
/* columns.h - one row per column: name, help, typed getter; and the text of a value. */
#pragma once

#include "lib/escape.h"
#include "report/report.h"

enum cell_type {
	CELL_NONE,    /* does not apply: "-" */
	CELL_UNKNOWN, /* not known: "?" */
	CELL_TEXT,
	CELL_ADDR,  /* hexadecimal as maps prints it, no 0x */
	CELL_HEX,   /* 0x… */
	CELL_COUNT, /* a signed number */
	CELL_BYTES,
	CELL_SUM, /* bytes, of pages that are known; ->rest of them are not: "12M+?" */
	CELL_BOOL,
};

struct cell {
	u8 type; /* enum cell_type */
	s64 num;
	u64 rest;
	const char *text;  /* static, or ->buf; escaped */
	const char *raw;   /* the same as it is, where it is another process's */
	const char *color; /* libsmartcols' name, or NULL */
	char buf[VMA_NAME_MAX * 4];
};

/* What getters fill a cell with: a number, a static text, a string of another process. */
static inline void cell_set(struct cell *c, enum cell_type type, s64 num)
{
	c->type = type;
	c->num = num;
}

static inline void cell_text(struct cell *c, const char *text)
{
	c->type = CELL_TEXT;
	c->text = text;
}

static inline void cell_untrusted(struct cell *c, const char *text)
{
	cell_text(c, escape_text(c->buf, sizeof(c->buf), text));
	c->raw = text;
}

/* What a row is about; a column is of one or more.  What report_row.item points to is behind it. */
enum columns_of {
	COLUMNS_PAGE,
	COLUMNS_MAPPING,
	COLUMNS_PROCESS,
	COLUMNS_ENTRY,   /* --who: a page as an entry maps it */
	COLUMNS_FINDING, /* --lint: a page, and the enum lint that it breaks */
	COLUMNS_MEMBER,  /* --family: a process, and its struct family_sums */
	COLUMNS_PART,    /* --family: a mapping of it, likewise */
	COLUMNS_PAIR,    /* --family: struct family_pair */
	COLUMNS_CHANGE, /* --diff: struct store_change; NULL: a process of one side only */
	COLUMNS_PIN,    /* --pins: struct pins_row */
	COLUMNS_STATE,  /* --verify: struct verify_row */
	COLUMNS_CASE,   /* --demo: struct demo_result */
	COLUMNS_FACT,   /* --facts: struct columns_fact */
	COLUMNS_COLUMN,  /* --list-columns: struct column */
	COLUMNS_BLOCKER, /* --blockers: struct blockers_row */
	COLUMNS_OF
};

struct columns_fact {
	const struct kernel *kernel;
	unsigned id;
};

#define COLUMN_RIGHT BIT(0)   /* for numbers */
#define COLUMN_FRAME BIT(1)   /* differs between like pages: a PFN, a place in swap */
#define COLUMN_RUN BIT(2)     /* follows from where a run begins and how long it is */
#define COLUMN_HOLDERS BIT(3) /* depends on who holds the page */
#define COLUMN_NEWS BIT(4)    /* where it has a value it is worth the room of others */
#define COLUMN_CGROUP BIT(6)  /* a memory cgroup */
#define COLUMN_MIX BIT(5)     /* "fast 99% +", which needs a word of explanation */

struct column {
	const char *name; /* "MAPCOUNT" */
	const char *help;
	u16 of;    /* BIT(COLUMNS_*) */
	u8 fit[2]; /* shown without -o; [1] of COLUMNS_PROCESS: 0 no, 1 yes, else by room */
	u8 flags; /* COLUMN_* */
	u8 width; /* usual width in characters */
	void (*get)(const struct report_row *row, u32 arg, struct cell *ret);
	u32 arg;
};

/* The table and its length. */
extern const struct column columns_table[];
extern const unsigned columns_table_n;

extern const struct columns_kind {
	const char *name;  /* what --list-columns calls the rows: "pages" */
	const char *usual; /* their columns without -o; NULL: those that fit */
} columns_rows[COLUMNS_OF];

/* Returns the column named @name (in any case) of rows of @of, or NULL. */
const struct column *columns_find(enum columns_of of, const char *name, size_t len);

/* One of them has @flag. */
bool columns_have(const struct column *const *sel, unsigned n, u8 flag);

/* The columns @sel look the same for @a and @b, but for the place and the length of a run. */
bool columns_same(const struct column *const *sel, unsigned n, const struct report_row *a,
		  const struct report_row *b);

/*
 * Selects the columns of @of that are shown without -o and fit in @width (0: all), in their order:
 * those of fit 1, then news, which have a value in @sum (NULL: none are), then others.  @sel has room
 * for all.  Returns their number.
 */
unsigned columns_fit(enum columns_of of, unsigned width, const struct report_row *sum,
		     const struct column **sel);

/* Fills @ret with the value of @col; strings of other processes are escaped. */
void columns_get(const struct column *col, const struct report_row *row,
		 struct cell *ret);

/* Returns the text of the column @name of pages, which is in @buf; in a buffer of the block that asks. */
const char *columns_named(const char *name, const struct report_row *row, char *buf,
			  size_t size);
#define COLUMNS_NAMED(name, row) columns_named(name, row, (char[300]){ 0 }, 300)

/* Order two values, or those of @col; what has no value comes last, also @descending. */
int columns_cell_order(const struct cell *a, const struct cell *b, bool descending);
int columns_order(const struct column *col, const struct report_row *a,
		  const struct report_row *b, bool descending);

/* Formats @cell for people into @buf (@bytes: sizes as plain numbers).  Returns the text. */
const char *columns_text(const struct cell *cell, bool bytes, char *buf, size_t size);

#define COLUMNS_DIGITS 20 /* of the largest number in base 10 */

/*
 * Writes @n in @base 10 or 16 to @to, where COLUMNS_DIGITS fit, in a fifth of the time of
 * snprintf(), and no '\0'.  Returns the end.
 */
char *columns_put(char *to, u64 n, unsigned base);

/* Formats @prefix and @n likewise, with a '\0'.  Returns @buf, or "" when @size is too small. */
const char *columns_digits(u64 n, unsigned base, const char *prefix, char *buf,
			   size_t size);

/* Formats "4.1M": powers of 1024, at most 5 characters; in a buffer of the block that asks. */
const char *columns_size(u64 bytes, char *buf, size_t size);
#define COLUMNS_SIZE(bytes) columns_size(bytes, (char[16]){ 0 }, 16)

/* Rows of @of have all columns of "-o LIST". */
bool columns_are(enum columns_of of, const char *list);

/*
 * Parses "-o LIST" of columns of @of; a "+" before it, with which it adds to others, is skipped.  @sel has room for @max.
 * Returns 0, -EINVAL with the offending name in *@ret_bad (length *@ret_bad_len), or -E2BIG.
 */
int columns_select(enum columns_of of, const char *list, const struct column **sel,
		   unsigned *n, unsigned max, const char **ret_bad, size_t *ret_bad_len);
