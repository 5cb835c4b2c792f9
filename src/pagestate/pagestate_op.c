/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pagestate/pagestate_int.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "pagestate/pagestate_child.h"
#include "pagestate/pagestate_ref.h"

static pagestate_op_fn pagestate_op_look, pagestate_op_touch, pagestate_op_fork,
	pagestate_op_exit, pagestate_op_child, pagestate_op_ref, pagestate_op_release,
	pagestate_op_child_vmsplice, pagestate_op_parent_vmsplice, pagestate_op_mprotect,
	pagestate_op_madvise, pagestate_op_mlock, pagestate_op_mremap, pagestate_op_unmap,
	pagestate_op_only, pagestate_op_truncate, pagestate_op_vm_read,
	pagestate_op_move_node, pagestate_op_drain;

static const struct {
	struct pagestate_op_row row;
	pagestate_op_fn *run;
	long arg;
} pagestate_op_rows[PAGESTATE_OPS] = {
#define OP(id, name_, scope_, weight_, needs_, run_, arg_, text_)          \
	[PAGESTATE_OP_##id] = { .row = { .name = name_,                    \
					 .text = text_,                    \
					 .needs = PAGESTATE_NEED_##needs_, \
					 .scope = PAGESTATE_##scope_,      \
					 .weight = weight_ },              \
				.run = run_,                               \
				.arg = arg_ },
#include "pagestate/pagestate_op.def"
};

const struct pagestate_op_row *pagestate_op_row(enum pagestate_op_id id)
{
	return &pagestate_op_rows[id].row;
}

int pagestate_op_run(struct pagestate *s, enum pagestate_op_id op, char *addr, size_t len)
{
	const struct pagestate_op_row *row = &pagestate_op_rows[op].row;
	int err = pagestate_need(row->needs, s->why);

	if (err)
		return err;
	s->why[0] = '\0';
	err = pagestate_op_rows[op].run(s, addr, len, pagestate_op_rows[op].arg);
	if (!err || s->why[0])
		return err;
	pagestate_fail(s, err, "%s: %s", row->text, strerror(-err));
	/* A kernel that lacks the operation returns EINVAL. */
	return err == -EINVAL || err == -ENOMEM || err == -EPERM ? -EOPNOTSUPP : err;
}

static int pagestate_op_look(struct pagestate *s, char *addr, size_t len, long arg)
{
	s->page = addr;
	return 0;
}

static int pagestate_op_touch(struct pagestate *s, char *addr, size_t len, long store)
{
	int err;

	if (store && s->blocks)
		return pagestate_fail(s, -EOPNOTSUPP,
				      "a store would wait for the userfaultfd");
	err = store ? pagestate_access_store(addr, len, s->leaf, PAGESTATE_BYTE_MADE)
		    : pagestate_access_load(addr, len, s->leaf, NULL);
	return err ? pagestate_fail(s, err, "access: %s", strerror(-err)) : 0;
}

static int pagestate_op_fork(struct pagestate *s, char *addr, size_t len, long gone)
{
	int err = pagestate_child_fork(s);

	if (!err && gone)
		pagestate_child_exit(s);
	return err;
}

static int pagestate_op_exit(struct pagestate *s, char *addr, size_t len, long arg)
{
	if (!s->nchildren)
		return pagestate_fail(s, -ECHILD, "no child to exit");
	pagestate_child_exit(s);
	return 0;
}

static int pagestate_op_child(struct pagestate *s, char *addr, size_t len, long what)
{
	struct pagestate_child_order o = { .what = what == 'w' ? PAGESTATE_CHILD_STORE
							       : PAGESTATE_CHILD_UNMAP,
					   .addr = addr,
					   .len = len,
					   .step = s->leaf };

	return pagestate_child_ask(s, &o, NULL, NULL);
}

static int pagestate_op_ref(struct pagestate *s, char *addr, size_t len, long splice)
{
	if (splice)
		return pagestate_ref_vmsplice(s, addr);
	if (s->blocks)
		return pagestate_fail(s, -EOPNOTSUPP,
				      "a pin for writing would wait for the userfaultfd");
	return pagestate_ref_pin(s, addr);
}

static int pagestate_op_release(struct pagestate *s, char *addr, size_t len, long arg)
{
	if (!s->nrefs)
		return pagestate_fail(s, -ENOENT, "no reference to drop");
	pagestate_ref_release(s);
	return 0;
}

static int pagestate_op_child_vmsplice(struct pagestate *s, char *addr, size_t len,
				       long arg)
{
	struct pagestate_child_order o = { .what = PAGESTATE_CHILD_VMSPLICE,
					   .addr = addr };
	int err = pagestate_ref_pipe(s, addr);

	if (err)
		return err;
	o.fd = s->ref[s->nrefs - 1].fd[1];
	err = pagestate_child_fork(s);
	if (!err)
		err = pagestate_child_ask(s, &o, NULL, NULL);
	o = (struct pagestate_child_order){ .what = PAGESTATE_CHILD_UNMAP,
					    .addr = s->addr,
					    .len = s->len };
	return err ? err : pagestate_child_ask(s, &o, NULL, NULL);
}

