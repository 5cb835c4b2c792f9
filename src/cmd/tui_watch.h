/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tui_watch.h - keeps the live store of the interactive view fresh: the screen first, within a
 * budget of CPU time.
 */
#pragma once

#include "lib/diag.h"
#include "report/source.h"
#include "tui/tui_state.h"

#define TUI_WATCH_PIDS 64

struct tui_watch {
	struct source *src; /* caches mappings; owned */
	const struct kernel *model;
	struct tui *t;
	struct store *live; /* owned; t borrows it */
	pid_t pid[TUI_WATCH_PIDS];
	bool gone[TUI_WATCH_PIDS];
	unsigned npids;
	bool traced; /* somebody else adds moments */
	u64 start_ns;
	/* Cost. */
	double ns_per_page;
	u64 vmas_next_ns, family_next_ns, cpu_next_ns;
	u64 used_ns, usage_ns; /* CPU time, and when it was */
	/* Where the next part begins. */
	u64 part_at, back_at;
	unsigned back_pid;
	/* When the reading of everything began: the present one, and the last that was finished. */
	u64 crawl_ns, full_ns;
	u64 pass_ns; /* CPU time of the last reading of everything at once */
	bool stale;  /* a fork or exit has changed who shares the pages of all others */
	u64 anew_next_ns;
};

/* Returns 0 or -ENOMEM. */
int tui_watch_init(struct tui_watch *w, struct source *src, const struct kernel *model,
		   struct tui *t);
void tui_watch_deinit(struct tui_watch *w);

/* Follows @pids from now on and reads them once.  Returns 0, or -errno and messages in @diag. */
int tui_watch_pids(struct tui_watch *w, const pid_t *pids, unsigned npids,
		   struct diag *diag);

/* Reads @pids once, as a live store that nothing refreshes: a recording.  0 or -errno. */
int tui_watch_read(struct tui_watch *w, const pid_t *pids, unsigned npids,
		   struct diag *diag);

/*
 * Releases the memory of followed processes, but not of those in @but: the next reading takes
 * what they have then, after an exec the new program's.
 */
void tui_watch_drop(struct tui_watch *w, const pid_t *but, unsigned n);

/* Reads what is due.  Call it some times a second. */
void tui_watch_round(struct tui_watch *w);

/* All followed processes are gone. */
bool tui_watch_over(const struct tui_watch *w);
