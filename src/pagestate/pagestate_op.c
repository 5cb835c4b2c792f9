/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pagestate/pagestate_int.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "os/readfile.h"
#include "pagestate/pagestate_child.h"
#include "pagestate/pagestate_ref.h"

/* ---- KSM, swap, userfaultfd */

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

/* From include/uapi/linux/userfaultfd.h of 7.3; uffdio_rwprotect is like uffdio_writeprotect. */
#define PAGESTATE_UFFD_WP_ASYNC BIT(15) /* UFFD_FEATURE_WP_ASYNC */
#define PAGESTATE_UFFD_RWP BIT(17)
#define PAGESTATE_UFFD_RWP_ASYNC BIT(18)
#define PAGESTATE_UFFDIO_MODE_RWP BIT(3)
#define PAGESTATE_UFFDIO_RWPROTECT _IOWR(UFFDIO, 9, struct uffdio_writeprotect)

static int pagestate_op_uffd(struct pagestate *s, char *addr, size_t len, long how)
{
	bool async = how & 1, rwp = how & 2;
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .range = { (uintptr_t)s->addr, s->len },
				       .mode = rwp ? PAGESTATE_UFFDIO_MODE_RWP
						   : UFFDIO_REGISTER_MODE_WP };
	struct uffdio_writeprotect protect = { .range = { (uintptr_t)addr, len },
					       .mode = UFFDIO_WRITEPROTECT_MODE_WP };

	if (rwp)
		api.features =
			PAGESTATE_UFFD_RWP | (async ? PAGESTATE_UFFD_RWP_ASYNC : 0);
	else if (async)
		api.features = PAGESTATE_UFFD_WP_ASYNC;
	if (s->uffd >= 0)
		return -EBUSY;
	s->uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (s->uffd < 0)
		return pagestate_fail(s, -EOPNOTSUPP, "userfaultfd: %m");
	if (ioctl(s->uffd, UFFDIO_API, &api) || ioctl(s->uffd, UFFDIO_REGISTER, &reg))
		return pagestate_fail(s, -EOPNOTSUPP, "userfaultfd %s: %m",
				      rwp     ? "read-write protection"
				      : async ? "with UFFD_FEATURE_WP_ASYNC"
					      : "write protection");
	if (ioctl(s->uffd, rwp ? PAGESTATE_UFFDIO_RWPROTECT : UFFDIO_WRITEPROTECT,
		  &protect))
		return pagestate_fail(s, -EOPNOTSUPP, "%s: %m",
				      rwp ? "UFFDIO_RWPROTECT"
					  : "userfaultfd write protection");
	s->blocks = !async && s->page >= addr && s->page < addr + len;
	return 0;
}

static int pagestate_op_pageout(struct pagestate *s, char *addr, size_t len, long arg)
{
	for (int i = 0; i < 50; i++) {
		if (madvise(addr, len, MADV_PAGEOUT))
			return -errno;
		if (pagestate_pagemap(addr) >> 62 == 1)
			return 0;
		nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	}
	return pagestate_fail(s, -EOPNOTSUPP, "MADV_PAGEOUT left the page in memory");
}

/* Makes the page and a neighbour alike, registers both with KSM and waits for the merge. */
static int pagestate_op_merge(struct pagestate *s, char *addr, size_t len, long arg)
{
	size_t page = pagestate_size(PAGESTATE_SIZE_BASE);
	char *other = addr + page < s->addr + s->len ? addr + page : addr - page;
	u64 mask = BIT(55) - 1;

	if (s->leaf != page || s->len < 2 * page ||
	    pagestate_access_store(addr, 1, 1, PAGESTATE_BYTE_MADE) ||
	    pagestate_access_store(other, 1, 1, PAGESTATE_BYTE_MADE))
		return pagestate_fail(s, -EOPNOTSUPP, "KSM cannot merge this");
	/* Content that no other process is likely to have. */
	for (size_t i = 0; i < page; i += 8) {
		u64 word = 0x6775706b736d0000ULL + (u64)getpid() * page + i;

		memcpy(addr + i, &word, 8);
	}
	addr[0] = PAGESTATE_BYTE_MADE;
	memcpy(other, addr, page);
	if (madvise(addr, page, MADV_MERGEABLE) || madvise(other, page, MADV_MERGEABLE))
		return pagestate_fail(s, -EOPNOTSUPP, "MADV_MERGEABLE: %m");
	for (int i = 0; i < 500; i++) {
		u64 a = pagestate_pagemap(addr), b = pagestate_pagemap(other);

		if (a >> 63 && b >> 63 && (a & mask) && (a & mask) == (b & mask))
			return 0;
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	return pagestate_fail(s, -EOPNOTSUPP, "KSM did not merge the pages within 5 s");
}

/* ---- huge pages: loads or stores, and looks whether the kernel gave what was wanted */

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

#define PAGESTATE_THP "/sys/kernel/mm/transparent_hugepage/"

/* Returns AnonHugePages of the VMA at @addr in KiB; -1 when smaps cannot be read. */
static long pagestate_huge_kib(const char *addr)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	unsigned long start, end;
	char line[512];
	bool here = false;
	long kib = -1;

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			here = (uintptr_t)addr >= start && (uintptr_t)addr < end;
		else if (here && sscanf(line, "AnonHugePages: %ld", &kib) == 1)
			break;
	}
	fclose(f);
	return kib;
}

