/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page/vma.h"
#include "test.h"

#include <errno.h>

static int header(const char *line, struct vma *ret)
{
	return vma_parse_header(line, strlen(line), ret);
}

static int smaps(const char *line, struct vma *vma)
{
	return vma_parse_smaps(line, strlen(line), vma);
}

TEST(header_of_a_file)
{
	struct vma v;
	char perms[5];

	EXPECT_INT(
		header("55d0c1a2b000-55d0c1a31000 r-xp 00002000 fe:01 123456                     /usr/bin/cat\n",
		       &v),
		0);
	EXPECT_INT(v.start, 0x55d0c1a2b000);
	EXPECT_INT(v.end, 0x55d0c1a31000);
	EXPECT_INT(v.offset, 0x2000);
	EXPECT_INT(v.dev_major, 0xfe);
	EXPECT_INT(v.dev_minor, 1);
	EXPECT_INT(v.inode, 123456);
	EXPECT_STR(v.name, "/usr/bin/cat");
	vma_perms(&v, perms);
	EXPECT_STR(perms, "r-xp");
	EXPECT_INT(v.fs, VMA_FS_UNKNOWN);
	EXPECT_INT(v.pkey, -1);
	EXPECT_INT(v.thp_eligible, TRI_UNKNOWN);
	EXPECT(!v.has_flags && !v.has_smaps && !v.gate);
}

TEST(header_without_a_file)
{
	struct vma v;

	EXPECT_INT(header("7f0000000000-7f0000001000 rw-p 00000000 00:00 0 ", &v), 0);
	EXPECT_STR(v.name, "");
	EXPECT_INT(v.fs, VMA_FS_NONE);
	EXPECT_INT(header("1000-2000 rw-p 00000000 00:00 0 \t [heap]", &v), 0);
	EXPECT_STR(v.name, "[heap]");
	EXPECT_INT(v.fs, VMA_FS_NONE);
	EXPECT_INT(header("1000-2000 rw-p 00000000 00:00 0   [anon:a b]", &v), 0);
	EXPECT_INT(v.fs, VMA_FS_NONE);
	EXPECT_INT(header("1000-2000 r-xp 00000000 00:00 0   [vdso]", &v), 0);
	EXPECT_INT(v.fs, VMA_FS_SPECIAL);
	EXPECT_INT(
		header("ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]",
		       &v),
		0);
	EXPECT(v.gate);
	EXPECT_INT(header("1000-2000 rw-s 00000000 00:01 9   [anon_shmem:x]", &v), 0);
	EXPECT_INT(v.fs, VMA_FS_SHMEM);
}

TEST(header_refuses)
{
	static const char *const bad[] = {
		"",
		"\n",
		"Rss:    4 kB",
		"VmFlags: rd",
		"1000",
		"1000-",
		"1000-1000 rw-p 0 00:00 0",
		"2000-1000 rw-p 0 00:00 0",
		"1000-2000",
		"1000-2000 rwqp 0 00:00 0",
		"1000-2000 rw-x 0 00:00 0",
		"1000-2000 rw-p",
		"1000-2000 rw-p 0 0000 0",
		"1000-2000 rw-p 0 00:00",
		"1000-2000 rw-p 0 00:00 0x",
		"11111111111111111-2000 rw-p 0 00:00 0",
		"1000-2000 rw-p 0 00:00 99999999999999999999999",
		"1000-2000 rw-p 0 1ffffffff:00 0",
	};
	struct vma v = { .start = 42 };

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_INT(header(bad[i], &v), -EINVAL);
	EXPECT_INT(v.start, 42);
}

/* Every prefix of a good line is refused or parsed, never read past its end. */
TEST(header_of_every_prefix)
{
	static const char line[] = "7f00-8f00 rw-p 00000000 00:00 12 /a\\012b";

	for (size_t len = 0; len < sizeof(line); len++) {
		char *copy = malloc(len ? len : 1);
		struct vma v;

		memcpy(copy, line, len);
		vma_parse_header(copy, len, &v);
		vma_parse_smaps(copy, len, &v);
		free(copy);
	}
}

TEST(hostile_names)
{
	struct vma v;
	char line[2000] = "1000-2000 rw-p 0 00:01 7 ";
	size_t len = strlen(line);

	EXPECT_INT(header("1000-2000 rw-p 0 00:01 7 /a\\012b\\011 c (deleted)\n", &v), 0);
	EXPECT_STR(v.name, "/a\nb\\011 c (deleted)");
	memset(line + len, 'x', 1000);
	line[len] = '/';
	memcpy(line + len + 990, "end-of-file", 10);
	EXPECT_INT(header(line, &v), 0);
	EXPECT_INT(strlen(v.name), VMA_NAME_MAX - 1);
	EXPECT(strstr(v.name, "x...x"));
	EXPECT(!strcmp(v.name + strlen(v.name) - 10, "end-of-fil"));
	line[len + VMA_NAME_MAX - 1] = '\0';
	EXPECT_INT(header(line, &v), 0);
	EXPECT(!strstr(v.name, "..."));
	EXPECT_INT(strlen(v.name), VMA_NAME_MAX - 1);
}

