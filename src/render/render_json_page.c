/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages in JSON. */
#include "render/render.h"

#include <string.h>

#include "page/holders.h"

#include "render/columns.h"
#include "render/js.h"
#include "kpageflags.h"
#include "gup/predict.h"

static void json_path(struct js *j, const char *key, const struct gup_path *path)
{
	js_open(j, key, '[');
	for (unsigned i = 0; i < path->n; i++)
		js_str(j, NULL, predict_rule(path->rule[i])->id);
	js_close(j, ']');
}

/* Adds the facts that would decide, by their public words, each once. */
static void json_unknown(struct js *j, u64 unknown, u64 unknown_kernel)
{
	if (!unknown && !unknown_kernel)
		return;
	js_open(j, "unknown", '[');
	for (unsigned i = 0; i < FACTS; i++)
		if (fact_decides(unknown, i))
			js_str(j, NULL, fact_rows[i].decider);
	EACH_BIT (i, unknown_kernel)
		js_str(j, NULL, kernel_rows[i].name);
	js_close(j, ']');
}

static void json_verdict(struct js *j, const char *key, const struct gup_verdict *v)
{
	js_open(j, key, '{');
	js_str(j, "fast", gup_tri_name(v->fast));
	if (v->fast == TRI_NO)
		js_str(j, "fast_reason", gup_reason_names[v->fast_reason]);
	js_str(j, "slow", gup_slow_name(v->slow));
	if (v->slow == GUP_SLOW_ERROR)
		js_str(j, "errno", gup_errno_name(v->err));
	js_str(j, "fault", gup_fault_names[v->fault]);
	js_str(j, "page", gup_page_names[v->page]);
	js_str(j, "word", gup_word_name(v->word, v->err));
	json_unknown(j, v->unknown, v->unknown_kernel);
	json_path(j, "path", v->fast == TRI_YES ? &v->path_fast : &v->path_slow);
	json_path(j, "path_fast", &v->path_fast);
	json_path(j, "path_slow", &v->path_slow);
	js_close(j, '}');
}

static void json_verdicts(struct js *j, const struct gup_verdicts *v)
{
	js_open(j, "gup", '{');
	for (unsigned i = 0; i < GUP_REQUESTS; i++)
		json_verdict(j, gup_requests[i].name, &v->req[i]);
	js_close(j, '}');
	js_open(j, "write", '{');
	js_str(j, "fault", gup_write_names[v->write.fault]);
	js_tri(j, "seen_by_refs", v->write.seen_by_refs);
	js_tri(j, "leak", v->write.leak);
	json_unknown(j, v->write.unknown, v->write.unknown_kernel);
	json_path(j, "path", &v->write.path);
	js_close(j, '}');
	js_str(j, "fork", gup_fork_names[v->fork.word]);
	js_open(j, "migrate", '{');
	js_str(j, "word", gup_migrate_names[v->migrate.word]);
	json_unknown(j, v->migrate.unknown, v->migrate.unknown_kernel);
	json_path(j, "path", &v->migrate.path);
	js_close(j, '}');
}

static void json_pte(struct js *j, const struct page_info *page)
{
	static const struct {
		u16 bit;
		const char *key;
	} bits[] = {
#define PTE(id, bit, letter, key) { PAGE_PTE_##id, key },
#include "arch/pte.def"
	};
	if (!js_open_if(j, "pte", page->pte_known, '{'))
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(bits); i++)
		if (bits[i].key)
			js_tri(j, bits[i].key,
			       tri_from(page->pte_known & bits[i].bit,
					page->pte & bits[i].bit));
	js_close(j, '}');
}

static void json_flags(struct js *j, const struct page_info *page)
{
	if (!js_open_if(j, "flags", page_knows(page, PAGE_F_FLAGS), '['))
		return;
	EACH_BIT (bit, page->flags)
		js_str(j, NULL, kpageflags_name(bit, 0));
	js_close(j, ']');
}

static void json_counts(struct js *j, const struct page_info *page)
{
	bool mapcount = page_knows(page, PAGE_F_MAPCOUNT);
	bool pincount = page_knows(page, PAGE_F_PINCOUNT);

	js_num_if(j, "folio_pages", page_knows(page, PAGE_F_FOLIO), 1ll << page->order);
	js_num_if(j, "mapcount", mapcount, page->mapcount);
	js_str(j, "mapcount_kind",
	       mapcount ? page_count_kind_names[page->mapcount_kind] : NULL);
	js_num_if(j, "refcount", page_knows(page, PAGE_F_REFCOUNT), page->refcount);
	js_num_if(j, "pincount", pincount, page->pincount);
	js_str(j, "pincount_kind",
	       pincount ? page_count_kind_names[page->pincount_kind] : NULL);
	js_tri(j, "anon_exclusive",
	       page_knows(page, PAGE_F_ANON_EXCLUSIVE) ? (enum tri)page->anon_exclusive
						       : TRI_UNKNOWN);
}

