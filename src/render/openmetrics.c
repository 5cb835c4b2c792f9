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
	{ "shared_bytes", "Pages that somebody else maps, too", AT(shared), NEVER,
	  AT(shared_unknown) },
	{ "pinned_bytes", "Pages with FOLL_PIN references", AT(pinned), NEVER,
	  AT(pins_unknown) },
	{ "excess_reference_bytes",
	  "Pages with more references than mappings and caches explain", AT(excess_refs),
	  NEVER, AT(refs_unknown) },
	{ "unshare_bytes", "Pages that a read-only pin would unshare first",
	  AT(gup[GUP_PIN_R][GUP_WORD_COPY]), AT(gup[GUP_PIN_R][GUP_WORD_MARK]),
	  AT(gup[GUP_PIN_R][GUP_WORD_UNKNOWN]) },
	{ "leak_bytes",
	  "Pages on which a store is seen through a reference that may be another process's",
	  AT(leaks), NEVER, AT(leaks_unknown) },
	{ "waiting_bytes",
	  "Anonymous pages, mapped once, that are not exclusive: a fork left them",
	  AT(waiting), NEVER, AT(part_unknown) },
	{ "private_file_bytes", "Pages of files that nobody else maps", AT(private_file),
	  NEVER, AT(part_unknown) },
	{ "other_bytes", "Present zero pages, drivers' pages and the kernel's", AT(other),
	  NEVER, NEVER },
	{ "uss_bytes", "Pages that are mapped once", AT(uss), NEVER, AT(maps_unknown) },
	{ "pss_bytes", "Pages, divided by how often each is mapped", AT(pss), NEVER,
	  AT(maps_unknown) },
	{ "lazyfree_bytes", "Pages that MADV_FREE took: memory pressure drops them",
	  AT(lazyfree), NEVER, AT(lazyfree_unknown) },
	{ "swapcache_bytes", "Present pages in the swap cache", AT(swapcache), NEVER,
	  NEVER },
	{ "swapped_bytes", "Pages in swap", AT(swapped), NEVER, NEVER },
	{ "hugetlb_bytes", "Present hugetlb pages", AT(hugetlb), NEVER, NEVER },
	{ "thp_bytes", "Present pages mapped by huge entries, hugetlb apart", AT(thp),
	  NEVER, NEVER },
};

static u64 bytes_at(const struct report_totals *t, u32 at, u32 base)
{
	return at == NEVER ? 0 : report_bytes(t, at, base);
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

/* Returns false when nothing of it is known. */
static bool value(const struct report_totals *t, const struct metric *m, u32 base,
		  u64 *ret)
{
	*ret = bytes_at(t, m->at, base) + bytes_at(t, m->plus, base);
	return *ret || !bytes_at(t, m->unknown, base);
}

/* The known part of every process; @unknown: the part that could not be read, where there is one. */
static void process_samples(FILE *out, const struct metric *m, bool unknown, u32 base,
			    const struct render_all_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct report_totals *t = &rows[i].totals;
		u64 rest = bytes_at(t, m->unknown, base), known;
		bool any = value(t, m, base, &known);

		if (unknown ? !rest : !any)
			continue;
		fprintf(out, "gupinfo_process_%s{pid=\"%d\",comm=\"",
			unknown ? "unknown_bytes" : m->name, rows[i].process.pid);
		label(out, rows[i].process.comm);
		if (unknown)
			fprintf(out, "\",of=\"%s", m->name);
		fprintf(out, "\"} %" PRIu64 "\n", unknown ? rest : known);
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
	u64 known;

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
		process_samples(out, m, false, base, rows, n);
		/* pages that several processes map are counted for each of them, but in pss_bytes */
		head_of(out, "sum_", m->name, "The same, summed over all processes");
		if (seen && value(all, m, base, &known))
			fprintf(out, "gupinfo_sum_%s %" PRIu64 "\n", m->name, known);
	}
	head_of(out, "process_unknown_bytes", "",
		"Pages of which it is not known whether they count in the metric that is named");
	for (size_t i = 0; i < ARRAY_SIZE(metrics); i++)
		process_samples(out, &metrics[i], true, base, rows, n);
	head_of(out, "sum_unknown_bytes", "", "The same, summed over all processes");
	for (size_t i = 0; i < ARRAY_SIZE(metrics); i++)
		if (bytes_at(all, metrics[i].unknown, base))
			fprintf(out, "gupinfo_sum_unknown_bytes{of=\"%s\"} %" PRIu64 "\n",
				metrics[i].name, bytes_at(all, metrics[i].unknown, base));
	fputs("# EOF\n", out);
	return ferror(out) ? -EIO : 0;
}
