/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "demo/demo.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "demo/demo_actor.h"
#include "demo/demo_pool.h"
#include "pagestate/pagestate.h"

#define WANTED 2 /* huge pages: the shared one and its copy */

struct demo {
	const struct demo_options *opt;
	struct source *src;
	const struct demo_view *view;
	void *ctx;
	struct demo_pool pool;
	struct demo_actors actors;
	u64 thp_bytes;
};

/* ---- looking at the page */

static void look(struct demo *d, struct demo_sight sight[DEMO_WHOS])
{
	for (unsigned i = 0; i < DEMO_WHOS; i++) {
		struct demo_sight *s = &sight[i];

		*s = (struct demo_sight){ .pid = d->actors.pid[i] };
		s->has = s->pid && d->actors.addr &&
			 !collect_look(d->src, s->pid, d->actors.addr, d->opt->model,
				       false, &s->look) &&
			 s->look.page.kind != PAGE_NONE;
	}
}

/* ---- one case */

static PRINTF(2, 3) void skip(struct demo_result *r, const char *fmt, ...)
{
	TEXT_FORMAT(r->skipped, sizeof(r->skipped), fmt);
}

/* This machine has the memory; else r->skipped has the reason and the remedy. */
static bool available(struct demo *d, struct demo_result *r)
{
	char why[PAGESTATE_WHY];

	if (r->memory == DEMO_THP &&
	    (!d->thp_bytes || pagestate_need(PAGESTATE_NEED_THP, why)))
		skip(r,
		     "transparent huge pages are off; as root: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled");
	if (r->memory != DEMO_HUGETLB)
		return !r->skipped[0];
	demo_pool_read(&d->pool);
	if (!d->pool.bytes)
		skip(r, "this kernel has no hugetlb pages");
	else if (d->pool.free < WANTED && d->opt->reserve) {
		int err = demo_pool_reserve(&d->pool, WANTED);

		if (err)
			skip(r, "cannot add huge pages to the pool: %s",
			     err == -ENOMEM ? "no memory for them" : strerror(-err));
	} else if (d->pool.free < WANTED) {
		skip(r,
		     "needs %u free huge pages, %llu are free; as root: echo %llu > /proc/sys/vm/nr_hugepages, or gupinfo --demo --reserve-hugepages does that and puts the old value back",
		     WANTED, d->pool.free, d->pool.total + WANTED - d->pool.free);
	}
	return !r->skipped[0];
}

static int one_step(struct demo *d, struct demo_result *r, unsigned i)
{
	const struct demo_case *c = r->c;
	struct demo_step step = { .number = i + 1,
				  .who = c->step[i].who,
				  .action = c->step[i].action,
				  .predicted = TRI_UNKNOWN,
				  .observed = TRI_UNKNOWN };

	look(d, step.before);
	if (step.action == DEMO_STORE && step.before[step.who].has) {
		const struct gup_write *w = &step.before[step.who].look.verdicts.write;

		r->predicted = w->leak;
		r->unknown = w->unknown;
	}
	step.ret = demo_actor_do(&d->actors, step.who, step.action);
	look(d, step.after);
	if (step.action == DEMO_READ && step.ret > 0)
		r->observed = !strcmp(d->actors.read, "new")   ? TRI_YES
			      : !strcmp(d->actors.read, "old") ? TRI_NO
							       : TRI_UNKNOWN;
	if (step.action == DEMO_STORE || step.action == DEMO_READ) {
		step.predicted = r->predicted;
		step.observed = r->observed;
	}
	if (step.ret < 0)
		skip(r, "step %u failed: %s", i + 1,
		     step.ret == -EPIPE ? "the process died" : strerror((int)-step.ret));
	const struct demo_sight *s = &step.after[step.who];
	if (step.action == DEMO_MAP && r->memory == DEMO_THP && s->has &&
	    s->look.page.leaf && s->look.page.leaf != RAW_LEVEL_PMD)
		skip(r, "the kernel had no huge page to give");
	return d->view->step ? d->view->step(d->ctx, &step, r->memory) : 0;
}

static int run_case(struct demo *d, const struct demo_case *c, u8 memory,
		    struct demo_result *r)
{
	u64 bytes;
	int err = 0;

	memset(r, 0, sizeof(*r));
	r->c = c;
	r->memory = memory;
	r->predicted = r->observed = TRI_UNKNOWN;
	bool may = available(d, r);
	bytes = memory == DEMO_ORDER_0 ? kernel_page_size(&d->src->machine->kernel)
		: memory == DEMO_THP   ? d->thp_bytes
				       : d->pool.bytes;
	if (d->view->start)
		err = d->view->start(d->ctx, c, memory, bytes);
	if (!err && may) {
		err = demo_actor_start(&d->actors, memory, bytes);
		for (unsigned i = 0; !err && !r->skipped[0] && i < DEMO_STEPS &&
				     c->step[i].action != DEMO_NOTHING;
		     i++)
			err = one_step(d, r, i);
		demo_actor_stop(&d->actors);
	}
	if (!err && d->view->result)
		err = d->view->result(d->ctx, r);
	return err;
}

/* ---- all of it */

/* Matches "hugetlb", "child", "hugetlb:child", or nothing: everything. */
static bool chosen(const char *name, const struct demo_case *c, u8 memory)
{
	const char *mem = demo_case_memory(memory);
	size_t n = strlen(mem);

	if (!name || !strcmp(name, mem) || !strcmp(name, c->name))
		return true;
	return !strncmp(name, mem, n) && name[n] == ':' && !strcmp(name + n + 1, c->name);
}

static int begin(struct demo *d)
{
	const struct source_machine *m = d->src->machine;
	struct report_head head = { .kernel = d->opt->model ? d->opt->model
							    : m->page.kernel,
				    .machine = m };

	d->thp_bytes = m->kernel.pmd_size ? m->kernel.pmd_size : 2 << 20;
	return d->view->begin ? d->view->begin(d->ctx, &head) : 0;
}

int demo_run(const struct demo_options *opt, struct source *src,
	     const struct demo_view *view, void *ctx, struct diag *diag,
	     unsigned *ret_wrong)
{
	struct demo_result result[DEMO_CASES * DEMO_MEMORIES];
	struct demo d = { .opt = opt, .src = src, .view = view, .ctx = ctx };
	unsigned n = 0, wrong = 0;
	bool known = false;
	int err;

	for (unsigned i = 0; i < DEMO_CASES * DEMO_MEMORIES; i++)
		known |= chosen(opt->name, &demo_case[i % DEMO_CASES], i / DEMO_CASES);
	if (!known) {
		diag_add(
			diag, DIAG_ERROR,
			"there is no demo '%.40s'; there are order-0, thp, hugetlb, child, child-mprotect, before-fork, after-fork, and both as in hugetlb:child",
			opt->name);
		return -EINVAL;
	}
	err = begin(&d);
	/* huge pages, which leak, come first */
	for (unsigned m = DEMO_MEMORIES; !err && m--;)
		for (unsigned c = 0; !err && c < DEMO_CASES; c++)
			if (chosen(opt->name, &demo_case[c], m))
				err = run_case(&d, &demo_case[c], m, &result[n++]);
	demo_pool_restore(&d.pool);
	for (unsigned i = 0; i < n; i++)
		wrong += !result[i].skipped[0] && result[i].predicted != TRI_UNKNOWN &&
			 result[i].observed != TRI_UNKNOWN &&
			 result[i].predicted != result[i].observed;
	if (!err && view->end)
		err = view->end(ctx, result, n);
	*ret_wrong = wrong;
	return err;
}
