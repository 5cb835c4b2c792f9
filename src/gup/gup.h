/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gup.h - the vocabulary of get_user_pages(): requests, outcomes, verdicts, and their words.
 *
 * Knows: the words of the public interface (docs: man gupinfo, section VERDICTS).
 * Never: how a verdict is reached (predict.c), how it is laid out (columns.c, render_*).
 * Owns: nothing; every string returned is static.
 */
#ifndef GUPINFO_GUP_H
#define GUPINFO_GUP_H

#include "lib/bits.h"

/* The FOLL_* flags that a request is made of.  Values are ours, not the kernel's. */
#define GUP_WRITE BIT(0)
#define GUP_PIN BIT(1) /* FOLL_PIN; without it FOLL_GET */
#define GUP_LONGTERM BIT(2)

/* The six requests that are judged.  Order is the order of every table and document. */
enum gup_request {
	GUP_GET_R, /* FOLL_GET: vmsplice */
	GUP_GET_W, /* FOLL_GET|FOLL_WRITE */
	GUP_PIN_R, /* FOLL_PIN: O_DIRECT write(2), process_vm_readv */
	GUP_PIN_W, /* FOLL_PIN|FOLL_WRITE: O_DIRECT read(2), process_vm_writev */
	GUP_LT_R,  /* FOLL_PIN|FOLL_LONGTERM: read-only RDMA registration */
	GUP_LT_W, /* FOLL_PIN|FOLL_LONGTERM|FOLL_WRITE: io_uring fixed buffers, RDMA, vfio */
	GUP_REQUESTS
};

/* Why GUP-fast does not take a page: stable words of the interface. */
enum gup_reason {
	GUP_REASON_NONE,
	GUP_REASON_NOT_PRESENT,  /* none, swap, migration, marker */
	GUP_REASON_MUST_UNSHARE, /* gup_must_unshare() */
	GUP_REASON_NO_WRITE,     /* FOLL_WRITE and the entry is not writable */
	GUP_REASON_NEEDS_VMA,    /* decision needs the VMA that GUP-fast does not have */
	GUP_REASON_PROTNONE,     /* PROT_NONE or NUMA hint */
	GUP_REASON_SPECIAL,      /* pte_special(), pmd_special() */
	GUP_REASON_SECRETMEM,    /* memfd_secret */
	GUP_REASON_DIRTY_TRACKING, /* file with dirty tracking, long-term write */
	GUP_REASON_NOT_PINNABLE,   /* ZONE_MOVABLE, CMA, isolated, coherent device */
	GUP_REASON_HUGEPD,         /* powerpc before 6.11 */
	GUP_REASON_PKEY,           /* protection key of the calling thread */
	GUP_REASON_NO_MAPPING,     /* folio->mapping is NULL (6.10 to 7.2) */
	GUP_REASON_DEVMAP,         /* pte_devmap() */
	GUP_REASON_NOT_BUILT,      /* CONFIG_HAVE_GUP_FAST is off */
	GUP_REASON_ADDRESS,        /* gup_fast_permitted(): outside user space */
	GUP_REASON_UNKNOWN,        /* one of several: an unread fact decides which */
	GUP_REASONS
};

enum gup_slow { GUP_SLOW_OK, GUP_SLOW_ERROR, GUP_SLOW_UNKNOWN };

/* What slow GUP raises first. */
enum gup_fault {
	GUP_FAULT_NONE,
	GUP_FAULT_POPULATE,
	GUP_FAULT_SWAPIN,
	GUP_FAULT_NUMA,
	GUP_FAULT_UNSHARE, /* FAULT_FLAG_UNSHARE */
	GUP_FAULT_WRITE,   /* FAULT_FLAG_WRITE */
	GUP_FAULT_UNKNOWN
};

/* Which page the caller ends with. */
enum gup_page {
	GUP_PAGE_SAME,
	GUP_PAGE_COPY,     /* a new page takes the old one's place */
	GUP_PAGE_NEW,      /* first populated */
	GUP_PAGE_MIGRATED, /* long-term pin moved it */
	GUP_PAGE_NONE,     /* error */
	GUP_PAGE_UNKNOWN
};

