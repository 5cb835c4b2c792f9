/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake_source.h"

#include <errno.h>
#include <string.h>

static int fake_open(struct source *src, pid_t pid, struct process *ret)
{
	struct fake_source *f = (struct fake_source *)src;

	if (pid != f->process.pid)
		return -ESRCH;
	f->opened++;
	*ret = f->process;
	return 0;
}

static int fake_vmas(struct source *src, pid_t pid, bool smaps, source_vma_cb cb,
		     void *ctx)
{
	struct fake_source *f = (struct fake_source *)src;
	int err = 0;

	f->walks++;
	for (unsigned i = 0; i < f->nvmas && !err; i++)
		err = cb(ctx, &f->vmas[i]);
	return err;
}

static int fake_vma_at(struct source *src, pid_t pid, u64 addr, u64 end, struct vma *ret)
{
	struct fake_source *f = (struct fake_source *)src;

	if (!f->finds)
		return -ENOTSUP;
	f->finds--;
	for (unsigned i = 0; i < f->nvmas; i++)
		if (f->vmas[i].end > addr && f->vmas[i].start < end) {
			*ret = f->vmas[i];
			return 0;
		}
	return -ENOENT;
}

static int fake_observe(struct source *src, pid_t pid, const struct vma *vma, u64 start,
			u64 end, bool fold, source_raw_cb cb, void *ctx)
{
	struct fake_source *f = (struct fake_source *)src;
	f->fold = fold;
	const struct raw_page *raw = f->readings++ && f->again ? f->again : f->raw;

	for (unsigned i = 0; i < f->nobs; i++) {
		const struct raw_page *o = &raw[i];
		int err;

		if (o->addr < start || o->addr >= end)
			continue;
		if (f->vanish_at && f->delivered == f->vanish_at)
			return -ESRCH;
		f->delivered++;
		err = cb(ctx, o, 1);
		if (err)
			return err;
	}
	return 0;
}

static int fake_holders(struct source *src, const pid_t *pids, unsigned npids,
			struct holders **ret)
{
	struct fake_source *f = (struct fake_source *)src;

	f->asked++;
	if (!f->holders)
		return -ENOTSUP;
	*ret = f->holders;
	return 0;
}

static u32 fake_may_hold(struct source *src, pid_t pid)
{
	return !((struct fake_source *)src)->holds_nothing;
}

static void fake_release(struct source *src, pid_t pid)
{
	((struct fake_source *)src)->released++;
}

static void fake_close(struct source *src)
{
}

static const struct source_ops fake_ops = {
	.open = fake_open,
	.vmas = fake_vmas,
	.vma_at = fake_vma_at,
	.observe = fake_observe,
	.holders = fake_holders,
	.may_hold = fake_may_hold,
	.release = fake_release,
	.close = fake_close,
};

void fake_source_init(struct fake_source *f)
{
	memset(f, 0, sizeof(*f));
	f->source.ops = &fake_ops;
	f->source.machine = &f->machine;
	kernel_evidence_init(&f->machine.kernel);
	strcpy(f->machine.kernel.release, "6.18.44");
	strcpy(f->machine.kernel.arch, "x86_64");
	f->machine.kernel.page_size = 4096;
	f->machine.kernel.pmd_size = 2 << 20;
	kernel_resolve(&f->machine.kernel, &f->kernel);
	f->machine.page.kernel = &f->kernel;
	f->machine.evidence[SOURCE_PAGEMAP].ok = true;
	f->machine.evidence[SOURCE_KPAGEFLAGS].ok = true;
	f->machine.evidence[SOURCE_KPAGECOUNT].ok = true;
	strcpy(f->machine.evidence[SOURCE_STRUCTPAGE].why, "a test has no BPF");
	strcpy(f->machine.evidence[SOURCE_PTE].why, "a test has no BPF");
	f->machine.page.have_scan = true;
	f->machine.page.numa_balancing_off = true;
	f->machine.page.has_pinned = TRI_UNKNOWN;
	f->machine.page.pins_anywhere = TRI_UNKNOWN;
	f->process = (struct process){
		.pid = 42, .ppid = 1, .threads = 1, .has_pinned = TRI_UNKNOWN
	};
	strcpy(f->process.comm, "fake");
}

struct raw_page fake_source_anon(u64 addr, u64 pages, u64 pfn, u64 kpageflags,
				 u64 kpagecount)
{
	return (struct raw_page){
		.addr = addr,
		.pages = pages,
		.has = RAW_HAS_PAGEMAP | RAW_HAS_PFN | RAW_HAS_KPAGEFLAGS |
		       RAW_HAS_KPAGECOUNT | RAW_HAS_LEVEL,
		.level = RAW_LEVEL_PTE,
		.pfn = pfn,
		.head_pfn = pfn,
		.pagemap = BIT(63) | (kpagecount == 1 ? BIT(56) : 0),
		.kpageflags = kpageflags,
		.kpagecount = kpagecount,
	};
}
