/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/pins.h"

#include <errno.h>

#include "lib/escape.h"
#include "render/js.h"
#include "render/rows.h"

static const char *pins_size(u64 bytes, char buf[32])
{
	return bytes == UINT64_MAX ? "unlimited" : columns_size(bytes, buf, 32);
}

/* Whether the pins that were found are those that the kernel counts. */
static void pins_counters(FILE *out, const struct pins *p)
{
	s64 rest = pins_unexplained(p);

	fprintf(out, "pins: ");
	if (p->has_counters)
		fprintf(out,
			"%lld outstanding (nr_foll_pin_acquired %llu - nr_foll_pin_released %llu), ",
			(p->acquired - p->released), p->acquired, p->released);
	else
		fprintf(out, "the kernel counts none (nr_foll_pin_*), ");
	fprintf(out, "%llu found", p->found);
	if (p->found != p->pins)
		fprintf(out, " (%llu of other processes)", (p->found - p->pins));
	if (p->has_counters)
		fprintf(out, ", %s%lld unexplained%s", p->complete ? "" : "at most ",
			MAX(rest, 0), p->steady ? "" : "; they change");
	if (p->has_counters && rest < 0) /* a CPU adds its part up once a second */
		fprintf(out, ", and are %lld behind", -rest);
	fputc('\n', out);
}

/* Whoever has locked or pinned memory, and how much more it may. */
static void pins_limits(FILE *out, const struct pins *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct pins_process *of = &p->process[i];
		const struct process *process = &of->process;
		char a[32], b[32], c[32], d[32];

		if (!process->vm_pin_bytes && !process->vm_lck_bytes)
			continue;
		fprintf(out,
			"limits of %s(%d): RLIMIT_MEMLOCK %s, VmLck %s, VmPin %s (%s found)\n",
			ESCAPED(process->comm, VMA_NAME_MAX), (int)process->pid,
			of->has_memlock ? pins_size(of->memlock, a) : "?",
			pins_size(process->vm_lck_bytes, b),
			pins_size(process->vm_pin_bytes, c), pins_size(of->charged, d));
	}
}

static void pins_text_end(FILE *out, const struct pins *p)
{
	char held[32], unmapped[32];

	fprintf(out, "held: %s%s, each page once, of which %s mapped by nobody\n",
		p->complete ? "" : "at least ", pins_size(p->held * p->base, held),
		p->unmapped_unknown || !p->complete
			? "?"
			: pins_size(p->unmapped * p->base, unmapped));
	pins_counters(out, p);
	pins_limits(out, p);
}

static void pins_json_end(struct js *j, const struct pins *p)
{
	js_open(j, "pins", '{');
	js_num(j, "held", (s64)(p->held * p->base));
	js_num_if(j, "unmapped", p->complete && !p->unmapped_unknown,
		  (s64)(p->unmapped * p->base));
	js_num(j, "pins", (s64)p->pins);
	js_num(j, "found", (s64)p->found);
	js_num_if(j, "acquired", p->has_counters, (s64)p->acquired);
	js_num_if(j, "released", p->has_counters, (s64)p->released);
	js_num_if(j, "unexplained", p->has_counters && p->complete, pins_unexplained(p));
	js_bool(j, "steady", p->steady);
	js_bool(j, "complete", p->complete);
	js_close(j, '}');
	js_open(j, "limits", '[');
	for (size_t i = 0; i < p->n; i++) {
		const struct pins_process *of = &p->process[i];

		if (!of->process.vm_pin_bytes && !of->process.vm_lck_bytes)
			continue;
		js_open(j, NULL, '{');
		js_num(j, "pid", of->process.pid);
		js_str(j, "comm", of->process.comm);
		/* -1: unlimited */
		js_num_if(j, "memlock", of->has_memlock, (s64)of->memlock);
		js_num(j, "vm_lck", (s64)of->process.vm_lck_bytes);
		js_num(j, "vm_pin", (s64)of->process.vm_pin_bytes);
		js_num(j, "vm_pin_found", (s64)of->charged);
		js_close(j, '}');
	}
	js_close(j, ']');
}

int render_pins(const struct render_options *opt, const struct report_head *head,
		const struct pins *p)
{
	struct rows *rows = NULL;
	struct js *j;
	int err = rows_new(opt, COLUMNS_PIN, NULL, head, &rows);

	for (size_t i = 0; i < p->nrows && !err; i++) {
		struct report_row row = { .process = &p->process[p->row[i].of].process,
					  .item = &p->row[i],
					  .base = p->base };

		err = rows_add(rows, &row);
	}
	if (!err && opt->json == RENDER_JSON_DOCUMENT) {
		err = rows_members(rows, &j);
		pins_json_end(j, p);
	}
	err = rows_finish(rows, err, NULL);
	if (err || opt->json || rows_asked(opt))
		return err;
	if (p->nrows)
		fputc('\n', opt->out);
	pins_text_end(opt->out, p);
	return ferror(opt->out) ? -EIO : 0;
}
