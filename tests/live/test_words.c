/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every state of the factory, read by BPF and a second time by others: pagemap, kpageflags and
 * kpagecount; and, where the kernel offers them, /proc/kcore (struct page) and ptdump (entries).
 *
 * The offsets used on /proc/kcore are written down here for two kernels, on purpose: they do not
 * come from BTF.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../unit/test.h"
#include "live/bpfpage.h"
#include "kpageflags.h"
#include "live/live.h"
#include "need_bpf.h"
#include "pagemap.h"
#include "pagestate/pagestate_factory.h"

#define PAGE ((u64)sysconf(_SC_PAGESIZE))

static struct source *src;
static struct bpfpage *bp;
static char why[BPFPAGE_WHY];
static int pagemap = -1, kpf = -1, kpc = -1, kcore = -1;
static u64 vmemmap;
static struct {
	u64 states, leaves, entries, flags, counts, kcore, large, dump, skipped;
} seen;

/* --- /proc/kcore: an ELF file with one segment for each part of the address space */

static Elf64_Phdr segment[64];
static unsigned nsegments;

static u64 core64(u64 addr)
{
	u64 v = 0;

	for (unsigned i = 0; i < nsegments; i++)
		if (addr >= segment[i].p_vaddr &&
		    addr + 8 <= segment[i].p_vaddr + segment[i].p_filesz &&
		    pread(kcore, &v, 8,
			  segment[i].p_offset + addr - segment[i].p_vaddr) == 8)
			return v;
	return 0;
}

static u64 symbol(const char *name)
{
	unsigned long long addr;
	char line[512], sym[256];
	u64 found = 0;
	FILE *f = fopen("/proc/kallsyms", "re");

	while (f && !found && fgets(line, sizeof(line), f))
		if (sscanf(line, "%llx %*c %255s", &addr, sym) == 2 && !strcmp(sym, name))
			found = addr;
	if (f)
		fclose(f);
	return found;
}

static void open_kcore(void)
{
	Elf64_Ehdr eh;
	u64 var = symbol("vmemmap_base");

	kcore = var ? open("/proc/kcore", O_RDONLY | O_CLOEXEC) : -1;
	if (kcore < 0 || pread(kcore, &eh, sizeof(eh), 0) != sizeof(eh))
		return;
	for (unsigned i = 0; i < eh.e_phnum && nsegments < ARRAY_SIZE(segment); i++)
		if (pread(kcore, &segment[nsegments], sizeof(*segment),
			  eh.e_phoff + i * sizeof(*segment)) == sizeof(*segment) &&
		    segment[nsegments].p_type == PT_LOAD)
			nsegments++;
	vmemmap = core64(var);
}

static bool setup(void)
{
	static struct diag diag;

	if (bp)
		return true;
	if (bpfpage_open(NULL, &bp, why))
		return false;
	diag_init(&diag);
	src = live_open(NULL, &diag);
	if (!src)
		return false;
	if (!src->machine->page.have_bpf) { /* on Power, riscv64, s390x */
		snprintf(why, sizeof(why),
			 "page tables of this architecture are not read");
		return false;
	}
	kpf = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	kpc = open("/proc/kpagecount", O_RDONLY | O_CLOEXEC);
	open_kcore();
	return true;
}

static u64 at(int fd, u64 index)
{
	u64 v = ~0ULL;

	return pread(fd, &v, 8, index * 8) == 8 ? v : ~0ULL;
}

/* --- one leaf, and what others say of it */

static const char *state_name;
static bool quiet; /* another try follows */

#define SAME(what, a, b)                                                                \
	do {                                                                            \
		u64 a_ = (u64)(a), b_ = (u64)(b);                                       \
		if (a_ != b_) {                                                         \
			if (!quiet)                                                     \
				printf("# %s at %llx: %s is %llx by BPF, %llx by %s\n", \
				       state_name, o->addr, what, a_, b_, by);          \
			test_failures++;                                                \
		}                                                                       \
	} while (0)

static void check_entry(const struct raw_page *o, const struct pte *e)
{
	const char *by = "pagemap";
	u64 word = at(pagemap, o->addr / PAGE);
	bool present = e->state == PTE_STATE_PRESENT;

	seen.entries++;
	SAME("present", present, word >> 63);
	if (present && word >> 63)
		SAME("pfn", o->pfn, word & PAGEMAP_PFN_MASK);
	if (e->known & PAGE_PTE_UFFD_WP && o->level == RAW_LEVEL_PTE)
		SAME("uffd-wp", !!(e->bits & PAGE_PTE_UFFD_WP), word >> 57 & 1);
	if (e->known & e->bits & PAGE_PTE_SOFT_DIRTY)
		SAME("soft-dirty", 1, word >> 55 & 1);
	if (!present && e->state != PTE_STATE_NONE) {
		SAME("swap", 1, word >> 62 & 1);
		SAME("swap type", e->swap_type, pagemap_swap_type(word));
		if (e->state == PTE_STATE_SWAP)
			SAME("swap offset", e->swap_offset, pagemap_swap_offset(word));
	}
}

