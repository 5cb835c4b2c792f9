/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "os/memsize.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/readfile.h"

#define MEMSIZE_POOLS "/sys/kernel/mm/hugepages"

u64 memsize_page(void)
{
	return (u64)sysconf(_SC_PAGESIZE);
}

u64 memsize_pmd(int root)
{
	u64 page = memsize_page();
	u64 pmd = readfile_number(root,
				  "sys/kernel/mm/transparent_hugepage/hpage_pmd_size");

	/* A page table of one base page has page_size / 8 entries. */
	return pmd && pmd < 1u << 31 ? pmd : page / 8 * page;
}

/* The default size, in bytes; 0 without hugetlb. */
static u64 memsize_default(void)
{
	char *text, *line;
	size_t len;
	u64 kib;

	if (readfile(AT_FDCWD, "/proc/meminfo", &text, &len))
		return 0;
	line = strstr(text, "\nHugepagesize:");
	kib = line ? strtoull(line + strlen("\nHugepagesize:"), NULL, 10) : 0;
	free(text);
	return kib << 10;
}

u64 memsize_hugetlb(unsigned n)
{
	u64 first = memsize_default(), last = 0;
	struct dirent *d;
	DIR *dir;

	if (!n)
		return first;
	/* Each round finds the next larger size. */
	for (unsigned i = 0; i < n; i++) {
		u64 next = UINT64_MAX, kib;

		dir = readfile_dir(AT_FDCWD, MEMSIZE_POOLS);
		while (dir && (d = readdir(dir))) {
			if (strncmp(d->d_name, "hugepages-", 10))
				continue;
			kib = strtoull(d->d_name + 10, NULL, 10);
			if (kib << 10 > last && kib << 10 != first)
				next = MIN(next, kib << 10);
		}
		if (dir)
			closedir(dir);
		if (next == UINT64_MAX)
			return 0;
		last = next;
	}
	return last;
}

char *memsize_text(u64 bytes, bool suffix, char *ret, size_t size)
{
	static const char *const unit[] = { " KiB", " MiB", " GiB", "k", "m", "g" };
	u64 n = bytes >> 10;
	unsigned u = 0;

	while (u < 2 && n && n % 1024 == 0)
		n >>= 10, u++;
	if (!bytes)
		snprintf(ret, size, "?");
	else
		snprintf(ret, size, "%llu%s", (unsigned long long)n,
			 unit[u + (suffix ? 3 : 0)]);
	return ret;
}
