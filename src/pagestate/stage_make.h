/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage_make.h - the functions that stage.def names.
 *
 * Knows: their names.  Never: what the argument means (each file's own).  Owns: nothing.
 *
 * Each fills @s (addr, len, page, leaf …) and returns 0, or -errno with s->why set; -EOPNOTSUPP
 * means that this machine cannot make the state.  What was mapped before a failure is released
 * by stage_factory_drop().
 */
#ifndef GUPINFO_STAGE_MAKE_H
#define GUPINFO_STAGE_MAKE_H

#include "pagestate/stage.h"

/* stage_anon.c: 4 KiB pages of anonymous memory */
int stage_anon_hole(struct stage *s, long arg);
int stage_anon_hole_thp(struct stage *s, long arg);
int stage_anon_touched(struct stage *s, long arg);
int stage_anon_zero(struct stage *s, long arg);
int stage_anon_mprotect(struct stage *s,
			long prot); /* bit 0 readable, bit 1 writable again */
int stage_anon_free(struct stage *s, long arg);
int stage_anon_dontfork(struct stage *s, long wipe);
int stage_anon_guard(struct stage *s, long arg);
int stage_anon_uffd(struct stage *s, long async);
int stage_anon_rwp(struct stage *s,
		   long how); /* 1 async, 2 swapped out, 4 not protected */
int stage_anon_swapped(struct stage *s, long arg);
int stage_anon_ksm(struct stage *s, long arg);
int stage_anon_mlocked(struct stage *s, long arg);
int stage_anon_arena(struct stage *s, long thp);

/* stage_huge.c: larger folios and hugetlb */
int stage_huge_thp(struct stage *s, long arg);
int stage_huge_thp_pte(struct stage *s, long arg);
int stage_huge_thp_half(struct stage *s, long look_at_shared);
int stage_huge_thp_single(struct stage *s, long arg);
int stage_huge_thp_mremapped(struct stage *s, long arg);
int stage_huge_zero(struct stage *s, long arg);
int stage_huge_mthp(struct stage *s, long kib);
int stage_huge_tlb(struct stage *s,
		   long how); /* 1 shared, 2 untouched, 4 read-only, 8 1 GiB */
int stage_huge_tlb_file(struct stage *s, long arg);
/* 1: a page shared by fork, else a hole, when no further page can be had: of the pool, of the mount */
int stage_huge_none(struct stage *s, long shared);
int stage_huge_full(struct stage *s, long shared);
int stage_huge_arena(struct stage *s, long arg);

/* stage_file.c: files and shared memory */
int stage_file_disk(struct stage *s, long how);
int stage_file_memfd(struct stage *s, long how);
int stage_file_shmem(struct stage *s, long untouched);
int stage_file_secret(struct stage *s, long arg);
int stage_file_unmapped(struct stage *s, long arg);
int stage_file_gate(struct stage *s, long arg);
int stage_file_arena(struct stage *s, long kind);

/* Puts the two pages at @a and @b under KSM and waits until they are one.  -errno, s->why. */
int stage_anon_merge(struct stage *s, char *a, char *b);
/* MADV_PAGEOUT until the page at @addr is swapped.  -errno, s->why. */
int stage_anon_pageout(struct stage *s, char *addr);

#endif
