/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event.h - --trace's events: who did what, and which pages differ.
 *
 * The words of events and causes are in event.def.  An event borrows its stores, ranges and
 * strings for the time of the callback.
 */
#ifndef GUPINFO_EVENT_H
#define GUPINFO_EVENT_H

#include "report/store.h"

enum event_kind {
#define EVENT(id, word, flags) EVENT_##id,
#include "event/event.def"
#undef EVENT
	EVENTS
};

/* Why a run of pages changed. */
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

/* A range in which two states of a process are compared. */
struct event_scope {
	pid_t pid;
	u64 start, end;
	const struct store *before,
		*after; /* NULL: the process is gone or did not exist */
};

struct event_member {
	pid_t pid, ppid;
	char comm[64];           /* untrusted */
	const struct store *now; /* its latest state; NULL: gone or not readable */
};

struct event {
	u8 kind;      /* enum event_kind */
	u64 seq;      /* 1, 2, 3 … */
	u64 time_ns;  /* when it was seen, since the epoch */
	u64 since_ns; /* not exact: it happened after this time; 0: exact */
	u64 start_ns; /* when the trace began, since the epoch */
	pid_t pid, tid, child;
	char comm[64]; /* untrusted */
	char call[24]; /* the system call, if its name is not the event's word */
	struct event_arg arg[EVENT_ARGS];
	unsigned nargs;
	bool has_ret;
	s64 ret;
	const struct event_range *range;
	unsigned nranges;
	const struct event_scope *scope;
	unsigned nscopes;
	const struct event_change *change; /* what differs, ascending in each scope */
	size_t nchanges;
	struct event_warning {
		const char *id; /* stable word */
		/* one sentence; event_warn_text() puts the number of pages in it */
		const char *text;
		bool leak; /* somebody may see bytes who should not */
		pid_t pid;
		u64 addr, pages; /* first address; number of all pages concerned */
	} warning[EVENT_WARNINGS];
	unsigned nwarnings;
	bool shares_mm; /* fork with CLONE_VM (vfork): nothing is shared or copied */
	const struct event_member *member; /* the family, this process first */
	unsigned nmembers;
	const char *incomplete; /* why pages could not be compared, or NULL */
};

/* A run of pages that differ, all for one cause. */
struct event_change {
	pid_t pid;
	u8 cause; /* enum event_cause */
	struct store_change c;
};

/* A run of addresses at which members have pages; see event_family(). */
struct event_shared {
	u64 start, end, size; /* size of one page of the run */
	unsigned n;           /* members looked at */
	const struct event_member *member;
	bool has[8], same[8]; /* the member has a page; it is the first holder's page */
	u64 pfn[8];           /* of the first page; valid with has and pfn_known */
	bool pfn_known[8];
	bool hidden; /* some page frame is unknown, so it is unknown who shares */
};

typedef int (*event_shared_cb)(void *ctx, const struct event_shared *run);

/* The trace calls these for events.  A non-zero return ends it with that value. */
struct event_view {
	int (*begin)(void *ctx, const struct report_head *head);
	int (*event)(void *ctx, const struct event *e);
	/* The last state, @m->now, of a process that has ended or is not followed any more. */
	int (*process)(void *ctx, const struct event_member *m);
	int (*end)(void *ctx, int status); /* wait status of the started command, or -1 */
};

/* Return the word of @kind ("write-fault") and of @cause ("copied"), and the cause's text. */
const char *event_name(enum event_kind kind);
const char *event_cause_name(enum event_cause cause);
const char *event_cause_text(enum event_cause cause);
/* No call explains it: it happened between two readings. */
static inline bool event_is_between(const struct event *e)
{
	return e->kind == EVENT_WRITE_FAULT || e->kind == EVENT_CHANGE;
}
/* The process caused it by a load or store of its own. */
bool event_cause_is_fault(enum event_cause cause);
/* What event.def has of @kind. */
u64 event_flags(enum event_kind kind);
#define EVENT_SHOWN BIT(0)
#define EVENT_STOPS BIT(1)
#define EVENT_COUNTS BIT(2)

/* Names the cause of the difference @c. */
enum event_cause event_cause(const struct store_change *c);
/* The difference is an event even if no call explains it; mere counts and bookkeeping are not. */
bool event_matters(const struct store_change *c);

/* Only the map count of page-cache or zero pages changed, as it does all the time. */
bool event_is_noise(const struct event_change *c);

/* What both sides of @c, or the later one that has a page, have in common with like pages. */
const struct page_run *event_page(const struct event_change *c);
u64 event_pages(const struct event_change *c); /* in pages of event_page()->size bytes */

/*
 * Makes the list of what differs in the scopes of @e; the caller frees it.  A write fault takes
 * only what faults cause, a change only the rest.  Returns 0 or -ENOMEM.
 */
int event_compare(const struct event *e, struct event_change **ret, size_t *ret_n);

/* Fills in the warnings that @e calls for. */
void event_warn(struct event *e);
/* Formats the sentence of @w with its page count into @buf. */
const char *event_warn_text(const struct event_warning *w, char *buf, size_t len);

/*
 * Walks [start, end) of the first (at most eight) members of @e side by side, by runs at which
 * two or more have a page.  @only_shared skips runs in which nobody shares a page.
 */
int event_family(const struct event *e, u64 start, u64 end, bool only_shared,
		 event_shared_cb cb, void *ctx);

#endif
