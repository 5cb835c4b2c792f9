/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/render.h"

#include "lib/escape.h"
#include "report/highlights.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A column of the summary's table of VMAs. */
struct summary_column {
	const char *name;
	u8 width;
	u8 min_terminal, max_terminal; /* only if the terminal is that wide; 0: any */
	bool right;
	void (*get)(const struct vma *vma, const struct report_totals *t, u32 base,
		    u32 arg, bool bytes, char *buf, size_t size);
	u32 arg;
};

struct render_summary {
	struct render_options opt;
	const struct source_machine *machine; /* valid until the end of the report */
	u32 base;
	unsigned processes;
	const struct summary_column *cols[24];
	unsigned ncols;
	struct table *table;
	struct highlights highlights;
};

/* ---- cells */

static const char *summary_pages(u64 pages, u32 base, bool bytes, char *buf, size_t size)
{
	if (!pages)
		snprintf(buf, size, "-");
	else if (bytes)
		snprintf(buf, size, "%" PRIu64, pages * base);
	else
		columns_size(pages * base, buf, size);
	return buf;
}

static void summary_range(const struct vma *vma, const struct report_totals *t, u32 base,
			  u32 arg, bool bytes, char *buf, size_t size)
{
	/* Both forms can be pasted into --range; the end of the gate VMA has 16 digits. */
	if (vma && vma->gate)
		snprintf(buf, size, "%" PRIx64 "+%" PRIu64 "K", vma->start,
			 (vma->end - vma->start) / 1024);
	else if (vma)
		snprintf(buf, size, "%" PRIx64 "-%" PRIx64, vma->start, vma->end);
	else
		snprintf(buf, size, "total");
}

static void summary_perms(const struct vma *vma, const struct report_totals *t, u32 base,
			  u32 arg, bool bytes, char *buf, size_t size)
{
	if (vma)
		vma_perms(vma, buf);
	else
		snprintf(buf, size, "%s", "");
}

static void summary_size(const struct vma *vma, const struct report_totals *t, u32 base,
			 u32 arg, bool bytes, char *buf, size_t size)
{
	if (bytes)
		snprintf(buf, size, "%" PRIu64, t->size_bytes);
	else
		columns_size(t->size_bytes, buf, size);
}

/* Formats a page count; @arg is its offset in struct report_totals. */
static void summary_count(const struct vma *vma, const struct report_totals *t, u32 base,
			  u32 arg, bool bytes, char *buf, size_t size)
{
	const u64 *n = (const u64 *)((const char *)t + arg);

	summary_pages(*n, base, bytes, buf, size);
}

/* Like summary_count(); "?" when nothing is known, "4K+?" when more may be there. */
static void summary_if_known(u64 pages, u64 unknown, u32 base, bool bytes, char *buf,
			     size_t size)
{
	if (!pages && unknown)
		snprintf(buf, size, "?");
	else
		summary_pages(pages, base, bytes, buf, size);
	if (pages && unknown)
		snprintf(buf + strlen(buf), size - strlen(buf), "+?");
}

static void summary_pins(const struct vma *vma, const struct report_totals *t, u32 base,
			 u32 arg, bool bytes, char *buf, size_t size)
{
	summary_if_known(t->pinned, t->pins_unknown, base, bytes, buf, size);
}

static void summary_extra(const struct vma *vma, const struct report_totals *t, u32 base,
			  u32 arg, bool bytes, char *buf, size_t size)
{
	summary_if_known(t->excess_refs, t->refs_unknown, base, bytes, buf, size);
}

static void summary_waiting(const struct vma *vma, const struct report_totals *t,
			    u32 base, u32 arg, bool bytes, char *buf, size_t size)
{
	summary_if_known(t->waiting, t->part_unknown, base, bytes, buf, size);
}

static void summary_lazy(const struct vma *vma, const struct report_totals *t, u32 base,
			 u32 arg, bool bytes, char *buf, size_t size)
{
	summary_if_known(t->lazyfree, t->lazyfree_unknown, base, bytes, buf, size);
}

static void summary_uss(const struct vma *vma, const struct report_totals *t, u32 base,
			u32 arg, bool bytes, char *buf, size_t size)
{
	summary_if_known(t->uss, t->maps_unknown, base, bytes, buf, size);
}

/* In whole pages: less than half of one is none. */
static void summary_pss(const struct vma *vma, const struct report_totals *t, u32 base,
			u32 arg, bool bytes, char *buf, size_t size)
{
	u64 unit = (u64)base * REPORT_PSS;

	summary_if_known((t->pss + unit / 2) / unit, t->maps_unknown, base, bytes, buf,
			 size);
}

