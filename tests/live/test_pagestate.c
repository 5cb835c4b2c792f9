/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every state of pagestate.def is made on this kernel and looked at through pagemap alone. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/test.h"

#include "pagestate/pagestate_factory.h"
#include "pagestate/pagestate_child.h"
#include "pagestate/pagestate_ref.h"

#define TEST_PRESENT BIT(63)
#define TEST_SWAP BIT(62)
#define TEST_FILE BIT(61)
#define TEST_PFN (BIT(55) - 1)

/* What pagemap must say of the page looked at. */
static u64 expect(enum pagestate_id id)
{
	switch (id) {
	case PAGESTATE_HOLE:
	case PAGESTATE_HOLE_THP:
	case PAGESTATE_HUGETLB_HOLE:
	case PAGESTATE_HUGETLB_NONE_HOLE:
	case PAGESTATE_HUGETLB_FULL_HOLE:
	case PAGESTATE_FILE_HOLE:
	case PAGESTATE_FILE_BEYOND:
	case PAGESTATE_SHMEM_HOLE:
	case PAGESTATE_UNMAPPED:
	case PAGESTATE_ARENA:
	case PAGESTATE_ARENA_THP:
	case PAGESTATE_ARENA_SHMEM:
	case PAGESTATE_ARENA_TMPFS:
	case PAGESTATE_ARENA_FILE:
	case PAGESTATE_ARENA_FILE_SHARED:
	case PAGESTATE_ARENA_HUGETLB:
	case PAGESTATE_GATE:
		return 0;
	case PAGESTATE_SWAPPED:
	case PAGESTATE_UFFD_RWP_SWAPPED:
	case PAGESTATE_GUARD:
		return TEST_SWAP;
	case PAGESTATE_FILE_PRIVATE:
	case PAGESTATE_FILE_PRIVATE_RO:
	case PAGESTATE_FILE_SHARED:
	case PAGESTATE_FILE_SHARED_DIRTY:
	case PAGESTATE_FILE_SHARED_RO:
	case PAGESTATE_AIO_RING:
	case PAGESTATE_TMPFS_PRIVATE:
	case PAGESTATE_MEMFD:
	case PAGESTATE_MEMFD_DIRTY:
	case PAGESTATE_MEMFD_RO:
	case PAGESTATE_SHMEM:
	case PAGESTATE_SECRETMEM:
	case PAGESTATE_HUGETLB_SHARED:
	case PAGESTATE_HUGETLB_FILE:
		return TEST_PRESENT | TEST_FILE;
	default:
		return TEST_PRESENT;
	}
}

enum { CHILD_OK, CHILD_WRONG, CHILD_CANNOT };

/* Makes @state in this process; the pagemap bits and the reason come back through @pipe. */
static void child(const char *state, int pipe, u64 want)
{
	struct pagestate s;
	int err = pagestate_factory_make(&s, state, false);
	u64 mask = TEST_PRESENT | TEST_SWAP | TEST_FILE;
	u64 got = err ? 0 : pagestate_pagemap(s.page) & mask;
	char text[PAGESTATE_WHY + 64];
	int n;

	/* pagemap calls the huge zero page a file on some kernels */
	if (!strcmp(state, "huge-zero"))
		got &= ~TEST_FILE;
	n = err ? snprintf(text, sizeof(text), "%s", s.why)
		: snprintf(text, sizeof(text), "pagemap %#llx, expected %#llx", got,
			   want);
	if (write(pipe, text, (size_t)n) != n)
		_exit(CHILD_WRONG);
	if (!err)
		pagestate_factory_drop(&s);
	_exit(err == -EOPNOTSUPP   ? CHILD_CANNOT
	      : err || got != want ? CHILD_WRONG
				   : CHILD_OK);
}

