/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store_pool.h - keeps each class of rows (what like pages have in common) once.
 *
 * Pages differ in addresses, PFNs and places in swap.  The pool lives until the last store that
 * shares it is freed.
 */
#ifndef GUPINFO_STORE_POOL_H
#define GUPINFO_STORE_POOL_H

#include "report/store.h"

/* Returns a pool with one reference, the caller's; NULL without memory. */
struct store_pool *store_pool_new(void);
/* Takes one more reference; returns @pool. */
struct store_pool *store_pool_ref(struct store_pool *pool);
/* Drops a reference; ignores NULL. */
void store_pool_unref(struct store_pool *pool);

/* Finds or makes the class of @row: its index, -ENOSPC (the pool is full) or -ENOMEM. */
s64 store_pool_row(struct store_pool *pool, const struct report_row *row);

const struct store_class *store_pool_class(const struct store_pool *pool, u32 class);
size_t store_pool_size(const struct store_pool *pool);

#endif
