/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/columns.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const struct column *columns_find(const char *name, size_t len)
{
	unsigned n;
	const struct column *table = columns_table(&n);

	for (unsigned i = 0; i < n; i++)
		if (strlen(table[i].name) == len &&
		    !strncasecmp(table[i].name, name, len))
			return &table[i];
	return NULL;
}

bool columns_frames(const struct column *const *sel, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (sel[i]->flags & COLUMN_FRAME)
			return true;
	return false;
}

bool columns_holders(const struct column *const *sel, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (sel[i]->flags & COLUMN_HOLDERS)
			return true;
	return false;
}

void columns_get(const struct column *col, const struct report_row *row, struct cell *ret)
{
	ret->type = CELL_NONE;
	ret->num = 0;
	ret->text = NULL;
	ret->why = NULL;
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
		snprintf(buf, size, "%llu.%u%c", (unsigned long long)whole, tenth,
			 units[u]);
	else
		snprintf(buf, size, "%llu%c", (unsigned long long)whole, units[u]);
	return buf;
}

const char *columns_digits(u64 n, unsigned base, const char *prefix, char *buf,
			   size_t size)
{
	char digits[20]; /* of the largest number in base 10 */
	size_t at = sizeof(digits), len = strlen(prefix);

	if (base == 16)
		do
			digits[--at] = "0123456789abcdef"[n & 15];
		while (n >>= 4);
	else
		do
			digits[--at] = '0' + n % 10;
		while (n /= 10);
	if (len + sizeof(digits) - at >= size)
		return "";
	memcpy(buf, prefix, len);
	memcpy(buf + len, digits + at, sizeof(digits) - at);
	buf[len + sizeof(digits) - at] = '\0';
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

int columns_select(const char *list, const struct column **sel, unsigned *n, unsigned max,
		   const char **ret_bad, size_t *ret_bad_len)
{
	if (*list == '+')
		list++;
	else
		*n = 0;
	for (;;) {
		size_t len = strcspn(list, ",");
		const struct column *col = columns_find(list, len);

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
