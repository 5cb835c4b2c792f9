/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/verify_int.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "report/collect.h"
#include "report/source.h"
#include "pagestate/stage_factory.h"

#define VERIFY_REPEATS 3

static volatile sig_atomic_t verify_end;

void verify_stop(void)
{
	verify_end = 1;
}

bool verify_stopped(void)
{
	return verify_end != 0;
}

const char *verify_what_name(unsigned what)
{
	return what < GUP_REQUESTS    ? gup_request_name(what)
	       : what == VERIFY_STORE ? "store"
				      : "fork";
}

unsigned verify_what_by_name(const char *name)
{
	for (unsigned i = 0; i < VERIFY_WHATS; i++)
		if (!strcmp(name, verify_what_name(i)))
			return i;
	return VERIFY_WHATS;
}

void verify_result_deinit(struct verify_result *r)
{
	free(r->row);
	free(r->cases);
	r->row = NULL;
	r->cases = NULL;
	r->nrows = r->ncases = 0;
}

/* --- counting */

static struct verify_row *verify_row(struct verify_result *r, const char *state)
{
	size_t len = MIN(strcspn(state, "+"), sizeof(r->row->state) - 1);
	struct verify_row *row;

	for (size_t i = 0; i < r->nrows; i++)
		if (strlen(r->row[i].state) == len &&
		    !memcmp(r->row[i].state, state, len))
			return &r->row[i];
	row = realloc(r->row, (r->nrows + 1) * sizeof(*row));
	if (!row)
		return NULL;
	r->row = row;
	row += r->nrows++;
	memset(row, 0, sizeof(*row));
	memcpy(row->state, state, len);
	return row;
}

static void verify_reason(struct verify_result *r, const char *text)
{
	unsigned i;

	for (i = 0; i < r->nreasons; i++)
		if (!strcmp(r->reason[i].text, text))
			break;
	if (i == ARRAY_SIZE(r->reason))
		return;
	if (i == r->nreasons) {
		snprintf(r->reason[i].text, sizeof(r->reason[i].text), "%s", text);
		r->nreasons++;
	}
	r->reason[i].n++;
}

int verify_count(struct verify *v, const struct verify_case *c, bool keep)
{
	struct verify_result *r = v->r;
	struct verify_row *row = verify_row(r, c->state);

	if (!row)
		return -ENOMEM;
	row->n[c->what][c->outcome]++;
	r->n[c->outcome]++;
	r->trials++;
	r->random += c->random;
	r->raced += c->raced;
	for (unsigned i = 0; c->outcome == VERIFY_UNKNOWN && i < FACTS; i++)
		r->missing[i] += c->unknown >> i & 1;
	if (c->outcome == VERIFY_SKIPPED)
		verify_reason(r, c->note);
	if (keep) {
		if (!(r->ncases &
		      (r->ncases + 1))) { /* 0, 1, 3, 7 …: grow to twice and one */
			struct verify_case *more =
				realloc(r->cases, (2 * r->ncases + 1) * sizeof(*more));

			if (!more)
				return -ENOMEM;
			r->cases = more;
		}
		r->cases[r->ncases++] = *c;
	}
	if (v->opt->progress)
		v->opt->progress(v->opt->progress_ctx, r);
	return 0;
}

/* --- one trial */

struct verify_look {
	u64 addr;
	bool found, mergeable;
	struct page page;
	struct gup_verdicts verdicts;
};

static int verify_row_seen(void *ctx, const struct report_row *row)
{
	struct verify_look *l = ctx;

	if (row->page->addr > l->addr ||
	    l->addr >= row->page->addr + row->page->pages * row->page->size)
		return 0;
	l->page = *row->page;
	l->verdicts = *row->verdicts;
	l->mergeable = row->vma->flags & VF(MERGEABLE) && row->page->kind != PAGE_KSM;
	l->found = true;
	return 1;
}

