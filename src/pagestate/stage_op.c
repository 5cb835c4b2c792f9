/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pagestate/stage_op.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "pagestate/stage_access.h"
#include "pagestate/stage_child.h"
#include "pagestate/stage_make.h"
#include "pagestate/stage_ref.h"
#include "pagestate/stage_factory.h"

typedef int stage_op_fn(struct stage *s, char *addr, size_t len, long arg);

static stage_op_fn stage_op_look, stage_op_touch, stage_op_fork, stage_op_exit,
	stage_op_child, stage_op_vmsplice, stage_op_pin, stage_op_release,
	stage_op_child_vmsplice, stage_op_parent_vmsplice, stage_op_mprotect,
	stage_op_madvise, stage_op_mlock, stage_op_merge, stage_op_mremap, stage_op_unmap,
	stage_op_vm_read, stage_op_move_node, stage_op_drain;

static const struct {
	struct stage_op_row row;
	stage_op_fn *run;
	long arg;
} stage_op_rows[STAGE_OPS] = {
#define OP(id, name_, scope_, weight_, run_, arg_, text_) \
	[STAGE_OP_##id] = { .row = { .name = name_,       \
				     .text = text_,       \
				     .scope = scope_,     \
				     .weight = weight_ }, \
			    .run = run_,                  \
			    .arg = arg_ },
#include "pagestate/stage_op.def"
#undef OP
};

const struct stage_op_row *stage_op_row(enum stage_op_id id)
{
	return &stage_op_rows[id].row;
}

int stage_op_run(struct stage *s, enum stage_op_id op, char *addr, size_t len)
{
	return stage_op_rows[op].run(s, addr, len, stage_op_rows[op].arg);
}

static int stage_op_failed(struct stage *s, const char *what)
{
	int err = -errno;

	/* a kernel that does not know the operation says EINVAL */
	return stage_fail(s, err == -EINVAL ? -EOPNOTSUPP : err, "%s: %s", what,
			  strerror(-err));
}

static int stage_op_look(struct stage *s, char *addr, size_t len, long arg)
{
	(void)len, (void)arg;
	s->page = addr;
	return 0;
}

static int stage_op_touch(struct stage *s, char *addr, size_t len, long store)
{
	int err;

	if (store && s->blocks)
		return stage_fail(s, -EOPNOTSUPP,
				  "a store would wait for the userfaultfd");
	err = store ? stage_access_store(addr, len, s->leaf, STAGE_BYTE_MADE)
		    : stage_access_load(addr, len, s->leaf, NULL);
	return err ? stage_fail(s, err, "access: %s", strerror(-err)) : 0;
}

static int stage_op_fork(struct stage *s, char *addr, size_t len, long gone)
{
	int err = stage_child_fork(s);

	(void)addr, (void)len;
	if (!err && gone)
		stage_child_exit(s);
	return err;
}

static int stage_op_exit(struct stage *s, char *addr, size_t len, long arg)
{
	(void)addr, (void)len, (void)arg;
	if (!s->nchildren)
		return stage_fail(s, -ECHILD, "no child to exit");
	stage_child_exit(s);
	return 0;
}

static int stage_op_child(struct stage *s, char *addr, size_t len, long what)
{
	struct stage_child_order o = { .what = what == 'w' ? STAGE_CHILD_STORE
							   : STAGE_CHILD_UNMAP,
				       .addr = addr,
				       .len = len,
				       .step = s->leaf };

	return stage_child_ask(s, &o, NULL, NULL);
}

static int stage_op_vmsplice(struct stage *s, char *addr, size_t len, long arg)
{
	(void)len, (void)arg;
	return stage_ref_vmsplice(s, addr);
}

static int stage_op_pin(struct stage *s, char *addr, size_t len, long arg)
{
	(void)len, (void)arg;
	if (s->blocks)
		return stage_fail(s, -EOPNOTSUPP,
				  "a pin for writing would wait for the userfaultfd");
	return stage_ref_pin(s, addr);
}

static int stage_op_release(struct stage *s, char *addr, size_t len, long arg)
{
	(void)addr, (void)len, (void)arg;
	if (!s->nrefs)
		return stage_fail(s, -ENOENT, "no reference to drop");
	stage_ref_release(s);
	return 0;
}

static int stage_op_child_vmsplice(struct stage *s, char *addr, size_t len, long arg)
{
	struct stage_child_order o = { .what = STAGE_CHILD_VMSPLICE, .addr = addr };
	int err = stage_ref_pipe(s, addr);

	(void)len, (void)arg;
	if (err)
		return err;
	o.fd = s->ref[s->nrefs - 1].fd[1];
	err = stage_child_fork(s);
	if (!err)
		err = stage_child_ask(s, &o, NULL, NULL);
	o = (struct stage_child_order){ .what = STAGE_CHILD_UNMAP,
					.addr = s->addr,
					.len = s->len };
	return err ? err : stage_child_ask(s, &o, NULL, NULL);
}

