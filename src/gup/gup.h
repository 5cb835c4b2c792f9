/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gup.h - requests, outcomes and verdicts of get_user_pages(), and their words for people (man
 * gupinfo, section VERDICTS).  All strings are static.
 */
#pragma once

#include "lib/bits.h"

/* The FOLL_* flags of a request, with gupinfo's own values. */
#define GUP_WRITE BIT(0)
#define GUP_PIN BIT(1) /* FOLL_PIN; without it FOLL_GET */
#define GUP_LONGTERM BIT(2)

/* The six requests that are judged, in the order of every table and document. */
enum gup_request {
	GUP_GET_R, /* FOLL_GET: vmsplice */
	GUP_GET_W, /* FOLL_GET|FOLL_WRITE */
	GUP_PIN_R, /* FOLL_PIN: O_DIRECT write(2), process_vm_readv */
	GUP_PIN_W, /* FOLL_PIN|FOLL_WRITE: O_DIRECT read(2), process_vm_writev */
	GUP_LT_R,  /* FOLL_PIN|FOLL_LONGTERM: read-only RDMA registration */
	GUP_LT_W, /* FOLL_PIN|FOLL_LONGTERM|FOLL_WRITE: io_uring fixed buffers, RDMA, vfio */
	GUP_REQUESTS
};

extern const struct gup_request_row {
	u32 flags;         /* GUP_WRITE … */
	const char *name;  /* "get-r" */
	const char *foll;  /* "FOLL_GET|FOLL_WRITE" */
	const char *users; /* "vmsplice" */
} gup_requests[GUP_REQUESTS];

/* Why GUP-fast does not take a page: stable words of the interface. */
enum gup_reason {
	GUP_REASON_NONE,
	GUP_REASON_NOT_PRESENT,    /* none, swap, migration, marker */
	GUP_REASON_MUST_UNSHARE,   /* gup_must_unshare() */
	GUP_REASON_NO_WRITE,       /* FOLL_WRITE, and the entry is not writable */
	GUP_REASON_NEEDS_VMA,      /* the VMA decides, and GUP-fast has none */
	GUP_REASON_PROTNONE,       /* PROT_NONE or NUMA hint */
	GUP_REASON_SPECIAL,        /* pte_special(), pmd_special() */
	GUP_REASON_SECRETMEM,      /* memfd_secret */
	GUP_REASON_DIRTY_TRACKING, /* file with dirty tracking, long-term write */
	GUP_REASON_NOT_PINNABLE,   /* ZONE_MOVABLE, CMA, isolated, coherent device */
	GUP_REASON_HUGEPD,         /* powerpc before 6.11 */
	GUP_REASON_PKEY,           /* protection key of the calling thread */
	GUP_REASON_NO_MAPPING,     /* folio->mapping is NULL (6.10 to 7.2) */
	GUP_REASON_DEVMAP,         /* pte_devmap() */
	GUP_REASON_NOT_BUILT,      /* CONFIG_HAVE_GUP_FAST is off */
	GUP_REASON_ADDRESS,        /* gup_fast_permitted(): outside user space */
	GUP_REASON_UNKNOWN,        /* an unread fact decides which of several */
	GUP_REASONS
};

enum gup_slow { GUP_SLOW_OK, GUP_SLOW_ERROR, GUP_SLOW_UNKNOWN };

/* The fault that slow GUP raises first. */
enum gup_fault {
	GUP_FAULT_NONE,
	GUP_FAULT_POPULATE,
	GUP_FAULT_SWAPIN,
	GUP_FAULT_NUMA,
	GUP_FAULT_UNSHARE, /* FAULT_FLAG_UNSHARE */
	GUP_FAULT_WRITE,   /* FAULT_FLAG_WRITE */
	GUP_FAULT_UNKNOWN
};

/* The page that the caller of GUP ends with. */
enum gup_page {
	GUP_PAGE_SAME,
	GUP_PAGE_COPY,     /* a new page takes the old one's place */
	GUP_PAGE_NEW,      /* the fault allocated it for an empty entry */
	GUP_PAGE_MIGRATED, /* the long-term pin moved it */
	GUP_PAGE_NONE,     /* error */
	GUP_PAGE_UNKNOWN
};

/* The verdict in one word, for a table cell. */
enum gup_word {
	GUP_WORD_FAST,    /* GUP-fast takes it */
	GUP_WORD_SLOW,    /* slow GUP takes it without a fault */
	GUP_WORD_MARK,    /* an unshare fault keeps the page and marks it exclusive */
	GUP_WORD_COPY,    /* a copy replaces the page */
	GUP_WORD_REUSE,   /* a write fault keeps the page */
	GUP_WORD_FAULT,   /* a fault populates the entry */
	GUP_WORD_SWAPIN,  /* a fault reads it from swap */
	GUP_WORD_MIGRATE, /* FOLL_LONGTERM moves it */
	GUP_WORD_ERRNO,   /* see gup_verdict.err */
	GUP_WORD_UNKNOWN, /* "?" */
	GUP_WORDS
};

