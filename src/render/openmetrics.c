/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/openmetrics.h"

#include "lib/escape.h"

#include <errno.h>
#include <inttypes.h>

#define AT(field) offsetof(struct report_totals, field)
#define NEVER UINT32_MAX

static const struct metric {
	const char *name, *help;
	u32 at;      /* offset of a count of base pages in struct report_totals */
	u32 plus;    /* offset of a count to add, or NEVER */
	u32 unknown; /* offset of the count of pages for which it is unknown, or NEVER */
} metrics[] = {
	{ "resident_bytes", "Present pages", AT(present), NEVER, NEVER },
	{ "exclusive_bytes", "Anonymous pages that are the process's own (AnonExclusive)",
	  AT(exclusive), NEVER, AT(exclusive_unknown) },
	{ "shared_bytes", "Pages that are mapped more than once", AT(shared), NEVER,
	  NEVER },
	{ "pinned_bytes", "Pages with FOLL_PIN references", AT(pinned), NEVER,
	  AT(pins_unknown) },
	{ "excess_reference_bytes",
	  "Pages with more references than mappings and caches explain", AT(excess_refs),
	  NEVER, AT(refs_unknown) },
	{ "unshare_bytes", "Pages that a read-only pin would unshare first",
	  AT(gup[GUP_PIN_R][GUP_WORD_COPY]), AT(gup[GUP_PIN_R][GUP_WORD_MARK]),
	  AT(gup[GUP_PIN_R][GUP_WORD_UNKNOWN]) },
	{ "leak_bytes",
	  "Pages on which a store is seen through a reference that may be another "
	  "process's",
	  AT(leaks), NEVER, AT(leaks_unknown) },
	{ "swapped_bytes", "Pages in swap", AT(swapped), NEVER, NEVER },
	{ "hugetlb_bytes", "Present hugetlb pages", AT(hugetlb), NEVER, NEVER },
	{ "thp_bytes", "Present pages mapped by huge entries, hugetlb apart", AT(thp),
	  NEVER, NEVER },
};

static u64 count(const struct report_totals *t, u32 at)
{
	return at == NEVER ? 0 : *(const u64 *)((const char *)t + at);
}

/* Writes @text as the value of a label. */
static void label(FILE *out, const char *text)
{
	char safe[256];

	for (const char *s = escape_text(safe, sizeof(safe), text); *s; s++) {
		if (*s == '\\' || *s == '"')
			fputc('\\', out);
		fputc(*s, out);
	}
}

static void process_samples(FILE *out, const struct metric *m, u32 base,
			    const struct render_all_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct report_totals *t = &rows[i].totals;

		if (count(t, m->unknown))
			continue;
		fprintf(out, "gupinfo_process_%s{pid=\"%d\",comm=\"", m->name,
			rows[i].process.pid);
		label(out, rows[i].process.comm);
		fprintf(out, "\"} %" PRIu64 "\n",
			(count(t, m->at) + count(t, m->plus)) * base);
	}
}

static void head_of(FILE *out, const char *name, const char *suffix, const char *help)
{
	fprintf(out, "# HELP gupinfo_%s%s %s\n# TYPE gupinfo_%s%s gauge\n", name, suffix,
		help, name, suffix);
}

int openmetrics_write(const struct render_options *opt, const struct report_head *head,
		      const struct render_all_row *rows, size_t n, size_t seen,
		      const struct report_totals *all)
{
	u32 base = kernel_page_size(&head->kernel->ev);
	FILE *out = opt->out;

	head_of(out, "build_info", "", "The gupinfo and the kernel that it judged by");
	fputs("gupinfo_build_info{version=\"", out);
	label(out, opt->version);
	fputs("\",release=\"", out);
	label(out, head->machine->kernel.release);
	fputs("\",model=\"", out);
	label(out, head->kernel->model);
	fputs("\"} 1\n", out);
	head_of(out, "processes", "", "Processes that were read");
	fprintf(out, "gupinfo_processes %zu\n", seen);
	for (size_t i = 0; i < ARRAY_SIZE(metrics); i++) {
		const struct metric *m = &metrics[i];

		head_of(out, "process_", m->name, m->help);
		process_samples(out, m, base, rows, n);
		/* Pages of several processes count once for each of them. */
		head_of(out, "sum_", m->name, "The same, summed over all processes");
		if (!count(all, m->unknown))
			fprintf(out, "gupinfo_sum_%s %" PRIu64 "\n", m->name,
				(count(all, m->at) + count(all, m->plus)) * base);
	}
	fputs("# EOF\n", out);
	return ferror(out) ? -EIO : 0;
}
