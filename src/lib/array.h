/* SPDX-License-Identifier: GPL-2.0-or-later */
/* array.h - arrays that grow by one element at a time, their order, and the search in sorted ones. */
#pragma once

#include <stddef.h>

/*
 * Appends an element of zeroes to the array that the pointer at @array points to, which has *@n
 * elements of @size bytes and memory for *@room.  Returns the element; NULL when there is no
 * memory, then nothing changes.
 */
void *array_add(void *array, size_t *n, size_t *room, size_t size);

/* The same with @more elements that are not set. */
void *array_more(void *array, size_t *n, size_t *room, size_t size, size_t more);

/* Appends a copy of @element likewise; returns 0 or -ENOMEM. */
int array_put(void *array, size_t *n, size_t *room, size_t size, const void *element);

/* Defines @name for qsort(3): the expression @order has the order of the elements *@x and *@y. */
#define ARRAY_ORDER(name, type, order)                  \
	static int name(const void *x_, const void *y_) \
	{                                               \
		const type *x = x_, *y = y_;            \
                                                        \
		return order;                           \
	}

/* Sorts @n elements of @size bytes by the u64 that each begins with. */
void array_sort(void *array, size_t n, size_t size);

/* Returns the first index below @n for which @is, an expression of @i, holds; @n when it does for none. */
#define ARRAY_SEEK(i, n, is)                     \
	({                                       \
		size_t i = 0;                    \
                                                 \
		while (i < (size_t)(n) && !(is)) \
			i++;                     \
		i;                               \
	})
#define ARRAY_ANY(i, n, is) (ARRAY_SEEK(i, n, is) < (size_t)(n))

/*
 * Returns the first of the indices [@from, @to) for which @before, an expression of @i, does not
 * hold; @to when it holds for all.  It must hold for a beginning of the array and for nothing else.
 */
#define ARRAY_FIRST(i, from, to, before)                      \
	({                                                    \
		size_t low_ = (from), high_ = (to);           \
                                                              \
		while (low_ < high_) {                        \
			size_t i = low_ + (high_ - low_) / 2; \
                                                              \
			if (before)                           \
				low_ = i + 1;                 \
			else                                  \
				high_ = i;                    \
		}                                             \
		low_;                                         \
	})
