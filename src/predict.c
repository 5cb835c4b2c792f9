/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "predict.h"

#include <errno.h>
#include <string.h>

#include "pure.h"

/* Flags beside GUP_WRITE, GUP_PIN and GUP_LONGTERM. */
#define PREDICT_UNSHARE BIT(3) /* the fault is an unshare fault */
#define PREDICT_STORE BIT(4)   /* a store by the process, not GUP */
#define PREDICT_COPIED BIT(5)  /* the store's page was copied */

/* Where a walk goes on, and how it ends. */
enum predict_stage {
	PREDICT_FAST,
	PREDICT_CHECK,
	PREDICT_FOLLOW,
	PREDICT_FAULT,
	PREDICT_COW,
	PREDICT_LONGTERM,
	PREDICT_WRITE,
	PREDICT_SEEN,
	PREDICT_FORK,
	PREDICT_STAGES,

	PREDICT_RETRY = PREDICT_STAGES, /* after a fault: follow again */
	PREDICT_ENDS,
	PREDICT_FAST_YES = PREDICT_ENDS,
	PREDICT_FAST_NO,   /* ->value: enum gup_reason */
	PREDICT_OK,        /* slow GUP has the page */
	PREDICT_ERROR,     /* ->value: errno */
	PREDICT_UNDECIDED, /* depends on what no source can read */
	PREDICT_SEGV,
	PREDICT_SEEN_END,
	PREDICT_FORK_END, /* ->value: enum gup_fork_word */
};

#define PREDICT_STEPS GUP_PATH_MAX /* rules that one walk may fire */

/* The vocabulary of the .def files. */
#define GO(stage) .next = PREDICT_##stage
#define FAST_YES .next = PREDICT_FAST_YES
#define FAST_NO(r) .next = PREDICT_FAST_NO, .value = GUP_REASON_##r
#define OK .next = PREDICT_OK
#define ERROR(e) .next = PREDICT_ERROR, .value = e
#define UNDECIDED .next = PREDICT_UNDECIDED
#define SEGV .next = PREDICT_SEGV
#define SEEN(s, l) .next = PREDICT_SEEN_END, .seen = TRI_##s, .leak = TRI_##l
#define FORK(word) .next = PREDICT_FORK_END, .value = GUP_FORK_##word

/* What is true of a page that this fault has just mapped. */
#define GONE                                                                             \
	(F(SWAP) | F(MIGRATION) | F(GUARD) | F(POISON) | F(DEVICE_ENTRY) | F(PROTNONE) | \
	 F(DEVMAP) | F(KSM) | F(NO_MAPPING) | F(SWAP_EXCLUSIVE) | F(SWAP_SHARED) |       \
	 F(ZONE_MOVABLE) | F(BLOCK_UNPINNABLE) | F(LARGE_MAPS) | F(MM_SHARED) |          \
	 F(EXTRA_REFS) | F(MAYBE_PINNED))
#define SOLE (F(REF_ONE) | F(REF_SOLE) | F(REF_IS_MAPS) | F(MAPCOUNT_ONE))
#define SMALL (F(LEAF_PMD) | F(LEAF_PUD) | F(HUGEPD) | F(LARGE) | F(HUGE_ZERO))
#define FRESH                                                   \
	.set = F(PRESENT) | F(ANON) | F(ANON_EXCLUSIVE) | SOLE, \
	.clear = GONE | SMALL | F(ZERO) | F(SPECIAL) | F(SHMEM) | F(PTE_WRITE)
#define FRESH_HUGE                                                         \
	.set = F(PRESENT) | F(ANON) | F(ANON_EXCLUSIVE) | F(LARGE) | SOLE, \
	.clear = GONE | F(ZERO) | F(HUGE_ZERO) | F(SPECIAL) | F(SHMEM) | F(PTE_WRITE)
#define ZERO_PAGE                                                                        \
	.set = F(PRESENT) | F(ZERO) | F(SPECIAL), .clear = GONE | SMALL | SOLE |         \
							   F(ANON) | F(ANON_EXCLUSIVE) | \
							   F(SHMEM) | F(PTE_WRITE)
#define FILE_PAGE                                                                       \
	.set = F(PRESENT), .clear = GONE | SMALL | SOLE | F(ANON) | F(ANON_EXCLUSIVE) | \
				    F(ZERO) | F(SPECIAL) | F(PTE_WRITE)

#define REUSE .wfault = GUP_WRITE_REUSE, GO(RETRY)
#define REUSE_MARK .wfault = GUP_WRITE_REUSE, .set = F(ANON_EXCLUSIVE), GO(RETRY)
#define COPY .wfault = GUP_WRITE_COPY, .page = GUP_PAGE_COPY, FRESH, GO(RETRY)
#define COPY_HUGE .wfault = GUP_WRITE_COPY, .page = GUP_PAGE_COPY, FRESH_HUGE, GO(RETRY)

