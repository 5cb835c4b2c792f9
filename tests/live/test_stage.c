/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every state of stage.def is made on this kernel and looked at through pagemap alone. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/test.h"

#include "pagestate/stage_factory.h"
#include "pagestate/stage_child.h"
#include "pagestate/stage_ref.h"

#define TEST_PRESENT BIT(63)
#define TEST_SWAP BIT(62)
#define TEST_FILE BIT(61)
#define TEST_PFN (BIT(55) - 1)

/* What pagemap must say of the page looked at. */
static u64 expect(enum stage_id id)
{
	switch (id) {
	case STAGE_HOLE:
	case STAGE_HOLE_THP:
	case STAGE_HUGETLB_HOLE:
	case STAGE_HUGETLB_NONE_HOLE:
	case STAGE_HUGETLB_FULL_HOLE:
	case STAGE_FILE_HOLE:
	case STAGE_FILE_BEYOND:
	case STAGE_SHMEM_HOLE:
	case STAGE_UNMAPPED:
	case STAGE_ARENA:
	case STAGE_ARENA_THP:
	case STAGE_ARENA_SHMEM:
	case STAGE_ARENA_TMPFS:
	case STAGE_ARENA_FILE:
	case STAGE_ARENA_FILE_SHARED:
	case STAGE_ARENA_HUGETLB:
	case STAGE_GATE:
		return 0;
	case STAGE_SWAPPED:
	case STAGE_UFFD_RWP_SWAPPED:
	case STAGE_GUARD:
		return TEST_SWAP;
	case STAGE_FILE_PRIVATE:
	case STAGE_FILE_PRIVATE_RO:
	case STAGE_FILE_SHARED:
	case STAGE_FILE_SHARED_DIRTY:
	case STAGE_FILE_SHARED_RO:
	case STAGE_TMPFS_PRIVATE:
	case STAGE_MEMFD:
	case STAGE_MEMFD_DIRTY:
	case STAGE_MEMFD_RO:
	case STAGE_SHMEM:
	case STAGE_SECRETMEM:
	case STAGE_HUGETLB_SHARED:
	case STAGE_HUGETLB_FILE:
		return TEST_PRESENT | TEST_FILE;
	default:
		return TEST_PRESENT;
	}
}

enum { CHILD_OK, CHILD_WRONG, CHILD_CANNOT };

/* Makes @state in this process; the pagemap bits and the reason come back through @pipe. */
static void child(const char *state, int pipe, u64 want)
{
	struct stage s;
	int err = stage_factory_make(&s, state);
	u64 mask = TEST_PRESENT | TEST_SWAP | TEST_FILE;
	u64 got = err ? 0 : stage_pagemap(s.page) & mask;
	char text[STAGE_WHY + 64];
	int n;

	/* pagemap calls the huge zero page a file on some kernels */
	if (!strcmp(state, "huge-zero"))
		got &= ~TEST_FILE;
	n = err ? snprintf(text, sizeof(text), "%s", s.why)
		: snprintf(text, sizeof(text), "pagemap %#llx, expected %#llx",
			   (unsigned long long)got, (unsigned long long)want);
	if (write(pipe, text, (size_t)n) != n)
		_exit(CHILD_WRONG);
	if (!err)
		stage_factory_drop(&s);
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

	for (unsigned id = 0; id < STAGES; id++) {
		int rc = run(stage_factory_row(id)->name, expect(id), text, sizeof(text));

		if (rc == CHILD_CANNOT)
			printf("# %s: skipped: %s\n", stage_factory_row(id)->name, text);
		else if (rc != CHILD_OK)
			printf("# %s: %s (%d)\n", stage_factory_row(id)->name, text, rc);
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
	char why[STAGE_WHY];

	EXPECT(stage_factory_check("order-0", why) == 0);
	EXPECT(stage_factory_check("order-0+touch@3+shared", why) == 0);
	EXPECT(stage_factory_check("order-0+touch@3-5", why) == 0);
	EXPECT(stage_factory_check("", why) == -EINVAL);
	EXPECT(stage_factory_check("order-0+", why) == 0);
	EXPECT(stage_factory_check("order-0@1", why) == -EINVAL);
	EXPECT(stage_factory_check("order-0+touch@", why) == -EINVAL);
	EXPECT(stage_factory_check("order-0+touch@5-5", why) == -EINVAL);
	EXPECT(stage_factory_check("order-0+touch@3x", why) == -EINVAL);
	EXPECT(stage_factory_check("order-9", why) == -EINVAL);
	EXPECT(!strcmp(why, "no page state named 'order-9'"));
	EXPECT(stage_factory_check("order-0+shred", why) == -EINVAL);
	EXPECT(!strcmp(why, "no operation named 'shred'"));
}

TEST(references)
{
	struct stage s;

	if (stage_factory_make(&s, "order-0+vmspliced+child-gone")) {
		EXPECT(!"order-0+vmspliced");
		return;
	}
	EXPECT(s.nrefs == 1 && s.nchildren == 0);
	EXPECT(stage_ref_byte(&s.ref[0]) == STAGE_BYTE_MADE);
	/* not exclusive any more and referenced: the store is not seen */
	stage_store(s.page, 1, 1, STAGE_BYTE_STORE);
	EXPECT(stage_ref_byte(&s.ref[0]) == STAGE_BYTE_MADE);
	EXPECT(stage_ref_byte(&s.ref[0]) == STAGE_BYTE_MADE);
	stage_factory_drop(&s);
	EXPECT(s.nrefs == 0);
}

TEST(children)
{
	struct stage_child_order o = { .what = STAGE_CHILD_PFN };
	struct stage s;
	u64 theirs = 0;

	if (stage_factory_make(&s, "order-0+shared")) {
		EXPECT(!"order-0+shared");
		return;
	}
	o.addr = s.page;
	EXPECT(stage_child_ask(&s, &o, &theirs, NULL) == 0);
	EXPECT((theirs & TEST_PFN) == (stage_pagemap(s.page) & TEST_PFN));
	o = (struct stage_child_order){ STAGE_CHILD_STORE, 0, s.page, 4096, 4096 };
	EXPECT(stage_child_ask(&s, &o, NULL, NULL) == 0);
	o = (struct stage_child_order){ .what = STAGE_CHILD_PFN, .addr = s.page };
	EXPECT(stage_child_ask(&s, &o, &theirs, NULL) == 0);
	if (theirs & TEST_PFN)
		EXPECT((theirs & TEST_PFN) != (stage_pagemap(s.page) & TEST_PFN));
	EXPECT(*(volatile char *)s.page == STAGE_BYTE_MADE);
	stage_factory_drop(&s);
}
