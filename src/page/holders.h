/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * holders.h - who holds a page besides its mappings: vocabulary, and joining holders to pages.
 *
 * The reference ledger of a page is: refcount = expected (mappings, caches) + excess; the excess
 * is explained by holders that were found, and the rest is said to be unexplained.
 *
 * Knows: how many references a holder of each kind takes (GUP_PIN_COUNTING_BIAS for a pin of a
 *	small page; fs/pipe.c, io_uring/rsrc.c).
 * Never: how holders are found (live_holders.c).
 * Owns: nothing; struct holders is filled and freed by the source.
 */
#ifndef GUPINFO_HOLDERS_H
#define GUPINFO_HOLDERS_H

#include <sys/types.h>

#include "page/page.h"

enum holders_kind {
	HOLDERS_PIPE,       /* a pipe buffer: vmsplice, splice, tee */
	HOLDERS_IO_URING,   /* a registered buffer: FOLL_PIN|FOLL_LONGTERM */
	HOLDERS_MAPPING,    /* an entry of a process's page table */
	HOLDERS_PAGE_CACHE, /* the page cache of a file */
	HOLDERS_SWAP_CACHE,
	HOLDERS_LRU_BATCH, /* a CPU's folio batch on its way to or between LRU lists */
	HOLDERS_VFIO,      /* a process with /dev/vfio/N open */
	HOLDERS_IOMMUFD,   /* … /dev/iommu */
	HOLDERS_RDMA,      /* … /dev/infiniband/uverbsN */
	HOLDERS_AF_XDP,    /* … an AF_XDP socket */
	HOLDERS_VMPIN,     /* a process whose status says VmPin */
	HOLDERS_KINDS
};

enum holders_certainty {
	HOLDERS_EXACT,     /* this holder holds this page */
	HOLDERS_CANDIDATE, /* it holds pages of the process, perhaps this one */
	HOLDERS_POSSIBLE,  /* nothing was seen, but the kernel's habits allow it */
};

/* An open descriptor of a holder. */
struct holder_end {
	pid_t pid;
	int fd;
	bool reads, writes; /* how it was opened */
	char comm[16];      /* untrusted */
};

struct holder {
	u8 kind;        /* enum holders_kind */
	u8 certainty;   /* enum holders_certainty */
	bool whole;     /* ->refs is one reference on a run of frames as a whole */
	u32 slot;       /* pipe: index in its ring; io_uring: index of the buffer */
	u64 object;     /* pipe: inode number; others: 0 */
	u64 pfn, pages; /* frames that are held; 0 pages: not known */
	u64 addr,
		bytes; /* of a registered buffer or a mapping, in process ->end[0].pid */
	u32 offset, len; /* of a pipe buffer: its bytes in the page */
	u32 nends;
	const struct holder_end *end; /* who has it open; pipes: readers and writers */
	char name[48];                /* device file of a candidate; untrusted */
};

/* All holders of the machine that were found, ascending by ->pfn; candidates come last. */
struct holders {
	struct holder *holder;
	size_t n;      /* of both */
	size_t nexact; /* those with frames */
	u64 longest;   /* most ->pages of any */
	struct holder_end *end;
	size_t nends;
	bool complete; /* all pipes and rings were looked at */
	char why[160]; /* a sentence when not */
};

/* Sorts @h->holder and fills ->nexact and ->longest.  To be called once after filling. */
void holders_sort(struct holders *h);

/*
 * The next exact holder of a frame in [@pfn, @end), from *@pos on (0 at first); NULL at the end.
 * In ascending order of the holders' first frames.
 */
const struct holder *holders_next(const struct holders *h, u64 pfn, u64 end, size_t *pos);

/* The references that @holder takes on the folio of @pages frames at @head. */
s64 holders_refs(const struct holder *holder, u64 head, u64 pages);

/* What holders say of a page. */
struct holders_ledger {
	u32 n;         /* holders in ->holder */
	u32 more;      /* found, but without room */
	s64 explained; /* references of exact holders, of the page least explained in a run */
	s64 unexplained; /* excess - explained; -1 unknown */
	struct holder holder[16];
};

/*
 * Explains the excess of @page (a page or a run): exact holders of its frames, or of its folio's;
 * then, for what is left, a possible LRU batch and the candidates of process @pid.  @h may be
 * NULL: then nothing was looked for and ->unexplained is -1.
 */
void holders_explain(const struct holders *h, const struct page_run *page, pid_t pid,
		     struct holders_ledger *ret);

const char *holders_kind_name(enum holders_kind kind);        /* "pipe" */
const char *holders_certainty_name(enum holders_certainty c); /* "exact" */

/*
 * One line for people: "pipe 1234 slot 0: read by cow(4242) fd 5, written by …".  Returns @buf.
 * Names of processes and files in it are untrusted.
 */
char *holders_text(const struct holder *holder, char *buf, size_t size);

#endif
