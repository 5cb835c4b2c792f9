/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/family.h"

#include "render/js.h"
#include "render/openmetrics.h"
#include "render/rows.h"

#define FAMILY_PAIRS 10 /* shown for people without --verbose */

struct render_family {
	const struct render_options *opt;
	const struct store *s;
	const struct family *f;
	struct report_head head;
	u32 base;
};

/* ---- rows */

static struct report_row family_row(const struct render_family *r,
				    const struct family_member *m)
{
	return (struct report_row){ .process = &m->process->process,
				    .totals = &m->process->totals,
				    .base = r->base,
				    .item = &m->sums };
}

static int family_add_parts(const struct render_family *r, struct rows *rows,
			    const struct family_member *m)
{
	int err = 0;

	for (size_t i = 0; i < m->process->nvmas && !err; i++) {
		const struct store_vma *v = &m->process->vma[i];
		struct report_row row = family_row(r, m);

		row.vma = &v->vma;
		row.totals = &v->totals;
		row.item = &m->vma[i];
		err = rows_add(rows, &row);
	}
	return err;
}

static int family_add_pairs(const struct render_family *r, struct rows *rows)
{
	int err = 0;

	for (size_t i = 0; i < family_pair_at(0, r->f->n) && !err; i++) {
		const struct family_pair *p = &r->f->pair[i];
		struct report_row row = { .process = p->a, .base = r->base, .item = p };
		u64 any = 0;

		for (unsigned kind = 0; kind < FAMILY_KINDS; kind++)
			any += p->pages[kind];
		if (any)
			err = rows_add(rows, &row);
	}
	return err;
}

static int family_rows(const struct render_family *r, const struct render_options *opt,
		       enum columns_of of)
{
	const struct report_row sum = { .totals = &r->s->totals,
					.base = r->base,
					.what = "",
					.item = &(const struct family_sums){
						.with = NULL } };
	struct rows *rows = NULL;
	int err = rows_new(opt, of, NULL, &r->head, &rows);

	if (of == COLUMNS_PAIR && !err)
		err = family_add_pairs(r, rows);
	for (size_t i = 0; i < r->f->n && of != COLUMNS_PAIR && !err; i++) {
		struct report_row row = family_row(r, &r->f->member[i]);

		err = of == COLUMNS_PART ? family_add_parts(r, rows, &r->f->member[i])
					 : rows_add(rows, &row);
	}
	return rows_finish(rows, err,
			   of == COLUMNS_MEMBER && opt->format == TABLE_TEXT &&
					   r->f->n > 1
				   ? &sum
				   : NULL);
}

/* ---- for people */

static const char *family_size(const struct render_family *r, u64 pages, u64 unknown,
			       char buf[32])
{
	struct cell c = { .type = CELL_SUM, .num = pages * r->base, .rest = unknown };
	const char *text = columns_text(&c, r->opt->bytes, buf, 32);

	return *text == '-' ? "nothing" : text;
}

static void family_frames(const struct render_family *r)
{
	const struct family *f = r->f;
	FILE *out = r->opt->out;
	char all[32], own[32];

	fprintf(out, "\nEach frame counted once: %s, of which nobody else maps %s.\n",
		family_size(r, f->frames, f->unplaced, all),
		family_size(r, f->own, f->own_unknown + f->unplaced, own));
	for (size_t i = 1; i <= f->n; i++)
		if (f->by[i])
			fprintf(out, "%6s are mapped by %zu of the processes\n",
				family_size(r, f->by[i], 0, all), i);
}

/* Another table than the one that the options of rows are about, in the order of its column @by. */
static int family_table(const struct render_family *r, enum columns_of of, u64 top,
			const char *title)
{
	struct render_options opt = *r->opt;

	opt.filter = NULL;
	opt.sort = of == COLUMNS_PAIR ? columns_find(of, "SHARED", 6) : NULL;
	opt.descending = true;
	opt.top = top;
	fprintf(opt.out, "\n%s\n", title);
	return family_rows(r, &opt, of);
}

static int family_text(const struct render_family *r, enum columns_of of)
{
	const struct render_options *opt = r->opt;
	int err = 0;

	if (of == COLUMNS_PART && !opt->noheadings)
		err = family_table(r, COLUMNS_MEMBER, 0, "Processes:");
	if (of == COLUMNS_PART && !opt->noheadings)
		fprintf(opt->out, "\nTheir mappings:\n");
	if (!err)
		err = family_rows(r, opt, of);
	if (err || opt->noheadings)
		return err;
	family_frames(r);
	if (r->f->n > 1)
		err = family_table(r, COLUMNS_PAIR, opt->verbose ? 0 : FAMILY_PAIRS,
				   "What two of them map both:");
	return err;
}

/* ---- JSON */

static const char *const family_classes[FAMILY_CLASSES] = {
	[FAMILY_SAME] = "same",
	[FAMILY_COPIED] = "copied",
	[FAMILY_NEW] = "new",
	[FAMILY_UNKNOWN] = "unknown",
};
static const char *const family_kinds[FAMILY_KINDS] = { "anon", "ksm", "file" };

static void family_json_sums(const struct render_family *r, struct js *j,
			     const struct family_sums *sums,
			     const struct report_totals *t)
{
	if (js_open_if(j, "beside", sums->with, '{')) {
		for (unsigned c = 0; c < FAMILY_CLASSES; c++)
			if (family_classes[c])
				js_u64(j, family_classes[c], sums->pages[c] * r->base);
		js_close(j, '}');
	}
	render_json_totals(j, t, r->base);
}