/* Adds the reference ledger. */
static void json_refs(struct js *j, const struct report_row *row)
{
	const struct page_info *page = report_page(row);

	if (!js_open_if(j, "refs", page_knows(page, PAGE_F_REFCOUNT), '{'))
		return;
	js_num_if(j, "expected", page->expected >= 0, page->expected);
	js_num_if(j, "excess", page->expected >= 0, page->excess);
	if (row->ledger) {
		js_open(j, "holders", '[');
		for (unsigned i = 0; i < row->nholders; i++)
			render_json_page_holder(j, &row->holders[i]);
		js_close(j, ']');
		js_num_if(j, "unexplained", row->ledger->unexplained >= 0,
			  row->ledger->unexplained);
	}
	js_close(j, '}');
}

static void json_why(struct js *j, const struct page_info *page)
{
	bool any = false;

	for (unsigned i = 0; i < PAGE_FIELDS; i++) {
		if (!page_lacks(page, i))
			continue;
		if (!any)
			js_open(j, "unknown", '{');
		any = true;
		js_str(j, page_field_names[i], page_why_texts[page->why[i]]);
	}
	if (any)
		js_close(j, '}');
}

#define PUT(to, text) ((char *)memcpy((to), (text), sizeof(text) - 1) + sizeof(text) - 1)

char *render_json_page_put(char *to, const struct report_row *row, bool with_pid)
{
	const struct page_info *page = report_page(row);

	*to++ = '{';
	if (with_pid)
		to = PUT(columns_put(PUT(to, "\"pid\":"), row->process->pid, 10), ",");
	to = columns_put(PUT(to, "\"addr\":\"0x"), row->run.addr, 16);
	to = columns_put(PUT(to, "\",\"pages\":"), row->run.pages, 10);
	to = columns_put(PUT(to, ",\"size\":"), page->size, 10);
	to = PUT(to, ",\"pfn\":");
	if (page_knows(page, PAGE_F_PFN))
		return PUT(columns_put(PUT(to, "\"0x"), row->run.pfn, 16), "\"");
	return PUT(to, "null");
}

void render_json_page_place(struct js *j, const char *key, const struct report_row *row,
			    bool with_pid)
{
	char text[RENDER_JSON_PLACE];

	js_json(j, key, text, render_json_page_put(text, row, with_pid) - text);
}

void render_json_page_rest(struct js *j, const struct report_row *row)
{
	const struct page_info *page = report_page(row);
	bool zone = page_knows(page, PAGE_F_ZONE);

	js_str(j, "kind", page->kind == PAGE_UNKNOWN ? NULL : page_kind_name(page->kind));
	js_str(j, "leaf", page_leaf_name(page->leaf));
	json_counts(j, page);
	json_pte(j, page);
	json_flags(j, page);
	js_num_if(j, "node", zone, page->node);
	js_str(j, "zone", zone ? page_zone_name(page->zone) : NULL);
	if (page->kind == PAGE_SWAP) {
		js_open(j, "swap", '{');
		js_num(j, "type", page->swap_type);
		js_hex(j, "offset", row->run.pfn);
		js_close(j, '}');
	}
	if (page->raced)
		js_bool(j, "raced", true);
	json_refs(j, row);
	json_why(j, page);
	json_verdicts(j, row->run.class->verdicts);
	js_close(j, '}');
}

void render_json_page_holder(struct js *j, const struct holder *h)
{
	js_open(j, NULL, '{');
	js_str(j, "kind", holders_kind_name(h->kind));
	js_str(j, "certainty", holders_certainty_name(h->certainty));
	if (h->nends) {
		js_num(j, "pid", h->end[0].pid);
		if (h->end[0].fd >= 0)
			js_num(j, "fd", h->end[0].fd);
	}
	if (holders_kinds[h->kind].flags & HOLDERS_F_SLOT)
		js_num(j, "slot", h->slot);
	if (holders_kinds[h->kind].flags & HOLDERS_F_INODE)
		js_num(j, h->kind == HOLDERS_PIPE ? "pipe" : "socket", h->object);
	if (h->bytes) {
		if (h->addr)
			js_hex(j, "addr", h->addr);
		js_num(j, "bytes", h->bytes);
	}
	if (h->name[0])
		js_str(j, "name", h->name);
	js_open(j, "ends", '[');
	for (u32 i = 0; i < h->nends; i++) {
		js_open(j, NULL, '{');
		js_num(j, "pid", h->end[i].pid);
		js_str(j, "comm", h->end[i].comm);
		js_num(j, "fd", h->end[i].fd);
		if (h->kind == HOLDERS_PIPE)
			js_str(j, "end",
			       h->end[i].reads && h->end[i].writes ? "both"
			       : h->end[i].writes                  ? "write"
								   : "read");
		js_close(j, '}');
	}
	js_close(j, ']');
	js_close(j, '}');
}
