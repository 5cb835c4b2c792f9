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

unsigned memsize_pools(int root, u64 *ret, unsigned max)
{
	DIR *dir = readfile_dir(root, MEMSIZE_POOLS + (root != AT_FDCWD));
	unsigned long long kib;
	struct dirent *d;
	unsigned n = 0, at;

	while (dir && n < max && (d = readdir(dir))) {
		if (sscanf(d->d_name, "hugepages-%llukB", &kib) != 1)
			continue;
		for (at = n++; at && ret[at - 1] > kib << 10; at--)
			ret[at] = ret[at - 1];
		ret[at] = kib << 10;
	}
	if (dir)
		closedir(dir);
	return n;
}

u64 memsize_hugetlb(unsigned n)
{
	u64 first = readfile_field(AT_FDCWD, "/proc/meminfo", "\nHugepagesize:", 10);
	u64 pool[MEMSIZE_SIZES];
	unsigned pools = memsize_pools(AT_FDCWD, pool, MEMSIZE_SIZES), others = 0;

	first = first == UINT64_MAX ? 0 : first << 10;
	if (!n)
		return first;
	for (unsigned i = 0; i < pools; i++)
		if (pool[i] != first && ++others == n)
			return pool[i];
	return 0;
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
