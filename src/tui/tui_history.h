/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tui_history.h - moments: events and samples with the pages as they were, bounded.
 *
 * When memory runs out, old moments lose their pages.
 */
#pragma once

#include "report/store.h"

enum tui_moment_kind {
	TUI_MOMENT_SAMPLE, /* pages had changed */
	TUI_MOMENT_EVENT,  /* a call or an end */
	TUI_MOMENT_NOTE,   /* about the watching itself */
};

/* What a process has at a moment, in bytes. */
struct tui_level {
	pid_t pid;
	u64 exclusive, waiting, shared, file, unknown, pinned;
};

struct tui_moment {
	u64 time_ns; /* since the session's start */
	u32 number;  /* 1 is the first moment ever */
	u8 kind;
	pid_t pid;    /* who did it; 0 nobody in particular */
	bool partial; /* ->store may be older outside of the ranges that were read */
	bool warning; /* show ->text as a warning */
	char *what;   /* "vmsplice"; the caller has escaped untrusted text */
	char *text;   /* "fd 5, 1 page: 4096" */
	u64 addr;     /* where; 0 nowhere in particular */
	pid_t at_pid; /* whose ->addr it is; 0: ->pid's */
	u64 changed;  /* bytes that differ from the moment before */
	struct tui_level
		*level; /* of each process, owned by the history; NULL: as before */
	unsigned nlevels;
	struct store *store; /* the pages after it; NULL: dropped, or never read */
};

/* A range that changed. */
struct tui_recent {
	pid_t pid;
	u64 start, end, time_ns;
};

#define TUI_RECENT_MAX 512

struct tui_history {
	size_t n, room;
	struct tui_moment *moment;
	size_t max_bytes; /* of stores; 0: 256 MiB */
	u32 numbers;      /* numbers given so far */
	unsigned nrecent, recent_at;
	struct tui_recent recent[TUI_RECENT_MAX];
};

/* Returns what @p has. */
struct tui_level tui_history_level(const struct store *s, const struct store_process *p);

void tui_history_init(struct tui_history *h, size_t max_bytes);
void tui_history_deinit(struct tui_history *h);

/* Appends a moment; owns @store (may be NULL) even on failure.  Copies texts.  0 or -ENOMEM. */
int tui_history_add(struct tui_history *h, const struct tui_moment *moment,
		    struct store *store);

/* Replaces the pages of the last moment; owns @store. */
void tui_history_replace(struct tui_history *h, struct store *store);

/* Returns the newest moment at or before @i that has pages, or SIZE_MAX. */
size_t tui_history_with_pages(const struct tui_history *h, size_t i);

/*
 * Compares @now with the last moment that has pages, in [start, end) of @pid, and keeps the
 * changed ranges as recent.  When something real has changed it appends a sample with a copy of
 * @now, unless the last sample is younger than @gap_ns: then the next one will have all
 * changes.  Returns the bytes that changed; 0 also without a moment to compare with (then the
 * first sample is appended).
 */
u64 tui_history_sample(struct tui_history *h, const struct store *now, pid_t pid,
		       u64 start, u64 end, u64 time_ns, u64 gap_ns);

/* Keeps the differences of @a and @b as changes at @time_ns. */
void tui_history_recall(struct tui_history *h, const struct store *a,
			const struct store *b, pid_t pid, u64 time_ns);

/* The reasons for which pages differ, from STORE_APPEARED to STORE_VERDICT: the first bit counts. */
#define TUI_REASONS 6
