/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page/vma.h"

#include <errno.h>
#include <string.h>

#include "lib/text.h"

#include "lib/pure.h"

const char vma_flag_letters[VMFLAGS][3] = {
#define VMFLAG(id, letters, bit, name) [VMFLAG_##id] = letters,
#include "page/vma.def"
};
_Static_assert(VMFLAGS <= 64, "the VmFlags word is full");

/* Text that the parser consumes from the left. */
struct vma_text {
	const char *p, *end;
};

static bool vma_hex(struct vma_text *t, u64 *ret)
{
	const char *start = t->p;
	u64 v = 0;

	for (; t->p < t->end; t->p++) {
		unsigned digit = digit_value(*t->p);

		if (digit > 15)
			break;
		if (v >> 60)
			return false;
		v = v << 4 | digit;
	}
	*ret = v;
	return t->p > start;
}

static bool vma_decimal(struct vma_text *t, u64 *ret)
{
	const char *start = t->p;
	u64 v = 0;

	for (; t->p < t->end && *t->p >= '0' && *t->p <= '9'; t->p++) {
		if (v > UINT64_MAX / 10 - 1)
			return false;
		v = v * 10 + (*t->p - '0');
	}
	*ret = v;
	return t->p > start;
}

static bool vma_char(struct vma_text *t, char c)
{
	if (t->p == t->end || *t->p != c)
		return false;
	t->p++;
	return true;
}

static bool vma_one_of(struct vma_text *t, char no, char yes, bool *ret)
{
	*ret = t->p < t->end && *t->p == yes;
	return vma_char(t, yes) || vma_char(t, no);
}

static void vma_spaces(struct vma_text *t)
{
	while (t->p < t->end && (*t->p == ' ' || *t->p == '\t'))
		t->p++;
}

/* Returns the next byte of a name; maps escapes only the newline (seq_file_path()). */
static char vma_name_byte(struct vma_text *t)
{
	if (t->end - t->p >= 4 && !memcmp(t->p, "\\012", 4)) {
		t->p += 4;
		return '\n';
	}
	return *t->p++;
}

/* Copies a name; of one that is too long, the first and the last part with "..." between. */
static void vma_copy_name(struct vma_text t, char name[VMA_NAME_MAX])
{
	const size_t keep = VMA_NAME_MAX - 1, head = keep / 2 - 3, tail = keep - head - 3;
	struct vma_text count = t;
	size_t len = 0, n = 0;

	while (count.p < count.end) {
		vma_name_byte(&count);
		len++;
	}
	for (size_t i = 0; t.p < t.end; i++) {
		char c = vma_name_byte(&t);

		if (len > keep && i == head) {
			memcpy(name + n, "...", 3);
			n += 3;
		}
		if (len <= keep || i < head || i >= len - tail)
			name[n++] = c ? c : '?';
	}
	name[n] = '\0';
}

int vma_parse_header(const char *line, size_t len, struct vma *ret)
{
	struct vma_text t = { .p = line, .end = line + len };
	struct vma v = { .pkey = -1,
			 .thp_eligible = TRI_UNKNOWN,
			 .uffd_async = TRI_UNKNOWN };
	u64 major, minor;

	while (t.end > t.p && t.end[-1] == '\n')
		t.end--;
	if (!vma_hex(&t, &v.start) || !vma_char(&t, '-') || !vma_hex(&t, &v.end) ||
	    v.start >= v.end || !vma_char(&t, ' '))
		return -EINVAL;
	if (!vma_one_of(&t, '-', 'r', &v.read) || !vma_one_of(&t, '-', 'w', &v.write) ||
	    !vma_one_of(&t, '-', 'x', &v.exec) || !vma_one_of(&t, 'p', 's', &v.shared) ||
	    !vma_char(&t, ' '))
		return -EINVAL;
	if (!vma_hex(&t, &v.offset) || !vma_char(&t, ' ') || !vma_hex(&t, &major) ||
	    !vma_char(&t, ':') || !vma_hex(&t, &minor) || !vma_char(&t, ' ') ||
	    !vma_decimal(&t, &v.inode) || major > UINT32_MAX || minor > UINT32_MAX)
		return -EINVAL;
	if (t.p < t.end && *t.p != ' ')
		return -EINVAL;
	v.dev_major = major;
	v.dev_minor = minor;
	vma_spaces(&t);
	vma_copy_name(t, v.name);
	v.gate = !strcmp(v.name, "[vsyscall]");
	v.fs = vma_fs_by_name(&v);
	*ret = v;
	return 0;
}

static bool vma_key(struct vma_text *t, const char *key)
{
	size_t len = strlen(key);

	if ((size_t)(t->end - t->p) <= len || memcmp(t->p, key, len) || t->p[len] != ':')
		return false;
	t->p += len + 1;
	vma_spaces(t);
	return true;
}

static void vma_parse_flags(struct vma_text t, struct vma *vma)
{
	vma->flags = 0;
	vma->has_flags = true;
	while (t.end - t.p >= 2) {
		for (unsigned i = 0; i < VMFLAGS; i++)
			if (!memcmp(t.p, vma_flag_letters[i], 2))
				vma->flags |= BIT(i);
		t.p += 2;
		vma_spaces(&t);
	}
	vma->fs = vma->flags & VF(HUGETLB) ? VMA_FS_HUGETLB : vma->fs;
}

