/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every border of kernel.def is crossed: what each release has, written down a second time beside what
 * a user sees change there.  A row of kernel.def that is moved, or that has no row here, fails.  The
 * verdicts that change are in tests/golden/linux-NAME/models.
 */
#include "kernel/kernel.h"
#include "kpageflags.h"
#include "test.h"

#include <errno.h>

/* "6.5-" since 6.5; "-6.10" until 6.10 inclusive; "6.9-6.10"; "5.19-6.1"; "always"; "never". */
static const struct border {
	unsigned fact;
	const char *has[2];
	const char *seen;
} borders[] = {
#define B(id, seen, ...)                          \
	{                                         \
		KFACT_##id, { __VA_ARGS__ }, seen \
	}
	/* rules: words of requests */
	B(GUP_FAST, "fast", "always"),
	B(FAST_PROTNONE, "fast: protnone", "always"),
	B(SECRETMEM, "secretmem: EFAULT", "5.14-"),
	B(LT_MOVABLE, "ZONE_MOVABLE: lt-* migrate", "5.13-"),
	B(DEVMAP, "lt-* of device memory", "-6.16"),
	B(LT_FILE_WRITE_REFUSED, "file-shared-dirty: lt-w EFAULT", "6.5-"),
	B(FAST_NO_MAPPING, "truncated pages: not fast", "6.10-7.2"),
	B(PMD_SPECIAL, "special PMD: not fast", "6.12-"),
	B(HUGE_ZERO_SPECIAL, "huge-zero: slow", "6.18-"),
	B(HUGEPD, "hugepd function", "-6.10"),
	B(ANON_EXCLUSIVE, "order-0+shared: pin-r copies", "5.19-"),
	B(UNSHARE_COW, "file-private: lt-r copies", "6.2-"),
	B(PROTNONE_FOLLOW, "NUMA hint: follow-pte", "6.5-"),
	B(SHADOW_STACK, "shadow stack: EFAULT", "6.6-"),
	B(FAST_SHADOW_STACK, "shadow stack: slow", "6.6-"),
	B(ZERO_PAGE_NO_PIN, "--verify: the zero page's references", "6.5-",
	  "6.1.130-6.1"),
	B(ZERO_PAGE_PIN_FAILS, "zero: pin-r ENOMEM", "6.1.130-6.1.134"),
	B(LT_MIGRATE_FAIL_KEEPS, "lt-* keeps what cannot move", "-5.12.4"),
	B(HUGETLB_LT_FAILS, "hugetlb+shared: lt-r ENOMEM", "5.12-6.5"),
	B(UFFD_RWP, "uffd-rwp: fault", "7.3-"),
	B(NUMA_SAVED_WRITE, "NUMA hint: write bit", "-6.1"),
	B(COW_REFCOUNT, "order-0+child-gone: rule of reuse", "5.18-"),
	B(LARGE_COPY, "thp-single: copy", "6.9-"),
	B(LARGE_REUSE, "thp-pte: reuse", "6.15-"),
	B(HUGE_ZERO_WHOLE, "huge-zero: a write takes a huge page", "6.13-"),
	B(SWAPIN_READ_WRITABLE, "--verify: swap-in is writable", "6.11-"),
	B(GUARD_REGIONS, "--verify: guard", "6.13-"),
	B(UFFD_WP_ASYNC, "uffd-wp: async", "6.7-"),
	B(HUGETLB_FORK_COPY, "hugetlb+pinned: fork copies", "5.12-"),
	B(MOVE_PROTNONE_FAILS, "protnone: migrate none", "6.1-6.4"),
	B(DIO_PIN, "who calls: O_DIRECT pins", "6.5-"),
	B(URING_FAST, "who calls: io_uring through GUP-fast", "6.10-"),
	B(URING_FILE, "who calls: io_uring on files", "6.5-"),
	B(FAULT_COMPLETED, "--verify: counted faults of shared files", "6.0-"),
	B(DIO_ERROR_BUFFERED, "--verify: direct I/O that failed", "6.15-6.16"),
	B(HUGETLB_FAULT_GENERIC, "--verify: counted faults", "6.6-"),
	B(HUGETLB_REFCOUNT, "hugetlb+child-vmspliced: reuse", "never"),
	/* words of /proc: KIND, MAP, EXCL */
	B(KPF_FOLIO_FLAGS, "EXCL of a tail", "6.10-"),
	B(KPF34_OWNER_2, "FLAGS: owner_2", "6.12-"),
	B(KPF_KSM_BUG, "KIND: ksm", "6.10-7.1"),
	B(KPF_THP_LARGE, "FLAGS: thp", "6.10-"),
	B(KPF_NOPAGE_ZERO, "KIND: nopage", "6.17-"),
	B(KPAGECOUNT_HUGETLB_ZERO, "MAP of hugetlb", "6.9-6.10"),
	B(KPAGECOUNT_AVERAGE, "MAPKIND: average", "6.15-"),
	B(PM_EXCLUSIVE_PMD_HEAD, "MAP of a PMD", "-6.10", "6.15-"),
	B(PM_FILE_PMD_LOST, "KIND of a PMD", "5.15-6.0", "6.2-6.10"),
	B(PM_FILE_HUGE_ZERO, "KIND: huge zero", "6.11-7.3.3"),
	B(PM_UFFD_WP, "PTE: u", "5.14-"),
	B(PM_GUARD, "KIND: guard", "6.15-"),
	B(PAGEMAP_SCAN, "--facts: scan", "6.7-"),
	B(SCAN_SOFT_DIRTY, "PTE: d", "6.8-"),
	B(SCAN_GUARD, "KIND: guard", "6.15-"),
	B(SCAN_PFNZERO_HUGE, "KIND: huge zero", "6.12-"),
	B(HUGETLB_CACHE_REFS_NR, "EXPECTED of hugetlb", "6.7-"),
	B(LARGE_MAPCOUNT, "FOLIOMAP", "6.10-"),
	B(MM_IDS, "the sharing of a large folio", "6.15-"),
	/* page-table entries */
	B(PTE_SAVED_DIRTY, "PTE: D", "6.6-"),
	B(PTE_MARKER_ALWAYS, "KIND: marker", "6.2-"),
	B(SWAPIN_ERROR_TYPE, "KIND: marker", "5.19-6.1"),
	B(DEVICE_EXCLUSIVE_ONE, "KIND: device", "6.15-"),
	B(ARM64_PROT_NONE_58, "arm64: N", "-6.10"),
#undef B
};

