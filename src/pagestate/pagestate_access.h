/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagestate_access.h - loads and stores that may fail: SIGSEGV and SIGBUS are caught meanwhile.
 * Not for several threads at once.
 */
#ifndef GUPINFO_PAGESTATE_ACCESS_H
#define GUPINFO_PAGESTATE_ACCESS_H

#include "lib/bits.h"

/* Stores @byte at @addr, @addr + @step … below @addr + @len.  0, or -EFAULT at a fault. */
int pagestate_access_store(char *addr, size_t len, size_t step, int byte);

/* Loads likewise; *@ret (may be NULL) gets the last byte. */
int pagestate_access_load(const char *addr, size_t len, size_t step, u8 *ret);

#endif
