/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verify_int.h - struct verify, one run, for verify*.c only. */
#pragma once

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>

#include "pagestate/gupcall.h"
#include "page/page.h"
#include "pagestate/pagestate_worker.h"
#include "verify/verify.h"

struct verify {
	struct source *src;
	const struct kernel *k;
	const struct verify_options *opt;
	struct verify_result *r;
	struct gupcall_env env;
};

/* Tries @act on @state, and again when it is wrong.  @lenient as in pagestate_worker_start(). */
void verify_trial(struct verify *v, const char *state, enum gupcall_id act, bool lenient,
		  struct verify_case *ret);

/* Counts @c and, if @keep, stores it.  Returns 0 or -ENOMEM. */
int verify_count(struct verify *v, const struct verify_case *c, bool keep);

/* Returns whether the user wants @act to be tried, and this machine can do it. */
bool verify_wanted(const struct verify *v, enum gupcall_id act);

extern volatile sig_atomic_t verify_end; /* set by verify_stop() */

/* Compares the prediction with what the call showed; fills ret->field … ret->outcome. */
void verify_judge(const struct kernel *k, enum gupcall_id act,
		  const struct page_info *page, const struct gup_verdicts *predicted,
		  const struct gupcall_result *seen, struct verify_case *ret);

/* Tries opt->trials random sequences.  Returns 0 or -errno. */
int verify_random(struct verify *v);
