/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gupcall.h - makes the calls whose results are predicted, on the page of a struct pagestate.
 *
 * gupcall.def lists which call makes which request, and what it shows.  A reference that a call
 * takes is kept until gupcall_finish() or the end of the process.
 */
#pragma once

#include "gup/gup.h"
#include "kernel/kernel.h"
#include "pagestate/pagestate.h"

enum gupcall_entry { GUPCALL_FAST, GUPCALL_SLOW };

enum gupcall_id {
#define GUPCALL(id, ...) GUPCALL_DO_##id,
#include "pagestate/gupcall.def"
	GUPCALLS
};

struct gupcall_row {
	const char *name, *text;
	u8 what;  /* enum gup_request, GUP_STORE … */
	u8 entry; /* enum gupcall_entry */
	u64 kyes, kno;
};

/* What calls need besides the page: opened once and inherited by the processes that call. */
struct gupcall_env {
	int dio;       /* O_DIRECT file of one allocated block, -1 none */
	int gup_test;  /* debugfs gup_test, -1 none */
	bool gup_kept; /* it has PIN_LONGTERM_TEST_* (6.2) */
	int slow;      /* counts entries of slow GUP on CPU ->cpu, -1 not allowed */
	int cpu;
	char no_dio[PAGESTATE_WHY], no_gup_test[PAGESTATE_WHY], no_slow[PAGESTATE_WHY];
};

/* What the call showed. */
struct gupcall_result {
	s32 err;                /* 0 or -errno; -EIO when the call gives no reason */
	bool errno_is_gup;      /* GUP itself returned err */
	u8 slow;                /* enum tri: slow GUP was entered */
	u64 before, after;      /* pagemap entries of the page */
	u64 faults;             /* minor and major page faults of the call */
	u8 refs;                /* enum tri: a reference reads the stored byte */
	u64 child_first, child; /* GUP_FORK: child's entry before and after a load */
	s32 child_err;          /* of that load: 0, -EFAULT, -ENOMEM: nothing is mapped */
	u8 byte, child_byte;    /* GUP_FORK: what both processes load */
	bool waits;             /* in handle_userfault(): nothing else here is known */
	char why[PAGESTATE_WHY]; /* why gupcall_run() could not try it */
};

const struct gupcall_row *gupcall_row(enum gupcall_id id);

/* Opens what exists; what is missing gets its reason. */
void gupcall_env_open(struct gupcall_env *env);
void gupcall_env_close(struct gupcall_env *env);

/*
 * Callers call this before they make a state: it binds them to the CPU whose slow GUP is
 * counted.
 */
void gupcall_env_enter(const struct gupcall_env *env);

/* Returns 0 when kernel @k with @env can make call @id, else -EOPNOTSUPP and @why. */
int gupcall_available(enum gupcall_id id, const struct kernel *k,
		      const struct gupcall_env *env, char *why);

/*
 * @id may run into userfaultfd's handler: not so gup_test and io_uring, which call slow GUP
 * without a retry; kernels with CONFIG_DEBUG_VM then complain in handle_userfault().
 */
bool gupcall_may_wait(enum gupcall_id id);

/*
 * gup_test's benchmarks WARN when a page is not pinned after FOLL_PIN, and the zero page never
 * is.  Would @id do so on a page that @may_be_zero?
 */
bool gupcall_warns(enum gupcall_id id, bool may_be_zero);

/*
 * Makes call @id on s->page, which one leaf of @leaf bytes maps, and fills @ret.  Returns 0
 * when it was tried (ret->err has its result), or -errno with ret->why when it could not be
 * tried.
 */
int gupcall_run(struct pagestate *s, enum gupcall_id id, u64 leaf,
		const struct gupcall_env *env, struct gupcall_result *ret);

/* Releases what gup_test keeps for the whole machine. */
void gupcall_finish(const struct gupcall_env *env);
