/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Experiments on gupinfo's own memory.  They touch nothing else: they allocate at most one huge
 * page and the kernel's huge zero page, and free them again.
 */
#include "live/live_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kpageflags.h"

enum {
#define MADVISE(id, nr, name) PROBE_##id = nr,
#include "event/madvise.def"
#undef MADVISE
};

struct probe {
	struct live *l;
	u8 *results; /* in struct kernel_evidence */
	int pagemap; /* our own */
	u64 page;
};

/* Returns the pagemap word of an address of our own; 0 when unreadable. */
static u64 probe_word(const struct probe *p, const void *addr)
{
	u64 word = 0;

	if (pread(p->pagemap, &word, sizeof(word),
		  (uintptr_t)addr / p->page * sizeof(word)) != sizeof(word))
		return 0;
	return word;
}

static bool probe_array(int fd, u64 pfn, u64 *ret)
{
	return fd >= 0 &&
	       pread(fd, ret, sizeof(*ret), pfn * sizeof(*ret)) == sizeof(*ret);
}

/* Returns kpageflags of the page at @addr, which must not move; 0 when unreadable. */
static u64 probe_flags(const struct probe *p, const void *addr)
{
	u64 word = probe_word(p, addr), flags;

	if (!pagemap_pfn(word) ||
	    !probe_array(p->l->kpageflags, pagemap_pfn(word), &flags) ||
	    probe_word(p, addr) != word)
		return 0;
	return flags;
}

/* Returns the categories of the region at @addr; false when PAGEMAP_SCAN does not list it. */
static bool probe_categories(const struct probe *p, const void *addr, u64 mask, u64 *ret)
{
	uintptr_t a = (uintptr_t)addr;
	struct pagemap_region r;
	u64 walked;

	if (live_chunk_scan(p->pagemap, 0, a, a + p->page, mask, mask, 0, &r, 1,
			    &walked) != 1)
		return false;
	*ret = r.categories;
	return true;
}

/* Finds the categories that PAGEMAP_SCAN knows: none without the ioctl. */
static void probe_scan(struct probe *p, const char *addr)
{
	u64 mask = PAGEMAP_IS_FILE | PAGEMAP_IS_PRESENT | PAGEMAP_IS_SWAPPED |
		   PAGEMAP_IS_PFNZERO | PAGEMAP_IS_HUGE;
	u64 seen;

	if (p->l->opt.no_scan)
		return;
	p->results[KPROBE_PAGEMAP_SCAN] = TRI_NO;
	if (!probe_categories(p, addr, mask, &seen) || seen != PAGEMAP_IS_PRESENT)
		return;
	p->results[KPROBE_PAGEMAP_SCAN] = TRI_YES;
	p->l->have_scan = true;
	p->l->scan_mask = mask;
	if (probe_categories(p, addr, mask | PAGEMAP_IS_GUARD, &seen))
		p->l->scan_mask |= PAGEMAP_IS_GUARD;
}

/* A fresh anonymous page must be exclusive and not KSM. */
static void probe_fresh(struct probe *p, const char *addr)
{
	u64 flags = probe_flags(p, addr);

	if (!(flags & KPF_BIT(ANON)) || flags & KPF_COMPOUND_BITS)
		return;
	p->results[KPROBE_KPF_KSM_BUG] = tri_from(true, flags & KPF_BIT(KSM));
	p->results[KPROBE_BTF_ANON_EXCLUSIVE] = tri_from(true, flags & KPF_BIT(OWNER_2));
}

static void probe_guard(struct probe *p, char *addr)
{
	if (madvise(addr, p->page, PROBE_GUARD_INSTALL)) {
		if (errno == EINVAL)
			p->results[KPROBE_GUARD_REGIONS] = TRI_NO;
		return;
	}
	p->results[KPROBE_GUARD_REGIONS] = TRI_YES;
	p->results[KPROBE_PAGEMAP_GUARD] =
		tri_from(true, probe_word(p, addr) & PAGEMAP_GUARD);
}

/* A read fault maps the huge zero page if use_zero_page and THP settings allow it. */
static void probe_huge_zero(struct probe *p, const char *addr)
{
	u64 seen, mask = p->l->scan_mask &
			 (PAGEMAP_IS_PRESENT | PAGEMAP_IS_PFNZERO | PAGEMAP_IS_HUGE);

	if (!p->l->have_scan || p->l->machine.page.use_zero_page != TRI_YES ||
	    *(const volatile char *)addr)
		return;
	if (!probe_categories(p, addr, mask, &seen) || !(seen & PAGEMAP_IS_HUGE) ||
	    !(seen & PAGEMAP_IS_PRESENT))
		return;
	p->results[KPROBE_SCAN_PFNZERO_HUGE] = tri_from(true, seen & PAGEMAP_IS_PFNZERO);
	p->results[KPROBE_PM_FILE_HUGE_ZERO] =
		tri_from(true, probe_word(p, addr) & PAGEMAP_FILE);
}

