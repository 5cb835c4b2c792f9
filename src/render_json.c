/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render.h"

#include "holders.h"

#include "js.h"
#include "kpageflags.h"
#include "predict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define JSON_JUDGED 16

struct render_json {
	struct render_options opt;
	bool lines, pages;
	unsigned processes, rows;
	u32 base;
	FILE *vmas; /* objects of the VMAs: written after the pages that stream by */
	unsigned nvmas;
	struct report_head head;
	/* text of verdicts: most rows of a process share a few */
	struct json_judged {
		struct gup_verdicts verdicts;
		char *text; /* NULL: unused */
	} judged[JSON_JUDGED];
	unsigned next_judged;
};

/* ---- one page */

static void json_path(struct js *o, const char *key, const struct gup_path *path)
{
	struct js *a = js_array();

	for (unsigned i = 0; i < path->n; i++)
		js_push_str(a, predict_rule(path->rule[i])->id);
	js_add(o, key, a);
}

/* The facts that would decide, by their public words, each once. */
static void json_unknown(struct js *o, u64 unknown, u64 unknown_kernel)
{
	struct js *a;

	if (!unknown && !unknown_kernel)
		return;
	a = js_array();
	for (unsigned i = 0; i < FACTS; i++) {
		bool again = false;

		if (!(unknown >> i & 1))
			continue;
		for (unsigned j = 0; j < i && !again; j++)
			again = unknown >> j & 1 &&
				!strcmp(fact_decider(i), fact_decider(j));
		if (!again)
			js_push_str(a, fact_decider(i));
	}
	for (unsigned i = 0; i < KFACTS; i++)
		if (unknown_kernel >> i & 1)
			js_push_str(a, kernel_fact_name(i));
	js_add(o, "unknown", a);
}

static struct js *json_verdict(const struct gup_verdict *v)
{
	struct js *o = js_object();

	js_str(o, "fast", gup_tri_name(v->fast));
	if (v->fast == TRI_NO)
		js_str(o, "fast_reason", gup_reason_name(v->fast_reason));
	js_str(o, "slow", gup_slow_name(v->slow));
	if (v->slow == GUP_SLOW_ERROR)
		js_str(o, "errno", gup_errno_name(v->err));
	js_str(o, "fault", gup_fault_name(v->fault));
	js_str(o, "page", gup_page_name(v->page));
	js_str(o, "word", gup_word_name(v->word, v->err));
	json_unknown(o, v->unknown, v->unknown_kernel);
	json_path(o, "path", v->fast == TRI_YES ? &v->path_fast : &v->path_slow);
	json_path(o, "path_fast", &v->path_fast);
	json_path(o, "path_slow", &v->path_slow);
	return o;
}

static void json_verdicts(struct js *o, const struct gup_verdicts *v)
{
	struct js *gup = js_object(), *write = js_object();

	for (unsigned i = 0; i < GUP_REQUESTS; i++)
		js_add(gup, gup_request_name(i), json_verdict(&v->req[i]));
	js_add(o, "gup", gup);
	js_str(write, "fault", gup_write_name(v->write.fault));
	js_tri(write, "seen_by_refs", v->write.seen_by_refs);
	js_tri(write, "leak", v->write.leak);
	json_unknown(write, v->write.unknown, v->write.unknown_kernel);
	json_path(write, "path", &v->write.path);
	js_add(o, "write", write);
	js_str(o, "fork", gup_fork_name(v->fork.word));
}

static void json_pte(struct js *o, const struct page *page)
{
	static const struct {
		u16 bit;
		const char *key;
	} bits[] = {
		{ PAGE_PTE_WRITE, "write" },           { PAGE_PTE_DIRTY, "dirty" },
		{ PAGE_PTE_YOUNG, "young" },           { PAGE_PTE_SPECIAL, "special" },
		{ PAGE_PTE_PROTNONE, "protnone" },     { PAGE_PTE_UFFD_WP, "uffd_wp" },
		{ PAGE_PTE_SOFT_DIRTY, "soft_dirty" },
	};
	struct js *pte;

	if (!page->pte_known) {
		js_null(o, "pte");
		return;
	}
	pte = js_object();
	for (unsigned i = 0; i < ARRAY_SIZE(bits); i++)
		js_tri(pte, bits[i].key,
		       tri_from(page->pte_known & bits[i].bit, page->pte & bits[i].bit));
	js_add(o, "pte", pte);
}

static void json_flags(struct js *o, const struct page *page)
{
	struct js *a;

	if (page->why[PAGE_F_FLAGS] != PAGE_WHY_KNOWN) {
		js_null(o, "flags");
		return;
	}
	a = js_array();
	for (unsigned bit = 0; bit < 64; bit++)
		if (page->flags >> bit & 1)
			js_push_str(a, kpageflags_name(bit, 0));
	js_add(o, "flags", a);
}

