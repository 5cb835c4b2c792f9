/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vma.h - one VMA as /proc/PID/maps and smaps (fs/proc/task_mmu.c) or BPF show it. */
#pragma once

#include "lib/bits.h"

/* VmFlags of smaps: one bit per pair of letters, in vma.def's order. */
enum vma_flag {
#define VMFLAG(id, letters, bit, text) VMFLAG_##id,
#include "page/vma.def"
	VMFLAGS
};
#define VF(id) BIT(VMFLAG_##id)

#define VMA_NAME_MAX \
	160 /* bytes kept of a name, with the NUL; a longer one lacks its middle */

#define VMA_HUGE_POOL BIT(0)
#define VMA_HUGE_MOUNT BIT(1)
#define VMA_HUGE_CGROUP BIT(2)
#define VMA_HUGE_KEPT BIT(3)   /* the mount may reserve pages (min_size=) */
#define VMA_HUGE_UNEVEN BIT(4) /* a node, which a policy may ask for, has no free page */
#define VMA_HUGE_LOST BIT(5)   /* its parent took a page of it (HPAGE_RESV_UNMAPPED) */

struct vma {
	u64 start, end; /* bytes, end exclusive */
	u64 offset;     /* file offset, bytes */
	u64 inode;
	u32 dev_major, dev_minor;
	bool read, write, exec, shared; /* the perms column; "shared" is VM_MAYSHARE */
	bool has_flags;                 /* ->flags was read; else only perms are known */
	bool gate;                      /* [vsyscall] */
	u64 flags;                      /* VF(*) */
	u32 page_size;   /* KernelPageSize in bytes: 2 MiB for hugetlb; 0 unknown */
	s32 pkey;        /* ProtectionKey, -1 unknown */
	u8 thp_eligible; /* enum tri */
	u8 uffd_async;   /* enum tri: userfaultfd_wp_async(), userfaultfd_rwp_async() */
	u8 fs;           /* enum vma_fs */
	bool file_known; /* ->file_bytes and ->file_dax were read */
	bool file_dax;   /* the kernel accesses the mapped file by DAX */
	bool file_empty; /* shmem, hugetlb: no page of it is in memory or swap */
	bool file_full;  /* full, or of broken memory: a fault may be refused */
	u64 file_bytes;  /* size of the mapped file */
	u8 huge_known;   /* hugetlb: VMA_HUGE_*, which of the following were read */
	u64 huge_free, huge_reserved, huge_surplus,
		huge_overcommit; /* hugetlb: counters of the pool */
	/* what the limits of mount and cgroups leave; UINT64_MAX: no limit */
	u64 huge_mount, huge_cgroup;
	u64 rss_bytes, pss_bytes, anon_huge_bytes; /* smaps; 0 without has_smaps */
	u64 pmd_mapped_bytes; /* smaps: AnonHugePages + ShmemPmdMapped + FilePmdMapped */
	bool has_smaps;
	char name[VMA_NAME_MAX]; /* as in maps, octal escapes undone; untrusted */
};

/* What backs a mapping, as far as GUP distinguishes. */
enum vma_fs {
	VMA_FS_UNKNOWN,
	VMA_FS_NONE,  /* anonymous */
	VMA_FS_SHMEM, /* tmpfs, shmem, memfd, MAP_SHARED|MAP_ANONYMOUS, SysV */
	VMA_FS_HUGETLB,
	VMA_FS_SECRETMEM,
	VMA_FS_DISK, /* a file system that needs dirty tracking (page_mkwrite or writeback) */
	VMA_FS_NODIRTY, /* a file system without write-back */
	VMA_FS_DEVICE,  /* a character device's own mapping */
	VMA_FS_SPECIAL, /* no file, not anonymous: [vdso], [vvar], [uprobes] */
	VMA_FS_RAMFS,   /* as VMA_FS_DISK, but no dirty page is moved */
	VMA_FS_CAREFUL, /* as VMA_FS_DISK, but a page may be moved after it was written, or not at all */
	VMA_FS_AIO, /* a ring of io_setup(2): the AIO context has a reference on each page */
	VMA_FSES
};

/*
 * Parses one header line of maps or smaps ("start-end perms offset dev inode  name").
 * Returns 0 and fills @ret, or -EINVAL when the line is not one.
 */
int vma_parse_header(const char *line, size_t len, struct vma *ret);

/*
 * Adds a line of a smaps block ("VmFlags: rd wr …", "KernelPageSize: …").  Ignores unknown
 * lines and unknown VmFlags.  Returns 1 for the last line of a block (VmFlags), else 0.
 */
int vma_parse_smaps(const char *line, size_t len, struct vma *vma);

/*
 * Sets the VmFlags and KernelPageSize that smaps would show for @vm_flags
 * (vm_area_struct.vm_flags) and @page_size.  Returns false and changes nothing when a bit is set
 * whose meaning depends on the release (bit 11, and those above the protection key) or, with @pkey_bits
 * 0, on the architecture (VM_ARCH_1, too).
 */
bool vma_set_flags(struct vma *vma, u64 vm_flags, u32 page_size, unsigned pkey_bits);

/* is_cow_mapping(): VM_MAYWRITE without VM_SHARED.  Unknown unless VmFlags or perms decide. */
enum tri vma_is_cow(const struct vma *vma);

extern const char vma_flag_letters[VMFLAGS][3]; /* "rd" */

/* Writes the perms column, such as "rw-p", into buf[5]. */
const char *vma_perms(const struct vma *vma, char buf[5]);
#define VMA_PERMS(vma) vma_perms(vma, (char[5]){ 0 })

/* The file system needs dirty tracking: page_mkwrite or writeback. */
static inline bool vma_fs_on_disk(enum vma_fs fs)
{
	return fs == VMA_FS_DISK || fs == VMA_FS_RAMFS || fs == VMA_FS_CAREFUL;
}

/*
 * Returns what name, flags and device numbers of @vma say of its file system: NONE, SPECIAL,
 * HUGETLB, and SHMEM or SECRETMEM when the name is the kernel's for an internal mount; else
 * VMA_FS_UNKNOWN: then vma_fs_by_type() needs the type of the mounted file system.
 */
enum vma_fs vma_fs_by_name(const struct vma *vma);

/*
 * Returns what mappings of a file system of type @type ("ext4", "tmpfs", as in mountinfo) are
 * to GUP, VMA_FS_UNKNOWN for a type that the table lacks.
 */
enum vma_fs vma_fs_by_type(const char *type);

extern const char *const vma_fs_names[]; /* "shmem" */

/*
 * Returns what an anonymous mapping is, as far as flags and its neighbours @below and @above (NULL:
 * none) show it: "anonymous", "thread stack" …; NULL for one that has a name of its own.
 */
const char *vma_what(const struct vma *vma, const struct vma *below,
		     const struct vma *above);

/* The last part of a path, else the whole name. */
const char *vma_base_name(const struct vma *vma);