/* What gupinfo says of the worker's page.  0, -ENOENT: no row; -errno. */
static int verify_look(struct verify *v, const struct stage_worker *w,
		       struct verify_look *l)
{
	struct collect_range range = { .start = w->page, .end = w->page + 4096 };
	struct collect_options opt = { .pids = &w->subject,
				       .npids = 1,
				       .ranges = &range,
				       .nranges = 1,
				       .each = true,
				       .holes = true };
	struct report_view view = { .row = verify_row_seen };
	struct diag diag;
	int err;

	*l = (struct verify_look){ .addr = w->page };
	diag_init(&diag);
	err = collect_run(v->src, &opt, &view, l, &diag);
	diag_deinit(&diag);
	if (l->found)
		return 0;
	return err < 0 ? err : -ENOENT;
}

/* The raw words of a wrong case: what a bug report needs. */
static void verify_note(struct verify_case *c, const struct verify_look *l,
			const struct act_result *seen)
{
	snprintf(c->note, sizeof(c->note),
		 "kind %s leaf %u ae %u refs %lld/%lld maps %lld facts %llx/%llx saw err "
		 "%d "
		 "faults %llu slow %u pagemap %llx -> %llx",
		 page_kind_name(l->page.kind), l->page.leaf, l->page.anon_exclusive,
		 (long long)l->page.refcount, (long long)l->page.expected,
		 (long long)l->page.mapcount, (unsigned long long)l->page.facts.value,
		 (unsigned long long)l->page.facts.known, seen->err,
		 (unsigned long long)seen->faults, seen->slow,
		 (unsigned long long)seen->before, (unsigned long long)seen->after);
}

static void verify_skip(struct verify_case *c, const char *why)
{
	c->outcome = VERIFY_SKIPPED;
	snprintf(c->note, sizeof(c->note), "%s", why);
}

/* io_uring of old kernels refuses disk files after GUP took them: that is not GUP's answer. */
static bool verify_not_gup(struct verify *v, enum act_id act,
			   const struct act_result *seen)
{
	return (act == ACT_DO_URING || act == ACT_DO_URING_SLOW) &&
	       seen->err == -EOPNOTSUPP && !(v->k->value & K(URING_FILE));
}

static void verify_once(struct verify *v, const char *state, enum act_id act,
			bool lenient, struct verify_case *c)
{
	struct stage_worker w;
	struct verify_look l;
	struct act_result seen;
	int err = stage_worker_start(&w, state, lenient, &v->env);

	c->nfields = 0;
	c->note[0] = '\0';
	if (err || w.err) {
		verify_skip(c, w.why);
	} else if (act_available(act, v->k, &v->env, c->note)) {
		c->outcome = VERIFY_SKIPPED;
	} else if (w.blocks && !act_may_wait(act)) {
		verify_skip(c, "the kernel's log would complain of a wait without retry");
	} else if ((err = verify_look(v, &w, &l))) {
		verify_skip(c, err == -ENOENT ? "no row: nothing is mapped there"
					      : strerror(-err));
	} else if (l.mergeable) {
		verify_skip(c, "KSM may write-protect the page at any time");
	} else if (act_warns(act, l.page.kind == PAGE_ZERO || l.page.kind == PAGE_NONE)) {
		verify_skip(c,
			    "gup_test would warn of the zero page in the kernel's log");
	} else if (stage_worker_act(&w, act, MAX(l.page.size, 4096u), &seen)) {
		verify_skip(c, seen.why);
	} else if (seen.waits && act_row(act)->what == ACT_FORK) {
		verify_skip(c, "looking at it waits for the user fault handler");
	} else if (verify_not_gup(v, act, &seen)) {
		verify_skip(c, "io_uring of this kernel refuses mappings of files");
	} else {
		verify_judge(v->k, act, &l.page, &l.verdicts, &seen, c);
		if (c->outcome == VERIFY_WRONG)
			verify_note(c, &l, &seen);
	}
	stage_worker_stop(&w);
}

void verify_trial(struct verify *v, const char *state, enum act_id act, bool lenient,
		  struct verify_case *c)
{
	const struct act_row *row = act_row(act);