/* A number that is null when its field is not known. */
static void json_field(struct js *o, const char *key, const struct page *page,
		       enum page_field field, s64 n)
{
	if (page->why[field] == PAGE_WHY_KNOWN)
		js_num(o, key, n);
	else
		js_null(o, key);
}

static void json_counts(struct js *o, const struct page *page)
{
	json_field(o, "folio_pages", page, PAGE_F_FOLIO, 1ll << page->order);
	json_field(o, "mapcount", page, PAGE_F_MAPCOUNT, page->mapcount);
	js_str(o, "mapcount_kind",
	       page->why[PAGE_F_MAPCOUNT] == PAGE_WHY_KNOWN
		       ? page_count_kind_name(page->mapcount_kind)
		       : NULL);
	json_field(o, "refcount", page, PAGE_F_REFCOUNT, page->refcount);
	json_field(o, "pincount", page, PAGE_F_PINCOUNT, page->pincount);
	js_str(o, "pincount_kind",
	       page->why[PAGE_F_PINCOUNT] == PAGE_WHY_KNOWN
		       ? page_count_kind_name(page->pincount_kind)
		       : NULL);
	js_tri(o, "anon_exclusive",
	       page->why[PAGE_F_ANON_EXCLUSIVE] == PAGE_WHY_KNOWN
		       ? (enum tri)page->anon_exclusive
		       : TRI_UNKNOWN);
}

struct js *render_json_holder(const struct holder *h)
{
	struct js *o = js_object(), *ends = js_array();

	js_str(o, "kind", holders_kind_name(h->kind));
	js_str(o, "certainty", holders_certainty_name(h->certainty));
	if (h->nends) {
		js_num(o, "pid", h->end[0].pid);
		if (h->end[0].fd >= 0)
			js_num(o, "fd", h->end[0].fd);
	}
	if (h->kind == HOLDERS_PIPE || h->kind == HOLDERS_IO_URING)
		js_num(o, "slot", h->slot);
	if (h->kind == HOLDERS_PIPE)
		js_num(o, "pipe", h->object);
	if (h->bytes) {
		if (h->addr)
			js_hex(o, "addr", h->addr);
		js_num(o, "bytes", h->bytes);
	}
	if (h->name[0])
		js_str(o, "name", h->name);
	for (u32 i = 0; i < h->nends; i++) {
		struct js *e = js_object();

		js_num(e, "pid", h->end[i].pid);
		js_str(e, "comm", h->end[i].comm);
		js_num(e, "fd", h->end[i].fd);
		if (h->kind == HOLDERS_PIPE)
			js_str(e, "end",
			       h->end[i].reads && h->end[i].writes ? "both"
			       : h->end[i].writes                  ? "write"
								   : "read");
		js_push(ends, e);
	}
	js_add(o, "ends", ends);
	return o;
}

/* The reference ledger. */
static void json_refs(struct js *o, const struct report_row *row)
{
	const struct page *page = row->page;
	struct js *refs, *list;

	if (page->why[PAGE_F_REFCOUNT] != PAGE_WHY_KNOWN) {
		js_null(o, "refs");
		return;
	}
	refs = js_object();
	if (page->expected >= 0) {
		js_num(refs, "expected", page->expected);
		js_num(refs, "excess", page->excess);
	} else {
		js_null(refs, "expected");
		js_null(refs, "excess");
	}
	if (row->ledger) {
		list = js_array();
		for (unsigned i = 0; i < row->nholders; i++)
			js_push(list, render_json_holder(&row->holders[i]));
		js_add(refs, "holders", list);
		if (row->ledger->unexplained >= 0)
			js_num(refs, "unexplained", row->ledger->unexplained);
		else
			js_null(refs, "unexplained");
	}
	js_add(o, "refs", refs);
}

static void json_why(struct js *o, const struct page *page)
{
	struct js *why = NULL;

	for (unsigned i = 0; i < PAGE_FIELDS; i++) {
		if (page->why[i] == PAGE_WHY_KNOWN ||
		    page->why[i] == PAGE_WHY_NOT_APPLICABLE)
			continue;
		if (!why)
			why = js_object();
		js_str(why, page_field_name(i), page_why_text(page->why[i]));
	}
	if (why)
		js_add(o, "unknown", why);
}

static struct js *json_page(const struct report_row *row, bool with_pid, bool verdicts)
{
	static const char *const leaves[] = { NULL, "pte", "pmd", "pud" };
	const struct page *page = row->page;
	struct js *o = js_object();

