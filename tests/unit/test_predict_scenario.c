/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known to happen, one situation a row: the outcomes were observed on kernels or read
 * from their source when the predictor was planned, before its rules were written.
 */
#include <errno.h>

#include "gup/predict.h"
#include "test.h"

/* Mappings. */
#define RW (F(VMA_READ) | F(VMA_WRITE) | F(VMA_MAYWRITE))
#define ANON_VMA (F(VMA_ANON) | RW)
#define FILE_PRIVATE RW
#define FILE_SHARED (RW | F(VMA_SHARED) | F(VMA_MAYSHARE) | F(VMA_DIRTY_TRACKING))
#define SHMEM_SHARED (RW | F(VMA_SHARED) | F(VMA_MAYSHARE))
#define HUGETLB_VMA (F(VMA_HUGETLB) | RW | F(HUGE_FREE))
#define NO_WRITE (F(VMA_WRITE))

#define EXTRA (F(EXTRA_REFS) | F(HELD))

/* Pages.  "Shared": forked, both alive; "prev": forked, the other one gone. */
#define SOLE (F(REF_ONE) | F(REF_SOLE) | F(MAPCOUNT_ONE))
#define SMALL (F(PRESENT) | F(ANON))
#define SMALL_EXCLUSIVE (SMALL | F(ANON_EXCLUSIVE) | F(PTE_WRITE) | SOLE)
#define SMALL_SHARED SMALL
#define SMALL_PREV (SMALL | SOLE)
#define SMALL_PREV_REF (SMALL | F(MAPCOUNT_ONE) | EXTRA)
#define THP (F(PRESENT) | F(ANON) | F(LARGE) | F(LEAF_PMD))
#define THP_EXCLUSIVE (THP | F(ANON_EXCLUSIVE) | F(PTE_WRITE) | SOLE | F(REF_IS_MAPS))
#define THP_SHARED (THP | F(MM_SHARED) | F(REF_IS_MAPS))
#define THP_PREV (THP | SOLE | F(REF_IS_MAPS))
#define THP_PREV_REF (THP | F(MAPCOUNT_ONE) | EXTRA)
#define PART (F(PRESENT) | F(ANON) | F(LARGE))
#define PART_EXCLUSIVE (PART | F(ANON_EXCLUSIVE) | F(PTE_WRITE) | F(REF_IS_MAPS))
#define PART_SHARED (PART | F(MM_SHARED) | F(REF_IS_MAPS))
#define PART_PREV (PART | F(REF_IS_MAPS))
#define PART_PREV_REF (PART | EXTRA)
#define PART_LAST (PART | SOLE | F(REF_IS_MAPS))
#define HUGETLB (F(PRESENT) | F(ANON) | F(LARGE) | F(LEAF_PMD))
#define HUGETLB_EXCLUSIVE (HUGETLB | F(ANON_EXCLUSIVE) | F(PTE_WRITE) | SOLE)
#define HUGETLB_PREV_REF (HUGETLB | F(MAPCOUNT_ONE) | EXTRA)
#define HUGETLB_PREV (HUGETLB | SOLE)
#define KSM_PAGE (F(PRESENT) | F(ANON) | F(KSM))
#define ZERO_PAGE (F(PRESENT) | F(ZERO) | F(SPECIAL))
#define HUGE_ZERO_PAGE (F(PRESENT) | F(HUGE_ZERO) | F(LARGE) | F(LEAF_PMD))
#define FILE_PAGE F(PRESENT)
#define SHMEM_PAGE (F(PRESENT) | F(SHMEM))

enum { STORE = GUP_REQUESTS, FORK, MOVE };

struct row {
	const char *nr, *what;
	const char *from, *to; /* models, both included; to NULL: 7.3 */
	u64 yes;
	unsigned act; /* enum gup_request, STORE, FORK, MOVE */
	/* get: fast yes/no and the slow path's word; store: its word and leak; fork, migration: its word */
	const char *fast, *slow;
	enum gup_page page;
};

#define SAME GUP_PAGE_SAME
#define COPIED GUP_PAGE_COPY
#define NEW GUP_PAGE_NEW
#define MOVED GUP_PAGE_MIGRATED
#define NONE GUP_PAGE_NONE

