/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tui_trace.h - a traced target in the interactive view: it stands still at events until told to
 * go on.
 *
 * Knows: events as moments, when the target stands still.
 * Never: ptrace (tracer.h), pages (trace.h).  Owns: the trace, the command's kept output.
 */
#ifndef GUPINFO_TUI_TRACE_H
#define GUPINFO_TUI_TRACE_H

#include "trace/trace.h"
#include "cmd/tui_watch.h"

struct tui_trace {
	struct trace *trace; /* NULL: nothing is traced */
	struct tui *t;
	struct tui_watch *w;
	struct diag *diag;
	u64 base_ns;      /* of the session, when the trace began */
	int output;       /* what the command writes, to be shown at the end; -1 none */
	bool stepping;    /* stop at the next event worth it */
	bool stopped;     /* the target stands still until told otherwise */
	bool stop_worthy; /* an event worth stopping at was told */
	bool over;        /* the last process has ended */
	bool ended;       /* somebody asked gupinfo to end */
};

/*
 * Starts @argv (its output is kept, its input empty) or, when that is NULL, attaches to @pids.
 * Returns 0 or -errno with a message in @diag.
 */
int tui_trace_start(struct tui_trace *tt, char *const *argv, const pid_t *pids,
		    unsigned npids, bool sigpipe_default, struct source *src,
		    const struct kernel *model, struct tui *t, struct tui_watch *w,
		    struct diag *diag);
/* Lets the target go (a command that still runs is ended) and writes what it wrote to @fd. */
void tui_trace_stop(struct tui_trace *tt, int fd);

/* The target: on to its next event; on without stopping; stop at events again. */
void tui_trace_step(struct tui_trace *tt);
void tui_trace_go(struct tui_trace *tt);
void tui_trace_hold(struct tui_trace *tt);

/* Some milliseconds of the target's life; call it often.  Returns whether the picture changed. */
bool tui_trace_round(struct tui_trace *tt);

#endif