static void summary_exclusive(const struct vma *vma, const struct report_totals *t,
			      u32 base, u32 arg, bool bytes, char *buf, size_t size)
{
	summary_if_known(t->exclusive, t->exclusive_unknown, base, bytes, buf, size);
}

static void summary_shared(const struct vma *vma, const struct report_totals *t, u32 base,
			   u32 arg, bool bytes, char *buf, size_t size)
{
	summary_if_known(t->shared, t->shared_unknown, base, bytes, buf, size);
}

/* Formats the words of request @arg: one word, or the most frequent with its share and "+". */
static void summary_mix(const struct vma *vma, const struct report_totals *t, u32 base,
			u32 arg, bool bytes, char *buf, size_t size)
{
	const u64 *words = t->gup[arg];
	unsigned first = 0, kinds = 0;
	u64 total = 0;

	for (unsigned w = 0; w < GUP_WORDS; w++) {
		total += words[w];
		kinds += words[w] != 0;
		if (words[w] > words[first])
			first = w;
	}
	const char *word = first == GUP_WORD_ERRNO ? "error" : gup_word_name(first, 0);

	if (!total)
		snprintf(buf, size, "-");
	else if (kinds == 1)
		snprintf(buf, size, "%s", word);
	else
		snprintf(buf, size, "%s %u%% +", word,
			 (unsigned)(words[first] * 100 / total));
}

static void summary_name(const struct vma *vma, const struct report_totals *t, u32 base,
			 u32 arg, bool bytes, char *buf, size_t size)
{
	const char *name = vma ? vma->name : "";

	/* With @arg the last part of a path is enough; wider terminals show all of it. */
	if (arg && *name == '/' && strrchr(name, '/')[1])
		name = strrchr(name, '/') + 1;
	escape_text(buf, size, name);
}

#define AT(field) offsetof(struct report_totals, field)

static const struct summary_column summary_columns[] = {
	{ .name = "START-END", .width = 25, .get = summary_range },
	{ .name = "PERM", .width = 4, .get = summary_perms },
	{ .name = "SIZE", .width = 4, .right = true, .get = summary_size },
	{ .name = "RSS",
	  .width = 4,
	  .right = true,
	  .get = summary_count,
	  .arg = AT(present) },
	{ .name = "EXCL", .width = 4, .right = true, .get = summary_exclusive },
	{ .name = "SHAR", .width = 4, .right = true, .get = summary_shared },
	{ .name = "WAIT",
	  .width = 4,
	  .min_terminal = 100,
	  .right = true,
	  .get = summary_waiting },
	{ .name = "USS",
	  .width = 4,
	  .min_terminal = 140,
	  .right = true,
	  .get = summary_uss },
	{ .name = "PSS",
	  .width = 4,
	  .min_terminal = 115,
	  .right = true,
	  .get = summary_pss },
	{ .name = "LAZY",
	  .width = 4,
	  .min_terminal = 135,
	  .right = true,
	  .get = summary_lazy },
	{ .name = "SWAP",
	  .width = 4,
	  .min_terminal = 110,
	  .right = true,
	  .get = summary_count,
	  .arg = AT(swapped) },
	{ .name = "HUGE",
	  .width = 4,
	  .min_terminal = 120,
	  .right = true,
	  .get = summary_count,
	  .arg = AT(hugetlb) },
	{ .name = "THP",
	  .width = 4,
	  .min_terminal = 120,
	  .right = true,
	  .get = summary_count,
	  .arg = AT(thp) },
	{ .name = "PINS",
	  .width = 4,
	  .min_terminal = 120,
	  .right = true,
	  .get = summary_pins },
	{ .name = "EXTRA",
	  .width = 5,
	  .min_terminal = 130,
	  .right = true,
	  .get = summary_extra },
	{ .name = "GET-R",
	  .width = 10,
	  .min_terminal = 150,
	  .get = summary_mix,
	  .arg = GUP_GET_R },
	{ .name = "PIN-R", .width = 10, .get = summary_mix, .arg = GUP_PIN_R },
	{ .name = "PIN-W",
	  .width = 10,
	  .min_terminal = 165,
	  .get = summary_mix,
	  .arg = GUP_PIN_W },
	{ .name = "LT-W",
	  .width = 10,
	  .min_terminal = 100,
	  .get = summary_mix,
	  .arg = GUP_LT_W },
	{ .name = "NAME",
	  .width = 10,
	  .max_terminal = 119,
	  .get = summary_name,
	  .arg = 1 },
	{ .name = "NAME", .width = 10, .min_terminal = 120, .get = summary_name },
};

