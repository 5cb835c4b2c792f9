/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * source.h - the interface of everything that delivers raw words: this machine, a report, a
 * test.
 *
 * Every call returns 0 or -errno.  -ESRCH: the process is gone; what was delivered stays valid.
 * A callback that returns non-zero stops the walk, and its value is returned.
 */
#pragma once

#include <sys/types.h>

#include "lib/diag.h"
#include "kernel/kernel.h"
#include "page/raw_page.h"
#include "page/page.h"
#include "page/vma.h"

/* Whether gupinfo can use a kind of evidence; if not, @why is a sentence for people. */
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

/* "structpage", as JSON and reports have it, and "struct page" for people. */
extern const struct source_fact_row {
	const char *key, *name; /* of JSON, and for people */
} source_facts[SOURCE_FACTS];

struct process {
	pid_t pid, ppid;
	pid_t tgid; /* the thread group of thread ->pid; 0 not known */
	uid_t uid;
	char comm[64]; /* untrusted */
	u32 threads;
	u64 start_time;     /* clock ticks since boot: a reused PID has another */
	u8 has_pinned;      /* enum tri */
	bool kernel_thread; /* has no memory of its own */
	bool part;          /* recorded with --range: what is not there may be mapped */
	u64 vm_pin_bytes, vm_lck_bytes, rss_bytes;
	char cgroup[192]; /* of memory, untrusted; "": not known */
};

struct source_machine {
	struct kernel_evidence kernel;
	struct source_evidence evidence[SOURCE_FACTS];
	struct page_context page;  /* ->kernel is the kernel that runs there */
	const char *structpage_by; /* "bpf", "recorded", NULL */
	u32 cpus;                  /* that may be online; 0: not known */
};

typedef int (*source_vma_cb)(void *ctx, const struct vma *vma);
typedef int (*source_raw_cb)(void *ctx, const struct raw_page *raw, size_t n);
/*
 * A run of page frames: of @raw, ->pages counts frames, ->kpageflags is the first one's word (NOPAGE: there
 * is none), ->pagemap that of an entry that maps it.  @file is a mapping of such pages: the file system,
 * inode and last name of the file whose cache has them, as far as that is known.
 */
typedef int (*source_frames_cb)(void *ctx, const struct raw_page *raw,
				const struct vma *file);

struct holders;
struct source;
struct source_ops {
	/* Reads again what changes in ->machine; NULL: nothing does. */
	void (*refresh)(struct source *src);
	/*
	 * Opens process @pid: later calls read the memory that it has now, or fail with -ESRCH
	 * after its exit or exec.  Opens and releases nest: a process that has new memory can
	 * be opened again when nobody holds the old one.
	 */
	int (*open)(struct source *src, pid_t pid, struct process *ret);
	/*
	 * Delivers its VMAs in ascending order; @smaps: reads smaps' byte counts even if that
	 * is costly (vma.has_smaps).
	 */
	int (*vmas)(struct source *src, pid_t pid, bool smaps, source_vma_cb cb,
		    void *ctx);
	/*
	 * Finds the VMA of @addr, or the next one that begins before @end; -ENOENT: there is none.
	 * NULL, or an error but that and -ESRCH: the source has no fast way, ->vmas finds it.
	 */
	int (*vma_at)(struct source *src, pid_t pid, u64 addr, u64 end, struct vma *ret);
	/*
	 * Reads of the open process @pid only what judges its pages: ->has_pinned.  NULL: ->open reads
	 * all of it.
	 */
	int (*glance)(struct source *src, pid_t pid, struct process *p);
	/*
	 * Delivers [start, end) of @vma ascending, without gaps: holes are runs, too.  @fold:
	 * no column shows a PFN, runs may be RAW_FOLDED.
	 */
	int (*observe)(struct source *src, pid_t pid, const struct vma *vma, u64 start,
		       u64 end, bool fold, source_raw_cb cb, void *ctx);
	void (*release)(struct source *src, pid_t pid);
	void (*close)(struct source *src);
	/*
	 * Delivers addresses, levels and PFNs of entries of the open process @pid that map a
	 * frame in [@pfn, @end).  NULL or -ENOTSUP: the source has no fast way.
	 */
	int (*find)(struct source *src, pid_t pid, u64 pfn, u64 end, source_raw_cb cb,
		    void *ctx);
	/*
	 * Finds everything besides mappings that holds page frames, and candidates among the
	 * processes @pids (holders.h).  The source owns *@ret until the next call or close.
	 * May be NULL.
	 */
	int (*holders)(struct source *src, const pid_t *pids, unsigned npids,
		       struct holders **ret);
	/*
	 * Delivers frames [@pfn, @end) ascending, without gaps, whoever maps them.  NULL: the source
	 * knows frames of processes only.
	 */
	int (*frames)(struct source *src, u64 pfn, u64 end, source_frames_cb cb,
		      void *ctx);
	/*
	 * Returns which kinds of files the open process @pid has that may hold frames though nothing maps
	 * them; 0: none.  It is asked first, because finding holders is costly.  NULL: it may have any.
	 */
	u32 (*may_hold)(struct source *src, pid_t pid);
	/*
	 * Finds holders like ->holders, but only files of these @kinds that process @pid, a thread group, has
	 * open.  NULL: the source cannot.
	 */
	int (*held)(struct source *src, pid_t pid, u32 kinds, struct holders **ret);
	/*
	 * Returns the path of the memory cgroup that frame @pfn is charged to, and in *@ret_same how many
	 * of @pages frames from there on are; "": none, NULL: not known.  NULL: the source has none.
	 */
	const char *(*cgroup)(struct source *src, u64 pfn, u64 pages, u64 *ret_same);
};

struct source;
/*
 * Returns how many pages of @run from page @at on are in one memory cgroup, and in *@ret its path, as
 * source_ops.cgroup does; @base: bytes of a base page.
 */
u64 source_cgroup(struct source *src, const struct page_run *run, u64 at, u64 base,
		  const char **ret);

/* Every implementation has it as its first member. */
struct source {
	const struct source_ops *ops;
	struct diag *diag; /* borrowed; the source adds warnings */
	const struct source_machine
		*machine; /* set before it is used; valid until close */
	/*
	 * The caller of ->vmas observes each VMA whole, the first time with @fold as ->ahead_folds is: the
	 * source may read ahead for that.
	 */
	bool ahead, ahead_folds;
};
