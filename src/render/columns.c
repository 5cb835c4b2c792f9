/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/columns.h"
#include "lib/array.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const struct column *columns_find(enum columns_of of, const char *name, size_t len)
{
	for (const struct column *c = columns_table; c < columns_table + columns_table_n;
	     c++)
		if (c->of & BIT(of) && strlen(c->name) == len &&
		    !strncasecmp(c->name, name, len))
			return c;
	return NULL;
}

bool columns_have(const struct column *const *sel, unsigned n, u8 flag)
{
	return ARRAY_ANY(i, n, sel[i]->flags & flag);
}

static bool columns_news(const struct column *col, const struct report_row *sum)
{
	struct cell c;

	if (!sum || !(col->flags & COLUMN_NEWS))
		return false;
	columns_get(col, sum, &c);
	/* that nobody looked for holders is no news */
	return c.num || (c.rest && !(col->flags & COLUMN_HOLDERS));
}

/* Fills @order with the columns of @of by ->fit, those without it left out; returns how many. */
static unsigned columns_by_fit(enum columns_of of, u8 order[256])
{
	unsigned n = 0, at;

	for (unsigned i = 0; i < columns_table_n; i++) {
		const struct column *c = &columns_table[i];
		u8 fit = c->fit[of == COLUMNS_PROCESS];

		if (!(c->of & BIT(of)) || !fit)
			continue;
		for (at = n++;
		     at && columns_table[order[at - 1]].fit[of == COLUMNS_PROCESS] > fit;
		     at--)
			order[at] = order[at - 1];
		order[at] = (u8)i;
	}
	return n;
}

unsigned columns_fit(enum columns_of of, unsigned width, const struct report_row *sum,
		     const struct column **sel)
{
	unsigned taken = 0, room = width ? width + 1 : UINT32_MAX;
	bool take[256] = { 0 };
	u8 order[256];
	unsigned n = columns_by_fit(of, order);

	for (unsigned round = 0; round < 3; round++)
		for (unsigned i = 0; i < n; i++) {
			const struct column *c = &columns_table[order[i]];
			bool always = c->fit[of == COLUMNS_PROCESS] == 1;
			bool now = !round      ? always
				   : round < 2 ? columns_news(c, sum)
					       : !always;

			if (!now || take[order[i]] || (round && c->width + 1u > room))
				continue;
			take[order[i]] = true;
			room -= MIN(room, c->width + 1u);
		}
	for (unsigned i = 0; i < columns_table_n; i++)
		if (take[i])
			sel[taken++] = &columns_table[i];
	return taken;
}

void columns_get(const struct column *col, const struct report_row *row, struct cell *ret)
{
	ret->type = CELL_NONE;
	ret->num = 0;
	ret->rest = 0;
	ret->text = ret->raw = ret->color = NULL;
	col->get(row, col->arg, ret);
}

bool columns_same(const struct column *const *sel, unsigned n, const struct report_row *a,
		  const struct report_row *b)
{
	struct cell x, y;

	for (unsigned i = 0; i < n; i++) {
		if (sel[i]->flags & COLUMN_RUN)
			continue;
		columns_get(sel[i], a, &x);
		columns_get(sel[i], b, &y);
		if (x.type != y.type || x.num != y.num ||
		    (x.type == CELL_TEXT && strcmp(x.text, y.text)))
			return false;
	}
	return true;
}

int columns_cell_order(const struct cell *a, const struct cell *b, bool descending)
{
	bool p = a->type > CELL_UNKNOWN, q = b->type > CELL_UNKNOWN;
	int order;

	if (!p || !q)
		return q - p;
	order = a->type == CELL_TEXT && b->type == CELL_TEXT
			? strverscmp(a->text, b->text)
			: (a->num > b->num) - (a->num < b->num);
	return descending ? -order : order;
}

int columns_order(const struct column *col, const struct report_row *a,
		  const struct report_row *b, bool descending)
{
	struct cell x, y;

	columns_get(col, a, &x);
	columns_get(col, b, &y);
	return columns_cell_order(&x, &y, descending);
}

const char *columns_size(u64 bytes, char *buf, size_t size)
{
	static const char units[] = "BKMGTPE";
	unsigned u = 0;
	u64 whole = bytes, rest = 0;

	while (whole >= 1024 && u < 6) {
		rest = whole % 1024;
		whole /= 1024;
		u++;
	}
	unsigned tenth = rest * 10 / 1024;

	if (whole < 10 && tenth && u)
		snprintf(buf, size, "%llu.%u%c", whole, tenth, units[u]);
	else
		snprintf(buf, size, "%llu%c", whole, units[u]);
	return buf;
}

