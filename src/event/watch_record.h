/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch_record.h - what watch.bpf.c writes of followed processes, and trace_watch.c reads. */
#pragma once

#ifdef __bpf__
#include "kernel.bpf.h"
#else
#include "lib/bits.h"
#endif

#define WATCH_VECTORS 8
#define WATCH_CALLS 512
#define WATCH_WORDS 8

enum watch_what {
	WATCH_CALL, /* a call of tracer.def has returned ->ret */
	WATCH_FORK, /* ->child is new, and has not run */
	WATCH_EXEC, /* the process has a new program */
	WATCH_EXIT, /* its last thread ends; ->ret is the wait status */
};

struct watch_record {
	u32 pid, tid, child;
	u8 what;      /* enum watch_what */
	u8 call;      /* enum tracer_call */
	u8 shares_mm; /* WATCH_FORK: both have one address space */
	u8 nvec; /* iovecs in ->vec: the first ones of those that the call was given */
	u64 time_ns; /* CLOCK_MONOTONIC */
	s64 ret;
	u64 word[WATCH_WORDS]; /* registers: those of watch_shared.arg are arguments */
	/* Only records of calls with iovecs have the rest. */
	u64 vec_addr, vec[2 * WATCH_VECTORS];
};

/* Shared with the programs, which count, and are told where struct pt_regs has what. */
struct watch_shared {
	u64 lost;     /* records, or processes, for which there was no room */
	u64 calls;    /* of followed processes, where a program sees every call */
	u64 woken_ns; /* when gupinfo was woken */
	u64 mmap_pages; /* flags with which a mapping gets pages, or takes those of another */
	u32 words;      /* offset of the registers that a record has */
	u32 number;     /* of the number of the call, in 4 bytes */
	u16 mode,
		mode_mask; /* of the 2 bytes 16 behind it, that show that the call is native */
	u8 arg[6];         /* which words are the arguments */
	u8 each_mmap;
	u8 call_of
		[WATCH_CALLS]; /* enum tracer_call + 1 of the numbers of calls that matter */
};
