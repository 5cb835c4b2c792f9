/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event.h - what --trace tells: who did what, and which pages differ between before and after.
 *
 * Knows: the words of events and causes (event.def); how a difference of one page is read; when
 * to warn; what a family of processes shares.
 * Never: ptrace, where facts come from, text layout.
 * Owns: nothing: an event borrows its stores, ranges and strings for the time of the callback.
 */
#ifndef GUPINFO_EVENT_H
#define GUPINFO_EVENT_H

#include "report/store.h"

enum event_kind {
#define EVENT(id, word) EVENT_##id,
#include "event/event.def"
#undef EVENT
	EVENTS
};

/* What happened to a run of pages. */
enum event_cause {
#define CAUSE(id, word, fault, text) EVENT_CAUSE_##id,
#include "event/event.def"
#undef CAUSE
	EVENT_CAUSES
};

#define EVENT_ARGS 10
#define EVENT_WARNINGS 8

enum event_arg_kind { EVENT_ARG_NUM, EVENT_ARG_HEX, EVENT_ARG_TEXT };

struct event_arg {
	const char *name; /* static */
	u8 kind;          /* enum event_arg_kind */
	s64 num;
	char text[112]; /* EVENT_ARG_TEXT; untrusted */
};

/* Bytes of process @pid that a call works on. */
struct event_range {
	pid_t pid;
	u64 start, end;
};

/* Where two states of a process are compared. */
struct event_scope {
	pid_t pid;
	u64 start, end;
	const struct store *before,
		*after; /* NULL: the process did not exist or is gone */
};

struct event_member {
	pid_t pid, ppid;
	char comm[64];           /* untrusted */
	const struct store *now; /* its latest state; NULL: gone or not readable */
};

struct event {
	u8 kind;      /* enum event_kind */
	u64 seq;      /* 1, 2, 3 … */
	u64 time_ns;  /* since the epoch: when it was seen */
	u64 since_ns; /* what lies between two looks happened after this; 0: exact */
	u64 start_ns; /* since the epoch: when the trace began */
	pid_t pid, tid, child;
	char comm[64]; /* untrusted */
	char call[24]; /* the system call, when it differs from the event's word */
	struct event_arg arg[EVENT_ARGS];
	unsigned nargs;
	bool has_ret;
	s64 ret;
	const struct event_range *range;
	unsigned nranges;
	const struct event_scope *scope;
	unsigned nscopes;
	u32 causes;     /* BIT(EVENT_CAUSE_*) that belong to this event; 0: all */
	bool shares_mm; /* fork: one address space (vfork), nothing to share or copy */
	const struct event_member *member; /* the family, this process first */
	unsigned nmembers;
	const char *incomplete; /* why pages could not be compared, or NULL */
};

/* A run of pages that differ. */
struct event_change {
	pid_t pid;
	u8 cause; /* enum event_cause */
	const struct store_change *c;
};

struct event_warning {
	const char *id; /* stable word */
	const char *
		text; /* one sentence, static but for @count_text's place: see event_warn_text() */
	bool leak; /* bytes can be seen by somebody who should not */
	pid_t pid;
	u64 addr, pages; /* first address; pages concerned, in all */
};

/* A run of addresses at which members have pages; see event_family(). */
struct event_shared {
	u64 start, end, size; /* size of one page of the run */
	unsigned n;           /* members looked at */
	const struct event_member *member;
	bool has[8], same[8]; /* a page is there; it is the first holder's page */
	u64 pfn[8];           /* of the first page; valid when has and known */
	bool pfn_known[8];
	bool hidden; /* some page frame is not known: what is shared is not known either */
};

typedef int (*event_change_cb)(void *ctx, const struct event_change *change);
typedef int (*event_shared_cb)(void *ctx, const struct event_shared *run);

/* What sys hands events to.  A non-zero return ends the trace with that value. */
struct event_view {
	int (*begin)(void *ctx, const struct report_head *head);
	int (*event)(void *ctx, const struct event *e);
	/* The last state of a process that has ended or is followed no more; @m->now is there. */
	int (*process)(void *ctx, const struct event_member *m);
	int (*end)(void *ctx, int status); /* wait status of the started command, or -1 */
};

/* The word of @kind ("write-fault"), of @cause ("copied"), and what it says of pages. */
const char *event_name(enum event_kind kind);
const char *event_cause_name(enum event_cause cause);
const char *event_cause_text(enum event_cause cause);
/* The process did it by a load or store of its own. */
bool event_cause_is_fault(enum event_cause cause);

/* Reads one difference: what happened to the run @c. */
enum event_cause event_cause(const struct store_change *c);
/* Worth an event when nobody's call explains it: not mere counting and bookkeeping. */
bool event_matters(const struct store_change *c);

/* A count that moves all the time and says nothing: mappings of the page cache and zero pages. */
bool event_is_noise(const struct event_change *c);

/*
 * Walks the differences of @e, ascending in each scope, with STORE_* bits of @mask.
 * Returns 0 or the callback's value.
 */
int event_walk(const struct event *e, u32 mask, event_change_cb cb, void *ctx);

/* The warnings that @e calls for.  Returns their number, at most EVENT_WARNINGS. */
unsigned event_warn_list(const struct event *e, struct event_warning ret[EVENT_WARNINGS]);
/* The sentence of @w with its page count, into @buf. */
const char *event_warn_text(const struct event_warning *w, char *buf, size_t len);

/*
 * Walks [start, end) of the first (at most eight) members of @e side by side: runs at which two
 * or more have a page.  @only_shared leaves out runs in which nobody shares a page.
 */
int event_family(const struct event *e, u64 start, u64 end, bool only_shared,
		 event_shared_cb cb, void *ctx);

#endif