/* ---- the table of VMAs */

static int summary_table(struct render_summary *r)
{
	struct table_column cols[ARRAY_SIZE(summary_columns)];
	unsigned width = r->opt.format == TABLE_TEXT ? r->opt.width : 200;
	struct table_options topt = render_table_options(&r->opt);

	r->ncols = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(summary_columns); i++) {
		const struct summary_column *c = &summary_columns[i];

		if (c->min_terminal > width ||
		    (c->max_terminal && c->max_terminal < width))
			continue;
		cols[r->ncols] =
			(struct table_column){ .name = c->name,
					       .width = c->width,
					       .right = c->right,
					       .truncate = c->get == summary_name };
		r->cols[r->ncols++] = c;
	}
	return table_new(&topt, cols, r->ncols, &r->table);
}

static int summary_line(struct render_summary *r, const struct vma *vma,
			const struct report_totals *t)
{
	static char buf[ARRAY_SIZE(summary_columns)][VMA_NAME_MAX * 4];
	const char *text[ARRAY_SIZE(summary_columns)];

	for (unsigned i = 0; i < r->ncols; i++) {
		const struct summary_column *c = r->cols[i];

		c->get(vma, t, r->base, c->arg, r->opt.bytes, buf[i], sizeof(buf[i]));
		text[i] = buf[i];
	}
	return table_row(r->table, text, NULL);
}

static int summary_vma_end(void *ctx, const struct process *p, const struct vma *vma,
			   const struct report_totals *t)
{
	return summary_line(ctx, vma, t);
}

/* ---- below the table */

static const char *summary_word(u8 word)
{
	return word == GUP_WORD_ERRNO ? "error" : gup_word_name(word, 0);
}

static void summary_gup(struct render_summary *r, const struct report_totals *t)
{
	static const u8 words[] = { GUP_WORD_FAST,   GUP_WORD_SLOW,    GUP_WORD_MARK,
				    GUP_WORD_COPY,   GUP_WORD_REUSE,   GUP_WORD_FAULT,
				    GUP_WORD_SWAPIN, GUP_WORD_MIGRATE, GUP_WORD_ERRNO,
				    GUP_WORD_UNKNOWN };
	FILE *out = r->opt.out;

	fprintf(out, "\nget_user_pages now, in pages of %u KiB:\n      ", r->base / 1024);
	for (unsigned w = 0; w < ARRAY_SIZE(words); w++)
		fprintf(out, " %6s", summary_word(words[w]));
	fputc('\n', out);
	for (unsigned i = 0; i < GUP_REQUESTS; i++) {
		fprintf(out, "%-6s", gup_request_name(i));
		for (unsigned w = 0; w < ARRAY_SIZE(words); w++) {
			char text[24];
			u64 n = t->gup[i][words[w]];

			if (n > 999999)
				columns_size(n, text, sizeof(text));
			else
				snprintf(text, sizeof(text), n ? "%" PRIu64 : "-", n);
			fprintf(out, " %*s", (int)MAX(6, strlen(summary_word(words[w]))),
				text);
		}
		fputc('\n', out);
	}
}

#define SUMMARY_PLACES 2 /* mappings named for each kind */

static void summary_note(FILE *out, const struct highlights *list, u8 kind)
{
	static const char *const marks[] = { " ", "-", "!", "!!" };
	u64 pages = list->pages[kind];
	char text[300], mark[8], in[40] = "";

	if (list->mappings[kind] > 1)
		snprintf(in, sizeof(in), " in %" PRIu64 " mappings",
			 list->mappings[kind]);
	snprintf(text, sizeof(text), "%" PRIu64 " page%s%s %s", pages,
		 pages == 1 ? "" : "s", in, highlights_text(kind));
	snprintf(mark, sizeof(mark), "%2s ", marks[highlights_severity(kind)]);
	render_block(out, mark, 3, text);
	for (unsigned i = 0; i < SUMMARY_PLACES && list->best[kind][i].pages; i++) {
		const struct highlight *it = &list->best[kind][i];
		char name[VMA_NAME_MAX * 4];

		fprintf(out, "   --explain %-16" PRIx64 " %s\n", it->page.addr,
			escape_text(name, sizeof(name), it->vma.name));
	}
}

