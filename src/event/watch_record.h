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
#define WATCH_FEW 3
#define WATCH_PIDS (1u << 22) /* PID_MAX_LIMIT */

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
	/* A record ends after WATCH_FEW arguments of calls that have no more: it is a cache line. */
	u64 arg[6];
	/* Only records of calls with iovecs have the rest. */
	u64 vec_addr, vec[2 * WATCH_VECTORS];
};

/* Where struct pt_regs has what, as offsets: the programs are compiled once for all architectures. */
struct watch_regs {
	u16 arg[6];
	u16 number;     /* of the call, in 4 bytes */
	u16 mode;       /* 2 bytes, */
	u16 mode_mask;  /* of which these bits */
	u16 mode_value; /* show that the call is native */
};

/* Shared with the programs, which count. */
struct watch_shared {
	u64 lost;     /* records for which there was no room */
	u64 calls;    /* of followed processes, where a program sees every call */
	u64 woken_ns; /* when gupinfo was woken */
	u64 mmap_pages; /* flags with which a mapping gets pages, or takes those of another */
	u8 each_mmap;
	u8 call_of
		[WATCH_CALLS]; /* enum tracer_call + 1 of the numbers of calls that matter */
};

/* Which processes are followed: a byte of each number, which is quicker to look up than a key. */
struct watch_followed {
	u8 pid[WATCH_PIDS];
};