/* The parent's part of a change of roles: 0 splice and unmap, 1 unmap, 2 nothing. */
struct stage_op_role {
	long how;
	char *addr;
	int fd;
};

static int stage_op_parent(struct stage *s, void *ctx)
{
	const struct stage_op_role *role = ctx;
	struct iovec iov = { .iov_base = role->addr, .iov_len = 4096 };
	int err = 0;

	if (role->how == 0 && vmsplice(role->fd, &iov, 1, 0) != 4096)
		err = -errno;
	if (role->how != 2)
		munmap(s->addr, s->len);
	return err;
}

static int stage_op_parent_vmsplice(struct stage *s, char *addr, size_t len, long how)
{
	struct stage_op_role role = { .how = how, .addr = addr, .fd = -1 };
	int err = 0;

	(void)len;
	if (how == 0)
		err = stage_ref_pipe(s, addr);
	else if (how == 1)
		err = stage_ref_vmsplice(s, addr);
	if (err)
		return err;
	if (how == 0)
		role.fd = s->ref[s->nrefs - 1].fd[1];
	return stage_child_change_roles(s, stage_op_parent, &role);
}

static int stage_op_mprotect(struct stage *s, char *addr, size_t len, long prot)
{
	int want = prot == 3 ? PROT_READ | PROT_WRITE : prot ? PROT_READ : PROT_NONE;

	return mprotect(addr, len, want) ? stage_op_failed(s, "mprotect") : 0;
}

static int stage_op_madvise(struct stage *s, char *addr, size_t len, long advice)
{
	if (advice == 21 /* MADV_PAGEOUT */ &&
	    stage_factory_available(STAGE_SWAPPED, s->why))
		return -EOPNOTSUPP;
	return madvise(addr, len, (int)advice) ? stage_op_failed(s, "madvise") : 0;
}

static int stage_op_mlock(struct stage *s, char *addr, size_t len, long lock)
{
	if (lock ? mlock(addr, len) : munlock(addr, len))
		return stage_op_failed(s, lock ? "mlock" : "munlock");
	return 0;
}

static int stage_op_merge(struct stage *s, char *addr, size_t len, long arg)
{
	char *other = addr + 4096 < s->addr + s->len ? addr + 4096 : addr - 4096;

	(void)len, (void)arg;
	if (stage_factory_available(STAGE_KSM, s->why))
		return -EOPNOTSUPP;
	if (s->leaf != 4096 || s->len < 8192 ||
	    stage_access_store(addr, 1, 1, STAGE_BYTE_MADE) ||
	    stage_access_store(other, 1, 1, STAGE_BYTE_MADE))
		return stage_fail(s, -EOPNOTSUPP, "KSM cannot merge this");
	return stage_anon_merge(s, addr, other);
}

static int stage_op_mremap(struct stage *s, char *addr, size_t len, long back)
{
	char *to;

	/* seen on 6.18: moving a part of a private hugetlb mapping loses a page of the pool to a
	 * reservation that nobody has any more */
	if (s->leaf != 4096)
		return stage_fail(s, -EOPNOTSUPP, "mremap of hugetlb leaks reservations");
	to = stage_map(s, len, s->leaf, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
	if (!to)
		return -errno;
	if (mremap(addr, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to) == MAP_FAILED ||
	    (back &&
	     mremap(to, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, addr) == MAP_FAILED))
		return stage_op_failed(s, "mremap");
	return 0;
}

static int stage_op_unmap(struct stage *s, char *addr, size_t len, long arg)
{
	(void)arg;
	return munmap(addr, len) ? stage_op_failed(s, "munmap") : 0;
}

static int stage_op_vm_read(struct stage *s, char *addr, size_t len, long arg)
{
	char byte;
	struct iovec to = { .iov_base = &byte, .iov_len = 1 },
		     from = { .iov_base = addr, .iov_len = 1 };

	(void)len, (void)arg;
	return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == 1
		       ? 0
		       : stage_op_failed(s, "process_vm_readv");
}

static int stage_op_move_node(struct stage *s, char *addr, size_t len, long arg)
{
	void *page = addr;
	int node, status = -1;

	(void)len, (void)arg;
	if (access("/sys/devices/system/node/node1", F_OK))
		return stage_fail(s, -EOPNOTSUPP, "one NUMA node only");
	if (syscall(SYS_move_pages, 0, 1L, &page, NULL, &status, 0) || status < 0)
		return stage_fail(s, -EOPNOTSUPP, "not on a node");
	node = !status;
	if (syscall(SYS_move_pages, 0, 1L, &page, &node, &status, MPOL_MF_MOVE))
		return stage_op_failed(s, "move_pages");
	return 0;
}

static int stage_op_drain(struct stage *s, char *addr, size_t len, long arg)
{
	int node = 0, status = 0;
	void *page = NULL;

	(void)addr, (void)len, (void)arg;
	/* moving no page at all drains the per-CPU batches first (lru_cache_disable) */
	if (syscall(SYS_move_pages, 0, 0L, &page, &node, &status, MPOL_MF_MOVE))
		return stage_op_failed(s, "move_pages");
	return 0;
}
