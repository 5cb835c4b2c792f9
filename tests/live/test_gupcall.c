/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Acts on pages of known state: what kernels since 5.19 do, seen without any prediction. */
#include <errno.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../unit/test.h"

#include "pagestate/pagestate_worker.h"

#define TEST_PRESENT BIT(63)
#define TEST_PFN (BIT(55) - 1)

static struct gupcall_env env;
static struct gupcall_result r;

/* Makes @state and does @act.  False, with the reason printed, when that is not possible here. */
static bool act(const char *state, enum gupcall_id id)
{
	struct pagestate_worker w;
	int err;

	if (!env.no_dio[0] && env.dio <= 0)
		gupcall_env_open(&env);
	if (pagestate_worker_start(&w, state, false, &env) || w.err) {
		printf("# %s: %s\n", state, w.why);
		pagestate_worker_stop(&w);
		return false;
	}
	err = pagestate_worker_call(&w, id, 4096, &r);
	pagestate_worker_stop(&w);
	if (err)
		printf("# %s: %s: %s\n", state, gupcall_row(id)->name, r.why);
	else
		printf("# %s: %s: err %d faults %llu slow %d %llx -> %llx refs %d\n",
		       state, gupcall_row(id)->name, r.err, r.faults, r.slow, r.before,
		       r.after, r.refs);
	return !err;
}

static bool since(unsigned major, unsigned minor)
{
	struct utsname u;
	unsigned a = 0, b = 0;

	uname(&u);
	sscanf(u.release, "%u.%u", &a, &b);
	return a > major || (a == major && b >= minor);
}

static bool same(void)
{
	return r.before & r.after & TEST_PRESENT && !((r.before ^ r.after) & TEST_PFN);
}

TEST(exclusive_pages_are_taken_as_they_are)
{
	static const enum gupcall_id id[] = { GUPCALL_DO_VMSPLICE,  GUPCALL_DO_DIO_WRITE,
					      GUPCALL_DO_DIO_READ,  GUPCALL_DO_VM_READV,
					      GUPCALL_DO_VM_WRITEV, GUPCALL_DO_URING,
					      GUPCALL_DO_STORE };

	for (unsigned i = 0; i < ARRAY_SIZE(id); i++)
		if (act("order-0", id[i])) {
			EXPECT_INT(r.err, 0);
			EXPECT(same());
			EXPECT_INT(r.faults, 0);
		}
}

TEST(shared_pages)
{
	if (geteuid())
		SKIP("page numbers are hidden from this user");
	if (act("order-0+shared", GUPCALL_DO_VMSPLICE)) {
		EXPECT(same());
		EXPECT_INT(r.faults, 0);
	}
	if (act("order-0+shared", GUPCALL_DO_DIO_WRITE)) {
		EXPECT_INT(r.err, 0);
		/* FOLL_GET before 6.5 (dio-pin of kernel.def): that shares no less than a read */
		EXPECT_INT(same(), !since(6, 5));
		EXPECT_INT(r.faults > 0, since(6, 5));
	}
	if (act("order-0+shared", GUPCALL_DO_STORE)) {
		EXPECT(!same());
		EXPECT(r.faults > 0);
	}
	if (act("order-0+shared", GUPCALL_DO_VM_READV))
		EXPECT(!same());
}

TEST(hugetlb_references_see_the_store)
{
	static const char *const state[] = { "hugetlb+child-vmspliced",
					     "hugetlb+child-vmspliced+ro+rw",
					     "hugetlb+vmspliced-before-fork",
					     "hugetlb+parent-vmspliced" };

	for (unsigned i = 0; i < ARRAY_SIZE(state); i++)
		if (act(state[i], GUPCALL_DO_STORE)) {
			EXPECT_INT(r.refs, TRI_YES);
			EXPECT(geteuid() || same());
		}
}

TEST(other_references_do_not)
{
	static const char *const state[] = {
		"order-0+child-vmspliced",       "order-0+child-vmspliced+ro+rw",
		"order-0+vmspliced-before-fork", "order-0+parent-vmspliced",
		"thp+child-vmspliced",           "thp+vmspliced-before-fork",
		"thp+parent-vmspliced",          "thp-pte+child-vmspliced",
		"thp-pte+parent-vmspliced"
	};

	for (unsigned i = 0; i < ARRAY_SIZE(state); i++)
		if (act(state[i], GUPCALL_DO_STORE))
			EXPECT_INT(r.refs, TRI_NO);
}

TEST(own_references_do)
{
	if (act("order-0+vmspliced", GUPCALL_DO_STORE))
		EXPECT_INT(r.refs, TRI_YES);
	if (act("order-0+pinned", GUPCALL_DO_STORE))
		EXPECT(geteuid() || r.refs == TRI_YES);
	if (act("order-0+pinned+shared", GUPCALL_DO_STORE))
		EXPECT(geteuid() || r.refs == TRI_YES);
}

TEST(refused)
{
	static const char *const state[] = { "secretmem", "protnone", "guard", "unmapped",
					     "file-beyond" };

	for (unsigned i = 0; i < ARRAY_SIZE(state); i++) {
		if (act(state[i], GUPCALL_DO_VMSPLICE))
			EXPECT_INT(r.err, -EFAULT);
		if (act(state[i], GUPCALL_DO_VM_READV))
			EXPECT_INT(r.err, -EFAULT);
	}
	if (act("readonly", GUPCALL_DO_DIO_READ))
		EXPECT_INT(r.err, -EFAULT);
	if (act("protnone", GUPCALL_DO_STORE))
		EXPECT_INT(r.err, -EFAULT);
}

TEST(fork_copies_pinned_pages)
{
	if (geteuid())
		SKIP("page numbers are hidden from this user");
	if (act("order-0", GUPCALL_DO_FORK))
		EXPECT(!r.child_err && !((r.child ^ r.after) & TEST_PFN));
	if (act("order-0+pinned", GUPCALL_DO_FORK))
		EXPECT(!r.child_err && (r.child ^ r.after) & TEST_PFN);
	if (act("dontfork", GUPCALL_DO_FORK))
		EXPECT(r.child_err == -ENOMEM);
}