#define RULE(i, f, r, c, ...) \
	{ .id = i,            \
	  .stage = STAGE,     \
	  .func = KFUNC_##f,  \
	  .reason = r,        \
	  .cite = c,          \
	  __VA_ARGS__ },

#define STAGE "fast"
static const struct predict_rule rules_fast[] = {
#include "predict_fast.def"
};
#undef STAGE
#define STAGE "check"
static const struct predict_rule rules_check[] = {
#include "predict_check.def"
};
#undef STAGE
#define STAGE "follow"
static const struct predict_rule rules_follow[] = {
#include "predict_follow.def"
};
#undef STAGE
#define STAGE "fault"
static const struct predict_rule rules_fault[] = {
#include "predict_fault.def"
};
#undef STAGE
#define STAGE "cow"
static const struct predict_rule rules_cow[] = {
#include "predict_cow.def"
};
#undef STAGE
#define STAGE "longterm"
static const struct predict_rule rules_longterm[] = {
#include "predict_longterm.def"
};
#undef STAGE
#define STAGE "write"
#define STORE_RULES
static const struct predict_rule rules_write[] = {
#include "predict_after.def"
};
#undef STORE_RULES
#undef STAGE
#define STAGE "seen"
#define SEEN_RULES
static const struct predict_rule rules_seen[] = {
#include "predict_after.def"
};
#undef SEEN_RULES
#undef STAGE
#define STAGE "fork"
#define FORK_RULES
static const struct predict_rule rules_fork[] = {
#include "predict_after.def"
};
#undef FORK_RULES
#undef STAGE

/* Ids of rules count through all tables in the order of the stages. */
enum {
	BASE_CHECK = ARRAY_SIZE(rules_fast),
	BASE_FOLLOW = BASE_CHECK + ARRAY_SIZE(rules_check),
	BASE_FAULT = BASE_FOLLOW + ARRAY_SIZE(rules_follow),
	BASE_COW = BASE_FAULT + ARRAY_SIZE(rules_fault),
	BASE_LONGTERM = BASE_COW + ARRAY_SIZE(rules_cow),
	BASE_WRITE = BASE_LONGTERM + ARRAY_SIZE(rules_longterm),
	BASE_SEEN = BASE_WRITE + ARRAY_SIZE(rules_write),
	BASE_FORK = BASE_SEEN + ARRAY_SIZE(rules_seen),
	BASE_END = BASE_FORK + ARRAY_SIZE(rules_fork),
};

#define TABLE(rules_, base_)                                            \
	{                                                               \
		.rules = rules_, .n = ARRAY_SIZE(rules_), .base = base_ \
	}
static const struct predict_table {
	const struct predict_rule *rules;
	unsigned n, base;
} tables[PREDICT_STAGES] = {
	[PREDICT_FAST] = TABLE(rules_fast, 0),
	[PREDICT_CHECK] = TABLE(rules_check, BASE_CHECK),
	[PREDICT_FOLLOW] = TABLE(rules_follow, BASE_FOLLOW),
	[PREDICT_FAULT] = TABLE(rules_fault, BASE_FAULT),
	[PREDICT_COW] = TABLE(rules_cow, BASE_COW),
	[PREDICT_LONGTERM] = TABLE(rules_longterm, BASE_LONGTERM),
	[PREDICT_WRITE] = TABLE(rules_write, BASE_WRITE),
	[PREDICT_SEEN] = TABLE(rules_seen, BASE_SEEN),
	[PREDICT_FORK] = TABLE(rules_fork, BASE_FORK),
};

static const struct predict_never {
	const char *why;
	u64 yes, no, kyes, kno;
} impossible[] = {
#define NEVER(w, ...) { .why = w, __VA_ARGS__ },
#include "predict_never.def"
#undef NEVER
};

/* The facts of one case, and how far its walk has come. */
struct predict_case {
	struct facts f, k;
	u8 flags; /* GUP_*, PREDICT_* */
	u8 fault, page, wfault;
	u8 steps;
	struct gup_path path;
};

/* What a walk found; each field is a value of the enum it is named after. */
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
	[FIELD_FORK] = GUP_FORK_UNKNOWN,
};

/* ---- inference */

/* Literals of one side: those known to fail, and those not known. */
static inline u64 failing(const struct facts *f, u64 yes, u64 no)
{
	return f->known & ((yes & ~f->value) | (no & f->value));
}

static inline bool single_bit(u64 x)
{
	return x && !(x & (x - 1));
}

/*
 * Applies one row of predict_never.def.  Returns 1 when a fact was learnt, 0 when not, -1 on a
 * contradiction.
 */
