/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/render_diff.h"

#include "render/filter.h"
#include "render/rows.h"

#include <errno.h>

static void diff_json_side(struct js *j, const char *key, const struct store_change *c,
			   const struct store_side *side)
{
	struct report_row row;

	if (!side->class) {
		js_null(j, key);
		return;
	}
	row = store_diff_row(c, side);
	render_json_page_place(j, key, &row, false);
	render_json_page_rest(j, &row);
}

static void diff_json(struct render_diff *d, const struct report_row *row)
{
	const struct store_change *c = row->item;
	struct js *j = &d->js;

	render_json_item(j, d->opt);
	js_num(j, "pid", row->process->pid);
	if (c) {
		js_hex(j, "start", c->start);
		js_hex(j, "end", c->end);
	}
	js_open(j, "what", '[');
	if (!c)
		js_str(j, NULL, "process");
	EACH_BIT (i, c ? c->what & STORE_REAL : 0)
		js_str(j, NULL, changes_words[i]);
	js_close(j, ']');
	if (c) {
		diff_json_side(j, "before", c, &c->a);
		diff_json_side(j, "after", c, &c->b);
	} else {
		js_str(j, "only", row->what);
	}
	render_json_item_end(j, d->opt);
}

int render_diff_begin(struct render_diff *d)
{
	const struct report_head head = { &d->b->kernel, &d->b->machine };

	d->js.out = d->opt->out;
	if (rows_asked(d->opt))
		return rows_new(d->opt, COLUMNS_CHANGE, NULL, &head, &d->rows);
	if (d->opt->json != RENDER_JSON_DOCUMENT)
		return 0;
	render_json_head(&d->js, d->opt, &head);
	js_open(&d->js, "diff", '[');
	return 0;
}

static void diff_text(struct render_diff *d, const struct report_row *row)
{
	const struct store_change *c = row->item;
	FILE *out = d->opt->out;
	char part[4][400], name[200];

	escape_text(name, sizeof(name), row->process->comm);
	if (!c) {
		fprintf(out, "process %d %s is only in %s\n", (int)row->process->pid,
			name, row->what);
		return;
	}
	if (d->pid != row->process->pid)
		fprintf(out, "process %d %s\n", (int)row->process->pid, name);
	d->pid = row->process->pid;
	for (unsigned i = 0; i < ARRAY_SIZE(part); i++)
		changes_part(row, i, part[i], sizeof(part[i]));
	fprintf(out, "%llx-%llx %llu %s\n    %s -> %s\n", c->start, c->end,
		(c->end - c->start) / d->base, part[0], part[1], part[2]);
	if (part[3][0])
		fprintf(out, "    %s\n", part[3]);
}

static int diff_row(struct render_diff *d, const struct report_row *row)
{
	const struct store_change *c = row->item;

	if (d->opt->filter && filter_match(d->opt->filter, row) != TRI_YES)
		return 0;
	EACH_BIT (i, c ? c->what : 0)
		d->pages[i] += (c->end - c->start) / d->base;
	d->changes++;
	if (d->rows)
		return rows_add(d->rows, row);
	if (d->opt->json)
		diff_json(d, row);
	else if (c && !d->opt->filter && changes_of_others(c))
		d->others += c->end - c->start;
	else
		diff_text(d, row);
	return ferror(d->opt->out) ? -EIO : 0;
}

int render_diff_change(void *ctx, const struct store_change *c)
{
	struct render_diff *d = ctx;

	return diff_row(d, &(struct report_row){ .process = &c->b.process->process,
						 .item = c,
						 .base = d->base });
}

int render_diff_process(struct render_diff *d, const struct process *p, const char *side)
{
	return diff_row(d, &(struct report_row){ .process = p, .what = side });
}

int render_diff_end(struct render_diff *d)
{
	FILE *out = d->opt->out;

	if (d->rows)
		return rows_end(d->rows, NULL);
	if (d->opt->json == RENDER_JSON_LINES)
		return 0;
	if (d->opt->json) {
		js_close(&d->js, ']');
		js_open(&d->js, "pages", '{');
		for (unsigned i = 0; i < ARRAY_SIZE(d->pages); i++)
			js_num(&d->js, changes_words[i], (s64)d->pages[i]);
		js_close(&d->js, '}');
		return render_json_end(&d->js, d->opt);
	}
	if (!d->changes) {
		fputs("no page differs\n", out);
	} else {
		fputs("pages:", out);
		for (unsigned i = 0; i < ARRAY_SIZE(d->pages); i++)
			if (d->pages[i])
				fprintf(out, " %s %llu", changes_words[i], d->pages[i]);
		fputc('\n', out);
	}
	if (d->others)
		fprintf(out,
			"not listed: counts of %llu pages of files and the kernel, which others change, too; -o PID,START,PAGES,WHAT lists them\n",
			d->others / d->base);
	if (d->skipped)
		fprintf(out,
			"not compared, because one side does not know them: %llu pages\n",
			d->skipped / d->base);
	return ferror(out) ? -EIO : 0;
}

void render_diff_rejudged(const struct render_options *opt, const struct model_diff *r,
			  const char *recorded)
{
	FILE *out = opt->out;

	fprintf(out, "\nThe whole report judged by %s instead of %s:\n  ",
		r->judge->model, recorded && *recorded ? recorded : "what was recorded");
	if (!r->differ)
		fprintf(out, "no verdict differs");
	else
		fprintf(out, "%llu of %llu pages differ", r->differ, r->differ + r->same);
	if (r->unjudged)
		fprintf(out, "; %llu had no recorded verdict", r->unjudged);
	fputs(".\n", out);
	for (unsigned i = 0; i < r->n; i++) {
		const struct model_diff_change *c = &r->change[i];

		fprintf(out, "  %-7s %8s -> %-8s %8llu page%s, the first %d:%llx\n",
			model_diff_what_name(c->what), model_diff_word(c, false),
			model_diff_word(c, true), c->pages, c->pages == 1 ? " " : "s",
			(int)c->pid, c->addr);
	}
	if (r->dropped)
		fprintf(out, "  and more kinds of change\n");
}
