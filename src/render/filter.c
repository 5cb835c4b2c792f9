/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/filter.h"

#include "report/range.h"

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILTER_NODES 256
#define FILTER_DEPTH 64
#define FILTER_NO_COLUMN "no such column (see --list-columns)"

enum filter_op {
	OP_OR,
	OP_AND,
	OP_NOT,
	OP_TRUE, /* a column alone */
	OP_EQ,
	OP_NE,
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE,
	OP_MATCH,
	OP_NOMATCH,
};

struct filter_node {
	u8 op;
	u16 a, b; /* operands of || && ! */
	const struct column *col;
	const struct column *page; /* the column of pages that has this name */
	bool number;
	s64 num;
	char *text;
	regex_t *regex;
};

struct filter {
	struct filter_node node[FILTER_NODES];
	unsigned n, root;
	enum columns_of of;
};

struct filter_parser {
	struct filter *f;
	enum columns_of of;
	const char *at, *start;
	char *why;
	size_t why_size;
	unsigned depth;
	const char *only_page; /* the first column that rows of ->of have not */
	bool not_page;         /* one is not of pages */
};

static int filter_fail(struct filter_parser *p, const char *what)
{
	snprintf(p->why, p->why_size, "--filter: %s at character %zu of '%.80s'", what,
		 (size_t)(p->at - p->start) + 1, p->start);
	return -EINVAL;
}

static void filter_blank(struct filter_parser *p)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
}

static bool filter_eat(struct filter_parser *p, const char *token)
{
	filter_blank(p);
	if (strncmp(p->at, token, strlen(token)))
		return false;
	p->at += strlen(token);
	return true;
}

static size_t filter_word(const char *s)
{
	size_t n = 0;

	/* Column names contain '-': GET-R. */
	while (isalnum((unsigned char)s[n]) || s[n] == '_' || s[n] == '.' ||
	       (s[n] == '-' && n && isalpha((unsigned char)s[n + 1])))
		n++;
	return n;
}

static int filter_new(struct filter_parser *p, enum filter_op op)
{
	if (p->f->n == FILTER_NODES)
		return filter_fail(p, "the expression is too long");
	p->f->node[p->f->n].op = op;
	return (int)p->f->n++;
}

static int filter_or(struct filter_parser *p);

static int filter_op(struct filter_parser *p)
{
	static const struct {
		const char *token;
		u8 op;
	} ops[] = {
		{ "==", OP_EQ },      { "!=", OP_NE },  { "=~", OP_MATCH },
		{ "!~", OP_NOMATCH }, { "<=", OP_LE },  { ">=", OP_GE },
		{ "<", OP_LT },       { ">", OP_GT },   { "eq ", OP_EQ },
		{ "ne ", OP_NE },     { "lt ", OP_LT }, { "le ", OP_LE },
		{ "gt ", OP_GT },     { "ge ", OP_GE }, { "=", OP_EQ },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(ops); i++)
		if (filter_eat(p, ops[i].token))
			return ops[i].op;
	return -1;
}

static int filter_string(struct filter_parser *p, struct filter_node *n)
{
	char quote = *p->at++;
	const char *end = strchr(p->at, quote);

	if (!end)
		return filter_fail(p, "a string without its closing quote");
	n->text = strndup(p->at, end - p->at);
	p->at = end + 1;
	return n->text ? 0 : -ENOMEM;
}

static int filter_value(struct filter_parser *p, struct filter_node *n)
{
	u64 v;

	filter_blank(p);
	if (*p->at == '"' || *p->at == '\'')
		return filter_string(p, n);
	bool negative = *p->at == '-' && isdigit((unsigned char)p->at[1]);

	p->at += negative;
	size_t len = filter_word(p->at);

	if (!len)
		return filter_fail(p, "a value is missing");
	if (isdigit((unsigned char)*p->at)) {
		char word[20];

		/* An address as in maps is a number, too, when it cannot be decimal. */
		snprintf(word, sizeof(word), "%.*s", (int)MIN(len, sizeof(word) - 1),
			 p->at);
		if (range_parse_size(p->at, len, &v) &&
		    (len >= sizeof(word) || range_parse_address(word, &v)))
			return filter_fail(p, "not a number (4096, 0x1f, 4K)");
		n->number = true;
		n->num = negative ? -(s64)v : (s64)v;
	} else {
		n->text = strndup(p->at, len);
		if (!n->text)
			return -ENOMEM;
		if (!strcmp(n->text, "true"))
			strcpy(n->text, "yes");
		else if (!strcmp(n->text, "false"))
			strcpy(n->text, "no");
	}
	p->at += len;
	return 0;
}

