/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/verify.h"

#include "render/js.h"
#include "render/rows.h"

#include <errno.h>

static const char *const render_verify_outcome[] = { "right", "wrong", "unknown",
						     "skipped" };

static void render_verify_wrong(FILE *out, const struct verify_result *r,
				const struct verify_case *c)
{
	fprintf(out, "\nWRONG: %s of %s by %s on %s\n", c->request, c->state, c->act,
		r->kernel->ev.release);
	for (unsigned i = 0; i < c->nfields; i++) {
		const struct verify_field *f = &c->field[i];

		fprintf(out, "  %-13s predicted %-9s observed %-9s%s\n", f->key,
			f->predicted, f->observed ? f->observed : "-",
			f->outcome == VERIFY_WRONG ? " <-- wrong" : "");
	}
	fprintf(out, "  %s\n", c->note);
	fprintf(out, "  reproduce: gupinfo --verify --state '%s' --request %s\n",
		c->state, c->request);
}

static void render_verify_missing(FILE *out, const struct verify_result *r)
{
	bool any = false;

	for (unsigned i = 0; i < FACTS; i++) {
		if (!r->missing[i])
			continue;
		if (!any)
			fputs("\nunknown for want of:\n", out);
		any = true;
		fprintf(out, "  %8llu  %s (%s)\n", r->missing[i], fact_rows[i].name,
			fact_rows[i].decider);
	}
	if (r->nreasons)
		fputs("\nskipped because:\n", out);
	for (unsigned i = 0; i < r->nreasons; i++)
		fprintf(out, "  %8llu  %s\n", r->reason[i].n, r->reason[i].text);
}

static void render_verify_text(FILE *out, const struct verify_result *r)
{
	fputs("right, !wrong, ?unknown in part; - not tried\n", out);
	for (size_t i = 0; i < r->ncases; i++)
		if (r->cases[i].outcome == VERIFY_WRONG)
			render_verify_wrong(out, r, &r->cases[i]);
	render_verify_missing(out, r);
	fprintf(out,
		"\n%s (model %s): %llu trials in %llu s, %llu of them random (seed %llu): %llu right, %llu wrong, %llu unknown, %llu skipped\n",
		r->kernel->ev.release, r->kernel->model, r->trials, r->seconds, r->random,
		r->seed, r->n[VERIFY_RIGHT], r->n[VERIFY_WRONG], r->n[VERIFY_UNKNOWN],
		r->n[VERIFY_SKIPPED]);
	if (r->stopped)
		fputs("stopped before the end\n", out);
}

static void render_verify_fields(struct js *j, const struct verify_case *c,
				 bool predicted)
{
	js_open(j, predicted ? "predicted" : "observed", '{');
	for (unsigned i = 0; i < c->nfields; i++)
		js_str(j, c->field[i].key,
		       predicted ? c->field[i].predicted : c->field[i].observed);
	js_close(j, '}');
}

static void render_verify_case(struct js *j, const struct verify_case *c)
{
	js_line(j);
	js_open(j, NULL, '{');
	js_str(j, "state", c->state);
	js_str(j, "request", c->request);
	js_str(j, "act", c->act);
	render_verify_fields(j, c, true);
	render_verify_fields(j, c, false);
	js_str(j, "result", render_verify_outcome[c->outcome]);
	if (c->outcome == VERIFY_UNKNOWN) {
		js_open(j, "unknown", '[');
		EACH_BIT (i, c->unknown)
			js_str(j, NULL, fact_rows[i].decider);
		js_close(j, ']');
	}
	if (c->note[0])
		js_str(j, "note", c->note);
	js_close(j, '}');
}

static void render_verify_json(FILE *out, const struct verify_result *r,
			       const char *version)
{
	struct js j = { .out = out };

	render_json_begin(&j, version);
	js_close(&j, '}');
	js_open(&j, "verify", '{');
	render_json_kernel(&j, r->kernel, &r->kernel->ev);
	js_u64(&j, "seed", r->seed);
	js_u64(&j, "trials", r->trials);
	js_u64(&j, "random", r->random);
	for (unsigned o = 0; o < VERIFY_OUTCOMES; o++)
		js_u64(&j, render_verify_outcome[o], r->n[o]);
	js_open(&j, "cases", '[');
	for (size_t i = 0; i < r->ncases; i++)
		render_verify_case(&j, &r->cases[i]);
	js_close(&j, ']');
	render_json_end(&j, NULL);
}

int render_verify(const struct render_options *opt, const struct report_head *head,
		  const struct verify_result *r)
{
	bool document = opt->json == RENDER_JSON_DOCUMENT && !rows_asked(opt);
	int err = document ? 0
			   : rows_items(opt, COLUMNS_STATE, head, r->row, sizeof(*r->row),
					r->nrows);

	if (document)
		render_verify_json(opt->out, r, opt->version);
	else if (!err && !opt->json && !rows_asked(opt))
		render_verify_text(opt->out, r);
	return err ? err : ferror(opt->out) ? -EIO : 0;
}
