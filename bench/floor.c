/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * floor.c - the least that a reader of procfs pays: floor pagemap|all PID.
 *
 * "pagemap" reads the entries only; "all" reads kpageflags and kpagecount of every page as well,
 * in the largest batches that contiguous page frames allow.  Nothing is kept or printed but a sum.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH 65536

static uint64_t entries[BATCH], words[BATCH], sum;

static void frames(int fd, uint64_t pfn, size_t n)
{
	ssize_t got = pread(fd, words, n * 8, pfn * 8);

	for (ssize_t i = 0; i < got / 8; i++)
		sum += words[i];
}

static void runs(int flags, int count, size_t n)
{
	size_t i = 0;

	while (i < n) {
		uint64_t pfn = entries[i] & ((1ull << 55) - 1);
		size_t len = 1;

		if (!(entries[i] >> 63) || !pfn) {
			i++;
			continue;
		}
		while (i + len < n && entries[i + len] >> 63 &&
		       (entries[i + len] & ((1ull << 55) - 1)) == pfn + len)
			len++;
		frames(flags, pfn, len);
		frames(count, pfn, len);
		i += len;
	}
}

int main(int argc, char **argv)
{
	char path[64], line[8192];
	int pagemap, flags, count;
	uint64_t start, end;
	FILE *maps;
	bool all;

	if (argc != 3)
		return 2;
	all = !strcmp(argv[1], "all");
	snprintf(path, sizeof(path), "/proc/%s/pagemap", argv[2]);
	pagemap = open(path, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/%s/maps", argv[2]);
	maps = fopen(path, "r");
	flags = open("/proc/kpageflags", O_RDONLY);
	count = open("/proc/kpagecount", O_RDONLY);
	if (pagemap < 0 || !maps || flags < 0 || count < 0) {
		perror(path);
		return 1;
	}
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx", &start, &end) != 2 || start >> 63)
			continue;
		for (uint64_t at = start / 4096; at < end / 4096;) {
			size_t want = end / 4096 - at < BATCH ? end / 4096 - at : BATCH;
			ssize_t got = pread(pagemap, entries, want * 8, at * 8);

			if (got <= 0)
				break;
			if (all)
				runs(flags, count, got / 8);
			else
				sum += entries[got / 8 - 1];
			at += got / 8;
		}
	}
	printf("%lx\n", sum);
	return 0;
}