static void family_json_member(const struct render_family *r, struct js *j,
			       const struct family_member *m)
{
	const struct store_process *p = m->process;

	js_line(j);
	js_open(j, NULL, '{');
	js_num(j, "pid", p->process.pid);
	js_num(j, "ppid", p->process.ppid);
	js_str(j, "comm", p->process.comm);
	js_num_if(j, "with", m->sums.with, m->sums.with ? m->sums.with->pid : 0);
	family_json_sums(r, j, &m->sums, &p->totals);
	js_open(j, "mappings", '[');
	for (size_t i = 0; i < p->nvmas; i++) {
		js_open(j, NULL, '{');
		js_hex(j, "start", p->vma[i].vma.start);
		js_hex(j, "end", p->vma[i].vma.end);
		js_str(j, "name", p->vma[i].vma.name);
		family_json_sums(r, j, &m->vma[i], &p->vma[i].totals);
		js_close(j, '}');
	}
	js_close(j, ']');
	js_close(j, '}');
}

static int family_json(const struct render_family *r)
{
	const struct family *f = r->f;
	struct js j = { .out = r->opt->out };

	render_json_head(&j, r->opt, &r->head);
	js_open(&j, "frames", '{');
	js_u64(&j, "bytes", f->frames * r->base);
	js_u64(&j, "unknown", f->unplaced * r->base);
	js_u64(&j, "own", f->own * r->base);
	js_u64(&j, "own_unknown", (f->own_unknown + f->unplaced) * r->base);
	js_open(&j, "mapped_by", '[');
	for (size_t i = 1; i <= f->n; i++)
		js_u64(&j, NULL, f->by[i] * r->base);
	js_close(&j, ']');
	js_close(&j, '}');
	js_open(&j, "family", '[');
	for (size_t i = 0; i < f->n; i++)
		family_json_member(r, &j, &f->member[i]);
	js_close(&j, ']');
	js_open(&j, "pairs", '[');
	for (size_t i = 0; i < family_pair_at(0, f->n); i++) {
		const struct family_pair *p = &f->pair[i];

		js_open(&j, NULL, '{');
		js_num(&j, "pid", p->a->pid);
		js_num(&j, "with", p->b->pid);
		for (unsigned kind = 0; kind < FAMILY_KINDS; kind++)
			js_u64(&j, family_kinds[kind], p->pages[kind] * r->base);
		js_close(&j, '}');
	}
	js_close(&j, ']');
	return render_json_end(&j, r->opt);
}

/* ---- OpenMetrics */

/* A sample of the known part of @n pages; nothing when none is known. */
static void family_metric(const struct render_family *r, const struct process *p,
			  const char *name, const char *key, const char *value, u64 n,
			  u64 unknown)
{
	if (n || !unknown)
		openmetrics_sample(r->opt->out, p, name, key, value, n * r->base);
}

static void family_metrics_beside(const struct render_family *r,
				  const struct family_member *m)
{
	const u64 *pages = m->sums.pages;

	for (unsigned c = 0; c < FAMILY_CLASSES && m->sums.with; c++)
		if (family_classes[c])
			family_metric(r, &m->process->process, "family_beside_bytes",
				      "class", family_classes[c], pages[c],
				      pages[FAMILY_UNKNOWN]);
}

static void family_metrics_frames(const struct render_family *r)
{
	char n[24];

	for (size_t i = 1; i <= r->f->n; i++) {
		snprintf(n, sizeof(n), "%zu", i);
		family_metric(r, NULL, "family_frames_bytes", "processes", n, r->f->by[i],
			      r->f->unplaced);
	}
}

static int family_metrics(const struct render_family *r)
{
	const struct family *f = r->f;
	FILE *out = r->opt->out;

	openmetrics_begin(r->opt, &r->head);
	openmetrics_head(
		out, "family_", "beside_bytes",
		"Pages that the process shares with its parent, or the first one; that were copied; that only it has");
	for (size_t i = 0; i < f->n; i++)
		family_metrics_beside(r, &f->member[i]);
	openmetrics_head(out, "family_", "waiting_bytes",
			 "Anonymous pages, mapped once, that are not exclusive");
	for (size_t i = 0; i < f->n; i++)
		family_metric(r, &f->member[i].process->process, "family_waiting_bytes",
			      NULL, NULL, f->member[i].process->totals.waiting,
			      f->member[i].process->totals.part_unknown);
	openmetrics_head(
		out, "family_", "frames_bytes",
		"Frames by how many of the processes map them, each counted once");
	family_metrics_frames(r);
	openmetrics_head(out, "family_", "own_bytes", "Of these nobody else maps");
	family_metric(r, NULL, "family_own_bytes", NULL, NULL, f->own,
		      f->own_unknown + f->unplaced);
	openmetrics_head(out, "family_", "unknown_bytes",
			 "Pages whose frame, or who else maps it, is not known");
	family_metric(r, NULL, "family_unknown_bytes", NULL, NULL,
		      f->unplaced + f->own_unknown, 0);
	return openmetrics_end(out);
}

int render_family(const struct render_options *opt, const struct store *s,
		  const struct family *f, enum columns_of of)
{
	const struct render_family r = { .opt = opt,
					 .s = s,
					 .f = f,
					 .head = { &s->kernel, &s->machine },
					 .base = kernel_page_size(&s->kernel.ev) };

	if (opt->openmetrics)
		return family_metrics(&r);
	if (opt->json == RENDER_JSON_DOCUMENT && !opt->ncolumns)
		return family_json(&r);
	if (opt->json || opt->format != TABLE_TEXT || opt->ncolumns)
		return family_rows(&r, opt, of);
	return family_text(&r, of);
}
