/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpfprog.h - BPF programs (src/bpf/): loaded, run, and the memory that they share with gupinfo.
 *
 * Only bpfprog.c includes libbpf; built without it, bpfprog_load() returns an error.
 */
#pragma once

#include <sys/types.h>

#include "live/bpfbtf.h"
#include "page/structpage.h"

#define BPFPROG_WHY 160 /* bytes of a reason, with the NUL */

enum bpfprog_object {
	BPFPROG_STRUCTPAGE,
	BPFPROG_HOLDERS,
	BPFPROG_MEMORY,
	BPFPROG_FRAMES,
	BPFPROG_WATCH
};

struct watch_record;
/* @r has @size bytes: arguments that the call has not, and iovecs, may be missing. */
typedef void (*bpfprog_record_fn)(void *ctx, const struct watch_record *r, size_t size);

/* What not to load of an object, and how many records its maps take. */
struct bpfprog_options {
	const char *without[3]; /* programs; NULL: none */
	const char *map
		[3]; /* their first records are given to the loader's caller; NULL: none */
	u32 room[3];                   /* of each; 0: as the object has it */
	const struct bpfbtf *btf;      /* NULL: libbpf reads all of it */
	const char *calls;             /* how functions of system calls begin here, */
	const struct watch_regs *regs; /* and where their arguments are */
	u32 kinds; /* of BPFPROG_HOLDERS: the STRUCTPAGE_OPEN_* that it looks into; 0: all */
};

/* An object, and what its programs share with gupinfo, as far as it has that. */
struct bpfprog {
	struct structpage_call *call;
	struct structpage_cal *cal;
	struct structpage_layout *layout; /* filled by "calibrate" */
	struct structpage_files *files;
	struct structpage_memory *memory;
	struct structpage_batches *batches;
	struct structpage_frames *frames;
	struct watch_shared *watch;
	struct ring_buffer *ring; /* of bpfprog_watch(), whose records go to */
	bpfprog_record_fn fn;
	void *fn_ctx;
	void *records[3]; /* of bpfprog_options.map */
	size_t bytes[3];
	int link;       /* the last iterator of a process, */
	pid_t link_pid; /* this one; 0: none */
	void *skel;
	struct bpf_object_skeleton *skeleton; /* of ->skel */
};

/* Asks, before anything is prepared for it, whether the kernel takes programs: as bpfprog_load(). */
int bpfprog_permitted(char why[BPFPROG_WHY]);

/*
 * Returns 0, or -errno with a sentence for people in @why: no BTF, not permitted, what the verifier
 * wrote.
 */
int bpfprog_load(enum bpfprog_object which, const struct bpfprog_options *opt,
		 struct bpfprog **ret, char why[BPFPROG_WHY]);
void bpfprog_free(struct bpfprog *p);

/* Runs a program once, with @number as its context.  Returns 0 or -errno.  Several threads may call it. */
int bpfprog_run(const struct bpfprog *p, const char *name, u32 number);
/*
 * Starts an iterator of process @pid, 0 of all; an object has one that takes a process.  Returns a
 * descriptor for read(2) and close(2), or -errno.
 */
int bpfprog_iterate(struct bpfprog *p, const char *name, pid_t pid);

/*
 * Loads watch.bpf.c with @regs and @shared and attaches its programs: those of calls to the functions
 * @prefix + name, as far as the kernel has them; where it lets nobody do that, one to the return of all
 * calls.  bpfprog_fetch() passes records to @fn.  Returns like bpfprog_load().
 */
int bpfprog_watch(const char *prefix, const struct watch_regs *regs,
		  const struct watch_shared *shared, bpfprog_record_fn fn, void *ctx,
		  struct bpfprog **ret, char why[BPFPROG_WHY]);
/* Has the programs follow process @pid. */
void bpfprog_follow(const struct bpfprog *p, pid_t pid);
/* Ends the program that sees all calls. */
void bpfprog_ignore_calls(struct bpfprog *p);
/* Waits at most @timeout_ms for records that are urgent, and passes all that are there. */
void bpfprog_fetch(struct bpfprog *p, int timeout_ms);
