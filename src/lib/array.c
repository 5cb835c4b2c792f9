/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/array.h"

#include "lib/bits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pure.h"

void *array_more(void *array, size_t *n, size_t *room, size_t size, size_t more)
{
	size_t want = MAX(*room * 2, *n + more + 15);
	char *p;

	memcpy(&p, array, sizeof(p));
	if (!p || more > *room - *n) {
		p = reallocarray(p, want, size);
		if (!p)
			return NULL;
		memcpy(array, &p, sizeof(p));
		*room = want;
	}
	*n += more;
	return p + size * (*n - more);
}

void *array_add(void *array, size_t *n, size_t *room, size_t size)
{
	void *p = array_more(array, n, room, size, 1);

	return p ? memset(p, 0, size) : NULL;
}

int array_put(void *array, size_t *n, size_t *room, size_t size, const void *element)
{
	void *p = array_more(array, n, room, size, 1);

	if (!p)
		return -ENOMEM;
	memcpy(p, element, size);
	return 0;
}

ARRAY_ORDER(array_order, u64, ORDER(*x, *y))

void array_sort(void *array, size_t n, size_t size)
{
	if (n)
		qsort(array, n, size, array_order);
}
