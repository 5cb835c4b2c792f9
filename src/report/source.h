/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * source.h - where facts come from: this machine, a recorded report, a test's arrays.
 *
 * Knows: the vtable.  Never: what facts mean.  Owns: nothing.
 *
 * Every call returns 0 or -errno.  -ESRCH: the process is gone; what was delivered stays valid.
 * A callback that returns non-zero stops the walk and its value is returned.
 */
#ifndef GUPINFO_SOURCE_H
#define GUPINFO_SOURCE_H

#include <sys/types.h>

#include "lib/diag.h"
#include "kernel/kernel.h"
#include "page/raw_page.h"
#include "page/page.h"
#include "page/vma.h"

/* Whether a kind of evidence could be used; @why is a sentence for people when not. */
struct source_evidence {
	bool ok;
	char why[160];
};

enum source_fact {
	SOURCE_PAGEMAP,
	SOURCE_KPAGEFLAGS,
	SOURCE_KPAGECOUNT,
	SOURCE_STRUCTPAGE,
	SOURCE_PTE,
	SOURCE_FACTS
};

struct process {
	pid_t pid, ppid;
	pid_t tgid; /* its process when ->pid is a thread's; 0 not known */
	uid_t uid;
	char comm[64]; /* untrusted */
	u32 threads;
	u64 start_time;     /* clock ticks since boot: tells a reused PID */
	u8 has_pinned;      /* enum tri */
	bool kernel_thread; /* has no memory of its own */
	u64 vm_pin_bytes, vm_lck_bytes, rss_bytes;
};

struct source_machine {
	struct kernel_evidence kernel;
	struct source_evidence evidence[SOURCE_FACTS];
	struct page_context page;  /* ->kernel is filled by collect.c */
	const char *structpage_by; /* "bpf", "recorded", NULL */
};

typedef int (*source_vma_cb)(void *ctx, const struct vma *vma);
typedef int (*source_raw_cb)(void *ctx, const struct raw_page *raw, size_t n);

struct holders;
struct source;
struct source_ops {
	/* Facts of the machine; valid until close. */
	int (*machine)(struct source *src, struct source_machine *ret);
	/*
	 * Opens process @pid: all later calls see the memory that it has now, or fail with -ESRCH
	 * after its exit or exec.  Opens and releases nest: another memory of the same process can
	 * be opened when nobody holds the one that is gone.
	 */
	int (*open)(struct source *src, pid_t pid, struct process *ret);
	/* Its VMAs, ascending. */
	int (*vmas)(struct source *src, pid_t pid, source_vma_cb cb, void *ctx);
	/* Observations of [start, end) of @vma, ascending, gapless, holes included as runs. */
	int (*observe)(struct source *src, pid_t pid, const struct vma *vma, u64 start,
		       u64 end, source_raw_cb cb, void *ctx);
	void (*release)(struct source *src, pid_t pid);
	void (*close)(struct source *src);
	/*
	 * Entries of process @pid, which is open, that map a frame in [@pfn, @end): their
	 * addresses, levels and PFNs.  NULL or -ENOTSUP: the source has no fast way.
	 */
	int (*find)(struct source *src, pid_t pid, u64 pfn, u64 end, source_raw_cb cb,
		    void *ctx);
	/*
	 * Everything that holds page frames of the machine beside mappings, with candidates of
	 * processes @pids (holders.h).  *@ret is the source's, until the next call or close.
	 * May be NULL: the source knows no holders.
	 */
	int (*holders)(struct source *src, const pid_t *pids, unsigned npids,
		       const struct holders **ret);
};

/* First member of every implementation. */
struct source {
	const struct source_ops *ops;
	struct diag *diag; /* borrowed; warnings go there */
	/* Set by the caller before a collection: */
	bool fold; /* no PFN is shown: runs may be RAW_FOLDED */
	bool smaps; /* the byte counts of smaps are wanted, where they cost more (vma.has_smaps) */
};

#endif
