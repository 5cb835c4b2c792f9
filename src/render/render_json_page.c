/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages in JSON. */
#include "render/render.h"

#include "page/holders.h"

#include "render/js.h"
#include "kpageflags.h"
#include "gup/predict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MEMO_LIKES 64 /* a power of two */

struct render_json_page_memo {
	struct memo_like {
		struct page_run page; /* without what only this page has */
		struct gup_verdicts verdicts;
		size_t len;
		char *text; /* NULL: unused */
	} like[MEMO_LIKES];
};

static void json_path(struct js *o, const char *key, const struct gup_path *path)
{
	struct js *a = js_array();

	for (unsigned i = 0; i < path->n; i++)
		js_push_str(a, predict_rule(path->rule[i])->id);
	js_add(o, key, a);
}

/* Adds the facts that would decide, by their public words, each once. */
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

static void json_pte(struct js *o, const struct page_run *page)
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

static void json_flags(struct js *o, const struct page_run *page)
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

/* Adds a number, or null when its field is unknown. */
static void json_field(struct js *o, const char *key, const struct page_run *page,
		       enum page_field field, s64 n)
{
	if (page->why[field] == PAGE_WHY_KNOWN)
		js_num(o, key, n);
	else
		js_null(o, key);
}

static void json_counts(struct js *o, const struct page_run *page)
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

/* Adds the reference ledger. */
static void json_refs(struct js *o, const struct report_row *row)
{
	const struct page_run *page = row->page;
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
			js_push(list, render_json_page_holder(&row->holders[i]));
		js_add(refs, "holders", list);
		if (row->ledger->unexplained >= 0)
			js_num(refs, "unexplained", row->ledger->unexplained);
		else
			js_null(refs, "unexplained");
	}
	js_add(o, "refs", refs);
}

static void json_why(struct js *o, const struct page_run *page)
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

/* Writes the start of a page's text, up to "pfn": only numbers, so nothing needs escapes. */
static void json_place(FILE *out, const struct report_row *row, bool with_pid)
{
	const struct page_run *page = row->page;
	char buf[64];

	fputc('{', out);
	if (with_pid) {
		fputs(columns_digits(row->process->pid, 10, "\"pid\":", buf, sizeof(buf)),
		      out);
		fputc(',', out);
	}
	fputs(columns_digits(page->addr, 16, "\"addr\":\"0x", buf, sizeof(buf)), out);
	fputs(columns_digits(page->pages, 10, "\",\"pages\":", buf, sizeof(buf)), out);
	fputs(columns_digits(page->size, 10, ",\"size\":", buf, sizeof(buf)), out);
	if (page->why[PAGE_F_PFN] == PAGE_WHY_KNOWN) {
		fputs(columns_digits(page->pfn, 16, ",\"pfn\":\"0x", buf, sizeof(buf)),
		      out);
		fputc('"', out);
	} else {
		fputs(",\"pfn\":null", out);
	}
}

/* Makes what like pages share: all but place and verdicts. */
static struct js *json_like(const struct report_row *row)
{
	static const char *const leaves[] = { NULL, "pte", "pmd", "pud" };
	const struct page_run *page = row->page;
	struct js *o = js_object();

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
	return o;
}

int render_json_page(FILE *out, const struct report_row *row, bool with_pid)
{
	struct js *o = json_like(row);
	int err;

	json_verdicts(o, row->verdicts);
	json_why(o, row->page);
	json_place(out, row, with_pid);
	fputc(',', out);
	err = js_write_members(out, o);
	fputc('}', out);
	js_free(o);
	return err;
}

/* ---- the pages of a stream */

static struct memo_like *memo_slot(struct render_json_page_memo *m,
				   const struct report_row *row)
{
	const struct page_run *page = row->page;
	u64 hash = page->flags ^ (u64)page->pte << 32 ^ (u64)page->kind << 48;

	hash = hash * 31 + page->refcount;
	hash = hash * 31 + page->mapcount;
	for (unsigned i = 0; i < GUP_REQUESTS; i++)
		hash = hash * 31 + row->verdicts->req[i].word;
	hash *= 0x9e3779b97f4a7c15;
	return &m->like[hash >> 32 & (MEMO_LIKES - 1)];
}

/* Returns the text that follows the place; NULL without memory. */
static char *memo_text(const struct report_row *row)
{
	struct js *like = json_like(row), *verdicts = js_object();
	char *text = NULL;
	size_t len;
	FILE *mem = open_memstream(&text, &len);
	int err = mem ? 0 : -ENOMEM;

	json_why(like, row->page);
	json_verdicts(verdicts, row->verdicts);
	if (!err) {
		fputc(',', mem);
		err = js_write_members(mem, like);
		fputc(',', mem);
	}
	if (!err)
		err = js_write_members(mem, verdicts);
	if (mem) {
		fputc('}', mem);
		err = fclose(mem) || err;
	}
	js_free(like);
	js_free(verdicts);
	if (!err)
		return text;
	free(text);
	return NULL;
}

/* Writes a page with members of its own. */
static int memo_unlike(FILE *out, const struct report_row *row)
{
	char *text = memo_text(row);
	int err = text && fputs(text, out) >= 0 ? 0 : -ENOMEM;

	free(text);
	return err;
}

int render_json_page_row(struct render_json_page_memo *m, FILE *out,
			 const struct report_row *row, bool with_pid)
{
	struct page_run page = *row->page;
	struct memo_like *l = memo_slot(m, row);

	json_place(out, row, with_pid);
	if (row->ledger || page.kind == PAGE_SWAP)
		return memo_unlike(out, row);
	/* json_place() has written these, and no member shows the rest. */
	page.addr = page.pages = page.size = page.pfn = page.head_pfn = 0;
	memset(&page.raw, 0, sizeof(page.raw));
	memset(&page.facts, 0, sizeof(page.facts));
	if (!l->text || memcmp(&l->page, &page, sizeof(page)) ||
	    memcmp(&l->verdicts, row->verdicts, sizeof(l->verdicts))) {
		free(l->text);
		l->page = page;
		l->verdicts = *row->verdicts;
		l->text = memo_text(row);
		l->len = l->text ? strlen(l->text) : 0;
	}
	if (!l->text)
		return -ENOMEM;
	return fwrite(l->text, l->len, 1, out) == 1 ? 0 : -EIO;
}

struct render_json_page_memo *render_json_page_memo_new(void)
{
	return calloc(1, sizeof(struct render_json_page_memo));
}

void render_json_page_memo_free(struct render_json_page_memo *m)
{
	if (!m)
		return;
	for (unsigned i = 0; i < MEMO_LIKES; i++)
		free(m->like[i].text);
	free(m);
}

struct js *render_json_page_holder(const struct holder *h)
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
