/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nearest.h - the name that somebody probably meant. */
#pragma once

#include <stddef.h>

/*
 * Returns the name that is nearest to @word of @len bytes in any case, or NULL when none is near.
 * @name(0), @name(1), ... are the names, ended by NULL.
 */
const char *nearest(const char *word, size_t len, const char *(*name)(unsigned i));