/* The parent's part in a change of roles: 0 splice and unmap, 1 unmap, 2 nothing. */
struct pagestate_op_role {
	long how;
	char *addr;
	int fd;
};

static int pagestate_op_parent(struct pagestate *s, void *ctx)
{
	const struct pagestate_op_role *role = ctx;
	size_t page = pagestate_size(PAGESTATE_SIZE_BASE);
	struct iovec iov = { .iov_base = role->addr, .iov_len = page };
	int err = 0;

	if (role->how == 0 && vmsplice(role->fd, &iov, 1, 0) != (ssize_t)page)
		err = -errno;
	if (role->how != 2)
		munmap(s->addr, s->len);
	return err;
}

static int pagestate_op_parent_vmsplice(struct pagestate *s, char *addr, size_t len,
					long how)
{
	struct pagestate_op_role role = { .how = how, .addr = addr, .fd = -1 };
	int err = 0;

	if (how == 0)
		err = pagestate_ref_pipe(s, addr);
	else if (how == 1)
		err = pagestate_ref_vmsplice(s, addr);
	if (err)
		return err;
	if (how == 0)
		role.fd = s->ref[s->nrefs - 1].fd[1];
	return pagestate_child_change_roles(s, pagestate_op_parent, &role);
}

static int pagestate_op_mprotect(struct pagestate *s, char *addr, size_t len, long prot)
{
	int want = prot == 3 ? PROT_READ | PROT_WRITE : prot ? PROT_READ : PROT_NONE;

	return mprotect(addr, len, want) ? -errno : 0;
}

static int pagestate_op_madvise(struct pagestate *s, char *addr, size_t len, long advice)
{
	return madvise(addr, len, (int)advice) ? -errno : 0;
}

static int pagestate_op_mlock(struct pagestate *s, char *addr, size_t len, long lock)
{
	return (lock ? mlock(addr, len) : munlock(addr, len)) ? -errno : 0;
}

static int pagestate_op_mremap(struct pagestate *s, char *addr, size_t len, long back)
{
	char *to;

	/* On 6.18, moving part of a private hugetlb mapping leaks a page of the pool. */
	if (s->leaf != pagestate_size(PAGESTATE_SIZE_BASE))
		return pagestate_fail(s, -EOPNOTSUPP,
				      "mremap of hugetlb leaks reservations");
	to = pagestate_map(s, len, s->leaf, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
	if (!to)
		return -errno;
	if (mremap(addr, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to) == MAP_FAILED ||
	    (back &&
	     mremap(to, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, addr) == MAP_FAILED))
		return -errno;
	return 0;
}

static int pagestate_op_unmap(struct pagestate *s, char *addr, size_t len, long arg)
{
	return munmap(addr, len) ? -errno : 0;
}

static int pagestate_op_only(struct pagestate *s, char *addr, size_t len, long arg)
{
	munmap(s->addr, (size_t)(addr - s->addr));
	munmap(addr + len, (size_t)(s->addr + s->len - addr - len));
	s->addr = s->page = addr;
	s->len = len;
	return 0;
}

static int pagestate_op_truncate(struct pagestate *s, char *addr, size_t len, long pages)
{
	return ftruncate(s->fd, pages * (off_t)s->leaf) ? -errno : 0;
}

static int pagestate_op_vm_read(struct pagestate *s, char *addr, size_t len, long arg)
{
	char byte;
	struct iovec to = { .iov_base = &byte, .iov_len = 1 },
		     from = { .iov_base = addr, .iov_len = 1 };

	return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == 1 ? 0 : -errno;
}

static int pagestate_op_move_node(struct pagestate *s, char *addr, size_t len, long arg)
{
	void *page = addr;
	int node, status = -1;

	if (access("/sys/devices/system/node/node1", F_OK))
		return pagestate_fail(s, -EOPNOTSUPP, "one NUMA node only");
	if (syscall(SYS_move_pages, 0, 1L, &page, NULL, &status, 0) || status < 0)
		return pagestate_fail(s, -EOPNOTSUPP, "not on a node");
	node = !status;
	if (syscall(SYS_move_pages, 0, 1L, &page, &node, &status, MPOL_MF_MOVE))
		return -errno;
	return 0;
}

static int pagestate_op_drain(struct pagestate *s, char *addr, size_t len, long arg)
{
	int node = 0, status = 0;
	void *page = NULL;

	/* Moving no page at all drains the per-CPU batches first (lru_cache_disable()). */
	if (syscall(SYS_move_pages, 0, 0L, &page, &node, &status, MPOL_MF_MOVE))
		return -errno;
	return 0;
}
