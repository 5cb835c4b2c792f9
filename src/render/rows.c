/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/rows.h"

#include "lib/array.h"
#include "render/filter.h"
#include "render/js.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A row that waits for the others to be sorted. */
struct rows_kept {
	struct cell by; /* its text is a copy */
	size_t at;      /* place before sorting */
	char **text;    /* of the columns, their colours behind; or a JSON object */
};

struct rows {
	struct render_options opt;
	struct js js;
	struct table *table;
	struct rows_kept *kept;
	size_t n, room;
	unsigned written;
	bool mixed;
	bool ended; /* the array of a document */
	struct cell cells[RENDER_COLUMNS_MAX];
	char bufs[RENDER_COLUMNS_MAX][32];
};

bool rows_asked(const struct render_options *opt)
{
	return opt->ncolumns || opt->sort || opt->top ||
	       (!opt->json &&
		(opt->noheadings || opt->bytes || opt->format != TABLE_TEXT));
}

int rows_new(const struct render_options *opt, enum columns_of of,
	     const struct report_row *sum, const struct report_head *head,
	     struct rows **ret)
{
	struct rows *r = calloc(1, sizeof(*r));
	struct table_column cols[RENDER_COLUMNS_MAX];
	/* only a terminal cuts */
	struct table_options topt = { .out = opt->out,
				      .format = opt->format,
				      .noheadings = opt->noheadings,
				      .width = opt->cut && opt->format == TABLE_TEXT
						       ? opt->width
						       : 0 };
	int err = 0;

	if (!r)
		return -ENOMEM;
	r->opt = *opt;
	r->js.out = opt->out;
	render_columns_chosen(&r->opt, of, sum);
	for (unsigned i = 0; i < r->opt.ncolumns; i++) {
		const struct column *c = r->opt.columns[i];

		cols[i] = (struct table_column){ .name = c->name,
						 .width = c->width,
						 .right = c->flags & COLUMN_RIGHT,
						 .truncate = i + 1 == r->opt.ncolumns };
	}
	if (opt->json == RENDER_JSON_NONE) {
		err = table_new(&topt, cols, r->opt.ncolumns, &r->table);
	} else if (opt->json == RENDER_JSON_DOCUMENT) {
		render_json_head(&r->js, opt, head);
		js_open(&r->js, "rows", '[');
	}
	if (err)
		free(r);
	else
		*ret = r;
	return err;
}

void rows_free(struct rows *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++) {
		free((char *)r->kept[i].by.text);
		free(r->kept[i].text);
	}
	free(r->kept);
	table_free(r->table);
	free(r);
}

bool rows_mixed(const struct rows *r)
{
	return r->mixed;
}

/* ---- JSON */

static void rows_json_cell(struct js *j, const struct column *col, const struct cell *c)
{
	char key[40];

	for (unsigned i = 0; i < sizeof(key) && (!i || col->name[i - 1]); i++)
		key[i] = (char)tolower((unsigned char)col->name[i]);
	switch (c->type) {
	case CELL_TEXT:
		js_str(j, key, c->raw ? c->raw : c->text);
		break;
	case CELL_ADDR:
	case CELL_HEX:
		js_hex(j, key, (u64)c->num);
		break;
	case CELL_SUM:
	case CELL_BYTES:
	case CELL_COUNT:
		js_num(j, key, c->num);
		break;
	case CELL_BOOL:
		js_bool(j, key, c->num);
		break;
	default:
		js_null(j, key);
	}
	if (c->type == CELL_SUM && c->rest)
		js_u64(j, strcat(key, "_unknown"), c->rest);
}

static void rows_json(const struct rows *r, struct js *j, const struct report_row *row)
{
	struct cell c;

	for (unsigned i = 0; i < r->opt.ncolumns; i++) {
		columns_get(r->opt.columns[i], row, &c);
		rows_json_cell(j, r->opt.columns[i], &c);
	}
}

static int rows_json_end(struct rows *r)
{
	render_json_item_end(&r->js, &r->opt);
	return ferror(r->js.out) ? -EIO : 0;
}

/* ---- rows */

static void rows_texts(struct rows *r, const struct report_row *row, const char **text,
		       const char **color)
{
	for (unsigned i = 0; i < r->opt.ncolumns; i++) {
		const struct column *col = r->opt.columns[i];
		struct cell *c = &r->cells[i];

		columns_get(col, row, c);
		text[i] = columns_text(c, r->opt.bytes, r->bufs[i], sizeof(r->bufs[i]));
		color[i] = r->opt.color ? c->color : NULL;
		r->mixed |= col->flags & COLUMN_MIX && strchr(text[i], '+');
	}
}

static int rows_write(struct rows *r, const struct report_row *row)
{
	const char *text[RENDER_COLUMNS_MAX], *color[RENDER_COLUMNS_MAX];

	if (r->opt.json) {
		render_json_item(&r->js, &r->opt);
		rows_json(r, &r->js, row);
		return rows_json_end(r);
	}
	rows_texts(r, row, text, color);
	return table_row(r->table, text, color);
}