/* Does a tail show the head's uptodate?  Half unmapped: are counts 1 and 0, or 1? */
static void probe_huge(struct probe *p, char *addr, u64 size)
{
	char *tail = addr + size / 2;
	u64 head_flags, flags, count, pfn;

	*(volatile char *)addr = 1;
	head_flags = probe_flags(p, addr);
	flags = probe_flags(p, tail);
	pfn = pagemap_pfn(probe_word(p, tail));
	if (!(head_flags & KPF_BIT(COMPOUND_HEAD)) || !(flags & KPF_BIT(COMPOUND_TAIL)) ||
	    !(flags & KPF_BIT(ANON)) || !(head_flags & KPF_BIT(UPTODATE)) ||
	    pfn != pagemap_pfn(probe_word(p, addr)) + size / 2 / p->page)
		return;
	p->results[KPROBE_KPF_FOLIO_FLAGS] = tri_from(true, flags & KPF_BIT(UPTODATE));
	if (madvise(tail, size / 2, MADV_DONTNEED) || probe_word(p, tail) ||
	    !probe_array(p->l->kpagecount, pfn, &count) ||
	    !probe_array(p->l->kpageflags, pfn, &flags) ||
	    !(flags & KPF_BIT(COMPOUND_TAIL)))
		return;
	/* It still is a tail of our folio: nobody can reuse it while the first half is ours. */
	if (pagemap_pfn(probe_word(p, addr)) + size / 2 / p->page == pfn && count <= 1)
		p->results[KPROBE_KPAGECOUNT_AVERAGE] = tri_from(true, count);
}

/* What the experiments on a huge page are for, and whether it is clear without them. */
struct probe_wants {
	bool zero; /* the huge zero page */
	bool huge; /* one that is written: to clear it takes a tenth of the startup time */
};

/* Later kernels keep what came with a version; what went with one may have gone before. */
static struct probe_wants probe_wants(const struct live *l)
{
	struct kernel k;

	if (kernel_resolve(&l->machine.kernel, &k))
		return (struct probe_wants){ true, true };
	return (struct probe_wants){
		.zero = !l->bpf,
		.huge = kernel_has(&k, KFACT_KPAGECOUNT_AVERAGE) == TRI_UNKNOWN ||
			(!l->bpf && kernel_has(&k, KFACT_KPF_FOLIO_FLAGS) != TRI_YES),
	};
}

static void probe_huge_memory(struct probe *p, struct probe_wants wants)
{
	u64 size = p->l->machine.kernel.pmd_size;
	char *map, *huge;

	if (!size || size > 64u << 20 || (!wants.zero && !wants.huge))
		return;
	map = mmap(NULL, size * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		   -1, 0);
	if (map == MAP_FAILED)
		return;
	huge = (char *)ROUND_UP((uintptr_t)map, size);
	if (!madvise(huge, size, PROBE_HUGEPAGE)) {
		if (wants.zero)
			probe_huge_zero(p, huge);
		/* Before 6.13 a write to the huge zero page allocates a small page. */
		if (wants.huge && p->l->kpageflags >= 0 && !p->l->pfns_hidden &&
		    !madvise(huge, size, MADV_DONTNEED))
			probe_huge(p, huge, size);
	}
	munmap(map, size * 2);
}

void probe_run(struct live *l)
{
	struct probe p = { .l = l,
			   .results = l->machine.kernel.probe,
			   .pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC),
			   .page = l->machine.kernel.page_size };
	char *map = mmap(NULL, p.page * 2, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p.pagemap >= 0 && map != MAP_FAILED) {
		u64 word;

		*(volatile char *)map = 1;
		word = probe_word(&p, map);
		l->pfns_hidden = word & PAGEMAP_PRESENT && !pagemap_pfn(word);
		probe_scan(&p, map);
		if (!l->opt.no_probe) {
			probe_fresh(&p, map);
			probe_guard(&p, map + p.page);
			probe_huge_memory(&p, probe_wants(l));
		}
	}
	l->machine.page.pfns_hidden = l->pfns_hidden;
	l->machine.page.have_scan = l->have_scan;
	if (map != MAP_FAILED)
		munmap(map, p.page * 2);
	if (p.pagemap >= 0)
		close(p.pagemap);
}
