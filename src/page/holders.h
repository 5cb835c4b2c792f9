/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * holders.h - who holds a page besides its mappings, and the ledger of a page's references.
 *
 * refcount = expected (mappings, caches) + excess.  The holders that were found explain a part
 * of the excess; the rest is reported as unexplained.
 *
 * How many references a holder takes is known here (GUP_PIN_COUNTING_BIAS for a pin of a small
 * page; fs/pipe.c, io_uring/rsrc.c), how holders are found is not (live_holders.c). The source
 * fills and frees struct holders.
 */
#pragma once

#include <sys/types.h>

#include "page/page.h"

enum holders_kind {
#define HOLDER(id, ...) HOLDERS_##id,
#include "page/holders.def"
	HOLDERS_KINDS
};

/* Flags of kinds, as holders.def has them. */
#define HOLDERS_F_PIN BIT(0)
#define HOLDERS_F_SLOT BIT(1)
#define HOLDERS_F_ROW BIT(2)
#define HOLDERS_F_CHARGED BIT(3)
#define HOLDERS_F_INODE BIT(4)
#define HOLDERS_F_WEAK BIT(5)

enum holders_certainty {
	HOLDERS_EXACT,     /* it was seen to hold this page */
	HOLDERS_CANDIDATE, /* it holds pages of the process; it may hold this one */
	HOLDERS_POSSIBLE,  /* nothing was seen, but the kernel may do so */
};

/* An open descriptor of a holder. */
struct holder_end {
	pid_t pid;
	int fd;
	bool reads, writes; /* how it was opened */
	bool owner;    /* a descriptor of who made it, whose VmPin it is charged to */
	char comm[16]; /* untrusted */
};

struct holder {
	u8 kind;      /* enum holders_kind */
	u8 certainty; /* enum holders_certainty */
	bool whole;   /* it has one reference per folio, not one per frame */
	bool again; /* its references are those of another holder, with which it shares a buffer */
	u32 slot;   /* HOLDERS_F_SLOT: pipe: index in its ring; io_uring: of the buffer */
	u64 object; /* HOLDERS_F_INODE: inode number; others: 0 */
	u64 pfn, pages; /* the frames that it holds; 0 pages: not known */
	u64 reach; /* the largest end of the frames of this and of all holders before it */
	u64 addr, bytes; /* its length in process ->end[0].pid */
	u32 offset, len; /* pipe buffer: where its bytes are in the page */
	/*
	 * Frames that are or were memory of a process; how many of them nothing maps; -1: not known.
	 */
	s64 memory, unmapped;
	/* frames of no compound page; the first frame and the number of all with compound pages whole */
	u64 lone, span_pfn, span;
	u32 nends;
	/* who has it open; of a pipe: readers and writers */
	const struct holder_end *end;
	char name[48]; /* device file of a candidate, untrusted; which batch */
};

/* All holders that were found: those with frames ascending by ->pfn, then the candidates. */
struct holders {
	struct holder *holder;
	size_t n;      /* exact holders and candidates */
	size_t nexact; /* exact holders: they have frames */
	/*
	 * Steps of searches that are left.  Who made a report, or the pipes of a process, may let so
	 * many holders overlap that all pages could not be explained in any time.
	 */
	u64 steps;
	struct holder_end *end;
	size_t nends;
	bool complete; /* every pipe and ring was read */
	char why[160]; /* when not complete: the reason, one sentence */
};

#define HOLDERS_STEPS (1ULL << 27)

/* Sorts @h->holder and fills what searches need.  The source calls it once, after filling. */
void holders_sort(struct holders *h);

/*
 * Returns the next exact holder of a frame in [@pfn, @end), in ascending order of first frames.
 * *@pos is 0 at first and is advanced.  Returns NULL at the end, and when no ->steps are left: then
 * @h is not complete any more.
 */
const struct holder *holders_next(struct holders *h, u64 pfn, u64 end, size_t *pos);

/*
 * Returns how many of the @n frames from @pfn on are like the first: in *@ret_held whether exact
 * holders have them, or all of them when nobody looked for holders (@h is NULL).
 */
u64 holders_alike(struct holders *h, u64 pfn, u64 n, bool *ret_held);

/* Whether one of the processes @pids, which ascend, has @holder open. */
bool holders_open_by(const struct holder *holder, const pid_t *pids, unsigned npids);

/* Returns how many references @holder has; those of kinds with HOLDERS_F_PIN are pins. */
u64 holders_refs(const struct holder *holder);

/* The ledger of one page: which holders explain its excess references. */
struct holders_ledger {
	u32 n;           /* holders in ->holder */
	u32 more;        /* holders for which ->holder had no room */
	s64 explained;   /* references of exact holders to the least explained page */
	s64 unexplained; /* excess - explained; -1 unknown */
	struct holder holder[16];
};

/*
 * Explains the excess of the pages of @run by batches of CPUs and by the exact holders of its
 * frames or its folio's.  What they leave over may be held by an LRU batch, where these were not read,
 * or by the candidates of process @pid.  @h is NULL when nobody looked for holders; then
 * ->unexplained is -1 unless batches explain all.  Without ->steps left it is -1, too.
 */
void holders_explain(struct holders *h, const struct page_run *run, pid_t pid,
		     struct holders_ledger *ret);

/*
 * Returns how many of the @frames of @run exact holders of kinds with @flags have: of a large folio they
 * may have a part.  All, where these do not explain all references.
 */
u64 holders_frames(const struct holders_ledger *l, const struct page_run *run, u64 frames,
		   u8 flags);

/*
 * Returns how many frames the pipes and io_urings that @pid has open hold though nothing maps them,
 * each once; -1 when that is not known.
 */
s64 holders_unmapped(struct holders *h, pid_t pid);

/* Whether CPUs' batches, which were not read, may hold references on @page: small ones of the LRU. */
bool holders_may_be_batched(const struct page_info *page);

extern const struct holders_row {
	const char *name, *text; /* "pipe"; of what it is made for people */
	const char *open;        /* "/dev/iommu", or NULL */
	u8 flags;                /* HOLDERS_F_* */
} holders_kinds[HOLDERS_KINDS];
const char *holders_kind_name(enum holders_kind kind);        /* "pipe" */
const char *holders_certainty_name(enum holders_certainty c); /* "exact" */

/*
 * Formats one line for people: "pipe 1234 slot 0: read by cow(4242) fd 5, written by …"; who is not an
 * exact holder is "perhaps" one.
 * Returns @buf.  Names of processes and files in it are untrusted.
 */
char *holders_text(const struct holder *holder, char *buf, size_t size);
#define HOLDERS_TEXT(holder) holders_text(holder, (char[400]){ 0 }, 400)
/* The same without the processes. */
char *holders_what(const struct holder *holder, char *buf, size_t size);