static const struct row rows[] = {
	{ "1", "exclusive", "5.19", NULL, ANON_VMA | SMALL_EXCLUSIVE, GUP_GET_R, "yes",
	  "slow", SAME },
	{ "1", "exclusive", "5.19", NULL, ANON_VMA | SMALL_EXCLUSIVE, GUP_PIN_R, "yes",
	  "slow", SAME },
	{ "1", "exclusive", "5.19", NULL, ANON_VMA | SMALL_EXCLUSIVE, GUP_GET_W, "yes",
	  "slow", SAME },
	{ "1", "exclusive", "5.19", NULL, ANON_VMA | SMALL_EXCLUSIVE, GUP_PIN_W, "yes",
	  "slow", SAME },
	{ "1", "exclusive", "5.19", NULL, ANON_VMA | SMALL_EXCLUSIVE, GUP_LT_W, "yes",
	  "slow", SAME },
	{ "2", "shared", "5.10", NULL, ANON_VMA | SMALL_SHARED, GUP_GET_R, "yes", "slow",
	  SAME },
	{ "3", "shared", "5.19", NULL, ANON_VMA | SMALL_SHARED, GUP_PIN_R, "no", "copy",
	  COPIED },
	{ "3b", "shared", "5.10", "5.18", ANON_VMA | SMALL_SHARED, GUP_PIN_R, "yes",
	  "slow", SAME },
	{ "3c", "unshared and pinned", "5.19", NULL,
	  ANON_VMA | SMALL | F(ANON_EXCLUSIVE) | F(MAPCOUNT_ONE) | EXTRA, STORE, "reuse",
	  "no", 0 },
	{ "4", "shared", "5.10", NULL, ANON_VMA | SMALL_SHARED, GUP_PIN_W, "no", "copy",
	  COPIED },
	{ "4", "shared", "5.10", NULL, ANON_VMA | SMALL_SHARED, GUP_GET_W, "no", "copy",
	  COPIED },
	{ "4", "shared", "5.10", NULL, ANON_VMA | SMALL_SHARED, GUP_LT_W, "no", "copy",
	  COPIED },
	{ "5", "once shared", "5.19", NULL, ANON_VMA | SMALL_PREV, GUP_PIN_R, "no",
	  "mark", SAME },
	{ "6", "once shared", "5.10", NULL, ANON_VMA | SMALL_PREV, STORE, "reuse", "no",
	  0 },
	{ "7", "in a pipe", "5.10", NULL, ANON_VMA | SMALL_PREV_REF, STORE, "copy", "no",
	  0 },
	{ "7", "in a pipe", "5.19", NULL, ANON_VMA | SMALL_PREV_REF, GUP_PIN_R, "no",
	  "copy", COPIED },
	{ "7", "in a pipe", "5.10", NULL, ANON_VMA | SMALL_PREV_REF, GUP_PIN_W, "no",
	  "copy", COPIED },
	{ "9-12", "hugetlb in a pipe", "5.10", NULL, HUGETLB_VMA | HUGETLB_PREV_REF,
	  STORE, "reuse", "yes", 0 },
	{ "9-12", "the draft", "5.10+", NULL, HUGETLB_VMA | HUGETLB_PREV_REF, STORE,
	  "copy", "no", 0 },
	{ "13", "exclusive, read-only, in a pipe", "5.19", NULL,
	  ANON_VMA | SMALL | F(ANON_EXCLUSIVE) | F(MAPCOUNT_ONE) | EXTRA, STORE, "reuse",
	  "no", 0 },
	{ "14", "THP", "5.19", NULL, ANON_VMA | THP_EXCLUSIVE, GUP_GET_R, "yes", "slow",
	  SAME },
	{ "14", "THP", "5.19", NULL, ANON_VMA | THP_EXCLUSIVE, GUP_LT_W, "yes", "slow",
	  SAME },
	{ "15", "THP shared", "5.10", NULL, ANON_VMA | THP_SHARED, GUP_GET_R, "yes",
	  "slow", SAME },
	{ "16", "THP shared", "5.19", NULL, ANON_VMA | THP_SHARED, GUP_PIN_R, "no",
	  "copy", COPIED },
	{ "17", "THP once shared", "5.10", NULL, ANON_VMA | THP_PREV, STORE, "reuse",
	  "no", 0 },
	{ "17", "THP once shared", "5.19", NULL, ANON_VMA | THP_PREV, GUP_PIN_R, "no",
	  "mark", SAME },
	{ "18", "THP in a pipe", "5.18", NULL, ANON_VMA | THP_PREV_REF, STORE, "copy",
	  "no", 0 },
	{ "19", "THP in a pipe", "5.10", "5.17", ANON_VMA | THP_PREV_REF, STORE, "reuse",
	  "yes", 0 },
	{ "21", "THP by PTEs", "5.19", NULL, ANON_VMA | PART_EXCLUSIVE, GUP_PIN_R, "yes",
	  "slow", SAME },
	{ "21b", "THP by PTEs, shared", "5.19", NULL, ANON_VMA | PART_SHARED, GUP_PIN_R,
	  "no", "copy", COPIED },
	{ "22", "THP by PTEs, once shared", "6.15", NULL, ANON_VMA | PART_PREV, STORE,
	  "reuse", "no", 0 },
	{ "23", "THP by PTEs, once shared", "6.9", "6.14", ANON_VMA | PART_PREV, STORE,
	  "copy", "no", 0 },
	{ "24", "THP by PTEs, once shared", "5.10", "6.8", ANON_VMA | PART_PREV, STORE,
	  "copy", "no", 0 },
	{ "25", "last page of a THP", "6.9", NULL, ANON_VMA | PART_LAST, STORE, "copy",
	  "no", 0 },
	{ "25", "last page of a THP", "5.10", "6.8", ANON_VMA | PART_LAST, STORE, "reuse",
	  "no", 0 },
	{ "26", "THP by PTEs, in a pipe", "5.10", NULL, ANON_VMA | PART_PREV_REF, STORE,
	  "copy", "no", 0 },
	{ "27", "hugetlb", "5.19", NULL, HUGETLB_VMA | HUGETLB_EXCLUSIVE, GUP_PIN_R,
	  "yes", "slow", SAME },
	{ "27", "hugetlb", "5.19", NULL, HUGETLB_VMA | HUGETLB_EXCLUSIVE, GUP_GET_R,
	  "yes", "slow", SAME },
	{ "28", "hugetlb shared", "5.19", NULL, HUGETLB_VMA | HUGETLB, GUP_PIN_R, "no",
	  "copy", COPIED },
	{ "29", "hugetlb shared", "5.10", NULL, HUGETLB_VMA | HUGETLB, GUP_GET_R, "yes",
	  "slow", SAME },
	{ "30", "hugetlb pinned", "5.19", NULL,
	  HUGETLB_VMA | HUGETLB | F(ANON_EXCLUSIVE) | F(PTE_WRITE) | F(MAPCOUNT_ONE) |
		  EXTRA | F(MAYBE_PINNED) | F(MM_HAS_PINNED),
	  FORK, "copy", "", 0 },
	{ "30", "hugetlb pinned", "5.10", "5.11",
	  HUGETLB_VMA | HUGETLB | F(PTE_WRITE) | F(MAPCOUNT_ONE) | EXTRA |
		  F(MAYBE_PINNED) | F(MM_HAS_PINNED),
	  FORK, "share", "", 0 },
	{ "31", "hugetlb MAP_SHARED", "5.10", NULL,
	  F(VMA_HUGETLB) | SHMEM_SHARED | F(PRESENT) | F(LARGE) | F(LEAF_PMD) |
		  F(PTE_WRITE),
	  GUP_LT_W, "yes", "slow", SAME },
	{ "32", "KSM", "5.10", NULL, ANON_VMA | KSM_PAGE, GUP_GET_R, "yes", "slow",
	  SAME },
	{ "33", "KSM", "5.19", NULL, ANON_VMA | KSM_PAGE, GUP_PIN_R, "no", "copy",
	  COPIED },
	{ "33", "KSM mapped once", "5.19", NULL, ANON_VMA | KSM_PAGE | F(MAPCOUNT_ONE),
	  GUP_PIN_R, "no", "copy", COPIED },
	{ "34", "KSM", "5.10", NULL, ANON_VMA | KSM_PAGE, STORE, "copy", "no", 0 },
	{ "34", "KSM", "5.10", NULL, ANON_VMA | KSM_PAGE, GUP_PIN_W, "no", "copy",
	  COPIED },
	{ "35", "zero page", "5.10", NULL, ANON_VMA | ZERO_PAGE, GUP_GET_R, "no", "slow",
	  SAME },
	{ "35", "zero page", "5.10", NULL, ANON_VMA | ZERO_PAGE, GUP_PIN_R, "no", "slow",
	  SAME },
	{ "36", "zero page", "5.10", NULL, ANON_VMA | ZERO_PAGE, GUP_PIN_W, "no", "copy",
	  COPIED },
	{ "36", "zero page", "5.10", NULL, ANON_VMA | ZERO_PAGE, GUP_LT_W, "no", "copy",
	  COPIED },
	{ "37", "zero page", "6.2", NULL, ANON_VMA | ZERO_PAGE, GUP_LT_R, "no", "copy",
	  COPIED },
	{ "37", "zero page", "5.10", "6.1", ANON_VMA | ZERO_PAGE, GUP_LT_R, "no", "slow",
	  SAME },
	{ "38", "untouched", "5.10", NULL, ANON_VMA, GUP_GET_R, "no", "fault", NEW },
	{ "38", "untouched", "5.10", NULL, ANON_VMA, GUP_PIN_R, "no", "fault", NEW },
	{ "39", "untouched", "5.10", NULL, ANON_VMA, GUP_LT_W, "no", "fault", NEW },
	{ "39", "untouched", "5.10", NULL, ANON_VMA, GUP_LT_R, "no", "fault", NEW },
	{ "40", "huge zero page", "5.10", "6.17", ANON_VMA | HUGE_ZERO_PAGE, GUP_PIN_R,
	  "yes", "slow", SAME },
	{ "40", "huge zero page", "6.18", NULL, ANON_VMA | HUGE_ZERO_PAGE | F(SPECIAL),
	  GUP_PIN_R, "no", "slow", SAME },
	{ "41", "huge zero page", "5.10", "6.17", ANON_VMA | HUGE_ZERO_PAGE, GUP_PIN_W,
	  "no", "copy", COPIED },
	{ "41", "huge zero page", "6.18", NULL, ANON_VMA | HUGE_ZERO_PAGE | F(SPECIAL),
	  STORE, "copy", "no", 0 },
	{ "42", "private file", "5.10", NULL, FILE_PRIVATE | FILE_PAGE, GUP_GET_R, "yes",
	  "slow", SAME },
	{ "42", "private file", "5.10", NULL, FILE_PRIVATE | FILE_PAGE, GUP_PIN_R, "yes",
	  "slow", SAME },
	{ "42", "private file", "5.10", NULL, FILE_PRIVATE | FILE_PAGE | EXTRA, STORE,
	  "copy", "no", 0 },
	{ "43", "private file", "5.10", NULL, FILE_PRIVATE | FILE_PAGE, GUP_LT_W, "no",
	  "copy", COPIED },
	{ "43", "private file", "5.10", NULL, FILE_PRIVATE | FILE_PAGE, GUP_PIN_W, "no",
	  "copy", COPIED },
	{ "44", "private file", "6.2", NULL, FILE_PRIVATE | FILE_PAGE, GUP_LT_R, "no",
	  "copy", COPIED },
	{ "44", "private file", "5.10", "6.1", FILE_PRIVATE | FILE_PAGE, GUP_LT_R, "yes",
	  "slow", SAME },
	{ "45", "shared file", "5.10", NULL, FILE_SHARED | FILE_PAGE | F(PTE_WRITE),
	  GUP_PIN_W, "yes", "slow", SAME },
	{ "46", "shared file", "6.5", NULL, FILE_SHARED | FILE_PAGE | F(PTE_WRITE),
	  GUP_LT_W, "no", "EFAULT", NONE },
	{ "46", "shared file", "5.10", "6.4", FILE_SHARED | FILE_PAGE | F(PTE_WRITE),
	  GUP_LT_W, "yes", "slow", SAME },
	{ "46b", "shmem", "5.10", NULL, SHMEM_SHARED | SHMEM_PAGE | F(PTE_WRITE),
	  GUP_LT_W, "yes", "slow", SAME },
	{ "47", "shmem read-only", "5.10", NULL, (SHMEM_SHARED & ~NO_WRITE) | SHMEM_PAGE,
	  GUP_PIN_R, "yes", "slow", SAME },
	{ "47", "shmem read-only", "5.10", NULL, (SHMEM_SHARED & ~NO_WRITE) | SHMEM_PAGE,
	  GUP_PIN_W, "no", "EFAULT", NONE },
	{ "48", "secret memory", "5.14", NULL,
	  SHMEM_SHARED | F(VMA_SECRETMEM) | F(PRESENT) | F(PTE_WRITE), GUP_GET_R, "no",
	  "EFAULT", NONE },
	{ "49", "swapped out", "5.10", NULL, ANON_VMA | F(SWAP) | F(SWAP_SHARED),
	  GUP_PIN_R, "no", "swapin", NEW },
	{ "49", "swapped out", "5.19", NULL, ANON_VMA | F(SWAP) | F(SWAP_EXCLUSIVE),
	  GUP_LT_W, "no", "swapin", NEW },
	{ "50", "swap cache, exclusive", "5.19", NULL,
	  ANON_VMA | SMALL | F(ANON_EXCLUSIVE) | F(MAPCOUNT_ONE), STORE, "reuse", "no",
	  0 },
	{ "50", "swap cache", "5.18", NULL,
	  ANON_VMA | SMALL | F(MAPCOUNT_ONE) | F(REF_SOLE), STORE, "reuse", "no", 0 },
	{ "50", "swap cache", "5.10", "5.17",
	  ANON_VMA | SMALL | F(MAPCOUNT_ONE) | F(REF_SOLE), STORE, "copy", "no", 0 },
	{ "52", "once shared, MADV_FREE", "5.19", NULL,
	  ANON_VMA | SMALL | F(MAPCOUNT_ONE), GUP_PIN_R, "no", "copy", COPIED },
	{ "53", "mprotect(PROT_READ)", "5.19", NULL,
	  (ANON_VMA & ~NO_WRITE) | SMALL | F(ANON_EXCLUSIVE) | SOLE, GUP_PIN_R, "yes",
	  "slow", SAME },
	{ "54", "mprotect(PROT_READ)", "5.10", NULL, (ANON_VMA & ~NO_WRITE) | SMALL_PREV,
	  GUP_PIN_W, "no", "EFAULT", NONE },
	{ "55", "PROT_NONE", "5.10", NULL,
	  F(VMA_ANON) | F(VMA_MAYWRITE) | SMALL_PREV | F(PROTNONE), GUP_GET_R, "no",
	  "EFAULT", NONE },
	{ "56", "NUMA hint", "6.5", NULL,
	  ANON_VMA | SMALL | F(ANON_EXCLUSIVE) | SOLE | F(PROTNONE), GUP_PIN_R, "no",
	  "slow", SAME },
	{ "56", "NUMA hint", "5.19", "6.4",
	  ANON_VMA | SMALL | F(ANON_EXCLUSIVE) | SOLE | F(PROTNONE), GUP_PIN_R, "no", "?",
	  GUP_PAGE_UNKNOWN },
	{ "57", "guard region", "6.13", NULL, ANON_VMA | F(GUARD), GUP_GET_R, "no",
	  "EFAULT", NONE },
	{ "57", "guard region", "6.13", NULL, ANON_VMA | F(GUARD), STORE, "segv", "no",
	  0 },
	{ "58", "uffd-wp", "5.19", NULL,
	  ANON_VMA | F(VMA_UFFD_WP) | F(UFFD_WP) | SMALL | F(ANON_EXCLUSIVE) | SOLE,
	  GUP_PIN_R, "yes", "slow", SAME },
	{ "59", "uffd-wp", "5.19", NULL,
	  ANON_VMA | F(VMA_UFFD_WP) | F(UFFD_WP) | SMALL | F(ANON_EXCLUSIVE) | SOLE,
	  GUP_PIN_W, "no", "?", GUP_PAGE_UNKNOWN },
	{ "", "uffd RWP", "7.3", NULL,
	  ANON_VMA | F(VMA_UFFD_RWP) | F(UFFD_WP) | SMALL | F(ANON_EXCLUSIVE) | SOLE |
		  F(PROTNONE),
	  GUP_GET_R, "no", "?", GUP_PAGE_UNKNOWN },
	{ "", "uffd RWP, swapped out", "7.3", NULL,
	  ANON_VMA | F(VMA_UFFD_RWP) | F(UFFD_WP) | F(SWAP) | F(SWAP_EXCLUSIVE),
	  GUP_GET_R, "no", "?", GUP_PAGE_UNKNOWN },
	{ "", "uffd RWP, swapped out", "7.3", NULL,
	  ANON_VMA | F(VMA_UFFD_RWP) | F(UFFD_WP) | F(SWAP) | F(SWAP_EXCLUSIVE), STORE,
	  "unknown", "unknown", 0 },
	{ "", "swapped out where uffd RWP is not armed", "7.3", NULL,
	  ANON_VMA | F(VMA_UFFD_RWP) | F(SWAP) | F(SWAP_EXCLUSIVE), GUP_GET_R, "no",
	  "swapin", GUP_PAGE_NEW },
	{ "", "NUMA hint where uffd RWP is not armed", "7.3", NULL,
	  ANON_VMA | F(VMA_UFFD_RWP) | SMALL | F(ANON_EXCLUSIVE) | SOLE | F(PROTNONE),
	  GUP_PIN_R, "no", "?", GUP_PAGE_UNKNOWN },
	{ "59", "uffd-wp, asynchronous", "6.7", NULL,
	  ANON_VMA | F(VMA_UFFD_WP) | F(VMA_UFFD_ASYNC) | F(UFFD_WP) | SMALL |
		  F(ANON_EXCLUSIVE) | SOLE,
	  GUP_PIN_W, "no", "reuse", SAME },
	{ "60", "movable zone", "5.19", NULL,
	  ANON_VMA | SMALL_EXCLUSIVE | F(ZONE_MOVABLE), GUP_LT_W, "no", "migrate",
	  MOVED },
	{ "60", "movable zone", "5.10", "5.12",
	  ANON_VMA | SMALL_PREV | F(PTE_WRITE) | F(ZONE_MOVABLE), GUP_LT_W, "yes", "slow",
	  SAME },
	{ "60", "CMA", "5.10", "5.17",
	  ANON_VMA | SMALL_PREV | F(PTE_WRITE) | F(BLOCK_UNPINNABLE), GUP_LT_W, "no",
	  "migrate", MOVED },
	{ "60", "movable zone, other references", "5.19", NULL,
	  ANON_VMA | SMALL | F(ANON_EXCLUSIVE) | F(PTE_WRITE) | F(MAPCOUNT_ONE) | EXTRA |
		  F(ZONE_MOVABLE),
	  GUP_LT_W, "no", "ENOMEM", NONE },
	{ "62", "pinned", "5.19", NULL,
	  ANON_VMA | SMALL | F(ANON_EXCLUSIVE) | F(PTE_WRITE) | F(MAPCOUNT_ONE) | EXTRA |
		  F(MAYBE_PINNED) | F(MM_HAS_PINNED),
	  FORK, "copy", "", 0 },
	{ "63", "in a pipe", "5.19", NULL,
	  ANON_VMA | SMALL | F(ANON_EXCLUSIVE) | F(PTE_WRITE) | F(MAPCOUNT_ONE) | EXTRA |
		  F(MM_HAS_PINNED),
	  FORK, "share", "", 0 },
	{ "64", "fsdax", "5.10", NULL, SHMEM_SHARED | F(VMA_FSDAX) | F(PRESENT), GUP_LT_R,
	  NULL, "EOPNOTSUPP", NONE },
	{ "65", "VM_PFNMAP", "5.10", NULL,
	  SHMEM_SHARED | F(VMA_PFNMAP) | F(PRESENT) | F(SPECIAL), GUP_GET_R, "no",
	  "EFAULT", NONE },
	{ "66", "vsyscall", "5.10", NULL, F(VMA_GATE) | F(VMA_READ) | F(PRESENT),
	  GUP_GET_R, "no", "slow", SAME },
	{ "66", "vsyscall", "5.10", NULL, F(VMA_GATE) | F(VMA_READ) | F(PRESENT),
	  GUP_GET_W, "no", "EFAULT", NONE },
	{ "10.1", "shmem in a pipe", "5.10", NULL,
	  SHMEM_SHARED | SHMEM_PAGE | F(PTE_WRITE) | EXTRA, STORE, "none", "no", 0 },
	{ "10.1", "zero page", "5.10", NULL, ANON_VMA | ZERO_PAGE, STORE, "copy", "no",
	  0 },
	{ "10.1", "swapped out, shared", "5.19", NULL,
	  ANON_VMA | F(SWAP) | F(SWAP_SHARED), STORE, "swapin", "no", 0 },
	{ "10.1", "swapped out, shared", "5.10", "5.17",
	  ANON_VMA | F(SWAP) | F(SWAP_SHARED), STORE, "swapin", "unknown", 0 },
	{ "", "hugetlb in ZONE_MOVABLE", "6.6", NULL,
	  HUGETLB_VMA | HUGETLB_EXCLUSIVE | F(HUGE_FREE_PIN) | F(ZONE_MOVABLE), GUP_LT_W,
	  "no", "migrate", MOVED },
	{ "", "hugetlb in ZONE_MOVABLE", "5.19", "6.5",
	  HUGETLB_VMA | HUGETLB_EXCLUSIVE | F(HUGE_FREE_PIN) | F(ZONE_MOVABLE), GUP_LT_W,
	  "no", "ENOMEM", NONE },
	{ "", "hugetlb in CMA", "5.19", "6.5",
	  HUGETLB_VMA | HUGETLB_EXCLUSIVE | F(HUGE_FREE_PIN) | F(BLOCK_UNPINNABLE),
	  GUP_LT_W, "no", "ENOMEM", NONE },
	{ "", "ramfs in CMA, dirty", "5.19", NULL,
	  F(VMA_READ) | F(VMA_MAYSHARE) | F(VMA_SHARED) | F(PRESENT) |
		  F(BLOCK_UNPINNABLE),
	  GUP_LT_R, "no", "ENOMEM", NONE },
	{ "", "ramfs in CMA, clean", "5.19", NULL,
	  F(VMA_READ) | F(VMA_MAYSHARE) | F(VMA_SHARED) | F(PRESENT) |
		  F(BLOCK_UNPINNABLE) | F(MOVABLE),
	  GUP_LT_R, "no", "migrate", MOVED },
	{ "", "in CMA, isolated by somebody", "5.19", NULL,
	  ANON_VMA | SMALL_EXCLUSIVE | F(BLOCK_UNPINNABLE), GUP_LT_W, "no", "migrate",
	  MOVED },
	{ "", "hugetlb in ZONE_MOVABLE, none free for pins", "6.6", NULL,
	  HUGETLB_VMA | HUGETLB_EXCLUSIVE | F(ZONE_MOVABLE), GUP_LT_W, "no", "?",
	  GUP_PAGE_UNKNOWN },
	{ "", "gigantic in ZONE_MOVABLE, none free for pins", "6.6", NULL,
	  HUGETLB_VMA | F(PRESENT) | F(ANON) | F(LARGE) | F(LEAF_PUD) |
		  F(ANON_EXCLUSIVE) | F(PTE_WRITE) | SOLE | F(ZONE_MOVABLE),
	  GUP_LT_W, "no", "ENOMEM", NONE },
	{ "", "hugetlb once shared", "5.10", NULL, HUGETLB_VMA | HUGETLB_PREV, STORE,
	  "reuse", "no", 0 },
	{ "", "the draft copies it for its own reference", "5.10+", NULL,
	  HUGETLB_VMA | HUGETLB_PREV, STORE, "copy", "no", 0 },
	{ "", "the draft keeps exclusive pages", "5.19+", NULL,
	  HUGETLB_VMA | HUGETLB | F(ANON_EXCLUSIVE) | F(MAPCOUNT_ONE) | EXTRA, STORE,
	  "reuse", "no", 0 },
	{ "", "hugetlb, none free, perhaps reserved", "5.10", NULL,
	  (HUGETLB_VMA & ~F(HUGE_FREE)) | HUGETLB | F(HUGE_RESERVED), STORE, "unknown",
	  "unknown", 0 },
	{ "", "hugetlb, none to be had", "5.10", NULL,
	  (HUGETLB_VMA & ~F(HUGE_FREE)) | HUGETLB, STORE, "segv", "no", 0 },
	{ "", "hugetlb, none to be had", "5.10", NULL,
	  (HUGETLB_VMA & ~F(HUGE_FREE)) | HUGETLB, GUP_PIN_W, "no", "EFAULT", NONE },
	{ "", "hugetlb hole, none to be had", "5.10", NULL, HUGETLB_VMA & ~F(HUGE_FREE),
	  GUP_GET_R, "no", "EFAULT", NONE },
	{ "", "hugetlb hole, none to be had", "5.10", NULL, HUGETLB_VMA & ~F(HUGE_FREE),
	  STORE, "segv", "no", 0 },
	{ "", "hugetlb hole, perhaps in the page cache", "5.10", NULL,
	  (HUGETLB_VMA & ~F(HUGE_FREE)) | F(CACHED), GUP_GET_R, "no", "?",
	  GUP_PAGE_UNKNOWN },
	{ "", "MADV_DONTFORK", "5.10", NULL, ANON_VMA | F(VMA_DONTCOPY) | SMALL_PREV,
	  FORK, "skip", "", 0 },
	{ "", "shadow stack", "6.6", NULL,
	  ANON_VMA | F(VMA_SHADOW_STACK) | SMALL_EXCLUSIVE, GUP_GET_W, "no", "EFAULT",
	  NONE },
	{ "", "hwpoison", "5.10", NULL, ANON_VMA | F(POISON), GUP_GET_R, "no", "EFAULT",
	  NONE },
	{ "", "beyond the end", "5.10", NULL, FILE_PRIVATE | F(FILE_REFUSES), GUP_GET_R,
	  "no", "EFAULT", NONE },
	{ "", "alone", "5.10", NULL, ANON_VMA | SMALL_PREV | F(MOVABLE), MOVE, "yes", "",
	  0 },
	{ "", "mapped by several", "5.10", NULL,
	  ANON_VMA | SMALL_SHARED | F(MM_SHARED) | F(MOVABLE), MOVE, "yes", "", 0 },
	{ "", "in a pipe", "5.10", NULL, ANON_VMA | SMALL_PREV_REF | F(MOVABLE), MOVE,
	  "refs", "", 0 },
	{ "", "hugetlb", "5.10", NULL, HUGETLB_VMA | HUGETLB_PREV | F(MOVABLE), MOVE,
	  "yes", "", 0 },
	{ "", "hugetlb in a pipe, none free", "5.10", NULL,
	  (HUGETLB_VMA & ~F(HUGE_FREE)) | HUGETLB_PREV_REF | F(MOVABLE), MOVE, "refs", "",
	  0 },
	{ "", "hugetlb, none free", "5.10", NULL,
	  (HUGETLB_VMA & ~F(HUGE_FREE)) | HUGETLB_PREV | F(MOVABLE), MOVE, "unknown", "",
	  0 },
	{ "", "the zero page", "5.10", NULL, ANON_VMA | ZERO_PAGE, MOVE, "none", "", 0 },
	{ "", "PROT_NONE", "6.1", "6.4",
	  F(VMA_ANON) | F(VMA_MAYWRITE) | SMALL_PREV | F(PROTNONE) | F(MOVABLE), MOVE,
	  "none", "", 0 },
	{ "", "PROT_NONE", "6.5", NULL,
	  F(VMA_ANON) | F(VMA_MAYWRITE) | SMALL_PREV | F(PROTNONE) | F(MOVABLE), MOVE,
	  "yes", "", 0 },
	{ "", "PROT_NONE", "5.10", "6.0",
	  F(VMA_ANON) | F(VMA_MAYWRITE) | SMALL_PREV | F(PROTNONE) | F(MOVABLE), MOVE,
	  "yes", "", 0 },
	{ "", "a hole", "5.10", NULL, ANON_VMA, MOVE, "none", "", 0 },
	{ "", "a driver's page", "5.10", NULL, RW | F(PRESENT) | F(NO_MAPPING), MOVE,
	  "never", "", 0 },
	{ "", "dirty in ramfs", "5.10", NULL, FILE_PRIVATE | FILE_PAGE, MOVE, "never", "",
	  0 },
	{ "", "secret memory", "5.14", NULL,
	  SHMEM_SHARED | F(VMA_SECRETMEM) | F(PRESENT) | F(MOVABLE), MOVE, "never", "",
	  0 },
	{ "", "VM_PFNMAP", "5.10", NULL, RW | F(VMA_PFNMAP) | F(PRESENT) | F(SPECIAL),
	  MOVE, "never", "", 0 },
	{ "", "userfaultfd hole", "5.10", NULL, ANON_VMA | F(VMA_UFFD_MISSING), GUP_GET_R,
	  "no", "?", GUP_PAGE_UNKNOWN },
};