/* Parses "KEY:   123 kB" into bytes. */
static bool vma_kib(struct vma_text *t, const char *key, u64 *ret)
{
	u64 v;

	if (!vma_key(t, key))
		return false;
	if (vma_decimal(t, &v) && v <= UINT64_MAX >> 10)
		*ret = v << 10;
	return true;
}

int vma_parse_smaps(const char *line, size_t len, struct vma *vma)
{
	struct vma_text t = { .p = line, .end = line + len };
	u64 v = 0;

	while (t.end > t.p && t.end[-1] == '\n')
		t.end--;
	if (vma_key(&t, "VmFlags")) {
		vma_parse_flags(t, vma);
		return 1;
	}
	if (vma_kib(&t, "KernelPageSize", &v)) {
		vma->page_size = v <= UINT32_MAX ? v : 0;
	} else if (vma_kib(&t, "Rss", &vma->rss_bytes)) {
		vma->has_smaps = true;
	} else if (vma_kib(&t, "Pss", &vma->pss_bytes)) {
		;
	} else if (vma_kib(&t, "AnonHugePages", &v)) {
		vma->anon_huge_bytes = v;
		vma->pmd_mapped_bytes += v;
	} else if (vma_kib(&t, "ShmemPmdMapped", &v) ||
		   vma_kib(&t, "FilePmdMapped", &v)) {
		vma->pmd_mapped_bytes += v;
	} else if (vma_key(&t, "THPeligible")) {
		if (vma_decimal(&t, &v))
			vma->thp_eligible = v ? TRI_YES : TRI_NO;
	} else if (vma_key(&t, "ProtectionKey")) {
		if (vma_decimal(&t, &v) && v < 1024)
			vma->pkey = v;
	}
	return 0;
}

static const s8 vma_bits[VMFLAGS] = {
#define VMFLAG(id, letters, bit, name) [VMFLAG_##id] = bit,
#include "page/vma.def"
};
#define VMA_PKEY_SHIFT 32

bool vma_set_flags(struct vma *vma, u64 vm_flags, u32 page_size, unsigned pkey_bits)
{
	u64 flags = 0, pkey = vm_flags >> VMA_PKEY_SHIFT;

	vm_flags &= BIT(VMA_PKEY_SHIFT) - 1;
	for (unsigned i = 0; i < VMFLAGS; i++)
		if (vma_bits[i] >= 0 && vm_flags & BIT(vma_bits[i])) {
			vm_flags &= ~BIT(vma_bits[i]);
			flags |= BIT(i);
		}
	if (vm_flags || pkey >> pkey_bits || (!pkey_bits && flags & VF(ARCH_1)))
		return false;
	vma->flags = flags;
	vma->has_flags = true;
	vma->page_size = page_size;
	if (pkey)
		vma->pkey = pkey;
	if (flags & VF(HUGETLB))
		vma->fs = VMA_FS_HUGETLB;
	return true;
}

enum tri vma_is_cow(const struct vma *vma)
{
	if (vma->has_flags)
		return (vma->flags & (VF(SHARED) | VF(MAYWRITE))) == VF(MAYWRITE)
			       ? TRI_YES
			       : TRI_NO;
	if (vma->write) /* VM_WRITE implies VM_MAYWRITE; VM_MAYSHARE with it implies VM_SHARED */
		return vma->shared ? TRI_NO : TRI_YES;
	/* do_mmap() clears VM_SHARED of a shared mapping only together with VM_MAYWRITE. */
	return vma->shared ? TRI_NO : TRI_UNKNOWN;
}

const char *vma_perms(const struct vma *vma, char buf[5])
{
	buf[0] = vma->read ? 'r' : '-';
	buf[1] = vma->write ? 'w' : '-';
	buf[2] = vma->exec ? 'x' : '-';
	buf[3] = vma->shared ? 's' : 'p';
	buf[4] = '\0';
	return buf;
}

enum vma_fs vma_fs_by_name(const struct vma *vma)
{
	if (vma->has_flags && vma->flags & VF(HUGETLB))
		return VMA_FS_HUGETLB;
	/* show_map_vma() prints no device and no inode only for mappings without a file. */
	if (!vma->inode && !vma->dev_major && !vma->dev_minor) {
		if (vma->name[0] != '[' || !strcmp(vma->name, "[heap]") ||
		    text_begins(vma->name, "[stack|[anon:"))
			return VMA_FS_NONE;
		return VMA_FS_SPECIAL;
	}
	if (text_begins(vma->name, "[anon_shmem:"))
		return VMA_FS_SHMEM;
	return VMA_FS_UNKNOWN;
}