static void summary_notables(struct render_summary *r)
{
	u8 kinds[HIGHLIGHTS];
	unsigned n;

	highlights_end(&r->highlights);
	n = highlights_found(&r->highlights, kinds);
	if (n)
		fprintf(r->opt.out, "\nWorth a look:\n");
	for (unsigned i = 0; i < n; i++)
		summary_note(r->opt.out, &r->highlights, kinds[i]);
}

static int summary_process_end(void *ctx, const struct process *p,
			       const struct report_totals *t)
{
	struct render_summary *r = ctx;
	int err = summary_line(r, NULL, t);

	if (!err)
		err = table_end(r->table, true);
	table_free(r->table);
	r->table = NULL;
	if (err || r->opt.format != TABLE_TEXT)
		return err;
	summary_gup(r, t);
	summary_notables(r);
	return 0;
}

/* ---- above the table */

static int summary_begin(void *ctx, const struct report_head *head)
{
	struct render_summary *r = ctx;
	const struct kernel *k = head->kernel;
	char release[80], proof[160];

	r->base = kernel_page_size(&k->ev);
	r->machine = head->machine;
	if (r->opt.format != TABLE_TEXT || r->opt.noheadings)
		return 0;
	fprintf(r->opt.out, "gupinfo %s on Linux %s %s, judged as %s (%s)\n",
		r->opt.version,
		escape_text(release, sizeof(release), head->machine->kernel.release),
		head->machine->kernel.arch, k->model,
		kernel_proof(k, NULL) == KERNEL_EXTRAPOLATED
			? kernel_proof_text(k, proof, sizeof(proof))
			: kernel_proof_name(kernel_proof(k, NULL)));
	return 0;
}

static int summary_process(void *ctx, const struct process *p)
{
	struct render_summary *r = ctx;
	char comm[sizeof(p->comm) * 4];

	memset(&r->highlights, 0, sizeof(r->highlights));
	r->highlights.base = r->base;
	r->highlights.cpus = r->machine->cpus;
	if (r->opt.format == TABLE_TEXT && !r->opt.noheadings)
		fprintf(r->opt.out, "%sprocess %d %s, parent %d, %u thread%s\n\n",
			r->processes ? "\n" : "", (int)p->pid,
			escape_text(comm, sizeof(comm), p->comm), (int)p->ppid,
			p->threads, p->threads == 1 ? "" : "s");
	r->processes++;
	return summary_table(r);
}

static int summary_row(void *ctx, const struct report_row *row)
{
	struct render_summary *r = ctx;

	highlights_look(&r->highlights, row);
	return 0;
}

/* Prints once, at the end, what could not be read. */
static int summary_end(void *ctx, const struct report_totals *t)
{
	static const char *const names[SOURCE_FACTS] = {
		[SOURCE_PAGEMAP] = "pagemap",       [SOURCE_KPAGEFLAGS] = "kpageflags",
		[SOURCE_KPAGECOUNT] = "kpagecount", [SOURCE_STRUCTPAGE] = "struct page",
		[SOURCE_PTE] = "page tables",
	};
	struct render_summary *r = ctx;
	bool any = false;

	if (r->opt.format != TABLE_TEXT)
		return 0;
	if (r->machine->page.pfns_hidden) {
		fprintf(r->opt.out, "\nNot read:\n  %-12s %s\n", "PFNs",
			page_why_text(PAGE_WHY_PFN_HIDDEN));
		any = true;
	}
	for (unsigned i = 0; i < SOURCE_FACTS; i++) {
		const struct source_evidence *e = &r->machine->evidence[i];
		char why[sizeof(e->why) * 4];

		if (e->ok)
			continue;
		fprintf(r->opt.out, "%s  %-12s %s\n", any ? "" : "\nNot read:\n",
			names[i], escape_text(why, sizeof(why), e->why));
		any = true;
	}
	return 0;
}

const struct report_view render_summary_view = {
	.begin = summary_begin,
	.process = summary_process,
	.row = summary_row,
	.vma_end = summary_vma_end,
	.process_end = summary_process_end,
	.end = summary_end,
};

int render_summary_new(const struct render_options *opt, void **ret)
{
	struct render_summary *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->opt = *opt;
	*ret = r;
	return 0;
}

void render_summary_free(void *ctx)
{
	struct render_summary *r = ctx;

	if (!r)
		return;
	table_free(r->table);
	free(r);
}
