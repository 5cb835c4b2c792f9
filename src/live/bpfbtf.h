/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpfbtf.h - what the BPF programs need of the running kernel's BTF.
 *
 * Knows: the names of types in bpf/kernel.bpf.h, and where the kernel shows its BTF.
 * Never: libbpf.  Owns: a memfd, until bpfbtf_close().
 */
#ifndef GUPINFO_BPFBTF_H
#define GUPINFO_BPFBTF_H

#include <stddef.h>

#include "lib/bits.h"

struct bpfbtf {
	int fd;        /* the cut (btfcut.h), or -1: libbpf has to read all of it */
	char path[32]; /* its name for libbpf */
};

/* Names whose ids in the kernel's BTF are wanted: struct page, a kfunc, iterators. */
enum bpfbtf_name {
	BPFBTF_PAGE,
	BPFBTF_CAST,
	BPFBTF_TASK_VMA,
	BPFBTF_TASK_FILE,
	BPFBTF_FOLIO,
	BPFBTF_PAGEFLAGS
};

/*
 * Fields that the running kernel has, by its BTF, which anybody may read: of STRUCTPAGE_F_* those
 * that the kernel model asks for.  False: it cannot be read.
 */
bool bpfbtf_fields(u32 *ret);

/* The cut of any kernel's BTF, as btfcut_make(); its ids are those of bpfbtf_id() from then on. */
int bpfbtf_make(const void *btf, size_t size, void **ret, size_t *ret_size);

/* Reads the kernel's BTF, cuts it, and keeps the ids.  Without BTF ->fd is -1. */
void bpfbtf_open(struct bpfbtf *b);
void bpfbtf_close(struct bpfbtf *b);

/* The id of @name in the whole BTF of the running kernel; 0: there is none, or it was not read. */
u32 bpfbtf_id(enum bpfbtf_name name);

#endif