	if (with_pid)
		js_num(o, "pid", row->process->pid);
	js_hex(o, "addr", page->addr);
	js_num(o, "pages", page->pages);
	js_num(o, "size", page->size);
	if (page->why[PAGE_F_PFN] == PAGE_WHY_KNOWN)
		js_hex(o, "pfn", page->pfn);
	else
		js_null(o, "pfn");
	js_str(o, "kind", page->kind == PAGE_UNKNOWN ? NULL : page_kind_name(page->kind));
	js_str(o, "leaf", leaves[page->leaf & 3]);
	json_counts(o, page);
	json_pte(o, page);
	json_flags(o, page);
	json_field(o, "node", page, PAGE_F_ZONE, page->node);
	js_str(o, "zone",
	       page->why[PAGE_F_ZONE] == PAGE_WHY_KNOWN ? page_zone_name(page->zone)
							: NULL);
	if (page->kind == PAGE_SWAP) {
		struct js *swap = js_object();

		js_num(swap, "type", page->swap_type);
		js_hex(swap, "offset", page->swap_offset);
		js_add(o, "swap", swap);
	}
	if (page->raced)
		js_bool(o, "raced", true);
	json_refs(o, row);
	if (verdicts)
		json_verdicts(o, row->verdicts);
	json_why(o, page);
	return o;
}

int render_json_page(FILE *out, const struct report_row *row, bool with_pid)
{
	struct js *o = json_page(row, with_pid, true);
	int err = js_write(out, o);

	js_free(o);
	return err;
}

/* ---- the document */

static struct js *json_vma(const struct vma *vma, const struct report_totals *t)
{
	struct js *o = js_object();
	char perms[5];

	vma_perms(vma, perms);
	js_hex(o, "start", vma->start);
	js_hex(o, "end", vma->end);
	js_str(o, "perms", perms);
	js_str(o, "name", vma->name);
	if (vma->has_flags) {
		struct js *flags = js_array();

		for (unsigned i = 0; i < VMFLAGS; i++)
			if (vma->flags >> i & 1)
				js_push_str(flags, vma_flag_letters(i));
		js_add(o, "flags", flags);
	} else {
		js_null(o, "flags");
	}
	render_json_totals(o, t);
	return o;
}

static void json_evidence(struct js *doc, const struct source_machine *m)
{
	static const char *const keys[SOURCE_FACTS] = {
		[SOURCE_PAGEMAP] = "pagemap",
		[SOURCE_KPAGEFLAGS] = "kpageflags",
		[SOURCE_KPAGECOUNT] = "kpagecount",
		[SOURCE_STRUCTPAGE] = "structpage",
		[SOURCE_PTE] = "pte",
	};
	struct js *o = js_object();

	for (unsigned i = 0; i < SOURCE_FACTS; i++) {
		bool deep = i == SOURCE_STRUCTPAGE || i == SOURCE_PTE;
		const char *by = deep && m->structpage_by ? m->structpage_by : "ok";

		js_str(o, keys[i], m->evidence[i].ok ? by : m->evidence[i].why);
	}
	js_add(doc, "evidence", o);
}

/* Writes @v's members without the closing brace, so that an array can follow. */
static int json_open(FILE *out, struct js *v)
{
	char *text = NULL;
	size_t len = 0;
	FILE *mem = open_memstream(&text, &len);
	int err = mem ? js_write(mem, v) : -ENOMEM;

	if (mem && fclose(mem))
		err = -ENOMEM;
	if (!err && len)
		fprintf(out, "%.*s", (int)len - 1, text);
	free(text);
	return err;
}

struct js *render_json_head(const struct render_options *opt, const struct kernel *k,
			    const struct source_machine *m)
{
	struct js *o = js_object(), *schema = js_array(), *kernel = js_object();

	js_push_num(schema, 1);
	js_push_num(schema, 0);
	js_add(o, "schema", schema);
	js_str(o, "version", opt->version);
	js_str(kernel, "release", m->kernel.release);
	js_str(kernel, "arch", m->kernel.arch);
	js_str(kernel, "model", k->model);
	js_bool(kernel, "extrapolated", k->extrapolated);
	js_add(o, "kernel", kernel);
	json_evidence(o, m);
	return o;
}

static int json_begin(void *ctx, const struct report_head *head)
{
	struct render_json *r = ctx;
	const struct kernel *k = head->kernel;
	struct js *doc;
	int err;

	r->base = k->ev.page_size ? k->ev.page_size : 4096;
	r->head = *head;
	if (r->lines)
		return 0;
	doc = render_json_head(&r->opt, k, head->machine);
	fputs("{\"gupinfo\": ", r->opt.out);
	err = json_open(r->opt.out, doc);
	js_free(doc);
	fputs(",\"processes\": [", r->opt.out);
	return err;
}