TEST(smaps_lines)
{
	struct vma v;

	header("1000-400000 rw-p 0 00:00 0", &v);
	EXPECT_INT(smaps("Size:               4092 kB\n", &v), 0);
	EXPECT_INT(smaps("KernelPageSize:        4 kB\n", &v), 0);
	EXPECT_INT(smaps("MMUPageSize:           4 kB\n", &v), 0);
	EXPECT_INT(smaps("Rss:                3000 kB\n", &v), 0);
	EXPECT_INT(smaps("Pss:                1000 kB\n", &v), 0);
	EXPECT_INT(smaps("Pss_Dirty:             7 kB\n", &v), 0);
	EXPECT_INT(smaps("AnonHugePages:      2048 kB\n", &v), 0);
	EXPECT_INT(smaps("ShmemPmdMapped:        0 kB\n", &v), 0);
	EXPECT_INT(smaps("FilePmdMapped:      2048 kB\n", &v), 0);
	EXPECT_INT(smaps("THPeligible:           1\n", &v), 0);
	EXPECT_INT(smaps("ProtectionKey:         3\n", &v), 0);
	EXPECT_INT(smaps("Nonsense\n", &v), 0);
	EXPECT_INT(smaps("VmFlags: rd wr mr mw me ac zz hg \n", &v), 1);
	EXPECT_INT(v.page_size, 4096);
	EXPECT_INT(v.rss_bytes, 3000 << 10);
	EXPECT_INT(v.pss_bytes, 1000 << 10);
	EXPECT_INT(v.anon_huge_bytes, 2 << 20);
	EXPECT_INT(v.pmd_mapped_bytes, 4 << 20);
	EXPECT_INT(v.thp_eligible, TRI_YES);
	EXPECT_INT(v.pkey, 3);
	EXPECT(v.has_smaps && v.has_flags);
	EXPECT_INT(v.flags, VF(READ) | VF(WRITE) | VF(MAYREAD) | VF(MAYWRITE) |
				    VF(MAYEXEC) | VF(ACCOUNT) | VF(HUGEPAGE));
	EXPECT_INT(smaps("VmFlags: rd ht", &v), 1);
	EXPECT_INT(v.fs, VMA_FS_HUGETLB);
}

TEST(is_cow)
{
	struct vma v;

	header("1000-2000 rw-p 0 00:00 0", &v);
	EXPECT_INT(vma_is_cow(&v), TRI_YES);
	header("1000-2000 r--p 0 00:00 0", &v);
	EXPECT_INT(vma_is_cow(&v), TRI_UNKNOWN);
	smaps("VmFlags: rd mr mw", &v);
	EXPECT_INT(vma_is_cow(&v), TRI_YES);
	smaps("VmFlags: rd mr", &v);
	EXPECT_INT(vma_is_cow(&v), TRI_NO);
	smaps("VmFlags: rd wr mr mw sh ms", &v);
	EXPECT_INT(vma_is_cow(&v), TRI_NO);
	header("1000-2000 r--s 0 00:00 0", &v);
	EXPECT_INT(vma_is_cow(&v), TRI_NO);
}

TEST(file_systems)
{
	EXPECT_INT(vma_fs_by_type("ext4"), VMA_FS_DISK);
	EXPECT_INT(vma_fs_by_type("tmpfs"), VMA_FS_SHMEM);
	EXPECT_INT(vma_fs_by_type("hugetlbfs"), VMA_FS_HUGETLB);
	EXPECT_INT(vma_fs_by_type("overlay"), VMA_FS_UNKNOWN);
	EXPECT_INT(vma_fs_by_type(""), VMA_FS_UNKNOWN);
	for (unsigned i = 0; i < VMA_FSES; i++)
		EXPECT(vma_fs_names[i][0]);
}

TEST(flag_rows)
{
	for (unsigned i = 0; i < VMFLAGS; i++) {
		char line[32];
		struct vma v;

		header("1000-2000 rw-p 0 00:00 0", &v);
		snprintf(line, sizeof(line), "VmFlags: %s", vma_flag_letters[i]);
		EXPECT_INT(smaps(line, &v), 1);
		EXPECT_INT(v.flags, BIT(i));
		EXPECT_INT(strlen(vma_flag_letters[i]), 2);
		for (unsigned j = 0; j < i; j++)
			EXPECT(strcmp(vma_flag_letters[i], vma_flag_letters[j]));
	}
}
