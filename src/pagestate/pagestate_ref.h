/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagestate_ref.h - the references outside the page tables that a page state holds (s->ref):
 * pipes by vmsplice, registered buffers of io_uring.
 */
#pragma once

#include "pagestate/pagestate.h"

/* Adds an empty pipe, into which somebody else will vmsplice().  -errno, s->why. */
int pagestate_ref_pipe(struct pagestate *s, char *page);
/* vmsplice()s 4 KiB at @page into a new pipe.  -errno, s->why. */
int pagestate_ref_vmsplice(struct pagestate *s, char *page);
/* Registers 4 KiB at @page with a new io_uring.  -errno, s->why. */
int pagestate_ref_pin(struct pagestate *s, char *page);
/* Drops the newest reference. */
void pagestate_ref_release(struct pagestate *s);

/*
 * Returns the first byte read through the references of a pipe, oldest first, or -errno.
 * tee(2) keeps the pipe filled.
 */
int pagestate_ref_byte(const struct pagestate_ref *ref);
