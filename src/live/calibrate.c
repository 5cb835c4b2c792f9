/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/calibrate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/array.h"

#define ANON_PAGES 8
#define CONTENT                             \
	sizeof(((struct structpage_cal *)0) \
		       ->content) /* bytes, by which a page is known */
#define HUGE_MOST (32UL << 20)    /* a huge zero page that is larger is not asked for */
#define PM_PFN ((1ULL << 55) - 1)
#define PM_PRESENT (1ULL << 63)

/* Pages of gupinfo's own, for calibration. */
struct own {
	size_t page, pmd; /* bytes of a base page, and of a PMD leaf */
	int pagemap;
	int file[2]; /* memfds of one page */
	u8 *anon;    /* ANON_PAGES pages */
	u8 *map[2];  /* mappings of the memfds */
	u8 *zero;    /* a page that was only read: the zero page */
	u8 *huge;    /* room for two huge pages that are only read */
	u64 anon_pfn[ANON_PAGES], file_pfn[2], zero_pfn;
	u64 huge_pfn, huge_zero_pfn; /* of a huge page and of the huge zero page, or 0 */
};

static int fail(char *why, size_t len, int err, const char *text)
{
	snprintf(why, len, "%s", text);
	return err;
}

static u64 pfn_of(const struct own *o, const void *addr)
{
	u64 word;

	if (pread(o->pagemap, &word, 8, (uintptr_t)addr / o->page * 8) != 8)
		return 0;
	return word & PM_PRESENT ? word & PM_PFN : 0;
}

static void own_deinit(struct own *o)
{
	if (o->anon)
		munmap(o->anon, ANON_PAGES * o->page);
	if (o->zero)
		munmap(o->zero, o->page);
	if (o->huge)
		munmap(o->huge, 3 * o->pmd);
	for (int i = 0; i < 2; i++) {
		if (o->map[i])
			munmap(o->map[i], o->page);
		if (o->file[i] >= 0)
			close(o->file[i]);
	}
	if (o->pagemap >= 0)
		close(o->pagemap);
}

