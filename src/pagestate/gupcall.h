/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gupcall.h - really doing what is predicted, to the page that a struct pagestate looks at.
 *
 * Knows: gupcall.def: which call makes which request, and what can be seen of it.
 * Never: what should come out (verify.c).
 * Owns: the descriptors of struct gupcall_env; a reference that an act takes is kept until
 * gupcall_finish() or the end of the process.
 */
#ifndef GUPINFO_GUPCALL_H
#define GUPINFO_GUPCALL_H

#include "gup/gup.h"
#include "kernel/kernel.h"
#include "pagestate/pagestate.h"

enum gupcall_what { GUPCALL_REQUEST, GUPCALL_STORE, GUPCALL_FORK };
enum gupcall_entry { GUPCALL_FAST, GUPCALL_SLOW };

enum gupcall_id {
#define GUPCALL(id, ...) GUPCALL_DO_##id,
#include "pagestate/gupcall.def"
#undef GUPCALL
	GUPCALLS
};

struct gupcall_row {
	const char *name, *text;
	u8 what;    /* enum gupcall_what */
	u8 request; /* enum gup_request */
	u8 entry;   /* enum gupcall_entry */
	u64 kyes, kno;
};

/* What acts need besides the page; opened once, inherited by the processes that act. */
struct gupcall_env {
	int dio;       /* a file opened O_DIRECT with one allocated block, -1 none */
	int gup_test;  /* debugfs gup_test, -1 none */
	bool gup_kept; /* it has PIN_LONGTERM_TEST_* (6.2) */
	int slow;      /* counts entries of slow GUP on CPU ->cpu, -1 not allowed */
	int cpu;
	char no_dio[PAGESTATE_WHY], no_gup_test[PAGESTATE_WHY], no_slow[PAGESTATE_WHY];
};

/* What was seen. */
struct gupcall_result {
	s32 err; /* 0 or -errno; -EIO when the call does not tell why it failed */
	bool errno_is_gup; /* err is what GUP said */
	u8 slow;           /* enum tri: slow GUP was entered */
	u64 before, after; /* pagemap entries of the page */
	u64 faults;        /* page faults that the act took, minor and major */
	u8 refs; /* enum tri: a reference of the state reads the stored byte (GUPCALL_STORE) */
	u64 child_first,
		child; /* the child's pagemap entry, before and after a load (GUPCALL_FORK) */
	s32 child_err; /* of the load: 0, -EFAULT, -ENOMEM: nothing is mapped there */
	u8 byte, child_byte; /* what the process and its child load (GUPCALL_FORK) */
	bool waits;          /* in handle_userfault(): nothing else of this is known */
	char why[PAGESTATE_WHY]; /* why it could not be tried, when gupcall_run() fails */
};

const struct gupcall_row *gupcall_row(enum gupcall_id id);

/* Opens what there is; what is missing has its reason. */
void gupcall_env_open(struct gupcall_env *env);
void gupcall_env_close(struct gupcall_env *env);

/*
 * A process that acts calls this first, before it makes a state: it stays on the CPU whose slow
 * GUP is counted.
 */
void gupcall_env_enter(const struct gupcall_env *env);

/* Whether @id can be done on kernel @k with @env: 0, or -EOPNOTSUPP and @why (PAGESTATE_WHY bytes). */
int gupcall_available(enum gupcall_id id, const struct kernel *k,
		      const struct gupcall_env *env, char *why);

/*
 * Whether @id may meet userfaultfd's handler: gup_test and io_uring call slow GUP without a retry,
 * of which kernels with CONFIG_DEBUG_VM complain in handle_userfault().
 */
bool gupcall_may_wait(enum gupcall_id id);

/*
 * gup_test's benchmarks WARN when a page is not pinned after FOLL_PIN, and the zero page never is.
 * Whether @id would, on a page that @may_be_zero.
 */
bool gupcall_warns(enum gupcall_id id, bool may_be_zero);

/*
 * Does @id to s->page, which @leaf bytes of page tables map as one, and fills @ret.  Returns 0 when it was tried (ret->err says how it ended),
 * or -errno with ret->why when it could not be tried.
 */
int gupcall_run(struct pagestate *s, enum gupcall_id id, u64 leaf,
		const struct gupcall_env *env, struct gupcall_result *ret);

/* Drops what gup_test keeps for the whole machine. */
void gupcall_finish(const struct gupcall_env *env);

#endif
