/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gup/predict_int.h"
#include "lib/array.h"

#include <string.h>

#include "lib/pure.h"

#define PREDICT_STEPS GUP_PATH_MAX /* rules that may fire in one walk */

/* The facts of one case, and the state of its walk. */
struct predict_case {
	struct facts f, k;
	u8 flags; /* GUP_*, PREDICT_* */
	u8 fault, page, wfault;
	u8 steps;
	struct gup_path path;
};

/* The results of a walk.  Each field holds a value of the enum of its name. */
enum predict_field {
	FIELD_FAST,
	FIELD_REASON,
	FIELD_SLOW,
	FIELD_ERR,
	FIELD_FAULT,
	FIELD_PAGE,
	FIELD_WORD,
	FIELD_WFAULT,
	FIELD_SEEN,
	FIELD_LEAK,
	FIELD_FORK,
	FIELD_MIGRATE,
	FIELD_WAITS,
	FIELDS
};

struct predict_result {
	u8 field[FIELDS];
	u64 unknown, unknown_kernel;
	struct gup_path path;
};

static const u8 predict_unknown[FIELDS] = {
	[FIELD_FAST] = TRI_UNKNOWN,        [FIELD_REASON] = GUP_REASON_UNKNOWN,
	[FIELD_SLOW] = GUP_SLOW_UNKNOWN,   [FIELD_ERR] = 0,
	[FIELD_FAULT] = GUP_FAULT_UNKNOWN, [FIELD_PAGE] = GUP_PAGE_UNKNOWN,
	[FIELD_WORD] = GUP_WORD_UNKNOWN,   [FIELD_WFAULT] = GUP_WRITE_UNKNOWN,
	[FIELD_SEEN] = TRI_UNKNOWN,        [FIELD_LEAK] = TRI_UNKNOWN,
	[FIELD_FORK] = GUP_FORK_UNKNOWN,   [FIELD_MIGRATE] = GUP_MIGRATE_UNKNOWN,
};

/* ---- results */

static void predict_join_path(struct gup_path *a, const struct gup_path *b)
{
	u8 n = 0;

	while (n < a->n && n < b->n && a->rule[n] == b->rule[n])
		n++;
	a->forked |= b->forked || n < a->n || n < b->n;
	a->n = n;
	memset(&a->rule[n], 0, sizeof(a->rule) - n * sizeof(a->rule[0]));
}

/* Joins the results of both cases of fact @bit, a fact of the page or (@kernel) of the kernel. */
static void predict_join(struct predict_result *a, const struct predict_result *b,
			 u64 bit, bool kernel)
{
	bool differ = false;

	for (unsigned i = 0; i < FIELDS; i++)
		if (a->field[i] != b->field[i]) {
			a->field[i] = predict_unknown[i];
			differ = true;
		}
	a->unknown |= b->unknown;
	a->unknown_kernel |= b->unknown_kernel;
	if (differ && kernel)
		a->unknown_kernel |= bit;
	else if (differ)
		a->unknown |= bit;
	predict_join_path(&a->path, &b->path);
}

static u8 predict_word(const struct predict_case *c)
{
	switch (c->page) {
	case GUP_PAGE_MIGRATED:
		return GUP_WORD_MIGRATE;
	case GUP_PAGE_UNKNOWN:
		return GUP_WORD_UNKNOWN;
	case GUP_PAGE_COPY:
		return GUP_WORD_COPY;
	case GUP_PAGE_NEW:
		return c->fault == GUP_FAULT_SWAPIN ? GUP_WORD_SWAPIN : GUP_WORD_FAULT;
	default:
		return c->fault == GUP_FAULT_UNSHARE ? GUP_WORD_MARK
		       : c->fault == GUP_FAULT_WRITE ? GUP_WORD_REUSE
						     : GUP_WORD_SLOW;
	}
}

