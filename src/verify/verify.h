/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verify.h - the referee: prediction against what the kernel really does.
 *
 * Knows: which prediction an act can confirm or refute, and how.
 * Never: rules (predict.c), layout (render_verify.c).
 * Owns: struct verify_result until verify_result_deinit().
 *
 * Each trial makes a page state in a worker process (pagestate_worker.h), predicts through the same
 * path as the main program (source, collect, predict), does it (gupcall.h) and compares.  A trial
 * that comes out wrong is repeated in fresh workers: only what is wrong each time is called so.
 */
#ifndef GUPINFO_VERIFY_H
#define GUPINFO_VERIFY_H

#include "lib/diag.h"
#include "page/fact.h"
#include "gup/gup.h"
#include "kernel/kernel.h"

struct source;

enum verify_outcome {
	VERIFY_RIGHT,
	VERIFY_WRONG,
	VERIFY_UNKNOWN, /* part of the prediction is unknown; the rest is right */
	VERIFY_SKIPPED,
	VERIFY_OUTCOMES
};

/* What is tried: the six requests, a store, a fork. */
#define VERIFY_STORE GUP_REQUESTS
#define VERIFY_FORK (GUP_REQUESTS + 1)
#define VERIFY_WHATS (GUP_REQUESTS + 2)

#define VERIFY_STATE_MAX 512
#define VERIFY_FIELDS 6
#define VERIFY_NOTE 200

/* One part of a prediction.  Strings are static. */
struct verify_field {
	const char *key; /* "fast", "slow", "errno", "fault", "page", "seen_by_refs", … */
	const char *predicted; /* "unknown" when it is */
	const char *observed;  /* NULL: the act does not show it */
	u8 outcome;            /* enum verify_outcome; SKIPPED when it was not seen */
};

struct verify_case {
	char state[VERIFY_STATE_MAX];
	const char *request; /* "get-r" … "store", "fork" */
	const char *act;     /* "vmsplice" */
	u8 what;             /* enum gup_request, VERIFY_STORE, VERIFY_FORK */
	u8 outcome;          /* enum verify_outcome */
	bool random, raced;
	u8 nfields;
	struct verify_field field[VERIFY_FIELDS];
	u64 unknown, unknown_kernel; /* facts that would decide */
	char note[VERIFY_NOTE];      /* why skipped; raw words of a wrong case */
};

/* Sums of one base state. */
struct verify_row {
	char state[32];
	u64 n[VERIFY_WHATS][VERIFY_OUTCOMES];
};

struct verify_reason {
	char text[VERIFY_NOTE];
	u64 n;
};

struct verify_result {
	const struct kernel *kernel;
	u64 seed;
	u64 trials;             /* right + wrong + unknown + skipped */
	u64 n[VERIFY_OUTCOMES]; /* of them */
	u64 random;             /* of the trials: of random sequences */
	u64 raced;              /* of the skipped: wrong once, not when repeated */
	u64 seconds;
	struct verify_row *row;
	size_t nrows;
	struct verify_case
		*cases; /* every fixed one; of the random ones not the right ones */
	size_t ncases;
	u64 missing[FACTS];              /* how often a fact would have decided */
	struct verify_reason reason[64]; /* of skipped trials */
	unsigned nreasons;
	bool stopped; /* by verify_stop() */
};

struct verify_options {
	const char *const
		*states; /* only these (pagestate.h's words); none: every fixed state */
	unsigned nstates;
	u32 only;      /* BIT(VERIFY_*): only these; 0: all */
	u64 trials;    /* random trials after the fixed ones */
	u64 seed;      /* 0: chosen, and told in the result */
	bool no_fixed; /* random trials only */
	bool plain;    /* the fixed states without variants, with @no_fixed, too */
	/* called after each trial, may be NULL */
	void (*progress)(void *ctx, const struct verify_result *so_far);
	void *progress_ctx;
};

/*
 * Verifies @src's view of this machine, judged by @k.  Returns 0 (look at ret->n[VERIFY_WRONG]), or
 * -errno when nothing could be tried.  The result is valid in both cases.
 */
int verify_run(struct source *src, const struct kernel *k,
	       const struct verify_options *opt, struct verify_result *ret,
	       struct diag *diag);

/* Makes a running verify_run() end after its present trial; safe in a signal handler. */
void verify_stop(void);

void verify_result_deinit(struct verify_result *r);

/* The word of --request: "get-r" … "lt-w", "store", "fork"; VERIFY_WHATS when there is none. */
unsigned verify_what_by_name(const char *name);
const char *verify_what_name(unsigned what);

#endif
