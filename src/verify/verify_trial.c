/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One trial: make a state, predict, make the call, compare. */
#include "verify/verify_int.h"

#include "report/collect.h"
#include "report/source.h"

#define VERIFY_REPEATS 3

/* Notes the raw words of a wrong case for a bug report. */
static void verify_note(struct verify_case *c, const struct collect_look *l,
			const struct gupcall_result *seen)
{
	snprintf(
		c->note, sizeof(c->note),
		"kind %s leaf %u ae %u refs %lld/%lld maps %lld facts %llx/%llx saw err %d faults %llu slow %u pagemap %llx -> %llx",
		page_kind_name(l->page.kind), l->page.leaf, l->page.anon_exclusive,
		l->page.refcount, l->page.expected, l->page.mapcount, l->page.facts.value,
		l->page.facts.known, seen->err, seen->faults, seen->slow, seen->before,
		seen->after);
}

static void verify_skip(struct verify_case *c, const char *why)
{
	c->outcome = VERIFY_SKIPPED;
	snprintf(c->note, sizeof(c->note), "%s", why);
}

/* io_uring of old kernels refuses disk files after GUP took the page: GUP did not fail. */
static bool verify_not_gup(struct verify *v, enum gupcall_id act,
			   const struct gupcall_result *seen)
{
	return (act == GUPCALL_DO_URING || act == GUPCALL_DO_URING_SLOW) &&
	       seen->err == -EOPNOTSUPP && !(v->k->value & K(URING_FILE));
}

static void verify_once(struct verify *v, const char *state, enum gupcall_id act,
			bool lenient, struct verify_case *c)
{
	struct pagestate_worker w;
	struct collect_look l;
	struct gupcall_result seen;
	int err = pagestate_worker_start(&w, state, lenient, &v->env);

	c->nfields = 0;
	c->note[0] = '\0';
	if (err || w.err) {
		verify_skip(c, w.why);
	} else if (gupcall_available(act, v->k, &v->env, c->note)) {
		c->outcome = VERIFY_SKIPPED;
	} else if (w.blocks && !gupcall_may_wait(act)) {
		verify_skip(c, "the kernel's log would complain of a wait without retry");
	} else if ((err = collect_look(v->src, w.subject, w.page, NULL,
				       /* only who sees a store depends on holders */
				       gupcall_row(act)->what == GUP_STORE, &l))) {
		verify_skip(c, err == -ENOENT ? "no row: nothing is mapped there"
					      : strerror(-err));
	} else if (l.mergeable) {
		verify_skip(c, "KSM may write-protect the page at any time");
	} else if (gupcall_warns(act,
				 l.page.kind == PAGE_ZERO || l.page.kind == PAGE_NONE)) {
		verify_skip(c,
			    "gup_test would warn of the zero page in the kernel's log");
	} else if (pagestate_worker_call(&w, act,
					 MAX(l.page.size, kernel_page_size(&v->k->ev)),
					 &seen)) {
		verify_skip(c, seen.why);
	} else if (seen.waits && gupcall_row(act)->what == GUP_FORK) {
		verify_skip(c, "looking at it waits for the user fault handler");
	} else if (verify_not_gup(v, act, &seen)) {
		verify_skip(c, "io_uring of this kernel refuses mappings of files");
	} else {
		verify_judge(v->k, act, &l.page, &l.verdicts, &seen, c);
		if (c->outcome == VERIFY_WRONG)
			verify_note(c, &l, &seen);
	}
	pagestate_worker_stop(&w);
}

void verify_trial(struct verify *v, const char *state, enum gupcall_id act, bool lenient,
		  struct verify_case *c)
{
	const struct gupcall_row *row = gupcall_row(act);

	*c = (struct verify_case){ .act = row->name };
	snprintf(c->state, sizeof(c->state), "%s", state);
	c->what = row->what;
	c->request = gup_what_name(c->what);
	verify_once(v, state, act, lenient, c);
	for (int i = 0; c->outcome == VERIFY_WRONG && i < VERIFY_REPEATS; i++) {
		verify_once(v, state, act, lenient, c);
		if (c->outcome != VERIFY_WRONG) {
			c->raced = true;
			verify_skip(c, "raced: wrong once, not when repeated");
			return;
		}
	}
}