#define GUP_PATH_MAX 14

/* The path through the rule tables: ids of rules (predict_rule()) in the order they fired. */
struct gup_path {
	u8 n;
	bool forked;            /* the path splits after these rules: facts are unknown */
	u16 rule[GUP_PATH_MAX]; /* zero from ->n on: like verdicts are the same bytes */
};

struct gup_verdict {
	u8 fast;            /* enum tri: GUP-fast takes it */
	u8 fast_reason;     /* enum gup_reason when fast is TRI_NO */
	u8 slow;            /* enum gup_slow; also judged when fast is TRI_YES */
	u8 fault;           /* enum gup_fault */
	u8 page;            /* enum gup_page */
	u8 word;            /* enum gup_word */
	u16 err;            /* positive errno when slow is GUP_SLOW_ERROR */
	bool waits;         /* slow is unknown: it waits for userfaultfd's handler */
	u64 unknown;        /* BIT(FACT_*): the facts that decide what is unknown above */
	u64 unknown_kernel; /* BIT(KFACT_*) likewise */
	struct gup_path path_fast, path_slow;
};

/* The effect of a store by the process. */
enum gup_write_fault {
	GUP_WRITE_NONE,  /* the entry is writable: no fault */
	GUP_WRITE_REUSE, /* a write fault keeps the page */
	GUP_WRITE_COPY,  /* a write fault replaces it */
	GUP_WRITE_POPULATE,
	GUP_WRITE_SWAPIN,
	GUP_WRITE_SEGV, /* SIGSEGV or SIGBUS */
	GUP_WRITE_UNKNOWN,
	GUP_WRITES
};

struct gup_write {
	u8 fault;        /* enum gup_write_fault */
	u8 seen_by_refs; /* enum tri: references outside page tables see the store */
	u8 leak;    /* enum tri: seen_by_refs, on a page that was not AnonExclusive */
	bool waits; /* fault is unknown: it waits for userfaultfd's handler */
	u64 unknown, unknown_kernel;
	struct gup_path path;
};

/* The effect of a fork of the process. */
enum gup_fork_word {
	GUP_FORK_SHARE,
	GUP_FORK_COPY,
	GUP_FORK_SKIP,
	GUP_FORK_UNKNOWN,
	GUP_FORKS
};

/* What becomes of the page when the kernel tries to move it (predict_migrate.def). */
enum gup_migrate_word {
	GUP_MIGRATE_YES,
	GUP_MIGRATE_REFS,  /* references that migration does not expect */
	GUP_MIGRATE_NEVER, /* its mapping, or who owns it, does not let it be moved */
	GUP_MIGRATE_NONE,  /* there is no page that could be moved */
	GUP_MIGRATE_UNKNOWN,
	GUP_MIGRATES
};

/* The verdict of a table that ends in one word. */
struct gup_whatif {
	u8 word; /* enum gup_fork_word, enum gup_migrate_word */
	u64 unknown, unknown_kernel;
	struct gup_path path;
};

struct gup_verdicts {
	struct gup_verdict req[GUP_REQUESTS];
	struct gup_write write;
	struct gup_whatif fork, migrate;
};

/* What else than requests is predicted: a store, a fork, a migration. */
#define GUP_STORE GUP_REQUESTS
#define GUP_FORK (GUP_REQUESTS + 1)
#define GUP_MIGRATE (GUP_REQUESTS + 2)
#define GUP_WHATS (GUP_REQUESTS + 3)

/* The words of the interface.  What functions return is static, never NULL. */
extern const char *const gup_reason_names[GUP_REASONS]; /* "must-unshare" */
extern const char *const gup_fault_names[];
extern const char *const gup_page_names[];
extern const char *const gup_write_names[GUP_WRITES];
extern const char *const gup_fork_names[GUP_FORKS];
extern const char *const gup_migrate_names[GUP_MIGRATES];
const char *gup_what_name(unsigned what); /* of a request, "store", "fork", "migrate" */
unsigned gup_what_by_name(const char *name, size_t len); /* GUP_WHATS: none has it */
/* The verdict in one word, as "fast", "reuse", "share", "yes", and whether it is known. */
const char *gup_what_word(const struct gup_verdicts *v, unsigned what);
bool gup_what_known(const struct gup_verdicts *v, unsigned what);
const char *gup_slow_name(enum gup_slow slow);
const char *gup_tri_name(enum tri tri); /* "no" "yes" "unknown" */

/* Returns "EFAULT" for 14, and "ERROR" for what is no errno. */
const char *gup_errno_name(unsigned err);

/* Returns the word for sums; for GUP_WORD_ERRNO it is "error". */
const char *gup_kind_name(enum gup_word word);

/* Returns the word for a verdict; for GUP_WORD_ERRNO it is the errno's name, as gup_errno_name(). */
const char *gup_word_name(enum gup_word word, unsigned err);
