/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bits.h - integers, ranges, pages and three-valued truth. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef unsigned long long u64;
typedef uint32_t u32;
typedef uint16_t u16;
typedef uint8_t u8;
typedef long long s64;
typedef int32_t s32;
typedef int16_t s16;
typedef int8_t s8;

#define BIT(n) (1ULL << (n))
/* For each @bit that @set has, from the lowest on. */
#define EACH_BIT(bit, set)                                                 \
	for (u64 bit##_left = (set), bit;                                  \
	     bit##_left && (bit = (u64)__builtin_ctzll(bit##_left), true); \
	     bit##_left &= bit##_left - 1)
/* A function that formats: which of its parameters are the format and what it takes. */
#define PRINTF(format_, first) __attribute__((format(printf, format_, first)))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* What a comparison for qsort() returns: negative, 0 or positive. */
#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

/* Round @x down or up to @a, a power of two. */
#define ROUND_DOWN(x, a) ((x) & ~((u64)(a)-1))
#define ROUND_UP(x, a) ROUND_DOWN((x) + (a)-1, a)

/* A fact holds, does not hold, or was not read. */
enum tri { TRI_NO, TRI_YES, TRI_UNKNOWN };

static inline enum tri tri_from(bool known, bool value)
{
	return known ? (value ? TRI_YES : TRI_NO) : TRI_UNKNOWN;
}

/* Returns the value of a digit of any base up to 16, in lower case; 16 when it is none. */
static inline unsigned digit_value(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* A kernel release as one comparable number: KV(6, 12, 117) is 6.12.117. */
#define KV(major, minor, patch) ((u32)(major) << 24 | (u32)(minor) << 16 | (u32)(patch))