static int pagestate_op_thp(struct pagestate *s, char *addr, size_t len, long arg)
{
	long want = (long)(pagestate_size(PAGESTATE_SIZE_PMD) >> 10);

	pagestate_store(addr, len, s->leaf, PAGESTATE_BYTE_MADE);
	if (pagestate_huge_kib(addr) != want)
		madvise(addr, len, MADV_COLLAPSE);
	if (pagestate_huge_kib(addr) != want)
		return pagestate_fail(s, -EOPNOTSUPP,
				      "no transparent huge page could be had");
	return 0;
}

static int pagestate_op_zero(struct pagestate *s, char *addr, size_t len, long arg)
{
	if (!readfile_number(AT_FDCWD, PAGESTATE_THP "use_zero_page"))
		return pagestate_fail(s, -EOPNOTSUPP,
				      "the huge zero page is off (use_zero_page)");
	(void)*(volatile char *)s->page;
	/* The whole slot is present at once; otherwise it was the small zero page. */
	if (!(pagestate_pagemap(addr) >> 63) ||
	    !(pagestate_pagemap(addr + len - s->leaf) >> 63))
		return pagestate_fail(s, -EOPNOTSUPP,
				      "the kernel did not map the huge zero page");
	return 0;
}

/* The page at @addr begins a folio of @pages: one head, then tails. */
static bool pagestate_huge_is_folio(const char *addr, size_t pages)
{
	u64 pfn = pagestate_pagemap(addr) & (BIT(55) - 1),
	    *flags = calloc(pages, sizeof(*flags));
	int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	bool ok = false;

	if (flags && fd >= 0 && pfn &&
	    pread(fd, flags, pages * 8, (off_t)(pfn * 8)) == (ssize_t)(pages * 8)) {
		ok = flags[0] >> 15 & 1; /* KPF_COMPOUND_HEAD */
		for (size_t i = 1; i < pages; i++)
			ok = ok && flags[i] >> 16 & 1; /* KPF_COMPOUND_TAIL */
	}
	if (fd >= 0)
		close(fd);
	free(flags);
	return ok;
}

static int pagestate_op_folio(struct pagestate *s, char *addr, size_t len, long arg)
{
	char path[96], text[64];
	size_t kib = len >> 10;

	snprintf(path, sizeof(path), PAGESTATE_THP "hugepages-%zukB/enabled", kib);
	if (!readfile_line(AT_FDCWD, path, text, sizeof(text)))
		return pagestate_fail(s, -EOPNOTSUPP,
				      "this kernel has no folios of %zu KiB", kib);
	if (strstr(text, "[never]"))
		return pagestate_fail(
			s, -EOPNOTSUPP,
			"folios of %zu KiB are off (hugepages-%zukB/enabled)", kib, kib);
	pagestate_store(addr, len, s->leaf, PAGESTATE_BYTE_MADE);
	if (!pagestate_huge_is_folio(addr, len / s->leaf))
		return pagestate_fail(s, -EOPNOTSUPP, "no folio of %zu KiB was allocated",
				      kib);
	return 0;
}

/*
 * Reserves the rest of the pool while the state lasts.  Others would then get SIGBUS, so this
 * happens only where nobody but this process, with the page looked at, uses the pool.
 */
