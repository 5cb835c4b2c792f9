/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options.h - parses and checks the command line (options.def). */
#pragma once

#include <stdio.h>
#include <sys/types.h>

#include "event/event_select.h"
#include "report/collect.h"
#include "render/render.h"

enum option_id {
#define OPTION(id, ...) OPTION_##id,
#include "cmd/options.def"
	OPTIONS
};

enum mode {
#define DEFAULT MODE
#define MODE(id, ...) MODE_##id,
#include "cmd/modes.def"
	MODES
};

#define OPTIONS_RANGES 64

struct options {
	u8 mode;     /* enum mode */
	u8 color;    /* 0 auto, 1 always, 2 never */
	u8 evidence; /* enum live_evidence */
	pid_t *pids; /* owned */
	unsigned npids;
	size_t pids_room;
	const char *comm, *replay, *model, *filter, *bits, *columns;
	struct collect_range range[OPTIONS_RANGES];
	unsigned nranges;
	const char *name[OPTIONS_RANGES];
	char *real_name
		[OPTIONS_RANGES]; /* of a path, NULL without one; owned by the session */
	unsigned nnames;
	bool only_addresses;        /* every --range is one address */
	u64 interval_ms;            /* of --interval; 0: the default */
	struct event_select events; /* of --events */
	u64 jobs;                   /* of --jobs; 0: as many as CPUs */
	u64 trials, seed;           /* of --verify; seed 0: a new one */
	bool redact, redact_addresses;
	u64 explain[OPTIONS_RANGES]; /* addresses of --explain; the argument of --who */
	bool physical;               /* the argument of --who is a physical address */
	bool area;                   /* it is neither: an area or a file */
	unsigned nexplain;
	const char *diff_b;         /* second argument of --diff */
	u8 given[OPTIONS];          /* how often each option was given */
	const char *value[OPTIONS]; /* the last argument of each option; argv owns it */
	struct render_options render;
	char **command; /* after "--": argv of the program to start, or NULL */
};

/* Parses argv.  Returns 0, or -EINVAL with one sentence in @why that names the remedy. */
int options_parse(int argc, char **argv, struct options *ret, char *why, size_t why_size);
void options_deinit(struct options *opt);

/* Appends to ->pids.  Returns 0 or -ENOMEM. */
int options_add_pid(struct options *opt, pid_t pid);

void options_help(FILE *out);