static void predict_end(const struct predict_case *c, const struct predict_rule *rule,
			struct predict_result *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->path = c->path;
	ret->unknown = rule->want;
	ret->field[FIELD_FAULT] = c->fault;
	ret->field[FIELD_WFAULT] = c->flags & PREDICT_STORE ? c->wfault : GUP_WRITE_NONE;
	switch (rule->next) {
	case PREDICT_FAST_YES:
		ret->field[FIELD_FAST] = TRI_YES;
		break;
	case PREDICT_FAST_NO:
		ret->field[FIELD_REASON] = rule->value;
		break;
	case PREDICT_OK:
		if (c->page == GUP_PAGE_UNKNOWN) /* the hint moves it, or does not */
			ret->unknown = F(PROTNONE);
		ret->field[FIELD_PAGE] = c->page;
		ret->field[FIELD_WORD] = predict_word(c);
		break;
	case PREDICT_ERROR:
		if (c->flags & PREDICT_STORE)
			ret->field[FIELD_WFAULT] = GUP_WRITE_SEGV;
		ret->field[FIELD_SLOW] = GUP_SLOW_ERROR;
		ret->field[FIELD_ERR] = rule->value;
		ret->field[FIELD_PAGE] = GUP_PAGE_NONE;
		ret->field[FIELD_WORD] = GUP_WORD_ERRNO;
		break;
	case PREDICT_SEGV:
		ret->field[FIELD_WFAULT] = GUP_WRITE_SEGV;
		break;
	case PREDICT_SEEN_END:
		ret->field[FIELD_SEEN] = rule->seen;
		ret->field[FIELD_LEAK] = rule->leak;
		break;
	case PREDICT_FORK_END:
		ret->field[FIELD_FORK] = rule->value;
		break;
	case PREDICT_MIGRATE_END:
		ret->field[FIELD_MIGRATE] = rule->value;
		break;
	default:
		memcpy(ret->field, predict_unknown, sizeof(predict_unknown));
		if (c->fault)
			ret->field[FIELD_FAULT] = c->fault;
		ret->field[FIELD_WAITS] = rule->next == PREDICT_WAITS;
	}
}

/* ---- the walk */

/*
 * Returns 1 when the rule holds, 0 when not, and -1 when a fact must be known first: *@ret_bit
 * is that fact, a kernel fact when *@ret_kernel.
 */
static int predict_match(const struct predict_rule *r, const struct predict_case *c,
			 u64 *ret_bit, bool *ret_kernel)
{
	u64 left, kleft;

	if ((c->flags & r->need) != r->need || (c->flags & r->forbid))
		return 0;
	if (fact_infer_failing(&c->f, r->yes, r->no) ||
	    fact_infer_failing(&c->k, r->kyes, r->kno))
		return 0;
	kleft = (r->kyes | r->kno) & ~c->k.known;
	left = (r->yes | r->no) & ~c->f.known;
	if (!left && !kleft)
		return 1;
	*ret_kernel = !left;
	left = left ? left : kleft;
	*ret_bit = left & -left;
	return -1;
}

static void predict_effects(const struct predict_rule *r, struct predict_case *c)
{
	u64 set = r->set;

	if (!c->fault)
		c->fault = r->raise;
	if (r->page && c->page != GUP_PAGE_NEW)
		c->page = r->page;
	if (!c->wfault)
		c->wfault = r->wfault;
	c->flags |= r->flags;
	if (c->flags & PREDICT_STORE && r->wfault) {
		/* The seen rules judge the page as it was before the store: its facts stay. */
		c->flags |= r->wfault == GUP_WRITE_COPY ? PREDICT_COPIED : 0;
		return;
	}
	if (!(c->k.value & K(ANON_EXCLUSIVE)))
		set &= ~F(ANON_EXCLUSIVE);
	fact_set(&c->f, r->clear, false);
	fact_set(&c->f, set, true);
	fact_set_tri(&c->f, r->forget, TRI_UNKNOWN);
	if (r->wfault && !(c->flags & PREDICT_UNSHARE))
		fact_set(&c->f, F(PTE_WRITE), true);
}

/* Returns the stage to go on with after @r, which does not end the walk. */
static unsigned predict_next(const struct predict_rule *r, struct predict_case *c)
{
	if (r->next == PREDICT_MIGRATE_END) { /* of a long-term pin */
		c->flags |= PREDICT_TRIED;
		c->flags |= r->value == GUP_MIGRATE_YES ? PREDICT_MOVED : 0;
		return PREDICT_LONGTERM;
	}
	if (r->next != PREDICT_RETRY)
		return r->next;
	c->flags &= ~PREDICT_UNSHARE;
	if (!(c->flags & PREDICT_STORE))
		return PREDICT_FOLLOW;
	return c->wfault ? PREDICT_SEEN : PREDICT_WRITE;
}

static void predict_walk(struct predict_case *c, unsigned i, struct predict_result *ret);

/* Walks both cases of the unknown fact @bit. */
static void predict_split(const struct predict_case *c, unsigned i, u64 bit, bool kernel,
			  struct predict_result *ret)
{
	struct predict_result second;
	bool have = false;