/* Copies the texts of @row, and the names of their colours, into one piece of memory. */
static char **rows_copy(struct rows *r, const struct report_row *row)
{
	const char *text[RENDER_COLUMNS_MAX], *color[RENDER_COLUMNS_MAX];
	unsigned n = r->opt.ncolumns;
	size_t size = 2 * n * sizeof(char *);
	char **ret, *at;

	rows_texts(r, row, text, color);
	for (unsigned i = 0; i < n; i++)
		size += strlen(text[i]) + 1;
	ret = malloc(size);
	if (!ret)
		return NULL;
	at = (char *)(ret + 2 * n);
	for (unsigned i = 0; i < n; i++) {
		ret[i] = at;
		at = stpcpy(at, text[i]) + 1;
	}
	memcpy(ret + n, color, n * sizeof(*color));
	return ret;
}

static char **rows_copy_json(const struct rows *r, const struct report_row *row)
{
	struct js j = { .out = NULL };
	char *text = NULL;
	size_t len;

	j.out = open_memstream(&text, &len);
	if (!j.out)
		return NULL;
	rows_json(r, &j, row);
	return fclose(j.out) ? NULL : (char **)text;
}

static int rows_keep(struct rows *r, const struct report_row *row)
{
	struct rows_kept *k = array_add(&r->kept, &r->n, &r->room, sizeof(*k));

	if (!k)
		return -ENOMEM;
	k->at = r->n;
	columns_get(r->opt.sort, row, &k->by);
	k->by.text = k->by.text ? strdup(k->by.text) : NULL;
	k->text = r->opt.json ? rows_copy_json(r, row) : rows_copy(r, row);
	return k->text ? 0 : -ENOMEM;
}

int rows_add(struct rows *r, const struct report_row *row)
{
	if (r->opt.filter && filter_match(r->opt.filter, row) != TRI_YES)
		return 0;
	if (r->opt.sort)
		return rows_keep(r, row);
	if (r->opt.top && r->written == r->opt.top)
		return 0;
	r->written++;
	return rows_write(r, row);
}

static int rows_compare(const void *a, const void *b, void *ctx)
{
	const struct rows_kept *x = a, *y = b;
	const struct rows *r = ctx;
	int order = columns_cell_order(&x->by, &y->by, r->opt.descending);

	return order ? order : x->at < y->at ? -1 : 1;
}

static int rows_write_kept(struct rows *r, const struct rows_kept *k)
{
	if (!r->opt.json)
		return table_row(r->table, (const char *const *)k->text,
				 (const char *const *)k->text + r->opt.ncolumns);
	render_json_item(&r->js, &r->opt);
	fputs((const char *)k->text, r->js.out);
	return rows_json_end(r);
}

/* Writes the rows that wait for others. */
static int rows_flush(struct rows *r)
{
	size_t n = r->opt.top ? MIN(r->opt.top, r->n) : r->n;
	int err = 0;

	if (r->n)
		qsort_r(r->kept, r->n, sizeof(*r->kept), rows_compare, r);
	for (size_t i = 0; i < n && !err; i++)
		err = rows_write_kept(r, &r->kept[i]);
	return err;
}

int rows_members(struct rows *r, struct js **ret)
{
	int err = rows_flush(r);

	js_close(&r->js, ']');
	r->ended = true;
	*ret = &r->js;
	return err;
}

int rows_end(struct rows *r, const struct report_row *sum)
{
	int err = r->ended ? 0 : rows_flush(r);

	if (err || r->opt.json == RENDER_JSON_LINES)
		return err;
	if (r->opt.json) {
		if (!r->ended)
			js_close(&r->js, ']');
		return render_json_end(&r->js, &r->opt);
	}
	if (sum)
		err = rows_write(r, sum);
	return err ? err : table_end(r->table);
}

int rows_finish(struct rows *r, int err, const struct report_row *sum)
{
	if (!err)
		err = rows_end(r, sum);
	rows_free(r);
	return err;
}

int rows_items(const struct render_options *opt, enum columns_of of,
	       const struct report_head *head, const void *item, size_t size, size_t n)
{
	struct report_row row = { .base = head ? kernel_page_size(&head->machine->kernel)
					       : 0 };
	struct rows *rows = NULL;
	int err = rows_new(opt, of, NULL, head, &rows);

	for (size_t i = 0; i < n && !err; i++) {
		row.item = (const char *)item + i * size;
		err = rows_add(rows, &row);
	}
	return rows_finish(rows, err, NULL);
}

int rows_columns(const struct render_options *opt)
{
	return rows_items(opt, COLUMNS_COLUMN, NULL, columns_table,
			  sizeof(*columns_table), columns_table_n);
}
