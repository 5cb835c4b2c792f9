/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "columns.h"

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
		if (sel[i]->frame)
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

const char *columns_text(const struct cell *cell, bool bytes, char *buf, size_t size)
{
	switch (cell->type) {
	case CELL_UNKNOWN:
		return "?";
	case CELL_TEXT:
		return cell->text;
	case CELL_ADDR:
		snprintf(buf, size, "%llx", (unsigned long long)cell->num);
		return buf;
	case CELL_HEX:
		snprintf(buf, size, "0x%llx", (unsigned long long)cell->num);
		return buf;
	case CELL_BOOL:
		return cell->num ? "yes" : "no";
	case CELL_BYTES:
		if (!bytes)
			return columns_size(cell->num, buf, size);
		/* fall through */
	case CELL_COUNT:
		snprintf(buf, size, "%lld", (long long)cell->num);
		return buf;
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