static int json_process(void *ctx, const struct process *p)
{
	struct render_json *r = ctx;
	struct js *o;
	int err;

	if (r->lines)
		return 0;
	o = js_object();
	js_num(o, "pid", p->pid);
	js_str(o, "comm", p->comm);
	js_num(o, "ppid", p->ppid);
	js_num(o, "threads", p->threads);
	js_tri(o, "has_pinned", p->has_pinned);
	fputs(r->processes++ ? ",\n" : "\n", r->opt.out);
	err = json_open(r->opt.out, o);
	js_free(o);
	fputs(",\"pages\": [", r->opt.out);
	r->rows = r->nvmas = 0;
	r->vmas = tmpfile();
	return err ? err : r->vmas ? 0 : -errno;
}

/* The members "gup", "write" and "fork" as text, without braces; NULL when out of memory. */
static const char *json_judged(struct render_json *r, const struct gup_verdicts *v)
{
	struct json_judged *j;
	struct js *o;
	size_t len;
	FILE *mem;

	for (unsigned i = 0; i < JSON_JUDGED; i++) {
		j = &r->judged[i];
		if (j->text && !memcmp(&j->verdicts, v, sizeof(*v)))
			return j->text + 1;
	}
	j = &r->judged[r->next_judged++ % JSON_JUDGED];
	free(j->text);
	j->text = NULL;
	mem = open_memstream(&j->text, &len);
	if (!mem)
		return NULL;
	o = js_object();
	json_verdicts(o, v);
	js_write(mem, o);
	js_free(o);
	if (fclose(mem) || len < 2) {
		free(j->text);
		j->text = NULL;
		return NULL;
	}
	j->text[len - 1] = '\0';
	j->verdicts = *v;
	return j->text + 1;
}

/* As render_json_page(), with the verdicts' text made once. */
static int json_row_page(struct render_json *r, const struct report_row *row)
{
	const char *judged = json_judged(r, row->verdicts);
	struct js *o;
	int err;

	if (!judged)
		return -ENOMEM;
	o = json_page(row, r->lines, false);
	err = json_open(r->opt.out, o);
	js_free(o);
	fprintf(r->opt.out, ",%s}", judged);
	return err;
}

static int json_row(void *ctx, const struct report_row *row)
{
	struct render_json *r = ctx;
	int err;

	if (!r->pages)
		return 0;
	if (!r->lines)
		fputs(r->rows++ ? ",\n" : "\n", r->opt.out);
	err = json_row_page(r, row);
	if (r->lines)
		fputc('\n', r->opt.out);
	return err ? err : ferror(r->opt.out) ? -EIO : 0;
}

static int json_vma_end(void *ctx, const struct process *p, const struct vma *vma,
			const struct report_totals *t)
{
	struct render_json *r = ctx;
	struct js *o;
	int err;

	if (r->lines)
		return 0;
	o = json_vma(vma, t);
	fputs(r->nvmas++ ? ",\n" : "\n", r->vmas);
	err = js_write(r->vmas, o);
	js_free(o);
	return err;
}

static int json_process_end(void *ctx, const struct process *p,
			    const struct report_totals *t)
{
	struct render_json *r = ctx;
	struct js *totals;
	char buf[8192];
	size_t n;

	if (r->lines)
		return 0;
	fputs("],\"vmas\": [", r->opt.out);
	rewind(r->vmas);
	while ((n = fread(buf, 1, sizeof(buf), r->vmas)))
		fwrite(buf, 1, n, r->opt.out);
	fclose(r->vmas);
	r->vmas = NULL;
	totals = js_object();
	render_json_totals(totals, t);
	fputs("],\"totals\": ", r->opt.out);
	js_write(r->opt.out, totals);
	fputc('}', r->opt.out);
	js_free(totals);
	return ferror(r->opt.out) ? -EIO : 0;
}

static int json_end(void *ctx, const struct report_totals *t)
{
	struct render_json *r = ctx;

	if (!r->lines)
		fputs("]}}\n", r->opt.out);
	return 0;
}

const struct report_view render_json_view = {
	.begin = json_begin,
	.process = json_process,
	.row = json_row,
	.vma_end = json_vma_end,
	.process_end = json_process_end,
	.end = json_end,
};

int render_json_new(const struct render_options *opt, bool lines, bool pages, void **ret)
{
	struct render_json *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->opt = *opt;
	r->lines = lines;
	r->pages = pages;
	*ret = r;
	return 0;
}

void render_json_free(void *ctx)
{
	struct render_json *r = ctx;

	if (!r)
		return;
	if (r->vmas)
		fclose(r->vmas);
	for (unsigned i = 0; i < JSON_JUDGED; i++)
		free(r->judged[i].text);
	free(r);
}