struct release {
	unsigned a, b, c;
	bool all; /* "6.1": the whole series */
};

static struct release parse(const char *s)
{
	struct release r = { 0 };

	r.all = sscanf(s, "%u.%u.%u", &r.a, &r.b, &r.c) < 3;
	return r;
}

static long number(struct release r)
{
	return (long)r.a << 32 | (long)r.b << 16 | r.c;
}

/* Whether @release is in the range @text. */
static bool in(const char *text, struct release release)
{
	const char *dash = strchr(text, '-');

	if (!dash)
		return !strcmp(text, "always");
	if (dash != text && number(release) < number(parse(text)))
		return false;
	if (!dash[1])
		return true;
	struct release until = parse(dash + 1);
	if (until.all)
		until.c = 0xffff;
	return number(release) <= number(until);
}

static bool expected(const struct border *b, struct release r)
{
	return in(b->has[0], r) || (b->has[1] && in(b->has[1], r));
}

static bool has(unsigned fact, struct release r)
{
	struct kernel_evidence ev;
	struct kernel k;

	kernel_evidence_init(&ev);
	snprintf(ev.release, sizeof(ev.release), "%u.%u.%u", r.a, r.b, r.c);
	strcpy(ev.arch, fact == KFACT_HUGEPD ? "ppc64le" : "x86_64");
	strcpy(ev.mmu, fact == KFACT_HUGEPD ? "Hash" : "");
	for (unsigned i = 0; i < KCONFIGS; i++)
		ev.config[i] = TRI_YES;
	EXPECT_INT(kernel_resolve(&ev, &k), 0);
	return kernel_has(&k, fact) == TRI_YES;
}

static void check(const struct border *b, struct release r)
{
	if (has(b->fact, r) == expected(b, r))
		return;
	printf("# %s in %u.%u.%u: %s by kernel.def (seen as \"%s\")\n",
	       kernel_rows[b->fact].name, r.a, r.b, r.c, expected(b, r) ? "no" : "yes",
	       b->seen);
	EXPECT(!"a border of kernel.def and this table differ");
}

/* The last release of the series before, and the first one of each, are on either side. */
TEST(each_series_has_what_is_written_here)
{
	for (unsigned i = 0; i < ARRAY_SIZE(borders); i++)
		for (unsigned v = 5 * 100 + 10; v <= 7 * 100 + 3; v++) {
			struct release r = { .a = v / 100, .b = v % 100 };

			if ((r.a == 5 && r.b > 19) || (r.a == 6 && r.b > 19))
				continue;
			check(&borders[i], r);
			r.c = 999;
			check(&borders[i], r);
		}
}

/* What was backported changes within a series. */
TEST(each_stable_release_of_series_with_borders)
{
	for (unsigned i = 0; i < ARRAY_SIZE(borders); i++)
		for (unsigned c = 0; c < 200; c++) {
			check(&borders[i], (struct release){ .a = 6, .b = 1, .c = c });
			check(&borders[i], (struct release){ .a = 5, .b = 12, .c = c });
			check(&borders[i], (struct release){ .a = 7, .b = 3, .c = c });
		}
}

TEST(every_fact_has_its_borders_here)
{
	for (unsigned fact = 0; fact < KFACTS; fact++) {
		unsigned n = 0;

		for (unsigned i = 0; i < ARRAY_SIZE(borders); i++)
			n += borders[i].fact == fact;
		if (n != 1)
			printf("# %s has %u rows in tests/unit/test_borders.c\n",
			       kernel_rows[fact].name, n);
		EXPECT_INT(n, 1);
	}
}

/* kpageflags.def: bits that came and went. */
TEST(bits_that_came_and_went)
{
	static const struct {
		unsigned bit;
		const char *before, *name;
		u32 kv;
	} moved[] = {
		{ 1, "error", "bit1", KV(6, 12, 0) },
		{ 22, "thp", "thp", KV(6, 10, 0) },
		{ 34, "mappedtodisk", "owner_2", KV(6, 12, 0) },
		{ 39, "uncached", "bit39", KV(6, 12, 0) },
		{ 42, "bit42", "arch_3", KV(6, 2, 0) },
		{ 47, "bit47", "anon_exclusive", KV(5, 19, 0) },
		{ 50, "slub_frozen", "bit50", KV(6, 10, 0) },
		{ 51, "slub_debug", "bit51", KV(6, 10, 0) },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(moved); i++) {
		EXPECT_STR(kpageflags_name(moved[i].bit, moved[i].kv - 1),
			   moved[i].before);
		EXPECT_STR(kpageflags_name(moved[i].bit, moved[i].kv), moved[i].name);
	}
}
