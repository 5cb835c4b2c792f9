/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * array.h - arrays that grow by one element at a time.
 *
 * Knows: how much room to add.  Never: what is in them.  Owns: nothing.
 */
#ifndef GUPINFO_ARRAY_H
#define GUPINFO_ARRAY_H

#include <stddef.h>

/*
 * Appends an element of zeroes to the array that the pointer at @array points to, which has *@n
 * elements of @size bytes and memory for *@room.  Returns the element; NULL when there is no
 * memory, then nothing changes.
 */
void *array_add(void *array, size_t *n, size_t *room, size_t size);

/* The same with @more elements that are not set. */
void *array_more(void *array, size_t *n, size_t *room, size_t size, size_t more);

#endif
