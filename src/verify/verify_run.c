/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides which trials are done. */
#include "verify/verify_int.h"

#include <unistd.h>

#include "pagestate/pagestate_factory.h"
#include "report/source.h"
#include "os/clock.h"

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