static int run(const char *state, u64 want, char *text, size_t len)
{
	int fd[2], status;
	ssize_t n;
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC))
		return -1;
	fflush(NULL);
	pid = fork();
	if (!pid)
		child(state, fd[1], want);
	close(fd[1]);
	n = read(fd[0], text, len - 1);
	text[n > 0 ? n : 0] = 0;
	close(fd[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(every_state)
{
	char text[512];

	for (unsigned id = 0; id < PAGESTATES; id++) {
		int rc;

		if (!pagestate_factory_row(id))
			continue;
		rc = run(pagestate_factory_row(id)->name, expect(id), text, sizeof(text));

		if (rc == CHILD_CANNOT)
			printf("# %s: skipped: %s\n", pagestate_factory_row(id)->name,
			       text);
		else if (rc != CHILD_OK)
			printf("# %s: %s (%d)\n", pagestate_factory_row(id)->name, text,
			       rc);
		EXPECT(rc == CHILD_OK || rc == CHILD_CANNOT);
	}
}

TEST(modified_states)
{
	static const char *const state[] = {
		"order-0+shared",
		"order-0+child-gone",
		"order-0+vmspliced+child-gone",
		"order-0+pinned",
		"order-0+pinned+release+shared+exit",
		"order-0+child-vmspliced",
		"order-0+parent-vmspliced",
		"order-0+vmspliced-before-fork+child-write",
		"order-0+shared+as-child",
		"order-0+drained+look@3+mlock+munlock@3",
		"arena+touch@0-9+shared+child-unmap@3+look@3",
		"hugetlb+child-vmspliced",
		"hugetlb+parent-vmspliced",
		"thp+child-vmspliced",
		"order-0+pageout+touch",
	};
	char text[512];

	for (unsigned i = 0; i < ARRAY_SIZE(state); i++) {
		bool last =
			!strcmp(state[i], "order-0+vmspliced-before-fork+child-write");
		int rc = run(state[i], TEST_PRESENT, text, sizeof(text));

		if (rc != CHILD_OK)
			printf("# %s: %s (%d)\n", state[i], text, rc);
		/* a process that changed roles has no child to ask */
		EXPECT(last ? rc == CHILD_WRONG : rc == CHILD_OK || rc == CHILD_CANNOT);
	}
}

TEST(the_language)
{
	char why[PAGESTATE_WHY];

	EXPECT(pagestate_factory_check("order-0", why) == 0);
	EXPECT(pagestate_factory_check("order-0+touch@3+shared", why) == 0);
	EXPECT(pagestate_factory_check("order-0+touch@3-5", why) == 0);
	EXPECT(pagestate_factory_check("order-0+touch@1/2-3/4+look@1/2", why) == 0);
	EXPECT(pagestate_factory_check("order-0+touch@3/4-1/4", why) == -EINVAL);
	EXPECT(pagestate_factory_check("order-0+touch@1/", why) == -EINVAL);
	EXPECT(pagestate_factory_check("", why) == -EINVAL);
	EXPECT(pagestate_factory_check("order-0+", why) == 0);
	EXPECT(pagestate_factory_check("order-0@1", why) == -EINVAL);
	EXPECT(pagestate_factory_check("order-0+touch@", why) == -EINVAL);
	EXPECT(pagestate_factory_check("order-0+touch@5-5", why) == -EINVAL);
	EXPECT(pagestate_factory_check("order-0+touch@3x", why) == -EINVAL);
	EXPECT(pagestate_factory_check("order-9", why) == -EINVAL);
	EXPECT(!strcmp(why, "no page state named 'order-9'"));
	EXPECT(pagestate_factory_check("order-0+shred", why) == -EINVAL);
	EXPECT(!strcmp(why, "no operation named 'shred'"));
}

TEST(references)
{
	struct pagestate s;

	if (pagestate_factory_make(&s, "order-0+vmspliced+child-gone", false)) {
		EXPECT(!"order-0+vmspliced");
		return;
	}
	EXPECT(s.nrefs == 1 && s.nchildren == 0);
	EXPECT(pagestate_ref_byte(&s.ref[0]) == PAGESTATE_BYTE_MADE);
	/* not exclusive any more and referenced: the store is not seen */
	pagestate_store(s.page, 1, 1, PAGESTATE_BYTE_STORE);
	EXPECT(pagestate_ref_byte(&s.ref[0]) == PAGESTATE_BYTE_MADE);
	EXPECT(pagestate_ref_byte(&s.ref[0]) == PAGESTATE_BYTE_MADE);
	pagestate_factory_drop(&s);
	EXPECT(s.nrefs == 0);
}

TEST(children)
{
	struct pagestate_child_order o = { .what = PAGESTATE_CHILD_PFN };
	struct pagestate s;
	u64 theirs = 0;

	if (pagestate_factory_make(&s, "order-0+shared", false)) {
		EXPECT(!"order-0+shared");
		return;
	}
	o.addr = s.page;
	EXPECT(pagestate_child_ask(&s, &o, &theirs, NULL) == 0);
	EXPECT((theirs & TEST_PFN) == (pagestate_pagemap(s.page) & TEST_PFN));
	o = (struct pagestate_child_order){ PAGESTATE_CHILD_STORE, 0, s.page, 4096,
					    4096 };
	EXPECT(pagestate_child_ask(&s, &o, NULL, NULL) == 0);
	o = (struct pagestate_child_order){ .what = PAGESTATE_CHILD_PFN, .addr = s.page };
	EXPECT(pagestate_child_ask(&s, &o, &theirs, NULL) == 0);
	if (theirs & TEST_PFN)
		EXPECT((theirs & TEST_PFN) != (pagestate_pagemap(s.page) & TEST_PFN));
	EXPECT(*(volatile char *)s.page == PAGESTATE_BYTE_MADE);
	pagestate_factory_drop(&s);
}
