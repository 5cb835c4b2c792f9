/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/array.h"

#include <stdlib.h>
#include <string.h>

#include "lib/pure.h"

void *array_add(void *array, size_t *n, size_t *room, size_t size)
{
	size_t more = *room ? *room * 2 : 16;
	char *p;

	memcpy(&p, array, sizeof(p));
	if (*n == *room) {
		p = reallocarray(p, more, size);
		if (!p)
			return NULL;
		memcpy(array, &p, sizeof(p));
		*room = more;
	}
	return memset(p + size * (*n)++, 0, size);
}
