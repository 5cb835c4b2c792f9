/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bpfpage_int.h - the BPF reader's own state: bpfpage.c reads, bpfpage_load.c loads what reads faster. */
#pragma once

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "live/bpfbtf.h"
#include "live/bpfpage.h"

struct bpfpage {
	struct bpfbtf btf;    /* the part of the kernel's BTF that the programs need */
	struct bpfprog *prog; /* of structpage.bpf.c, with its variables and records: */
	struct structpage_call *call;
	struct structpage_cal *cal;
	struct structpage_peek *peek; /* STRUCTPAGE_PEEKS for each walk */
	struct structpage_rec *rec;   /* STRUCTPAGE_RECS, likewise, of map ->rec_fd */
	struct structpage_walk *walk; /* of each slot, of map ->walk_fd */
	int rec_fd, walk_fd;
	unsigned slots, walks;
	/* observe.bpf.c, once it may be used; and what has to do with its loading */
	_Atomic(struct bpfprog *) observe;
	struct bpfprog *loaded;
	bool few, wanted, loading;
	pthread_t loader;
	sem_t calibrated; /* is posted once, when is known whether it is ->good */
	bool good;
	struct structpage_call found; /* by calibration; ->call may change after it */
	struct bpfprog *files; /* holders.bpf.c, while the results of a walk are in use */
	struct bpfprog *memory; /* memory.bpf.c, loaded at the first use */
	struct bpfprog *frames; /* frames.bpf.c, likewise */
	bool memory_tried, frames_tried;
	s64 cpus; /* online when ->memory was loaded; later ones have the same layout */
	bool gentle;
	struct worker_pool *pool; /* the caller's; NULL: one thread reads */
	int pinned_bit;
	struct kpf_layout layout;
	struct structpage_machine machine;
};

/* Starts to load observe.bpf.c, where that pays and the kernel takes it; with one reader the next call does. */
void bpfpage_load_start(struct bpfpage *bp);
/* ->call is @good, or not: what is loaded is checked and used, or not. */
void bpfpage_load_calibrated(struct bpfpage *bp, bool good);
/* Waits until nobody uses ->btf any more but the caller. */
void bpfpage_load_await(struct bpfpage *bp);
