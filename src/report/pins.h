/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pins.h - what processes hold, by process, subsystem and range, and whether the kernel's counters agree.
 *
 * Exact holders (holders.h) become rows; what counters and limits have beyond them becomes rows whose
 * holder is not known.
 */
#pragma once

#include "page/holders.h"
#include "report/source.h"

/* A process, and what it may and does lock. */
struct pins_process {
	struct process process;
	u64 memlock;      /* RLIMIT_MEMLOCK, in bytes; UINT64_MAX: none */
	bool has_memlock; /* it could be read */
	u64 charged;      /* bytes that its holders explain of VmPin */
	u64 locked;       /* bytes of its mappings that mlock() locks */
};

/* What one process holds by one object, or one of its buffers. */
struct pins_row {
	size_t of;            /* index of its process */
	struct holder holder; /* of several runs of frames the first */
	int fd;               /* -1: none */
	u64 held; /* page frames, each once; of VmPin and VmLck their bytes in pages */
	s64 unmapped; /* of these, mapped by nobody; -1: not known */
	s64 pins;     /* -1: not known */
	u32 buffers;  /* how many of its buffers */
};

/* The processes, ascending by PID, and what they hold. */
struct pins {
	struct pins_process *process;
	size_t n, room;
	struct pins_row *row;
	size_t nrows, row_room;
	u32 base; /* bytes of a page */
	/* of all rows, each frame and each pin once */
	u64 held, unmapped, pins;
	bool unmapped_unknown;
	u64 found; /* pins of all holders of the machine */
	bool complete;
	/* nr_foll_pin_* after the holders were read; before that they were the same */
	bool has_counters, steady;
	u64 acquired, released;
};

/* Makes the rows of ->process.  @h is NULL when nobody could look.  Returns 0 or -ENOMEM. */
int pins_make(struct pins *p, const struct holders *h);
/* Adds a row of mlock()ed bytes of process @i at @addr.  Returns 0 or -ENOMEM. */
int pins_locked(struct pins *p, size_t i, u64 addr, u64 bytes);
/* Pins that no holder explains: negative when counters lag; 0 without counters. */
s64 pins_unexplained(const struct pins *p);
/* Numbers of a row, in bytes of @base or as they are. */
enum pins_number {
	PINS_HELD,
	PINS_MAPPED, /* by somebody */
	PINS_UNMAPPED,
	PINS_PINS,
	PINS_FD,
	PINS_ADDR,
	PINS_BYTES,
	PINS_NUMBERS
};
/* Returns whether @row has the number; in *@ret it is -1 when it is not known. */
bool pins_number(const struct pins_row *row, enum pins_number number, u32 base, s64 *ret);
/* Words of a row: the kind of the holder, how certain it is, and what it is, in which names are untrusted. */
enum { PINS_BY = PINS_NUMBERS, PINS_CERTAINTY, PINS_WHAT };
/* Returns a word, which may be in @buf. */
const char *pins_text(const struct pins_row *row, unsigned word, char *buf, size_t size);
void pins_deinit(struct pins *p);