static int filter_compile(struct filter_parser *p, struct filter_node *n)
{
	if (n->number)
		return filter_fail(p, "a pattern must be a quoted text");
	n->regex = malloc(sizeof(*n->regex));
	if (!n->regex)
		return -ENOMEM;
	if (regcomp(n->regex, n->text, REG_EXTENDED | REG_NOSUB)) {
		free(n->regex);
		n->regex = NULL;
		return filter_fail(p, "not a regular expression");
	}
	return 0;
}

/* Parses COLUMN [op value]. */
static int filter_compare(struct filter_parser *p)
{
	size_t len;
	int op, err, id;

	filter_blank(p);
	len = filter_word(p->at);
	if (!len)
		return filter_fail(p, *p->at ? "a column name is expected"
					     : "the expression ends too early");
	const struct column *col = columns_find(p->of, p->at, len);
	/* mappings and processes are sums of pages */
	const struct column *page =
		p->of <= COLUMNS_PROCESS ? columns_find(COLUMNS_PAGE, p->at, len) : NULL;

	if (!col && (!page || p->not_page))
		return filter_fail(p, FILTER_NO_COLUMN);
	if (!col && !p->only_page)
		p->only_page = p->at;
	p->not_page |= !page;
	p->at += len;
	op = filter_op(p);
	id = filter_new(p, op < 0 ? OP_TRUE : (enum filter_op)op);
	if (id < 0)
		return id;
	p->f->node[id].col = col;
	p->f->node[id].page = page;
	if (op < 0)
		return id;
	err = filter_value(p, &p->f->node[id]);
	if (!err && (op == OP_MATCH || op == OP_NOMATCH))
		err = filter_compile(p, &p->f->node[id]);
	return err ? err : id;
}

static int filter_not(struct filter_parser *p)
{
	int a, id;

	if (++p->depth > FILTER_DEPTH)
		return filter_fail(p, "the expression is nested too deeply");
	filter_blank(p);
	if (*p->at == '!' && p->at[1] != '=' && p->at[1] != '~') {
		p->at++;
		a = filter_not(p);
		id = a < 0 ? a : filter_new(p, OP_NOT);
		if (id >= 0)
			p->f->node[id].a = a;
	} else if (filter_eat(p, "(")) {
		id = filter_or(p);
		if (id >= 0 && !filter_eat(p, ")"))
			id = filter_fail(p, "')' is missing");
	} else {
		id = filter_compare(p);
	}
	p->depth--;
	return id;
}

static int filter_chain(struct filter_parser *p, const char *token, enum filter_op op,
			int (*next)(struct filter_parser *p))
{
	int a = next(p);

	while (a >= 0 && filter_eat(p, token)) {
		int b = next(p), id;

		if (b < 0)
			return b;
		id = filter_new(p, op);
		if (id < 0)
			return id;
		p->f->node[id].a = a;
		p->f->node[id].b = b;
		a = id;
	}
	return a;
}

static int filter_and(struct filter_parser *p)
{
	return filter_chain(p, "&&", OP_AND, filter_not);
}

static int filter_or(struct filter_parser *p)
{
	return filter_chain(p, "||", OP_OR, filter_and);
}

/* Chooses of which rows the columns are. */
static int filter_rows(struct filter_parser *p)
{
	p->f->of = p->only_page ? COLUMNS_PAGE : p->of;
	if (!p->only_page)
		return 0;
	if (p->not_page) {
		p->at = p->only_page;
		return filter_fail(p, FILTER_NO_COLUMN);
	}
	for (unsigned i = 0; i < p->f->n; i++)
		p->f->node[i].col = p->f->node[i].page;
	return 0;
}

