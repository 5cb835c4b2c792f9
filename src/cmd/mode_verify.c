/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --verify: its options, its progress, and the view of its result. */
#include "cmd/session.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pagestate/pagestate_factory.h"
#include "verify/verify.h"

#define MODE_VERIFY_STATES 64
#define MODE_VERIFY_TRIALS 1000 /* random ones, by default */

struct mode_verify {
	char *list; /* of --state, cut at commas; owned */
	const char *state[MODE_VERIFY_STATES];
	struct verify_options opt;
	bool tty;
};

/* "random" selects random sequences alone, "plain" the states without variants. */
static int mode_verify_states(struct session *s, struct mode_verify *m)
{
	const char *arg = s->opt.value[OPTION_STATE];
	char why[PAGESTATE_WHY], *save = NULL;

	m->opt.states = m->state;
	if (!arg)
		return 0;
	m->list = strdup(arg);
	if (!m->list)
		return -ENOMEM;
	for (char *word = strtok_r(m->list, ",", &save); word;
	     word = strtok_r(NULL, ",", &save)) {
		if (!strcmp(word, "random")) {
			m->opt.no_fixed = true;
			continue;
		}
		if (!strcmp(word, "plain")) {
			m->opt.plain = true;
			continue;
		}
		if (pagestate_factory_check(word, why) ||
		    m->opt.nstates == MODE_VERIFY_STATES)
			return session_fail(s, -EINVAL, "--state %.60s: %s", word,
					    m->opt.nstates == MODE_VERIFY_STATES
						    ? "too many states"
						    : why);
		m->state[m->opt.nstates++] = word;
	}
	return 0;
}

static int mode_verify_requests(struct session *s, struct mode_verify *m)
{
	const char *arg = s->opt.value[OPTION_REQUEST];

	while (arg && *arg) {
		size_t len = strcspn(arg, ",");
		unsigned what = gup_what_by_name(arg, len);

		if (what == GUP_WHATS)
			return session_fail(
				s, -EINVAL,
				"--request takes get-r, get-w, pin-r, pin-w, lt-r, lt-w, store, fork or migrate, not '%.*s'",
				(int)MIN(len, 15UL), arg);
		m->opt.only |= BIT(what);
		arg += len + (arg[len] == ',');
	}
	return 0;
}

static void mode_verify_progress(void *ctx, const struct verify_result *r)
{
	const struct mode_verify *m = ctx;

	if (m->tty && r->trials % 64 == 0)
		fprintf(stderr, "\r%llu trials, %llu wrong\033[K\r", r->trials,
			r->n[VERIFY_WRONG]);
}

static void mode_verify_interrupt(int sig)
{
	(void)sig;
	verify_stop();
}

static int mode_verify_run(struct session *s, struct mode_verify *m)
{
	struct sigaction on = { .sa_handler = mode_verify_interrupt }, old[2];
	struct verify_result r;
	int err;

	sigaction(SIGINT, &on, &old[0]);
	sigaction(SIGTERM, &on, &old[1]);
	err = verify_run(s->source, &m->opt, &r, &s->diag);
	sigaction(SIGINT, &old[0], NULL);
	sigaction(SIGTERM, &old[1], NULL);
	if (m->tty)
		fputs("\033[K", stderr);
	if (!err)
		err = render_verify(&s->opt.render,
				    &(struct report_head){ r.kernel, s->source->machine },
				    &r);
	if (err)
		diag_add(&s->diag, DIAG_ERROR, "verifying failed: %s", strerror(-err));
	err = err ? EXIT_FAILED : r.n[VERIFY_WRONG] ? EXIT_FOUND : EXIT_COMPLETE;
	verify_result_deinit(&r);
	return err;
}

int mode_verify(struct session *s)
{
	struct mode_verify m = { .opt = { .trials = MODE_VERIFY_TRIALS } };
	int status = EXIT_USAGE;

	if (s->has_model || s->opt.replay)
		return session_fail(
			s, EXIT_USAGE,
			"--verify asks this kernel: it goes with neither --model nor --replay");
	m.tty = isatty(STDERR_FILENO);
	m.opt.progress = mode_verify_progress;
	m.opt.progress_ctx = &m;
	if (!mode_verify_states(s, &m) && !mode_verify_requests(s, &m)) {
		if (s->opt.given[OPTION_TRIALS])
			m.opt.trials = s->opt.trials;
		else if (m.opt.nstates || (m.opt.plain && !m.opt.no_fixed))
			m.opt.trials = 0;
		m.opt.seed = s->opt.seed;
		status = mode_verify_run(s, &m);
	}
	free(m.list);
	return status;
}
