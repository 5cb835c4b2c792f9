/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gup/gup.h"

#include <errno.h>
#include <string.h>

#include "lib/array.h"
#include "lib/text.h"
#include "lib/pure.h"

const struct gup_request_row gup_requests[GUP_REQUESTS] = {
	[GUP_GET_R] = { .flags = 0,
			.name = "get-r",
			.foll = "FOLL_GET",
			.users = "vmsplice" },
	[GUP_GET_W] = { .flags = GUP_WRITE,
			.name = "get-w",
			.foll = "FOLL_GET|FOLL_WRITE",
			.users = "futex, KVM, O_DIRECT read(2) before 6.5" },
	[GUP_PIN_R] = { .flags = GUP_PIN,
			.name = "pin-r",
			.foll = "FOLL_PIN",
			.users = "O_DIRECT write(2), process_vm_readv" },
	[GUP_PIN_W] = { .flags = GUP_PIN | GUP_WRITE,
			.name = "pin-w",
			.foll = "FOLL_PIN|FOLL_WRITE",
			.users = "O_DIRECT read(2), process_vm_writev" },
	[GUP_LT_R] = { .flags = GUP_PIN | GUP_LONGTERM,
		       .name = "lt-r",
		       .foll = "FOLL_PIN|FOLL_LONGTERM",
		       .users = "read-only RDMA registration" },
	[GUP_LT_W] = { .flags = GUP_PIN | GUP_LONGTERM | GUP_WRITE,
		       .name = "lt-w",
		       .foll = "FOLL_PIN|FOLL_LONGTERM|FOLL_WRITE",
		       .users = "io_uring fixed buffers, RDMA, vfio, AF_XDP" },
};

const char *const gup_reason_names[GUP_REASONS] = {
	[GUP_REASON_NONE] = "none",
	[GUP_REASON_NOT_PRESENT] = "not-present",
	[GUP_REASON_MUST_UNSHARE] = "must-unshare",
	[GUP_REASON_NO_WRITE] = "no-write",
	[GUP_REASON_NEEDS_VMA] = "needs-vma",
	[GUP_REASON_PROTNONE] = "protnone",
	[GUP_REASON_SPECIAL] = "special",
	[GUP_REASON_SECRETMEM] = "secretmem",
	[GUP_REASON_DIRTY_TRACKING] = "dirty-tracking",
	[GUP_REASON_NOT_PINNABLE] = "not-pinnable",
	[GUP_REASON_HUGEPD] = "hugepd",
	[GUP_REASON_PKEY] = "pkey",
	[GUP_REASON_NO_MAPPING] = "no-mapping",
	[GUP_REASON_DEVMAP] = "devmap",
	[GUP_REASON_NOT_BUILT] = "not-built",
	[GUP_REASON_ADDRESS] = "address",
	[GUP_REASON_UNKNOWN] = "unknown",
};

const char *gup_slow_name(enum gup_slow slow)
{
	return slow == GUP_SLOW_OK ? "ok" : slow == GUP_SLOW_ERROR ? "error" : "unknown";
}

const char *const gup_fault_names[] = {
	[GUP_FAULT_NONE] = "none",       [GUP_FAULT_POPULATE] = "populate",
	[GUP_FAULT_SWAPIN] = "swapin",   [GUP_FAULT_NUMA] = "numa",
	[GUP_FAULT_UNSHARE] = "unshare", [GUP_FAULT_WRITE] = "write",
	[GUP_FAULT_UNKNOWN] = "unknown",
};

const char *const gup_page_names[] = {
	[GUP_PAGE_SAME] = "same", [GUP_PAGE_COPY] = "copy",
	[GUP_PAGE_NEW] = "new",   [GUP_PAGE_MIGRATED] = "migrated",
	[GUP_PAGE_NONE] = "none", [GUP_PAGE_UNKNOWN] = "unknown",
};

const char *const gup_write_names[GUP_WRITES] = {
	[GUP_WRITE_NONE] = "none",       [GUP_WRITE_REUSE] = "reuse",
	[GUP_WRITE_COPY] = "copy",       [GUP_WRITE_POPULATE] = "populate",
	[GUP_WRITE_SWAPIN] = "swapin",   [GUP_WRITE_SEGV] = "segv",
	[GUP_WRITE_UNKNOWN] = "unknown",
};

const char *const gup_fork_names[GUP_FORKS] = {
	[GUP_FORK_SHARE] = "share",
	[GUP_FORK_COPY] = "copy",
	[GUP_FORK_SKIP] = "skip",
	[GUP_FORK_UNKNOWN] = "unknown",
};

const char *const gup_migrate_names[GUP_MIGRATES] = {
	[GUP_MIGRATE_YES] = "yes",         [GUP_MIGRATE_REFS] = "refs",
	[GUP_MIGRATE_NEVER] = "never",     [GUP_MIGRATE_NONE] = "none",
	[GUP_MIGRATE_UNKNOWN] = "unknown",
};

const char *gup_what_name(unsigned what)
{
	return what < GUP_REQUESTS ? gup_requests[what].name
	       : what == GUP_STORE ? "store"
	       : what == GUP_FORK  ? "fork"
				   : "migrate";
}

unsigned gup_what_by_name(const char *name, size_t len)
{
	return ARRAY_SEEK(i, GUP_WHATS, text_same(gup_what_name(i), name, len));
}

const char *gup_what_word(const struct gup_verdicts *v, unsigned what)
{
	return what < GUP_REQUESTS ? gup_word_name(v->req[what].word, v->req[what].err)
	       : what == GUP_STORE ? gup_write_names[v->write.fault]
	       : what == GUP_FORK  ? gup_fork_names[v->fork.word]
				   : gup_migrate_names[v->migrate.word];
}

bool gup_what_known(const struct gup_verdicts *v, unsigned what)
{
	return what < GUP_REQUESTS ? v->req[what].word != GUP_WORD_UNKNOWN
	       : what == GUP_STORE ? v->write.fault != GUP_WRITE_UNKNOWN
	       : what == GUP_FORK  ? v->fork.word != GUP_FORK_UNKNOWN
				   : v->migrate.word != GUP_MIGRATE_UNKNOWN;
}

const char *gup_tri_name(enum tri tri)
{
	return tri == TRI_YES ? "yes" : tri == TRI_NO ? "no" : "unknown";
}

const char *gup_errno_name(unsigned err)
{
	const char *name = strerrorname_np((int)err);

	return name && err ? name : "ERROR";
}

const char *gup_kind_name(enum gup_word word)
{
	static const char *const names[GUP_WORDS] = {
		[GUP_WORD_FAST] = "fast",     [GUP_WORD_SLOW] = "slow",
		[GUP_WORD_MARK] = "mark",     [GUP_WORD_COPY] = "copy",
		[GUP_WORD_REUSE] = "reuse",   [GUP_WORD_FAULT] = "fault",
		[GUP_WORD_SWAPIN] = "swapin", [GUP_WORD_MIGRATE] = "migrate",
		[GUP_WORD_ERRNO] = "error",   [GUP_WORD_UNKNOWN] = "?",
	};

	return names[word];
}

const char *gup_word_name(enum gup_word word, unsigned err)
{
	return word == GUP_WORD_ERRNO ? gup_errno_name(err) : gup_kind_name(word);
}
