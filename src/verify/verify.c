/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/verify_judge.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/text.h"
#include "os/clock.h"
#include "pagestate/pagestate_factory.h"
#include "pagestate/pagestate_worker.h"
#include "report/collect.h"
#include "report/source.h"

/* One run. */
struct verify {
	struct source *src;
	const struct kernel *k;
	const struct verify_options *opt;
	struct verify_result *r;
	struct gupcall_env env;
};

static volatile sig_atomic_t verify_end; /* set by verify_stop() */

void verify_stop(void)
{
	verify_end = 1;
}

/* Returns whether the user wants @act to be tried, and this machine can do it. */
static bool verify_wanted(const struct verify *v, enum gupcall_id act)
{
	char why[PAGESTATE_WHY];

	return (!v->opt->only || v->opt->only & BIT(gupcall_row(act)->what)) &&
	       !gupcall_available(act, v->k, &v->env, why);
}

void verify_result_deinit(struct verify_result *r)
{
	free(r->row);
	free(r->cases);
	r->row = NULL;
	r->cases = NULL;
	r->nrows = r->row_room = r->ncases = r->case_room = 0;
}

static struct verify_row *verify_row(struct verify_result *r, const char *state)
{
	size_t len = MIN(strcspn(state, "+"), sizeof(r->row->state) - 1);
	struct verify_row *row;

	for (size_t i = 0; i < r->nrows; i++)
		if (text_same(r->row[i].state, state, len))
			return &r->row[i];
	row = array_add(&r->row, &r->nrows, &r->row_room, sizeof(*row));
	if (row)
		memcpy(row->state, state, len);
	return row;
}

static void verify_reason(struct verify_result *r, const char *text)
{
	size_t i = ARRAY_SEEK(k, r->nreasons, !strcmp(r->reason[k].text, text));

	if (i == ARRAY_SIZE(r->reason))
		return;
	if (i == r->nreasons) {
		snprintf(r->reason[i].text, sizeof(r->reason[i].text), "%s", text);
		r->nreasons++;
	}
	r->reason[i].n++;
}

/* Counts @c and, if @keep, stores it.  Returns 0 or -ENOMEM. */
static int verify_count(struct verify *v, const struct verify_case *c, bool keep)
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
	if (keep && array_put(&r->cases, &r->ncases, &r->case_room, sizeof(*c), c))
		return -ENOMEM;
	if (v->opt->progress)
		v->opt->progress(v->opt->progress_ctx, r);
	return 0;
}

/* ---- one trial: make a state, predict, make the call, compare */

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

/* Tries @act on @state, and again when it is wrong.  @lenient as in pagestate_worker_start(). */
static void verify_trial(struct verify *v, const char *state, enum gupcall_id act,
			 bool lenient, struct verify_case *c)
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

/* ---- random sequences of operations on an arena; a wrong one is shortened before it is reported */

#define VERIFY_OPS_MAX 14
#define VERIFY_SHRINK_MAX 80 /* trials for shortening one wrong sequence */
#define VERIFY_KEEP 200      /* random cases kept in addition to the wrong ones */