static const char *const models[] = { "5.10", "5.11", "5.12", "5.13", "5.14", "5.15",
				      "5.16", "5.17", "5.18", "5.19", "6.0",  "6.1",
				      "6.2",  "6.3",  "6.4",  "6.5",  "6.6",  "6.7",
				      "6.8",  "6.9",  "6.10", "6.11", "6.12", "6.13",
				      "6.14", "6.15", "6.16", "6.17", "6.18", "6.19",
				      "7.0",  "7.1",  "7.2",  "7.3" };

static unsigned model_index(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(models); i++)
		if (!strncmp(models[i], name, strlen(models[i])) &&
		    strcspn(name, "+") == strlen(models[i]))
			return i;
	printf("# no model %s\n", name);
	abort();
}

static void fail(const struct row *r, const char *model, const char *what,
		 const char *got, const char *want)
{
	printf("# row %s (%s) on %s: %s is %s, expected %s\n", r->nr, r->what, model,
	       what, got, want);
	test_failures++;
}

static void check_request(const struct row *r, const char *model, const struct kernel *k,
			  const struct facts *f)
{
	struct gup_verdict v;
	const char *word;

	predict_request(k, f, r->act, &v);
	if (r->fast && strcmp(gup_tri_name(v.fast), r->fast))
		fail(r, model, "fast", gup_tri_name(v.fast), r->fast);
	if (v.page != r->page)
		fail(r, model, "page", gup_page_names[v.page], gup_page_names[r->page]);
	if (v.slow == GUP_SLOW_ERROR)
		word = gup_errno_name(v.err);
	else if (v.slow == GUP_SLOW_UNKNOWN || v.page == GUP_PAGE_UNKNOWN)
		word = "?";
	else if (v.page == GUP_PAGE_MIGRATED)
		word = "migrate";
	else if (v.fault == GUP_FAULT_UNSHARE)
		word = v.page == GUP_PAGE_COPY ? "copy" : "mark";
	else if (v.fault == GUP_FAULT_WRITE)
		word = v.page == GUP_PAGE_COPY ? "copy" : "reuse";
	else
		word = v.fault == GUP_FAULT_POPULATE ? "fault"
		       : v.fault == GUP_FAULT_SWAPIN ? "swapin"
						     : "slow";
	if (strcmp(word, r->slow))
		fail(r, model, "slow", word, r->slow);
	word = v.fast == TRI_YES ? "fast" : r->slow;
	if (v.fast != TRI_UNKNOWN && strcmp(gup_word_name(v.word, v.err), word))
		fail(r, model, "word", gup_word_name(v.word, v.err), word);
}

