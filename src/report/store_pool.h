/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store_pool.h - what the rows of a store have alike: classes, each kept once.
 *
 * Knows: which words of a page differ between like pages (addresses, PFNs, places in swap).
 * Never: rows.  Owns: its classes, until the last store that shares it is freed; it never shrinks.
 */
#ifndef GUPINFO_STORE_POOL_H
#define GUPINFO_STORE_POOL_H

#include "report/store.h"

/* NULL: out of memory.  The caller has the only reference. */
struct store_pool *store_pool_new(void);
/* One more reference; returns @pool. */
struct store_pool *store_pool_ref(struct store_pool *pool);
/* One less; NULL is left alone. */
void store_pool_unref(struct store_pool *pool);

/* The class of @row, found or made: its index, -ENOSPC when the pool is full, or -ENOMEM. */
s64 store_pool_row(struct store_pool *pool, const struct report_row *row);

const struct store_class *store_pool_class(const struct store_pool *pool, u32 class);
size_t store_pool_size(const struct store_pool *pool);

#endif
