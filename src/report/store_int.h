/* SPDX-License-Identifier: GPL-2.0-or-later */
/* store_int.h - what store.c and store_merge.c share: blocks of rows, which copies of a store share, too. */
#pragma once

#include "report/store.h"

/* Gives @v a block of its own with room for @n rows; its rows are kept.  0 or -ENOMEM. */
int store_rows_own(struct store *s, struct store_vma *v, size_t n);
/* Appends @row to @v, likewise. */
int store_rows_add(struct store *s, struct store_vma *v, const struct page_run *row);
/* Makes @to a copy of @from that shares its rows. */
void store_vma_share(const struct store_vma *from, struct store_vma *to);
/* The same for a process: 0 or -ENOMEM, then @to has no VMA. */
int store_process_copy(const struct store_process *from, struct store_process *to);
/* Frees what @p owns, but not @p. */
void store_process_free(struct store_process *p);
