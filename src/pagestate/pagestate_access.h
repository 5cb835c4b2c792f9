/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagestate_access.h - loads and stores that may fail.
 *
 * Knows: SIGSEGV and SIGBUS, caught for the time of the access.
 * Never: what is accessed.  Owns: nothing.  Not for several threads at once.
 */
#ifndef GUPINFO_PAGESTATE_ACCESS_H
#define GUPINFO_PAGESTATE_ACCESS_H

#include "lib/bits.h"

/* Stores @byte at @addr, at @addr + @step … below @addr + @len.  0, or -EFAULT at the first fault. */
int pagestate_access_store(char *addr, size_t len, size_t step, int byte);

/* Loads likewise; the last byte is in *@ret (may be NULL). */
int pagestate_access_load(const char *addr, size_t len, size_t step, u8 *ret);

#endif
