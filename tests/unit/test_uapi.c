/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The numbers of the kernel's interface that gupinfo writes down itself, compared with its headers
 * when this file is compiled.  It must include nothing of gupinfo's that defines the header's names,
 * or a name is compared with itself.
 */
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <linux/kernel-page-flags.h>
#include <linux/version.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <ctype.h>

#include "pagemap.h"
#include "test.h"

#ifdef KPF_BIT
#error "kpageflags.h has an enum of the header's names"
#endif

/*
 * What no installed header has: include/linux/kernel-page-flags.h, and tools/mm/page-types.c from
 * ANON_EXCLUSIVE on.  Bit 34 had another name before 6.12.
 */
#define KPF_THP_LARGE KPF_THP
#define KPF_RESERVED 32
#define KPF_MLOCKED 33
#define KPF_MAPPEDTODISK 34
#define KPF_OWNER_2 34
#define KPF_PRIVATE 35
#define KPF_PRIVATE_2 36
#define KPF_OWNER_PRIVATE 37
#define KPF_ARCH 38
#define KPF_UNCACHED 39
#define KPF_SOFTDIRTY 40
#define KPF_ARCH_2 41
#define KPF_ARCH_3 42
#define KPF_ANON_EXCLUSIVE 47
#define KPF_READAHEAD 48
#define KPF_SLUB_FROZEN 50
#define KPF_SLUB_DEBUG 51
#define KPF_FILE 61
#define KPF_SWAP 62
#define KPF_MMAP_EXCLUSIVE 63

#define KPF(id, bit, name, ...) \
	_Static_assert(KPF_##id == (bit), "kpageflags.def: " #id " has another bit");
#include "kpageflags.def"

/* Values that an older header lacks have their numbers from Linux 7.3. */
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE 103
#endif
#define MADVISE(id, nr, name) \
	_Static_assert(MADV_##id == (nr), "madvise.def: " #id " has another number");
#include "event/madvise.def"
#undef MADVISE

#define URING(id, nr, name) \
	_Static_assert(IORING_##id == (nr), "uring.def: " #id " has another number");
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define URING_LATER URING
#else
#define IORING_REGISTER_CLONE_BUFFERS 30
#define URING_LATER URING
#endif
#include "trace/uring.def"
#undef URING
#undef URING_LATER
#ifdef IORING_REGISTER_USE_REGISTERED_RING
_Static_assert(IORING_REGISTER_USE_REGISTERED_RING == 1u << 31, "uring");
#endif

/* PAGEMAP_SCAN, of which headers before 6.7 have nothing. */
#ifndef PAGE_IS_WPALLOWED
#define PAGE_IS_WPALLOWED (1 << 0)
#define PAGE_IS_WRITTEN (1 << 1)
#define PAGE_IS_FILE (1 << 2)
#define PAGE_IS_PRESENT (1 << 3)
#define PAGE_IS_SWAPPED (1 << 4)
#define PAGE_IS_PFNZERO (1 << 5)
#define PAGE_IS_HUGE (1 << 6)
#endif
#ifndef PAGE_IS_SOFT_DIRTY
#define PAGE_IS_SOFT_DIRTY (1 << 7)
#endif
#ifndef PAGE_IS_GUARD
#define PAGE_IS_GUARD (1 << 8)
#endif
#define CATEGORY(id)                                    \
	_Static_assert(PAGEMAP_IS_##id == PAGE_IS_##id, \
		       "pagemap.h: " #id " is another category")
CATEGORY(WPALLOWED);
CATEGORY(WRITTEN);
CATEGORY(FILE);
CATEGORY(PRESENT);
CATEGORY(SWAPPED);
CATEGORY(PFNZERO);
CATEGORY(HUGE);
CATEGORY(SOFT_DIRTY);
CATEGORY(GUARD);
_Static_assert(PAGEMAP_SCAN_IOCTL == _IOWR('f', 16, struct pagemap_scan), "PAGEMAP_SCAN");
#ifdef PAGEMAP_SCAN
_Static_assert(PAGEMAP_SCAN_IOCTL == PAGEMAP_SCAN, "PAGEMAP_SCAN");
#endif

/* fs/proc/task_mmu.c: PM_*, which no header exports; Documentation/admin-guide/mm/pagemap.rst */
_Static_assert(PAGEMAP_PRESENT == 1ull << 63, "PM_PRESENT");
_Static_assert(PAGEMAP_SWAP == 1ull << 62, "PM_SWAP");
_Static_assert(PAGEMAP_FILE == 1ull << 61, "PM_FILE");
_Static_assert(PAGEMAP_GUARD == 1ull << 58, "PM_GUARD_REGION");
_Static_assert(PAGEMAP_UFFD_WP == 1ull << 57, "PM_UFFD_WP");
_Static_assert(PAGEMAP_EXCLUSIVE == 1ull << 56, "PM_MMAP_EXCLUSIVE");
_Static_assert(PAGEMAP_SOFT_DIRTY == 1ull << 55, "PM_SOFT_DIRTY");
_Static_assert(PAGEMAP_PFN_MASK == (1ull << 55) - 1, "PM_PFRAME_MASK");

/* The word of a row is its ID in small letters, so that two names cannot change places either. */
static void expect_name(const char *id, const char *name)
{
	char lower[64];
	size_t n = 0;

	for (; id[n] && n < sizeof(lower) - 1; n++)
		lower[n] = id[n] == '_' ? '-' : (char)tolower(id[n]);
	lower[n] = '\0';
	char other[64];
	snprintf(other, sizeof(other), "%s", name);
	for (size_t i = 0; other[i]; i++)
		if (other[i] == '_')
			other[i] = '-';
	EXPECT_STR(other, lower);
}

TEST(names_are_those_of_the_bits)
{
	static const struct {
		const char *id, *name;
	} rows[] = {
#define KPF(id, bit, name, ...) { #id, name },
#include "kpageflags.def"
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!strcmp(rows[i].id, "THP_LARGE"))
			EXPECT_STR(rows[i].name, "thp");
		else if (!strcmp(rows[i].id, "IDLE"))
			EXPECT_STR(rows[i].name, "idle_page"); /* as in page-types */
		else
			expect_name(rows[i].id, rows[i].name);
	}
}

TEST(names_are_those_of_the_advices_and_operations)
{
#define MADVISE(id, nr, name) expect_name(#id, name);
#include "event/madvise.def"
#undef MADVISE
#define URING(id, nr, name) \
	expect_name(!strncmp(#id, "REGISTER_", 9) ? &#id[9] : #id, name);
#define URING_LATER URING
#include "trace/uring.def"
}