static int pagestate_op_take(struct pagestate *s, char *addr, size_t len, long arg)
{
	u64 free = pagestate_pool(PAGESTATE_SIZE_HUGETLB, "free_hugepages");
	u64 own = pagestate_pagemap(s->page) >> 63;
	size_t size = pagestate_size(PAGESTATE_SIZE_HUGETLB);

	if (pagestate_pool(PAGESTATE_SIZE_HUGETLB, "nr_overcommit_hugepages"))
		return pagestate_fail(s, -EOPNOTSUPP,
				      "the pool may grow (nr_overcommit_hugepages)");
	if (!free ||
	    pagestate_pool(PAGESTATE_SIZE_HUGETLB, "nr_hugepages") - free != own ||
	    pagestate_pool(PAGESTATE_SIZE_HUGETLB, "resv_hugepages"))
		return pagestate_fail(s, -EOPNOTSUPP,
				      "others use the pool of huge pages");
	s->taken = mmap(NULL, free * size, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (s->taken == MAP_FAILED) {
		s->taken = NULL;
		return pagestate_fail(s, -EOPNOTSUPP, "mmap: %m");
	}
	s->taken_len = free * size;
	return 0;
}

/* ---- the others */

static int pagestate_op_look(struct pagestate *s, char *addr, size_t len, long arg)
{
	s->page = addr;
	return 0;
}

static int pagestate_op_touch(struct pagestate *s, char *addr, size_t len, long store)
{
	int err;

	if (store && s->blocks)
		return pagestate_fail(s, -EOPNOTSUPP,
				      "a store would wait for the userfaultfd");
	err = store ? pagestate_access_store(addr, len, s->leaf, PAGESTATE_BYTE_MADE)
		    : pagestate_access_load(addr, len, s->leaf, NULL);
	return err ? pagestate_fail(s, err, "access: %s", strerror(-err)) : 0;
}

static int pagestate_op_fork(struct pagestate *s, char *addr, size_t len, long gone)
{
	int err = pagestate_child_fork(s);

	if (!err && gone)
		pagestate_child_exit(s);
	return err;
}

static int pagestate_op_exit(struct pagestate *s, char *addr, size_t len, long arg)
{
	if (!s->nchildren)
		return pagestate_fail(s, -ECHILD, "no child to exit");
	pagestate_child_exit(s);
	return 0;
}

static int pagestate_op_child(struct pagestate *s, char *addr, size_t len, long what)
{
	struct pagestate_child_order o = { .what = what == 'w' ? PAGESTATE_CHILD_STORE
							       : PAGESTATE_CHILD_UNMAP,
					   .addr = addr,
					   .len = len,
					   .step = s->leaf };

	return pagestate_child_ask(s, &o, NULL, NULL);
}

static int pagestate_op_ref(struct pagestate *s, char *addr, size_t len, long splice)
{
	if (splice)
		return pagestate_ref_vmsplice(s, addr);
	if (s->blocks)
		return pagestate_fail(s, -EOPNOTSUPP,
				      "a pin for writing would wait for the userfaultfd");
	return pagestate_ref_pin(s, addr);
}

static int pagestate_op_release(struct pagestate *s, char *addr, size_t len, long arg)
{
	if (!s->nrefs)
		return pagestate_fail(s, -ENOENT, "no reference to drop");
	pagestate_ref_release(s);
	return 0;
}

static int pagestate_op_child_vmsplice(struct pagestate *s, char *addr, size_t len,
				       long arg)
{
	struct pagestate_child_order o = { .what = PAGESTATE_CHILD_VMSPLICE,
					   .addr = addr };
	int err = pagestate_ref_pipe(s, addr);

	if (err)
		return err;
	o.fd = s->ref[s->nrefs - 1].fd[1];
	err = pagestate_child_fork(s);
	if (!err)
		err = pagestate_child_ask(s, &o, NULL, NULL);
	o = (struct pagestate_child_order){ .what = PAGESTATE_CHILD_UNMAP,
					    .addr = s->addr,
					    .len = s->len };
	return err ? err : pagestate_child_ask(s, &o, NULL, NULL);
}

/* The parent's part in a change of roles: 0 splice and unmap, 1 unmap, 2 nothing. */
struct pagestate_op_role {
	long how;
	char *addr;
	int fd;
};

static int pagestate_op_parent(struct pagestate *s, void *ctx)
{
	const struct pagestate_op_role *role = ctx;
	size_t page = pagestate_size(PAGESTATE_SIZE_BASE);
	struct iovec iov = { .iov_base = role->addr, .iov_len = page };
	int err = 0;

	if (role->how == 0 && vmsplice(role->fd, &iov, 1, 0) != (ssize_t)page)
		err = -errno;
	if (role->how != 2)
		munmap(s->addr, s->len);
	return err;
}

static int pagestate_op_parent_vmsplice(struct pagestate *s, char *addr, size_t len,
					long how)
{
	struct pagestate_op_role role = { .how = how, .addr = addr, .fd = -1 };
	int err = 0;

	if (how == 0)
		err = pagestate_ref_pipe(s, addr);
	else if (how == 1)
		err = pagestate_ref_vmsplice(s, addr);
	if (err)
		return err;
	if (how == 0)
		role.fd = s->ref[s->nrefs - 1].fd[1];
	return pagestate_child_change_roles(s, pagestate_op_parent, &role);
}

static int pagestate_op_mprotect(struct pagestate *s, char *addr, size_t len, long prot)
{
	int want = prot == 3 ? PROT_READ | PROT_WRITE : prot ? PROT_READ : PROT_NONE;

	return mprotect(addr, len, want) ? -errno : 0;
}

static int pagestate_op_madvise(struct pagestate *s, char *addr, size_t len, long advice)
{
	return madvise(addr, len, (int)advice) ? -errno : 0;
}

static int pagestate_op_mlock(struct pagestate *s, char *addr, size_t len, long lock)
{
	return (lock ? mlock(addr, len) : munlock(addr, len)) ? -errno : 0;
}

static int pagestate_op_mremap(struct pagestate *s, char *addr, size_t len, long back)
{
	char *to;

	/* On 6.18, moving part of a private hugetlb mapping leaks a page of the pool. */
	if (s->leaf != pagestate_size(PAGESTATE_SIZE_BASE))
		return pagestate_fail(s, -EOPNOTSUPP,
				      "mremap of hugetlb leaks reservations");
	to = pagestate_map(s, len, s->leaf, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
	if (!to)
		return -errno;
	if (mremap(addr, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to) == MAP_FAILED ||
	    (back &&
	     mremap(to, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, addr) == MAP_FAILED))
		return -errno;
	return 0;
}

static int pagestate_op_unmap(struct pagestate *s, char *addr, size_t len, long arg)
{
	return munmap(addr, len) ? -errno : 0;
}

static int pagestate_op_only(struct pagestate *s, char *addr, size_t len, long arg)
{
	munmap(s->addr, (size_t)(addr - s->addr));
	munmap(addr + len, (size_t)(s->addr + s->len - addr - len));
	s->addr = s->page = addr;
	s->len = len;
	return 0;
}

static int pagestate_op_truncate(struct pagestate *s, char *addr, size_t len, long pages)
{
	return ftruncate(s->fd, pages * (off_t)s->leaf) ? -errno : 0;
}

static int pagestate_op_vm_read(struct pagestate *s, char *addr, size_t len, long arg)
{
	char byte;
	struct iovec to = { .iov_base = &byte, .iov_len = 1 },
		     from = { .iov_base = addr, .iov_len = 1 };

	return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == 1 ? 0 : -errno;
}

static int pagestate_op_move_node(struct pagestate *s, char *addr, size_t len, long arg)
{
	void *page = addr;
	int node, status = -1;

	if (access("/sys/devices/system/node/node1", F_OK))
		return pagestate_fail(s, -EOPNOTSUPP, "one NUMA node only");
	if (syscall(SYS_move_pages, 0, 1L, &page, NULL, &status, 0) || status < 0)
		return pagestate_fail(s, -EOPNOTSUPP, "not on a node");
	node = !status;
	if (syscall(SYS_move_pages, 0, 1L, &page, &node, &status, MPOL_MF_MOVE))
		return -errno;
	return 0;
}

static int pagestate_op_drain(struct pagestate *s, char *addr, size_t len, long arg)
{
	int node = 0, status = 0;
	void *page = NULL;

	/* Moving no page at all drains the per-CPU batches first (lru_cache_disable()). */
	if (syscall(SYS_move_pages, 0, 0L, &page, &node, &status, MPOL_MF_MOVE))
		return -errno;
	return 0;
}

/* ---- the table */

/*
 * Operations work on [@addr, @addr + @len) of the mapping.  They return 0; or -errno, with s->why set when
 * its name is not enough.  -EOPNOTSUPP means that this machine cannot do it.
 */
static const struct {
	struct pagestate_op_row row;
	int (*run)(struct pagestate *s, char *addr, size_t len, long arg);
	long arg;
} pagestate_op_rows[PAGESTATE_OPS] = {
#define OP(id, name_, scope_, weight_, needs_, run_, arg_, text_)          \
	[PAGESTATE_OP_##id] = { .row = { .name = name_,                    \
					 .text = text_,                    \
					 .needs = PAGESTATE_NEED_##needs_, \
					 .scope = PAGESTATE_##scope_,      \
					 .weight = weight_ },              \
				.run = run_,                               \
				.arg = arg_ },
#include "pagestate/pagestate_op.def"
};

const struct pagestate_op_row *pagestate_op_row(enum pagestate_op_id id)
{
	return &pagestate_op_rows[id].row;
}

int pagestate_op_run(struct pagestate *s, enum pagestate_op_id op, char *addr, size_t len)
{
	const struct pagestate_op_row *row = &pagestate_op_rows[op].row;
	int err = pagestate_need(row->needs, s->why);

	if (err)
		return err;
	s->why[0] = '\0';
	err = pagestate_op_rows[op].run(s, addr, len, pagestate_op_rows[op].arg);
	if (!err || s->why[0])
		return err;
	pagestate_fail(s, err, "%s: %s", row->text, strerror(-err));
	/* A kernel that lacks the operation returns EINVAL. */
	return err == -EINVAL || err == -ENOMEM || err == -EPERM ? -EOPNOTSUPP : err;
}
