/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagestate_ref.h - the references outside the page tables that a page state holds.
 *
 * Knows: vmsplice and pipes, io_uring's registered buffers (raw system calls).
 * Never: pages.  Owns: the descriptors in s->ref.
 */
#ifndef GUPINFO_PAGESTATE_REF_H
#define GUPINFO_PAGESTATE_REF_H

#include "pagestate/pagestate.h"

/* An empty pipe as the newest reference, for somebody to vmsplice() into.  -errno, s->why. */
int pagestate_ref_pipe(struct pagestate *s, char *page);
/* vmsplice()s 4 KiB at @page into a new pipe.  -errno, s->why. */
int pagestate_ref_vmsplice(struct pagestate *s, char *page);
/* Registers 4 KiB at @page with a new io_uring.  -errno, s->why. */
int pagestate_ref_pin(struct pagestate *s, char *page);
/* Drops the newest reference. */
void pagestate_ref_release(struct pagestate *s);

/*
 * The first byte that is read through the references of a pipe, oldest first; the pipe stays
 * filled (tee).  Returns it, or -errno.
 */
int pagestate_ref_byte(const struct pagestate_ref *ref);

/* A new io_uring with one registered buffer.  Returns its fd or -errno. */
int pagestate_ref_ring(void *addr, size_t len);
/* Unregisters and closes; the pins are gone on return. */
void pagestate_ref_ring_close(int fd);

#endif