static void check_flags(const struct raw_page *o)
{
	const struct kpf_layout *l = bpfpage_layout(bp);
	const struct {
		u8 number, kpf;
	} rows[] = { { l->uptodate, KPF_UPTODATE },
		     { l->dirty, KPF_DIRTY },
		     { l->lru, KPF_LRU },
		     { l->active, KPF_ACTIVE },
		     { l->swapbacked, KPF_SWAPBACKED },
		     { l->unevictable, KPF_UNEVICTABLE } };
	const char *by = "kpageflags";
	u64 word = at(kpf, o->head_pfn), count = at(kpc, o->pfn);
	bool anon = o->mapping == RAW_MAPPING_ANON || o->mapping == RAW_MAPPING_KSM;

	if (word == ~0ULL || !(o->has & RAW_HAS_PAGE) || o->has & RAW_HAS_KPAGEFLAGS)
		return;
	seen.flags++;
	if (word >> KPF_ZERO_PAGE & 1) { /* the huge zero page */
		SAME("mapping", o->mapping, RAW_MAPPING_NULL);
		return;
	}
	SAME("anon", anon, word >> KPF_ANON & 1);
	SAME("head", o->order > 0, word >> KPF_COMPOUND_HEAD & 1);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		SAME("a flag", o->head_flags >> rows[i].number & 1,
		     word >> rows[i].kpf & 1);
	if (word >> KPF_HUGE & 1 && !count)
		return; /* 6.9, 6.10 */
	by = "kpagecount";
	seen.counts++;
	SAME("mapcount", o->mapcount, count);
}

static s32 half(u64 base, u64 off)
{
	return core64(base + (off & ~7ULL)) >> (off & 4) * 8;
}

/* Where a tail says that its head is: a mask of its own address (7.1), or a pointer, and bit 0. */
static u64 kcore_head(u64 page)
{
	u64 word = core64(page + 8);

	if (!(word & 1))
		return page;
	return word >= ~0ULL << 30 ? page & word : word - 1;
}

static void check_kcore(const struct raw_page *o, bool hugetlb)
{
	const char *by = "kcore";
	u64 page = vmemmap + o->pfn * 64, head = vmemmap + o->head_pfn * 64;
	bool v61 = !strncmp(src->machine->kernel.release, "6.1.", 4);
	bool v612 = !strncmp(src->machine->kernel.release, "6.12.", 5);

	if (!vmemmap || !(o->has & RAW_HAS_PAGE))
		return;
	seen.kcore++;
	SAME("page->flags", o->flags, core64(page));
	SAME("head->flags", o->head_flags, core64(head));
	SAME("_refcount", o->refcount, half(head, 52));
	SAME("compound head", head, kcore_head(page));
	if (!o->order) {
		SAME("_mapcount", o->mapcount, half(page, 48) + 1);
		return;
	}
	if (!v61 && !v612)
		return;
	seen.large++;
	SAME("order", o->order,
	     v61 ? core64(head + 80) >> 8 & 0xff : core64(head + 64) & 0xff);
	SAME("entire mapcount", o->entire_mapcount, half(head, 84) + 1);
	SAME("pincount", o->pincount, half(head, v61 ? 88 : 92));
	if (v612)
		SAME("large mapcount", o->large_mapcount, half(head, 80) + 1);
	if (!hugetlb && o->mapping == RAW_MAPPING_ANON && !v61)
		SAME("mapcount", o->mapcount, half(page, 48) + 1 + half(head, 84) + 1);
}

/* --- /sys/kernel/debug/page_tables/current_kernel: "0x…-0x…  4K  USR RW  NX pte" */

static char *dump;

static void read_dump(void)
{
	size_t len = 0, room = 1 << 20;
	ssize_t n = 0;
	int fd = open("/sys/kernel/debug/page_tables/current_kernel",
		      O_RDONLY | O_CLOEXEC);

	free(dump);
	dump = fd < 0 ? NULL : malloc(room);
	while (dump && (n = read(fd, dump + len, room - len - 1)) > 0)
		len += n;
	if (fd >= 0)
		close(fd);
	if (dump)
		dump[len] = '\0';
}

