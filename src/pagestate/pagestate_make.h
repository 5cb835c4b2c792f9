/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagestate_make.h - the functions that pagestate.def names.
 *
 * Each fills @s (addr, len, page, leaf …) and returns 0, or -errno with s->why set; -EOPNOTSUPP
 * means that this machine cannot make the state.  pagestate_factory_drop() releases what was
 * mapped before a failure.
 */
#ifndef GUPINFO_PAGESTATE_MAKE_H
#define GUPINFO_PAGESTATE_MAKE_H

#include "pagestate/pagestate.h"

/* pagestate_anon.c: 4 KiB pages of anonymous memory. */
int pagestate_anon_hole(struct pagestate *s, long arg);
int pagestate_anon_hole_thp(struct pagestate *s, long arg);
int pagestate_anon_touched(struct pagestate *s, long arg);
int pagestate_anon_zero(struct pagestate *s, long arg);
int pagestate_anon_mprotect(struct pagestate *s,
			    long prot); /* bit 0 readable, bit 1 writable again */
int pagestate_anon_free(struct pagestate *s, long arg);
int pagestate_anon_dontfork(struct pagestate *s, long wipe);
int pagestate_anon_guard(struct pagestate *s, long arg);
int pagestate_anon_uffd(struct pagestate *s, long async);
int pagestate_anon_rwp(struct pagestate *s,
		       long how); /* 1 async, 2 swapped out, 4 not protected */
int pagestate_anon_swapped(struct pagestate *s, long arg);
int pagestate_anon_ksm(struct pagestate *s, long arg);
int pagestate_anon_mlocked(struct pagestate *s, long arg);
int pagestate_anon_arena(struct pagestate *s, long thp);

/* pagestate_huge.c: larger folios and hugetlb. */
int pagestate_huge_thp(struct pagestate *s, long arg);
int pagestate_huge_thp_pte(struct pagestate *s, long arg);
int pagestate_huge_thp_half(struct pagestate *s, long look_at_shared);
int pagestate_huge_thp_single(struct pagestate *s, long arg);
int pagestate_huge_thp_mremapped(struct pagestate *s, long arg);
int pagestate_huge_zero(struct pagestate *s, long arg);
int pagestate_huge_mthp(struct pagestate *s, long kib);
int pagestate_huge_tlb(struct pagestate *s,
		       long how); /* 1 shared, 2 untouched, 4 read-only, 8 1 GiB */
int pagestate_huge_tlb_file(struct pagestate *s, long arg);
/* The pool or the mount has no more pages; 1: for a page shared by fork, 0: for a hole. */
int pagestate_huge_none(struct pagestate *s, long shared);
int pagestate_huge_full(struct pagestate *s, long shared);
int pagestate_huge_arena(struct pagestate *s, long arg);

/* pagestate_file.c: files and shared memory. */
int pagestate_file_disk(struct pagestate *s, long how);
int pagestate_file_memfd(struct pagestate *s, long how);
int pagestate_file_shmem(struct pagestate *s, long untouched);
int pagestate_file_secret(struct pagestate *s, long arg);
int pagestate_file_unmapped(struct pagestate *s, long arg);
int pagestate_file_gate(struct pagestate *s, long arg);
int pagestate_file_arena(struct pagestate *s, long kind);

/* Registers the pages at @a and @b with KSM and waits until they are merged.  -errno, s->why. */
int pagestate_anon_merge(struct pagestate *s, char *a, char *b);
/* Calls MADV_PAGEOUT until the page at @addr is swapped out.  -errno, s->why. */
int pagestate_anon_pageout(struct pagestate *s, char *addr);

#endif
