/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/render.h"

#include "lib/escape.h"
#include "lib/text.h"
#include "page/holders.h"

#include "gup/predict.h"

#include <errno.h>

/* ---- text blocks */

#define EXPLAIN_LABEL 10 /* width of the label column */

/* ---- what is known of the page */

/* The contiguous block of entries that the page's entry is part of (arm64); the kernel makes none over two folios. */
static void explain_block(struct render_explain *r, const struct report_row *row)
{
	const struct kernel_evidence *ev = &r->head.kernel->ev;
	const struct page_info *page = report_page(row);
	unsigned shift = (unsigned)__builtin_ctzll(kernel_page_size(ev));
	u64 pages = arch_cont_pages(ev->arch, shift, page->leaf);

	if (pages)
		render_block(r->opt->out, "block", EXPLAIN_LABEL,
			     "%llu contiguous entries (%llu KiB) from %llx on, %s",
			     pages << shift >> arch_level_shift(shift, page->leaf),
			     pages << shift >> 10,
			     ROUND_DOWN(row->run.addr, pages << shift),
			     !page_knows(page, PAGE_F_FOLIO) ? "of one folio"
			     : BIT(page->order) == pages     ? "a whole folio"
							     : "a part of one folio");
}

static void explain_page(struct render_explain *r, const struct report_row *row)
{
	static const char *const levels[] = { "by an unknown level", "by a PTE",
					      "by a PMD", "by a PUD",
					      "through a hugepd directory" };
	const struct page_info *page = report_page(row);
	FILE *out = r->opt->out;

	render_block(out, "page", EXPLAIN_LABEL, "%s%s%s, %llu KiB mapped %s",
		     page->kind == PAGE_UNKNOWN ? "of unknown kind"
						: page_kind_name(page->kind),
		     page->kind == PAGE_HUGETLB && page->anon ? " (private, anonymous)"
							      : "",
		     page->raced ? " (changed while it was read)" : "", page->size / 1024,
		     levels[page->leaf]);
	render_block(out, "", EXPLAIN_LABEL,
		     "PFN %s, folio of %s page(s), node %s, zone %s",
		     COLUMNS_NAMED("PFN", row), COLUMNS_NAMED("FOLIO", row),
		     COLUMNS_NAMED("NODE", row), COLUMNS_NAMED("ZONE", row));
	render_block(out, "flags", EXPLAIN_LABEL, "%s", COLUMNS_NAMED("FLAGS", row));
	render_block(out, "exclusive", EXPLAIN_LABEL, "AnonExclusive: %s",
		     COLUMNS_NAMED("EXCL", row));
	if (page_lazily_free(page) == TRI_YES)
		render_block(
			out, "", EXPLAIN_LABEL,
			"lazily free (MADV_FREE): memory pressure drops the page with its data; a store takes it back");
	render_block(
		out, "entry", EXPLAIN_LABEL,
		"%s  (Write Dirty Young eXec Special protNone Uffd-wp soft-dirty deVmap Contiguous mte-Tagged; - clear, ? not known)",
		COLUMNS_NAMED("PTE", row));
	if (page->pte & page->pte_known & PAGE_PTE_CONT)
		explain_block(r, row);
}

/* Prints who has the references beyond the expected ones. */
static void explain_holders(FILE *out, const struct report_row *row)
{
	const struct holders_ledger *l = row->ledger;
	const char *label = "held by";

	for (unsigned i = 0; i < row->nholders; i++) {
		const struct holder *h = &row->holders[i];

		render_block(out, label, EXPLAIN_LABEL, "%s (%s)",
			     ESCAPED(HOLDERS_TEXT(h), 900),
			     holders_certainty_name(h->certainty));
		label = "";
	}
	if (l->more)
		render_block(out, "", EXPLAIN_LABEL, "and %u more holders", l->more);
	if (l->unexplained > 0)
		render_block(out, label, EXPLAIN_LABEL, "unexplained references: %lld",
			     l->unexplained);
}