enum vma_fs vma_fs_by_type(const char *type)
{
	/*
	 * vma_needs_dirty_tracking(): a file needs it when its vm_ops have page_mkwrite or
	 * pfn_mkwrite, or when mapping_can_writeback() is true for it.  generic_file_mmap()
	 * sets page_mkwrite, for ramfs too.  VMA_FS_DISK here: those whose a_ops have had
	 * migrate_folio() since 5.10, and those whose pages are never dirty.  A busy buffer head
	 * stops pages of bdev.
	 */
	static const struct {
		const char *type;
		u8 fs;
	} types[] = {
		{ "tmpfs", VMA_FS_SHMEM },       { "devtmpfs", VMA_FS_SHMEM },
		{ "shmem", VMA_FS_SHMEM },       { "ramfs", VMA_FS_RAMFS },
		{ "hugetlbfs", VMA_FS_HUGETLB }, { "secretmem", VMA_FS_SECRETMEM },
		{ "ext2", VMA_FS_DISK },         { "ext3", VMA_FS_DISK },
		{ "ext4", VMA_FS_DISK },         { "xfs", VMA_FS_DISK },
		{ "btrfs", VMA_FS_DISK },        { "f2fs", VMA_FS_DISK },
		{ "bcachefs", VMA_FS_DISK },     { "vfat", VMA_FS_CAREFUL },
		{ "exfat", VMA_FS_CAREFUL },     { "ntfs3", VMA_FS_CAREFUL },
		{ "fuse", VMA_FS_CAREFUL },      { "fuseblk", VMA_FS_CAREFUL },
		{ "virtiofs", VMA_FS_CAREFUL },  { "nfs", VMA_FS_CAREFUL },
		{ "nfs4", VMA_FS_CAREFUL },      { "cifs", VMA_FS_CAREFUL },
		{ "smb3", VMA_FS_CAREFUL },      { "9p", VMA_FS_CAREFUL },
		{ "ceph", VMA_FS_CAREFUL },      { "jfs", VMA_FS_CAREFUL },
		{ "nilfs2", VMA_FS_CAREFUL },    { "ocfs2", VMA_FS_DISK },
		{ "gfs2", VMA_FS_DISK },         { "udf", VMA_FS_CAREFUL },
		{ "squashfs", VMA_FS_DISK },     { "erofs", VMA_FS_DISK },
		{ "iso9660", VMA_FS_DISK },      { "ecryptfs", VMA_FS_CAREFUL },
		{ "bdev", VMA_FS_CAREFUL },      { "aio", VMA_FS_AIO },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(type, types[i].type))
			return types[i].fs;
	return VMA_FS_UNKNOWN;
}

const char *const vma_fs_names[] = {
	[VMA_FS_UNKNOWN] = "unknown",     [VMA_FS_NONE] = "none",
	[VMA_FS_SHMEM] = "shmem",         [VMA_FS_HUGETLB] = "hugetlb",
	[VMA_FS_SECRETMEM] = "secretmem", [VMA_FS_DISK] = "disk",
	[VMA_FS_NODIRTY] = "nodirty",     [VMA_FS_DEVICE] = "device",
	[VMA_FS_SPECIAL] = "special",     [VMA_FS_RAMFS] = "ramfs",
	[VMA_FS_CAREFUL] = "careful",     [VMA_FS_AIO] = "aio",
};

static bool vma_no_access(const struct vma *vma)
{
	return !vma->name[0] && !vma->read && !vma->write && !vma->exec;
}

/* malloc() of glibc reserves 64 MiB (HEAP_MAX_SIZE), aligned, and makes the first part accessible. */
static bool vma_is_arena(const struct vma *vma, const struct vma *above)
{
	const u64 size = 64ull << 20;
	bool rest = above && above->start == vma->end && vma_no_access(above);

	return vma->flags & VF(NORESERVE) && vma->start % size == 0 &&
	       (rest ? above->end : vma->end) - vma->start == size;
}

/* Since 6.7 mmap() makes VM_NOHUGEPAGE of MAP_STACK (calc_vm_flag_bits()); a guard is below it. */
static bool vma_is_thread_stack(const struct vma *vma, const struct vma *below)
{
	return vma->flags & VF(NOHUGEPAGE) && below && below->end == vma->start &&
	       vma_no_access(below);
}

const char *vma_what(const struct vma *vma, const struct vma *below,
		     const struct vma *above)
{
	if (text_begins(vma->name, "/dev/zero ") && vma->shared)
		return "shared anonymous";
	if (text_begins(vma->name, "/anon_hugepage "))
		return "anonymous hugetlb";
	if (text_begins(vma->name, "/SYSV"))
		return "System V shared";
	if (vma->name[0])
		return NULL;
	if (vma_no_access(vma))
		return "no access";
	if (vma->exec)
		return vma->write ? "writable code (JIT)" : "anonymous code (JIT)";
	if (vma->flags & VF(GROWSDOWN))
		return "stack";
	if (vma_is_arena(vma, above))
		return "malloc arena";
	if (vma_is_thread_stack(vma, below))
		return "thread stack";
	return "anonymous";
}

const char *vma_base_name(const struct vma *vma)
{
	const char *slash = vma->name[0] == '/' ? strrchr(vma->name, '/') : NULL;

	return slash && slash[1] ? slash + 1 : vma->name;
}
