/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage_ref.h - the references outside the page tables that a page state holds.
 *
 * Knows: vmsplice and pipes, io_uring's registered buffers (raw system calls).
 * Never: pages.  Owns: the descriptors in s->ref.
 */
#ifndef GUPINFO_STAGE_REF_H
#define GUPINFO_STAGE_REF_H

#include "pagestate/stage.h"

/* An empty pipe as the newest reference, for somebody to vmsplice() into.  -errno, s->why. */
int stage_ref_pipe(struct stage *s, char *page);
/* vmsplice()s 4 KiB at @page into a new pipe.  -errno, s->why. */
int stage_ref_vmsplice(struct stage *s, char *page);
/* Registers 4 KiB at @page with a new io_uring.  -errno, s->why. */
int stage_ref_pin(struct stage *s, char *page);
/* Drops the newest reference. */
void stage_ref_release(struct stage *s);

/*
 * The first byte that is read through the references of a pipe, oldest first; the pipe stays
 * filled (tee).  Returns it, or -errno.
 */
int stage_ref_byte(const struct stage_ref *ref);

/* A new io_uring with one registered buffer.  Returns its fd or -errno. */
int stage_ref_ring(void *addr, size_t len);
/* Unregisters and closes; the pins are gone on return. */
void stage_ref_ring_close(int fd);

#endif