static void check(const struct row *r, const char *model)
{
	struct kernel_evidence ev;
	struct facts f = { 0 };
	struct gup_write w;
	struct gup_whatif whatif;
	struct kernel k;
	const char *why;

	kernel_evidence_init(&ev);
	strcpy(ev.arch, "x86_64");
	EXPECT_INT(kernel_resolve_model(&ev, model, &k, &why), 0);
	fact_set(&f, FACTS_ALL, false);
	fact_set(&f, r->yes, true);
	if (!fact_infer(&k, &f))
		fail(r, model, "the state", "contradictory", "possible");
	if (r->act < GUP_REQUESTS) {
		check_request(r, model, &k, &f);
	} else if (r->act == STORE) {
		predict_write(&k, &f, &w);
		if (strcmp(gup_write_names[w.fault], r->fast))
			fail(r, model, "store", gup_write_names[w.fault], r->fast);
		if (strcmp(gup_tri_name(w.leak), r->slow))
			fail(r, model, "leak", gup_tri_name(w.leak), r->slow);
	} else if (r->act == FORK) {
		predict_fork(&k, &f, &whatif);
		if (strcmp(gup_fork_names[whatif.word], r->fast))
			fail(r, model, "fork", gup_fork_names[whatif.word], r->fast);
	} else {
		predict_migrate(&k, &f, &whatif);
		if (strcmp(gup_migrate_names[whatif.word], r->fast))
			fail(r, model, "migrate", gup_migrate_names[whatif.word],
			     r->fast);
	}
}

