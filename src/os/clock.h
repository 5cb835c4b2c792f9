/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock.h - reads clocks, in nanoseconds. */
#pragma once

#include <time.h>

#include "lib/bits.h"

static inline u64 clock_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (u64)t.tv_sec * 1000000000u + (u64)t.tv_nsec;
}

static inline u64 clock_now(void)
{
	return clock_of(CLOCK_MONOTONIC);
}
