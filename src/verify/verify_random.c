/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random sequences of operations on an arena; a wrong one is shortened before it is reported. */
#include "verify/verify_int.h"

#include "pagestate/pagestate_factory.h"

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

int verify_random(struct verify *v)
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
