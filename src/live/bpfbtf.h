/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bpfbtf.h - cuts out of the kernel's BTF what the BPF programs (bpf/kernel.bpf.h) need. */
#pragma once

#include <stddef.h>

#include "lib/bits.h"

struct bpfbtf {
	int fd;   /* memfd of the cut (btfcut.h), or -1: libbpf has to read all BTF */
	bool all; /* it has more than structpage.bpf.c needs */
	char path[32]; /* its path, for libbpf */
};

/* Names whose ids in the kernel's BTF the loader needs. */
enum bpfbtf_name {
	BPFBTF_PAGE,
	BPFBTF_CAST,
	BPFBTF_TASK_VMA,
	BPFBTF_FOLIO,
	BPFBTF_PAGEFLAGS,
	/* not of structpage.bpf.c, of which 18 types without a name here come before */
	BPFBTF_TASK_FILE = BPFBTF_PAGEFLAGS + 19,
	/* per-CPU variables */
	BPFBTF_HRTIMER_BASES,
	BPFBTF_CPU_FBATCHES,
	BPFBTF_LRU_ROTATE,
	BPFBTF_MLOCK_FBATCH,
	BPFBTF_MLOCK_PVEC
};

/*
 * Returns the STRUCTPAGE_F_* fields that the running kernel has and the kernel model asks for.
 * Anybody may read its BTF.  False: it cannot be read.
 */
bool bpfbtf_fields(u32 *ret);

/* Cuts any kernel's BTF, as btfcut_make(); bpfbtf_id() returns ids of that BTF from then on. */
int bpfbtf_make(const void *btf, size_t size, bool all, void **ret, size_t *ret_size);

/*
 * Reads the kernel's BTF, cuts it for structpage.bpf.c or for @all programs, and keeps the ids.
 * Without BTF ->fd is -1.
 */
void bpfbtf_open(struct bpfbtf *b, bool all);
void bpfbtf_close(struct bpfbtf *b);

/* Returns the id of @name in the running kernel's BTF; 0 when it has none or was not read. */
u32 bpfbtf_id(enum bpfbtf_name name);

/* Returns the offset of variable @name among those of a CPU; 0 when it is not known. */
u32 bpfbtf_offset(enum bpfbtf_name name);