	for (unsigned v = 0; v < 2; v++) {
		struct predict_case branch = *c;

		fact_set(kernel ? &branch.k : &branch.f, bit, v);
		if (fact_infer_close(&branch.f, &branch.k))
			continue;
		predict_walk(&branch, i, have ? &second : ret);
		if (have)
			predict_join(ret, &second, bit, kernel);
		have = true;
	}
	if (!have) {
		static const struct predict_rule undecided = {
			.next = PREDICT_UNDECIDED
		};

		predict_end(c, &undecided, ret);
		*(kernel ? &ret->unknown_kernel : &ret->unknown) |= bit;
	}
}

/* Returns the first rule of @stage. */
static unsigned predict_first(unsigned stage)
{
	return ARRAY_FIRST(i, 0, predict_rule_count, predict_rule_all[i].stage < stage);
}

/* Walks from rule @i on. */
static void predict_walk(struct predict_case *c, unsigned i, struct predict_result *ret)
{
	static const struct predict_rule undecided = { .next = PREDICT_UNDECIDED };
	u8 stage = predict_rule_all[i].stage;

	while (i < predict_rule_count && predict_rule_all[i].stage == stage &&
	       c->steps < PREDICT_STEPS) {
		const struct predict_rule *r = &predict_rule_all[i];
		bool kernel = false;
		u64 bit = 0;
		int m = predict_match(r, c, &bit, &kernel);

		if (m < 0) {
			predict_split(c, i, bit, kernel, ret);
			return;
		}
		if (!m) {
			i++;
			continue;
		}
		c->steps++;
		if (c->path.n < GUP_PATH_MAX)
			c->path.rule[c->path.n++] = (u16)i;
		predict_effects(r, c);
		if (r->next >= PREDICT_ENDS &&
		    !(r->next == PREDICT_MIGRATE_END && c->flags & GUP_LONGTERM)) {
			predict_end(c, r, ret);
			return;
		}
		if (r->next == PREDICT_PASS) {
			i++;
			continue;
		}
		stage = (u8)predict_next(r, c);
		i = predict_first(stage);
	}
	predict_end(c, &undecided, ret);
}

/* Facts that do not hold on a kernel that lacks a behaviour. */
static const struct {
	u64 kernel, facts;
} predict_lacks[] = {
	{ K(ANON_EXCLUSIVE), F(ANON_EXCLUSIVE) }, { K(DEVMAP), F(DEVMAP) },
	{ K(SECRETMEM), F(VMA_SECRETMEM) },       { K(UFFD_RWP), F(VMA_UFFD_RWP) },
	{ K(UFFD_WP_ASYNC), F(VMA_UFFD_ASYNC) },
};

/* Translates facts read on one kernel for the rules of another. */
static void predict_translate(struct facts *f, const struct facts *k)
{
	/* It was read-write protection that resolved itself, or may have been. */
	if (k->known & ~k->value & K(UFFD_RWP) && !(f->value & F(VMA_UFFD_WP)) &&
	    fact_get(f, FACT_VMA_UFFD_RWP) != TRI_NO)
		fact_set_tri(f, F(VMA_UFFD_ASYNC),
			     tri_from(f->known & F(VMA_UFFD_WP), false));
	predict_rule_place_hugetlb(f, k);
	for (unsigned i = 0; i < ARRAY_SIZE(predict_lacks); i++)
		if (k->known & ~k->value & predict_lacks[i].kernel)
			fact_set(f, predict_lacks[i].facts, false);
	if (!(f->value & F(PRESENT)))
		return;
	if (f->value & F(HUGE_ZERO))
		fact_set_tri(f, F(SPECIAL),
			     tri_from(k->known & K(HUGE_ZERO_SPECIAL),
				      k->value & K(HUGE_ZERO_SPECIAL)));
	else if (f->value & (F(LEAF_PMD) | F(LEAF_PUD)) &&
		 k->known & ~k->value & K(PMD_SPECIAL))
		fact_set(f, F(SPECIAL), false);
}

/* What all walks of a page begin with. */
struct predict_start {
	struct facts f, k; /* known and inferred, of the page and of the kernel */
	const struct fact_never
		*never; /* the combination that they contradict, or NULL */
};

static struct predict_start predict_start(const struct kernel *k, const struct facts *f)
{
	struct predict_start s = { .f = *f,
				   .k = { .known = k->known, .value = k->value } };

	predict_translate(&s.f, &s.k);
	s.never = fact_infer_close(&s.f, &s.k);
	return s;
}

/* Walks from @stage.  Contradicting facts give an unknown verdict that names them. */
static void predict_run(const struct predict_start *s, unsigned stage, u32 flags,
			struct predict_result *ret)
{
	struct predict_case c = { .f = s->f, .k = s->k, .flags = (u8)flags };

