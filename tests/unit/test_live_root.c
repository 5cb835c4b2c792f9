/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The source for this machine reads a directory of files here: what it parses, and how it joins pages to runs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "live/live.h"
#include "live/live_machine.h"
#include "live/page_owner.h"
#include "pagemap.h"

#include "test.h"

#define START 0x10000000ull
#define PID 42

static char root[] = "/tmp/gupinfo-root-XXXXXX";
static char made[64][100];
static unsigned nmade;

/* Opens @path below the root for writing and makes the directories that it needs. */
static int make(const char *path)
{
	char full[100];
	int fd;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	for (char *at = strchr(full + strlen(root) + 1, '/'); at;
	     at = strchr(at + 1, '/')) {
		*at = '\0';
		if (!mkdir(full, 0700))
			memcpy(made[nmade++], full, sizeof(full));
		*at = '/';
	}
	if (access(full, F_OK))
		memcpy(made[nmade++], full, sizeof(full));
	fd = open(full, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	EXPECT(fd >= 0);
	return fd;
}

static void file(const char *path, const char *text)
{
	int fd = make(path);

	EXPECT_INT(ftruncate(fd, 0), 0);
	EXPECT_INT(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void words(const char *path, u64 index, const u64 *word, unsigned n)
{
	int fd = make(path);

	EXPECT_INT(pwrite(fd, word, n * 8, (off_t)(index * 8)), n * 8);
	close(fd);
}

static void begin(void)
{
	if (nmade)
		return;
	EXPECT(mkdtemp(root));
	memcpy(made[nmade++], root, sizeof(root));
}

static void end(void)
{
	while (nmade)
		remove(made[--nmade]);
	memcpy(root + sizeof(root) - 7, "XXXXXX", 6);
}

TEST(settings)
{
	struct live_machine_settings s;
	struct live_machine_vmstat v;
	int fd;

	begin();
	fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	live_machine_settings(fd, &s);
	EXPECT_STR(s.thp_enabled, "");
	EXPECT_INT(s.use_zero_page, TRI_UNKNOWN);
	EXPECT_INT(live_machine_vmstat(fd, &v), -ENOENT);
	EXPECT(v.foll_pin_acquired == UINT64_MAX);

	file("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
	file("sys/kernel/mm/transparent_hugepage/use_zero_page", "0\n");
	file("proc/vmstat", "nr_foll_pin_acquired 12\nnr_foll_pin_released 5\n"
			    "numa_pte_updates_not 8\n");
	live_machine_settings(fd, &s);
	EXPECT_STR(s.thp_enabled, "madvise");
	EXPECT_INT(s.use_zero_page, TRI_NO);
	EXPECT_INT(live_machine_vmstat(fd, &v), 0);
	EXPECT_INT(v.foll_pin_acquired, 12);
	EXPECT_INT(v.foll_pin_released, 5);
	EXPECT(v.numa_pte_updates == UINT64_MAX);
	close(fd);
	end();
}

TEST(the_configuration_is_where_a_distribution_puts_it)
{
	static const char *const places[] = { "boot/config-6.1.0-9-test",
					      "lib/modules/6.1.0-9-test/config",
					      "usr/lib/modules/6.1.0-9-test/config" };
	char path[160], *text;
	size_t len;
	int fd;

	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		begin();
		fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		EXPECT_INT(live_machine_config(fd, "6.1.0-9-test", path, &text, &len),
			   -ENOENT);
		file(places[i], "CONFIG_KSM=y\n");
		EXPECT_INT(live_machine_config(fd, "6.1.0-9-test", path, &text, &len), 0);
		EXPECT_STR(path, places[i]);
		EXPECT_STR(text, "CONFIG_KSM=y\n");
		EXPECT_INT(len, strlen(text));
		free(text);
		close(fd);
		end();
	}
}

/* ---- runs */

static struct raw_page run[64];
static unsigned nruns;

static int keep(void *ctx, const struct raw_page *raw, size_t n)
{
	(void)ctx;
	for (size_t i = 0; i < n; i++)
		run[nruns++ % ARRAY_SIZE(run)] = raw[i];
	return 0;
}

static struct vma vma;

static int keep_vma(void *ctx, const struct vma *v)
{
	(void)ctx;
	vma = *v;
	return 0;
}

/* A process of one anonymous mapping of @n pages whose words in pagemap are @word. */
static bool read_pages(const u64 *word, unsigned n)
{
	const struct live_options opt = { .root = root,
					  .evidence = LIVE_EVIDENCE_PROCFS,
					  .no_scan =
						  true, /* a file knows no PAGEMAP_SCAN */
					  .no_probe = true };
	struct process p;
	struct diag diag;
	char maps[2000];

	snprintf(maps, sizeof(maps), "%llx-%llx rw-p 00000000 00:00 0 \n", START,
		 START + n * 4096ull);
	file("proc/42/maps", maps);
	snprintf(maps + strlen(maps), sizeof(maps) - strlen(maps),
		 "Size: %u kB\nKernelPageSize: 4 kB\nMMUPageSize: 4 kB\nRss: 4 kB\n"
		 "VmFlags: rd wr mr mw me ac \n",
		 n * 4);
	file("proc/42/smaps", maps);
	file("proc/42/stat",
	     "42 (a) b) S 1 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 99 1 1 1\n");
	file("proc/42/status", "Name:\ta) b\nUid:\t0\t0\t0\t0\nVmRSS:\t4 kB\n");
	words("proc/42/pagemap", 0, &(u64){ 0 }, 1);
	words("proc/42/pagemap", START / 4096, word, n);
	diag_init(&diag);
	struct source *src = live_open(&opt, &diag);

	EXPECT(src);
	if (sysconf(_SC_PAGESIZE) != 4096) {
		src->ops->close(src);
		return false;
	}
	EXPECT_INT(src->ops->open(src, PID, &p), 0);
	EXPECT_STR(p.comm, "a) b");
	EXPECT_INT(src->ops->vmas(src, PID, false, keep_vma, NULL), 0);
	EXPECT_INT(vma.start, START);
	EXPECT_INT(vma.end, START + n * 4096ull);
	nruns = 0;
	EXPECT_INT(src->ops->observe(src, PID, &vma, vma.start, vma.end, false, keep,
				     NULL),
		   0);
	src->ops->release(src, PID);
	src->ops->close(src);
	diag_deinit(&diag);
	return true;
}

#define PRESENT BIT(63)
#define EXCLUSIVE BIT(56)

TEST(pages_join_when_their_words_are_alike)
{
	const u64 word[] = {
		0,
		0,
		0, /* a hole */
		PRESENT | EXCLUSIVE | 7,
		PRESENT | EXCLUSIVE | 8, /* two in a row */
		PRESENT | 9,             /* mapped by others, too */
		PRESENT | 10 | BIT(61),  /* of a file */
		PRESENT | 20,            /* alike, far away */
		PRESENT | 21,
		BIT(62) | 5 << 5,
		BIT(62) | 6 << 5, /* swapped */
		0,
	};
	const struct {
		unsigned first, pages;
		u64 pfn;
	} want[] = { { 0, 3, 0 },  { 3, 2, 7 }, { 5, 1, 9 }, { 6, 1, 10 },
		     { 7, 2, 20 }, { 9, 2, 0 }, { 11, 1, 0 } };
	const u64 flags[] = { BIT(5), BIT(5), BIT(5) }; /* KPF_LRU of 7, 8, 9 */

	begin();
	words("proc/kpageflags", 7, flags, 3);
	words("proc/kpagecount", 7, (const u64[]){ 1, 1, 3 }, 3);
	if (!read_pages(word, ARRAY_SIZE(word))) {
		end();
		SKIP("the base page of this machine is not 4 KiB");
	}
	for (unsigned i = 0; i < ARRAY_SIZE(want); i++) {
		const struct raw_page *r = &run[0];

		/* what joins two swapped or empty pages may be cut, but each page is once there */
		for (unsigned k = 0; k < nruns; k++)
			if (run[k].addr <= START + want[i].first * 4096ull)
				r = &run[k];
		EXPECT_INT(r->addr, START + want[i].first * 4096ull);
		if (want[i].pfn) {
			EXPECT_INT(r->pages, want[i].pages);
			EXPECT_INT(r->has & RAW_HAS_PFN, RAW_HAS_PFN);
			EXPECT_INT(r->pfn, want[i].pfn);
		}
		if (want[i].pfn == 7) {
			EXPECT(r->has & RAW_HAS_KPAGECOUNT);
			EXPECT_INT(r->kpagecount, 1);
			EXPECT_INT(r->kpageflags, BIT(5));
		}
	}
	u64 next = START;

	for (unsigned k = 0; k < nruns; k++) {
		EXPECT_INT(run[k].addr, next);
		next += run[k].pages * 4096;
	}
	EXPECT_INT(next, vma.end);
	end();
}

/* A pagemap that ends early: the memory went away while it was read. */
TEST(a_pagemap_that_ends_is_a_process_that_is_gone)
{
	const struct live_options opt = { .root = root,
					  .evidence = LIVE_EVIDENCE_PROCFS,
					  .no_scan =
						  true, /* a file knows no PAGEMAP_SCAN */
					  .no_probe = true };
	const u64 word[2] = { PRESENT | 7, PRESENT | 8 };
	struct process p;
	struct diag diag;

	begin();
	if (!read_pages(word, 2)) {
		end();
		SKIP("the base page of this machine is not 4 KiB");
	}
	diag_init(&diag);
	struct source *src = live_open(&opt, &diag);

	EXPECT(src);
	EXPECT_INT(src->ops->open(src, PID, &p), 0);
	int fd = make("proc/42/pagemap");

	EXPECT_INT(ftruncate(fd, 8), 0);
	close(fd);
	EXPECT_INT(src->ops->observe(src, PID, &vma, vma.start, vma.end, false, keep,
				     NULL),
		   -ESRCH);
	src->ops->close(src);
	diag_deinit(&diag);
	end();
}

/* Records of page_owner: of 6.1, whose PFN is decimal, and of 7.3. */
TEST(a_record_is_of_the_frames_that_were_allocated)
{
	static const char old[] =
		"Page allocated via order 0, mask 0x140cca(GFP_HIGHUSER_MOVABLE), pid 97, tgid 97 (PFN 1), ts 5 ns\n"
		"PFN 4096 type Movable Block 8 type Movable Flags 0x1(locked)\n post_alloc_hook+0x1/0x2\n\n";
	static const char large[] =
		"Page allocated via order 9, mask 0x1(x), pid 1, tgid 1 (a), ts 5 ns\n"
		"PFN 0x1000 type Movable Block 8 type Movable Flags 0x1(locked)\n f+0x1/0x2\n\n";

	EXPECT(page_owner_is_of(old, 4096));
	EXPECT(!page_owner_is_of(old, 4097));
	EXPECT(!page_owner_is_of(old, 1));
	EXPECT(!page_owner_is_of(large, 0xfff));
	EXPECT(page_owner_is_of(large, 0x1000));
	EXPECT(page_owner_is_of(large, 0x11ff));
	EXPECT(!page_owner_is_of(large, 0x1200));
	EXPECT(!page_owner_is_of("", 0));
	EXPECT(!page_owner_is_of("Page allocated via order 64,\nPFN 0\n", 0));
}
