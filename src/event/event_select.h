/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event_select.h - which events of a trace a view gets, and which of their changes; and sums of them.
 *
 * Knows: the words of -e.  Never: how an event is shown.  Owns: nothing; the caller frees a list of sums.
 */
#pragma once

#include "event/event.h"

struct event_select {
	u32 kinds; /* BIT(EVENT_*) */
	bool warned,
		leak; /* and those with a warning, or with one of a leak; none of all: every event */
	const struct collect_range
		*ranges; /* changes in them, or in mappings for which */
	unsigned nranges;
	bool (*named)(void *ctx,
		      const struct vma *vma); /* holds; none of both: everywhere */
	bool (*keep)(void *ctx, const struct event_change *c); /* NULL: all changes */
	void *ctx;
	const struct event_view *view; /* gets what is left */
	void *view_ctx;
};

/*
 * Parses "fork,vmsplice,warnings,leaks".  Returns 0, or -EINVAL with the word that is none at *@ret_bad,
 * of *@ret_len.
 */
int event_select_parse(struct event_select *s, const char *list, const char **ret_bad,
		       size_t *ret_len);

/* A view, of which a struct event_select is the context. */
extern const struct event_view event_select_view;

/* What events of one kind and process did, in bytes. */
struct event_sum {
	pid_t pid;
	u8 kind; /* enum event_kind */
	char comm[64];
	u64 events, bytes[EVENT_CAUSES];
};

#define EVENT_SUMS 4096 /* of a recording, which a stranger may have made */

struct event_sums {
	struct event_sum *sum; /* in the order in which they came */
	size_t n, room;
	u64 events[EVENTS];
	bool more;             /* some have no sum of their own */
	u64 since_ns, time_ns; /* of the first and of the last event */
	u64 start_ns;          /* of the trace */
};

/* Adds @e with those of its changes for which @counts holds.  Returns 0 or -ENOMEM. */
int event_select_sum(struct event_sums *s, const struct event *e,
		     bool (*counts)(const struct event *e, const struct event_change *c));