int filter_parse(enum columns_of of, const char *expr, struct filter **ret, char *why,
		 size_t why_size)
{
	struct filter *f = calloc(1, sizeof(*f));
	struct filter_parser p = { .f = f,
				   .of = of,
				   .at = expr,
				   .start = expr,
				   .why = why,
				   .why_size = why_size };
	int root, err;

	if (!f)
		return -ENOMEM;
	root = filter_or(&p);
	filter_blank(&p);
	if (root >= 0 && *p.at)
		root = filter_fail(&p, "something is left over");
	err = root < 0 ? root : filter_rows(&p);
	if (err) {
		filter_free(f);
		return err;
	}
	f->root = root;
	*ret = f;
	return 0;
}

enum columns_of filter_of(const struct filter *f)
{
	return f->of;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	for (unsigned i = 0; i < f->n; i++) {
		free(f->node[i].text);
		if (f->node[i].regex)
			regfree(f->node[i].regex);
		free(f->node[i].regex);
	}
	free(f);
}

/* ---- matching */

static enum tri filter_order(const struct filter_node *n, int order)
{
	bool is[] = { [OP_EQ] = order == 0,
		      [OP_NE] = order != 0,
		      [OP_LT] = order<0, [OP_LE] = order <= 0, [OP_GT] = order> 0,
		      [OP_GE] = order >= 0 };

	return is[n->op] ? TRI_YES : TRI_NO;
}

/* Compares a known value with the constant. */
static enum tri filter_cell(const struct filter_node *n, const struct cell *c)
{
	bool number = c->type == CELL_COUNT || c->type == CELL_BYTES ||
		      c->type == CELL_HEX || c->type == CELL_ADDR || c->type == CELL_SUM;
	char buf[32];
	u64 v;

	if (n->regex) {
		const char *text = columns_text(c, true, buf, sizeof(buf));
		bool hit = !regexec(n->regex, text, 0, NULL, 0);

		return hit == (n->op == OP_MATCH) ? TRI_YES : TRI_NO;
	}
	if (number && !n->number && !range_parse_address(n->text, &v))
		return filter_order(n, (u64)c->num < v ? -1 : (u64)c->num > v);
	if (number != n->number)
		return n->op == OP_NE ? TRI_YES : TRI_NO;
	if (!number)
		return filter_order(n, strcmp(columns_text(c, true, buf, sizeof(buf)),
					      n->text));
	enum tri least = filter_order(n, c->num < n->num ? -1 : c->num > n->num);

	/* With an unknown rest the value is @c->num at least. */
	if (!c->rest || (least == TRI_YES && (n->op == OP_GT || n->op == OP_GE)) ||
	    (least == TRI_NO && (n->op == OP_LT || n->op == OP_LE)))
		return least;
	return TRI_UNKNOWN;
}

static enum tri filter_leaf(const struct filter_node *n, const struct report_row *row)
{
	struct cell c;

	columns_get(n->col, row, &c);
	if (n->text && !n->regex && (!strcmp(n->text, "?") || !strcmp(n->text, "-"))) {
		char text[32];
		bool is = !strcmp(columns_text(&c, true, text, sizeof(text)), n->text);

		return is == (n->op == OP_EQ) ? TRI_YES : TRI_NO;
	}
	if (c.type == CELL_UNKNOWN)
		return TRI_UNKNOWN;
	if (c.type == CELL_NONE)
		return n->op == OP_NE || n->op == OP_NOMATCH ? TRI_YES : TRI_NO;
	if (n->op == OP_TRUE)
		return c.type == CELL_TEXT || c.num ? TRI_YES
		       : c.rest                     ? TRI_UNKNOWN
						    : TRI_NO;
	return filter_cell(n, &c);
}

static enum tri filter_node(const struct filter *f, unsigned id,
			    const struct report_row *row)
{
	const struct filter_node *n = &f->node[id];
	enum tri a, b;

	switch (n->op) {
	case OP_NOT:
		a = filter_node(f, n->a, row);
		return a == TRI_UNKNOWN ? a : a == TRI_YES ? TRI_NO : TRI_YES;
	case OP_AND:
	case OP_OR:
		a = filter_node(f, n->a, row);
		if (a == (n->op == OP_AND ? TRI_NO : TRI_YES))
			return a;
		b = filter_node(f, n->b, row);
		if (b == (n->op == OP_AND ? TRI_NO : TRI_YES))
			return b;
		return a == TRI_UNKNOWN ? a : b;
	default:
		return filter_leaf(n, row);
	}
}

enum tri filter_match(const struct filter *f, const struct report_row *row)
{
	return filter_node(f, f->root, row);
}
