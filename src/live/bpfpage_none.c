/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stub for a build without BPF. */
#include "live/bpfpage.h"

#include <errno.h>
#include <stdio.h>

#include "config.h"

#ifndef HAVE_BPF

int bpfpage_open(const struct bpfpage_options *opt, struct bpfpage **ret,
		 char why[BPFPAGE_WHY])
{
	(void)opt, (void)ret;
	snprintf(why, BPFPAGE_WHY, "gupinfo was built without BPF");
	return -ENOTSUP;
}

void bpfpage_close(struct bpfpage *bp)
{
	(void)bp;
}

const struct kpf_layout *bpfpage_layout(const struct bpfpage *bp)
{
	(void)bp;
	return NULL;
}

const char *bpfpage_reader(const struct bpfpage *bp)
{
	(void)bp;
	return "none";
}

u64 bpfpage_open_usecs(const struct bpfpage *bp)
{
	(void)bp;
	return 0;
}

u64 bpfpage_user_end(const struct bpfpage *bp)
{
	(void)bp;
	return 0;
}

u32 bpfpage_fields(const struct bpfpage *bp)
{
	(void)bp;
	return 0;
}

int bpfpage_observe(struct bpfpage *bp, int pagemap_fd, bool hugetlb, u64 start, u64 end,
		    bool fold, source_raw_cb cb, void *ctx)
{
	(void)bp, (void)pagemap_fd, (void)hugetlb, (void)start, (void)end, (void)cb,
		(void)ctx;
	return -ENOTSUP;
}

int bpfpage_find(struct bpfpage *bp, int pagemap_fd, u64 start, u64 end, u64 pfn_lo,
		 u64 pfn_hi, source_raw_cb cb, void *ctx)
{
	(void)bp, (void)pagemap_fd, (void)start, (void)end, (void)pfn_lo, (void)pfn_hi;
	(void)cb, (void)ctx;
	return -ENOTSUP;
}

enum tri bpfpage_has_pinned(struct bpfpage *bp, int pagemap_fd)
{
	(void)bp, (void)pagemap_fd;
	return TRI_UNKNOWN;
}

int bpfpage_files(struct bpfpage *bp, struct bpfpage_files *ret, char why[BPFPAGE_WHY])
{
	(void)bp, (void)ret;
	snprintf(why, BPFPAGE_WHY, "gupinfo was built without BPF");
	return -ENOTSUP;
}

void bpfpage_files_done(struct bpfpage *bp)
{
	(void)bp;
}

void bpfpage_gentle(struct bpfpage *bp)
{
	(void)bp;
}

int bpfpage_vmas(struct bpfpage *bp, pid_t pid)
{
	(void)bp, (void)pid;
	return -ENOTSUP;
}

struct structpage_batch *bpfpage_batches(struct bpfpage *bp, u32 half, u32 *ret_n)
{
	(void)bp, (void)half, (void)ret_n;
	return NULL;
}

const struct structpage_memory *bpfpage_memory(struct bpfpage *bp, u32 nodes)
{
	(void)bp, (void)nodes;
	return NULL;
}

#endif