static void *map_or_null(size_t len, int prot, int flags, int fd)
{
	void *p = mmap(NULL, len, prot, flags, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

static int own_make_files(struct own *o)
{
	for (int i = 0; i < 2; i++) {
		o->file[i] = memfd_create("gupinfo-calibrate", MFD_CLOEXEC);
		if (o->file[i] < 0 || ftruncate(o->file[i], o->page))
			return -errno;
		o->map[i] = map_or_null(o->page, PROT_READ | PROT_WRITE, MAP_SHARED,
					o->file[i]);
		if (!o->map[i])
			return -ENOMEM;
		memset(o->map[i], 1 + i, 64);
	}
	return 0;
}

/* Returns the first PFN of the huge page that a read fault maps at @addr, or 0. */
static u64 huge_pfn_of(const struct own *o, const u8 *addr)
{
	u64 pfn = *(const volatile u8 *)addr ? 0 : pfn_of(o, addr);

	return pfn && !(pfn % (o->pmd / o->page)) &&
			       pfn_of(o, addr + o->pmd - o->page) ==
				       pfn + o->pmd / o->page - 1
		       ? pfn
		       : 0;
}

/* Finds the huge zero page: two read faults map the same one.  It may be missing. */
static void own_make_huge(struct own *o)
{
	const u8 *at;

	if (o->pmd > HUGE_MOST)
		return;
	o->huge = map_or_null(3 * o->pmd, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (!o->huge)
		return;
	at = (const u8 *)ROUND_UP((uintptr_t)o->huge, o->pmd);
	if (madvise((void *)at, 2 * o->pmd, MADV_HUGEPAGE))
		return;
	o->huge_pfn = huge_pfn_of(o, at);
	if (o->huge_pfn && huge_pfn_of(o, at + o->pmd) == o->huge_pfn)
		o->huge_zero_pfn = o->huge_pfn;
}

static int own_init(struct own *o, unsigned page_shift, char *why, size_t len)
{
	memset(o, 0, sizeof(*o));
	o->page = 1UL << page_shift;
	o->pmd = 1UL << arch_level_shift(page_shift, RAW_LEVEL_PMD);
	o->file[0] = o->file[1] = -1;
	o->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (o->pagemap < 0)
		return fail(why, len, -errno, "/proc/self/pagemap cannot be opened");
	o->anon = map_or_null(ANON_PAGES * o->page, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1);
	o->zero = map_or_null(o->page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (!o->anon || !o->zero || own_make_files(o))
		return fail(why, len, -ENOMEM, "no memory for pages of our own");
	madvise(o->anon, ANON_PAGES * o->page, MADV_NOHUGEPAGE);
	for (unsigned i = 0; i < ANON_PAGES; i++) {
		if (getrandom(o->anon + i * o->page, CONTENT, 0) < 0)
			return fail(why, len, -errno,
				    "no random bytes for a page of our own");
		o->anon_pfn[i] = pfn_of(o, o->anon + i * o->page);
	}
	if (*(volatile u8 *)o->zero == 0)
		o->zero_pfn = pfn_of(o, o->zero);
	own_make_huge(o);
	for (int i = 0; i < 2; i++)
		o->file_pfn[i] = pfn_of(o, o->map[i]);
	if (ARRAY_ANY(i, ANON_PAGES, !o->anon_pfn[i]) || !o->file_pfn[0] ||
	    !o->file_pfn[1])
		return fail(why, len, -EPERM, "PFNs are hidden: needs CAP_SYS_ADMIN");
	return 0;
}

static void high_bits(struct structpage_call *c, const struct arch_high *high)
{
	c->pfn_high = high->mask;
	c->pfn_high_shift = high->shift - c->page_shift;
}

/* What the programs must know of this machine's entries. */
static void machine(struct structpage_call *c, const struct pte_layout *l)
{
	const struct arch *a = l->arch;

	memset(c, 0, sizeof(*c));
	c->page_shift = l->page_shift;
	if (!a)
		return;
	for (unsigned i = RAW_LEVEL_PTE; i <= RAW_LEVEL_PUD; i++)
		c->pfn_mask[i] = arch_pfn_mask(a, l->page_shift, i);
	c->valid = a->valid;
	c->soft_present = a->soft_present;
	c->soft_present_hi = a->soft_present_hi;
	for (unsigned i = 0; i < ARRAY_SIZE(a->bit); i++)
		if (a->bit[i].means == PAGE_PTE_SPECIAL)
			c->special = a->bit[i].mask;
	c->leaf_mask = a->leaf_mask;
	c->leaf = a->leaf;
	c->ignore = a->hardware;
	c->inverted = a->invert;
	if (l->page_shift == 16)
		high_bits(c, &a->high[1]);
}

/* -EAGAIN: the page may have moved or been swapped between pagemap and the check. */
static int find_bases(const struct calibrate_io *io, const struct arch *a,
		      const struct own *o, char *why, size_t len)
{
	struct structpage_cal *cal = io->cal;
	struct structpage_call *call = io->call;
	unsigned high = 0;
	u64 other;
	int r;

	/* Of the highest frame: below a wrong base, which is too high, there is no memory to be read then. */
	for (unsigned i = 1; i < ANON_PAGES; i++)
		if (o->anon_pfn[i] > o->anon_pfn[high])
			high = i;
	memcpy(cal->content, o->anon + high * o->page, CONTENT);
	cal->pfn = o->anon_pfn[high];
	cal->fd_pagemap = o->pagemap;
	cal->candidates = a ? 1 << 17 : 0; /* of 1 GiB: 128 TiB */
	cal->step_shift = a ? a->direct_shift : 30;
	cal->fd_file = o->file[0];
	r = io->run(io->ctx, CALIBRATE_BASES);
	if (r)
		return fail(why, len, r, "the calibration program did not run");
	if (!cal->same_mm)
		return fail(why, len, -ENOTSUP,
			    "check failed: pagemap's private_data is not the mm");
	if (!cal->folio || cal->folio_mapping != cal->file_mapping)
		return fail(
			why, len, -EAGAIN,
			"check failed: the page cache of a file of our own was not found");
	if (a && !cal->page_offset)
		return fail(
			why, len, -EAGAIN,
			"check failed: the direct map does not show a page of our own");
	call->page_offset = cal->page_offset;
	call->max_pfn = BIT(52 - call->page_shift);
	if (a) {
		/* A table resolves as many bits of an address as there are words in a page. */
		call->levels = (calibrate_va_bits(cal) - 4) / (call->page_shift - 3);
		call->max_pfn =
			BIT(a->phys_bits[call->levels == 5 || call->page_shift == 16] -
			    call->page_shift);
	}
	call->vmemmap = cal->folio - o->file_pfn[0] * cal->page_size;
	/* The second file's page must be where the first predicts; a tail must find its head. */
	cal->fd_file = o->file[1];
	cal->candidates = 0;
	cal->tail_pfn = o->huge_pfn ? o->huge_pfn + 3 : 0;
	other = call->vmemmap + o->file_pfn[1] * cal->page_size;
	r = io->run(io->ctx, CALIBRATE_BASES);
	if (r || cal->folio != other || cal->folio_mapping != cal->file_mapping ||
	    cal->folio_index != 0)
		return fail(why, len, -EAGAIN,
			    "check failed: struct pages are not one array (vmemmap)");
	if (o->huge_pfn && cal->tail_head != call->vmemmap + o->huge_pfn * cal->page_size)
		return fail(
			why, len, -EAGAIN,
			"check failed: the head of a huge page of our own was not found");
	cal->tail_pfn = 0;
	return 0;
}

/* Reads @n pages at @addr and compares the records with what must be in them. */
static int check_pages(const struct calibrate_io *io, const struct own *o,
		       const void *addr, const u64 *pfn, unsigned n, u8 mapping)
{
	struct structpage_walk *walk = io->walk;
	struct structpage_cursor at = { .rec = io->rec,
					.page_shift = io->call->page_shift };
	const struct structpage_rec *rec;
	const struct kpf_layout *l = (const void *)io->cal->flag;
	unsigned i = 0;
	int r;

	walk->addr = (uintptr_t)addr;
	walk->end = walk->addr + n * o->page;
	walk->pfn_lo = walk->pfn_hi = 0;
	walk->fd = o->pagemap;
	walk->hugetlb = 0;
	r = io->run(io->ctx, CALIBRATE_OBSERVE);
	if (r || walk->err || walk->addr != (uintptr_t)addr + n * o->page)
		return -ENOTSUP;
	at.n = walk->n;
	while ((rec = structpage_next(&at)))
		for (u64 j = 0; j < rec->pages; j++, i++)
			if (i >= n || rec->level != RAW_LEVEL_PTE ||
			    rec->pfn + j != pfn[i] || !(rec->has & STRUCTPAGE_PAGE) ||
			    rec->mapping != mapping || rec->mapcount != 0 ||
			    rec->refcount < 1 || rec->refcount > 64 ||
			    !(rec->flags >> l->uptodate & 1) ||
			    !(rec->flags >> l->swapbacked & 1))
				return -ENOTSUP;
	return i == n ? 0 : -ENOTSUP;
}

static int check_own(const struct calibrate_io *io, const struct own *o, char *why,
		     size_t len)
{
	if (check_pages(io, o, o->anon, o->anon_pfn, ANON_PAGES, 1))
		return fail(
			why, len, -EAGAIN,
			"check failed: entries of pages of our own differ from pagemap");
	for (unsigned i = 0; i < 2; i++)
		if (check_pages(io, o, o->map[i], &o->file_pfn[i], 1,
				STRUCTPAGE_MAPPING_POINTER))
			return fail(
				why, len, -EAGAIN,
				"check failed: entries of a file of our own differ from pagemap");
	return 0;
}

/* FOLL_PIN on our own memory sets MMF_HAS_PINNED: the bit of mm->flags that appears is it. */
static int find_pinned_bit(const struct calibrate_io *io, const struct own *o)
{
	static int found = -1; /* the flag stays set: only one experiment per process */
	u64 before = io->cal->mm_flags, diff;
	char c;
	struct iovec to = { &c, 1 }, from = { o->anon, 1 };

	if (found >= 0)
		return found;
	if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) != 1)
		return -1;
	io->cal->fd_pagemap = o->pagemap;
	io->cal->fd_file = -1;
	io->cal->candidates = 0;
	if (io->run(io->ctx, CALIBRATE_BASES))
		return -1;
	diff = io->cal->mm_flags ^ before;
	if (diff && !(diff & (diff - 1)) && io->cal->mm_flags & diff)
		found = __builtin_ctzll(diff);
	return found;
}

static int calibrate_once(const struct calibrate_io *io, const struct pte_layout *l,
			  int *ret_pinned_bit, char *why, size_t why_len)
{
	struct own o;
	int r;

	io->cal->tail_pfn = 0;
	machine(io->call, l);
	r = own_init(&o, l->page_shift, why, why_len);
	if (!r)
		r = find_bases(io, l->arch, &o, why, why_len);
	if (!r) {
		io->call->zero_pfn[0] = o.zero_pfn ? o.zero_pfn : ~0ULL;
		io->call->zero_pfn[1] = o.huge_zero_pfn ? o.huge_zero_pfn : ~0ULL;
	}
	if (!r && l->arch) {
		/* LPA2: what would be the shareability of this entry is 0, and part of the PFN */
		if (l->page_shift < 16 && l->arch->high[0].mask &&
		    !check_pages(io, &o, o.anon, o.anon_pfn, 1, 1) &&
		    !(io->rec->pte & l->arch->high[0].mask))
			high_bits(io->call, &l->arch->high[0]);
		r = check_own(io, &o, why, why_len);
	}
	if (!r)
		*ret_pinned_bit = find_pinned_bit(io, &o);
	own_deinit(&o);
	return r;
}

int calibrate_run(const struct calibrate_io *io, int *ret_pinned_bit, char *why,
		  size_t why_len)
{
	struct kernel_evidence ev;
	struct pte_layout l;
	struct kernel k;
	struct utsname u;
	int r;

	kernel_evidence_init(&ev);
	if (!uname(&u)) {
		snprintf(ev.release, sizeof(ev.release), "%s", u.release);
		snprintf(ev.version, sizeof(ev.version), "%s", u.version);
		snprintf(ev.arch, sizeof(ev.arch), "%.16s", u.machine);
	}
	ev.page_size = (u32)sysconf(_SC_PAGESIZE);
	if (kernel_resolve(&ev, &k) || pte_layout_kernel(&l, &k))
		l = (struct pte_layout){ .page_shift = __builtin_ctz(ev.page_size) };
	r = calibrate_once(io, &l, ret_pinned_bit, why, why_len);
	if (r == -EAGAIN)
		r = calibrate_once(io, &l, ret_pinned_bit, why, why_len);
	return r == -EAGAIN ? -ENOTSUP : r;
}