/* splitmix64: every seed gives another, good sequence. */
static u64 verify_rand(u64 *seed)
{
	u64 z = *seed += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static unsigned verify_below(u64 *seed, unsigned n)
{
	return (unsigned)(verify_rand(seed) % n);
}

static const struct {
	enum pagestate_id id;
	unsigned weight;
} verify_arenas[] = {
	{ PAGESTATE_ARENA, 30 },         { PAGESTATE_ARENA_THP, 35 },
	{ PAGESTATE_ARENA_SHMEM, 6 },    { PAGESTATE_ARENA_TMPFS, 8 },
	{ PAGESTATE_ARENA_FILE, 6 },     { PAGESTATE_ARENA_FILE_SHARED, 5 },
	{ PAGESTATE_ARENA_HUGETLB, 14 },
};

static unsigned verify_arena(u64 *seed)
{
	unsigned sum = 0, pick;
	char why[PAGESTATE_WHY];

	for (size_t i = 0; i < ARRAY_SIZE(verify_arenas); i++)
		sum += verify_arenas[i].weight;
	do {
		pick = verify_below(seed, sum);
		for (unsigned i = 0; i < ARRAY_SIZE(verify_arenas); i++) {
			if (pick < verify_arenas[i].weight) {
				if (!pagestate_factory_available(verify_arenas[i].id,
								 why))
					return i;
				break;
			}
			pick -= verify_arenas[i].weight;
		}
	} while (true); /* the plain arena always exists */
}

/* Picks an operation that can do something here. */
static enum pagestate_op_id verify_op(u64 *seed)
{
	unsigned sum = 0, pick;
	char why[PAGESTATE_WHY];

	for (unsigned i = 0; i < PAGESTATE_OPS; i++)
		sum += pagestate_op_row(i)->weight;
	do {
		unsigned i = 0;

		pick = verify_below(seed, sum);
		for (; pick >= pagestate_op_row(i)->weight; i++)
			pick -= pagestate_op_row(i)->weight;
		if (!pagestate_need(pagestate_op_row(i)->needs, why))
			return i;
	} while (true);
}

/* Picks the page for an operation: mostly the watched one, sometimes another or a range. */
static int verify_page_word(u64 *seed, char *buf, size_t len, unsigned look,
			    unsigned pages)
{
	/* The middle is where the second PMD of an arena begins. */
	unsigned middle = MAX(pages / 2, 2u);
	unsigned hot[] = { 0,          1,
			   2,          3,
			   7,          middle / 2 - 1,
			   middle - 1, middle,
			   middle + 1, 2 * middle - 1 };
	unsigned how = verify_below(seed, 20), page = look, last;

	if (how >= 12)
		page = hot[verify_below(seed, ARRAY_SIZE(hot))] % pages;
	if (how < 17)
		return snprintf(buf, len, "@%u", page);
	if (how == 17)
		page = 0;
	last = how == 17 ? MIN(middle, pages) : page + 1 + verify_below(seed, 16);
	last = MIN(last, pages);
	if (last <= page)
		last = page + 1;
	return snprintf(buf, len, "@%u-%u", page, last);
}

/* Writes a random state into @buf. */
static void verify_sequence(u64 *seed, char *buf, size_t len)
{
	unsigned arena = verify_arena(seed);
	unsigned pages = pagestate_factory_pages(verify_arenas[arena].id);
	unsigned ops = 2 + verify_below(seed, VERIFY_OPS_MAX - 1), look;
	size_t n;

	look = verify_below(seed, 3) ? verify_below(seed, 8) % pages
				     : verify_below(seed, pages);
	n = (size_t)snprintf(buf, len, "%s+look@%u",
			     pagestate_factory_row(verify_arenas[arena].id)->name, look);
	/* An untouched arena shows little: begin with a touch most of the time. */
	if (verify_below(seed, 8))
		n += (size_t)snprintf(buf + n, len - n,
				      verify_below(seed, 4) ? "+touch" : "+fill");
	for (unsigned i = 0; i < ops && n < len - 48; i++) {
		enum pagestate_op_id op = verify_op(seed);

		n += (size_t)snprintf(buf + n, len - n, "+%s",
				      pagestate_op_row(op)->name);
		if (pagestate_op_row(op)->scope == PAGESTATE_ONE &&
		    op != PAGESTATE_OP_LOOK && verify_below(seed, 2))
			n += (size_t)verify_page_word(seed, buf + n, len - n, look,
						      pages);
	}
}

/* Copies @state without word @skip; returns false when there is no such word. */
static bool verify_without(const char *state, unsigned skip, char *ret, size_t len)
{
	const char *p = state;
	size_t n;

	for (unsigned i = 0; i < skip; i++) {
		p = strchr(p, '+');
		if (!p)
			return false;
		p++;
	}
	n = (size_t)(p - state) - 1;
	if (n >= len)
		return false;
	memcpy(ret, state, n);
	snprintf(ret + n, len - n, "%s", p + strcspn(p, "+"));
	return true;
}

/* Removes words from the state of a wrong case as long as it stays wrong. */
static void verify_shrink(struct verify *v, enum gupcall_id act, struct verify_case *c)
{
	static struct verify_case shorter;
	char state[VERIFY_STATE_MAX];
	unsigned budget = VERIFY_SHRINK_MAX;
	bool again = true;

	while (again && budget && !verify_end) {
		again = false;
		/* word 0 is the base */
		for (unsigned skip = 1;
		     budget && verify_without(c->state, skip, state, sizeof(state));) {
			budget--;
			verify_trial(v, state, act, true, &shorter);
			if (shorter.outcome == VERIFY_WRONG) {
				*c = shorter;
				again = true;
			} else {
				skip++;
			}
		}
	}
}

/* Tries opt->trials random sequences.  Returns 0 or -errno. */
static int verify_random(struct verify *v)
{
	static struct verify_case c;
	enum gupcall_id act[GUPCALLS];
	unsigned nacts = 0, kept = 0;
	char state[VERIFY_STATE_MAX];
	int err = 0;

	for (unsigned a = 0; a < GUPCALLS; a++)
		if (verify_wanted(v, a))
			act[nacts++] = a;
	for (u64 i = 0; i < v->opt->trials && nacts && !err && !verify_end; i++) {
		u64 seed = v->r->seed + i; /* so that each trial can be repeated alone */
		enum gupcall_id a;

		verify_rand(&seed);
		verify_sequence(&seed, state, sizeof(state));
		a = act[verify_below(&seed, nacts)];
		verify_trial(v, state, a, true, &c);
		if (c.outcome == VERIFY_WRONG)
			verify_shrink(v, a, &c);
		c.random = true;
		kept += c.outcome != VERIFY_RIGHT && c.outcome != VERIFY_WRONG;
		err = verify_count(v, &c,
				   c.outcome == VERIFY_WRONG ||
					   (c.outcome != VERIFY_RIGHT &&
					    kept <= VERIFY_KEEP));
	}
	return err;
}

/* ---- which trials are done */

/* Variants of PAGESTATE_TRY_MODS states; the first VERIFY_FEW for PAGESTATE_TRY_FEW. */
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
	char why[PAGESTATE_WHY];

	/* A state that cannot be made gets one skipped row with the reason. */
	if (pagestate_factory_available(id, why) ||
	    pagestate_factory_row(id)->try == PAGESTATE_TRY_PLAIN)
		return 1;
	return pagestate_factory_row(id)->try == PAGESTATE_TRY_FEW
		       ? VERIFY_FEW
		       : ARRAY_SIZE(verify_mods);
}