static int predict_apply(const struct predict_never *n, struct facts *f, struct facts *k)
{
	u64 left = (n->yes | n->no) & ~f->known, kleft = (n->kyes | n->kno) & ~k->known;

	if (failing(f, n->yes, n->no) || failing(k, n->kyes, n->kno))
		return 0;
	if (!left && !kleft)
		return -1;
	if (!kleft && single_bit(left)) {
		fact_set(f, left, left & n->no);
		return 1;
	}
	if (!left && single_bit(kleft)) {
		fact_set(k, kleft, kleft & n->kno);
		return 1;
	}
	return 0;
}

/* Closes the facts under predict_never.def.  Returns the row that is violated, or NULL. */
static const struct predict_never *predict_close(struct facts *f, struct facts *k)
{
	bool again;

	do {
		again = false;
		for (unsigned i = 0; i < ARRAY_SIZE(impossible); i++) {
			int r = predict_apply(&impossible[i], f, k);

			if (r < 0)
				return &impossible[i];
			again |= r;
		}
	} while (again);
	return NULL;
}

bool predict_infer(const struct kernel *k, struct facts *f)
{
	struct facts known = *f,
		     kernel = { .known = k ? k->known : 0, .value = k ? k->value : 0 };

	if (predict_close(&known, &kernel))
		return false;
	*f = known;
	return true;
}

/* ---- results */

static void predict_join_path(struct gup_path *a, const struct gup_path *b)
{
	u8 n = 0;

	while (n < a->n && n < b->n && a->rule[n] == b->rule[n])
		n++;
	a->forked |= b->forked || n < a->n || n < b->n;
	a->n = n;
}

/* Joins the results of the two cases of fact @bit, in ->f or (@kernel) ->k. */
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
		ret->field[FIELD_PAGE] = c->page;
		ret->field[FIELD_WORD] = predict_word(c);
		break;
	case PREDICT_ERROR:
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
	default:
		memcpy(ret->field, predict_unknown, sizeof(predict_unknown));
		if (c->fault)
			ret->field[FIELD_FAULT] = c->fault;
	}
}

/* ---- the walk */

/*
 * A rule holds (1), does not (0), or a fact must be known first (-1): then *@ret_bit is one bit
 * of the facts, or of the kernel facts when *@ret_kernel.
 */
