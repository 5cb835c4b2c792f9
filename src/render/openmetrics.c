/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/openmetrics.h"

#include "render/sums.h"

#include <errno.h>

/* Writes @text as the value of a label. */
static void label(FILE *out, const char *text)
{
	for (const char *s = ESCAPED(text, 256); *s; s++) {
		if (*s == '\\' || *s == '"')
			fputc('\\', out);
		fputc(*s, out);
	}
}

void openmetrics_sample(FILE *out, const struct process *p, const char *name,
			const char *key, const char *value, u64 n)
{
	fprintf(out, "gupinfo_%s", name);
	if (p) {
		fprintf(out, "{pid=\"%d\",comm=\"", (int)p->pid);
		label(out, p->comm);
	}
	if (key)
		fprintf(out, "%s%s=\"%s", p ? "\"," : "{", key, value);
	fprintf(out, "%s %llu\n", p || key ? "\"}" : "", n);
}

/* The known part of every process; @unknown: the part that could not be read, where there is one. */
static void process_samples(FILE *out, enum sums m, bool unknown, u32 base,
			    const struct render_all_row *rows, size_t n)
{
	char name[80];

	for (size_t i = 0; i < n; i++) {
		const struct report_totals *t = &rows[i].totals;
		u64 rest = sums_rest(m, t, base), known = sums_bytes(m, t, base);

		if (unknown ? !rest : rest && !known)
			continue;
		snprintf(name, sizeof(name), "process_%s",
			 unknown ? "unknown_bytes" : sums_rows[m].metric);
		openmetrics_sample(out, &rows[i].process, name, unknown ? "of" : NULL,
				   sums_rows[m].metric, unknown ? rest : known);
	}
}

void openmetrics_head(FILE *out, const char *of, const char *name, const char *help)
{
	fprintf(out, "# HELP gupinfo_%s%s %s\n# TYPE gupinfo_%s%s gauge\n", of, name,
		help, of, name);
}

void openmetrics_begin(const struct render_options *opt, const struct report_head *head)
{
	FILE *out = opt->out;

	openmetrics_head(out, "", "build_info",
			 "The gupinfo and the kernel that it judged by");
	fputs("gupinfo_build_info{version=\"", out);
	label(out, opt->version);
	fputs("\",release=\"", out);
	label(out, head->machine->kernel.release);
	fputs("\",model=\"", out);
	label(out, head->kernel->model);
	fputs("\"} 1\n", out);
}

int openmetrics_end(FILE *out)
{
	fputs("# EOF\n", out);
	return ferror(out) ? -EIO : 0;
}

int openmetrics_write(const struct render_options *opt, const struct report_head *head,
		      const struct render_all_row *rows, size_t n, size_t seen,
		      const struct report_totals *all)
{
	u32 base = kernel_page_size(&head->kernel->ev);
	FILE *out = opt->out;

	openmetrics_begin(opt, head);
	openmetrics_head(out, "", "processes", "Processes that were read");
	fprintf(out, "gupinfo_processes %zu\n", seen);
	for (unsigned i = 0; i < SUMS; i++) {
		if (!sums_rows[i].metric)
			continue;
		openmetrics_head(out, "process_", sums_rows[i].metric, sums_rows[i].help);
		process_samples(out, i, false, base, rows, n);
		/* pages that several processes map are counted for each of them, but in pss_bytes */
		openmetrics_head(out, "sum_", sums_rows[i].metric,
				 "The same, summed over all processes");
		if (seen && (sums_bytes(i, all, base) || !sums_rest(i, all, base)))
			fprintf(out, "gupinfo_sum_%s %llu\n", sums_rows[i].metric,
				sums_bytes(i, all, base));
	}
	openmetrics_head(
		out, "", "process_unknown_bytes",
		"Pages of which it is not known whether they count in the metric that is named");
	for (unsigned i = 0; i < SUMS; i++)
		if (sums_rows[i].metric)
			process_samples(out, i, true, base, rows, n);
	openmetrics_head(out, "", "sum_unknown_bytes",
			 "The same, summed over all processes");
	for (unsigned i = 0; i < SUMS; i++) {
		u64 rest = sums_rest(i, all, base);

		if (rest && sums_rows[i].metric)
			fprintf(out, "gupinfo_sum_unknown_bytes{of=\"%s\"} %llu\n",
				sums_rows[i].metric, rest);
	}
	return openmetrics_end(out);
}