/* The one-word form for a table cell. */
enum gup_word {
	GUP_WORD_FAST,    /* GUP-fast takes it */
	GUP_WORD_SLOW,    /* slow, no fault */
	GUP_WORD_MARK,    /* unshare fault, page kept and marked exclusive */
	GUP_WORD_COPY,    /* page replaced by a copy */
	GUP_WORD_REUSE,   /* write fault, page kept */
	GUP_WORD_FAULT,   /* populated */
	GUP_WORD_SWAPIN,  /* read from swap */
	GUP_WORD_MIGRATE, /* moved by FOLL_LONGTERM */
	GUP_WORD_ERRNO,   /* see gup_verdict.err */
	GUP_WORD_UNKNOWN, /* "?" */
	GUP_WORDS
};

#define GUP_PATH_MAX 14

/* A path through the rule tables: rule ids (predict_rule()) in the order they fired. */
struct gup_path {
	u8 n;
	bool forked; /* unknown facts split the path after these rules */
	u16 rule[GUP_PATH_MAX];
};

/* The verdict of one request on one page. */
struct gup_verdict {
	u8 fast;            /* enum tri: GUP-fast takes it */
	u8 fast_reason;     /* enum gup_reason, when fast is TRI_NO */
	u8 slow;            /* enum gup_slow; judged even when fast is TRI_YES */
	u8 fault;           /* enum gup_fault */
	u8 page;            /* enum gup_page */
	u8 word;            /* enum gup_word */
	u16 err;            /* positive errno when slow is GUP_SLOW_ERROR */
	u64 unknown;        /* BIT(FACT_*) that would decide what is unknown above */
	u64 unknown_kernel; /* BIT(KFACT_*) likewise */
	struct gup_path path_fast, path_slow;
};

/* "What if the process stores to it now?" */
enum gup_write_fault {
	GUP_WRITE_NONE,  /* entry is writable: no fault */
	GUP_WRITE_REUSE, /* write fault keeps the page */
	GUP_WRITE_COPY,  /* write fault replaces it */
	GUP_WRITE_POPULATE,
	GUP_WRITE_SWAPIN,
	GUP_WRITE_SEGV, /* SIGSEGV or SIGBUS */
	GUP_WRITE_UNKNOWN,
	GUP_WRITES
};

struct gup_write {
	u8 fault; /* enum gup_write_fault */
	u8 seen_by_refs; /* enum tri: a reference outside the page tables reads the stored bytes */
	u8 leak; /* enum tri: seen_by_refs on a page that was not AnonExclusive */
	u64 unknown, unknown_kernel;
	struct gup_path path;
};

/* "What if it forks now?" */
enum gup_fork_word {
	GUP_FORK_SHARE,
	GUP_FORK_COPY,
	GUP_FORK_SKIP,
	GUP_FORK_UNKNOWN,
	GUP_FORKS
};

struct gup_fork {
	u8 word; /* enum gup_fork_word */
	u64 unknown, unknown_kernel;
	struct gup_path path;
};

/* Everything that is judged about one page. */
struct gup_verdicts {
	struct gup_verdict req[GUP_REQUESTS];
	struct gup_write write;
	struct gup_fork fork;
};

/* The GUP_* flags of a request. */
u32 gup_request_flags(enum gup_request req);

/* The interface's words.  Each returns a static string, never NULL. */
const char *gup_request_name(enum gup_request req);  /* "get-r" */
const char *gup_request_foll(enum gup_request req);  /* "FOLL_GET|FOLL_WRITE" */
const char *gup_request_users(enum gup_request req); /* "vmsplice" */
const char *gup_reason_name(enum gup_reason reason); /* "must-unshare" */
const char *gup_slow_name(enum gup_slow slow);
const char *gup_fault_name(enum gup_fault fault);
const char *gup_page_name(enum gup_page page);
const char *gup_write_name(enum gup_write_fault fault);
const char *gup_fork_name(enum gup_fork_word word);
const char *gup_tri_name(enum tri tri); /* "no" "yes" "unknown" */

/* "EFAULT" for 14; "E<number>" is never returned: an unlisted errno gives "ERROR". */
const char *gup_errno_name(unsigned err);

/* The table-cell word of @word; GUP_WORD_ERRNO gives the errno's name. */
const char *gup_word_name(enum gup_word word, unsigned err);

/* The request named @name ("pin-r"), or GUP_REQUESTS. */
enum gup_request gup_request_by_name(const char *name, size_t len);

#endif
