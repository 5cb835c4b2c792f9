/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event.h - --trace's events: who did what, and which pages differ.
 *
 * The words of events and causes are in event.def.  An event borrows its stores, lists and strings
 * for the time of the callback.  One of a recording has no stores: what views show is in the lists.
 */
#pragma once

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
#define EVENT_DIFFERS 21
#define EVENT_FAMILY 8 /* members that are looked at side by side */

enum event_arg_kind { EVENT_ARG_NUM, EVENT_ARG_HEX, EVENT_ARG_TEXT };

struct event_arg {
	const char *name;
	u8 kind; /* enum event_arg_kind */
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
	/* The process ran on, and its pages were read at this time; 0: it stood still until then. */
	u64 looked_ns;
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
	u8 forked; /* enum tri: the process forked after the states before were read */
	bool shares_mm; /* fork with CLONE_VM (vfork): nothing is shared or copied */
	const struct event_member *member; /* the family, this process first */
	unsigned nmembers;
	const struct event_shared *family; /* the call's pages in the family, ascending */
	size_t nfamily;
	const char *incomplete; /* why pages could not be compared, or NULL */
};

/* A fact or verdict of a page that a change has changed, in words. */
struct event_differ {
	char name[16], before[24]; /* before: "" when only @after is known or matters */
	char after[24];
};

/* A run of pages that differ, all for one cause. */
struct event_change {
	pid_t pid;
	u8 cause; /* enum event_cause */
	u8 kind;  /* enum page_kind of the pages as they are, or were if they are gone */
	bool leaks;     /* what a store to them leaks has changed */
	bool scattered; /* the page frames of the run do not follow each other */
	u64 start, end;
	u64 pages, size;       /* of one page */
	struct store_change c; /* both states; none in a recording, */
	const void *recorded;  /* which has what differs, for render_event_differ() */
};

/* A run of addresses at which two or more members have pages. */
struct event_shared {
	u64 start, end, size; /* size of one page of the run */
	unsigned n;           /* members looked at, the first ones of the event */
	/* The member has a page; it is the first holder's page. */
	bool has[EVENT_FAMILY], same[EVENT_FAMILY];
	u64 pfn[EVENT_FAMILY]; /* of the first page; valid with has and pfn_known */
	bool pfn_known[EVENT_FAMILY];
	bool hidden; /* some page frame is unknown, so it is unknown who shares */
	bool shared; /* somebody shares, or may do so */
};

/* The trace calls these for events.  A non-zero return ends it with that value. */
struct event_view {
	int (*begin)(void *ctx, const struct report_head *head);
	int (*event)(void *ctx, const struct event *e);
	/* The last state, @m->now, of a process that has ended or is not followed any more. */
	int (*process)(void *ctx, const struct event_member *m);
	int (*end)(void *ctx, int status); /* wait status of the started command, or -1 */
};

/* The rows of event.def. */
extern const struct event_kind_row {
	const char *word; /* "write-fault" */
	u64 flags;
} event_kinds[EVENTS];
extern const struct event_cause_row {
	const char *word, *text; /* "copied" */
	bool fault;              /* the process caused it by a load or store of its own */
} event_causes[EVENT_CAUSES];
/* No call explains it: it happened between two readings. */
static inline bool event_is_between(const struct event *e)
{
	return e->kind == EVENT_WRITE_FAULT || e->kind == EVENT_CHANGE;
}
#define EVENT_SHOWN BIT(0)
#define EVENT_STOPS BIT(1)
#define EVENT_COUNTS BIT(2)

/* Returns whether a store to pages of @c leaks; unknown without a page. */
static inline u8 event_leak(const struct page_class *c)
{
	return c ? c->verdicts->write.leak : TRI_UNKNOWN;
}

/* Names the cause of the difference @c; the process may have @forked meanwhile (enum tri). */
enum event_cause event_cause(const struct store_change *c, enum tri forked);
/* The difference is an event even if no call explains it; mere counts and bookkeeping are not. */
bool event_matters(const struct store_change *c);

/*
 * Only counts of page-cache or zero pages changed, as they do all the time; vmsplice(2) changes those
 * of a file's pages itself.
 */
bool event_is_noise(const struct event *e, const struct event_change *c);

/*
 * Makes the list of what differs in the scopes of @e; the caller frees it.  A write fault takes
 * only what faults cause, a change only the rest.  Returns 0 or -ENOMEM.
 */
int event_compare(const struct event *e, struct event_change **ret, size_t *ret_n);

/*
 * Returns change *@i of @e with those that continue it but for page frames and bookkeeping; *@i becomes
 * the last of them.  In the memory of a process that ran for long, nearly each page is a run of its own.
 */
struct event_change event_join(const struct event *e, size_t *i);

/* Fills in the warnings that @e calls for. */
void event_warn(struct event *e);
/* Adds a warning by its word; false when there is none of that word. */
bool event_warn_add(struct event *e, const char *id, pid_t pid, u64 addr, u64 pages);
/* Formats the sentence of @w with its page count into @buf. */
const char *event_warn_text(const struct event_warning *w, char *buf, size_t len);
#define EVENT_WARN_TEXT(w) event_warn_text(w, (char[300]){ 0 }, 300)

/* A list of runs, to begin with empty; the caller frees ->run. */
struct event_family {
	struct event_shared *run;
	size_t n, room;
};

/*
 * Compares the members of @e side by side in [start, end), and adds the runs at which two or more have
 * pages; @only_shared skips runs in which nobody shares a page.  Returns 0 or -ENOMEM.
 */
int event_family_add(const struct event *e, u64 start, u64 end, bool only_shared,
		     struct event_family *family);
/* Likewise for what @e has to do with: its ranges, or everything for a fork that shares pages. */
int event_family_of(const struct event *e, struct event_family *family);
