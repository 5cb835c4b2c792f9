/* SPDX-License-Identifier: GPL-2.0-or-later */
/* range.h - address ranges and numbers as people type them. */
#pragma once

#include "report/collect.h"

enum range_kind { RANGE_ADDRESSES, RANGE_NAME };

/*
 * Parses "A-B" (as in maps), "A+SIZE" (SIZE decimal or 0x, with K, M, G, T), "A" (its page), or
 * the name of a VMA ("[heap]", "libc.so.6").  Addresses are hexadecimal with or without 0x; the
 * end is exclusive.  Returns the kind, or -EINVAL with a static sentence.
 */
int range_parse(const char *text, u32 page_size, struct collect_range *ret,
		const char **ret_why);

/* Parses a hexadecimal address, with or without 0x.  Returns 0 or -EINVAL. */
int range_parse_address(const char *text, u64 *ret);

/* Parses a decimal or 0x number with an optional K, M, G or T.  Returns 0, -EINVAL or -ERANGE. */
int range_parse_size(const char *text, size_t len, u64 *ret);
