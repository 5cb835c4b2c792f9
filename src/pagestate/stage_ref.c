/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pagestate/stage_ref.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static struct stage_ref *stage_ref_new(struct stage *s)
{
	if (s->nrefs < STAGE_REFS)
		return &s->ref[s->nrefs];
	stage_fail(s, -EAGAIN, "more than %d references", STAGE_REFS);
	return NULL;
}

static u64 stage_ref_pfn(const char *page)
{
	u64 entry = stage_pagemap(page);

	return entry >> 63 ? entry & (BIT(55) - 1) : 0;
}

int stage_ref_pipe(struct stage *s, char *page)
{
	struct stage_ref *r = stage_ref_new(s);

	if (!r)
		return -EAGAIN;
	*r = (struct stage_ref){ .kind = STAGE_REF_PIPE,
				 .page = page,
				 .pfn = stage_ref_pfn(page) };
	if (pipe2(r->fd, O_CLOEXEC | O_NONBLOCK))
		return stage_fail(s, -errno, "pipe: %s", strerror(errno));
	s->nrefs++;
	return 0;
}

int stage_ref_vmsplice(struct stage *s, char *page)
{
	struct iovec iov = { .iov_base = page, .iov_len = 4096 };
	int err = stage_ref_pipe(s, page);

	if (err)
		return err;
	if (vmsplice(s->ref[s->nrefs - 1].fd[1], &iov, 1, 0) == 4096) {
		s->ref[s->nrefs - 1].pfn = stage_ref_pfn(page);
		return 0;
	}
	err = -errno;
	stage_ref_release(s);
	return stage_fail(s, err, "vmsplice: %s", strerror(-err));
}

int stage_ref_ring(void *addr, size_t len)
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

void stage_ref_ring_close(int fd)
{
	/* closing alone would unpin later, from a work queue */
	syscall(SYS_io_uring_register, fd, IORING_UNREGISTER_BUFFERS, NULL, 0);
	close(fd);
}

int stage_ref_pin(struct stage *s, char *page)
{
	struct stage_ref *r = stage_ref_new(s);
	int fd;

	if (!r)
		return -EAGAIN;
	fd = stage_ref_ring(page, 4096);
	if (fd < 0)
		return stage_fail(s, fd, "io_uring buffer: %s", strerror(-fd));
	*r = (struct stage_ref){ .kind = STAGE_REF_RING,
				 .page = page,
				 .pfn = stage_ref_pfn(page),
				 .fd = { fd, -1 } };
	s->nrefs++;
	return 0;
}

void stage_ref_release(struct stage *s)
{
	struct stage_ref *r;
	char drop[4096];

	if (!s->nrefs)
		return;
	r = &s->ref[--s->nrefs];
	if (r->kind == STAGE_REF_RING) {
		stage_ref_ring_close(r->fd[0]);
		return;
	}
	/* other processes may hold the pipe open: empty it */
	while (read(r->fd[0], drop, sizeof(drop)) > 0)
		;
	close(r->fd[0]);
	close(r->fd[1]);
}

int stage_ref_byte(const struct stage_ref *ref)
{
	int copy[2], err = 0;
	u8 byte = 0;

	if (ref->kind != STAGE_REF_PIPE)
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