TEST(scenarios)
{
	unsigned n = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		unsigned to = r->to ? model_index(r->to) : ARRAY_SIZE(models) - 1;
		bool draft = strchr(r->from, '+');
		char model[64];

		for (unsigned m = model_index(r->from); m <= to; m++, n++) {
			snprintf(model, sizeof(model), "%s%s", models[m],
				 draft ? "+hugetlb-refcount" : "");
			check(r, model);
		}
	}
	printf("# %zu rows, %u judgements\n", ARRAY_SIZE(rows), n);
	EXPECT(n > 1500);
}

/* A stable kernel that its release alone does not tell from its neighbours. */
TEST(zero_page_of_6_1_130)
{
	struct row r = { .nr = "35",
			 .what = "zero page",
			 .yes = ANON_VMA | ZERO_PAGE,
			 .act = GUP_PIN_R,
			 .fast = "no",
			 .slow = "slow",
			 .page = SAME };

	check(&r, "6.1.129");
	check(&r, "6.1.135");
	r.slow = "ENOMEM";
	r.page = NONE;
	check(&r, "6.1.130");
	check(&r, "6.1.134");
	r.yes = ANON_VMA; /* a hole: the zero page is mapped first */
	check(&r, "6.1.134");
	r.act = GUP_GET_R;
	r.slow = "fault";
	r.page = NEW;
	check(&r, "6.1.134");
}