	*c = (struct verify_case){ .act = row->name };
	snprintf(c->state, sizeof(c->state), "%s", state);
	c->what = row->what == ACT_REQUEST ? row->request
		  : row->what == ACT_STORE ? VERIFY_STORE
					   : VERIFY_FORK;
	c->request = verify_what_name(c->what);
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

/* --- the fixed states */

/* What is done to every state of STAGE_TRY_MODS; the first VERIFY_FEW to those of STAGE_TRY_FEW. */
static const char *const verify_mods[] = {
	"",
	"+shared",
	"+child-gone+drained",
	"+vmspliced",
	"+child-vmspliced",
	"+parent-vmspliced",
	"+drained",
	"+child-gone",
	"+pinned",
	"+vmspliced+shared",
	"+vmspliced+child-gone",
	"+pinned+child-gone",
	"+shared+as-child",
	"+child-vmspliced+ro+rw",
	"+vmspliced-before-fork",
	"+parent-vmspliced+release+drained",
};
#define VERIFY_FEW 6

static unsigned verify_nmods(unsigned id)
{
	char why[STAGE_WHY];

	/* of a state that cannot be made one row of skips tells why */
	if (stage_factory_available(id, why) ||
	    stage_factory_row(id)->try == STAGE_TRY_PLAIN)
		return 1;
	return stage_factory_row(id)->try == STAGE_TRY_FEW ? VERIFY_FEW
							   : ARRAY_SIZE(verify_mods);
}

static bool verify_wanted(const struct verify_options *opt, enum act_id act)
{
	const struct act_row *row = act_row(act);
	unsigned what = row->what == ACT_REQUEST ? row->request
			: row->what == ACT_STORE ? VERIFY_STORE
						 : VERIFY_FORK;

	return !opt->only || opt->only & BIT(what);
}

/* Every act on @state. */
static int verify_state(struct verify *v, const char *state)
{
	static struct verify_case c;
	char why[STAGE_WHY];
	int err = 0;

	for (unsigned a = 0; a < ACTS && !err && !verify_end; a++) {
		/* acts that this machine does not have are not trials */
		if (!verify_wanted(v->opt, a) || act_available(a, v->k, &v->env, why))
			continue;
		verify_trial(v, state, a, !strncmp(state, "arena", 5), &c);
		err = verify_count(v, &c, true);
	}
	return err;
}

static int verify_fixed(struct verify *v)
{
	char state[128];
	int err = 0;

	for (unsigned i = 0; i < STAGES && !err; i++) {
		unsigned mods = v->opt->plain ? 1 : verify_nmods(i);

		if (stage_factory_row(i)->try == STAGE_TRY_ARENA)
			continue;
		for (unsigned m = 0; m < mods && !err && !verify_end; m++) {
			snprintf(state, sizeof(state), "%s%s", stage_factory_row(i)->name,
				 verify_mods[m]);
			err = verify_state(v, state);
		}
	}
	return err;
}

int verify_run(struct source *src, const struct kernel *k,
	       const struct verify_options *opt, struct verify_result *ret,
	       struct diag *diag)
{
	struct verify v = { .src = src, .k = k, .opt = opt, .r = ret, .diag = diag };
	struct timespec start, end;
	int err = 0;

	memset(ret, 0, sizeof(*ret));
	verify_end = 0;
	clock_gettime(CLOCK_MONOTONIC, &start);
	ret->kernel = k;
	ret->seed = opt->seed ? opt->seed : (u64)start.tv_nsec ^ (u64)getpid() << 32;
	act_env_open(&v.env);
	for (unsigned i = 0; i < opt->nstates && !err; i++)
		err = verify_state(&v, opt->states[i]);
	if (!opt->nstates && (!opt->no_fixed || opt->plain))
		err = verify_fixed(&v);
	if (!err && opt->trials)
		err = verify_random(&v);
	act_env_close(&v.env);
	clock_gettime(CLOCK_MONOTONIC, &end);
	ret->seconds = (u64)(end.tv_sec - start.tv_sec);
	ret->stopped = verify_end != 0;
	if (!v.env.no_slow[0])
		return err;
	diag_add(diag, DIAG_NOTE, "entries of slow GUP are not counted: %s",
		 v.env.no_slow);
	return err;
}