/* Tries every call on @state. */
static int verify_state(struct verify *v, const char *state)
{
	static struct verify_case c;
	int err = 0;

	for (unsigned a = 0; a < GUPCALLS && !err && !verify_end; a++) {
		/* Calls that this machine lacks are no trials. */
		if (!verify_wanted(v, a))
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

	for (unsigned i = 0; i < PAGESTATES && !err; i++) {
		unsigned mods;

		if (!pagestate_factory_row(i) ||
		    pagestate_factory_row(i)->try == PAGESTATE_TRY_ARENA)
			continue;
		mods = v->opt->plain ? 1 : verify_nmods(i);
		for (unsigned m = 0; m < mods && !err && !verify_end; m++) {
			snprintf(state, sizeof(state), "%s%s",
				 pagestate_factory_row(i)->name, verify_mods[m]);
			err = verify_state(v, state);
		}
	}
	return err;
}

int verify_run(struct source *src, const struct verify_options *opt,
	       struct verify_result *ret, struct diag *diag)
{
	const struct kernel *k = src->machine->page.kernel;
	struct verify v = { .src = src, .k = k, .opt = opt, .r = ret };
	u64 start = clock_now();
	char why[PAGESTATE_WHY];
	int err = 0;

	memset(ret, 0, sizeof(*ret));
	verify_end = 0;
	ret->kernel = k;
	ret->seed = opt->seed ? opt->seed : start % 1000000000u ^ (u64)getpid() << 32;
	gupcall_env_open(&v.env);
	for (unsigned i = 0; i < opt->nstates && !err; i++)
		err = verify_state(&v, opt->states[i]);
	if (!opt->nstates && (!opt->no_fixed || opt->plain))
		err = verify_fixed(&v);
	if (!err && opt->trials)
		err = verify_random(&v);
	if (opt->only & BIT(GUP_MIGRATE) &&
	    gupcall_available(GUPCALL_DO_MOVE, k, &v.env, why))
		diag_add(diag, DIAG_NOTE, "migrate is not tried: %s", why);
	gupcall_env_close(&v.env);
	ret->seconds = (clock_now() - start) / 1000000000u;
	ret->stopped = verify_end != 0;
	if (!v.env.no_slow[0])
		return err;
	diag_add(diag, DIAG_NOTE, "entries of slow GUP are not counted: %s",
		 v.env.no_slow);
	return err;
}