/* The four tests of selftests/mm/cow.c that fail for hugetlb, and pass for everything else. */
TEST(the_four_leaks)
{
	static const struct {
		const char *kind;
		u64 yes;
		bool leak;
	} pages[] = {
		{ "small", ANON_VMA | SMALL_PREV_REF, false },
		{ "THP", ANON_VMA | THP_PREV_REF, false },
		{ "THP by PTEs", ANON_VMA | PART_PREV_REF, false },
		{ "hugetlb", HUGETLB_VMA | HUGETLB_PREV_REF, true },
	};
	/* In all four the writer's page is not exclusive, mapped once and referred to by the pipe. */
	static const char *const tests[] = {
		"vmsplice() + unmap in child",
		"vmsplice() + unmap in child with mprotect() optimization",
		"vmsplice() before fork(), unmap in parent after fork()",
		"vmsplice() + unmap in parent after fork()",
	};

	for (unsigned i = 0; i < ARRAY_SIZE(pages); i++)
		for (unsigned j = 0; j < ARRAY_SIZE(tests); j++) {
			struct row r = { .nr = tests[j],
					 .what = pages[i].kind,
					 .yes = pages[i].yes,
					 .act = STORE };

			r.fast = pages[i].leak ? "reuse" : "copy";
			r.slow = pages[i].leak ? "yes" : "no";
			check(&r, "6.18");
			r.fast = "copy";
			r.slow = "no";
			check(&r, "6.18+hugetlb-refcount");
		}
}