static void explain_ledger(struct render_explain *r, const struct report_row *row)
{
	const struct page_info *page = report_page(row);
	FILE *out = r->opt->out;
	char parts[80];

	page_count_expected_text(page, parts, sizeof(parts));
	render_block(out, "counts", EXPLAIN_LABEL, "mapcount %s (%s), folio mapcount %s",
		     COLUMNS_NAMED("MAP", row), COLUMNS_NAMED("MAPKIND", row),
		     COLUMNS_NAMED("FOLIOMAP", row));
	render_block(
		out, "", EXPLAIN_LABEL,
		"refcount %s, of which expected %s%s%s%s, excess %s; pincount %s (%s)",
		COLUMNS_NAMED("REF", row), COLUMNS_NAMED("EXPECTED", row),
		*parts ? " (" : "", parts, *parts ? ")" : "",
		COLUMNS_NAMED("EXCESS", row), COLUMNS_NAMED("PIN", row),
		COLUMNS_NAMED("PINKIND", row));
	if (row->ledger) {
		explain_holders(out, row);
	} else if (page_knows(page, PAGE_F_REFCOUNT) && page->excess == 1 &&
		   page->expected >= 0 && !page->order) {
		render_block(
			out, "", EXPLAIN_LABEL,
			"the page is off the LRU lists: the one more is a CPU's batch, or isolation");
	}
}

static void explain_missing(struct render_explain *r, const struct report_row *row)
{
	const struct page_info *page = report_page(row);
	const char *label = "not known", *why;

	why = predict_contradiction(r->head.kernel, &page->facts);
	if (why)
		render_block(r->opt->out, "facts", EXPLAIN_LABEL,
			     "contradict each other, so nothing is predicted: %s", why);
	for (unsigned i = 0; i < PAGE_FIELDS; i++) {
		if (!page_lacks(page, i))
			continue;
		render_block(r->opt->out, label, EXPLAIN_LABEL, "%s: %s",
			     page_field_names[i], page_why_texts[page->why[i]]);
		label = "";
	}
}

/* ---- verdicts */

static void explain_path(struct render_explain *r, const struct gup_path *path)
{
	for (unsigned i = 0; i < path->n; i++) {
		const struct predict_rule *rule = predict_rule(path->rule[i]);
		const char *func = kernel_function(r->head.kernel,
						   predict_rule_func(r->head.kernel, path,
								     i, r->facts));
		char label[8], cite[200];

		snprintf(label, sizeof(label), "%6u ", i + 1);
		render_block(r->opt->out, label, 7, "%s(): %s [%s; %s]", func,
			     rule->reason, rule->id,
			     predict_rule_cite(rule, cite, sizeof(cite)));
	}
	if (path->forked)
		render_block(r->opt->out, "     ? ", 7,
			     "from here the path depends on facts that are not known");
}

static void explain_unknown(struct render_explain *r, u64 unknown, u64 unknown_kernel)
{
	if (!unknown && !unknown_kernel)
		return;
	render_block(r->opt->out, "       ", 7, "would be decided by:");
	EACH_BIT (i, unknown)
		render_block(r->opt->out, "", 9, "%s (%s): %s", fact_rows[i].name,
			     fact_rows[i].decider, fact_rows[i].text);
	EACH_BIT (i, unknown_kernel)
		render_block(r->opt->out, "", 9, "kernel: %s: %s", kernel_rows[i].name,
			     kernel_rows[i].subject);
}