/* Two digits at a time: rows of pages are little but numbers. */
#define HEX(d)                                                                          \
	d "0" d "1" d "2" d "3" d "4" d "5" d "6" d "7" d "8" d "9" d "a" d "b" d "c" d \
	  "d" d "e" d "f"
#define DEC(d) d "0" d "1" d "2" d "3" d "4" d "5" d "6" d "7" d "8" d "9"

char *columns_put(char *to, u64 n, unsigned base)
{
	static const char hex[] = HEX("0") HEX("1") HEX("2") HEX("3") HEX("4") HEX("5")
		HEX("6") HEX("7") HEX("8") HEX("9") HEX("a") HEX("b") HEX("c") HEX("d")
			HEX("e") HEX("f");
	static const char dec[] = DEC("0") DEC("1") DEC("2") DEC("3") DEC("4") DEC("5")
		DEC("6") DEC("7") DEC("8") DEC("9");
	unsigned digits = base == 16 ? (67 - __builtin_clzll(n | 1)) / 4 : 1;
	char *end, *at;

	if (base != 16)
		for (u64 rest = n; rest >= 10; rest /= 10)
			digits++;
	at = end = to + digits;
	if (base == 16)
		for (; at - to >= 2; n >>= 8)
			memcpy(at -= 2, &hex[2 * (n & 255)], 2);
	else
		for (; at - to >= 2; n /= 100)
			memcpy(at -= 2, &dec[2 * (n % 100)], 2);
	if (at > to)
		*to = hex[2 * n + 1];
	return end;
}

const char *columns_digits(u64 n, unsigned base, const char *prefix, char *buf,
			   size_t size)
{
	char digits[COLUMNS_DIGITS];
	size_t len = strlen(prefix), more = columns_put(digits, n, base) - digits;

	if (len + more >= size)
		return "";
	memcpy(buf, prefix, len);
	memcpy(buf + len, digits, more);
	buf[len + more] = '\0';
	return buf;
}

const char *columns_text(const struct cell *cell, bool bytes, char *buf, size_t size)
{
	switch (cell->type) {
	case CELL_UNKNOWN:
		return "?";
	case CELL_TEXT:
		return cell->text;
	case CELL_ADDR:
		return columns_digits(cell->num, 16, "", buf, size);
	case CELL_HEX:
		return columns_digits(cell->num, 16, "0x", buf, size);
	case CELL_BOOL:
		return cell->num ? "yes" : "no";
	case CELL_SUM:
		if (!cell->num)
			return cell->rest ? "?" : "-";
		if (bytes)
			columns_digits(cell->num, 10, "", buf, size);
		else
			columns_size(cell->num, buf, size);
		return cell->rest ? strncat(buf, "+?", size - strlen(buf) - 1) : buf;
	case CELL_BYTES:
		if (!bytes)
			return columns_size(cell->num, buf, size);
		/* fall through */
	case CELL_COUNT:
		return cell->num < 0 ? columns_digits(-(u64)cell->num, 10, "-", buf, size)
				     : columns_digits(cell->num, 10, "", buf, size);
	default:
		return "-";
	}
}

const char *columns_named(const char *name, const struct report_row *row, char *buf,
			  size_t size)
{
	struct cell c;
	char num[32];

	columns_get(columns_find(COLUMNS_PAGE, name, strlen(name)), row, &c);
	snprintf(buf, size, "%s", columns_text(&c, false, num, sizeof(num)));
	return buf;
}

int columns_select(enum columns_of of, const char *list, const struct column **sel,
		   unsigned *n, unsigned max, const char **ret_bad, size_t *ret_bad_len)
{
	list += *list == '+';
	for (;;) {
		size_t len = strcspn(list, ",");
		const struct column *col = columns_find(of, list, len);

		if (!col) {
			*ret_bad = list;
			*ret_bad_len = len;
			return -EINVAL;
		}
		if (*n == max)
			return -E2BIG;
		sel[(*n)++] = col;
		if (!list[len])
			return 0;
		list += len + 1;
	}
}

bool columns_are(enum columns_of of, const char *list)
{
	const struct column *sel[256];
	unsigned n = 0;
	const char *bad;
	size_t len;

	return !columns_select(of, list, sel, &n, ARRAY_SIZE(sel), &bad, &len);
}
