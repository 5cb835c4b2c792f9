/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tui_trace.h - a traced target in the interactive view: it stops at events until the user lets
 * it go on.
 *
 * Events become moments.  The trace and the command's output are kept here.
 */
#pragma once

#include "trace/trace.h"
#include "cmd/tui_watch.h"

struct tui_trace {
	struct trace *trace; /* NULL: nothing is traced */
	struct tui *t;
	struct tui_watch *w; /* NULL: the events are of a recording */
	u64 base_ns;         /* of the session, when the trace began */
	int output;          /* output of the command, shown at the end; -1 none */
	bool stepping;       /* stop at the next event worth it */
	bool stopped;        /* the target stands still until the user lets it go */
	bool stop_worthy;    /* an event worth stopping at has come */
	pid_t at_pid;        /* whose page was warned of since the last stop; 0: none */
	u64 at_addr;         /* the page */
	bool over;           /* the last process has ended */
	bool ended;          /* a signal asks gupinfo to end */
};

/* Makes moments of events; its context is a struct tui_trace. */
extern const struct event_view tui_trace_view;

/*
 * Starts @argv (keeps its output; its input is empty) or, when that is NULL, attaches to @pids.
 * Returns 0 or -errno with a message in @diag.
 */
int tui_trace_start(struct tui_trace *tt, char *const *argv, const pid_t *pids,
		    unsigned npids, bool sigpipe_default, struct source *src,
		    const struct kernel *model, struct tui *t, struct tui_watch *w,
		    struct diag *diag);
/* Lets the target go (ends a command that still runs) and writes the command's output to @fd. */
void tui_trace_stop(struct tui_trace *tt, int fd);

/* Let the target run to its next event; without stopping; or stop at events again. */
void tui_trace_step(struct tui_trace *tt);
void tui_trace_go(struct tui_trace *tt);
void tui_trace_hold(struct tui_trace *tt);

/* Lets the target run some milliseconds; call it often.  Returns: the picture has changed. */
bool tui_trace_round(struct tui_trace *tt);
