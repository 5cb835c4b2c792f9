/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/procstat.h"

#include <stdio.h>
#include <string.h>

#include "lib/pure.h"

bool procstat_parse(const char *text, struct procstat *ret)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	struct procstat s = { .state = '?' };
	unsigned long long start;
	size_t n;

	if (!open || !close || close < open ||
	    sscanf(close + 1,
		   " %c %d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %u %*d %llu",
		   &s.state, &s.ppid, &s.flags, &s.threads, &start) != 5)
		return false;
	n = MIN((size_t)(close - open - 1), sizeof(s.comm) - 1);
	memcpy(s.comm, open + 1, n);
	s.start_time = start;
	*ret = s;
	return true;
}
