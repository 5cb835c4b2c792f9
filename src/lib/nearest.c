/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/nearest.h"

#include "lib/bits.h"

#include <ctype.h>

#include "lib/pure.h"

#define NEAREST_WORD 32 /* longer words are no misspelt names */

/* How many letters have to be put in, left out or exchanged to make @name of @word. */
static unsigned nearest_distance(const char *word, size_t len, const char *name)
{
	unsigned row[NEAREST_WORD + 1]; /* distances of the beginnings of @word so far */

	for (size_t i = 0; i <= len; i++)
		row[i] = (unsigned)i;
	for (; *name; name++) {
		unsigned diagonal = row[0]++;

		for (size_t i = 1; i <= len; i++) {
			unsigned same = diagonal + (tolower((unsigned char)word[i - 1]) !=
						    tolower((unsigned char)*name));

			diagonal = row[i];
			row[i] = MIN(same, MIN(row[i], row[i - 1]) + 1);
		}
	}
	return row[len];
}

const char *nearest(const char *word, size_t len, const char *(*name)(unsigned i))
{
	unsigned best = len > 4 ? 3 : 2; /* so many differences are too many */
	const char *ret = NULL, *n;

	if (len > NEAREST_WORD)
		return NULL;
	for (unsigned i = 0; (n = name(i)); i++) {
		unsigned distance = nearest_distance(word, len, n);

		if (distance < best) {
			best = distance;
			ret = n;
		}
	}
	return ret;
}