	if (!s->never) {
		predict_walk(&c, predict_first(stage), ret);
		return;
	}
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->field, predict_unknown, sizeof(predict_unknown));
	ret->unknown = s->never->yes | s->never->no;
	ret->unknown_kernel = (s->never->kyes | s->never->kno) & ~s->k.known;
}

static void predict_gup(const struct predict_start *s, enum gup_request req,
			struct gup_verdict *ret)
{
	u32 flags = gup_requests[req].flags;
	struct predict_result fast, slow;

	predict_run(s, PREDICT_FAST, flags, &fast);
	predict_run(s, PREDICT_CHECK, flags, &slow);
	memset(ret, 0, sizeof(*ret));
	ret->fast = fast.field[FIELD_FAST];
	ret->fast_reason =
		ret->fast == TRI_NO ? fast.field[FIELD_REASON] : GUP_REASON_NONE;
	ret->slow = slow.field[FIELD_SLOW];
	ret->fault = slow.field[FIELD_FAULT];
	ret->page = slow.field[FIELD_PAGE];
	ret->err = ret->slow == GUP_SLOW_ERROR ? slow.field[FIELD_ERR] : 0;
	ret->waits = slow.field[FIELD_WAITS];
	ret->word = ret->fast == TRI_YES  ? GUP_WORD_FAST
		    : ret->fast == TRI_NO ? slow.field[FIELD_WORD]
					  : GUP_WORD_UNKNOWN;
	ret->unknown = fast.unknown | slow.unknown;
	ret->unknown_kernel = fast.unknown_kernel | slow.unknown_kernel;
	ret->path_fast = fast.path;
	ret->path_slow = slow.path;
}

static void predict_store(const struct predict_start *s, struct gup_write *ret)
{
	struct predict_result r;

	predict_run(s, PREDICT_WRITE, GUP_WRITE | PREDICT_STORE, &r);
	memset(ret, 0, sizeof(*ret));
	ret->fault = r.field[FIELD_WFAULT];
	ret->seen_by_refs = r.field[FIELD_SEEN];
	ret->leak = r.field[FIELD_LEAK];
	ret->waits = r.field[FIELD_WAITS];
	ret->unknown = r.unknown;
	ret->unknown_kernel = r.unknown_kernel;
	ret->path = r.path;
}

static void predict_whatif(const struct predict_start *s, unsigned stage,
			   enum predict_field word, struct gup_whatif *ret)
{
	struct predict_result r;

	predict_run(s, stage, 0, &r);
	memset(ret, 0, sizeof(*ret));
	ret->word = r.field[word];
	ret->unknown = r.unknown;
	ret->unknown_kernel = r.unknown_kernel;
	ret->path = r.path;
}

/* ---- public */

const char *predict_contradiction(const struct kernel *k, const struct facts *f)
{
	const struct predict_start s = predict_start(k, f);

	return s.never ? s.never->why : NULL;
}

void predict_request(const struct kernel *k, const struct facts *f, enum gup_request req,
		     struct gup_verdict *ret)
{
	const struct predict_start s = predict_start(k, f);

	predict_gup(&s, req, ret);
}

void predict_write(const struct kernel *k, const struct facts *f, struct gup_write *ret)
{
	const struct predict_start s = predict_start(k, f);

	predict_store(&s, ret);
}

void predict_fork(const struct kernel *k, const struct facts *f, struct gup_whatif *ret)
{
	const struct predict_start s = predict_start(k, f);

	predict_whatif(&s, PREDICT_FORK, FIELD_FORK, ret);
}

void predict_migrate(const struct kernel *k, const struct facts *f,
		     struct gup_whatif *ret)
{
	const struct predict_start s = predict_start(k, f);

	predict_whatif(&s, PREDICT_MIGRATE, FIELD_MIGRATE, ret);
}

void predict_all(const struct kernel *k, const struct facts *f, struct gup_verdicts *ret)
{
	const struct predict_start s = predict_start(k, f);

	for (unsigned i = 0; i < GUP_REQUESTS; i++)
		predict_gup(&s, i, &ret->req[i]);
	predict_store(&s, &ret->write);
	predict_whatif(&s, PREDICT_FORK, FIELD_FORK, &ret->fork);
	predict_whatif(&s, PREDICT_MIGRATE, FIELD_MIGRATE, &ret->migrate);
}

unsigned predict_rules(void)
{
	return predict_rule_count;
}