static const char *explain_slow(const struct gup_verdict *v, char *buf, size_t size)
{
	static const char *const faults[] = {
		[GUP_FAULT_NONE] = "no fault",
		[GUP_FAULT_POPULATE] = "faults the page in",
		[GUP_FAULT_SWAPIN] = "swaps the page in",
		[GUP_FAULT_NUMA] = "takes a NUMA hinting fault",
		[GUP_FAULT_UNSHARE] = "raises FAULT_FLAG_UNSHARE",
		[GUP_FAULT_WRITE] = "raises FAULT_FLAG_WRITE",
		[GUP_FAULT_UNKNOWN] = "which fault is not known",
	};
	static const char *const pages[] = {
		[GUP_PAGE_SAME] = "the same page",
		[GUP_PAGE_COPY] = "a copy in its place",
		[GUP_PAGE_NEW] = "a new page",
		[GUP_PAGE_MIGRATED] = "the page migrated elsewhere",
		[GUP_PAGE_NONE] = "no page",
		[GUP_PAGE_UNKNOWN] = "which page is not known",
	};

	if (v->slow == GUP_SLOW_ERROR)
		snprintf(buf, size, "fails with -%s", gup_errno_name(v->err));
	else if (v->slow == GUP_SLOW_UNKNOWN)
		snprintf(buf, size, "not known (%s; %s)", faults[v->fault],
			 pages[v->page]);
	else
		snprintf(buf, size, "%s; the caller gets %s", faults[v->fault],
			 pages[v->page]);
	return buf;
}

static void explain_request(struct render_explain *r, const struct gup_verdict *v,
			    enum gup_request req)
{
	FILE *out = r->opt->out;
	char slow[200];

	fprintf(out, "\n%s = %s: %s\n", gup_requests[req].name,
		gup_word_name(v->word, v->err), gup_requests[req].foll);
	fprintf(out, "   as in %s\n", gup_requests[req].users);
	fprintf(out, "   GUP-fast %s%s%s\n",
		v->fast == TRI_YES       ? "takes the page"
		: v->fast == TRI_UNKNOWN ? "may or may not take it"
					 : "falls back to slow GUP: ",
		v->fast == TRI_NO ? gup_reason_names[v->fast_reason] : "", "");
	explain_path(r, &v->path_fast);
	fprintf(out, "   slow GUP %s\n", explain_slow(v, slow, sizeof(slow)));
	explain_path(r, &v->path_slow);
	explain_unknown(r, v->unknown, v->unknown_kernel);
}

/* @texts: what each word means. */
static void explain_word(struct render_explain *r, const struct gup_whatif *w,
			 const char *what, const char *name, const char *const *texts)
{
	fprintf(r->opt->out, "\n%s now = %s: %s\n", what, name, texts[w->word]);
	explain_path(r, &w->path);
	explain_unknown(r, w->unknown, w->unknown_kernel);
}

static void explain_whatif(struct render_explain *r, const struct gup_verdicts *v)
{
	static const char *const writes[GUP_WRITES] = {
		[GUP_WRITE_NONE] = "no fault, the store lands in this page",
		[GUP_WRITE_REUSE] = "a write fault keeps this page",
		[GUP_WRITE_COPY] = "a write fault puts a copy in its place",
		[GUP_WRITE_POPULATE] = "a write fault brings a new page",
		[GUP_WRITE_SWAPIN] = "the page is swapped in first",
		[GUP_WRITE_SEGV] = "the process gets a signal",
		[GUP_WRITE_UNKNOWN] = "not known",
	};
	static const char *const forks[GUP_FORKS] = {
		[GUP_FORK_SHARE] = "the page is shared with the child",
		[GUP_FORK_COPY] = "the child gets its own copy at once",
		[GUP_FORK_SKIP] = "the child does not get it",
		[GUP_FORK_UNKNOWN] = "not known",
	};
	static const char *const moves[GUP_MIGRATES] = {
		[GUP_MIGRATE_YES] = "the kernel moves the page to other memory",
		[GUP_MIGRATE_REFS] = "the page stays, because of its other references",
		[GUP_MIGRATE_NEVER] = "the page stays where it is",
		[GUP_MIGRATE_NONE] = "there is no page that could be moved",
		[GUP_MIGRATE_UNKNOWN] = "not known",
	};
	FILE *out = r->opt->out;

	fprintf(out, "\na store now = %s: %s\n", gup_write_names[v->write.fault],
		writes[v->write.fault]);
	fprintf(out, "   seen by references outside the page tables: %s%s; leak: %s\n",
		gup_tri_name(v->write.seen_by_refs),
		v->write.seen_by_refs == TRI_YES &&
				r->facts->value & (F(LEAF_PMD) | F(LEAF_PUD))
			? ", in the part that they hold"
			: "",
		gup_tri_name(v->write.leak));
	explain_path(r, &v->write.path);
	explain_unknown(r, v->write.unknown, v->write.unknown_kernel);
	explain_word(r, &v->fork, "a fork", gup_fork_names[v->fork.word], forks);
	explain_word(r, &v->migrate, "a migration", gup_migrate_names[v->migrate.word],
		     moves);
}

