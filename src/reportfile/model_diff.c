/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reportfile/model_diff.h"

#include "reportfile/record_int.h"
#include "gup/predict.h"

#include "lib/pure.h"

/* What is judged beside requests, whose ->what is behind theirs. */
static const struct model_diff_rest {
	const char *name;
	u16 at;  /* in struct record_judgement */
	u8 form; /* of its words */
} model_diff_rest[] = {
	{ "store", offsetof(struct record_judgement, write), RECORD_WRITE },
	{ "leak", offsetof(struct record_judgement, leak), RECORD_TRI },
	{ "fork", offsetof(struct record_judgement, fork), RECORD_FORK },
	{ "migrate", offsetof(struct record_judgement, migrate), RECORD_MIGRATE },
};

static int model_diff_process(void *ctx, const struct process *p)
{
	struct model_diff *r = ctx;

	r->machine.page.has_pinned = p->has_pinned;
	return 0;
}

static void model_diff_add(struct model_diff *r, const struct model_diff_change *c)
{
	for (unsigned i = 0; i < r->n; i++) {
		struct model_diff_change *old = &r->change[i];

		if (old->what == c->what && old->from == c->from && old->to == c->to &&
		    old->from_err == c->from_err && old->to_err == c->to_err) {
			old->pages += c->pages;
			return;
		}
	}
	if (r->n < REJUDGE_CHANGES)
		r->change[r->n++] = *c;
	else
		r->dropped++;
}

static int model_diff_run(void *ctx, const struct process *p, const struct vma *vma,
			  const struct raw_page *raw, const struct record_judgement *old)
{
	struct model_diff *r = ctx;
	struct model_diff_change c = { .pid = p->pid, .addr = raw->addr };
	struct record_judgement new;
	struct gup_verdicts v;
	struct page_info page;
	const struct kernel_evidence *ev = &r->machine.kernel;
	bool differ = false;

	c.pages = raw->pages * (page_read_leaf_size(ev, vma, raw) / kernel_page_size(ev));
	if (!old->present) {
		r->unjudged += c.pages;
		return 0;
	}
	page_read(&r->machine.page, vma, raw, &page);
	predict_all(r->judge, &page.facts, &v);
	record_judge(&v, &new);
	for (unsigned i = 0; i < GUP_REQUESTS + ARRAY_SIZE(model_diff_rest); i++) {
		bool request = i < GUP_REQUESTS;
		const struct model_diff_rest *rest =
			&model_diff_rest[request ? 0 : i - GUP_REQUESTS];

		c.what = (u8)i;
		c.from = request ? old->req[i].word : ((const u8 *)old)[rest->at];
		c.to = request ? new.req[i].word : ((const u8 *)&new)[rest->at];
		c.from_err = request ? (u8)old->req[i].err : 0;
		c.to_err = request ? (u8) new.req[i].err : 0;
		/* Reports of before have no verdict on a migration. */
		if (!request && !record_word(rest->form, c.from))
			continue;
		if (c.from == c.to && c.from_err == c.to_err)
			continue;
		differ = true;
		model_diff_add(r, &c);
	}
	if (differ)
		r->differ += c.pages;
	else if (page.kind != PAGE_NONE)
		r->same += c.pages;
	return 0;
}

const struct record_handler model_diff_handler = {
	.process = model_diff_process,
	.run = model_diff_run,
};

const char *model_diff_what_name(unsigned what)
{
	return what < GUP_REQUESTS ? gup_requests[what].name
				   : model_diff_rest[what - GUP_REQUESTS].name;
}

const char *model_diff_word(const struct model_diff_change *c, bool to)
{
	u8 word = to ? c->to : c->from;

	return c->what < GUP_REQUESTS
		       ? gup_word_name(word, to ? c->to_err : c->from_err)
		       : record_word(model_diff_rest[c->what - GUP_REQUESTS].form, word);
}
