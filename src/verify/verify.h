/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verify.h - compares predictions with what the kernel really does.
 *
 * Each trial makes a page state in a worker process (pagestate_worker.h), predicts by the same
 * path as the main program (source, collect, predict), makes the call (gupcall.h) and compares.
 * A wrong trial is repeated in fresh workers: it counts as wrong only when it is wrong each
 * time.
 */
#pragma once

#include "lib/diag.h"
#include "page/fact.h"
#include "gup/gup.h"
#include "kernel/kernel.h"

struct source;

enum verify_outcome {
	VERIFY_RIGHT,
	VERIFY_WRONG,
	VERIFY_UNKNOWN, /* a part of the prediction is unknown; the rest is right */
	VERIFY_SKIPPED,
	VERIFY_OUTCOMES
};

#define VERIFY_STATE_MAX 512
#define VERIFY_FIELDS 6
#define VERIFY_NOTE 200

/* One part of a prediction.  Strings are static. */
struct verify_field {
	const char *key; /* "fast", "slow", "errno", "fault", "page", "seen_by_refs", … */
	const char *predicted; /* "unknown" if it is */
	const char *observed;  /* NULL: the call does not show it */
	u8 outcome; /* enum verify_outcome; SKIPPED when nothing was observed */
};

struct verify_case {
	char state[VERIFY_STATE_MAX];
	const char *request; /* "get-r" … "store", "fork", "migrate" */
	const char *act;     /* "vmsplice" */
	u8 what;             /* enum gup_request, GUP_STORE … */
	u8 outcome;          /* enum verify_outcome */
	bool random, raced;
	u8 nfields;
	struct verify_field field[VERIFY_FIELDS];
	u64 unknown;            /* facts that would have decided */
	char note[VERIFY_NOTE]; /* why it was skipped; raw words of a wrong case */
};

/* Counts for one base state. */
struct verify_row {
	char state[32];
	u64 n[GUP_WHATS][VERIFY_OUTCOMES];
};

struct verify_reason {
	char text[VERIFY_NOTE];
	u64 n;
};

struct verify_result {
	const struct kernel *kernel;
	u64 seed;
	u64 trials;             /* right + wrong + unknown + skipped */
	u64 n[VERIFY_OUTCOMES]; /* trials by outcome */
	u64 random;             /* how many of the trials were random sequences */
	u64 raced; /* how many of the skipped were wrong once, and right when repeated */
	u64 seconds;
	struct verify_row *row;
	size_t nrows, row_room;
	struct verify_case
		*cases; /* every fixed one, and the random ones that are not right */
	size_t ncases, case_room;
	u64 missing[FACTS];              /* how often a fact would have decided */
	struct verify_reason reason[64]; /* of skipped trials */
	unsigned nreasons;
	bool stopped; /* verify_stop() was called */
};

struct verify_options {
	const char *const
		*states; /* only these (words of pagestate.h); none: every fixed state */
	unsigned nstates;
	u32 only;      /* BIT(VERIFY_*): only these; 0: all */
	u64 trials;    /* random trials after the fixed ones */
	u64 seed;      /* 0: chosen; the result has it */
	bool no_fixed; /* random trials only */
	bool plain;    /* fixed states without variants */
	/* Called after each trial; may be NULL. */
	void (*progress)(void *ctx, const struct verify_result *so_far);
	void *progress_ctx;
};

/*
 * Tries what @src and the rules of its kernel predict on this machine.  Returns 0 (see
 * ret->n[VERIFY_WRONG]), or -errno when nothing could be tried.  The result is valid in both
 * cases.
 */
int verify_run(struct source *src, const struct verify_options *opt,
	       struct verify_result *ret, struct diag *diag);

/* Ends a running verify_run() after its current trial; safe in a signal handler. */
void verify_stop(void);

void verify_result_deinit(struct verify_result *r);