static void check_dump(const struct raw_page *o, const struct pte *e)
{
	const char *by = "ptdump", *p = dump;
	unsigned long long from, to;

	for (; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
		const char *end = strchr(p, '\n');
		char line[200] = "";

		if (sscanf(p, "0x%llx-0x%llx", &from, &to) != 2 || !end)
			continue;
		if (o->addr < from || o->addr >= to)
			continue;
		memcpy(line, p, MIN((size_t)(end - p), sizeof(line) - 1));
		if (e->state != PTE_STATE_PRESENT || e->bits & PAGE_PTE_PROTNONE)
			return; /* not printed */
		seen.dump++;
		SAME("write", !!(e->bits & PAGE_PTE_WRITE), !!strstr(line, " RW "));
		SAME("no-exec", !(e->bits & PAGE_PTE_EXEC), !!strstr(line, " NX "));
		SAME("level", o->level,
		     strstr(line, " pmd")   ? 2
		     : strstr(line, " pud") ? 3
					    : 1);
		return;
	}
}

/* --- states */

struct walk {
	bool hugetlb;
};

static int leaf_cb(void *ctx, const struct raw_page *raw, size_t n)
{
	const struct walk *w = ctx;

	for (size_t i = 0; i < n; i++) {
		struct raw_page o = raw[i];
		u64 size =
			BIT(arch_level_shift((unsigned)__builtin_ctzll(PAGE), o.level));
		u64 step = size / PAGE;
		u64 pages = MIN(o.pages, 4);

		for (u64 k = 0; k < pages; k++, o.addr += size, o.pfn += step) {
			struct pte e;

			if (raw[i].head_pfn == raw[i].pfn && (1ULL << o.order) == step)
				o.head_pfn = o.pfn;
			pte_decode(src->machine->page.pte, o.pte, o.level, &e);
			seen.leaves++;
			if (!w->hugetlb || e.state == PTE_STATE_PRESENT)
				check_entry(&o, &e);
			check_dump(&o, &e);
			if (e.state != PTE_STATE_PRESENT)
				continue;
			check_flags(&o);
			check_kcore(&o, w->hugetlb);
		}
	}
	return 0;
}

static void check_state(const char *name)
{
	struct walk w = { .hugetlb = strstr(name, "hugetlb") };
	static struct pagestate s;
	int before = test_failures;

	state_name = name;
	if (pagestate_factory_make(&s, name, false)) {
		printf("# %s: %s\n", name, s.why);
		seen.skipped++;
		return;
	}
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	/* what a CPU's batch does between two readings is no disagreement: look again */
	for (int try = 0; try < 4; try++) {
		test_failures = before;
		quiet = try < 3;
		read_dump();
		bpfpage_observe(bp, pagemap, w.hugetlb, (uintptr_t)s.addr,
				(uintptr_t)s.addr + s.len, false, leaf_cb, &w);
		if (test_failures == before)
			break;
		usleep(20000);
	}
	seen.states++;
	close(pagemap);
	pagestate_factory_drop(&s);
}

TEST(every_state_a_second_time)
{
	static const char *const more[] = { "", "+shared", "+child-vmspliced",
					    "+vmspliced", "+pinned" };
	char name[120], reason[PAGESTATE_WHY];
	bool quick = getenv("GUPINFO_TEST_QUICK");

	if (!setup())
		NO_BPF(why[0] ? why : "no source");
	for (unsigned id = 0; id < PAGESTATES; id++)
		for (unsigned m = 0; m < ARRAY_SIZE(more); m++) {
			const struct pagestate_row *row = pagestate_factory_row(id);

			if (!row || (m && (row->try != PAGESTATE_TRY_MODS || quick)))
				break;
			if (pagestate_factory_available(id, reason)) {
				if (!m)
					printf("# %s: %s\n", row->name, reason);
				continue;
			}
			snprintf(name, sizeof(name), "%s%s", row->name, more[m]);
			if (pagestate_factory_check(name, reason)) {
				printf("# %s: %s\n", name, reason);
				continue;
			}
			check_state(name);
		}
	printf("# %llu states (%llu not made), %llu leaves: %llu entries equal pagemap's, %llu flag words kpageflags', %llu counts kpagecount's, %llu pages and %llu large folios kcore's, %llu entries ptdump's\n",
	       seen.states, seen.skipped, seen.leaves, seen.entries, seen.flags,
	       seen.counts, seen.kcore, seen.large, seen.dump);
	EXPECT(seen.states > 3);
	src->ops->close(src);
	bpfpage_close(bp);
	free(dump);
}