static int predict_match(const struct predict_rule *r, const struct predict_case *c,
			 u64 *ret_bit, bool *ret_kernel)
{
	u64 left, kleft;

	if ((c->flags & r->need) != r->need || (c->flags & r->forbid))
		return 0;
	if (failing(&c->f, r->yes, r->no) || failing(&c->k, r->kyes, r->kno))
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
		/* The page as it was before the store is judged next. */
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

/* The stage after @r, which does not end the walk. */
static unsigned predict_next(const struct predict_rule *r, struct predict_case *c)
{
	if (r->next != PREDICT_RETRY)
		return r->next;
	c->flags &= ~PREDICT_UNSHARE;
	if (!(c->flags & PREDICT_STORE))
		return PREDICT_FOLLOW;
	return c->wfault ? PREDICT_SEEN : PREDICT_WRITE;
}

static void predict_walk(struct predict_case *c, unsigned stage, unsigned i,
			 struct predict_result *ret);

/* Walks both cases of the unknown fact @bit. */
static void predict_split(const struct predict_case *c, unsigned stage, unsigned i,
			  u64 bit, bool kernel, struct predict_result *ret)
{
	struct predict_result second;
	bool have = false;

	for (unsigned v = 0; v < 2; v++) {
		struct predict_case branch = *c;

		fact_set(kernel ? &branch.k : &branch.f, bit, v);
		if (predict_close(&branch.f, &branch.k))
			continue;
		predict_walk(&branch, stage, i, have ? &second : ret);
		if (have)
			predict_join(ret, &second, bit, kernel);
		have = true;
	}
	if (!have) {
		static const struct predict_rule undecided = { UNDECIDED };

		predict_end(c, &undecided, ret);
		*(kernel ? &ret->unknown_kernel : &ret->unknown) |= bit;
	}
}

static void predict_walk(struct predict_case *c, unsigned stage, unsigned i,
			 struct predict_result *ret)
{
	static const struct predict_rule undecided = { UNDECIDED };

	while (i < tables[stage].n && c->steps < PREDICT_STEPS) {
		const struct predict_rule *r = &tables[stage].rules[i];
		bool kernel = false;
		u64 bit = 0;
		int m = predict_match(r, c, &bit, &kernel);

		if (m < 0) {
			predict_split(c, stage, i, bit, kernel, ret);
			return;
		}
		if (!m) {
			i++;
			continue;
		}
		c->steps++;
		if (c->path.n < GUP_PATH_MAX)
			c->path.rule[c->path.n++] = (u16)(tables[stage].base + i);
		predict_effects(r, c);
		if (r->next >= PREDICT_ENDS) {
			predict_end(c, r, ret);
			return;
		}
		stage = predict_next(r, c);
		i = 0;
	}
	predict_end(c, &undecided, ret);
}

/* Facts that cannot hold on a kernel that lacks a behaviour. */
static const struct {
	u64 kernel, facts;
} predict_lacks[] = {
	{ K(ANON_EXCLUSIVE), F(ANON_EXCLUSIVE) },
	{ K(DEVMAP), F(DEVMAP) },
	{ K(HUGEPD), F(HUGEPD) },
	{ K(SECRETMEM), F(VMA_SECRETMEM) },
	{ K(UFFD_RWP), F(VMA_UFFD_RWP) },
};

/* The same page on another kernel: facts read on one kernel may be judged by another's rules. */
static void predict_translate(struct facts *f, const struct facts *k)
{
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

/* Walks from @stage; facts that contradict each other give an unknown verdict that names them. */
static void predict_run(const struct kernel *k, const struct facts *f, unsigned stage,
			u32 flags, struct predict_result *ret)
{
	struct predict_case c = { .f = *f,
				  .k = { .known = k->known, .value = k->value },
				  .flags = (u8)flags };
	const struct predict_never *never;

	predict_translate(&c.f, &c.k);
	never = predict_close(&c.f, &c.k);
	if (!never) {
		predict_walk(&c, stage, 0, ret);
		return;
	}
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->field, predict_unknown, sizeof(predict_unknown));
	ret->unknown = never->yes | never->no;
	ret->unknown_kernel = (never->kyes | never->kno) & ~k->known;
}

/* ---- public */

void predict_request(const struct kernel *k, const struct facts *f, enum gup_request req,
		     struct gup_verdict *ret)
{
	u32 flags = gup_request_flags(req);
	struct predict_result fast, slow;

	predict_run(k, f, PREDICT_FAST, flags, &fast);
	predict_run(k, f, PREDICT_CHECK, flags, &slow);
	memset(ret, 0, sizeof(*ret));
	ret->fast = fast.field[FIELD_FAST];
	ret->fast_reason =
		ret->fast == TRI_NO ? fast.field[FIELD_REASON] : GUP_REASON_NONE;
	ret->slow = slow.field[FIELD_SLOW];
	ret->fault = slow.field[FIELD_FAULT];
	ret->page = slow.field[FIELD_PAGE];
	ret->err = ret->slow == GUP_SLOW_ERROR ? slow.field[FIELD_ERR] : 0;
	ret->word = ret->fast == TRI_YES  ? GUP_WORD_FAST
		    : ret->fast == TRI_NO ? slow.field[FIELD_WORD]
					  : GUP_WORD_UNKNOWN;
	ret->unknown = fast.unknown | slow.unknown;
	ret->unknown_kernel = fast.unknown_kernel | slow.unknown_kernel;
	ret->path_fast = fast.path;
	ret->path_slow = slow.path;
}

void predict_write(const struct kernel *k, const struct facts *f, struct gup_write *ret)
{
	struct predict_result r;

	predict_run(k, f, PREDICT_WRITE, GUP_WRITE | PREDICT_STORE, &r);
	memset(ret, 0, sizeof(*ret));
	ret->fault = r.field[FIELD_WFAULT];
	ret->seen_by_refs = r.field[FIELD_SEEN];
	ret->leak = r.field[FIELD_LEAK];
	ret->unknown = r.unknown;
	ret->unknown_kernel = r.unknown_kernel;
	ret->path = r.path;
}

void predict_fork(const struct kernel *k, const struct facts *f, struct gup_fork *ret)
{
	struct predict_result r;

	predict_run(k, f, PREDICT_FORK, 0, &r);
	memset(ret, 0, sizeof(*ret));
	ret->word = r.field[FIELD_FORK];
	ret->unknown = r.unknown;
	ret->unknown_kernel = r.unknown_kernel;
	ret->path = r.path;
}

void predict_all(const struct kernel *k, const struct facts *f, struct gup_verdicts *ret)
{
	for (unsigned i = 0; i < GUP_REQUESTS; i++)
		predict_request(k, f, i, &ret->req[i]);
	predict_write(k, f, &ret->write);
	predict_fork(k, f, &ret->fork);
}

unsigned predict_rules(void)
{
	return BASE_END;
}

const struct predict_rule *predict_rule(unsigned id)
{
	for (unsigned i = PREDICT_STAGES; i-- > 0;)
		if (id >= tables[i].base)
			return id - tables[i].base < tables[i].n
				       ? &tables[i].rules[id - tables[i].base]
				       : NULL;
	return NULL;
}

const char *predict_never_text(unsigned i)
{
	return i < ARRAY_SIZE(impossible) ? impossible[i].why : NULL;
}
