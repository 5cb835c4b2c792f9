/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reportfile/model_diff.h"

#include "page/page.h"
#include "gup/predict.h"

#include "lib/pure.h"

void model_diff_init(struct model_diff *r, const struct source_machine *m,
		     const struct kernel *judge)
{
	*r = (struct model_diff){ .judge = judge, .machine = *m };
}

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
	/* Reports of before have no verdict on a migration. */
	for (unsigned i = 0; i < REJUDGE_MIGRATE + (old->migrate < GUP_MIGRATES); i++) {
		u8 from[] = { old->write, old->leak, old->fork, old->migrate };
		u8 to[] = { new.write, new.leak, new.fork, new.migrate };

		c.what = (u8)i;
		c.from = i < GUP_REQUESTS ? old->req[i].word : from[i - GUP_REQUESTS];
		c.to = i < GUP_REQUESTS ? new.req[i].word : to[i - GUP_REQUESTS];
		c.from_err = i < GUP_REQUESTS ? (u8)old->req[i].err : 0;
		c.to_err = i < GUP_REQUESTS ? (u8) new.req[i].err : 0;
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
	switch (what) {
	case REJUDGE_WRITE:
		return "store";
	case REJUDGE_LEAK:
		return "leak";
	case REJUDGE_FORK:
		return "fork";
	case REJUDGE_MIGRATE:
		return "migrate";
	default:
		return gup_requests[what].name;
	}
}

const char *model_diff_word(const struct model_diff_change *c, bool to)
{
	u8 word = to ? c->to : c->from;

	switch (c->what) {
	case REJUDGE_WRITE:
		return gup_write_names[word];
	case REJUDGE_LEAK:
		return gup_tri_name(word);
	case REJUDGE_FORK:
		return gup_fork_names[word];
	case REJUDGE_MIGRATE:
		return gup_migrate_names[word];
	default:
		return gup_word_name(word, to ? c->to_err : c->from_err);
	}
}