static void explain_raw(struct render_explain *r, const struct report_row *row)
{
	static const char *const words[] = { "PAGEMAP", "KPAGEFLAGS", "PTEWORD",
					     "PAGEFLAGS", "HEADFLAGS" };
	char text[400] = "";

	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		text_add(text, sizeof(text), "%s%s %s", i ? "  " : "", words[i],
			 COLUMNS_NAMED(words[i], row));
	fputc('\n', r->opt->out);
	render_block(r->opt->out, "raw words", EXPLAIN_LABEL, "%s", text);
}

/* ---- the view */

static int explain_begin(void *ctx, const struct report_head *head)
{
	struct render_explain *r = ctx;

	r->head = *head;
	return 0;
}

/* Prints what a fault that needs a huge page finds. */
static void explain_pool(FILE *out, const struct vma *v)
{
	char mount[64] = "", cgroup[64] = "";

	if (!(v->huge_known & VMA_HUGE_POOL))
		return;
	if (v->huge_mount != UINT64_MAX)
		snprintf(mount, sizeof(mount), "; the mount's limit leaves %llu",
			 v->huge_mount);
	if (v->huge_cgroup != UINT64_MAX)
		snprintf(cgroup, sizeof(cgroup), "; the cgroup's limit leaves %llu",
			 v->huge_cgroup);
	render_block(out, "pool", EXPLAIN_LABEL,
		     "%llu huge pages free, %llu reserved, %llu of %llu surplus%s%s",
		     v->huge_free, v->huge_reserved, v->huge_surplus, v->huge_overcommit,
		     mount, cgroup);
}

static int explain_row(void *ctx, const struct report_row *row)
{
	struct render_explain *r = ctx;
	const struct gup_verdicts *v = row->run.class->verdicts;
	FILE *out = r->opt->out;

	if (r->addr < row->run.addr || r->addr >= page_end(&row->run))
		return 0;
	if (r->found)
		fputc('\n', out);
	r->found = true;
	fprintf(out, "%llx of process %d %s, judged as Linux %s%s\n", r->addr,
		(int)row->process->pid,
		ESCAPED(row->process->comm, sizeof(row->process->comm) * 4),
		r->head.kernel->model,
		kernel_proof(r->head.kernel, NULL) == KERNEL_EXTRAPOLATED
			? " (extrapolated)"
			: "");
	render_block(out, "mapping", EXPLAIN_LABEL, "%llx-%llx %s %s", row->vma->start,
		     row->vma->end, VMA_PERMS(row->vma),
		     ESCAPED(row->vma->name, VMA_NAME_MAX * 4));
	explain_pool(out, row->vma);
	r->facts = &report_page(row)->facts;
	explain_page(r, row);
	explain_ledger(r, row);
	explain_missing(r, row);
	for (unsigned i = 0; i < GUP_REQUESTS; i++)
		explain_request(r, &v->req[i], i);
	explain_whatif(r, v);
	explain_raw(r, row);
	return ferror(out) ? -EIO : 0;
}

const struct report_view render_explain_view = {
	.begin = explain_begin,
	.row = explain_row,
};
