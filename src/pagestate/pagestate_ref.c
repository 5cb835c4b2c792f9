/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pagestate/pagestate_ref.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static struct pagestate_ref *pagestate_ref_new(struct pagestate *s)
{
	if (s->nrefs < PAGESTATE_REFS)
		return &s->ref[s->nrefs];
	pagestate_fail(s, -EAGAIN, "more than %d references", PAGESTATE_REFS);
	return NULL;
}

static u64 pagestate_ref_pfn(const char *page)
{
	u64 entry = pagestate_pagemap(page);

	return entry >> 63 ? entry & (BIT(55) - 1) : 0;
}

int pagestate_ref_pipe(struct pagestate *s, char *page)
{
	struct pagestate_ref *r = pagestate_ref_new(s);

	if (!r)
		return -EAGAIN;
	*r = (struct pagestate_ref){ .kind = PAGESTATE_REF_PIPE,
				     .page = page,
				     .pfn = pagestate_ref_pfn(page) };
	if (pipe2(r->fd, O_CLOEXEC | O_NONBLOCK))
		return pagestate_fail(s, -errno, "pipe: %m");
	s->nrefs++;
	return 0;
}

int pagestate_ref_vmsplice(struct pagestate *s, char *page)
{
	size_t len = pagestate_size(PAGESTATE_SIZE_BASE);
	struct iovec iov = { .iov_base = page, .iov_len = len };
	int err = pagestate_ref_pipe(s, page);

	if (err)
		return err;
	if (vmsplice(s->ref[s->nrefs - 1].fd[1], &iov, 1, 0) == (ssize_t)len) {
		s->ref[s->nrefs - 1].pfn = pagestate_ref_pfn(page);
		return 0;
	}
	err = -errno;
	pagestate_ref_release(s);
	return pagestate_fail(s, err, "vmsplice: %s", strerror(-err));
}

/* Makes an io_uring with one registered buffer.  Returns its fd or -errno. */
static int pagestate_ring(void *addr, size_t len)
{
	struct io_uring_params params = { 0 };
	struct iovec iov = { .iov_base = addr, .iov_len = len };
	int fd = (int)syscall(SYS_io_uring_setup, 1, &params), err;

	if (fd < 0)
		return -errno;
	if (!syscall(SYS_io_uring_register, fd, IORING_REGISTER_BUFFERS, &iov, 1))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int pagestate_ref_pin(struct pagestate *s, char *page)
{
	struct pagestate_ref *r = pagestate_ref_new(s);
	int fd;

	if (!r)
		return -EAGAIN;
	fd = pagestate_ring(page, pagestate_size(PAGESTATE_SIZE_BASE));
	if (fd < 0)
		return pagestate_fail(s, fd, "io_uring buffer: %s", strerror(-fd));
	*r = (struct pagestate_ref){ .kind = PAGESTATE_REF_RING,
				     .page = page,
				     .pfn = pagestate_ref_pfn(page),
				     .fd = { fd, -1 } };
	s->nrefs++;
	return 0;
}

void pagestate_ref_release(struct pagestate *s)
{
	struct pagestate_ref *r;
	char drop[4096];

	if (!s->nrefs)
		return;
	r = &s->ref[--s->nrefs];
	if (r->kind == PAGESTATE_REF_RING) {
		/* close() alone would unpin later, from a work queue. */
		syscall(SYS_io_uring_register, r->fd[0], IORING_UNREGISTER_BUFFERS, NULL,
			0);
		close(r->fd[0]);
		return;
	}
	/* Empty the pipe: other processes may hold it open. */
	while (read(r->fd[0], drop, sizeof(drop)) > 0)
		;
	close(r->fd[0]);
	close(r->fd[1]);
}

int pagestate_ref_byte(const struct pagestate_ref *ref)
{
	int copy[2], err = 0;
	u8 byte = 0;

	if (ref->kind != PAGESTATE_REF_PIPE)
		return -EOPNOTSUPP;
	if (pipe2(copy, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	if (tee(ref->fd[0], copy[1], 1, SPLICE_F_NONBLOCK) != 1 ||
	    read(copy[0], &byte, 1) != 1)
		err = errno ? -errno : -EAGAIN;
	close(copy[0]);
	close(copy[1]);
	return err ? err : byte;
}
